// What may be said of a connection: only what the browser really tells.

import assert from "node:assert/strict";
import { test } from "node:test";

import { signalOf, tellsWifi, waitsForWifi } from "../../../static/field/network.js";
import { roomLevel } from "../../../static/field/storage.js";

test("photos wait for a Wi-Fi only where it was asked for and the browser can tell", () => {
  assert.ok(waitsForWifi(true, { type: "cellular" }));
  assert.ok(!waitsForWifi(true, { type: "wifi" }));
  assert.ok(!waitsForWifi(true, { type: "ethernet" }));
  assert.ok(!waitsForWifi(false, { type: "cellular" }));
  for (const silent of [null, {}, { type: "unknown" }, { effectiveType: "4g" }]) {
    assert.ok(!tellsWifi(silent));
    assert.ok(!waitsForWifi(true, silent));
  }
});

test("no network, a weak one, a good one", () => {
  assert.equal(signalOf(false, false, null), "none");
  assert.equal(signalOf(true, true, null), "weak");
  assert.equal(signalOf(false, true, { effectiveType: "2g" }), "weak");
  assert.equal(signalOf(false, true, { effectiveType: "4g" }), "good");
  assert.equal(signalOf(false, true, null), "good");
});

test("room: the next photo may not fit, it is getting short, fine; a silent browser is not said to be full", () => {
  assert.deepEqual([0, 15e6, 16e6, 149e6, 150e6, null].map(roomLevel), [
    "full", "full", "short", "short", "fine", "fine",
  ]);
});
