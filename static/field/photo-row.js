// One photo of the list, one tile of the row, one card of a problem. They are drawn anew in place, so that a finger or
// a screen reader on them is not thrown off.

import { h } from "./page.js";
import { stateOf, waysOut, whyWaiting } from "./queue.js";
import { markElement, setMark } from "../marks.js";
import { photoWords } from "../photo-words.js";
import { clockText, dayText, words } from "../words.js";

const MARKS = { safe: "fulfilled", sending: "up", waiting: "waiting", problem: "again" };
const TILE_MARKS = { safe: "tick", sending: "up", waiting: "clock", problem: "alert" };
const DAY_MS = 86_400_000;

/** When a photo was taken, in words of this phone: a time today, else a day and a time. */
function takenText(capture) {
  const taken = new Date(capture.metadata.taken_at);
  const today = Date.now() - taken < DAY_MS && taken.getDate() === new Date().getDate();
  return today ? clockText(taken) : `${dayText(taken)}, ${clockText(taken)}`;
}

/** The title of the place that a photo was taken at. */
function titleOf(capture) {
  return capture.slot?.title || photoWords.untitled;
}

/** Writes text into an element unless it stands there already. */
function write(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** A tile for a photo; the row as a whole is described in words. */
export function tile(capture, sending) {
  const state = stateOf(capture, sending);
  return h("span", { class: "tile", "data-state": state }, markElement(TILE_MARKS[state], "icon"));
}

/** One photo of the list. */
export class PhotoRow {
  constructor(capture) {
    this.picture = h("span", { class: "thumb" }, markElement("camera", "icon"));
    this.title = h("span", { class: "title" });
    this.detail = h("span", { class: "second detail" });
    this.bar = h("progress", { max: "1", value: "0" });
    this.bar.hidden = true;
    this.mark = markElement("waiting", "mark-small");
    this.word = h("span");
    this.state = h("span", { class: "state" }, this.mark, this.word);
    const words_ = h("div", { class: "line" }, this.title, this.state, this.bar, this.detail);
    this.element = h("li", { "data-id": capture.id, "data-testid": "photo-row" }, this.picture, words_);
    this.bar.setAttribute("aria-label", titleOf(capture));
  }

  /** Draws the photo as it stands; `about` is {sending, lost, online, wifi}. */
  set(capture, about) {
    const state = stateOf(capture, about.sending);
    this.capture = capture;
    this.element.dataset.state = state;
    write(this.title, titleOf(capture));
    setMark(this.mark, MARKS[state]);
    write(this.word, photoWords.states[state]);
    this.bar.hidden = capture.id !== about.sending || capture.sent;
    write(this.detail, this.#detail(capture, state, about));
  }

  /** The second line: when and how large, and why it waits. */
  #detail(capture, state, about) {
    if (state === "sending") {
      return capture.sent ? photoWords.checking : photoWords.goesOn(words.sent(this.sent ?? 0, capture.size));
    }
    const line = photoWords.line(takenText(capture), photoWords.size(capture.size));
    const why = state === "waiting" ? ` · ${photoWords.why[whyWaiting(about)]}` : "";
    return `${line}${why}${this.unshown ? `. ${photoWords.cannotShow}` : ""}`;
  }

  /** Draws so many bytes as sent. */
  progress(sent) {
    this.sent = sent;
    this.bar.value = this.capture.size ? Math.min(1, sent / this.capture.size) : 0;
    if (this.element.dataset.state === "sending" && !this.capture.sent) {
      write(this.detail, photoWords.goesOn(words.sent(Math.min(sent, this.capture.size), this.capture.size)));
    }
  }

  /** Shows the small picture; where there is a photo and no picture can be made of it, it is said that it is sent so. */
  show(blob) {
    if (blob) {
      this.picture.replaceChildren(h("img", { src: URL.createObjectURL(blob), alt: "" }));
    }
    this.unshown = !blob && !this.capture.freed && this.capture.size > 0;
  }
}

const WAYS = {
  again: ["take", "camera"],
  release: ["release", null],
  retry: ["retry", null],
  aside: ["putAside", null],
};

/** The card of a photo that needs somebody: what happened, what to do, what is not lost. */
export function problemCard(capture, held) {
  const sentence = words.problem[capture.problem] ?? (capture.problem_text || words.problem.other);
  const inHand = held && held.assignment.id === capture.metadata.assignment;
  const until = inHand ? clockText(new Date(held.assignment.expires_at)) : null;
  const stays = until ? photoWords.slotStays(until) : photoWords.nothingElseLost;
  const ways = waysOut(capture, held?.assignment.id ?? null);
  const buttons = ways.map((way, place) => {
    const [word, icon] = WAYS[way];
    const tone = way === "aside" ? " quiet" : place === 0 ? " filled" : "";
    const attributes = { type: "button", class: `button${tone}`, "data-act": `photos-${way}` };
    const inside = [...(icon ? [markElement(icon, "icon")] : []), photoWords[word]];
    return h("button", { ...attributes, "data-id": capture.id, "data-testid": `photos-${way}` }, ...inside);
  });
  const text = h("div", {}, h("h3", {}, titleOf(capture)), h("p", {}, `${sentence} ${stays}`));
  return h(
    "article",
    { class: "card problem", "data-id": capture.id, "data-testid": "photo-problem" },
    h("div", { class: "marked" }, markElement("again", "mark"), text),
    h("div", { class: "pair" }, ...buttons),
  );
}

/** A plate with a fact and what to do. */
export function factPlate(fact, long, testid) {
  const sentence = h("p", {}, h("b", {}, fact), ` ${long}`);
  return h("div", { class: "plate warn", "data-testid": testid }, markElement("wait", "icon"), sentence);
}
