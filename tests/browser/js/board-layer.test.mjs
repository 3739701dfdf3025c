// The layer of the board's places: which are chosen by a line, which is hit, on either side of the date line.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PlacesLayer } from "../../../static/console/board-layer.js";

/** A layer of waiting places at [longitude, latitude], on a map whose picture is [west, east] at a zoom. */
function layerOf(positions, { seen = [0, 0], zoom = 10, under = null } = {}) {
  const layer = new PlacesLayer();
  layer.gl = new Proxy({}, { get: () => () => {} });
  layer.map = {
    triggerRepaint() {},
    getZoom: () => zoom,
    getBounds: () => ({ getWest: () => seen[0], getEast: () => seen[1] }),
    unproject: () => under,
  };
  layer.show({
    count: positions.length,
    longitude: Float64Array.from(positions, ([longitude]) => longitude),
    latitude: Float64Array.from(positions, ([, latitude]) => latitude),
    mark: new Uint8Array(positions.length),
    states: ["waiting"],
    state: () => "waiting",
  });
  return layer;
}

const TAVEUNI = [[179.98, -16.85], [-179.98, -16.83], [179.9, -16.8]];
const ring = (west, east) => [[west, -16.9], [east, -16.9], [east, -16.7], [west, -16.7]];

test("a line around both sides of the date line chooses what lies in it, from whichever side one looks", () => {
  const layer = layerOf(TAVEUNI);
  for (const turn of [0, -360]) {
    assert.deepEqual(layer.inside(ring(179.95 + turn, 180.05 + turn)), [0, 1]);
    assert.deepEqual(layer.inside(ring(180 + turn, 180.05 + turn)), [1]);
    assert.deepEqual(layer.inside(ring(179.85 + turn, 180.05 + turn)), [0, 1, 2]);
  }
  const bounds = layer.bounds().flat().map((degrees) => degrees.toFixed(6));
  assert.deepEqual(bounds, ["179.900000", "-16.850000", "180.020000", "-16.800000"]);
});

test("a place is hit on either side", () => {
  for (const lng of [-179.98, 180.02]) {
    assert.equal(layerOf(TAVEUNI, { under: { lng, lat: -16.83 } }).at({ x: 0, y: 0 }), 1);
  }
  assert.equal(layerOf(TAVEUNI, { under: { lng: -180.02, lat: -16.85 } }).at({ x: 0, y: 0 }), 0);
});

test("places are drawn on each world that is in the picture, and on no other", () => {
  assert.deepEqual(layerOf(TAVEUNI, { seen: [179.8, 180.2] }).worlds(), [0]);
  assert.deepEqual(layerOf(TAVEUNI, { seen: [-180.2, -179.8] }).worlds(), [-1]);
  assert.deepEqual(layerOf(TAVEUNI, { seen: [8, 10] }).worlds(), []);
  assert.deepEqual(layerOf([[9, 47], [8, 48]], { seen: [7, 10] }).worlds(), [0]);
  assert.deepEqual(layerOf([[9, 47], [8, 48]], { seen: [-400, 400], zoom: 0 }).worlds(), [-1, 0, 1]);
});
