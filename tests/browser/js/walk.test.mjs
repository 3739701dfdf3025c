// A walk as the phone reads it from the list of assignments, and the links that leave the page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { contactLink, navigationAddress } from "../../../static/field/links.js";
import { walkOf, wayAlong } from "../../../static/field/walk.js";

/** Rows as the API lists them, the latest first; the latest of a number is the one that is on this walk. */
const row = (stop, state, id = `${stop}${state}`) => ({
  id,
  stop,
  state,
  expires_at: "2026-11-21T12:00:00Z",
  slot_detail: { id: `slot-${id}`, title: `Stop ${stop}`, latitude: 47 + stop / 1000, longitude: 9 },
});

test("one slot is no walk, and neither is nothing", () => {
  assert.equal(walkOf([]), null);
  assert.equal(walkOf([row(0, "held")]), null);
  assert.equal(walkOf([row(0, "fulfilled")]), null);
});

test("done, next and later, with the place in the walk", () => {
  const rows = [row(3, "held"), row(2, "held"), row(1, "fulfilled"), row(0, "fulfilled")];
  const walk = walkOf(rows);
  assert.deepEqual(
    walk.stops.map(({ number, state }) => [number, state]),
    [
      [1, "done"],
      [2, "done"],
      [3, "next"],
      [4, "later"],
    ],
  );
  assert.deepEqual([walk.place, walk.of, walk.ahead.length], [3, 4, 2]);
});

test("what an earlier walk left behind under the same number is no stop of this one", () => {
  const rows = [row(2, "held"), row(1, "fulfilled"), row(0, "released", "now"), row(0, "fulfilled", "yesterday")];
  assert.deepEqual(
    walkOf(rows).stops.map(({ id }) => id),
    ["1fulfilled", "2held"],
  );
  // A single slot under the number 0 begins a new walk: yesterday's numbers above it are over.
  assert.equal(walkOf([row(0, "held"), row(3, "fulfilled"), row(2, "fulfilled")]), null);
});

test("the last stop of a walk is still one of many", () => {
  const walk = walkOf([row(1, "held"), row(0, "fulfilled")]);
  assert.deepEqual([walk.place, walk.of], [2, 2]);
});

test("one can go to a later stop first, and a photographed one is not gone to again", () => {
  const rows = [row(2, "held"), row(1, "held"), row(0, "held")];
  assert.equal(walkOf(rows, { goal: "2held" }).next.id, "2held");
  const walk = walkOf(rows, { taken: new Set(["0held"]) });
  assert.deepEqual(
    walk.stops.map(({ state }) => state),
    ["taken", "next", "later"],
  );
  assert.equal(walk.ahead.length, 2);
});

test("the way along the stops, from where one stands or from the first", () => {
  const { ahead } = walkOf([row(2, "held"), row(1, "held"), row(0, "held")]);
  assert.ok(Math.abs(wayAlong(null, ahead) - 222.4) < 0.3, `${wayAlong(null, ahead)}`);
  assert.ok(Math.abs(wayAlong({ latitude: 46.999, longitude: 9 }, ahead) - 333.5) < 0.4);
});

test("navigation: the phone's own scheme, a page elsewhere", () => {
  const place = { latitude: 47.5, longitude: -9.25, title: "Tom & Jerry’s (old)" };
  assert.equal(
    navigationAddress(place, "Mozilla/5.0 (Linux; Android 15)"),
    "geo:47.5,-9.25?q=47.5,-9.25(Tom%20%26%20Jerry%E2%80%99s%20%28old%29)",
  );
  assert.equal(navigationAddress(place, "Mozilla/5.0 (iPhone; …)"), "maps://?daddr=47.5,-9.25&dirflg=w");
  assert.match(navigationAddress(place, "X11; Linux x86_64"), /^https:\/\/www\.openstreetmap\.org\/\?mlat=47\.5&mlon=-9\.25/);
});

test("a contact is a link where it is an address or a number, else words", () => {
  assert.equal(contactLink("Carol, +44 20 7946-0000 (mornings)").href, "tel:+442079460000");
  assert.equal(contactLink("write to carol@example.org").href, "mailto:carol@example.org");
  assert.equal(contactLink("Carol, at the information desk, room 12").href, null);
});
