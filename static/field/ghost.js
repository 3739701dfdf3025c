// The outline of the photo that is to be taken again: its edges, as thin lines that leave the scene readable.

import { greyOf, lookSize } from "./checks.js";

/** Pixels of the longer side of the outline: more would show grass and leaves rather than shapes. */
export const OUTLINE_SIDE = 360;

/** The share of pixels that become lines: the strongest edges. More is a veil, less loses the roof. */
const LINES = 0.06;

/** Pixels that a line has at least: what is shorter is a leaf or a window, not the building. */
const LEAST = 14;

const YELLOW = [255, 216, 77];
const DARK = [10, 14, 18];

/** Means over 3 × 3 pixels, twice: noise and leaves make no lines. Borders repeat. */
function softened(grey, width, height) {
  let from = grey;
  for (let pass = 0; pass < 2; pass += 1) {
    const to = new Float32Array(from.length);
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        let sum = 0;
        for (let dy = -1; dy <= 1; dy += 1) {
          const row = Math.min(height - 1, Math.max(0, y + dy)) * width;
          for (let dx = -1; dx <= 1; dx += 1) {
            sum += from[row + Math.min(width - 1, Math.max(0, x + dx))];
          }
        }
        to[y * width + x] = sum / 9;
      }
    }
    from = to;
  }
  return from;
}

/** The strength of the edge at each pixel (Sobel), 0 on the border, and the way across it: 1 if mostly sideways. */
function edges(grey, width, height) {
  const strength = new Float32Array(grey.length);
  const sideways = new Uint8Array(grey.length);
  for (let y = 1; y < height - 1; y += 1) {
    for (let x = 1; x < width - 1; x += 1) {
      const i = y * width + x;
      const [a, b, c] = [grey[i - width - 1], grey[i - width], grey[i - width + 1]];
      const [d, f] = [grey[i - 1], grey[i + 1]];
      const [g, e, k] = [grey[i + width - 1], grey[i + width], grey[i + width + 1]];
      const across = c + 2 * f + k - a - 2 * d - g;
      const down = g + 2 * e + k - a - 2 * b - c;
      strength[i] = Math.hypot(across, down);
      sideways[i] = Number(Math.abs(across) > Math.abs(down));
    }
  }
  return { strength, sideways };
}

/**
 * Which pixels of a picture are outline.
 * @param {Float32Array} grey values 0–255, row by row
 * @returns {Uint8Array} 1 where a line is
 */
export function outlineOf(grey, width, height) {
  const { strength, sideways } = edges(softened(grey, width, height), width, height);
  const ranked = Float32Array.from(strength).sort();
  const least = Math.max(8, ranked[Math.floor(ranked.length * (1 - LINES))]);
  const lines = new Uint8Array(grey.length);
  for (let i = width; i < grey.length - width; i += 1) {
    // Only the crest of an edge: a line is one pixel wide, whatever the edge is.
    const step = sideways[i] ? 1 : width;
    lines[i] = Number(strength[i] >= least && strength[i] >= strength[i - step] && strength[i] > strength[i + step]);
  }
  return withoutSpecks(lines, width);
}

/** Drops lines of fewer than `LEAST` pixels; pixels that touch, at a corner too, are one line. */
function withoutSpecks(lines, width) {
  const seen = new Uint8Array(lines.length);
  const around = [-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1];
  for (let start = 0; start < lines.length; start += 1) {
    if (!lines[start] || seen[start]) {
      continue;
    }
    const line = [start];
    seen[start] = 1;
    for (let next = 0; next < line.length; next += 1) {
      for (const step of around) {
        const i = line[next] + step;
        if (lines[i] && !seen[i]) {
          seen[i] = 1;
          line.push(i);
        }
      }
    }
    if (line.length < LEAST) {
      line.forEach((i) => (lines[i] = 0));
    }
  }
  return lines;
}

/** Colours for an outline: yellow lines with a dark edge, nothing between. RGBA, row by row. */
export function inkOf(lines, width, height) {
  const ink = new Uint8ClampedArray(lines.length * 4);
  const put = (x, y, colour, alpha) => {
    if (x >= 0 && y >= 0 && x < width && y < height) {
      ink.set([...colour, alpha], 4 * (y * width + x));
    }
  };
  const each = (work) => lines.forEach((on, i) => on && work(i % width, Math.floor(i / width)));
  each((x, y) => {
    for (let dy = -1; dy <= 2; dy += 1) {
      for (let dx = -1; dx <= 2; dx += 1) {
        put(x + dx, y + dy, DARK, 190);
      }
    }
  });
  each((x, y) => {
    put(x, y, YELLOW, 255);
    put(x + 1, y, YELLOW, 255);
    put(x, y + 1, YELLOW, 255);
    put(x + 1, y + 1, YELLOW, 255);
  });
  return ink;
}

/** Draws the outline of a picture on a canvas, which takes the picture's shape; throws where it cannot be shown. */
export async function drawOutline(canvas, picture) {
  const bitmap = await createImageBitmap(picture);
  const { width, height } = lookSize(bitmap.width, bitmap.height, OUTLINE_SIDE);
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const grey = greyOf(context.getImageData(0, 0, width, height).data);
  const ink = inkOf(outlineOf(grey, width, height), width, height);
  context.putImageData(new ImageData(ink, width, height), 0, 0);
}
