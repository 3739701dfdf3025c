// Places on both sides of the date line lie together, and everything else stays as it is.

import assert from "node:assert/strict";
import { test } from "node:test";

import { countedOn, goingOn, nearTo, seamOf } from "../../../static/date-line.js";
import { boundsOf } from "../../../static/date-line.js";

/** Taveuni in Fiji: the 180th meridian crosses the island. */
const TAVEUNI = [[179.98, -16.85], [-179.98, -16.83]];
const at = (coordinates) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates } });

test("a longitude is told near to another", () => {
  assert.equal(nearTo(-180, 179), 180);
  assert.equal(nearTo(179.5, -179.5), -180.5);
  assert.equal(nearTo(12, 9), 12);
  assert.equal(nearTo(545, 180), 185);
});

test("a way goes on across the date line, and back", () => {
  assert.deepEqual(goingOn([[179, 1], [-179, 2], [-178, 3], [179, 4]]), [[179, 1], [181, 2], [182, 3], [179, 4]]);
  assert.deepEqual(goingOn([]), []);
});

test("the world is cut where nothing is", () => {
  const cut = (longitudes) => longitudes.map((longitude) => countedOn(longitude, seamOf(longitudes)));
  assert.deepEqual(cut([179.98, -179.98]), [179.98, 180.02]);
  assert.deepEqual(cut([-179.98, 180, 179.98, 170]), [180.02, 180, 179.98, 170]);
  // Russia and Alaska; Europe; everywhere; one place; the edges themselves.
  assert.deepEqual(cut([30, 60, 100, 140, 175, -170]), [30, 60, 100, 140, 175, 190]);
  for (const alone of [[9, 8, 10], [-77, 139, 2, 60, -120], [-90, 90], [180], [-180], []]) {
    assert.deepEqual(cut(alone), alone);
  }
});

test("a map opens on the island, not on the world", () => {
  assert.deepEqual(boundsOf({ features: TAVEUNI.map(at) }), [[179.98, -16.85], [180.02, -16.83]]);
  assert.deepEqual(boundsOf({ features: [at([9, 47]), at([8, 48]), { geometry: null }] }), [[8, 47], [9, 48]]);
  // What was told past the date line already stays there.
  assert.deepEqual(boundsOf({ features: [at([179.99, 0]), at([180.01, 1])] }), [[179.99, 0], [180.01, 1]]);
  assert.equal(boundsOf({ features: [] }), null);
});
