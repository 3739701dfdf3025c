// Every capture of this phone, kept in IndexedDB before anything is sent, until the server itself says that it has it.

import { openDB } from "../vendor/idb@8.0.4/idb.js";

/**
 * A kept capture: {id, device_id, target, slot: {title, latitude, longitude, allowed_m}, metadata, photo: Blob|null,
 * type, size, sha256, told: boolean, sent: boolean, safe: boolean, problem: number|null, receipt, kept_at}.
 * told: the server has the facts; sent: it has taken the bytes; safe: its own manifest says so, the photo may go.
 */
const STORE = "captures";

/** The phone's captures. */
export class Outbox {
  #opened = openDB("capturegraph", 1, { upgrade: (db) => void db.createObjectStore(STORE, { keyPath: "id" }) });

  /** Keeps a capture; throws where the phone has no room. */
  async put(capture) {
    await (await this.#opened).put(STORE, capture);
  }

  /** Changes some fields of a kept capture and gives it back. */
  async change(id, fields) {
    const transaction = (await this.#opened).transaction(STORE, "readwrite");
    const capture = { ...(await transaction.store.get(id)), ...fields };
    await transaction.store.put(capture);
    await transaction.done;
    return capture;
  }

  /** One capture by its id. */
  async get(id) {
    return (await this.#opened).get(STORE, id);
  }

  /** All captures, the oldest first. */
  async all() {
    const captures = await (await this.#opened).getAll(STORE);
    return captures.sort((a, b) => a.kept_at - b.kept_at);
  }
}

/** The sha256 of a buffer in hex; null on pages without HTTPS, where browsers do not offer it. */
export async function sha256(buffer) {
  if (!globalThis.crypto?.subtle) {
    return null;
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", buffer));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
