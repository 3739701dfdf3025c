// Asking for a slot, keeping it, giving it back; and why there is none.

import { extend, knownHeld, letGo, look, release, requestSlot } from "./hand.js";
import { clockTime, notice, part, say, show } from "./page.js";
import { compass, now, outbox, position } from "./phone.js";
import { acts, bus, emit, run, tell } from "./router.js";
import { SlotScreen } from "./slot-screen.js";
import { flush, later, waitingOnes } from "./waiting.js";
import { words } from "../words.js";

const slotScreen = new SlotScreen();
/** Whether "ask for a place" waits for a signal. */
let askWaits = false;

/** Notes what is in hand, and tells who listens. */
export function hold(held) {
  const before = now.held;
  now.held = held;
  slotScreen.set(held);
  emit("held", { held, before });
}

/** The slot in hand on its screen. */
export function showSlot(held) {
  now.capture = null;
  askWaits = false;
  show("slot");
  hold(held);
}

/** Why there is no slot, in the server's sentence, and when to look again. */
export function showReason(reason, title = words.fellBack[reason?.code] ?? words.fellBack.all_held) {
  hold(null);
  now.capture = null;
  part("screen-reason").dataset.code = reason?.code ?? "";
  say("reason-title", title);
  say("reason-words", reason?.text ?? "");
  const next = reason?.next_lease_ends_at;
  say("reason-next", next ? words.lookAgainAt(clockTime(Date.parse(next))) : "");
  show("reason", "ask");
}

/** Shows what is in hand now, or asks for what comes next. */
export function goOn(held) {
  return held ? showSlot(held) : ask();
}

/** Asks for a slot and shows it, or why there is none; without signal the question waits, and goes by itself. */
export async function ask(fix = undefined) {
  now.resting = false;
  const where = fix === undefined ? await position.forFirstSlot() : fix;
  try {
    await flush();
    const { held, reason, retryAfter } = await requestSlot(where);
    askWaits = false;
    if (held) {
      showSlot(held);
      return;
    }
    showReason(reason);
    if (retryAfter) {
      setTimeout(() => now.held || now.capture || now.resting || ask().catch(() => {}), retryAfter * 1000);
    }
  } catch (problem) {
    if (problem.status !== 0) {
      throw problem;
    }
    askWaits = true;
    showReason({ code: "waits", text: words.askWaits[1] }, words.askWaits[0]);
  }
}

/** Sends what waits for a signal, and asks again where that waits too. */
async function catchUp() {
  try {
    const gone = await flush();
    drawWaiting();
    if (askWaits || (gone && !now.held && !now.resting)) {
      await ask();
    }
  } catch (problem) {
    if (problem.status === undefined) {
      throw problem;
    }
  }
}

/** Says what was said without signal and waits. */
function drawWaiting() {
  const ones = waitingOnes();
  say("waiting-words", ones.map(({ kind, title }) => words.waits[kind](title)).join(" "));
  part("waiting").hidden = ones.length === 0;
}

/** Asks whether the slot on the screen is still ours; says so when it is not. */
export async function lookAgain() {
  if (document.visibilityState === "hidden") {
    return;
  }
  await catchUp();
  if (!now.held || now.capture || waitingOnes().length) {
    return;
  }
  const before = now.held;
  try {
    const { held, was } = await look(before);
    if (now.held !== before || now.capture) {
      return;
    }
    if (held?.assignment.id === before.assignment.id) {
      hold(held);
      return;
    }
    const sentence = (await doneByMe(before)) ? words.doneMeanwhile : words.ended[was?.state] ?? words.slotGone;
    await goOn(held);
    notice(sentence);
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

/** Shows that the person has had enough for now. */
export function rest(title) {
  now.resting = true;
  askWaits = false;
  showReason({ text: words.enough[1] }, title);
}

/**
 * Says something about a slot to the server, or keeps it until there is a signal; gives what is still in hand.
 * @param {object} held the slot
 * @param {"release"|"decline"} verb what is said
 * @param {string} state what the assignment becomes by it
 * @param {(held: object) => Promise<object|null>} work says it now
 * @param {object} [body] what goes with it
 */
export async function sayOrKeep(held, verb, state, work, body = {}) {
  try {
    return await work(held);
  } catch (problem) {
    if (problem.status !== 0) {
      throw problem;
    }
    later(verb, `assignments/${held.assignment.id}/${verb}/`, body, held.slot.title);
    const left = letGo(held, state);
    drawWaiting();
    return left;
  }
}

/** A begin without signal and without anything known still offers a way on. */
export function askAtBegin() {
  return run(null, () => ask()).finally(() => {
    if (!now.held && !part("screen-start").hidden) {
      showReason({ text: words.nothingKnown[1] }, words.nothingKnown[0]);
    }
  });
}

addEventListener("online", catchUp);
bus.addEventListener("sending", ({ detail }) => detail.kind === "idle" && waitingOnes().length && catchUp());
bus.addEventListener("standing", drawWaiting);

acts({
  "use-position": async () => {
    position.start();
    await ask();
  },
  "no-position": () => ask(null),
  ask: () => ask(),
  extend: async () => {
    const held = await extend(now.held);
    if (held) {
      showSlot(held);
    } else {
      await goOn(knownHeld());
      notice(words.slotGone);
    }
  },
  release: async () => {
    const left = await sayOrKeep(now.held, "release", "released", release);
    if (left) {
      showSlot(left);
      notice(words.givenBackOne);
    } else {
      rest(words.givenBack);
    }
  },
  compass: async () => {
    if (await compass.ask()) {
      compass.start();
    }
  },
});
