// The settings page: what it says of a photo is what the server says, and four languages say the same things.

import assert from "node:assert/strict";
import { test } from "node:test";

import { probabilityWithin } from "../../../static/console/likelihood.js";
import { LANGUAGES } from "../../../static/words/measures.js";

/** [metres, accuracy, allowed, probability] by scheduling.distance.probability_within. */
const KNOWN = [
  [0, 5, 50, 1.0],
  [30, 15, 50, 0.8722],
  [49, 10, 50, 0.4993],
  [80, 20, 50, 0.0485],
  [10, 100, 50, 0.117],
  [200, 1, 50, 0.0],
  [60, 50, 50, 0.225],
];

test("the likelihood is the server's, to a thousandth", () => {
  for (const [metres, accuracy, allowed, known] of KNOWN) {
    const found = probabilityWithin(metres, accuracy, allowed);
    assert.ok(Math.abs(found - known) < 0.001, `${metres} ±${accuracy}, ${allowed} allowed: ${found}, not ${known}`);
  }
});

test("every language explains the same settings, each in its own words", async () => {
  const spoken = await Promise.all(
    LANGUAGES.map(async (code) => (await import(`../../../static/words/${code}-settings.js`)).settingsWords),
  );
  const said = (value) => (typeof value === "function" ? value(...Array(value.length).fill(7)) : value);
  for (const words of spoken.slice(1)) {
    assert.deepEqual(Object.keys(words), Object.keys(spoken[0]));
    for (const [name, value] of Object.entries(words)) {
      assert.equal(value.length === undefined, spoken[0][name].length === undefined, name);
      assert.notEqual(said(value), said(spoken[0][name]), name);
    }
  }
});
