// What is said of photos, in the language of the page: the sentences that the first screen goes without. Whoever says
// one of them imports it from here, and so does not run before it is there.

import { language } from "./words.js";

// Written out one by one, as in words.js.
const MODULES = {
  en: () => import("./words/en-photos.js"),
  fr: () => import("./words/fr-photos.js"),
  es: () => import("./words/es-photos.js"),
  de: () => import("./words/de-photos.js"),
};

export const { checkWords, finderWords, photoWords, whyWords } = await MODULES[language]();
