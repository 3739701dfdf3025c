// The phone: one screen, one next thing. Screens draw; this module decides which one, and what a tap does.

import { AfterScreen, endingOf } from "./after-screen.js";
import { Compass } from "./compass.js";
import { readDevice } from "./device.js";
import { bearingFrom, metresBetween } from "./geodesy.js";
import {
  extend,
  fetchTarget,
  knownHeld,
  knownTarget,
  notedFromReceipt,
  release,
  requestSlot,
  stillHeld,
} from "./hand.js";
import { Outbox } from "./outbox.js";
import { clockTime, isLarge, notice, part, say, show } from "./page.js";
import { Position } from "./position.js";
import { Sender } from "./sender.js";
import { captureFrom, closeShutter, openShutter, pendingShutter } from "./shutter.js";
import { SlotScreen } from "./slot-screen.js";
import { compassWord, metresText, walkText, words } from "../words.js";

const FIRST_FIX_MS = 6000;
const LOOK_AGAIN_MS = 60_000;

const position = new Position();
const compass = new Compass();
const outbox = new Outbox();
const sender = new Sender(outbox);
const slotScreen = new SlotScreen(position, compass);
const afterScreen = new AfterScreen();

/** What is going on: the slot in hand, the capture that the after-screen shows, whether the person has had enough. */
const now = { held: null, capture: null, resting: false };

/** Says what a problem means to the person; gives back nothing. */
function tell(problem) {
  if (problem.status === undefined) {
    throw problem;
  }
  const sentences = { 0: words.noSignal, 401: words.notConnected, 403: words.notConnected, 404: words.notConnected };
  notice(sentences[problem.status] ?? (problem.passing ? words.serverBusy : problem.message));
}

/** Runs what a tap began, with the button busy meanwhile and every problem told as a sentence. */
async function run(button, work) {
  if (button?.ariaBusy === "true") {
    return;
  }
  button?.setAttribute("aria-busy", "true");
  notice("");
  try {
    await work();
  } catch (problem) {
    tell(problem);
  } finally {
    button?.removeAttribute("aria-busy");
  }
}

/** The slot in hand on its screen. */
function showSlot(held) {
  now.held = held;
  now.capture = null;
  show("slot");
  slotScreen.set(held);
}

/** Why there is no slot, in the server's sentence, and when to look again. */
function showReason(reason, title = words.fellBack[reason?.code] ?? words.fellBack.all_held) {
  now.held = null;
  slotScreen.set(null);
  say("reason-title", title);
  say("reason-words", reason?.text ?? "");
  const next = reason?.next_lease_ends_at;
  say("reason-next", next ? words.lookAgainAt(clockTime(Date.parse(next))) : "");
  show("reason", "ask");
}

/** Asks for a slot and shows it, or why there is none. */
async function ask() {
  now.resting = false;
  const permission = await position.permission();
  if (permission !== "prompt") {
    position.start();
  }
  const fix = permission === "denied" ? null : await position.first(FIRST_FIX_MS);
  const { held, reason, retryAfter } = await requestSlot(fix);
  if (held) {
    showSlot(held);
    return;
  }
  showReason(reason);
  if (retryAfter) {
    setTimeout(() => now.held || now.capture || now.resting || ask().catch(() => {}), retryAfter * 1000);
  }
}

/** Begins: what is known first, without waiting for any answer; then what the server says. */
async function begin() {
  const device = readDevice();
  if (!device?.target) {
    show("stranger");
    return;
  }
  compass.start();
  say("target-name", knownTarget()?.name ?? "Capturegraph");
  part("safe").hidden = false;
  await countSafe();
  sender.kick();
  fetchTarget().then(
    (target) => say("target-name", target.name),
    () => {},
  );
  noteLostShutter();
  const held = knownHeld();
  const permission = await position.permission();
  if (permission === "granted") {
    position.start();
  }
  if (held) {
    showSlot(held);
    position.start();
    await lookAgain();
  } else if (permission === "prompt") {
    show("where");
  } else {
    await run(null, ask).finally(() => now.held || showAskIfBlank());
  }
}

/** A begin without signal and without anything known still offers a way on. */
function showAskIfBlank() {
  if (!part("screen-start").hidden) {
    showReason({ text: words.nothingKnown[1] }, words.nothingKnown[0]);
  }
}

/** The page was ended while the camera was open: the photo is lost, the slot is not. */
function noteLostShutter() {
  if (pendingShutter()) {
    closeShutter();
    notice(words.shutterLost);
  }
}

/** Asks whether the slot on the screen is still ours; says so when it is not. */
async function lookAgain() {
  if (!now.held || now.capture || document.visibilityState === "hidden") {
    return;
  }
  try {
    const held = await stillHeld(now.held);
    if (held) {
      now.held = held;
      slotScreen.set(held);
    } else {
      const sentence = (await doneByMe(now.held)) ? words.doneMeanwhile : words.slotGone;
      await ask();
      notice(sentence);
    }
  } catch (problem) {
    if (problem.status === 401) {
      tell(problem);
    }
  }
}

/** Whether a photo of this phone, sent while nobody looked, has done the slot that was in hand. */
async function doneByMe({ assignment }) {
  const verdicts = (await outbox.all()).map((one) => one.receipt?.verdict?.named);
  return verdicts.some((named) => named?.fulfilled && named.assignment === assignment.id);
}

/** The pill: what is safe on the server out of what this phone took. */
async function countSafe() {
  const { have, total } = await sender.tally();
  say("safe-words", isLarge() ? words.safeShort(have, total) : words.safe(have, total));
  part("safe").ariaLabel = words.safe(have, total);
}

/** Keeps the photo on the phone, shows it, and lets the sender go. */
async function take(file) {
  let capture;
  try {
    capture = await captureFrom(file, position, compass, now.held);
    await outbox.put(capture);
  } catch {
    notice(words.storageFull);
    return;
  }
  closeShutter();
  navigator.storage?.persist?.().catch(() => {});
  now.capture = capture;
  show("after", "none");
  await drawAfter(false);
  await countSafe();
  sender.kick();
}

/** Draws the after-screen, and opens its foot when the verdict is there. */
async function drawAfter(waiting) {
  if (!now.capture) {
    return;
  }
  const { id, photo } = now.capture;
  const kept = await outbox.get(id);
  if (now.capture?.id !== id) {
    // The person has gone on while the phone was reading.
    return;
  }
  const capture = { ...kept, photo };
  now.capture = capture;
  afterScreen.set(capture, readDevice().name, waiting);
  const { kind } = endingOf(capture);
  if (kind === "open" && !waiting) {
    return;
  }
  if (capture.receipt && now.held) {
    now.held = notedFromReceipt(now.held, capture.receipt);
  }
  if (now.held) {
    say("again-words", kind === "open" ? words.backToSlot : words.takeAgain);
    show("after", "after-again");
  } else if (!now.offered) {
    now.offered = true;
    await offerNext();
  }
}

/** Asks for the next slot and shows it in the sheet. */
async function offerNext() {
  tallyUp().catch(() => {});
  try {
    const { held, reason } = await requestSlot(position.fresh());
    now.next = held;
    if (!held) {
      say("tally-all", reason?.text ?? "");
      show("after", "ask");
      return;
    }
    const fix = position.fresh();
    say("next-title", held.slot.title);
    const metres = fix && metresBetween(fix, held.slot);
    const bearing = fix ? bearingFrom(fix, held.slot) : 0;
    part("next-needle").setAttribute("transform", `rotate(${bearing} 80 80)`);
    say("next-far", fix ? `${metresText(metres)} ${compassWord(bearing)} · ${walkText(metres)}` : "");
    show("after", "after-next");
  } catch (problem) {
    tell(problem);
    show("after", "ask");
  }
}

/** What this person did today on this phone, and how far everybody is. */
async function tallyUp() {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const mine = (await outbox.all()).filter((one) => one.kept_at >= midnight && endingOf(one).kind === "done");
  const { counts } = await fetchTarget();
  say("tally-mine", words.today(mine.length));
  say("tally-all", words.done(counts.fulfilled, counts.total));
  part("tally").hidden = false;
}

const acts = {
  "use-position": async () => {
    position.start();
    await ask();
  },
  "no-position": async () => {
    const { held, reason } = await requestSlot(null);
    return held ? showSlot(held) : showReason(reason);
  },
  ask,
  extend: async () => {
    const held = await extend(now.held);
    if (held) {
      showSlot(held);
    } else {
      await ask();
      notice(words.slotGone);
    }
  },
  release: async () => {
    await release(now.held);
    now.resting = true;
    showReason({ text: words.enough[1] }, words.givenBack);
  },
  again: async () => showSlot(now.held),
  "take-me": async () => showSlot(now.next),
  enough: async () => {
    await release(now.next);
    now.resting = true;
    showReason({ text: words.enough[1] }, words.enough[0]);
  },
  compass: async () => {
    if (await compass.ask()) {
      compass.start();
    }
  },
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button) {
    run(button, acts[button.dataset.act]);
  }
});

part("photo").addEventListener("click", () => {
  now.offered = false;
  openShutter(now.held, position, compass);
});
part("photo").addEventListener("cancel", closeShutter);
part("photo").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (file) {
    await take(file);
  }
  event.target.value = "";
});

sender.addEventListener("change", async () => {
  await countSafe();
  await drawAfter(false);
});
sender.addEventListener("waiting", () => drawAfter(true));
sender.addEventListener("lost", () => notice(words.notConnected));
sender.addEventListener("progress", ({ detail }) => {
  if (detail.id === now.capture?.id) {
    afterScreen.progress(now.capture, detail.sent);
  }
});
addEventListener("online", () => notice(""));
document.addEventListener("visibilitychange", lookAgain);
setInterval(lookAgain, LOOK_AGAIN_MS);

// With large text the way out folds up behind one button; the shutter and Extend never do.
new ResizeObserver(() => {
  part("others").open = !isLarge();
}).observe(document.body);
begin().catch((problem) => {
  showReason({ text: words.storageOff }, words.storageOffTitle);
  throw problem;
});
