// Where this phone is. One watch for the whole page; nothing is sent from here.

const OPTIONS = { enableHighAccuracy: true, maximumAge: 2000, timeout: 30_000 };
const STALE_MS = 30_000;

/** The phone's position as it changes: listen to "change". */
export class Position extends EventTarget {
  /** @type {{latitude: number, longitude: number, accuracy: number, at: number}|null} the last fix; `at` epoch ms */
  fix = null;
  /** Whether the person or the browser has said no. */
  denied = false;
  #watch = null;

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
    if (this.#watch !== null || !("geolocation" in navigator)) {
      return;
    }
    this.#watch = navigator.geolocation.watchPosition(
      ({ coords, timestamp }) => this.#take(coords, timestamp),
      (error) => this.#fail(error),
      OPTIONS,
    );
  }

  /** The last fix if it is fresh enough to say where the phone is now, else null. */
  fresh() {
    return this.fix && Date.now() - this.fix.at < STALE_MS ? this.fix : null;
  }

  /** Waits for a fresh fix, at most so many milliseconds; null when none came or the answer was no. */
  first(milliseconds) {
    if (this.fresh() || this.denied) {
      return Promise.resolve(this.fresh());
    }
    return new Promise((resolve) => {
      const done = () => {
        if (this.fresh() || this.denied) {
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
      navigator.geolocation.clearWatch(this.#watch);
      this.#watch = null;
    }
    this.dispatchEvent(new Event("change"));
  }
}
