// What was said without signal, and goes by itself as soon as there is one: in the order in which it was said.

import { call } from "./api.js";
import { keep, newId, recall } from "./device.js";

const WAITING = "capturegraph.waiting";

/** Everything that waits: [{id, kind, path, body, title}], the oldest first. */
export function waitingOnes() {
  return recall(WAITING) ?? [];
}

/**
 * Keeps a POST until it gets through; its operation id makes sure that it counts once.
 * @param {string} kind "release" or "decline", for the words
 * @param {string} path below /api/v1/
 * @param {object} body what is said
 * @param {string} title the slot's
 */
export function later(kind, path, body, title) {
  const id = newId();
  keep(WAITING, [...waitingOnes(), { id, kind, path, body: { ...body, operation_id: id }, title }]);
}

/**
 * Sends what waits. A refusal (it is not ours any more) settles the matter as well as a yes does.
 * @returns {Promise<number>} how many went
 * @throws {Problem} of the first that has to wait on
 */
export async function flush() {
  let gone = 0;
  for (const { id, path, body } of waitingOnes()) {
    try {
      await call("POST", path, body);
    } catch (problem) {
      if (problem.status === undefined || problem.passing || problem.status === 401) {
        throw problem;
      }
    }
    keep(
      WAITING,
      waitingOnes().filter((one) => one.id !== id),
    );
    gone += 1;
  }
  return gone;
}
