// What the charts of progress say, in German. Only the console loads it.

import { numberText, plural } from "./measures.js";

const NBSP = "\u00a0";

/** The names of what the charts draw, and what is under the pointer. */
export const progressWords = {
  done: "an diesem Tag fertig",
  total: "insgesamt fertig",
  places: "Orte",
  minutes: "Minuten von der Übernahme bis fertig",
  on: (day, done, total) =>
    `${day}: ${plural(done, { one: "1 Ort fertig", other: `${numberText(done)} Orte fertig` })}, ${numberText(total)} insgesamt`,
  took: (from, until, n) =>
    `${until === null ? `${from}${NBSP}min und länger` : `${from} bis ${until}${NBSP}min`}: ${plural(n, { one: "1 Ort", other: `${numberText(n)} Orte` })}`,
};
