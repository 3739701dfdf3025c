// What the charts of progress say, in English. Only the console loads it.

import { numberText, plural } from "./measures.js";

const NBSP = "\u00a0";

/** The names of what the charts draw, and what is under the pointer. */
export const progressWords = {
  done: "done that day",
  total: "done in all",
  places: "places",
  minutes: "minutes from taken to done",
  on: (day, done, total) =>
    `${day}: ${plural(done, { one: "1 place done", other: `${numberText(done)} places done` })}, ${numberText(total)} in all`,
  took: (from, until, n) =>
    `${until === null ? `${from}${NBSP}min and longer` : `${from} to ${until}${NBSP}min`}: ${plural(n, { one: "1 place", other: `${numberText(n)} places` })}`,
};
