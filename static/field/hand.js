// What this phone holds, as the server last said: targets, slots, stops of a walk. Kept, so that the page opens without
// signal. An offered slot is {assignment, slot, target} everywhere.

import { call, Problem } from "./api.js";
import { keep, newId, readDevice, recall } from "./device.js";

const TARGETS = "capturegraph.targets";
const HANDS = "capturegraph.hands";
const KEPT_ROWS = 40;
// Where the page of the invite leaves it.
const JOINED = "capturegraph.target";

/** The last known target of this phone's person; null before the first answer. */
export function knownTarget() {
  const id = readDevice()?.target;
  const joined = recall(JOINED);
  return recall(TARGETS)?.[id] ?? (joined?.id === id && id ? joined : null);
}

/** Asks the server for the target, keeps and gives it. */
export async function fetchTarget() {
  const target = await call("GET", `targets/${readDevice().target}/`);
  keep(TARGETS, { ...recall(TARGETS), [target.id]: target });
  return target;
}

/** What is known of this person's slots in this target: {rows, chosen, taken}; rows are the API's, the latest first. */
function hand() {
  return { rows: [], chosen: null, taken: [], ...recall(HANDS)?.[readDevice()?.target] };
}

/** Keeps what is known of them. */
function keepHand(fields) {
  const { target } = readDevice();
  const known = { ...hand(), ...fields };
  keep(HANDS, { ...recall(HANDS), [target]: { ...known, rows: known.rows.slice(0, KEPT_ROWS) } });
}

/** An assignment and its slot as one row, as the API lists them. */
function rowOf({ assignment, slot }) {
  return { ...assignment, slot_detail: slot };
}

/** A row as {assignment, slot, target}. */
function heldOf({ slot_detail: slot, ...assignment }) {
  return { assignment, slot, target: knownTarget() };
}

/** Puts rows in the place of what was known of them; `only` says that nothing else is held any more. */
function learn(rows, only = false) {
  const ids = new Set(rows.map(({ id }) => id));
  const others = hand().rows.filter((row) => !ids.has(row.id) && !(only && row.state === "held"));
  keepHand({ rows: [...rows, ...others], at: Date.now() });
}

/** When the server last said what is in hand, in epoch milliseconds; null where it never did. */
export function knownAt() {
  return hand().at ?? null;
}

/** Notes the present state of one assignment; what is not known is left alone. */
function learnState(id, fields) {
  keepHand({ rows: hand().rows.map((row) => (row.id === id ? { ...row, ...fields } : row)) });
}

/** All that the person holds in this target, in the order of the way. */
export function heldStops() {
  const held = hand().rows.filter(({ state }) => state === "held");
  return held.sort((a, b) => a.stop - b.stop).map(heldOf);
}

/** Everything that is known of this person's slots in this target, the latest first, as the API lists them. */
export function knownRows() {
  return hand().rows;
}

/** The stops that were photographed and not judged yet, by the ids of their assignments. */
export function takenStops() {
  return new Set(hand().taken);
}

/** The last known {assignment, slot, target} to go to; null when nothing is in hand. */
export function knownHeld() {
  if (!knownTarget()) {
    return null;
  }
  const [stops, { chosen, taken }] = [heldStops(), hand()];
  const open = stops.filter(({ assignment }) => !taken.includes(assignment.id));
  return stops.find(({ assignment }) => assignment.id === chosen) ?? open[0] ?? stops[0] ?? null;
}

/** The next stop after this one that was not photographed yet; null when there is none. Needs no signal. */
export function nextStop(held) {
  const taken = takenStops();
  const open = heldStops().filter(({ assignment: { id } }) => !taken.has(id) && id !== held?.assignment.id);
  return open[0] ?? null;
}

/** Goes to this stop, instead of to the first one; null: to the first. */
export function choose(held) {
  keepHand({ chosen: held?.assignment.id ?? null });
  return knownHeld();
}

/** Notes that a stop was photographed: without signal the next one comes all the same. */
export function noteTaken(id) {
  keepHand({ taken: [...hand().taken.filter((one) => one !== id), id].slice(-KEPT_ROWS), chosen: null });
}

/** Notes that a stop is still to be photographed: what was taken of it did not do it. */
export function noteOpen(id) {
  keepHand({ taken: hand().taken.filter((one) => one !== id) });
}

/** Where the phone is, as the server asks for it. */
function whereOf(fix) {
  return fix ? { latitude: fix.latitude, longitude: fix.longitude } : {};
}

/**
 * Asks for a slot; whoever holds one gets the same again.
 * @param {object|null} fix a position, or null to ask without
 * @returns {Promise<{held: object|null, reason: object|null, retryAfter: number|null}>}
 */
export async function requestSlot(fix) {
  const target = knownTarget() ?? (await fetchTarget());
  const where = fix ? { ...whereOf(fix), accuracy_m: fix.accuracy } : {};
  const answer = await call("POST", `targets/${target.id}/request-slot/`, { ...where, operation_id: newId() });
  if (!answer.assignment) {
    learn([], true);
    return { held: null, reason: answer.reason, retryAfter: answer.retry_after ?? null };
  }
  learn([rowOf(answer)]);
  keepHand({ chosen: answer.assignment.id });
  return { held: knownHeld(), reason: null, retryAfter: null };
}

/**
 * Tops up what is held to so many stops.
 * @returns {Promise<{held: object|null, stops: object[], reason: object|null}>}
 */
export async function reserveWalk(stops, fix) {
  const target = knownTarget() ?? (await fetchTarget());
  const asked = { stops, ...whereOf(fix), operation_id: newId() };
  const answer = await call("POST", `targets/${target.id}/reserve-walk/`, asked);
  learn(answer.stops.map(rowOf), true);
  return { held: choose(null), stops: heldStops(), reason: answer.reason };
}

/** Lets others have all stops but one (or all: null); gives what is still in hand. */
export async function releaseWalk(held) {
  const { target } = readDevice();
  const keeps = held?.assignment.id ?? null;
  const answer = await call("POST", `targets/${target}/release-walk/`, { keep: keeps, operation_id: newId() });
  const now = new Set(answer.stops.map(({ assignment }) => assignment.id));
  for (const { assignment } of heldStops()) {
    if (!now.has(assignment.id)) {
      learnState(assignment.id, { state: "released" });
    }
  }
  learn(answer.stops.map(rowOf), true);
  return choose(null);
}

/** One step on an assignment; one that is not ours any more gives its present state instead of an error. */
async function step(id, verb, body = {}) {
  let row;
  try {
    row = await call("POST", `assignments/${id}/${verb}/`, { operation_id: newId(), ...body });
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 409) {
      throw problem;
    }
    row = problem.present ?? { state: "withdrawn" };
  }
  learnState(id, { state: row.state, expires_at: row.expires_at, ended_at: row.ended_at });
  return row;
}

/** Extends everything in hand, one walk is one time; gives what is in hand, null when this one is not ours any more. */
export async function extend(held) {
  const mine = held.assignment.id;
  const row = await step(mine, "extend");
  const others = heldStops().filter(({ assignment }) => assignment.id !== mine);
  await Promise.allSettled(others.map(({ assignment }) => step(assignment.id, "extend")));
  return row.state === "held" ? knownHeld() : null;
}

/** Gives the slot in hand back; one that is gone already is as good as given back. Gives what is still in hand. */
export async function release(held) {
  await step(held.assignment.id, "release");
  return knownHeld();
}

/** Says that the photo cannot be taken there, and why. Gives what is still in hand. */
export async function decline(held, reason, note) {
  await step(held.assignment.id, "decline", { reason, note });
  return knownHeld();
}

/** Notes that a slot leaves the hand before the server knows: what was said waits for a signal. */
export function letGo(held, state) {
  learnState(held.assignment.id, { state });
  return knownHeld();
}

/**
 * Asks what is held now.
 * @param {object|null} held what was in hand
 * @returns {Promise<{held: object|null, was: object|null}>} what to go to now, and the present row of what was in hand
 */
export async function look(held) {
  const { target } = readDevice();
  const { results } = await call("GET", "assignments/?page_size=60");
  const rows = results.filter((row) => row.target === target);
  learn(rows, true);
  const was = rows.find(({ id }) => id === held?.assignment.id) ?? null;
  const still = was?.state === "held" ? heldOf(was) : null;
  return { held: still ?? knownHeld(), was };
}

/** Takes note of what a capture's receipt says is in hand now; null when it did the slot. */
export function notedFromReceipt(held, receipt) {
  const named = receipt.verdict?.named;
  if (!named?.fulfilled || named.assignment !== held?.assignment.id) {
    return held;
  }
  learnState(held.assignment.id, { state: "fulfilled" });
  return null;
}
