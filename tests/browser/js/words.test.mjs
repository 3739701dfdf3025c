// What people read: numbers never part from their unit, and directions are the ones that one would say.

import assert from "node:assert/strict";
import { test } from "node:test";

import { compassWord, leftText, metresText, positionText, turnWords, walkText } from "../../../static/words.js";

test("distances", () => {
  assert.equal(metresText(11.4), "11\u00a0m");
  assert.equal(metresText(994.6), "995\u00a0m");
  assert.equal(metresText(996), "1.0\u00a0km");
  assert.equal(metresText(12_345), "12\u00a0km");
});

test("directions", () => {
  assert.deepEqual([0, 44, 90, 200, 359].map(compassWord), ["north", "north-east", "east", "south", "north"]);
  assert.equal(turnWords(5), "straight ahead");
  assert.equal(turnWords(45), "ahead, to your right");
  assert.equal(turnWords(-90), "to your left");
  assert.equal(turnWords(-150), "behind you, to your left");
});

test("time", () => {
  assert.equal(leftText(42 * 60 + 59), "42\u00a0min\u00a0left");
  assert.equal(leftText(30), "under 1\u00a0min left");
  assert.equal(leftText(0), "Your time is over");
  assert.equal(walkText(150), "2\u00a0min on\u00a0foot");
  assert.equal(walkText(5400), "1\u00a0h\u00a012\u00a0min on\u00a0foot");
});

test("position", () => {
  assert.equal(positionText(8), "Position is good: ±8\u00a0m");
  assert.equal(positionText(18), "Hold still: ±18\u00a0m");
  assert.match(positionText(60), /Step into the open/);
  assert.match(positionText(null), /Looking for your position/);
});
