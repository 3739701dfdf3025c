// One tab or worker at a time, where the browser can tell; where it cannot, the server makes one call of two equal ones.

const LOCK = "capturegraph.sender";
const STEAL_AFTER_MS = 90_000;

/**
 * Does some work while nobody else of this browser does it; waits for its turn. One that the browser has put to sleep
 * with the lock in its hand is passed over by a page that is looked at.
 * @param {() => Promise<void>} work what is done alone
 * @param {() => number} heardAt when somebody else was last heard of at the same work, epoch milliseconds
 */
export async function alone(work, heardAt) {
  if (!navigator.locks) {
    await work();
    return;
  }
  const began = Date.now();
  const giveUp = new AbortController();
  let failed = null;
  const watch = setInterval(() => {
    const silent = Date.now() - Math.max(began, heardAt()) > STEAL_AFTER_MS;
    if (silent && globalThis.document?.visibilityState === "visible") {
      giveUp.abort();
    }
  }, STEAL_AFTER_MS / 3);
  try {
    await navigator.locks.request(LOCK, { signal: giveUp.signal }, async () => {
      clearInterval(watch);
      // Kept apart from what the lock says: a transaction that the browser aborted is an AbortError too.
      await work().catch((problem) => {
        failed = { problem };
      });
    });
  } catch (problem) {
    if (problem?.name !== "AbortError") {
      throw problem;
    }
    if (giveUp.signal.aborted) {
      await navigator.locks.request(LOCK, { steal: true }, work);
    }
    // Else somebody has passed us over, and does what we did.
  } finally {
    clearInterval(watch);
  }
  if (failed) {
    throw failed.problem;
  }
}
