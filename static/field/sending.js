// Starts the sender once the page stands, and keeps the pill: what is safe on the server out of what this phone took.

import { sender } from "./outgoing.js";
import { isLarge, notice, part, say } from "./page.js";
import { outbox } from "./phone.js";
import { bus, emit, lazily } from "./router.js";
import { freeRoom, roomLevel } from "./storage.js";
import { words } from "../words.js";

/** The pill. */
async function countSafe() {
  const { have, total } = await sender.tally();
  say("safe-words", isLarge() ? words.safeShort(have, total) : words.safe(have, total));
  part("safe").ariaLabel = words.pill(have, total);
  part("safe").hidden = false;
}

/**
 * Says before the shutter that there is no room, rather than after it. What is safe on the server is let go first: then
 * there may be room.
 */
async function watchRoom() {
  // Asked first: a browser that keeps nothing has room enough, and no use of it.
  const { freeable } = await sender.tally();
  let free = await freeRoom();
  if (roomLevel(free) !== "fine" && freeable > 0 && navigator.onLine) {
    const { smallOf } = await import("./small.js");
    await sender.free((capture) => smallOf(outbox, capture)).catch(() => {});
    free = await freeRoom();
  }
  warn(roomLevel(free) === "full" ? [words.roomFull, words.roomLong] : []);
}

/** Says what would make the next photo unsafe, before it is taken; nothing takes it away. */
function warn(sentences) {
  say("room-words", sentences.join(" "));
  part("room").hidden = sentences.length === 0;
}

/** A browser that keeps nothing is said to be one: photos taken here would be lost. */
function cannotKeep() {
  warn([`${words.storageOffTitle}.`, words.storageOff]);
  part("room").querySelector("button").hidden = true;
}

for (const kind of ["change", "progress", "waiting", "lost", "busy", "idle"]) {
  sender.addEventListener(kind, ({ detail }) => emit("sending", { ...detail, kind }));
}
lazily(
  () => import("./photos-screen.js"),
  "photos",
  "photos-close",
  "photos-save",
  "photos-free",
  "photos-retry",
  "photos-aside",
  "photos-bring-back",
  "photos-again",
  "photos-release",
);
bus.addEventListener("sending", ({ detail }) => detail.kind === "change" && countSafe().catch(cannotKeep));
addEventListener("resize", () => countSafe().catch(cannotKeep));
sender.addEventListener("lost", () => notice(words.notConnected));
bus.addEventListener("kept", async () => {
  await countSafe();
  sender.kick();
  await watchRoom();
});
bus.addEventListener("held", () => watchRoom().catch(cannotKeep));
bus.addEventListener("look", () => watchRoom().catch(cannotKeep));
countSafe().then(() => {
  sender.kick();
  return watchRoom();
}, cannotKeep);
