// Sends what the outbox holds: facts first, then the photo; safe is only what the server's own manifest says it has.

import { call, sendBytes } from "./api.js";
import { readDevice } from "./device.js";

const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 60_000;
const MANIFEST_MOST = 1000;
const LOST_DEVICE = 401;
const UNKNOWN_CAPTURE = 404;
const DIGEST_DIFFERS = 422;

/** Sends in the background. Events: "change" (a capture moved on), "progress" {id, sent}, "waiting", "lost" (no token). */
export class Sender extends EventTarget {
  #outbox;
  #running = false;
  #again = false;
  #wait = FIRST_WAIT_MS;
  #timer = null;

  constructor(outbox) {
    super();
    this.#outbox = outbox;
    addEventListener("online", () => this.kick());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.kick());
  }

  /** Tries now, and goes on trying with growing pauses while anything is left. */
  async kick() {
    clearTimeout(this.#timer);
    if (!readDevice()?.target) {
      return;
    }
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    try {
      do {
        this.#again = false;
        await this.#alone(() => this.#round());
      } while (this.#again);
    } catch (problem) {
      this.#rest(problem);
    } finally {
      this.#running = false;
    }
  }

  /** Runs in one tab at a time where the browser can tell; another tab that is at it already does the work. */
  async #alone(work) {
    if (!navigator.locks) {
      await work();
      return;
    }
    await navigator.locks.request("capturegraph.sender", work);
  }

  /** Plans the next try after one that did not get through. */
  #rest(problem) {
    if (problem.status === LOST_DEVICE) {
      this.dispatchEvent(new Event("lost"));
      return;
    }
    if (problem.status === undefined) {
      throw problem;
    }
    this.#later(problem.retryAfter ? problem.retryAfter * 1000 : undefined);
    this.dispatchEvent(new Event("waiting"));
  }

  /** One pass over everything: all facts, then all photos, then what the server says it has. */
  async #round() {
    for (const capture of await this.#left((one) => !one.told)) {
      await this.#attempt(capture, () => this.#tell(capture));
    }
    for (const capture of await this.#left((one) => one.told && !one.sent)) {
      await this.#attempt(capture, () => this.#send(capture));
    }
    await this.check();
  }

  /** This person's captures that are neither safe nor given up, and for which `wanted` holds. */
  async #left(wanted) {
    const { device_id: own } = readDevice();
    return (await this.#outbox.all()).filter(
      (one) => one.device_id === own && !one.safe && one.problem === null && wanted(one),
    );
  }

  /** Does one step for one capture; what will not pass by waiting is written on the capture, the others go on. */
  async #attempt(capture, step) {
    try {
      await step();
    } catch (problem) {
      if (problem.status === undefined || problem.passing || problem.status === LOST_DEVICE) {
        throw problem;
      }
      await this.#outbox.change(capture.id, { problem: problem.status });
    }
    this.dispatchEvent(new Event("change"));
  }

  /** Sends the facts of a capture and keeps the server's verdict. */
  async #tell(capture) {
    const receipt = await call("PUT", `captures/${capture.id}/`, capture.metadata);
    await this.#outbox.change(capture.id, { told: true, receipt });
  }

  /** Sends the photo of a capture. */
  async #send(capture) {
    try {
      const progress = (sent) => this.dispatchEvent(new CustomEvent("progress", { detail: { id: capture.id, sent } }));
      const receipt = await sendBytes(`captures/${capture.id}/photo/`, capture.photo, progress);
      await this.#outbox.change(capture.id, { sent: true, receipt });
    } catch (problem) {
      const again = await this.#mend(capture, problem);
      if (!again) {
        throw problem;
      }
      this.#later();
    }
  }

  /** Mends what a second try can mend: facts that the server has lost, bytes that were damaged on the way. */
  async #mend(capture, problem) {
    if (problem.status === UNKNOWN_CAPTURE) {
      await this.#tell(capture);
      return true;
    }
    if (problem.status === DIGEST_DIFFERS && !capture.tried_twice) {
      await this.#outbox.change(capture.id, { tried_twice: true });
      return true;
    }
    return false;
  }

  /** Comes back after the present pause, which grows. */
  #later(milliseconds = this.#wait) {
    clearTimeout(this.#timer);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
    this.#timer = setTimeout(() => this.kick(), milliseconds);
  }

  /** Asks the server which captures it has; those are safe, and their photos leave the phone's storage. */
  async check() {
    const { device_id: own } = readDevice();
    const open = (await this.#outbox.all()).filter((one) => one.device_id === own && one.sent && !one.safe);
    for (let i = 0; i < open.length; i += MANIFEST_MOST) {
      const part = open.slice(i, i + MANIFEST_MOST);
      const captures = part.map(({ id, sha256 }) => (sha256 ? { id, sha256 } : { id }));
      const { results } = await call("POST", "captures/manifest/", { captures });
      for (const { id, status } of results) {
        if (status === "have") {
          this.#wait = FIRST_WAIT_MS;
          await this.#outbox.change(id, { safe: true, photo: null });
        } else if (status === "missing") {
          await this.#outbox.change(id, { told: false, sent: false });
          this.#later();
        } else {
          await this.#outbox.change(id, { problem: 415 });
        }
      }
    }
    this.dispatchEvent(new Event("change"));
  }

  /** What is safe out of everything that this person took on this phone: {have, total}. */
  async tally() {
    const device = readDevice();
    const own = (await this.#outbox.all()).filter((one) => one.device_id === device?.device_id);
    return { have: own.filter((one) => one.safe).length, total: own.length };
  }
}
