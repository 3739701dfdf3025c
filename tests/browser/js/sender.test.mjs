// The sender without a browser: one photo that cannot be read, sent or written down stops none of the others.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

const kept = new Map();
globalThis.localStorage = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => void kept.set(key, value),
  removeItem: (key) => void kept.delete(key),
};
Object.defineProperty(globalThis, "navigator", { configurable: true, value: { onLine: true } });
// It would keep the process alive; and what a full phone warns of is what these tests are about.
delete globalThis.BroadcastChannel;
console.warn = () => {};

const { Sender } = await import("../../../static/field/sender.js");
const { alone } = await import("../../../static/field/alone.js");

const DEVICE = { device_id: "phone", token: "t", user: "alice", target: "meadow" };
const SIZE = 10;

/** An outbox in memory; `spoilt` are the ids whose photos cannot be read, `full` says that nothing can be written. */
class Drawer {
  rows = new Map();
  spoilt = new Set();
  full = false;

  constructor(...ids) {
    ids.forEach((id, place) => {
      const states = { told: false, begun: false, sent: false, safe: false, freed: false, problem: null, aside_at: null };
      const whose = { id, user: "alice", device_id: "phone", metadata: {}, receipt: null, sha256: null };
      this.rows.set(id, { ...whose, ...states, size: SIZE, type: "image/jpeg", kept_at: place });
    });
  }

  async all() {
    return [...this.rows.values()].map((row) => ({ ...row }));
  }

  async photo(id) {
    if (this.spoilt.has(id)) {
      throw new DOMException("no such file", "NotReadableError");
    }
    return new Blob([new Uint8Array(SIZE)]);
  }

  async change(id, fields) {
    if (this.full) {
      throw new DOMException("full", "QuotaExceededError");
    }
    this.rows.set(id, { ...this.rows.get(id), ...fields });
  }

  async kept() {
    return undefined;
  }

  async keep() {
    if (this.full) {
      throw new DOMException("full", "QuotaExceededError");
    }
  }
}

let asked = [];
/** What the server has of each: "words", then "have". */
let has = new Map();
/** Paths that get no answer; null: there is no network. */
let silent = new Set();

globalThis.fetch = async (address, { method, body }) => {
  const path = address.replace("/api/v1/", "");
  asked.push(path);
  if (silent === null || silent.has(path)) {
    throw new TypeError("reset");
  }
  if (path === "captures/manifest/") {
    const results = JSON.parse(body).captures.map(({ id }) => ({ id, status: has.get(id) === "have" ? "have" : "missing" }));
    return new Response(JSON.stringify({ results }));
  }
  const [, id, photo] = path.split("/");
  assert.equal(method, "PUT");
  has.set(id, photo ? "have" : "words");
  return new Response(JSON.stringify(photo ? { received: SIZE, verdict: {} } : { verdict: null }));
};

/** Sends everything that the drawer has, once; gives what it threw. */
async function send(drawer) {
  const sender = new Sender(drawer);
  return [sender, await sender.sendAll().then(() => null, (problem) => problem)];
}

beforeEach(() => {
  kept.set("capturegraph.device", JSON.stringify(DEVICE));
  asked = [];
  has = new Map();
  silent = new Set();
});

const safeOnes = (drawer) => [...drawer.rows.values()].filter(({ safe }) => safe).map(({ id }) => id);

test("a photo whose bytes never get through keeps the others from nothing", async () => {
  const drawer = new Drawer("a", "b", "c");
  silent.add("captures/a/photo/");
  const [, problem] = await send(drawer);
  assert.equal(problem.status, 0);
  assert.deepEqual(safeOnes(drawer), ["b", "c"]);
});

test("two of them in a row do neither, once they have failed before", async () => {
  const drawer = new Drawer("a", "b", "c", "d");
  silent = new Set(["captures/a/photo/", "captures/b/photo/"]);
  const sender = new Sender(drawer);
  await assert.rejects(sender.sendAll(), { status: 0 });
  await assert.rejects(sender.sendAll(), { status: 0 });
  assert.deepEqual(safeOnes(drawer), ["c", "d"]);
});

test("a network that is gone ends the pass soon", async () => {
  const drawer = new Drawer(..."abcdefghij");
  silent = null;
  const [, problem] = await send(drawer);
  assert.equal(problem.status, 0);
  assert.ok(asked.length <= 3, asked.join(" "));
});

test("a photo that cannot be read any more stops none of the others, and is tried again", async () => {
  const drawer = new Drawer("a", "b");
  drawer.spoilt.add("a");
  const [, problem] = await send(drawer);
  assert.equal(problem.name, "NotReadableError");
  assert.deepEqual(safeOnes(drawer), ["b"]);
  drawer.spoilt.clear();
  const [, none] = await send(drawer);
  assert.equal(none, null);
  assert.deepEqual(safeOnes(drawer), ["a", "b"]);
});

test("a full phone sends what it cannot take down, and takes it down as soon as there is room", async () => {
  const drawer = new Drawer("a", "b");
  drawer.full = true;
  const [sender] = await send(drawer);
  assert.deepEqual([...has.entries()], [["a", "have"], ["b", "have"]]);
  assert.equal((await sender.tally()).have, 2);
  assert.deepEqual(safeOnes(drawer), []);
  drawer.full = false;
  asked = [];
  await sender.sendAll();
  assert.deepEqual(safeOnes(drawer), ["a", "b"]);
  assert.deepEqual(asked.filter((path) => path.includes("photo")), [], "nothing is sent twice");
});

test("what goes wrong on the phone itself is told, and tried again", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const drawer = new Drawer("a");
  const all = drawer.all.bind(drawer);
  drawer.all = async () => {
    throw new DOMException("the database went away", "AbortError");
  };
  const sender = new Sender(drawer);
  const told = [];
  sender.addEventListener("waiting", () => told.push("waiting"));
  await sender.kick();
  assert.deepEqual(told, ["waiting"]);
  drawer.all = all;
  const idle = new Promise((resolve) => sender.addEventListener("idle", resolve));
  context.mock.timers.tick(1000);
  await idle;
  assert.deepEqual(safeOnes(drawer), ["a"]);
});

test("one photo that never gets through is tried more and more seldom, whatever the server says of the others", async (context) => {
  const drawer = new Drawer("a", "b");
  silent.add("captures/a/photo/");
  const pauses = [];
  context.mock.method(globalThis, "setTimeout", (_work, pause) => pauses.push(pause));
  context.mock.method(Math, "random", () => 1);
  const sender = new Sender(drawer);
  for (let n = 0; n < 9; n += 1) {
    await sender.kick();
  }
  assert.deepEqual(pauses, [700, 700, 700, 700, 1400, 1400, 1400, 1400, 2800]);
});

test("who has left the last target still sends what waits", async () => {
  kept.set("capturegraph.device", JSON.stringify({ ...DEVICE, target: null }));
  const drawer = new Drawer("a");
  await new Sender(drawer).kick();
  assert.deepEqual(safeOnes(drawer), ["a"]);
});

test("who has been passed over says nothing; what was aborted in the work itself is thrown", async () => {
  const over = new DOMException("stolen", "AbortError");
  const locks = (request) => Object.defineProperty(navigator, "locks", { configurable: true, value: { request } });
  locks(async () => {
    throw over;
  });
  await alone(async () => {}, () => 0);
  locks(async (_name, _options, work) => work());
  const aborted = async () => {
    throw new DOMException("the transaction was aborted", "AbortError");
  };
  await assert.rejects(alone(aborted, () => 0), { name: "AbortError" });
  delete navigator.locks;
});
