// Ce que veulent dire les réglages d’une cible, en français : chargé par cette seule page.

import { metresText, minutesText, numberText, plural } from "./measures.js";

const NBSP = "\u00a0";

export const settingsWords = {
  counts: (allowed) => `Une photo prise à moins de ${allowed} du lieu compte.`,
  others: (n) =>
    plural(n, {
      one: `${n} autre lieu est à l’intérieur${NBSP}: une photo prise d’ici suffit aux deux.`,
      other: `${n} autres lieux sont à l’intérieur${NBSP}: une photo prise d’ici suffit à tous.`,
    }),
  noOthers: `Aucun autre lieu n’est à l’intérieur${NBSP}: à chacun sa photo.`,
  sigma: (allowed) => `Avec le seuil${NBSP}: ${allowed} autour de chaque lieu.`,
  accuracy: (most) => `Un téléphone qui connaît sa position à ±${most} près, ou mieux, est cru.`,
  heading: (degrees) => `Depuis le lieu même, jusqu’à ${degrees}° de chaque côté${NBSP}; de plus loin, moins.`,
  headingAll: "Depuis le lieu même, toute direction compte.",
  headingOff: "Les directions ne sont pas comparées.",
  lease: (metres, walk, lease) =>
    `Quelqu’un à ${metresText(metres)} marche ${minutesText(walk)} et garde le lieu pendant ${minutesText(lease)}.`,
  batch: (n) =>
    plural(n, { one: "Un seul lieu attend à la fois.", other: `${numberText(n)} lieux attendent à la fois.` }),
  batchAll: "Tous les lieux attendent.",
  publicNothing: "Personne d’autre ne voit rien.",
  publicRound: (square) =>
    `Tout le monde voit dans quel carré de ${square} une photo a été prise, pas où dans ce carré. Une autre taille plus tard en dit un peu plus à qui a gardé les deux.`,
  publicExact: "Tout le monde voit exactement où chaque photo a été prise.",
  tryIn: (off, allowed) => `Compte${NBSP}: à ${off}, et ${allowed} sont permis.`,
  tryOut: (off, allowed) => `Ne compte pas${NBSP}: à ${off}, et ${allowed} sont permis.`,
  tryRough: (accuracy, most) => `Un relecteur doit regarder${NBSP}: ±${accuracy} est plus grossier que ±${most}.`,
  likely: (n) =>
    n === 0
      ? "Sur dix photos pareilles, aucune n’a vraiment été prise à l’intérieur."
      : `Sur dix photos pareilles, ${n === 10 ? "toutes" : `environ ${n}`} ont vraiment été prises à l’intérieur.`,
  unsaved: "Pas encore enregistré.",
};
