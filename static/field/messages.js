// What happened to something of yours while nobody looked: calm cards, each until it was read.

import { call } from "./api.js";
import { arrange } from "./arrange.js";
import { readDevice } from "./device.js";
import { knownHeld } from "./hand.js";
import { goOn, lookAgain, showReason } from "./holding.js";
import { h, notice, part } from "./page.js";
import { now } from "./phone.js";
import { bus } from "./router.js";
import { object, objection, rejectedPhoto } from "./rejected.js";
import { markElement } from "../marks.js";
import { words } from "../words.js";

const MARKS = {
  slot_done: "fulfilled",
  capture_accepted: "fulfilled",
  capture_rejected: "again",
  slot_withdrawn: "withdrawn",
  slot_not_capturable: "not_capturable",
  slot_moved: "pin",
};
const MOST_SHOWN = 3;

let shown = [];

/** One card. */
function cardOf({ id, kind, text, data }) {
  const read = h("button", { type: "button", class: "button", "data-act": "read", "data-id": id }, words.read);
  const card = h("div", { class: "message", "data-testid": "message", "data-kind": kind }, markElement(MARKS[kind] ?? "message", "mark"));
  card.append(h("p", {}, text), read, ...(kind === "capture_rejected" ? [rejectedPhoto(data), objection(data)] : []));
  return card;
}

/** Draws the oldest few; the others come when these were read. */
function draw() {
  const drawn = new Map([...part("messages").children].map((card) => [card.dataset.message, card]));
  const cards = shown.slice(0, MOST_SHOWN).map((one) => {
    const card = drawn.get(one.id) ?? cardOf(one);
    card.dataset.message = one.id;
    return card;
  });
  arrange(part("messages"), cards);
  part("messages").hidden = cards.length === 0;
}

/** What a message of this target means for the screen. */
async function follow(fresh) {
  const { target } = readDevice();
  const here = fresh.filter((one) => one.target === target);
  if (here.some(({ kind }) => kind === "removed")) {
    showReason({ text: here.find(({ kind }) => kind === "removed").text }, words.removedTitle);
    return;
  }
  if (here.some(({ kind, data }) => kind === "capture_rejected" && data.capture === now.capture?.id)) {
    // "Nobody needs to walk here again" is not so any more.
    await goOn(knownHeld());
  } else if (here.some(({ data }) => data.slot && data.slot === now.held?.slot.id)) {
    await lookAgain();
  }
  if (here.some(({ data }) => data.slot)) {
    // The card says it, and says why.
    notice("");
  }
}

/** Fetches what is new. */
async function poll() {
  if (document.visibilityState === "hidden") {
    return;
  }
  try {
    const { results } = await call("GET", "me/messages/?unseen=1");
    const known = new Set(shown.map(({ id }) => id));
    shown = results;
    draw();
    await follow(results.filter(({ id }) => !known.has(id)));
  } catch (problem) {
    if (problem.status === undefined) {
      throw problem;
    }
  }
}

/** What taps do. */
export const acts = {
  object,
  read: async (button) => {
    const { id } = button.dataset;
    await call("POST", "me/messages/seen/", { ids: [id] });
    shown = shown.filter((one) => one.id !== id);
    draw();
    part("main").focus({ preventScroll: true });
  },
};

bus.addEventListener("look", poll);
addEventListener("online", poll);
poll();
