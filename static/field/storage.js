// Whether this phone has room for photos, and whether it has promised to keep them.

/** Below this many bytes the next photo may not fit: as large as phones' photos get. */
const FULL_BELOW = 16_000_000;
const SHORT_BELOW = 150_000_000;

/** "full" (the next photo may not fit), "short" or "fine" for so many free bytes; "fine" where that is not known. */
export function roomLevel(free) {
  if (free === null || free >= SHORT_BELOW) {
    return "fine";
  }
  return free < FULL_BELOW ? "full" : "short";
}

/** How many bytes this page may still keep; null where the browser does not say. */
export async function freeRoom() {
  try {
    const { quota, usage } = await navigator.storage.estimate();
    return Number.isFinite(quota) && Number.isFinite(usage) ? Math.max(0, quota - usage) : null;
  } catch {
    return null;
  }
}

/** Asks the browser to keep what this page has, whatever happens: "kept", "maybe", or "unknown" where it does not say. */
export async function askToKeep() {
  try {
    const kept = (await navigator.storage.persisted()) || (await navigator.storage.persist());
    return kept ? "kept" : "maybe";
  } catch {
    return "unknown";
  }
}
