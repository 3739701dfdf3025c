// What is said while places are drawn, in English. Only the desk's page for that loads it.

import { numberText, plural } from "./measures.js";

export const say = {
  first: "Tap the first corner on the map, or type it.",
  more: (n) => plural(n, { one: "One more corner.", other: `${n} more corners.` }),
  begin: "Tap where the line begins, or type it.",
  goOn: "Tap where it goes on.",
  total: (n) => plural(n, { one: `${numberText(n)} place`, other: `${numberText(n)} places` }),
  sample: (n) => `${numberText(n)} of them are shown on the map.`,
  counting: "Counting the places",
  lost: "The server cannot be reached. Try again.",
  wrongNumbers: "Write one corner on each line, like 38.8951, -77.0364.",
};
