// The compass's error against the test values that NOAA publishes with the World Magnetic Model of 2025.

import assert from "node:assert/strict";
import { test } from "node:test";

import { declinationAt, keepCorrected } from "../../../static/field/declination.js";

const at = (latitude, longitude, date) => declinationAt({ latitude, longitude }, new Date(date));

test("the published test values for the start of 2025, at sea level", () => {
  for (const [latitude, longitude, degrees] of [
    [80, 0, 1.28],
    [0, 120, -0.16],
    [-80, 240, 68.78],
  ]) {
    assert.ok(Math.abs(at(latitude, longitude, "2025-01-01T00:00:00Z") - degrees) < 0.01);
  }
});

test("outside the model's years, and at the poles, nobody knows", () => {
  assert.equal(at(47, 9, "2024-12-31T23:00:00Z"), null);
  assert.equal(at(47, 9, "2030-01-01T00:00:00Z"), null);
  assert.notEqual(at(47, 9, "2029-12-31T00:00:00Z"), null);
  assert.equal(at(89, 9, "2026-06-01T00:00:00Z"), null);
});

test("a compass is corrected once for a place, and again some way off", () => {
  const told = [];
  const position = new EventTarget();
  position.fix = { latitude: 47, longitude: 9 };
  keepCorrected({ setDeclination: (degrees) => told.push(degrees) }, position);
  position.fix = { latitude: 47.01, longitude: 9 };
  position.dispatchEvent(new Event("change"));
  assert.equal(told.length, 1);
  position.fix = { latitude: 49, longitude: 9 };
  position.dispatchEvent(new Event("change"));
  assert.equal(told.length, 2);
});
