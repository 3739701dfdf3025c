// Every sentence that a script shows comes from here, in the language of the page: one module of static/words/ is loaded.

import {
  clockText,
  currentLocale,
  dayText,
  LANGUAGES,
  localeFor,
  megabytes,
  metresParts,
  metresText,
  minutesText,
  numberText,
  plural,
  setLocale,
  walkMinutes,
} from "./words/measures.js";

// Written out one by one: a static file wears a hash in its name, and only whole names are found and renamed.
const MODULES = {
  en: () => import("./words/en.js"),
  fr: () => import("./words/fr.js"),
  es: () => import("./words/es.js"),
  de: () => import("./words/de.js"),
};

const page = globalThis.document?.documentElement.lang ?? "";
/** The language of this page's sentences: "en", "fr", "es" or "de". */
export const language = LANGUAGES.find((one) => one === page.split("-")[0] && one in MODULES) ?? "en";
setLocale(localeFor(language, page ? navigator.languages : []));
const spoken = await MODULES[language]();
const { phrases } = spoken;

export { clockText, currentLocale, dayText, LANGUAGES, megabytes, metresParts, metresText, minutesText, numberText, plural };

/** The sentences, by their names; those that name something are functions of it. */
export const words = { ...spoken.words, ahead: turnWords };

/** The name of a bearing: "north-east". */
export function compassWord(bearing) {
  return phrases.compass[Math.round(bearing / 45) % 8];
}

/** Where something lies for somebody who looks ahead; `turn` from -180 to 180 degrees. */
export function turnWords(turn) {
  const side = turn < 0 ? "Left" : "Right";
  const off = Math.abs(turn);
  if (off < 20) {
    return phrases.turns.straight;
  }
  if (off < 70) {
    return phrases.turns[`ahead${side}`];
  }
  if (off < 110) {
    return phrases.turns[side.toLowerCase()];
  }
  return off < 160 ? phrases.turns[`behind${side}`] : phrases.turns.behind;
}

/** "5 min on foot" at 4.5 km an hour; hours from 60 min on. */
export function walkText(metres) {
  return phrases.onFoot(minutesText(walkMinutes(metres)));
}

/** What is left of a time: "42 min left"; whole hours from two hours on. */
export function leftText(seconds) {
  if (seconds <= 0) {
    return phrases.noneLeft;
  }
  if (seconds < 60) {
    return phrases.hardlyLeft;
  }
  const minutes = Math.floor(seconds / 60);
  return phrases.left(minutesText(minutes < 120 ? minutes : minutes - (minutes % 60)));
}

/** The sentence about how well the phone knows its place; accuracy in metres, null while unknown. */
export function positionText(accuracy) {
  if (accuracy === null) {
    return phrases.position.looking;
  }
  const said = accuracy <= 10 ? "good" : accuracy <= 25 ? "fair" : "rough";
  return phrases.position[said](`±${metresText(accuracy)}`);
}
