// From the tap on "Take photo" to a capture that is safe on the phone. Nothing is sent from here.

import { readDevice, keep, newId, recall } from "./device.js";
import { sha256 } from "./outbox.js";

const PENDING = "capturegraph.shutter";
const LIBRARY_AFTER_MS = 120_000;
const TYPES = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  heic: "image/heic",
  heif: "image/heic",
  avif: "image/avif",
};

/** What the phone knows of its place at one moment; null fields are left out when it is sent. */
function momentOf(position, compass) {
  const fix = position.fresh();
  return {
    at: new Date().toISOString(),
    latitude: fix?.latitude ?? null,
    longitude: fix?.longitude ?? null,
    accuracy_m: fix?.accuracy ?? null,
    heading: compass.heading === null ? null : Math.round(compass.heading * 10) / 10,
    heading_source: compass.heading === null ? null : compass.source,
  };
}

/** Notes the moment of the tap before the camera opens: the browser may end the page behind it. */
export function openShutter(held, position, compass) {
  keep(PENDING, { id: newId(), held, tap: momentOf(position, compass) });
}

/** The shutter that was opened and never came back; null when there is none. */
export function pendingShutter() {
  return recall(PENDING);
}

/** Notes that the photo of this shutter lies on the phone by now, and what it was taken with. */
export function noteDraft(id, takenWith) {
  const pending = pendingShutter();
  if (pending?.id === id) {
    keep(PENDING, { ...pending, drafted: takenWith });
  }
}

/**
 * Forgets the open shutter: the photo is kept, or the camera was left without one.
 * @param {string} [id] only where it is this one: the camera may have been opened again meanwhile
 */
export function closeShutter(id = undefined) {
  if (id === undefined || pendingShutter()?.id === id) {
    keep(PENDING, null);
  }
}

/** Whether a picked file is older than the tap: then it is no photo of here and now, and has no position of ours. */
function isFromLibrary(file, tap) {
  return Date.parse(tap.at) - file.lastModified > LIBRARY_AFTER_MS;
}

/** Of the moments of the tap and of the return, the one that lies nearer to when the photo was taken. */
function nearerMoment(tap, back, taken) {
  if (tap.latitude === null || back.latitude === null) {
    return tap.latitude === null ? back : tap;
  }
  return Math.abs(Date.parse(tap.at) - taken) < Math.abs(Date.parse(back.at) - taken) ? tap : back;
}

/** The fields of a moment that are sent: what is unknown is left out rather than sent as null. */
function known(fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));
}

/** The type of a photo; some phones do not name it. */
function typeOf(file) {
  return file.type || TYPES[file.name.split(".").pop().toLowerCase()] || "image/jpeg";
}

/**
 * Makes a capture of the file that the camera brought back, ready for the outbox.
 * @param {File} file the photo
 * @param {Position} position where the phone is now
 * @param {Compass} compass which way it looks now
 * @param {object} heldNow the slot in hand now, for when the note of the tap is lost
 * @param {"camera"|"viewfinder"} takenWith the phone's own camera, or the viewfinder of this page
 * @param {object|null} opened the note of the tap
 * @returns {Promise<object>} a capture as outbox.js describes it
 */
export async function captureFrom(file, position, compass, heldNow, takenWith, opened) {
  const back = momentOf(position, compass);
  // A note that has led to a photo already is not that of another one: two captures must not have one id.
  const fresh = { id: newId(), held: opened?.held ?? heldNow, tap: back };
  const { id, held, tap } = opened && !opened.drafted ? opened : fresh;
  const fromLibrary = isFromLibrary(file, tap);
  const taken = Math.min(Math.max(file.lastModified, Date.parse(tap.at)), Date.parse(back.at));
  const { at: _, ...fix } = fromLibrary ? {} : nearerMoment(tap, back, taken);
  const bytes = await file.arrayBuffer();
  const digest = await sha256(bytes);
  const metadata = known({
    target: held.target.id,
    assignment: held.assignment.id,
    ...fix,
    taken_at: new Date(fromLibrary ? file.lastModified : taken).toISOString(),
    photo_sha256: digest,
    photo_size: bytes.byteLength,
    from_library: fromLibrary,
    moments: fromLibrary ? null : { tap: known(tap), back: known(back) },
    taken_with: takenWith,
    // What the phone found wrong with it, where the person sent it all the same: known after the checks only.
    warned: null,
  });
  const { id: slotId, title, latitude, longitude } = held.slot;
  const { device_id, user } = readDevice();
  return {
    id,
    device_id,
    user,
    target: held.target.id,
    slot: { id: slotId, title, latitude, longitude, allowed_m: held.target.allowed_m },
    metadata,
    photo: new Blob([bytes], { type: typeOf(file) }),
    size: bytes.byteLength,
    sha256: digest,
    told: false,
    sent: false,
    safe: false,
    problem: null,
    receipt: null,
    kept_at: Date.now(),
  };
}
