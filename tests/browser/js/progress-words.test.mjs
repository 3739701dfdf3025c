// What the charts say is the same in four languages, and says what it is given.

import assert from "node:assert/strict";
import { test } from "node:test";

import { LANGUAGES } from "../../../static/words/measures.js";

const STATIC = new URL("../../../static/words/", import.meta.url);
const spoken = Object.fromEntries(
  await Promise.all(LANGUAGES.map(async (code) => [code, (await import(new URL(`${code}-progress.js`, STATIC))).progressWords])),
);

test("every language has the same sentences in the same forms", () => {
  const forms = (words) => Object.entries(words).map(([name, value]) => `${name}: ${typeof value} ${value.length * (typeof value === "function")}`);
  for (const code of LANGUAGES) {
    assert.deepEqual(forms(spoken[code]), forms(spoken.en), code);
  }
});

test("a day and a bin say their numbers in every language", () => {
  for (const code of LANGUAGES) {
    const { on, took } = spoken[code];
    for (const number of [0, 1, 7]) {
      assert.match(on("3 June", number, 42), new RegExp(`3 June.*${number}.*42`), code);
      assert.match(took(5, 10, number), new RegExp(`5.*10\u00a0min.*${number}`), code);
    }
    assert.match(took(480, null, 2), /480\u00a0min.*2/, code);
    assert.doesNotMatch(on("3 June", 1, 1) + took(480, null, 1), /undefined|null/, code);
  }
});

test("nothing is left in English", () => {
  for (const code of LANGUAGES.filter((one) => one !== "en")) {
    for (const [name, value] of Object.entries(spoken[code])) {
      const said = (words) => (typeof words === "string" ? words : words("x", 3, 5));
      assert.notEqual(said(value), said(spoken.en[name]), `${code} ${name}`);
    }
  }
});
