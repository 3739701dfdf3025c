// Photos and what is known of them as one ZIP file, made on the phone: the way out when nothing gets through.
// The photos are stored, not packed: they are packed already. The format is PKWARE's APPNOTE, its oldest part.

const MOST = 0xffff_ffff;
const LOCAL = 0x0403_4b50;
const CENTRAL = 0x0201_4b50;
const END = 0x0605_4b50;
const UTF8 = 0x0800;
const CHUNK = 1 << 20;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    value = value & 1 ? (value >>> 1) ^ 0xedb8_8320 : value >>> 1;
  }
  return value;
});

/** The CRC-32 of bytes, going on from an earlier one. */
export function crc32(bytes, before = 0) {
  let crc = ~before;
  for (const byte of bytes) {
    crc = TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

/** Little-endian numbers as bytes: [value, bytes] … */
function packed(...fields) {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [, width]) => sum + width, 0)));
  let at = 0;
  for (const [value, width] of fields) {
    if (width === 2) {
      view.setUint16(at, value, true);
    } else {
      view.setUint32(at, value, true);
    }
    at += width;
  }
  return new Uint8Array(view.buffer);
}

/** A moment as MS-DOS wrote it, which ZIP still does: local time, in steps of two seconds. */
function dosTime(when) {
  const time = (when.getHours() << 11) | (when.getMinutes() << 5) | (when.getSeconds() >> 1);
  const date = (Math.max(0, when.getFullYear() - 1980) << 9) | ((when.getMonth() + 1) << 5) | when.getDate();
  return [time, date];
}

/** The CRC-32 of a blob, read piece by piece. */
async function crcOf(blob) {
  let crc = 0;
  for (let at = 0; at < blob.size; at += CHUNK) {
    crc = crc32(new Uint8Array(await blob.slice(at, at + CHUNK).arrayBuffer()), crc);
  }
  return crc;
}

/** The fields that stand in both headers of a file. */
function described({ when, crc, size, name }) {
  const [time, date] = dosTime(when);
  return [[20, 2], [UTF8, 2], [0, 2], [time, 2], [date, 2], [crc, 4], [size, 4], [size, 4], [name.length, 2], [0, 2]];
}

/**
 * A ZIP file of blobs.
 * @param {{name: string, blob: Blob, when: Date}[]} files names with "/" between folders
 * @returns {Promise<Blob>}
 * @throws {RangeError} where it would be larger than 4 GB
 */
export async function zipOf(files) {
  const parts = [];
  const central = [];
  let at = 0;
  for (const { name: text, blob, when } of files) {
    const name = new TextEncoder().encode(text);
    const one = { when, crc: await crcOf(blob), size: blob.size, name };
    const head = packed([LOCAL, 4], ...described(one));
    parts.push(head, name, blob);
    central.push(packed([CENTRAL, 4], [20, 2], ...described(one), [0, 2], [0, 2], [0, 2], [0, 4], [at, 4]), name);
    at += head.length + name.length + blob.size;
  }
  const size = central.reduce((sum, { length }) => sum + length, 0);
  if (at + size > MOST) {
    throw new RangeError("more than 4 GB do not go into one ZIP file");
  }
  const end = packed([END, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [size, 4], [at, 4], [0, 2]);
  return new Blob([...parts, ...central, end], { type: "application/zip" });
}

/** A name for the file of a photo: when it was taken, where, and the beginning of its id. */
export function photoName(capture) {
  const kinds = {
    "image/png": "png",
    "image/webp": "webp",
    "image/heic": "heic",
    "image/heif": "heic",
    "image/avif": "avif",
  };
  const taken = capture.metadata.taken_at.slice(0, 19).replaceAll(":", "").replace("T", "-");
  const place = (capture.slot?.title ?? "")
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
  return `photos/${[taken, place, capture.id.slice(0, 8)].filter(Boolean).join("_")}.${kinds[capture.type] ?? "jpg"}`;
}

/**
 * The unsent photos with everything that is known of them, and a page that says what this is.
 * @param {object[]} captures as the outbox has them, each with its `photo` (null: there is none any more)
 * @param {string} readme
 * @param {Date} now
 * @returns {Promise<Blob>}
 */
export async function unsentZip(captures, readme, now) {
  const facts = captures.map(({ photo, ...row }) => ({ ...row, file: photo ? photoName(row) : null }));
  const text = (content, type) => new Blob([content], { type });
  const files = captures
    .filter(({ photo }) => photo)
    .map((one) => ({ name: photoName(one), blob: one.photo, when: new Date(one.kept_at) }));
  return zipOf([
    { name: "README.txt", blob: text(readme, "text/plain"), when: now },
    { name: "captures.json", blob: text(`${JSON.stringify(facts, null, 2)}\n`, "application/json"), when: now },
    ...files,
  ]);
}
