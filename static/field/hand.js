// What this phone holds, as the server last said: the target and the slot. Kept, so that the page opens without signal.

import { call, Problem } from "./api.js";
import { keep, newId, readDevice, recall } from "./device.js";

const TARGET = "capturegraph.target";
const HELD = "capturegraph.held";

/** The last known target of this phone's person; null before the first answer. */
export function knownTarget() {
  const target = recall(TARGET);
  return target?.id === readDevice()?.target ? target : null;
}

/** Asks the server for the target, keeps and gives it. */
export async function fetchTarget() {
  const target = await call("GET", `targets/${readDevice().target}/`);
  keep(TARGET, target);
  return target;
}

/** The last known {assignment, slot, target} in hand; null when there is none. */
export function knownHeld() {
  const held = recall(HELD);
  return held && held.target.id === readDevice()?.target ? held : null;
}

/** Keeps what is in hand; null when nothing is. */
function keepHeld(held) {
  keep(HELD, held);
  return held;
}

/**
 * Asks for a slot; whoever holds one gets the same again.
 * @param {object|null} fix a position, or null to ask without
 * @returns {Promise<{held: object|null, reason: object|null, retryAfter: number|null}>}
 */
export async function requestSlot(fix) {
  const target = knownTarget() ?? (await fetchTarget());
  const where = fix ? { latitude: fix.latitude, longitude: fix.longitude, accuracy_m: fix.accuracy } : {};
  const answer = await call("POST", `targets/${target.id}/request-slot/`, { ...where, operation_id: newId() });
  const held = answer.assignment ? { assignment: answer.assignment, slot: answer.slot, target } : null;
  return { held: keepHeld(held), reason: answer.reason, retryAfter: answer.retry_after ?? null };
}

/** Extends the slot in hand; gives what is in hand afterwards, or null when it is not ours any more. */
export async function extend(held) {
  try {
    const assignment = await call("POST", `assignments/${held.assignment.id}/extend/`, { operation_id: newId() });
    return keepHeld({ ...held, assignment });
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 409) {
      return keepHeld(null);
    }
    throw problem;
  }
}

/** Gives the slot in hand back; one that is gone already is as good as given back. */
export async function release(held) {
  try {
    await call("POST", `assignments/${held.assignment.id}/release/`, { operation_id: newId() });
  } catch (problem) {
    if (problem.status !== 409) {
      throw problem;
    }
  }
  keepHeld(null);
}

/** Asks whether the slot in hand is still ours: gives its present assignment, or null. */
export async function stillHeld(held) {
  const { results } = await call("GET", "assignments/?state=held");
  const assignment = results.find(({ id }) => id === held.assignment.id) ?? null;
  if (assignment) {
    const { slot_detail: slot, ...rest } = assignment;
    return keepHeld({ ...held, assignment: rest, slot: slot ?? held.slot });
  }
  return keepHeld(null);
}

/** Takes note of what a capture's receipt says is in hand now. */
export function notedFromReceipt(held, receipt) {
  const ended = receipt.verdict?.named?.fulfilled && receipt.verdict.named.assignment === held?.assignment.id;
  return ended ? keepHeld(null) : held;
}
