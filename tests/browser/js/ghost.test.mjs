// The outline: lines where something ends, nothing where nothing does.

import assert from "node:assert/strict";
import { test } from "node:test";

import { inkOf, outlineOf } from "../../../static/field/ghost.js";

const [WIDTH, HEIGHT] = [120, 90];

/** A bright square on dark ground, from 30 to 90 and 20 to 70. */
const SQUARE = Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
  const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
  return x >= 30 && x < 90 && y >= 20 && y < 70 ? 220 : 30;
});

const placesOf = (lines) => [...lines].flatMap((on, i) => (on ? [[i % WIDTH, Math.floor(i / WIDTH)]] : []));

test("the outline of a square is its four sides, one pixel wide", () => {
  const places = placesOf(outlineOf(SQUARE, WIDTH, HEIGHT));
  assert.ok(places.length > 180, `${places.length}`);
  assert.ok(places.length < 320, `${places.length}`);
  for (const [x, y] of places) {
    const off = Math.min(Math.abs(x - 30), Math.abs(x - 90), Math.abs(y - 20), Math.abs(y - 70));
    assert.ok(off <= 4, `${x}, ${y}`);
  }
  for (const side of [places.some(([x]) => x < 34), places.some(([x]) => x > 86), places.some(([, y]) => y < 24), places.some(([, y]) => y > 66)]) {
    assert.ok(side);
  }
});

test("a plain picture and faint noise have none", () => {
  assert.deepEqual(placesOf(outlineOf(new Float32Array(WIDTH * HEIGHT).fill(128), WIDTH, HEIGHT)), []);
  const noise = Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) => 128 + ((i * 7919) % 5));
  assert.deepEqual(placesOf(outlineOf(noise, WIDTH, HEIGHT)), []);
});

test("specks are no lines", () => {
  const speck = new Float32Array(WIDTH * HEIGHT).fill(30);
  speck[45 * WIDTH + 60] = 255;
  assert.deepEqual(placesOf(outlineOf(speck, WIDTH, HEIGHT)), []);
});

test("lines are yellow with a dark edge, and the scene shows between them", () => {
  const lines = new Uint8Array(WIDTH * HEIGHT);
  lines[45 * WIDTH + 60] = 1;
  lines[0] = 1;
  lines[lines.length - 1] = 1;
  const ink = inkOf(lines, WIDTH, HEIGHT);
  const at = (x, y) => [...ink.slice(4 * (y * WIDTH + x), 4 * (y * WIDTH + x) + 4)];
  assert.deepEqual(at(60, 45), [255, 216, 77, 255]);
  assert.ok(at(59, 45)[0] < 40 && at(59, 45)[3] > 100);
  assert.equal(at(64, 45)[3], 0);
});
