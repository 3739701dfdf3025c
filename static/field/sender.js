// Sends what the outbox holds: facts first, then the photo from where it broke off; safe is only what the server's own
// manifest says it has. Pages and the service worker share it; one of them sends at a time.

import { alone } from "./alone.js";
import { call, Problem, sendBytes } from "./api.js";
import { readDevice } from "./device.js";
import { Ledger } from "./ledger.js";
import { onNetworkChange, signalOf, waitsForWifi } from "./network.js";
import { sha256 } from "./outbox.js";
import { flawOf, inTurn, isListed, pauseAfter, pieceAfter, rangeOf, seldomer, tallyOf } from "./queue.js";

const CHANNEL = "capturegraph.outbox";
const MANIFEST_MOST = 1000;
const LOST_DEVICE = 401;
const UNKNOWN_CAPTURE = 404;
const BUSY = 429;
const DIGEST_DIFFERS = 422;
const MOST_SILENT = 2;

/**
 * Sends in the background. Events, also those of other tabs: "change" (a capture moved on), "progress" {id, sent},
 * "waiting" (nothing gets through), "lost" (the token is good no more); of this page alone: "busy" and "idle".
 */
export class Sender extends EventTarget {
  /** The id of the capture whose photo is under way, here or in another tab; null while there is none. */
  sending = null;
  /** Whether this phone's key has been refused since it last got through. */
  lost = false;
  #outbox;
  #ledger;
  #running = false;
  #again = false;
  #failures = 0;
  #answered = false;
  #failed = new Map();
  #piece = pieceAfter(null, true);
  #timer = null;
  #heard = 0;
  #channel = globalThis.BroadcastChannel ? new BroadcastChannel(CHANNEL) : null;

  constructor(outbox) {
    super();
    this.#outbox = outbox;
    this.#ledger = new Ledger(outbox);
    this.#channel?.addEventListener("message", ({ data }) => {
      this.#heard = Date.now();
      this.#tellHere(data.type, data.detail);
    });
    if (globalThis.document) {
      onNetworkChange(() => navigator.onLine && this.kick(true));
      document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.kick(true));
    }
  }

  /** "none", "weak" or "good", as far as this phone can tell. */
  get signal() {
    return signalOf(this.#failures > 0 && !this.lost);
  }

  /** Tells this page. */
  #tellHere(type, detail = null) {
    if (type === "progress") {
      this.sending = detail.id;
    } else if (type === "change" || type === "waiting") {
      this.sending = null;
    }
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Tells this page and the others. */
  #tellAll(type, detail = null) {
    this.#tellHere(type, detail);
    this.#channel?.postMessage({ type, detail });
  }

  /** Tries now, and goes on trying with growing pauses while anything is left; `afresh` forgets earlier failures. */
  async kick(afresh = false) {
    clearTimeout(this.#timer);
    // Somebody who has left the last target has a key all the same, and perhaps photos that wait.
    if (!readDevice()?.user) {
      return;
    }
    this.#failures = afresh ? 0 : this.#failures;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    this.#tellHere("busy");
    try {
      await this.sendAll();
    } catch (problem) {
      this.#rest(problem);
    } finally {
      this.#running = false;
      this.#tellHere("idle");
    }
  }

  /** Everything once, alone; throws the Problem that ended it, or by which something was left over. */
  async sendAll() {
    if (globalThis.document) {
      await this.#outbox.keep("device", readDevice()).catch((problem) => console.warn(problem));
    }
    do {
      this.#again = false;
      await alone(
        () => this.#round(),
        () => this.#heard,
      );
    } while (this.#again);
  }

  /** Plans the next try after one that did not get through, be it for the network's sake or for the phone's own. */
  #rest(problem) {
    if (problem.status === undefined) {
      console.warn(problem);
    }
    if (problem.status === LOST_DEVICE && !problem.passing) {
      this.lost = true;
      this.#tellAll("lost");
      return;
    }
    this.#later(Number.isFinite(problem.retryAfter) ? problem.retryAfter * 1000 : null);
    this.#tellAll("waiting");
    this.#askForBackground();
  }

  /** Lets the browser wake the service worker once there is a network, where browsers do that. */
  #askForBackground() {
    const ready = globalThis.document && navigator.serviceWorker?.ready;
    ready?.then((worker) => worker.sync?.register("capturegraph.send")).catch(() => {});
  }

  /** Comes back after a pause, which grows with every failure in a row. */
  #later(milliseconds = null) {
    clearTimeout(this.#timer);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.kick(), milliseconds ?? pauseAfter(this.#failures, Math.random()));
  }

  /** One pass over everything: all facts, then all photos, then what the server says it has. */
  async #round() {
    await this.#ledger.settle();
    await this.#ledger.adopt();
    let missed = await this.#each((one) => !one.told, (capture) => this.#tell(capture));
    if (!waitsForWifi(await this.#outbox.kept("wifi-only"))) {
      const also = await this.#each((one) => one.told && !one.sent, (capture) => this.#send(capture));
      missed = also ?? missed;
    }
    // Also where one photo did not get through: the others may have.
    await this.check();
    if (missed) {
      this.#failures = this.#answered ? seldomer(this.#failed) : this.#failures;
      throw missed;
    }
    this.#gotThrough();
    // What the server has not, though it has answered, is tried again after a pause.
    if (!this.#again && inTurn(await this.mine()).some((one) => !one.told || one.sent)) {
      throw new Problem(0);
    }
  }

  /** One step for each capture that wants it, until the network is silent; the last problem that left one over, or null. */
  async #each(wanted, step) {
    let [missed, silent] = [null, 0];
    for (const capture of inTurn(await this.mine(), this.#failed).filter(wanted)) {
      const problem = await this.#attempt(capture, step);
      missed = problem ?? missed;
      if (problem === null || problem.status > 0) {
        silent = 0;
      } else if (problem.status === 0 && (silent += 1) === MOST_SILENT) {
        break;
      }
    }
    return missed;
  }

  /** This person's captures, taken with whichever key of theirs, oldest first. */
  mine() {
    return this.#ledger.mine();
  }

  /**
   * Does one step for one capture. What will not pass by waiting is written on it; what may pass (no answer, a busy server,
   * bytes that cannot be read now) is given back, so that the others go on. A refused key or too many calls end the pass.
   */
  async #attempt(capture, step) {
    let missed = null;
    try {
      await step(capture);
      this.#gotThrough();
      this.#failed.delete(capture.id);
    } catch (problem) {
      if (problem instanceof Problem && !problem.passing && problem.status !== LOST_DEVICE) {
        await this.#ledger.write(capture.id, { problem: problem.status, problem_text: problem.message });
        this.#failed.delete(capture.id);
      } else {
        this.#failed.set(capture.id, (this.#failed.get(capture.id) ?? 0) + 1);
        if (problem.status === BUSY || problem.status === LOST_DEVICE) {
          throw problem;
        }
        missed = problem;
      }
    }
    this.#tellAll("change", { id: capture.id });
    return missed;
  }

  /** Notes that something has got through. */
  #gotThrough() {
    this.#failures = 0;
    this.lost = false;
  }

  /** Sends the facts of a capture and keeps the server's verdict; nothing is said of a photo that is none. */
  async #tell(capture) {
    if (await this.#isFlawed(capture, await this.#outbox.photo(capture.id))) {
      return;
    }
    // By the phone's own clock, like the time of the photo: the server works out from it how wrong that clock is.
    const facts = { ...capture.metadata, sent_at: new Date().toISOString() };
    const receipt = await call("PUT", `captures/${capture.id}/`, facts);
    await this.#ledger.write(capture.id, { told: true, receipt });
  }

  /** Writes on a capture what is wrong with the phone's own copy; gives whether anything is. */
  async #isFlawed(capture, photo) {
    const problem = flawOf(capture, photo);
    if (problem !== null) {
      await this.#ledger.write(capture.id, { problem, problem_text: "" });
    }
    return problem !== null;
  }

  /** Sends the photo of a capture, from the first byte that the server has not. */
  async #send(capture) {
    const photo = await this.#outbox.photo(capture.id);
    if (await this.#isFlawed(capture, photo)) {
      return;
    }
    try {
      await this.#sendRest(capture, photo);
    } catch (problem) {
      this.#piece = pieceAfter(this.#piece, false);
      if (!(await this.#mend(capture, photo, problem))) {
        throw problem;
      }
      this.#again = true;
    }
  }

  /** Sends piece after piece; every answer says how far the server is. */
  async #sendRest(capture, photo) {
    const { id, size } = capture;
    const progress = (sent) => this.#tellAll("progress", { id, sent });
    let at = 0;
    if (capture.begun) {
      const answer = await this.#sendPiece(capture, photo, 0, 0, progress);
      if (answer.verdict) {
        return this.#noteSent(capture, answer);
      }
      at = answer.received;
    } else {
      await this.#ledger.write(id, { begun: true });
    }
    while (at < size) {
      const end = capture.in_one ? size : Math.min(at + this.#piece, size);
      const answer = await this.#sendPiece(capture, photo, capture.in_one ? 0 : at, end, progress);
      if (answer.verdict || answer.received === size) {
        return this.#noteSent(capture, answer);
      }
      if (!(answer.received > at)) {
        throw new Problem(0);
      }
      at = answer.received;
      this.#piece = pieceAfter(this.#piece, true);
      this.#failed.delete(id);
      this.#gotThrough();
    }
    return this.#noteSent(capture, {});
  }

  /** Sends the bytes from `start` to `end`, or asks what is there where that is none. */
  #sendPiece(capture, photo, start, end, progress) {
    const headers = { "Content-Range": rangeOf(start, end, capture.size) };
    if (capture.sha256) {
      headers["X-Photo-SHA256"] = capture.sha256;
    }
    if (start === end) {
      return sendBytes(`captures/${capture.id}/photo/`, null, headers, () => {});
    }
    headers["Content-Type"] = capture.type;
    progress(start);
    const piece = photo.slice(start, end);
    return sendBytes(`captures/${capture.id}/photo/`, piece, headers, (sent) => progress(start + sent));
  }

  /** Notes that the server has taken every byte; where it has lost the facts meanwhile, they are sent again. */
  async #noteSent(capture, receipt) {
    if (receipt.waiting_for === "words") {
      await this.#tell(capture);
    }
    await this.#ledger.write(capture.id, { sent: true, ...(receipt.verdict && { receipt }) });
  }

  /** Mends what another try can mend: lost facts, bytes damaged on the way, another beginning, too many pieces. */
  async #mend(capture, photo, problem) {
    if (problem.status === UNKNOWN_CAPTURE && !problem.passing && !capture.tried_twice) {
      await this.#ledger.write(capture.id, { told: false, tried_twice: true });
      return true;
    }
    if (problem.status === DIGEST_DIFFERS && capture.sha256) {
      if ((await sha256(await photo.arrayBuffer())) !== capture.sha256) {
        await this.#ledger.write(capture.id, { problem: "damaged", problem_text: "" });
        return true;
      }
    }
    const fields = {
      digest_differs: { begun: false },
      upload_differs: { begun: false },
      too_many_parts: { begun: false, in_one: true },
    }[problem.code];
    if (!fields || capture.tried_twice) {
      return false;
    }
    await this.#ledger.write(capture.id, { ...fields, tried_twice: true });
    return true;
  }

  /**
   * Asks the server which captures it has: only those are safe. Those that are not free yet are asked for every time, all
   * of them where `all` is set. Gives the ids that it has.
   */
  async check(all = false) {
    const own = (await this.mine()).filter(isListed);
    const asked = own.filter((one) => (one.sent || one.safe) && (all || !one.safe || !one.freed));
    const had = [];
    for (let i = 0; i < asked.length; i += MANIFEST_MOST) {
      const part = asked.slice(i, i + MANIFEST_MOST);
      const captures = part.map(({ id, sha256: digest }) => (digest ? { id, sha256: digest } : { id }));
      const { results } = await call("POST", "captures/manifest/", { captures });
      const known = new Map(part.map((one) => [one.id, one]));
      for (const { id, status } of results) {
        had.push(...(status === "have" ? [id] : []));
        await this.#note(known.get(id), status);
      }
    }
    this.#answered = asked.length > 0;
    if (this.#answered) {
      this.lost = false;
      await this.#outbox.keep("counted-at", Date.now()).catch((problem) => console.warn(problem));
    }
    this.#tellAll("change");
    return had;
  }

  /** Writes down what the manifest says of one capture. */
  async #note(capture, status) {
    if (status === "have" && !capture.safe) {
      await this.#ledger.write(capture.id, { safe: true, problem: null });
    } else if (status === "missing") {
      const lost = capture.freed ? { problem: "gone" } : {};
      await this.#ledger.write(capture.id, { told: false, sent: false, safe: false, ...lost });
    } else if (status === "refused") {
      await this.#ledger.write(capture.id, { safe: false, problem: 415, problem_text: "" });
    }
  }

  /** Takes a capture up again that had a problem. */
  async retry(id) {
    await this.#ledger.write(id, { problem: null, problem_text: "", tried_twice: false });
    this.#tellAll("change", { id });
    await this.kick(true);
  }

  /** Lets the phone's copies go of what the server says, now, that it has; gives how many bytes that was. */
  async free(small = async () => null) {
    const had = new Set(await this.check(true));
    await this.#ledger.settle();
    let bytes = 0;
    for (const capture of await this.mine()) {
      if (had.has(capture.id) && this.#ledger.isWritten(capture.id) && capture.safe && !capture.freed) {
        await this.#outbox.free(capture.id, await small(capture));
        bytes += capture.size;
      }
    }
    this.#tellAll("change");
    return bytes;
  }

  /** The figures of everything that this person took: see tallyOf. */
  async tally() {
    return tallyOf(await this.mine());
  }
}
