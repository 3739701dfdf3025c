// The photo between the shutter and the person's word: kept, so that a page that is ended meanwhile loses nothing.

import { openDB } from "../vendor/idb@8.0.4/idb.js";

const STORE = "draft";
const KEY = "the one";

let opened = null;

/** The database, opened once; a failed try is no reason not to try again. */
function open() {
  opened ??= openDB("capturegraph.draft", 1, {
    upgrade: (db) => void db.createObjectStore(STORE),
    terminated: () => {
      opened = null;
    },
  }).catch((problem) => {
    opened = null;
    throw problem;
  });
  return opened;
}

/** Does something with the database; once more where it failed: browsers close it behind a page in the background. */
async function withDatabase(work) {
  try {
    return await work(await open());
  } catch {
    opened = null;
    return work(await open());
  }
}

/** Keeps the one draft {capture, kind, held}; gives whether there was room. */
export async function keepDraft(draft) {
  try {
    await withDatabase((db) => db.put(STORE, draft, KEY));
    return true;
  } catch {
    return false;
  }
}

/** The draft; null when there is none. */
export async function keptDraft() {
  try {
    return (await withDatabase((db) => db.get(STORE, KEY))) ?? null;
  } catch {
    return null;
  }
}

/** Forgets the draft. */
export async function dropDraft() {
  try {
    await withDatabase((db) => db.delete(STORE, KEY));
  } catch {
    // What cannot be opened holds none.
  }
}
