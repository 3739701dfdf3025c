// The board: its feed, and that it says the same things in four languages.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Places, readFeed } from "../../../static/console/board-feed.js";
import { LANGUAGES } from "../../../static/words/measures.js";

/** A feed as services/board/feed.py packs it, of places at [latitude, longitude]. */
function packed(places) {
  const millionths = places.map((place) => place.map((degrees) => Math.round(degrees * 1e6)));
  const [south, west] = [0, 1].map((axis) => Math.min(...millionths.map((place) => place[axis])));
  const head = { full: true, states: ["waiting", "held", "again"], count: places.length, south, west };
  const told = new TextEncoder().encode(JSON.stringify(head));
  const planes = [south, west].flatMap((least, axis) =>
    [0, 8, 16, 24].flatMap((bits) => millionths.map((place) => ((place[axis] - least) >>> bits) & 255)),
  );
  const ids = places.flatMap((_place, number) => [...Array(15).fill(0), number]);
  const length = [0, 8, 16, 24].map((bits) => (told.length >>> bits) & 255);
  return Uint8Array.from([...length, ...told, ...planes, ...places.map(() => 0), ...ids]);
}

test("places are read while they come; a feed that breaks off before the last id is none", async () => {
  const bytes = packed([[-16.85, 179.98], [-16.83, -179.98]]);
  const early = [];
  const places = new Places(await readFeed(new Response(bytes), (columns) => early.push(columns.ids)));
  assert.deepEqual(early, [null]);
  assert.deepEqual([...places.longitude], [179.98, -179.98]);
  assert.equal(places.find(places.id(1)), 1);
  for (const cut of [1, 40, bytes.length - 3]) {
    await assert.rejects(readFeed(new Response(bytes.slice(0, bytes.length - cut))), RangeError);
  }
});

test("every language has the board's sentences in the same forms", async () => {
  const forms = (value) =>
    typeof value === "object"
      ? Object.entries(value).map(([name, inner]) => [name, forms(inner)])
      : typeof value + value.length * (typeof value === "function");
  const [english, ...others] = await Promise.all(
    LANGUAGES.map(async (code) => (await import(`../../../static/words/${code}-board.js`)).board),
  );
  for (const words of others) {
    assert.deepEqual(forms(words), forms(english));
    assert.deepEqual(Object.keys(words).filter((name) => typeof words[name] === "string" && words[name] === english[name]), []);
  }
});
