// After the photo: the result first, then the proof, then how far the sending is.

import { metresBetween } from "./geodesy.js";
import { clockTime, h, part, say } from "./page.js";
import { drawPicture, showBlob } from "./pictures.js";
import { markElement, setMark } from "../marks.js";
import { whyWords } from "../photo-words.js";
import { metresText, words } from "../words.js";

const SURE = 0.99;
const MOST_MISSED = 3;

/** Which of the few endings a capture has come to; each has its mark, its sentence and what can be done next. */
export function endingOf(capture) {
  const verdict = capture.receipt?.verdict;
  if (capture.problem !== null) {
    return { kind: "problem", mark: "again" };
  }
  if (!verdict) {
    return { kind: "open", mark: "clock" };
  }
  if (verdict.named?.fulfilled) {
    return { kind: "done", mark: "fulfilled" };
  }
  if (!verdict.usable) {
    return { kind: "unjudged", mark: "again" };
  }
  return verdict.named ? { kind: "off", mark: "again" } : { kind: "received", mark: "fulfilled" };
}

/** Why a photo did not close its place, and what to do, where that is neither its distance nor its position. */
function whyNot(named, reason) {
  const why = whyWords[reason];
  return why && why(named?.metres ?? null, Math.round(Math.abs(named?.heading_off_deg ?? 0)));
}

/** The two sentences of an ending: the fact, then what to do. */
function sentencesOf(kind, capture, name, why) {
  const verdict = capture.receipt?.verdict;
  const named = verdict?.named;
  const off = named?.metres ?? null;
  return {
    problem: () => [words.notTaken, capture.problem_text || words.problem[capture.problem] || words.problem.other],
    open: () =>
      ({ waiting: words.waiting, lost: [words.waiting[0], words.problem[401]] })[why] ?? words.checking,
    done: () => [words.thanks(name), words.thanksLong],
    unjudged: () => words.unjudged[verdict.reason] ?? whyNot(named, verdict.reason) ?? words.received,
    off: () =>
      whyNot(named, named.reason) ?? (off === null ? words.unjudged.no_position : [words.off(off), words.offLong]),
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

/** A mark with what stands beside it. */
function marked(mark, ...children) {
  return h("div", { class: "marked" }, markElement(mark, "mark"), h("div", {}, ...children));
}

/** When a photo was taken: "today at 14:12", "20 November at 14:12". */
function timeOf(moment) {
  const time = clockTime(moment);
  if (new Date(moment).toDateString() === new Date().toDateString()) {
    return words.takenAt(time);
  }
  const day = new Intl.DateTimeFormat(document.documentElement.lang, { day: "numeric", month: "long" }).format(moment);
  return words.takenOn(day, time);
}

/** The screen after a capture. */
export class AfterScreen {
  #shotOf = null;

  /** Shows a capture as far as it has come; `name` is the person's, `why` says why it comes no further just now. */
  set(capture, name, why) {
    const { kind, mark } = endingOf(capture);
    const [title, long] = sentencesOf(kind, capture, name, why);
    setMark(part("screen-after").querySelector(".verdict svg"), mark);
    say("verdict-title", title);
    say("verdict-long", long);
    say("shot-title", capture.slot.title);
    say("shot-time", timeOf(Date.parse(capture.metadata.taken_at)));
    this.#setShot(capture);
    this.#setProof(capture);
    this.#setAlso(capture.receipt?.verdict ?? {});
    this.#setSending(capture);
  }

  /** The photo, from the phone; one whose copy here has gone, from the server. */
  #setShot(capture) {
    if (this.#shotOf === capture.id) {
      return;
    }
    this.#shotOf = capture.id;
    if (capture.photo) {
      showBlob(part("shot"), capture.photo);
    } else {
      drawPicture(part("shot"), `/api/v1/captures/${capture.id}/photo/small/`);
    }
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

  /** Whatever else the photo has closed, and what it missed only by its direction or its time. */
  #setAlso({ also = [], missed = [] }) {
    const closed = also.filter((one) => one.fulfilled);
    const rows = [];
    if (closed.length) {
      const lines = closed.map((one) => h("p", { class: "second" }, words.alsoLine(one.title, one.metres)));
      rows.push(marked("fulfilled", h("strong", {}, words.alsoDid(closed.length)), ...lines));
    }
    for (const one of missed.slice(0, MOST_MISSED)) {
      rows.push(marked("again", h("strong", {}, words.missedLine(one.title)), h("p", { class: "second" }, one.text)));
    }
    part("also").replaceChildren(...rows);
    part("also").hidden = rows.length === 0;
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
