// Where this phone is. One watch for the whole page; nothing is sent from here.

const OPTIONS = { maximumAge: 2000, timeout: 30_000 };
const STALE_MS = 30_000;
const FIRST_FIX_MS = 6000;
const QUESTION_MS = 60_000;
const FAR_M = 500;
const NEAR_M = 350;

/** The phone's position as it changes: listen to "change". Far from the slot it asks for less, to spare the battery. */
export class Position extends EventTarget {
  /** @type {{latitude: number, longitude: number, accuracy: number, at: number}|null} the last fix; `at` epoch ms */
  fix = null;
  /** Whether the person or the browser has said no. */
  denied = false;
  /** Whether the watch asks for satellites; false while the slot is far away. */
  precise = true;
  #watch = null;
  #wanted = false;

  constructor() {
    super();
    // What nobody looks at costs nothing: the watch rests while the page is hidden.
    globalThis.document?.addEventListener("visibilitychange", () => this.#match());
  }

  /** "granted", "prompt" or "denied" as far as the browser tells; "prompt" where it does not. */
  async permission() {
    if (!("geolocation" in navigator)) {
      return "denied";
    }
    try {
      return (await navigator.permissions.query({ name: "geolocation" })).state;
    } catch {
      return "prompt";
    }
  }

  /** Begins to watch; asks the person if they have not been asked. */
  start() {
    this.#wanted = true;
    this.#match();
  }

  /** Says how far the slot is, in metres: from some 500 m on, a rough position is enough. */
  aimAt(metres) {
    const precise = this.precise ? metres < FAR_M : metres < NEAR_M;
    if (precise !== this.precise) {
      this.precise = precise;
      this.#stop();
      this.#match();
    }
  }

  /** The last fix if it is fresh enough to say where the phone is now, else null. */
  fresh() {
    return this.fix && Date.now() - this.fix.at < STALE_MS ? this.fix : null;
  }

  /**
   * The fix to ask for the first slot with: null where none comes soon, where the answer was no, or nobody was asked.
   * Where the browser may still be asking the person, the first word of it is waited for: a slot is kept once given.
   */
  async forFirstSlot() {
    const permission = await this.permission();
    if (permission === "denied" || (permission === "prompt" && !this.#wanted)) {
      return this.fresh();
    }
    this.start();
    return permission === "prompt" ? this.first(QUESTION_MS, true) : this.first(FIRST_FIX_MS);
  }

  /**
   * Waits for a fresh fix, at most so many milliseconds; null when none came or the answer was no.
   * @param {number} milliseconds
   * @param {boolean} [anyWord] whether "not now" ends the wait as well
   */
  first(milliseconds, anyWord = false) {
    if (this.fresh() || this.denied) {
      return Promise.resolve(this.fresh());
    }
    return new Promise((resolve) => {
      const done = () => {
        if (this.fresh() || this.denied || anyWord) {
          finish();
        }
      };
      const finish = () => {
        clearTimeout(timer);
        this.removeEventListener("change", done);
        resolve(this.fresh());
      };
      const timer = setTimeout(finish, milliseconds);
      this.addEventListener("change", done);
    });
  }

  /** Watches while that is wanted and the page is seen. */
  #match() {
    const seen = globalThis.document?.visibilityState !== "hidden";
    if (!this.#wanted || !seen || !("geolocation" in navigator)) {
      this.#stop();
      return;
    }
    this.#watch ??= navigator.geolocation.watchPosition(
      ({ coords, timestamp }) => this.#take(coords, timestamp),
      (error) => this.#fail(error),
      { ...OPTIONS, enableHighAccuracy: this.precise },
    );
  }

  /** Ends the watch. */
  #stop() {
    if (this.#watch !== null) {
      navigator.geolocation.clearWatch(this.#watch);
      this.#watch = null;
    }
  }

  /** Takes a fix as the browser gave it. */
  #take({ latitude, longitude, accuracy }, timestamp) {
    // Some phones give fixes a timestamp of another epoch: then the moment of arrival is the better one.
    const at = Math.abs(Date.now() - timestamp) < 3_600_000 ? timestamp : Date.now();
    this.fix = { latitude, longitude, accuracy, at };
    this.denied = false;
    this.dispatchEvent(new Event("change"));
  }

  /** Notes a refusal; a passing failure (no satellite in sight) only lets the old fix grow stale. */
  #fail(error) {
    if (error.code === error.PERMISSION_DENIED) {
      this.denied = true;
      this.#wanted = false;
      this.#stop();
    }
    this.dispatchEvent(new Event("change"));
  }
}
