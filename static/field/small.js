// Small square pictures of photos for the list, made on the phone.

const SIDE = 144;
const made = new Map();

/** Draws the middle of a photo small; null where this browser cannot show that kind of photo. */
async function drawn(photo) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(photo);
  } catch {
    return null;
  }
  const side = Math.min(bitmap.width, bitmap.height);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const [x, y] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
  canvas.getContext("2d").drawImage(bitmap, x, y, side, side, 0, 0, SIDE, SIDE);
  bitmap.close();
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.75));
}

let last = Promise.resolve();

/**
 * A small picture of a capture: of its photo, or what was kept of it when that was freed. One at a time: a photo of
 * 12 megapixels takes 48 MB while it is drawn.
 * @returns {Promise<Blob|null>}
 */
export function smallOf(outbox, capture) {
  if (!made.has(capture.id)) {
    const mine = last.then(async () => {
      const kept = await outbox.small(capture.id);
      const photo = kept ? null : await outbox.photo(capture.id);
      return kept ?? (photo?.size ? drawn(photo) : null);
    });
    last = mine.catch(() => null);
    made.set(capture.id, last);
  }
  return made.get(capture.id);
}
