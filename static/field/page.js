// The parts of the page by their ids, and the screens of which one is shown at a time.

import { asset } from "../assets.js";
import { setMark } from "../marks.js";
import { clockText } from "../words.js";

const styles = new Map();

/** The element with this id. */
export function part(id) {
  return document.getElementById(id);
}

/** Writes text into a part; empty text hides it. Unchanged text is left alone, so that nothing is read out twice. */
export function say(id, text) {
  const element = part(id);
  if (element.textContent !== text) {
    element.textContent = text;
  }
  element.hidden = !text;
}

/**
 * Shows one screen with one foot (or none), puts the focus at its beginning when the screen has changed, and tells the
 * document: "shown" {screen, changed}.
 */
export function show(screen, foot = screen) {
  let changed = false;
  for (const element of document.querySelectorAll("main [data-screen]")) {
    const here = element.dataset.screen === screen;
    changed ||= here && element.hidden;
    element.hidden = !here;
  }
  for (const element of document.querySelectorAll("[data-foot]")) {
    element.hidden = element.dataset.foot !== foot;
  }
  document.body.dataset.screen = screen;
  document.querySelector("body > footer").classList.toggle("sheet", foot === "after-next");
  if (changed) {
    part("main").scrollTop = 0;
    part("main").focus({ preventScroll: true });
  }
  document.dispatchEvent(new CustomEvent("shown", { detail: { screen, changed } }));
}

/** A plate with its sign: tone "good", "warn" or "". */
export function plate(id, tone, mark) {
  const element = part(id);
  element.classList.toggle("good", tone === "good");
  element.classList.toggle("warn", tone === "warn");
  setMark(element.querySelector("svg"), mark);
}

/** A sentence above everything until the next one; empty takes it away. */
export function notice(text) {
  say("notice-words", text);
  part("notice").hidden = !text;
}

/** Builds an element: h("p", {class: "second"}, "text", child). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Whether the text is so large (or the phone so narrow) that nothing fits beside anything: as in phone.css. */
export function isLarge() {
  return document.body.clientWidth < 19 * parseFloat(getComputedStyle(document.documentElement).fontSize);
}

/** A clock time in this phone's zone, as people of its locale write it: "14:12", "2:12 PM". */
export function clockTime(moment) {
  return clockText(moment);
}

/**
 * Loads a stylesheet that the first screen goes without, once; its name stands in templates/assets.html under "styles".
 * @returns {Promise<void>} when it is in force, or when it could not be had
 */
export function style(name) {
  if (!styles.has(name)) {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = asset("styles")[name];
    styles.set(
      name,
      new Promise((resolve) => {
        link.addEventListener("load", resolve);
        link.addEventListener("error", resolve);
      }),
    );
    document.head.append(link);
  }
  return styles.get(name);
}
