// What a look at a photo finds: the sums on made pictures, and which findings which facts lead to.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ALIKE_BITS,
  bitsApart,
  BLURRED_ABOVE,
  blurOf,
  brightnessOf,
  DARK_BELOW,
  findingsOf,
  greyOf,
  hashOf,
  kindOf,
  looked,
  lookSize,
  meansOf,
  MOST_BYTES,
  MOST_PIXELS,
  refusalOf,
  rollOf,
} from "../../../static/field/checks.js";

/** A picture of its own: blocks of random greys, the same for the same seed. */
function blocks(width, height, seed, side = 12) {
  let state = seed;
  const next = () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
  const columns = Math.ceil(width / side);
  const greys = Array.from({ length: columns * Math.ceil(height / side) }, () => 40 + next() * 180);
  return Float32Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return greys[Math.floor(y / side) * columns + Math.floor(x / side)];
  });
}

/** The same, each pixel the mean of a square around it. */
function blurred(grey, width, height, radius) {
  return grey.map((_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    let [sum, count] = [0, 0];
    for (let b = Math.max(0, y - radius); b <= Math.min(height - 1, y + radius); b += 1) {
      for (let a = Math.max(0, x - radius); a <= Math.min(width - 1, x + radius); a += 1) {
        sum += grey[b * width + a];
        count += 1;
      }
    }
    return sum / count;
  });
}

test("grey is what the eye sees, and brightness is its mean", () => {
  const grey = greyOf([255, 255, 255, 255, 0, 0, 0, 255, 0, 255, 0, 255]);
  assert.deepEqual([...grey].map(Math.round), [255, 0, 150]);
  assert.equal(Math.round(brightnessOf(grey)), 135);
  assert.equal(brightnessOf([]), 0);
});

test("a sharp picture is not blurred, the same one blurred is, whichever way it lies", () => {
  for (const [width, height] of [
    [240, 160],
    [160, 240],
  ]) {
    const sharp = blocks(width, height, 7);
    assert.ok(blurOf(sharp, width, height) < BLURRED_ABOVE, `${blurOf(sharp, width, height)}`);
    const soft = blurred(sharp, width, height, 6);
    assert.ok(blurOf(soft, width, height) > BLURRED_ABOVE, `${blurOf(soft, width, height)}`);
  }
});

test("blur along one direction only, as a shaken hand makes it, is found in both directions", () => {
  const [width, height] = [200, 200];
  const sharp = blocks(width, height, 3, 10);
  const smeared = (step, length) =>
    sharp.map((_, i) => {
      let [sum, count] = [0, 0];
      for (let k = 0; k < length; k += 1) {
        if (i - k * step >= 0) {
          sum += sharp[i - k * step];
          count += 1;
        }
      }
      return sum / count;
    });
  assert.ok(blurOf(smeared(1, 12), width, height) > BLURRED_ABOVE);
  assert.ok(blurOf(smeared(width, 12), width, height) > BLURRED_ABOVE);
});

test("of a picture without contrast nothing is said, and tiny ones do no harm", () => {
  assert.equal(blurOf(new Float32Array(100 * 100).fill(90), 100, 100), 0);
  assert.equal(blurOf(new Float32Array(4), 2, 2), 0);
  assert.equal(blurOf(new Float32Array(0), 0, 0), 0);
});

test("a hash is 16 hex digits, changes little with light and size, and much with the picture", () => {
  const one = blocks(180, 120, 1, 20);
  const hash = hashOf(one, 180, 120);
  assert.match(hash, /^[0-9a-f]{16}$/);
  const brighter = one.map((value) => Math.min(255, value * 1.2));
  assert.ok(bitsApart(hash, hashOf(brighter, 180, 120)) <= ALIKE_BITS);
  const half = meansOf(one, 180, 120, 90, 60);
  assert.ok(bitsApart(hash, hashOf(half, 90, 60)) <= ALIKE_BITS);
  assert.ok(bitsApart(hash, hashOf(blocks(180, 120, 2, 20), 180, 120)) > 2 * ALIKE_BITS);
});

test("bits are counted, all 64 of them", () => {
  assert.equal(bitsApart("0000000000000000", "ffffffffffffffff"), 64);
  assert.equal(bitsApart("8000000000000001", "0000000000000000"), 2);
});

test("12 million pixels are looked at within a small bitmap, small pictures as they are", () => {
  assert.deepEqual(lookSize(4000, 3000), { width: 1024, height: 768 });
  assert.deepEqual(lookSize(3000, 4000), { width: 768, height: 1024 });
  assert.deepEqual(lookSize(300, 200), { width: 300, height: 200 });
  assert.deepEqual(lookSize(100_000, 10), { width: 1024, height: 1 });
});

test("all figures of a bitmap at once", () => {
  const look = looked(new Uint8ClampedArray(4 * 32 * 24).fill(200), 32, 24);
  assert.deepEqual(look, { brightness: look.brightness, blur: 0, hash: "0000000000000000" });
  assert.equal(Math.round(look.brightness), 200);
});

const bytes = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

test("a file is what its first bytes are", () => {
  assert.equal(kindOf(bytes("\xff\xd8\xff\xe1 and so on")), "jpeg");
  assert.equal(kindOf(bytes("\x89PNG\r\n\x1a\n")), "png");
  assert.equal(kindOf(bytes("RIFF0000WEBPVP8 ")), "webp");
  assert.equal(kindOf(bytes("\0\0\0\x18ftypheic")), "heic");
  assert.equal(kindOf(bytes("\0\0\0\x18ftypmif1")), "heic");
  assert.equal(kindOf(bytes("\0\0\0\x20ftypavif")), "avif");
  for (const other of ["\0\0\0\x18ftypavis", "\0\0\0\x18ftypisom", "GIF89a", "%PDF-1.7", "PK\x03\x04", "<svg", "", "RIFF"]) {
    assert.equal(kindOf(bytes(other)), null, other);
  }
});

test("only what the server would refuse is refused", () => {
  assert.equal(refusalOf({ size: 5_000_000, kind: "jpeg" }), null);
  assert.equal(refusalOf({ size: MOST_BYTES, kind: "heic" }), null);
  assert.equal(refusalOf({ size: 0, kind: null }).code, "empty");
  assert.equal(refusalOf({ size: MOST_BYTES + 1, kind: "jpeg" }).code, "too_large");
  assert.equal(refusalOf({ size: 60_000_000, kind: null }).code, "too_large");
  assert.equal(refusalOf({ size: 100, kind: null }).code, "not_a_photo");
});

const NOW = Date.parse("2026-06-01T09:00:00Z");
const GOOD = {
  metadata: { latitude: 1, longitude: 1, accuracy_m: 8, from_library: false, photo_sha256: "a", taken_at: "2026-06-01T09:00:00Z" },
  metres: 11,
  allowed_m: 50,
  max_accuracy_m: 50,
  denied: false,
  kind: "jpeg",
  look: { width: 4000, height: 3000, brightness: 120, blur: 0.3, hash: "0123456789abcdef" },
  others: [],
  slot: "one",
  now: NOW,
};
const codes = (facts) => findingsOf({ ...GOOD, ...facts }).map(({ code }) => code);
const told = (fields) => ({ metadata: { ...GOOD.metadata, ...fields } });

test("nothing is said of a good photo", () => {
  assert.deepEqual(codes({}), []);
});

test("far: exactly as much as is allowed is too far, as the server judges it", () => {
  assert.deepEqual(codes({ metres: 49.99 }), []);
  assert.deepEqual(findingsOf({ ...GOOD, metres: 50 }), [{ code: "far", metres: 50, allowed: 50 }]);
});

test("the position: rough, made up, none, denied", () => {
  assert.deepEqual(codes(told({ accuracy_m: 50 })), []);
  assert.deepEqual(codes(told({ accuracy_m: 51 })), ["rough"]);
  assert.deepEqual(codes(told({ accuracy_m: 0 })), ["made_up"]);
  assert.deepEqual(codes({ metres: null }), ["no_position"]);
  assert.deepEqual(codes({ metres: null, denied: true }), ["denied"]);
  assert.deepEqual(codes({ metres: 80, ...told({ accuracy_m: 90 }) }), ["far", "rough"]);
});

test("a photo from the library is told as that, with its age, and its place is not asked for", () => {
  const old = told({ from_library: true, taken_at: "2026-06-01T08:30:00Z" });
  assert.deepEqual(findingsOf({ ...GOOD, ...old, metres: null }), [{ code: "from_library", minutes: 30 }]);
});

test("dark, or else blurred", () => {
  const look = (fields) => ({ look: { ...GOOD.look, ...fields } });
  assert.deepEqual(codes(look({ brightness: DARK_BELOW })), []);
  assert.deepEqual(codes(look({ brightness: DARK_BELOW - 1 })), ["dark"]);
  assert.deepEqual(codes(look({ blur: BLURRED_ABOVE })), []);
  assert.deepEqual(codes(look({ blur: BLURRED_ABOVE + 0.01 })), ["blurred"]);
  assert.deepEqual(codes(look({ blur: 0.9, brightness: 3 })), ["dark"]);
});

test("what cannot be shown: a HEIC or AVIF is only noted, another one may be damaged", () => {
  assert.deepEqual(findingsOf({ ...GOOD, look: null, kind: "avif" }), [{ code: "unseen", note: true }]);
  assert.deepEqual(findingsOf({ ...GOOD, look: null, kind: "heic" }), [{ code: "unseen", note: true }]);
  assert.deepEqual(codes({ look: null }), ["unreadable"]);
});

test("too many pixels are refused, and nothing else is said", () => {
  const [only, ...rest] = findingsOf({ ...GOOD, metres: 900, look: { ...GOOD.look, width: MOST_PIXELS + 1, height: 1 } });
  assert.equal(only.code, "too_many_pixels");
  assert.ok(only.refused);
  assert.deepEqual(rest, []);
});

test("the same photo again, whatever slot; one that looks alike only of another slot", () => {
  const before = { sha256: "b", look: "0123456789abcdee", kept_at: 5, slot: { id: "two", title: "Two" } };
  assert.deepEqual(findingsOf({ ...GOOD, others: [before] }), [{ code: "alike", at: 5, title: "Two" }]);
  assert.deepEqual(codes({ others: [{ ...before, slot: { id: "one" } }] }), []);
  assert.deepEqual(codes({ others: [{ ...before, sha256: "a", slot: { id: "one" } }] }), ["same"]);
  assert.deepEqual(codes({ others: [{ ...before, look: "fedcba9876543210" }, { sha256: null, look: null }] }), []);
  assert.deepEqual(codes({ others: [before], look: null, kind: "heic" }), ["unseen"]);
});

test("the level: upright is even, turned is turned, flat says nothing", () => {
  assert.ok(Math.abs(rollOf(90, 0)) < 1e-9);
  assert.ok(Math.abs(rollOf(45, 0)) < 1e-9);
  // Turned by a quarter to the right, the browser says so with gamma.
  assert.ok(Math.abs(rollOf(0, 90) - 90) < 1e-9);
  assert.equal(rollOf(0, 0), null);
  assert.equal(rollOf(180, 0), null);
});
