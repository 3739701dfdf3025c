// What the board's scripts say, in German. Loaded by the console only.

import { numberText } from "./measures.js";

export const board = {
  chosen: (n) => (n === 1 ? "1 Ort ausgewählt" : `${numberText(n)} Orte ausgewählt`),
  noneChosen: "Nichts ist ausgewählt.",
  tooMany: (n) => `Mehr als ${numberText(n)} auf einmal lassen sich nicht ändern. Umfahren Sie weniger.`,
  did: {
    withdraw: (n) => (n === 1 ? "1 Ort zurückgezogen." : `${numberText(n)} Orte zurückgezogen.`),
    release: (n) => (n === 1 ? "1 Ort zurückgenommen." : `${numberText(n)} Orte zurückgenommen.`),
    priority: (n) => (n === 1 ? "1 Ort hat die neue Priorität." : `${numberText(n)} Orte haben die neue Priorität.`),
    assign: (n) => (n === 1 ? "1 Ort zugeteilt: bei der nächsten Anfrage." : `${numberText(n)} Orte zugeteilt: bei den nächsten Anfragen.`),
    undo_withdraw: (n) => (n === 1 ? "1 Ort ist wieder da." : `${numberText(n)} Orte sind wieder da.`),
    undo_priority: (n) => (n === 1 ? "1 Ort hat seine Priorität wieder." : `${numberText(n)} Orte haben ihre Priorität wieder.`),
  },
  told: (n) => (n === 1 ? "1 Person hat Bescheid bekommen." : `${numberText(n)} Personen haben Bescheid bekommen.`),
  left: (list) => `Unverändert: ${list}.`,
  why: {
    held: "vergeben",
    fulfilled: "erledigt",
    withdrawn: "schon zurückgezogen",
    same: "schon so",
    nobody: "bei niemandem",
    theirs: "schon bei der Person",
    photographed: "von der Person fotografiert",
    declined: "von der Person abgelehnt",
    window: "dann nicht offen",
    changed: "seither geändert",
    not_capturable: "unerreichbar",
    pool: "im Vorrat",
    waiting: "wartend",
  },
  leftOne: (n, why) => `${numberText(n)} ${why}`,
  wrongPriority: "Schreiben Sie eine ganze Zahl von 0 bis 100.",
  notFiltered: "Der Filter ließ sich nicht anwenden. Ändern Sie ihn oder versuchen Sie es noch einmal.",
  failed: "Das hat nicht geklappt. Nichts wurde geändert: versuchen Sie es noch einmal.",
};
