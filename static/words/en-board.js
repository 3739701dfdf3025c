// What the board's scripts say, in English. Loaded by the console only.

import { numberText } from "./measures.js";

export const board = {
  chosen: (n) => (n === 1 ? "1 place chosen" : `${numberText(n)} places chosen`),
  noneChosen: "Nothing is chosen.",
  tooMany: (n) => `More than ${numberText(n)} at a time cannot be changed. Draw around fewer.`,
  did: {
    withdraw: (n) => (n === 1 ? "1 place withdrawn." : `${numberText(n)} places withdrawn.`),
    release: (n) => (n === 1 ? "1 place taken back." : `${numberText(n)} places taken back.`),
    priority: (n) => (n === 1 ? "1 place has the new priority." : `${numberText(n)} places have the new priority.`),
    assign: (n) => (n === 1 ? "1 place assigned: theirs at their next request." : `${numberText(n)} places assigned: theirs at their next requests.`),
    undo_withdraw: (n) => (n === 1 ? "1 place is back." : `${numberText(n)} places are back.`),
    undo_priority: (n) => (n === 1 ? "1 place has its priority back." : `${numberText(n)} places have their priority back.`),
  },
  told: (n) => (n === 1 ? "1 person was told." : `${numberText(n)} people were told.`),
  left: (list) => `Left as they were: ${list}.`,
  why: {
    held: "held",
    fulfilled: "done",
    withdrawn: "withdrawn already",
    same: "the same already",
    nobody: "held by nobody",
    theirs: "theirs already",
    photographed: "photographed by them",
    declined: "declined by them",
    window: "not open then",
    changed: "changed since",
    not_capturable: "unreachable",
    pool: "in the pool",
    waiting: "waiting",
  },
  leftOne: (n, why) => `${numberText(n)} ${why}`,
  wrongPriority: "Write a whole number from 0 to 100.",
  notFiltered: "The filter could not be used. Change it or try again.",
  failed: "That did not work. Nothing was changed: try again.",
};
