// What the queue of photos decides, without a browser: whose turn it is, how long to wait, what to say of each.

/** The largest photo that the server takes, in bytes. */
export const MOST_BYTES = 40_000_000;

const FIRST_WAIT_MS = 700;
const LONGEST_WAIT_MS = 60_000;
const FIRST_PIECE = 1 << 20;
const SMALLEST_PIECE = 1 << 17;
const LARGEST_PIECE = 1 << 23;
const DAY_MS = 86_400_000;
const SLOT_PROBLEMS = new Set(["empty", "gone", "damaged", 413, 415]);

/**
 * How long to wait before the next try: it doubles up to a minute, and no two phones wait equally long.
 * @param {number} failures how often in a row nothing got through, 1 or more
 * @param {number} chance from 0 up to 1
 * @returns {number} milliseconds
 */
export function pauseAfter(failures, chance) {
  const longest = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
  return Math.round(longest * (0.5 + chance / 2));
}

/**
 * How many failures in a row the next pause stands for, where the server answers and only some photos do not get through:
 * it grows four times more slowly than without any answer.
 * @param {Map<string, number>} failed how often each of them has failed
 */
export function seldomer(failed) {
  return Math.ceil(Math.min(...failed.values()) / 4) - 1;
}

/** The size of the next piece of a photo: larger after each that got through, smaller after one that did not. */
export function pieceAfter(size, gotThrough) {
  if (size === null) {
    return FIRST_PIECE;
  }
  return gotThrough ? Math.min(size * 2, LARGEST_PIECE) : Math.max(Math.floor(size / 4), SMALLEST_PIECE);
}

/** The header that says which bytes of a photo are sent; with no bytes it asks which are there. */
export function rangeOf(start, end, total) {
  return start === end ? `bytes */${total}` : `bytes ${start}-${end - 1}/${total}`;
}

/** Whether a capture was taken by the person who this phone speaks for, by whichever of their phones' keys. */
export function isMine(capture, device) {
  if (!device) {
    return false;
  }
  return capture.user ? capture.user === device.user : capture.device_id === device.device_id;
}

/** Whether a capture is in the list: what was put aside is not. */
export function isListed(capture) {
  return !capture.aside_at;
}

/**
 * What is wrong with the phone's own copy, before anything is sent; null when nothing is.
 * @param {{size: number}} capture as kept
 * @param {Blob|null} photo its bytes
 */
export function flawOf(capture, photo) {
  if (capture.size === 0) {
    return "empty";
  }
  if (!photo) {
    return "gone";
  }
  if (photo.size !== capture.size) {
    return photo.size === 0 ? "empty" : "damaged";
  }
  return capture.size > MOST_BYTES ? 413 : null;
}

/** The captures that a step may still be done for: those that failed least often first, then the oldest. */
export function inTurn(captures, failed = new Map()) {
  const tries = ({ id }) => failed.get(id) ?? 0;
  return captures
    .filter((one) => !one.safe && one.problem === null && isListed(one))
    .sort((a, b) => tries(a) - tries(b) || a.kept_at - b.kept_at);
}

/** "safe", "problem", "sending" or "waiting"; `sending` is the id of the capture that is under way, or null. */
export function stateOf(capture, sending = null) {
  if (capture.safe) {
    return "safe";
  }
  if (capture.problem !== null) {
    return "problem";
  }
  return capture.id === sending || capture.sent ? "sending" : "waiting";
}

/** Why a capture waits: "lost" (the phone is not known any more), "signal", "wifi" or "turn". */
export function whyWaiting({ lost = false, online = true, wifi = false }) {
  if (lost) {
    return "lost";
  }
  if (!online) {
    return "signal";
  }
  return wifi ? "wifi" : "turn";
}

/** What can be done about a problem: "again" and "release" while its slot is in hand, else "retry"; always "aside". */
export function waysOut(capture, heldAssignment = null) {
  const inHand = heldAssignment !== null && capture.metadata.assignment === heldAssignment;
  if (SLOT_PROBLEMS.has(capture.problem)) {
    return inHand ? ["again", "release", "aside"] : ["aside"];
  }
  return ["retry", "aside"];
}

/**
 * The figures of a list of captures.
 * @returns {{have: number, total: number, problems: number, unsent: number, freeable: number}} freeable in bytes
 */
export function tallyOf(captures) {
  const listed = captures.filter(isListed);
  const count = (wanted) => listed.filter(wanted).length;
  return {
    have: count((one) => one.safe),
    total: listed.length,
    problems: count((one) => !one.safe && one.problem !== null),
    unsent: count((one) => !one.safe),
    freeable: listed.reduce((sum, one) => sum + (one.safe && !one.freed ? one.size : 0), 0),
  };
}

/** How many captures have waited for how many whole days (the longest), once it is a day: {count, days}; else null. */
export function oldWaiting(captures, now) {
  const old = captures.filter((one) => isListed(one) && !one.safe && now - one.kept_at >= DAY_MS);
  if (old.length === 0) {
    return null;
  }
  return { count: old.length, days: Math.floor(Math.max(...old.map((one) => now - one.kept_at)) / DAY_MS) };
}
