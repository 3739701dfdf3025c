// What the settings of a target mean, in English: loaded by that page only.

import { metresText, minutesText, numberText, plural } from "./measures.js";

export const settingsWords = {
  counts: (allowed) => `A photo within ${allowed} of the place counts.`,
  others: (n) =>
    plural(n, {
      one: `${n} other place lies inside: one photo from here closes both.`,
      other: `${n} other places lie inside: one photo from here closes them all.`,
    }),
  noOthers: "No other place lies inside: each needs its own photo.",
  sigma: (allowed) => `With the threshold: ${allowed} around each place.`,
  accuracy: (most) => `A phone that knows its place to ±${most} or better is believed.`,
  heading: (degrees) => `From the place itself, up to ${degrees}° to either side; from farther off, less.`,
  headingAll: "From the place itself, any direction counts.",
  headingOff: "Directions are not compared.",
  lease: (metres, walk, lease) =>
    `Somebody ${metresText(metres)} away walks ${minutesText(walk)}, and keeps the place for ${minutesText(lease)}.`,
  batch: (n) =>
    plural(n, { one: "One place waits at a time.", other: `${numberText(n)} places wait at a time.` }),
  batchAll: "Every place waits.",
  publicNothing: "Nobody else sees anything.",
  publicRound: (square) =>
    `Everybody sees in which square of ${square} a photo was taken, not where in it. Another size later tells those who kept both a little more.`,
  publicExact: "Everybody sees exactly where each photo was taken.",
  tryIn: (off, allowed) => `Counts: ${off} off, ${allowed} are allowed.`,
  tryOut: (off, allowed) => `Does not count: ${off} off, ${allowed} are allowed.`,
  tryRough: (accuracy, most) => `A reviewer has to look: ±${accuracy} is rougher than ±${most}.`,
  likely: (n) => `Of ten such photos, ${n === 10 ? "all" : n === 0 ? "none" : `about ${n}`} were really taken inside.`,
  unsaved: "Not saved yet.",
};
