// Every capture of this phone, kept in IndexedDB before anything is sent, until the server itself says that it has it.

import { openDB } from "../vendor/idb@8.0.4/idb.js";
import { readDevice } from "./device.js";

/**
 * A kept capture: {id, device_id, user, target, slot: {title, latitude, longitude, allowed_m}, metadata, type, size,
 * sha256, told, begun, sent, safe, freed: boolean, problem: number|string|null, problem_text, tried_twice, receipt,
 * kept_at, aside_at}; `photo`, a Blob, is kept beside it in a store of its own.
 * told: the server has the facts; begun: some bytes were sent; sent: it has taken them all; safe: its own manifest says
 * so; freed: the phone's copy has gone; aside_at: the person has taken it out of the list.
 */
const ROWS = "captures";
const PHOTOS = "photos";
const KEPT = "kept";
const NAME = "capturegraph";
const VERSION = 2;
const FRESH = { told: false, begun: false, sent: false, safe: false, freed: false, problem: null, aside_at: null };
// What a browser says when it has closed the database behind the page's back; opened again, all is there.
const LOST = new Set(["InvalidStateError", "UnknownError"]);

/** Brings what an older page kept into the present form: nothing is lost on the way, or the old form stays. */
async function upgrade(db, from, _to, transaction) {
  if (from < 1) {
    db.createObjectStore(ROWS, { keyPath: "id" });
  }
  if (from < 2) {
    const photos = db.createObjectStore(PHOTOS, { keyPath: "id" });
    db.createObjectStore(KEPT);
    const device = readDevice();
    let cursor = await transaction.objectStore(ROWS).openCursor();
    while (cursor) {
      const { photo, ...row } = cursor.value;
      if (photo) {
        await photos.put({ id: row.id, photo });
      }
      const user = row.device_id === device?.device_id ? device.user : null;
      await cursor.update({ ...FRESH, user, ...row, begun: Boolean(row.told), freed: Boolean(row.safe && !photo) });
      cursor = await cursor.continue();
    }
  }
}

/** The phone's captures, and a few words that the service worker needs too. */
export class Outbox {
  #opened = null;
  #blocked;

  /** `blocked` is called where another tab still shows an older page, which has to be closed first. */
  constructor({ blocked = () => {} } = {}) {
    this.#blocked = blocked;
  }

  /** Opens the database, once; again after the browser has closed it. */
  #open() {
    this.#opened ??= openDB(NAME, VERSION, {
      upgrade,
      blocked: () => this.#blocked(),
      blocking: (_from, _to, event) => {
        // A newer page wants to upgrade: this one steps aside, and opens again when it is asked for something.
        this.#opened = null;
        event.target.close();
      },
      terminated: () => {
        this.#opened = null;
      },
    }).catch((problem) => {
      this.#opened = null;
      throw problem;
    });
    return this.#opened;
  }

  /** Does something with the database; once more where the browser had closed it. */
  async #with(work) {
    try {
      return await work(await this.#open());
    } catch (problem) {
      if (!LOST.has(problem?.name)) {
        throw problem;
      }
      this.#opened = null;
      return work(await this.#open());
    }
  }

  /** Keeps a capture with its `photo`, on the disk for good; throws where the phone has no room. */
  put(capture) {
    const { photo, ...row } = capture;
    const whose = { user: readDevice()?.user ?? null };
    return this.#with(async (db) => {
      const transaction = db.transaction([ROWS, PHOTOS], "readwrite", { durability: "strict" });
      const writes = [transaction.objectStore(ROWS).put({ ...FRESH, ...whose, ...row })];
      if (photo) {
        writes.push(transaction.objectStore(PHOTOS).put({ id: row.id, photo }));
      }
      await Promise.all([...writes, transaction.done]);
    });
  }

  /** Changes some fields of a kept capture and gives it back; undefined where there is none of this id. */
  change(id, fields) {
    return this.#with(async (db) => {
      const transaction = db.transaction(ROWS, "readwrite");
      const known = await transaction.store.get(id);
      const capture = known && { ...known, ...fields };
      if (capture) {
        await transaction.store.put(capture);
      }
      await transaction.done;
      return capture;
    });
  }

  /** One capture by its id, with its photo (null once the phone's copy has gone). */
  get(id) {
    return this.#with(async (db) => {
      const [row, kept] = await Promise.all([db.get(ROWS, id), db.get(PHOTOS, id)]);
      return row && { ...row, photo: kept?.photo ?? null };
    });
  }

  /** The photo of a capture; null where it has gone. */
  async photo(id) {
    return (await this.#with((db) => db.get(PHOTOS, id)))?.photo ?? null;
  }

  /** The small picture of a capture, made earlier; null where none was. */
  async small(id) {
    return (await this.#with((db) => db.get(KEPT, `small.${id}`))) ?? null;
  }

  /** All captures, the oldest first, without their photos. */
  async all() {
    const captures = await this.#with((db) => db.getAll(ROWS));
    return captures.sort((a, b) => a.kept_at - b.kept_at);
  }

  /** Lets the phone's copy of a photo go, keeping a small picture of it where there is one. */
  free(id, small = null) {
    return this.#with(async (db) => {
      const transaction = db.transaction([ROWS, PHOTOS, KEPT], "readwrite");
      const row = await transaction.objectStore(ROWS).get(id);
      if (row?.safe) {
        await transaction.objectStore(PHOTOS).delete(id);
        await transaction.objectStore(ROWS).put({ ...row, freed: true });
        if (small) {
          await transaction.objectStore(KEPT).put(small, `small.${id}`);
        }
      }
      await transaction.done;
    });
  }

  /** Forgets captures altogether, with everything of theirs. */
  forget(ids) {
    return this.#with(async (db) => {
      const transaction = db.transaction([ROWS, PHOTOS, KEPT], "readwrite");
      for (const id of ids) {
        transaction.objectStore(ROWS).delete(id);
        transaction.objectStore(PHOTOS).delete(id);
        transaction.objectStore(KEPT).delete(`small.${id}`);
      }
      await transaction.done;
    });
  }

  /** A value that was kept under a name; undefined where none was. */
  kept(name) {
    return this.#with((db) => db.get(KEPT, name));
  }

  /** Keeps a value under a name, where the service worker can read it too; null removes it. */
  keep(name, value) {
    return this.#with((db) => (value === null ? db.delete(KEPT, name) : db.put(KEPT, value, name)));
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
