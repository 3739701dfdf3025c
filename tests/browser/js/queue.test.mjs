// The queue's decisions: whose turn it is, how long to wait, which bytes go next, what is said of each photo.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  flawOf,
  inTurn,
  isMine,
  MOST_BYTES,
  oldWaiting,
  pauseAfter,
  pieceAfter,
  rangeOf,
  stateOf,
  tallyOf,
  waysOut,
  whyWaiting,
} from "../../../static/field/queue.js";

const DAY = 86_400_000;
const ROW = { id: "a", size: 10, told: false, sent: false, safe: false, freed: false, problem: null, kept_at: 0 };

test("pauses double, never beyond a minute, and no two phones wait equally long", () => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 8, 20].map((failures) => pauseAfter(failures, 1));
  assert.deepEqual(longest, [700, 1400, 2800, 5600, 11_200, 22_400, 44_800, 60_000, 60_000]);
  assert.deepEqual([0, 0.5].map((chance) => pauseAfter(3, chance)), [1400, 2100]);
});

test("pieces grow while they get through, shrink when they do not, and keep within bounds", () => {
  let size = pieceAfter(null, true);
  assert.equal(size, 1 << 20);
  for (let i = 0; i < 9; i += 1) {
    size = pieceAfter(size, true);
  }
  assert.equal(size, 1 << 23);
  for (let i = 0; i < 9; i += 1) {
    size = pieceAfter(size, false);
  }
  assert.equal(size, 1 << 17);
  assert.ok(MOST_BYTES / (1 << 17) < 500, "the server takes 500 pieces of one photo");
});

test("ranges say the last byte, and ask where there is nothing to send", () => {
  assert.equal(rangeOf(0, 10, 10), "bytes 0-9/10");
  assert.equal(rangeOf(5, 6, 10), "bytes 5-5/10");
  assert.equal(rangeOf(0, 0, 10), "bytes */10");
});

test("what was taken as the same person is theirs, by whichever key of theirs", () => {
  const device = { device_id: "new", user: "alice" };
  assert.ok(isMine({ user: "alice", device_id: "old" }, device));
  assert.ok(!isMine({ user: "bob", device_id: "new" }, device));
  assert.ok(isMine({ user: null, device_id: "new" }, device));
  assert.ok(!isMine({ user: null, device_id: "old" }, device));
  assert.ok(!isMine({ user: null, device_id: "old" }, null));
});

test("a photo that is none, or no longer what was kept, is not sent", () => {
  const blob = (size) => new Blob([new Uint8Array(size)]);
  assert.equal(flawOf(ROW, blob(10)), null);
  assert.equal(flawOf({ ...ROW, size: 0 }, blob(0)), "empty");
  assert.equal(flawOf(ROW, blob(0)), "empty");
  assert.equal(flawOf(ROW, blob(9)), "damaged");
  assert.equal(flawOf(ROW, null), "gone");
  assert.equal(flawOf({ ...ROW, size: MOST_BYTES }, { size: MOST_BYTES }), null);
  assert.equal(flawOf({ ...ROW, size: MOST_BYTES + 1 }, { size: MOST_BYTES + 1 }), 413);
});

test("the oldest goes first, but one that keeps failing lets the others by", () => {
  const rows = [
    { ...ROW, id: "late", kept_at: 3 },
    { ...ROW, id: "early", kept_at: 1 },
    { ...ROW, id: "failing", kept_at: 0 },
    { ...ROW, id: "safe", safe: true },
    { ...ROW, id: "problem", problem: 413 },
    { ...ROW, id: "aside", aside_at: 5 },
  ];
  const order = (failed) => inTurn(rows, new Map(failed)).map(({ id }) => id);
  assert.deepEqual(order([]), ["failing", "early", "late"]);
  assert.deepEqual(order([["failing", 2]]), ["early", "late", "failing"]);
});

test("only the server's own word makes a photo safe", () => {
  assert.equal(stateOf({ ...ROW, told: true, sent: true }), "sending");
  assert.equal(stateOf({ ...ROW, told: true, sent: true, safe: true }), "safe");
  assert.equal(stateOf(ROW), "waiting");
  assert.equal(stateOf(ROW, "a"), "sending");
  assert.equal(stateOf({ ...ROW, problem: "empty" }, "a"), "problem");
});

test("why something waits: the reason that a person can do something about comes first", () => {
  assert.equal(whyWaiting({ lost: true, online: false, wifi: true }), "lost");
  assert.equal(whyWaiting({ online: false, wifi: true }), "signal");
  assert.equal(whyWaiting({ wifi: true }), "wifi");
  assert.equal(whyWaiting({}), "turn");
});

test("a photo is taken again where its slot is still in hand; what may pass is tried again", () => {
  const bad = { ...ROW, problem: "empty", metadata: { assignment: "mine" } };
  assert.deepEqual(waysOut(bad, "mine"), ["again", "release", "aside"]);
  assert.deepEqual(waysOut(bad, "another"), ["aside"]);
  assert.deepEqual(waysOut(bad), ["aside"]);
  assert.deepEqual(waysOut({ ...bad, problem: 404 }, "mine"), ["retry", "aside"]);
});

test("the figures: what was put aside is in none of them, and what is freed is not freed twice", () => {
  const rows = [
    { ...ROW, safe: true, size: 4 },
    { ...ROW, safe: true, size: 5, freed: true },
    { ...ROW, problem: 413 },
    ROW,
    { ...ROW, aside_at: 1 },
  ];
  assert.deepEqual(tallyOf(rows), { have: 2, total: 4, problems: 1, unsent: 2, freeable: 4 });
});

test("a day of waiting is said, an hour is not", () => {
  const rows = [{ ...ROW, kept_at: 0 }, { ...ROW, kept_at: DAY }, { ...ROW, kept_at: 0, safe: true }];
  assert.equal(oldWaiting(rows, DAY - 1), null);
  assert.deepEqual(oldWaiting(rows, DAY), { count: 1, days: 1 });
  assert.deepEqual(oldWaiting(rows, 3 * DAY + 5), { count: 2, days: 3 });
});
