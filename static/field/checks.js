// Whether a photo is worth sending: pure sums over its pixels and over what the phone knew. Nothing here draws or sends.

/** Bytes and pixels that the server takes (MAX_BYTES and MAX_PIXELS of capturegraph/photos/inspect.py). */
export const MOST_BYTES = 40_000_000;
export const MOST_PIXELS = 60_000_000;

/** Pixels of the longer side of the bitmap that is looked at: small enough for 30 ms of sums, large enough to see blur. */
export const LOOK_SIDE = 1024;

/*
 * The three limits below were measured by this very code in Chromium (tests/browser/measure_checks.py) on the four real
 * photographs of 500 pixels and more that lie at hand (three of Pillow's test pictures, matplotlib's grace_hopper) and on
 * two of the rendered ones of the design, each as it is, with less light, blurred, smaller and brighter.
 */

/**
 * Mean brightness (0–255) under which a photo is called dark. As they are 69–158; at a quarter of their light 17–39, which
 * can still be made out; at an eighth 8–19.
 */
export const DARK_BELOW = 16;

/**
 * Blur (0–1, `blurOf`) over which a photo is called blurred. As they are 0.13–0.40; after a Gaussian of 1/500 of the
 * longer side 0.46–0.69; of 1/250, in which lettering on a sign can no longer be read, 0.64–0.84.
 */
export const BLURRED_ABOVE = 0.62;

/**
 * Bits of 64 in which the hashes (`hashOf`) of two pictures differ at most that show the same. The same photo darker,
 * blurred, smaller or a third brighter: 0–6; different photos: 24 and more. Krawetz, who published this hash in 2013,
 * takes over 10 as another picture.
 */
export const ALIKE_BITS = 6;

/** Grey values of RGBA pixels (ITU-R BT.601), one for each pixel, as floats 0–255. */
export function greyOf(rgba) {
  const grey = new Float32Array(rgba.length / 4);
  for (let i = 0; i < grey.length; i += 1) {
    grey[i] = 0.299 * rgba[4 * i] + 0.587 * rgba[4 * i + 1] + 0.114 * rgba[4 * i + 2];
  }
  return grey;
}

/** The mean of grey values. */
export function brightnessOf(grey) {
  let sum = 0;
  for (const value of grey) {
    sum += value;
  }
  return grey.length ? sum / grey.length : 0;
}

/**
 * How blurred a picture is, 0 (sharp) to 1: a sharp one loses much of its contrast between neighbours when it is blurred
 * on purpose, a blurred one hardly any. Crete, Dolmiere, Ladret, Nicolas: "The blur effect" (2007), mean over 9 pixels.
 * A picture without any contrast gives 0: nothing can be said of it.
 */
export function blurOf(grey, width, height) {
  return Math.max(blurAlong(grey, width, height, 1, width), blurAlong(grey, height, width, width, 1));
}

/** The same along lines of `length` pixels that lie `step` apart; there are `lines`, `stride` apart. */
function blurAlong(grey, length, lines, step, stride) {
  let whole = 0;
  let left = 0;
  for (let line = 0; line < lines; line += 1) {
    const start = line * stride;
    let sum = 0;
    for (let i = 0; i < Math.min(9, length); i += 1) {
      sum += grey[start + i * step];
    }
    for (let i = 5; i + 4 < length; i += 1) {
      // `sum` is that of the nine around i - 1; the next one is known by what enters and what leaves.
      const entering = grey[start + (i + 4) * step];
      const leaving = grey[start + (i - 5) * step];
      const here = Math.abs(grey[start + i * step] - grey[start + (i - 1) * step]);
      const smooth = Math.abs(entering - leaving) / 9;
      sum += entering - leaving;
      whole += here;
      left += Math.max(0, here - smooth);
    }
  }
  return whole ? (whole - left) / whole : 0;
}

/**
 * A picture's look in 64 bits, as 16 hex digits: of 9 × 8 means, whether each is darker than its right neighbour (dHash,
 * Krawetz 2013). Size, format and brightness hardly change it.
 */
export function hashOf(grey, width, height) {
  const cells = meansOf(grey, width, height, 9, 8);
  let hex = "";
  for (let row = 0; row < 8; row += 1) {
    let bits = 0;
    for (let column = 0; column < 8; column += 1) {
      bits = bits * 2 + Number(cells[row * 9 + column] < cells[row * 9 + column + 1]);
    }
    hex += bits.toString(16).padStart(2, "0");
  }
  return hex;
}

/** The means of a picture in so many columns and rows. */
export function meansOf(grey, width, height, columns, rows) {
  const sums = new Float64Array(columns * rows);
  const counts = new Uint32Array(columns * rows);
  for (let y = 0; y < height; y += 1) {
    const row = Math.min(rows - 1, Math.floor((y * rows) / height));
    for (let x = 0; x < width; x += 1) {
      const cell = row * columns + Math.min(columns - 1, Math.floor((x * columns) / width));
      sums[cell] += grey[y * width + x];
      counts[cell] += 1;
    }
  }
  return sums.map((sum, i) => (counts[i] ? sum / counts[i] : 0));
}

/** In how many of 64 bits two hashes differ. */
export function bitsApart(one, other) {
  let apart = 0;
  for (let i = 0; i < 16; i += 1) {
    let bits = parseInt(one[i], 16) ^ parseInt(other[i], 16);
    while (bits) {
      apart += bits & 1;
      bits >>= 1;
    }
  }
  return apart;
}

/** Width and height of a picture made small enough to be looked at; a smaller one stays as it is. */
export function lookSize(width, height, side = LOOK_SIDE) {
  const scale = Math.min(1, side / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** What the pixels of a small bitmap say: {brightness, blur, hash}. */
export function looked(rgba, width, height) {
  const grey = greyOf(rgba);
  return { brightness: brightnessOf(grey), blur: blurOf(grey, width, height), hash: hashOf(grey, width, height) };
}

const ascii = (bytes, start, text) => [...text].every((letter, i) => bytes[start + i] === letter.charCodeAt(0));

/**
 * What a file is by its first 32 bytes: "jpeg", "png", "webp", "heic", "avif", else null. The same marks as the server reads.
 * @param {Uint8Array} bytes
 */
export function kindOf(bytes) {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) {
    return "jpeg";
  }
  if (bytes[0] === 0x89 && ascii(bytes, 1, "PNG\r\n\x1a\n")) {
    return "png";
  }
  if (ascii(bytes, 0, "RIFF") && ascii(bytes, 8, "WEBP")) {
    return "webp";
  }
  if (!ascii(bytes, 4, "ftyp")) {
    return null;
  }
  const still = ["heic", "heix", "heim", "heis", "mif1"].some((brand) => ascii(bytes, 8, brand));
  return still ? "heic" : ascii(bytes, 8, "avif") ? "avif" : null;
}

/**
 * Why the server would not take a file, before anything of it is read but its first bytes; null where it may.
 * @returns {{code: "empty"|"too_large"|"not_a_photo", bytes: number}|null}
 */
export function refusalOf({ size, kind }) {
  const code = size === 0 ? "empty" : size > MOST_BYTES ? "too_large" : kind === null ? "not_a_photo" : null;
  return code && { code, bytes: size, refused: true };
}

/**
 * Everything that is worth saying of a photo before it is sent, the gravest first.
 * @param {object} facts
 *   metadata: the capture's {latitude, longitude, accuracy_m, from_library, photo_sha256, taken_at};
 *   metres: from the slot, null where unknown; allowed_m, max_accuracy_m: the target's;
 *   look: {width, height, brightness, blur, hash}, or null where the browser could not show the picture;
 *   kind: as `kindOf`; denied: whether the page may not know the position;
 *   others: this phone's captures, {sha256, look, kept_at, slot: {id}}; slot: the id of the slot it is for; now: epoch ms
 * @returns {{code: string, refused?: boolean, note?: boolean}[]} with the figures that the sentence needs
 */
export function findingsOf(facts) {
  const { look } = facts;
  if (look && look.width * look.height > MOST_PIXELS) {
    return [{ code: "too_many_pixels", refused: true, pixels: look.width * look.height }];
  }
  return [...again(facts), ...position(facts), ...picture(facts)];
}

/** Whether this phone has taken it before. */
function again({ metadata, look, others, slot }) {
  const same = others.find((one) => one.sha256 && one.sha256 === metadata.photo_sha256);
  if (same) {
    return [{ code: "same", at: same.kept_at }];
  }
  // Of one and the same slot, a second photo is a better try and has to look like the first.
  const alike = others.find(
    (one) => one.look && look?.hash && one.slot?.id !== slot && bitsApart(one.look, look.hash) <= ALIKE_BITS,
  );
  return alike ? [{ code: "alike", at: alike.kept_at, title: alike.slot?.title ?? "" }] : [];
}

/** What is to be said of where it was taken. */
function position({ metadata, metres, allowed_m, max_accuracy_m, denied, now }) {
  if (metadata.from_library) {
    return [{ code: "from_library", minutes: Math.max(2, Math.round((now - Date.parse(metadata.taken_at)) / 60_000)) }];
  }
  if (!Number.isFinite(metres)) {
    return [{ code: denied ? "denied" : "no_position" }];
  }
  const found = [];
  if (metres >= allowed_m) {
    found.push({ code: "far", metres, allowed: allowed_m });
  }
  if (metadata.accuracy_m === 0) {
    found.push({ code: "made_up" });
  } else if (metadata.accuracy_m > max_accuracy_m) {
    found.push({ code: "rough", accuracy: metadata.accuracy_m, allowed: max_accuracy_m });
  }
  return found;
}

/** What is to be said of the picture itself. */
function picture({ look, kind }) {
  if (!look) {
    // The server reads HEIC and AVIF, whatever the browser does: nothing is wrong with them.
    return [kind === "heic" || kind === "avif" ? { code: "unseen", note: true } : { code: "unreadable" }];
  }
  const found = [];
  if (look.brightness < DARK_BELOW) {
    found.push({ code: "dark", percent: Math.round((look.brightness / 255) * 100) });
  } else if (look.blur > BLURRED_ABOVE) {
    // Noise in the dark hides what blur would show, so only one of the two is told.
    found.push({ code: "blurred" });
  }
  return found;
}

/** How far a phone is turned in its own plane, in degrees clockwise, from its tilts as the browser tells them; null where
 * it lies so flat that there is no up. W3C Device Orientation: rotations Z, X', Y''. */
export function rollOf(beta, gamma) {
  const [b, g] = [(beta * Math.PI) / 180, (gamma * Math.PI) / 180];
  const [right, up] = [Math.cos(b) * Math.sin(g), Math.sin(b)];
  return Math.hypot(right, up) < 0.5 ? null : (Math.atan2(right, up) * 180) / Math.PI;
}
