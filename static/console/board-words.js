// The sentences of the board, in the language of the page.

import { language } from "../words.js";

const MODULES = {
  en: () => import("../words/en-board.js"),
  fr: () => import("../words/fr-board.js"),
  es: () => import("../words/es-board.js"),
  de: () => import("../words/de-board.js"),
};

/** The sentences, by their names. */
export const { board: boardWords } = await MODULES[language]();
