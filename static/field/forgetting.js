// What this phone knows of a person, forgotten: when they sign it out, and when they are erased. Photos that somebody
// else took here are not theirs to take away.

import { dropDraft, keptDraft } from "./draft.js";
import { isMine } from "./queue.js";

const OURS = "capturegraph.";
const PICTURES = "capturegraph-pictures";

/** Forgets everything but photos: who this phone is, what it held, where it was tapped, pictures for members only. */
export async function forgetPerson(outbox) {
  await outbox.keep("device", null).catch(() => {});
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith(OURS))) {
    localStorage.removeItem(key);
  }
  await globalThis.caches?.delete(PICTURES).catch(() => {});
}

/**
 * Forgets the photos that a person took, sent or not.
 * @param {import("./outbox.js").Outbox} outbox
 * @param {object} device as readDevice gives it
 * @param {string[]} formerly the ids of people whom the server has made one with this one
 */
export async function forgetPhotos(outbox, device, formerly) {
  const theirs = (one) => isMine(one, device) || formerly.includes(one.user);
  const kept = await outbox.all().catch(() => []);
  await outbox.forget(kept.filter(theirs).map(({ id }) => id)).catch(() => {});
  const draft = await keptDraft();
  if (draft && theirs(draft.capture)) {
    await dropDraft();
  }
}
