// What a photo looks like in figures: by a worker where the browser has one that can draw, else on a small bitmap here.

import { asset } from "../assets.js";
import { looked, lookSize } from "./checks.js";

const PATIENCE_MS = 8000;

/**
 * Looks at a photo.
 * @param {Blob} photo
 * @returns {Promise<{width: number, height: number, brightness: number, blur: number, hash: string}|null>} null where
 *   this browser cannot show it
 */
export async function lookAt(photo) {
  if (globalThis.OffscreenCanvas && globalThis.Worker) {
    try {
      return await byWorker(photo);
    } catch {
      // A worker that did not start says nothing about the photo.
    }
  }
  return byPage(photo);
}

/** Looks at it in a worker; rejects where that one cannot be had or takes too long. */
function byWorker(photo) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(asset("lookWorker"), { type: "module" });
    const end = (settle, value) => {
      clearTimeout(timer);
      worker.terminate();
      settle(value);
    };
    const timer = setTimeout(() => end(reject, new Error("the worker was silent")), PATIENCE_MS);
    worker.addEventListener("message", ({ data }) => end(resolve, data.look));
    worker.addEventListener("error", () => end(reject, new Error("the worker did not start")));
    worker.postMessage({ photo });
  });
}

/** Looks at it on the page. */
async function byPage(photo) {
  const address = URL.createObjectURL(photo);
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const small = lookSize(width, height);
    const canvas = Object.assign(document.createElement("canvas"), small);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0, small.width, small.height);
    const rgba = context.getImageData(0, 0, small.width, small.height).data;
    return { width, height, ...looked(rgba, small.width, small.height) };
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(address);
  }
}
