// What the charts of progress say, in French. Only the console loads it.

import { numberText, plural } from "./measures.js";

const NBSP = "\u00a0";

/** The names of what the charts draw, and what is under the pointer. */
export const progressWords = {
  done: "faits ce jour-là",
  total: "faits en tout",
  places: "lieux",
  minutes: "minutes entre la prise en charge et la photo reçue",
  on: (day, done, total) =>
    `${day} : ${plural(done, { one: `${numberText(done)} lieu fait`, other: `${numberText(done)} lieux faits` })}, ${numberText(total)} en tout`,
  took: (from, until, n) =>
    `${until === null ? `${from}${NBSP}min et plus` : `de ${from} à ${until}${NBSP}min`} : ${plural(n, { one: `${numberText(n)} lieu`, other: `${numberText(n)} lieux` })}`,
};
