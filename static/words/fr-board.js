// What the board's scripts say, in French. Loaded by the console only.

import { numberText } from "./measures.js";

export const board = {
  chosen: (n) => (n === 1 ? "1 lieu choisi" : `${numberText(n)} lieux choisis`),
  noneChosen: "Rien n’est choisi.",
  tooMany: (n) => `On ne peut pas en changer plus de ${numberText(n)} à la fois. Entourez-en moins.`,
  did: {
    withdraw: (n) => (n === 1 ? "1 lieu retiré." : `${numberText(n)} lieux retirés.`),
    release: (n) => (n === 1 ? "1 lieu repris." : `${numberText(n)} lieux repris.`),
    priority: (n) => (n === 1 ? "1 lieu a la nouvelle priorité." : `${numberText(n)} lieux ont la nouvelle priorité.`),
    assign: (n) => (n === 1 ? "1 lieu attribué : à sa prochaine demande." : `${numberText(n)} lieux attribués : à ses prochaines demandes.`),
    undo_withdraw: (n) => (n === 1 ? "1 lieu est revenu." : `${numberText(n)} lieux sont revenus.`),
    undo_priority: (n) => (n === 1 ? "1 lieu a retrouvé sa priorité." : `${numberText(n)} lieux ont retrouvé leur priorité.`),
  },
  told: (n) => (n === 1 ? "1 personne a été prévenue." : `${numberText(n)} personnes ont été prévenues.`),
  left: (list) => `Laissés tels quels : ${list}.`,
  why: {
    held: "pris",
    fulfilled: "faits",
    withdrawn: "déjà retirés",
    same: "déjà ainsi",
    nobody: "pris par personne",
    theirs: "déjà les siens",
    photographed: "photographiés par cette personne",
    declined: "refusés par cette personne",
    window: "pas ouverts alors",
    changed: "changés depuis",
    not_capturable: "inaccessibles",
    pool: "en réserve",
    waiting: "en attente",
  },
  leftOne: (n, why) => `${numberText(n)} ${why}`,
  wrongPriority: "Écrivez un nombre entier de 0 à 100.",
  notFiltered: "Le filtre n’a pas pu être appliqué. Changez-le ou réessayez.",
  failed: "Cela n’a pas marché. Rien n’a été changé : réessayez.",
};
