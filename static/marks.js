// The marks of the states, read from the one sprite (marks.svg): as elements for pages, as pictures for maps.

import { asset } from "./assets.js";

const SVG = "http://www.w3.org/2000/svg";
const CASING_UNITS = 4;

/** The states in the order in which they are drawn: what needs a person comes last and lies on top. */
export const MARKS = [
  "pool", "withdrawn", "fulfilled", "waiting", "capture", "not_capturable", "held", "again", "mine",
  "added", "removed", "changed", "protected",
];

/** The larger ones: what a person has to act on. */
export const LARGE = new Set(["held", "again", "mine", "changed", "protected"]);

/** An <svg> that shows one symbol of the sprite; it is silent, the word beside it speaks. */
export function markElement(name, className = "mark") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${asset("mark")}${name}`);
  svg.append(use);
  return svg;
}

/** Shows another symbol in an <svg> made by markElement or by a template. */
export function setMark(svg, name) {
  svg.firstElementChild.setAttribute("href", `${asset("mark")}${name}`);
}

let sprite = null;

/** Fetches and parses the sprite once for each page; one that did not come is asked for again. */
async function loadSprite() {
  sprite ??= (async () => {
    try {
      const answer = await fetch(asset("marks"));
      return new DOMParser().parseFromString(await answer.text(), "image/svg+xml");
    } catch (problem) {
      sprite = null;
      throw problem;
    }
  })();
  return sprite;
}

/** A copy of a shape as its own casing: the same outline, wider, in one colour. */
function casing(shape) {
  const copy = shape.cloneNode(true);
  const width = shape.getAttribute("stroke") ? Number(shape.getAttribute("stroke-width") ?? 1) : 0;
  copy.setAttribute("stroke", "var(--mark-casing)");
  copy.setAttribute("stroke-width", String(width + CASING_UNITS));
  copy.setAttribute("stroke-linejoin", "round");
  if (shape.getAttribute("fill") !== "none") {
    copy.setAttribute("fill", "var(--mark-casing)");
  }
  return copy;
}

/**
 * Draws a mark as a picture for a map, with its casing, in the colours in force now.
 * @param {string} name a symbol of the sprite
 * @param {number} pixels the side of the picture in device pixels
 * @returns {Promise<HTMLImageElement>} a decoded square picture
 */
export async function markPicture(name, pixels) {
  const symbol = (await loadSprite()).getElementById(name);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "-1 -1 26 26");
  svg.setAttribute("width", pixels);
  svg.setAttribute("height", pixels);
  const shapes = [...symbol.children];
  svg.append(...shapes.map(casing), ...shapes.map((shape) => shape.cloneNode(true)));
  const style = getComputedStyle(document.documentElement);
  const text = new XMLSerializer()
    .serializeToString(svg)
    .replace(/var\((--[\w-]+)\)/g, (_, variable) => style.getPropertyValue(variable).trim());
  const picture = new Image(pixels, pixels);
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await picture.decode();
  return picture;
}
