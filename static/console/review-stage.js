// What the review room shows: the photograph, what is beside it, and what has just happened, also to who only hears.

import { pageData } from "../assets.js";

const at = (id) => document.getElementById(id);
/** The sentences, in the language of the page. */
export const spoken = pageData("review-words");

/** A sentence with something put in. */
export function filled(sentence, value) {
  return sentence.replace("%s", value);
}

/** The sentence for a number. */
export function counted(pair, number) {
  return filled(number === 1 ? pair.one : pair.many, number);
}

/** Says something to who hears the page. */
export function say(...sentences) {
  at("said").textContent = sentences.filter(Boolean).join(" ");
}

/** Shows a problem in its place; none hides it. */
export function trouble(sentence = "", again = false) {
  at("problem-words").textContent = sentence;
  at("problem").hidden = !sentence;
  at("again").hidden = !again;
}

/** How many are left, and how long one takes. */
export function count({ left, pace_s: pace }) {
  const rounded = pace === null ? "" : filled(spoken.pace, pace < 10 ? Math.round(pace * 10) / 10 : Math.round(pace));
  at("left").textContent = [filled(spoken.left, left), rounded].filter(Boolean).join(" · ");
  const tab = document.querySelector("[data-to-review]");
  if (tab) {
    tab.textContent = left;
    tab.hidden = left === 0;
  }
}

/** Puts a photograph on the stage; its parts are used up. */
export function show({ parts, claim }) {
  at("stage-words").replaceChildren(parts.head);
  at("view").replaceChildren(parts.view);
  at("about").replaceChildren(parts.about);
  at("beside").scrollTop = 0;
  for (const one of document.querySelectorAll("[data-grant]")) {
    one.dataset.plain ??= one.textContent;
    one.textContent = claim.disputed === null ? one.dataset.plain : one.dataset.grant;
  }
  at("photo").addEventListener("error", () => trouble(spoken.broken));
  at("room").dataset.capture = claim.capture;
  state("photo");
  compared = -1;
  pressed("compare", false);
}

/** Says in a sentence or two what is on the stage. */
export function told() {
  const flags = [...document.querySelectorAll("#about .flag h2")].map((one) => `${one.textContent}.`);
  const far = document.querySelector(".how-far p")?.textContent ?? "";
  return [`${at("stage-words").textContent.trim()}.`, ...flags, far, `${at("left").textContent}.`].join(" ");
}

/** What the room is at: "photo", "loading" or "empty". */
export function state(name) {
  at("room").dataset.state = name;
  at("empty").hidden = name !== "empty";
  at("view").hidden = name === "empty";
  at("actions").hidden = name === "empty";
  if (name !== "photo") {
    delete at("room").dataset.capture;
  }
}

/** Nothing is to be done. */
export function empty(sentence) {
  state("empty");
  at("stage-words").textContent = spoken.room;
  at("about").replaceChildren();
  at("empty-words").textContent = sentence;
}

function pressed(what, on) {
  document.querySelector(`[data-do=${what}]`).setAttribute("aria-pressed", on);
}

let compared = -1;

/** Puts the next picture to compare with beside the photograph; after the last one it stands alone again. */
export function compare() {
  const others = [...document.querySelectorAll("#about img[data-compare]")];
  if (!others.length) {
    say(spoken.nothing_to_compare);
    return;
  }
  compared = compared + 1 >= others.length ? -1 : compared + 1;
  const [figure, other] = [document.querySelector("#view .other"), others[compared]];
  figure.hidden = !other;
  pressed("compare", Boolean(other));
  if (other) {
    figure.querySelector("img").src = other.dataset.large ?? other.src;
    figure.querySelector("img").alt = other.alt;
    figure.querySelector("figcaption").textContent = other.dataset.compare;
    say(other.dataset.compare);
  }
}

/** Opens or closes a part: "why" or "link-to". */
export function open(id, on) {
  const part = at(id);
  if (!part || part.hidden === !on) {
    return;
  }
  part.hidden = !on;
  const button = document.querySelector(`[data-do=${id === "why" ? "reject" : "link"}]`);
  button.setAttribute("aria-expanded", on);
  if (on) {
    (part.querySelector("button") ?? part).focus();
    part.scrollIntoView({ block: "nearest" });
  } else if (part.contains(document.activeElement)) {
    button.focus();
  }
}

/** Whether a part is open. */
export function isOpen(id) {
  return at(id) !== null && !at(id).hidden;
}
