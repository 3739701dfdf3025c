// The ZIP file of unsent photos, read back by another reader of ZIP files.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import zlib from "node:zlib";

import { crc32, photoName, unsentZip, zipOf } from "../../../static/field/unsent-zip.js";

const ROW = {
  id: "0123abcd-0000-4000-8000-000000000000",
  type: "image/jpeg",
  slot: { title: "D.C. War Mémorial / 2" },
  metadata: { taken_at: "2026-11-21T14:02:03.000Z" },
  kept_at: Date.UTC(2026, 10, 21, 14, 2, 4),
};

/** Reads a ZIP file with Python: {name: [text in hex]}; it checks every CRC. */
async function readBack(blob) {
  const folder = mkdtempSync(path.join(tmpdir(), "zip"));
  const file = path.join(folder, "it.zip");
  writeFileSync(file, Buffer.from(await blob.arrayBuffer()));
  const script = "import json,sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n"
    + "print(json.dumps({n: z.read(n).hex() for n in z.namelist()}))";
  const text = execFileSync("python3", ["-c", script, file], { encoding: "utf8", maxBuffer: 1e8 });
  rmSync(folder, { recursive: true });
  return JSON.parse(text);
}

test("the checksum is the one that everybody computes", () => {
  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256);
  assert.equal(crc32(bytes), zlib.crc32(bytes));
  assert.equal(crc32(bytes.slice(100), crc32(bytes.slice(0, 100))), zlib.crc32(bytes));
});

test("names say when, where and which, and are good on every system", () => {
  assert.equal(photoName(ROW), "photos/2026-11-21-140203_D-C-War-Memorial-2_0123abcd.jpg");
  assert.equal(photoName({ ...ROW, slot: {}, type: "image/heic" }), "photos/2026-11-21-140203_0123abcd.heic");
});

test("photos, facts and a page that says what this is; a photo that has gone leaves its facts", async () => {
  const photo = new Blob([Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 31) % 251)], { type: "image/jpeg" });
  const gone = { ...ROW, id: "ffff0000-0000-4000-8000-000000000000", photo: null };
  const read = await readBack(await unsentZip([{ ...ROW, photo }, gone], "Häagen\n", new Date()));
  assert.deepEqual(Object.keys(read).sort(), ["README.txt", "captures.json", photoName(ROW)].sort());
  assert.equal(read[photoName(ROW)], Buffer.from(await photo.arrayBuffer()).toString("hex"));
  assert.equal(Buffer.from(read["README.txt"], "hex").toString(), "Häagen\n");
  const facts = JSON.parse(Buffer.from(read["captures.json"], "hex").toString());
  assert.deepEqual(facts.map(({ id, file }) => [id, file]), [[ROW.id, photoName(ROW)], [gone.id, null]]);
});

test("an empty list is a good file too", async () => {
  assert.deepEqual(await readBack(await zipOf([])), {});
});
