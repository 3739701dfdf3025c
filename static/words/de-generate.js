// What is said while places are drawn, in German. Only the desk's page for that loads it.

import { numberText, plural } from "./measures.js";

export const say = {
  first: "Tippen Sie die erste Ecke auf der Karte an oder geben Sie sie ein.",
  more: (n) => plural(n, { one: "Noch eine Ecke.", other: `Noch ${n} Ecken.` }),
  begin: "Tippen Sie an, wo die Linie beginnt, oder geben Sie es ein.",
  goOn: "Tippen Sie an, wo sie weitergeht.",
  total: (n) => plural(n, { one: `${numberText(n)} Ort`, other: `${numberText(n)} Orte` }),
  sample: (n) => `${numberText(n)} davon sind auf der Karte zu sehen.`,
  counting: "Die Orte werden gezählt",
  lost: "Der Server ist nicht zu erreichen. Versuchen Sie es noch einmal.",
  wrongNumbers: "Schreiben Sie eine Ecke in jede Zeile, wie 38.8951, -77.0364.",
};
