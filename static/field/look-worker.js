// Looks at a photo beside the page, so that the page goes on answering taps.

import { looked, lookSize } from "./checks.js";

/** The pixels of a photo, made small: {width, height (of the whole), rgba, small: {width, height}}. */
async function pixelsOf(photo) {
  const bitmap = await createImageBitmap(photo);
  const { width, height } = bitmap;
  const small = lookSize(width, height);
  const canvas = new OffscreenCanvas(small.width, small.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "medium";
  context.drawImage(bitmap, 0, 0, small.width, small.height);
  bitmap.close();
  return { width, height, small, rgba: context.getImageData(0, 0, small.width, small.height).data };
}

addEventListener("message", async ({ data: { photo } }) => {
  try {
    const { width, height, small, rgba } = await pixelsOf(photo);
    postMessage({ look: { width, height, ...looked(rgba, small.width, small.height) } });
  } catch {
    postMessage({ look: null });
  }
});
