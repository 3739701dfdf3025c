// Was die Einstellungen eines Ziels bedeuten, auf Deutsch: nur diese Seite lädt es.

import { metresText, minutesText, numberText, plural } from "./measures.js";

export const settingsWords = {
  counts: (allowed) => `Ein Foto näher als ${allowed} am Ort zählt.`,
  others: (n) =>
    plural(n, {
      one: `${n} weiterer Ort liegt darin: Ein Foto von hier erledigt beide.`,
      other: `${n} weitere Orte liegen darin: Ein Foto von hier erledigt alle.`,
    }),
  noOthers: "Kein anderer Ort liegt darin: Jeder braucht sein eigenes Foto.",
  sigma: (allowed) => `Mit der Schwelle: ${allowed} um jeden Ort.`,
  accuracy: (most) => `Einem Telefon, das seine Lage auf ±${most} oder besser kennt, wird geglaubt.`,
  heading: (degrees) => `Vom Ort selbst aus bis zu ${degrees}° nach jeder Seite; von weiter weg weniger.`,
  headingAll: "Vom Ort selbst aus zählt jede Richtung.",
  headingOff: "Richtungen werden nicht verglichen.",
  lease: (metres, walk, lease) =>
    `Wer ${metresText(metres)} entfernt ist, geht ${minutesText(walk)} und behält den Ort ${minutesText(lease)} lang.`,
  batch: (n) =>
    plural(n, { one: "Ein Ort wartet jeweils.", other: `${numberText(n)} Orte warten jeweils.` }),
  batchAll: "Alle Orte warten.",
  publicNothing: "Sonst sieht niemand etwas.",
  publicRound: (square) =>
    `Alle sehen, in welchem Quadrat von ${square} ein Foto aufgenommen wurde, nicht wo darin. Eine andere Größe später verrät denen, die beide kennen, etwas mehr.`,
  publicExact: "Alle sehen genau, wo jedes Foto aufgenommen wurde.",
  tryIn: (off, allowed) => `Zählt: ${off} daneben, ${allowed} sind erlaubt.`,
  tryOut: (off, allowed) => `Zählt nicht: ${off} daneben, ${allowed} sind erlaubt.`,
  tryRough: (accuracy, most) => `Jemand muss es prüfen: ±${accuracy} ist gröber als ±${most}.`,
  likely: (n) =>
    n === 0
      ? "Von zehn solchen Fotos wurde keines wirklich innerhalb aufgenommen."
      : `Von zehn solchen Fotos wurden ${n === 10 ? "alle" : `etwa ${n}`} wirklich innerhalb aufgenommen.`,
  unsaved: "Noch nicht gespeichert.",
};
