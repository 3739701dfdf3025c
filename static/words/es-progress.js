// What the charts of progress say, in Spanish. Only the console loads it.

import { numberText, plural } from "./measures.js";

const NBSP = "\u00a0";

/** The names of what the charts draw, and what is under the pointer. */
export const progressWords = {
  done: "hechos ese día",
  total: "hechos en total",
  places: "lugares",
  minutes: "minutos desde que se toma hasta que está hecho",
  on: (day, done, total) =>
    `${day}: ${plural(done, { one: "1 lugar hecho", other: `${numberText(done)} lugares hechos` })}, ${numberText(total)} en total`,
  took: (from, until, n) =>
    `${until === null ? `${from}${NBSP}min o más` : `de ${from} a ${until}${NBSP}min`}: ${plural(n, { one: "1 lugar", other: `${numberText(n)} lugares` })}`,
};
