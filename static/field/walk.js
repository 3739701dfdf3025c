// What a walk is, read from the list of a person's assignments: its stops, done, next and later. Pure.

import { metresBetween } from "./geodesy.js";

const KEPT = new Set(["held", "fulfilled"]);

/**
 * The walk that somebody is on: what they hold, and what they have done of it so far.
 *
 * Stops keep their numbers, and a new walk begins again at 0: so of each number below the first one in hand the latest
 * assignment belongs to this walk. What was skipped keeps its number and is no stop any more.
 *
 * @param {object[]} rows assignments with slot_detail, the latest first
 * @param {object} [options] goal: the id of the assignment to go to; taken: ids of those photographed, not judged yet
 * @returns {{stops: object[], next: object|null, ahead: object[], of: number, place: number}|null} null where only one
 *   slot is or was in hand; stops are {number, state: "done"|"taken"|"next"|"later", id, slot, expires_at}
 */
export function walkOf(rows, { goal = null, taken = new Set() } = {}) {
  const held = rows.filter(({ state }) => state === "held").sort((a, b) => a.stop - b.stop);
  if (held.length === 0) {
    return null;
  }
  const before = new Map();
  for (const row of rows) {
    if (row.stop < held[0].stop && !before.has(row.stop)) {
      before.set(row.stop, row);
    }
  }
  const all = [...before.values(), ...held].filter(({ state }) => KEPT.has(state)).sort((a, b) => a.stop - b.stop);
  if (all.length < 2) {
    return null;
  }
  const open = held.filter(({ id }) => !taken.has(id));
  const next = held.find(({ id }) => id === goal) ?? open[0] ?? held[0];
  const stops = all.map((row, index) => ({
    number: index + 1,
    state: stateOf(row, next, taken),
    id: row.id,
    slot: row.slot_detail,
    expires_at: row.expires_at,
  }));
  const first = stops.find(({ id }) => id === next.id);
  const ahead = [first, ...stops.filter(({ state }) => state === "later")];
  return { stops, next: first, ahead, of: stops.length, place: first.number };
}

/** Which of the four a stop is. */
function stateOf(row, next, taken) {
  if (row.state === "fulfilled") {
    return "done";
  }
  if (row.id === next.id) {
    return "next";
  }
  return taken.has(row.id) ? "taken" : "later";
}

/** Metres of the way from a place (null: from the first stop) along these stops. */
export function wayAlong(place, stops) {
  const places = [...(place ? [place] : []), ...stops.map(({ slot }) => slot)];
  return places.slice(1).reduce((sum, here, i) => sum + metresBetween(places[i], here), 0);
}
