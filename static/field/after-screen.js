// After the photo: the result first, then the proof, then how far the sending is.

import { metresBetween } from "./geodesy.js";
import { clockTime, h, part, say } from "./page.js";
import { markElement, setMark } from "../marks.js";
import { metresText, words } from "../words.js";

const SURE = 0.99;

/** Which of the few endings a capture has come to; each has its mark, its sentence and what can be done next. */
export function endingOf(capture) {
  const verdict = capture.receipt?.verdict;
  if (capture.problem !== null) {
    return { kind: "problem", mark: "again" };
  }
  if (!verdict) {
    return { kind: "open", mark: "mine" };
  }
  if (verdict.named?.fulfilled) {
    return { kind: "done", mark: "fulfilled" };
  }
  if (!verdict.usable) {
    return { kind: "unjudged", mark: "again" };
  }
  return verdict.named ? { kind: "off", mark: "again" } : { kind: "received", mark: "fulfilled" };
}

/** The two sentences of an ending: the fact, then what to do. */
function sentencesOf(kind, capture, name, waiting) {
  const verdict = capture.receipt?.verdict;
  const off = verdict?.named?.metres;
  return {
    problem: () => [words.notTaken, words.problem[capture.problem] ?? words.problem.other],
    open: () => (waiting ? words.waiting : words.checking),
    done: () => [words.thanks(name), words.thanksLong],
    unjudged: () => words.unjudged[verdict.reason] ?? words.received,
    off: () => (off === null ? words.unjudged.no_position : [words.off(off), words.offLong]),
    received: () => words.received,
  }[kind]();
}

/** A bar along which metres grow from the slot to beyond what is allowed, with the phone's own doubt drawn. */
function ruler(metres, allowed, accuracy) {
  const end = Math.max(allowed * 1.2, (metres + accuracy) * 1.06);
  const percent = (value) => `${Math.min(100, Math.max(0, (value / end) * 100))}%`;
  const at = (className, left, width = null) => {
    const bar = h("span", { class: className });
    bar.style.left = percent(left);
    if (width !== null) {
      bar.style.width = percent(width);
    }
    return bar;
  };
  const low = Math.max(0, metres - accuracy);
  const value = h("b", { class: "value" }, metresText(metres));
  value.style.left = percent(metres);
  value.style.transform = `translateX(-${percent(metres)})`;
  const limit = h("span", { class: "limit" }, words.allowed(allowed));
  if (metres < allowed) {
    limit.style.right = `${100 - Math.min(100, (allowed / end) * 100 + 14)}%`;
  } else {
    limit.style.marginLeft = `max(0px, calc(${percent(allowed)} - 4.5rem))`;
  }
  const track = h(
    "div",
    { class: "track" },
    at("allowed", 0, allowed),
    at("sure", low, metres + accuracy - low),
    at("post", 0),
    at("post", allowed),
    at("dot", metres),
  );
  const box = h(
    "div",
    { class: metres < allowed ? "ruler" : "ruler off" },
    h("div", { class: "values" }, value),
    track,
    h("div", { class: "ends" }, h("span", {}, words.theSlot), limit),
  );
  return box;
}

/** The proof of a judged capture: the ruler and how sure it is. */
function proofOf(named, metadata) {
  const accuracy = metadata.accuracy_m ?? 0;
  const inside = named.metres < named.allowed_m;
  // The server works out a probability only near the slot; far from it three times the doubt settles the matter.
  const margin = Math.abs(named.metres - named.allowed_m);
  const chance = named.probability ?? (margin > 3 * accuracy ? Number(inside) : 0.5);
  const sure = (inside ? chance : 1 - chance) >= SURE;
  const [before, strong, after] = (sure ? words.surely : words.unsure)(accuracy, inside);
  const sentence = h("p", {}, before, h("strong", {}, strong), after);
  return [ruler(named.metres, named.allowed_m, accuracy), ...(accuracy ? [sentence] : [])];
}

/** The screen after a capture. */
export class AfterScreen {
  #shotAddress = null;
  #shotOf = null;

  constructor() {
    // What cannot be shown (a HEIC here, a broken file) leaves no broken frame behind.
    part("shot").addEventListener("error", () => {
      part("shot").hidden = true;
    });
  }

  /** Shows a capture as far as it has come; `name` is the person's, `waiting` says that there is no signal. */
  set(capture, name, waiting) {
    const { kind, mark } = endingOf(capture);
    const [title, long] = sentencesOf(kind, capture, name, waiting);
    setMark(part("screen-after").querySelector(".verdict svg"), mark);
    say("verdict-title", title);
    say("verdict-long", long);
    say("shot-title", capture.slot.title);
    say("shot-time", words.takenAt(clockTime(Date.parse(capture.metadata.taken_at))));
    this.#setShot(capture);
    this.#setProof(capture);
    this.#setAlso(capture.receipt?.verdict?.also ?? []);
    this.#setSending(capture);
  }

  /** The photo itself, from the phone; it stays visible after its bytes have left the outbox. */
  #setShot(capture) {
    if (this.#shotOf === capture.id || !capture.photo) {
      return;
    }
    URL.revokeObjectURL(this.#shotAddress);
    this.#shotOf = capture.id;
    this.#shotAddress = URL.createObjectURL(capture.photo);
    part("shot").hidden = false;
    part("shot").src = this.#shotAddress;
  }

  /** The server's measure, or the phone's own until that is known. */
  #setProof(capture) {
    const { metadata, slot } = capture;
    const named = capture.receipt?.verdict?.named;
    const box = part("proof");
    if (Number.isFinite(named?.metres)) {
      box.replaceChildren(...proofOf(named, metadata));
    } else if (Number.isFinite(metadata.latitude) && !named) {
      box.replaceChildren(h("p", {}, words.ownGuess(metresBetween(metadata, slot), slot.allowed_m)));
    } else {
      box.replaceChildren();
    }
    box.hidden = !box.childElementCount;
  }

  /** Whatever else the photo has closed. */
  #setAlso(also) {
    const closed = also.filter((one) => one.fulfilled);
    part("also").hidden = closed.length === 0;
    const lines = closed.map((one) => h("p", { class: "second" }, words.alsoLine(one.title, one.metres)));
    const title = h("strong", {}, words.alsoDid(closed.length));
    part("also").replaceChildren(
      h("div", { class: "marked" }, markElement("fulfilled", "mark"), h("div", {}, title, ...lines)),
    );
  }

  /** How far the photo's bytes are on their way. */
  #setSending(capture) {
    part("sending").hidden = capture.problem !== null;
    setMark(part("sending").querySelector("svg"), capture.safe ? "cloud" : "up");
    say("sending-words", capture.safe ? words.photoSafe : capture.told ? words.sending : words.sendingMetadata);
    part("sending-bar").hidden = capture.safe;
    if (capture.sent || capture.safe) {
      this.progress(capture, capture.size);
    } else {
      this.progress(capture, 0);
    }
  }

  /** Draws so many bytes of the photo as sent. */
  progress(capture, sent) {
    part("sending-bar").value = capture.size ? Math.min(1, sent / capture.size) : 0;
    say("sending-size", capture.safe ? "" : words.sent(Math.min(sent, capture.size), capture.size));
  }
}
