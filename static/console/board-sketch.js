// The places as dots, drawn before the map has been loaded: where they will be on it, in the colours of their marks.

import { countedOn, seamOf } from "../date-line.js";
import { token } from "../map-style.js";

const WORLD = 512;
const DEEPEST = 16;
const [LEAST_PX, MOST_PX] = [2, 8];
const COLOURS = {
  waiting: "mark-waiting", held: "mark-held", fulfilled: "mark-done", again: "mark-again",
  not_capturable: "mark-blocked-edge", pool: "mark-waiting", withdrawn: "mark-withdrawn",
};

/** Where a latitude lies on the square that is the world, from 0 in the north to 1 in the south. */
function southing(latitude) {
  return (1 - Math.asinh(Math.tan((latitude * Math.PI) / 180)) / Math.PI) / 2;
}

/**
 * Draws places on a canvas in the map's element, as the map opened on them would show them.
 * @param {HTMLElement} element the map's
 * @param {object} places a Places
 * @param {{top: number, right: number, bottom: number, left: number}} padding in pixels, the map's
 * @returns {HTMLCanvasElement} to be removed when the map is there
 */
export function sketch(element, places, padding) {
  const canvas = document.createElement("canvas");
  const { clientWidth: width, clientHeight: height } = element;
  canvas.className = "map-sketch";
  [canvas.width, canvas.height] = [width, height];
  const y = places.latitude.map(southing);
  const seam = seamOf(places.longitude);
  const x = places.longitude.map((longitude) => (countedOn(longitude, seam) + 180) / 360);
  const span = (values) => values.reduce(([low, high], one) => [Math.min(low, one), Math.max(high, one)], [2, 0]);
  const [[west, east], [north, south]] = [span(x), span(y)];
  const [wide, high] = [width - padding.left - padding.right, height - padding.top - padding.bottom];
  const scale = Math.min(wide / (east - west || 1e-9), high / (south - north || 1e-9), WORLD * 2 ** DEEPEST);
  const [middleX, middleY] = [padding.left + wide / 2, padding.top + high / 2];
  const room = scale * Math.sqrt(((east - west) * (south - north)) / Math.max(1, places.count));
  const side = Math.min(MOST_PX, Math.max(LEAST_PX, room));
  const context = canvas.getContext("2d");
  places.states.forEach((state, mark) => {
    context.fillStyle = token(COLOURS[state]);
    for (let i = 0; i < places.count; i += 1) {
      if (places.mark[i] === mark) {
        const across = middleX + (x[i] - (west + east) / 2) * scale;
        const down = middleY + (y[i] - (north + south) / 2) * scale;
        context.fillRect(across - side / 2, down - side / 2, side, side);
      }
    }
  });
  element.prepend(canvas);
  return canvas;
}
