// From "Take photo" to a photo that lies safely on the phone. What comes after it is after.js.

import { notice, part, show } from "./page.js";
import { compass, now, outbox, position } from "./phone.js";
import { emit, run } from "./router.js";
import { captureFrom, closeShutter, openShutter, pendingShutter } from "./shutter.js";
import { words } from "../words.js";

const CHECKS_WITHIN_MS = 3000;

/** Puts a capture into the outbox, shows what comes after, and tells who sends it. */
export async function keepPhoto(capture) {
  try {
    await outbox.put(capture);
  } catch {
    notice(words.storageFull);
    return false;
  }
  closeShutter(capture.id);
  navigator.storage?.persist?.().catch(() => {});
  now.capture = capture;
  show("after", "none");
  emit("kept", { capture });
  return true;
}

let checked = null;
let arrived = null;
const arriving = new Promise((resolve) => {
  arrived = resolve;
});

/** Says what looks at photos: `check(file, takenWith, opened)` keeps the photo, or asks first. */
export function useChecks(check) {
  checked = check;
  arrived();
}

/**
 * Takes in what a camera brought: looked at first, then kept.
 * @param {File} file the photo
 * @param {"camera"|"viewfinder"} takenWith
 * @param {object|null} opened the note of the tap that this photo belongs to
 */
export async function takeIn(file, takenWith = "camera", opened = pendingShutter()) {
  // Without signal, on a page that never came whole, the checks are missing. The photo is worth more than they are.
  await Promise.race([arriving, new Promise((resolve) => setTimeout(resolve, CHECKS_WITHIN_MS))]);
  if (checked) {
    await checked(file, takenWith, opened);
    return;
  }
  try {
    await keepPhoto(await captureFrom(file, position, compass, now.held, takenWith, opened));
  } catch {
    notice(words.storageFull);
  }
}

/**
 * The page was ended while the camera was open: the photo is lost, and that is said; the slot is not. Some browsers
 * bring the file back with the page. What was kept of a photo before it was decided on, checking.js goes on with.
 */
export async function noteLostShutter() {
  const pending = pendingShutter();
  const [file] = part("photo").files;
  if (pending?.drafted) {
    return;
  }
  if (pending && file) {
    await takeIn(file);
  } else if (pending) {
    closeShutter();
    notice(words.shutterLost);
  }
}

part("photo").addEventListener("click", () => openShutter(now.held, position, compass));
part("photo").addEventListener("cancel", () => closeShutter());
part("photo").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  if (file) {
    const [shutter, opened] = [part("shutter"), pendingShutter()];
    // A busy button takes no second tap, but a second photo is there already: it waits for its turn.
    await run(shutter.ariaBusy === "true" ? null : shutter, () => takeIn(file, "camera", opened));
  }
  if (target.files[0] === file) {
    target.value = "";
  }
});
