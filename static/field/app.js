// The phone: one screen, one next thing. This module begins; router.js, phone.js and holding.js are what screens share.

import { readDevice, writeDevice } from "./device.js";
import { fetchTarget, knownHeld, knownTarget } from "./hand.js";
import { askAtBegin, hold, lookAgain, showReason, showSlot } from "./holding.js";
import { isLarge, notice, part, say, show } from "./page.js";
import { compass, now, outbox, position } from "./phone.js";
import { bus, emit, lazily, listen } from "./router.js";
import { noteLostShutter } from "./taking.js";
import { words } from "../words.js";

const LOOK_AGAIN_MS = 60_000;

// What the first action does without. Only this module names them: each may import whatever it needs of the others.
const screens = {
  walk: () => import("./walk-screen.js"),
  map: () => import("./map-screen.js"),
  decline: () => import("./decline-screen.js"),
  messages: () => import("./messages.js"),
  targets: () => import("./targets-screen.js"),
  picture: () => import("./slot-picture.js"),
};
lazily(screens.walk, "walk", "walk-take", "walk-back", "walk-guide", "walk-go", "walk-skip", "walk-leave");
lazily(screens.map, "map", "map-me");
lazily(screens.decline, "decline", "decline-send", "decline-back");
lazily(screens.messages, "read", "object");
lazily(screens.targets, "targets", "target");
lazily(screens.picture, "reference", "reference-close");
lazily(() => import("./viewfinder.js"), "viewfinder");

/** Loaded once the first screen stands, in this order of need; each registers its own taps and listeners. */
const REST = [
  () => import("./sending.js"),
  () => import("./checking.js"),
  () => import("./after.js"),
  () => import("./installed.js"),
  screens.picture,
  screens.walk,
  screens.messages,
  screens.decline,
  screens.targets,
  () => import("./as-of.js"),
  () => import("./wake.js"),
  () => import("./declination.js").then(({ keepCorrected }) => keepCorrected(compass, position)),
  screens.map,
];

/** Loads the rest of the page; what does not come leaves the others as they are. */
async function loadRest() {
  const all = await Promise.allSettled(REST.map((load) => load()));
  const missing = all.filter(({ status }) => status === "rejected").map(({ reason }) => reason);
  document.documentElement.dataset.whole = String(missing.length === 0);
  if (missing.length && navigator.onLine) {
    console.warn(missing);
  }
}

/** The first screen can be used. */
function stand() {
  performance.mark("standing");
  document.documentElement.dataset.standing = "true";
}

/** Who this phone is. One that died before its browser had written that down finds it where its photos lie. */
async function whoAmI() {
  const known = readDevice();
  const kept = known ? null : await outbox.kept("device").catch(() => null);
  if (kept) {
    writeDevice(kept);
  }
  return known ?? kept;
}

/** Begins: what is known first, without waiting for any answer; then what the server says. */
async function begin() {
  listen();
  const device = await whoAmI();
  if (!device?.target) {
    show("stranger");
    stand();
    const kept = await outbox.all().catch(() => []);
    if (kept.some((one) => !one.safe)) {
      // Who has left the last target, or signed this phone out, has them sent all the same, or can save them.
      await import("./sending.js");
    }
    return;
  }
  compass.start();
  say("target-name", knownTarget()?.name ?? "Capturegraph");
  const held = knownHeld();
  const permission = await position.permission();
  if (held || permission === "granted") {
    position.start();
  }
  if (held) {
    showSlot(held);
  } else if (permission === "prompt") {
    show("where");
  }
  noteLostShutter();
  stand();
  const news = refreshTarget();
  const rest = loadRest();
  if (held) {
    await lookAgain();
  } else if (permission !== "prompt") {
    await askAtBegin();
  }
  await Promise.all([news, rest]);
  emit("standing");
}

/** What the coordinators have changed in the target: its name, what is allowed, whom one can ask. */
async function refreshTarget() {
  try {
    const target = await fetchTarget();
    say("target-name", target.name);
    if (now.held && now.held.target.updated_at !== target.updated_at) {
      hold({ ...now.held, target });
    }
  } catch (problem) {
    if (problem.status === undefined) {
      throw problem;
    }
  }
}

addEventListener("online", () => notice(""));
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && emit("look"));
setInterval(() => emit("look"), LOOK_AGAIN_MS);
bus.addEventListener("look", lookAgain);

// With large text the way out folds up behind one button; the shutter and Extend never do.
new ResizeObserver(() => {
  part("others").open = !isLarge();
}).observe(document.body);
begin().catch((problem) => {
  showReason({ text: words.storageOff }, words.storageOffTitle);
  throw problem;
});
