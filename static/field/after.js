// After a photo: what it did as soon as the server has said so, and what comes next. Loaded once the page stands.

import { AfterScreen, endingOf } from "./after-screen.js";
import { call } from "./api.js";
import { keep, readDevice, recall } from "./device.js";
import { bearingFrom, metresBetween } from "./geodesy.js";
import {
  choose, fetchTarget, heldStops, nextStop, noteOpen, noteTaken, notedFromReceipt, release, requestSlot,
} from "./hand.js";
import { rest, sayOrKeep, showSlot } from "./holding.js";
import { h, part, say, show, style } from "./page.js";
import { now, outbox, position } from "./phone.js";
import { act, acts, bus, tell } from "./router.js";
import { markElement } from "../marks.js";
import { compassWord, metresText, walkText, words } from "../words.js";

/** The captures whose ending nobody has seen yet, by their ids. */
const UNSEEN = "capturegraph.unseen";
const MOST_UNSEEN = 200;
/** The endings after which the stop is still to be photographed. */
const STILL_OPEN = new Set(["off", "unjudged", "problem"]);

await style("after");
const afterScreen = new AfterScreen();
/** What the sender tells, as the reason why nothing gets through. */
const WHY = { change: "", waiting: "waiting", lost: "lost" };
let offeredFor = null;
let next = null;

/** Notes that an ending is still to be shown, or was. */
function noteUnseen(id, unseen) {
  const others = (recall(UNSEEN) ?? []).filter((one) => one !== id);
  keep(UNSEEN, unseen ? [...others, id].slice(-MOST_UNSEEN) : others);
}

/** Takes the tick from a stop whose photo did not do it, unless a later one of it waits for its own verdict. */
function noteEnding(capture, all) {
  const { assignment } = capture.metadata;
  const later = all.some((one) => one.metadata.assignment === assignment && one.kept_at > capture.kept_at);
  if (assignment && !later && STILL_OPEN.has(endingOf(capture).kind)) {
    noteOpen(assignment);
  }
}

/**
 * Draws the after-screen, and opens its foot when the verdict is there.
 * @param {""|"waiting"|"lost"} why nothing gets through just now
 */
async function drawAfter(why) {
  if (!now.capture || document.body.dataset.screen !== "after") {
    return;
  }
  const { id, photo } = now.capture;
  const [kept, all] = await Promise.all([outbox.get(id), outbox.all()]);
  if (!kept || now.capture?.id !== id) {
    // The person has gone on while the phone was reading.
    return;
  }
  const capture = { ...kept, photo: kept.photo ?? photo };
  now.capture = capture;
  afterScreen.set(capture, readDevice().name, why);
  const { kind } = endingOf(capture);
  if (kind === "open") {
    drawOpen(why);
    return;
  }
  noteUnseen(id, false);
  noteEnding(capture, all);
  if (capture.receipt && now.held) {
    now.held = notedFromReceipt(now.held, capture.receipt);
  }
  if (now.held && kind !== "received") {
    offerAgain(words.takeAgain);
  } else if (offeredFor !== id) {
    offeredFor = id;
    await offerNext();
  }
}

/** No verdict yet: the way goes on all the same where none will come soon, to the next stop or back to the slot. */
function drawOpen(why) {
  if (!why) {
    return;
  }
  const stop = nextStop(now.held);
  if (stop) {
    showNext(stop);
  } else if (now.held) {
    offerAgain(words.backToSlot);
  }
}

/** The foot from which one goes back to the slot. */
function offerAgain(label) {
  say("again-words", label);
  part("again-words").previousElementSibling.toggleAttribute("hidden", label === words.backToSlot);
  show("after", "after-again");
}

/** Asks for the next slot and shows it in the sheet. */
async function offerNext() {
  tallyUp().catch(() => {});
  try {
    const { held, reason } = await requestSlot(position.fresh());
    if (held) {
      showNext(held);
      return;
    }
    next = null;
    say("tally-all", reason?.text ?? "");
    part("tally").hidden = !reason?.text;
    show("after", "ask");
  } catch (problem) {
    show("after", "ask");
    tell(problem);
  }
}

/** The next slot in the sheet: which way, how far, how long. */
function showNext(held) {
  next = held;
  const fix = position.fresh();
  say("next-title", held.slot.title || held.slot.external_id || words.map);
  const metres = fix && metresBetween(fix, held.slot);
  const bearing = fix ? bearingFrom(fix, held.slot) : 0;
  part("next-needle").toggleAttribute("hidden", !fix);
  part("next-needle").setAttribute("transform", `rotate(${bearing} 80 80)`);
  say("next-far", fix ? `${metresText(metres)} ${compassWord(bearing)} · ${walkText(metres)}` : words.noPlace);
  show("after", "after-next");
}

/** What this person did today on this phone and ever in this target, and how far everybody is. */
async function tallyUp() {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const mine = (await outbox.all()).filter((one) => one.kept_at >= midnight && endingOf(one).kind === "done");
  say("tally-mine", words.today(mine.length));
  part("tally").hidden = false;
  const [{ counts, id }, { memberships }] = await Promise.all([fetchTarget(), call("GET", "me/")]);
  const places = memberships.find(({ target }) => target.id === id)?.places;
  say("tally-mine", Number.isFinite(places) ? words.todayAndAll(mine.length, places) : words.today(mine.length));
  say("tally-all", words.done(counts.fulfilled, counts.total));
}

/** The plate that tells of an ending which came while something else was on the screen. Made when first needed. */
function plate() {
  const known = part("judged");
  if (known) {
    return known;
  }
  const button = h("button", { class: "button", type: "button", "data-act": "show-judged" }, words.showIt);
  const sentence = h("p", { id: "judged-words" });
  const made = h("div", { class: "plate", id: "judged", role: "status", "data-testid": "judged" });
  made.append(markElement("fulfilled", "mark"), sentence, button);
  part("notice").after(made);
  return made;
}

/**
 * Looks for endings that came later, without signal or with the page closed: the same card is offered for them. What
 * is unseen is asked after the phone has read its photos, since one may be opened in the meantime.
 */
async function tellLater() {
  const all = recall(UNSEEN)?.length ? await outbox.all() : [];
  const unseen = new Set(recall(UNSEEN) ?? []);
  unseen.delete(now.capture?.id);
  const rows = all.filter((one) => unseen.has(one.id) && endingOf(one).kind !== "open");
  rows.forEach((one) => noteEnding(one, all));
  const [first] = rows;
  // A photo that waits for the person's word: nothing leads away from it. It is told afterwards.
  if (!first || document.body.dataset.screen === "check") {
    part("judged")?.toggleAttribute("hidden", true);
    return;
  }
  const element = plate();
  element.hidden = false;
  element.dataset.capture = first.id;
  say("judged-words", words.judgedLater(first.slot.title, endingOf(first).kind === "done"));
}

acts({
  again: async () => {
    choose(now.held);
    showSlot(now.held);
  },
  "take-me": async () => {
    choose(next);
    showSlot(next);
  },
  enough: async () => {
    if (heldStops().length > 1) {
      // All that is left of the walk, and not its next stop alone.
      await act("walk-leave");
      return;
    }
    await sayOrKeep(next, "release", "released", release);
    rest(words.enough[0]);
  },
  "show-judged": async () => {
    const element = part("judged");
    element.hidden = true;
    now.capture = await outbox.get(element.dataset.capture);
    // What it was taken for may be long over: from here one goes back to what is in hand now.
    offeredFor = now.held ? now.capture.id : null;
    show("after", "none");
    await drawAfter("");
    if (now.held) {
      offerAgain(words.backToSlot);
    }
    await tellLater();
  },
});

bus.addEventListener("kept", ({ detail: { capture } }) => {
  noteUnseen(capture.id, true);
  if (capture.metadata.assignment) {
    noteTaken(capture.metadata.assignment);
  }
  drawAfter("");
});
bus.addEventListener("sending", ({ detail }) => {
  if (detail.kind === "progress" && detail.id === now.capture?.id) {
    afterScreen.progress(now.capture, detail.sent);
  } else if (detail.kind in WHY) {
    drawAfter(WHY[detail.kind]).then(tellLater);
  }
});
document.addEventListener("shown", ({ detail }) => detail.changed && tellLater());
// A photo that was taken before this module had come; and what came while the page was closed.
drawAfter("").then(tellLater);
