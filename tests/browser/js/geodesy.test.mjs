// The phone's own geodesy against the known lengths of a degree on the ellipsoid, and against plain sense.

import assert from "node:assert/strict";
import { test } from "node:test";

import { bearingFrom, circleAround, metresBetween, pointAt, turnBetween } from "../../../static/field/geodesy.js";

const STONE = { latitude: 38.98562814243281, longitude: -77.02774566095198 };

test("one degree of latitude at the equator and at 60 degrees north, as on the ellipsoid", () => {
  const equator = metresBetween({ latitude: 0, longitude: 0 }, { latitude: 0.1, longitude: 0 });
  const north = metresBetween({ latitude: 60, longitude: 0 }, { latitude: 60.1, longitude: 0 });
  assert.ok(Math.abs(equator - 11057.43) < 0.05, `${equator}`);
  assert.ok(Math.abs(north - 11141.27) < 0.5, `${north}`);
});

test("the same point is no distance away, and the way back is as long", () => {
  const there = { latitude: 38.99, longitude: -77.03 };
  assert.equal(metresBetween(STONE, STONE), 0);
  assert.equal(metresBetween(STONE, there), metresBetween(there, STONE));
});

test("the date line and the poles are places like any other", () => {
  const apart = metresBetween({ latitude: 0, longitude: 179.9995 }, { latitude: 0, longitude: -179.9995 });
  assert.ok(Math.abs(apart - 111.3195) < 0.001, `${apart}`);
  assert.ok(metresBetween({ latitude: 90, longitude: 0 }, { latitude: 90, longitude: 123 }) < 1e-6);
});

test("bearings: north, east, south, west", () => {
  for (const [bearing, latitude, longitude] of [
    [0, 0.01, 0],
    [90, 0, 0.01],
    [180, -0.01, 0],
    [270, 0, -0.01],
  ]) {
    assert.ok(Math.abs(bearingFrom({ latitude: 0, longitude: 0 }, { latitude, longitude }) - bearing) < 0.001);
  }
});

test("a point laid off is as far and in the direction that was asked", () => {
  for (const bearing of [0, 33, 123, 210, 299]) {
    const there = pointAt(STONE, bearing, 50);
    assert.ok(Math.abs(metresBetween(STONE, there) - 50) < 0.2);
    assert.ok(Math.abs(turnBetween(bearing, bearingFrom(STONE, there))) < 0.3);
  }
  const ring = circleAround(STONE, 50, 8);
  assert.deepEqual(ring[0], ring.at(-1));
});

test("turns go the short way round", () => {
  assert.equal(turnBetween(350, 10), 20);
  assert.equal(turnBetween(10, 350), -20);
  assert.equal(turnBetween(0, 180), -180);
});
