// What was said without signal: kept, sent in order, once, and given up only when the server has had its say.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

const kept = new Map();
globalThis.localStorage = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => void kept.set(key, value),
  removeItem: (key) => void kept.delete(key),
};
let answers = [];
const asked = [];
globalThis.fetch = async (address, { body }) => {
  asked.push([address, JSON.parse(body)]);
  const status = answers.shift();
  if (status === 0) {
    throw new TypeError("no network");
  }
  const problem = { type: "about:blank", code: "some", title: "no" };
  return new Response(JSON.stringify(status < 300 ? {} : problem), { status });
};

const { flush, later, waitingOnes } = await import("../../../static/field/waiting.js");

beforeEach(() => {
  kept.clear();
  asked.length = 0;
});

test("without signal it stays, in the order in which it was said", async () => {
  later("decline", "assignments/a/decline/", { reason: "gone" }, "A");
  later("release", "assignments/b/release/", {}, "B");
  answers = [0];
  await assert.rejects(flush(), { status: 0 });
  assert.deepEqual(
    waitingOnes().map(({ kind, title }) => [kind, title]),
    [
      ["decline", "A"],
      ["release", "B"],
    ],
  );
  assert.equal(asked.length, 1);
});

test("with signal it goes, each with the number that it was given when it was said", async () => {
  later("decline", "assignments/a/decline/", { reason: "gone", note: "" }, "A");
  const [{ id }] = waitingOnes();
  answers = [0];
  await assert.rejects(flush());
  answers = [200];
  assert.equal(await flush(), 1);
  assert.deepEqual(asked[0], asked[1]);
  assert.deepEqual(asked[1], ["/api/v1/assignments/a/decline/", { reason: "gone", note: "", operation_id: id }]);
  assert.deepEqual(waitingOnes(), []);
});

test("a refusal settles the matter, a busy server and a lost key do not", async () => {
  later("release", "assignments/a/release/", {}, "A");
  later("release", "assignments/b/release/", {}, "B");
  answers = [409, 503];
  await assert.rejects(flush(), { status: 503 });
  assert.deepEqual(
    waitingOnes().map(({ title }) => title),
    ["B"],
  );
  answers = [401];
  await assert.rejects(flush(), { status: 401 });
  assert.equal(waitingOnes().length, 1);
});
