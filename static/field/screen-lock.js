// The browser's promise to keep the screen on: asked for once, given back exactly once, whichever comes first.

/** Holds the screen on while that is wanted; a no, or a browser that knows nothing of it, changes nothing. */
export class ScreenLock {
  /** The request under way, or the lock itself; null where there is neither. */
  #asked = null;

  /** Says whether the screen is to stay on. */
  want(wanted) {
    if (wanted) {
      this.#ask();
    } else {
      this.#give();
    }
  }

  /** Asks, unless that was done: the answer may take its time. */
  #ask() {
    if (this.#asked || !globalThis.navigator?.wakeLock) {
      return;
    }
    const asked = navigator.wakeLock.request("screen").then(
      (lock) => {
        // Browsers take it away whenever the page is hidden.
        lock.addEventListener("release", () => this.#forget(asked));
        return lock;
      },
      () => this.#forget(asked),
    );
    this.#asked = asked;
  }

  /** Gives the lock back, also one that has not been granted yet. */
  #give() {
    const asked = this.#asked;
    this.#asked = null;
    asked?.then((lock) => lock?.release());
  }

  /** There is no such lock any more; gives null. */
  #forget(asked) {
    if (this.#asked === asked) {
      this.#asked = null;
    }
    return null;
  }
}
