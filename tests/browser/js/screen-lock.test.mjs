// The screen stays on while it is wanted, and not a moment longer, however slowly the browser answers.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { ScreenLock } from "../../../static/field/screen-lock.js";

let requests = [];
let on = 0;

/** A lock as browsers give it. */
class Lock extends EventTarget {
  released = false;

  async release() {
    if (!this.released) {
      this.released = true;
      on -= 1;
      this.dispatchEvent(new Event("release"));
    }
  }
}

/** The browser answers the oldest request: with a lock, or a no. */
async function answer(yes = true) {
  const { resolve, reject } = requests.shift();
  const lock = new Lock();
  if (yes) {
    on += 1;
    resolve(lock);
  } else {
    reject(new DOMException("low battery", "NotAllowedError"));
  }
  await new Promise((done) => setImmediate(done));
  return lock;
}

beforeEach(() => {
  requests = [];
  on = 0;
  const request = () => new Promise((resolve, reject) => requests.push({ resolve, reject }));
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { wakeLock: { request } } });
});

test("two reasons in a row make one request, and one end gives it back", async () => {
  const lock = new ScreenLock();
  lock.want(true);
  lock.want(true);
  assert.equal(requests.length, 1);
  await answer();
  lock.want(true);
  assert.equal(requests.length, 0);
  lock.want(false);
  await new Promise((done) => setImmediate(done));
  assert.equal(on, 0);
});

test("what is granted after nobody wants it any more is given back at once", async () => {
  const lock = new ScreenLock();
  lock.want(true);
  lock.want(false);
  await answer();
  assert.equal(on, 0);
});

test("wanted, not wanted, wanted again before the first answer: one lock is left", async () => {
  const lock = new ScreenLock();
  lock.want(true);
  lock.want(false);
  lock.want(true);
  await answer();
  await answer();
  assert.equal(on, 1);
  lock.want(false);
  await new Promise((done) => setImmediate(done));
  assert.equal(on, 0);
});

test("what the browser takes away or refuses is asked for again", async () => {
  const lock = new ScreenLock();
  lock.want(true);
  const taken = await answer();
  await taken.release();
  lock.want(true);
  await answer(false);
  lock.want(true);
  await answer();
  assert.equal(on, 1);
});

test("a browser that knows nothing of it is left alone", () => {
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: {} });
  new ScreenLock().want(true);
});
