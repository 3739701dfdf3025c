// The phone's senses without a phone: how much of the battery the position takes, and which north the compass means.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

const watches = new Map();
let lastId = 0;

class Page extends EventTarget {
  visibilityState = "visible";
}

Object.defineProperty(globalThis, "navigator", {
  configurable: true,
  value: {
    geolocation: {
      watchPosition: (take, fail, options) => {
        lastId += 1;
        watches.set(lastId, { take, fail, options });
        return lastId;
      },
      clearWatch: (id) => watches.delete(id),
    },
  },
});
globalThis.screen = {};
const heard = new EventTarget();
globalThis.addEventListener = heard.addEventListener.bind(heard);

const { Position } = await import("../../../static/field/position.js");
const { Compass } = await import("../../../static/field/compass.js");

/** The only watch that runs. */
function theWatch() {
  assert.equal(watches.size, 1);
  return [...watches.values()][0];
}

beforeEach(() => {
  watches.clear();
  // Positions of earlier tests listen to the page of their own test.
  globalThis.document = new Page();
});

test("far from the slot a rough position is enough, near by it is not, and in between nothing flutters", () => {
  const position = new Position();
  position.start();
  assert.equal(theWatch().options.enableHighAccuracy, true);
  position.aimAt(800);
  assert.equal(theWatch().options.enableHighAccuracy, false);
  position.aimAt(450);
  assert.equal(theWatch().options.enableHighAccuracy, false);
  position.aimAt(200);
  assert.equal(theWatch().options.enableHighAccuracy, true);
  position.aimAt(450);
  assert.equal(theWatch().options.enableHighAccuracy, true);
});

test("a hidden page watches nothing, and goes on when it is seen again", () => {
  const position = new Position();
  position.start();
  document.visibilityState = "hidden";
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(watches.size, 0);
  document.visibilityState = "visible";
  document.dispatchEvent(new Event("visibilitychange"));
  theWatch();
});

test("who has not begun is not watched by being seen, and a no is a no", () => {
  const position = new Position();
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(watches.size, 0);
  position.start();
  theWatch().fail({ code: 1, PERMISSION_DENIED: 1 });
  assert.equal(position.denied, true);
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(watches.size, 0);
});

/** What the browser says of the permission. */
const permitted = (state) =>
  Object.defineProperty(navigator, "permissions", { configurable: true, value: { query: async () => ({ state }) } });
const FIX = { coords: { latitude: 1, longitude: 2, accuracy: 3 } };

test("who reads the question of the browser slowly is waited for", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  permitted("prompt");
  const position = new Position();
  position.start();
  const first = position.forFirstSlot();
  await new Promise((done) => setImmediate(done));
  context.mock.timers.tick(20_000);
  theWatch().take({ ...FIX, timestamp: Date.now() });
  assert.equal((await first).latitude, 1);
});

test("whose browser says that there is no position now is not kept waiting", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  permitted("prompt");
  const position = new Position();
  position.start();
  const first = position.forFirstSlot();
  await new Promise((done) => setImmediate(done));
  theWatch().fail({ code: 3, PERMISSION_DENIED: 1 });
  assert.equal(await first, null);
});

test("who was not asked for the position, or has said no, is not waited for", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  permitted("prompt");
  assert.equal(await new Position().forFirstSlot(), null);
  permitted("denied");
  assert.equal(await new Position().forFirstSlot(), null);
  assert.equal(watches.size, 0);
});

test("who has said yes before is waited for some seconds", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  permitted("granted");
  const first = new Position().forFirstSlot();
  await new Promise((done) => setImmediate(done));
  theWatch();
  context.mock.timers.tick(6000);
  assert.equal(await first, null);
});

test("a compass says magnetic north until it is corrected, and true north then", () => {
  const compass = new Compass();
  compass.start();
  const turn = (fields) => heard.dispatchEvent(Object.assign(new Event("deviceorientation"), fields));
  turn({ absolute: false, alpha: 20 });
  assert.equal(compass.heading, null);
  turn({ absolute: true, alpha: 350 });
  assert.deepEqual([compass.heading, compass.corrected], [10, false]);
  compass.setDeclination(-12.5);
  assert.deepEqual([compass.heading, compass.corrected], [357.5, true]);
  turn({ webkitCompassHeading: 90 });
  assert.equal(compass.heading, 77.5);
  compass.setDeclination(null);
  assert.deepEqual([compass.heading, compass.corrected], [90, false]);
});

const RAD = Math.PI / 180;
const cross = ([a, b, c], [d, e, f]) => [b * f - c * e, c * d - a * f, a * e - b * d];
const along = ([a, b, c], by) => [a * by, b * by, c * by];
const plus = (...all) => [0, 1, 2].map((i) => all.reduce((sum, one) => sum + one[i], 0));

/**
 * What a browser tells of a phone whose back camera looks to `aim` (degrees from north), `pitch` degrees above the horizon,
 * turned by `roll` about the way that it looks: alpha, beta, gamma of W3C Device Orientation (Z, X', Y''; x east, y north).
 */
function tiltOf(aim, pitch, roll) {
  const look = [Math.sin(aim * RAD) * Math.cos(pitch * RAD), Math.cos(aim * RAD) * Math.cos(pitch * RAD), Math.sin(pitch * RAD)];
  const right = [Math.cos(aim * RAD), -Math.sin(aim * RAD), 0];
  const up = cross(right, look);
  // The phone's own axes in the world: to the right of its screen, to its top, out of its screen.
  const x = plus(along(right, Math.cos(roll * RAD)), along(up, -Math.sin(roll * RAD)));
  const z = along(look, -1);
  const y = cross(z, x);
  const beta = Math.asin(y[2]);
  const [alpha, gamma] = [Math.atan2(-y[0], y[1]), Math.atan2(-x[2], z[2])];
  // A browser's gamma lies between -90 and 90 degrees; what lies beyond is told by the other two.
  if (Math.abs(gamma) <= Math.PI / 2) {
    return { alpha: (alpha / RAD + 360) % 360, beta: beta / RAD, gamma: gamma / RAD };
  }
  const flipped = gamma - Math.sign(gamma) * Math.PI;
  const over = (beta >= 0 ? Math.PI : -Math.PI) - beta;
  return { alpha: (alpha / RAD + 540) % 360, beta: over / RAD, gamma: flipped / RAD };
}

/** What our compass says of it. */
function headingOf(tilt, angle = 0) {
  const compass = new Compass();
  compass.start();
  globalThis.screen = { orientation: { angle } };
  heard.dispatchEvent(Object.assign(new Event("deviceorientationabsolute"), { absolute: true, ...tilt }));
  globalThis.screen = {};
  return compass.heading;
}

/** How many degrees two headings are apart. */
const apart = (a, b) => Math.abs(((a - b + 540) % 360) - 180);

test("an upright phone says where its camera looks, however it is tilted or rolled", () => {
  for (const aim of [0, 40, 135, 271, 359]) {
    for (const pitch of [-40, -10, -5, 0.01, 5, 10, 40]) {
      for (const roll of [-30, -5, 0, 5, 30]) {
        const said = headingOf(tiltOf(aim, pitch, roll));
        assert.ok(apart(said, aim) < 0.5, `aim ${aim}, pitch ${pitch}, roll ${roll}: ${said}`);
      }
    }
  }
});

test("held sideways it says the same: the camera knows nothing of the screen", () => {
  for (const [roll, angle] of [[-90, 90], [90, 270], [-85, 90], [95, 270]]) {
    for (const [aim, pitch] of [[40, -10], [200, 10], [300, 1]]) {
      const said = headingOf(tiltOf(aim, pitch, roll), angle);
      assert.ok(apart(said, aim) < 0.5, `aim ${aim}, pitch ${pitch}, roll ${roll}: ${said}`);
    }
  }
});

test("a phone that lies flat says where the top of its screen points", () => {
  assert.equal(headingOf({ alpha: 320, beta: 5, gamma: -3 }), 40);
  assert.equal(headingOf({ alpha: 320, beta: 5, gamma: -3 }, 90), 130);
  assert.equal(headingOf({ alpha: 320, beta: null, gamma: null }), 40);
});

test("between the two nothing jumps while it is lifted", () => {
  const said = Array.from({ length: 89 }, (_, beta) => headingOf({ alpha: 320, beta, gamma: 0 }));
  assert.ok(said.every((one) => apart(one, 40) < 1e-6), said.join(" "));
});
