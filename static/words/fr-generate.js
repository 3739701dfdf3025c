// What is said while places are drawn, in French. Only the desk's page for that loads it.

import { numberText, plural } from "./measures.js";

export const say = {
  first: "Touchez le premier sommet sur la carte, ou saisissez-le.",
  more: (n) => plural(n, { one: "Encore un sommet.", other: `Encore ${n} sommets.` }),
  begin: "Touchez le début de la ligne, ou saisissez-le.",
  goOn: "Touchez là où elle continue.",
  total: (n) => plural(n, { one: `${numberText(n)} lieu`, other: `${numberText(n)} lieux` }),
  sample: (n) => `${numberText(n)} d’entre eux sont affichés sur la carte.`,
  counting: "Comptage des lieux",
  lost: "Le serveur est injoignable. Réessayez.",
  wrongNumbers: "Écrivez un sommet par ligne, par exemple 38.8951, -77.0364.",
};
