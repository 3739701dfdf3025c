// Which tiles of a map lie around places.

import assert from "node:assert/strict";
import { test } from "node:test";

import { tilesAround } from "../../../static/tiles/around.js";

const BERLIN = { latitude: 52.52, longitude: 13.405 };
const names = (tiles) => tiles.map(({ z, x, y }) => `${z}/${x}/${y}`);

test("the tile that a place is in comes first of its zoom", () => {
  assert.deepEqual(names(tilesAround([BERLIN], { metres: 0, zooms: [0, 0], most: 9 })), ["0/0/0"]);
  assert.deepEqual(names(tilesAround([BERLIN], { metres: 0, zooms: [14, 14], most: 9 })), ["14/8802/5373"]);
  assert.equal(names(tilesAround([BERLIN], { metres: 1500, zooms: [14, 14], most: 99 }))[0], "14/8802/5373");
});

test("a square of so many metres is covered at every zoom", () => {
  const tiles = tilesAround([BERLIN], { metres: 1500, zooms: [0, 15], most: 999 });
  const side = (40_075_016.7 * Math.cos((BERLIN.latitude * Math.PI) / 180)) / 2 ** 15;
  const deepest = tiles.filter(({ z }) => z === 15);
  const columns = new Set(deepest.map(({ x }) => x));
  assert.ok(columns.size >= 3000 / side && columns.size <= 3000 / side + 2);
  assert.equal(new Set(tiles.map(({ z }) => z)).size, 16);
  assert.equal(new Set(names(tiles)).size, tiles.length);
});

test("what two places share is there once, and what is cut off is the edge", () => {
  const near = { latitude: 52.523, longitude: 13.41 };
  const options = { metres: 1500, zooms: [10, 15], most: 999 };
  const all = tilesAround([BERLIN, near], options);
  assert.equal(new Set(names(all)).size, all.length);
  assert.ok(all.length < 2 * tilesAround([BERLIN], options).length);
  // Of whichever place a tile is nearer to counts: the order in which they are named changes nothing.
  assert.deepEqual(new Set(names(tilesAround([near, BERLIN], { ...options, most: 40 }))), new Set(names(all.slice(0, 40))));
  const few = tilesAround([BERLIN, near], { ...options, most: 20 });
  assert.equal(few.length, 20);
  assert.deepEqual(few, all.slice(0, 20));
  // Both places are on every zoom of the few.
  for (let zoom = 10; zoom <= 15; zoom += 1) {
    for (const place of [BERLIN, near]) {
      const [own] = names(tilesAround([place], { metres: 0, zooms: [zoom, zoom], most: 1 }));
      assert.ok(names(few).includes(own), own);
    }
  }
});

test("at the edges of the world the tiles are of this world", () => {
  for (const place of [{ latitude: 0, longitude: 179.999 }, { latitude: 89.9, longitude: -180 }, { latitude: -90, longitude: 0 }]) {
    for (const { z, x, y } of tilesAround([place], { metres: 1500, zooms: [0, 15], most: 500 })) {
      assert.ok(x >= 0 && x < 2 ** z && y >= 0 && y < 2 ** z, `${z}/${x}/${y}`);
    }
  }
});
