// Copies what the pages need from node_modules to static/vendor/<name>@<version>/, with its licence.
//
// Run it after `npm ci` whenever a version in package.json changes:  node .ci/vendor.mjs
// The result is committed: whoever runs Capturegraph needs neither Node nor a package registry.

import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { feature } from "topojson-client";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const MODULES = path.join(ROOT, "node_modules");
const VENDOR = path.join(ROOT, "static", "vendor");

// The District of Columbia and what lies around it, by Census county code: enough for a map that opens on the stones.
const AROUND_WASHINGTON = {
  11001: "Washington",
  24003: "Anne Arundel",
  24017: "Charles",
  24021: "Frederick",
  24027: "Howard",
  24031: "Montgomery",
  24033: "Prince George’s",
  51013: "Arlington",
  51059: "Fairfax",
  51107: "Loudoun",
  51153: "Prince William",
  51510: "Alexandria",
  51600: "Fairfax City",
  51610: "Falls Church",
};

/** Reads the exact version of an installed package. */
async function versionOf(name) {
  const text = await readFile(path.join(MODULES, name, "package.json"), "utf8");
  return JSON.parse(text).version;
}

/** Makes an empty static/vendor/<name>@<version>/ holding the package's licence; returns its path. */
async function folderFor(name, licence) {
  const folder = path.join(VENDOR, `${path.basename(name)}@${await versionOf(name)}`);
  await mkdir(folder, { recursive: true });
  await copyFile(path.join(MODULES, name, licence), path.join(folder, "LICENSE.txt"));
  return folder;
}

/** Copies one text file without its source map line: manifest storage fails on a map that is not there. */
async function copyText(from, to, wrap = (text) => text) {
  const text = await readFile(from, "utf8");
  const bare = text.replace(/^[ \t]*(\/\/[#@] sourceMappingURL=.*|\/\*[#@] sourceMappingURL=.*?\*\/)[ \t]*$/gm, "");
  await writeFile(to, `${wrap(bare).trimEnd()}\n`);
}

/** Puts a stylesheet into a cascade layer, so that our own rules win over it whatever their specificity. */
function inLayer(layer) {
  return (css) => `@layer ${layer}{\n${css.replace(/^@charset "[^"]*";/i, "")}\n}`;
}

/** Writes CommonJS files that require one another, the first one last, as one ES module. */
async function writeModule(to, folder, files, names) {
  const blocks = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(path.join(folder, `${file}.js`), "utf8");
      const inside = text.replace(/require\('\.\/(\w+)'\)/g, "$1Exports").trim();
      return `const ${file}Exports = (() => {\nconst module = {};\n${inside}\nreturn module.exports;\n})();\n`;
    }),
  );
  await writeFile(to, `${blocks.join("")}export const { ${names.join(", ")} } = ${files.at(-1)}Exports;\n`);
}

/** The reader of PMTiles as an ES module: its package has one file that brings fflate along, and no licence's text. */
async function writePmtiles() {
  const folder = path.join(VENDOR, `pmtiles@${await versionOf("pmtiles")}`);
  await mkdir(folder, { recursive: true });
  const licences = [path.join(ROOT, ".ci/licences/pmtiles.txt"), path.join(MODULES, "fflate/LICENSE")];
  const texts = await Promise.all(licences.map((file) => readFile(file, "utf8")));
  await writeFile(path.join(folder, "LICENSE.txt"), `${texts[0]}\n---\n\nfflate, which is a part of pmtiles.js:\n\n${texts[1]}`);
  const asModule = (text) => `${text.trimEnd()}\nexport const { FetchSource, PMTiles } = pmtiles;`;
  await copyText(path.join(MODULES, "pmtiles/dist/pmtiles.js"), path.join(folder, "pmtiles.js"), asModule);
}

/** Rounds every coordinate of a nested array and drops the points that fall on their predecessor. */
function rounded(coordinates, digits) {
  if (typeof coordinates[0] === "number") {
    return coordinates.map((value) => Number(value.toFixed(digits)));
  }
  const inner = coordinates.map((part) => rounded(part, digits));
  if (typeof inner[0]?.[0] !== "number") {
    return inner;
  }
  return inner.filter((point, i) => i === 0 || point[0] !== inner[i - 1][0] || point[1] !== inner[i - 1][1]);
}

/** Thins a closed ring to points at least `step` degrees apart; the base map is never looked at more closely. */
function thinned(ring, step) {
  let last = ring[0];
  return ring.filter((point, i) => {
    const far = Math.hypot(point[0] - last[0], point[1] - last[1]) >= step;
    const keep = i === 0 || i === ring.length - 1 || far;
    last = keep ? point : last;
    return keep;
  });
}

/** Drops the rings that rounding has flattened, and the polygons that have lost their outer ring. */
function withoutSlivers(polygons) {
  return polygons.filter(([outer]) => outer.length > 3).map((rings) => rings.filter((ring) => ring.length > 3));
}

/** Writes a FeatureCollection, one feature a line so that a change reads as one. */
async function writeGeojson(file, features) {
  const lines = features.map((one) => JSON.stringify(one)).join(",\n");
  await writeFile(file, `{"type":"FeatureCollection","features":[\n${lines}\n]}\n`);
}

/** Natural Earth's land at 1:50 million: the base map under every target that brings no outline of its own. */
async function writeLand() {
  const topology = JSON.parse(await readFile(path.join(MODULES, "world-atlas", "land-50m.json"), "utf8"));
  const folder = await folderFor("world-atlas", "LICENSE");
  const parts = feature(topology, topology.objects.land).features.flatMap(({ geometry }) =>
    geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates,
  );
  const polygons = withoutSlivers(parts.map((rings) => rounded(rings, 2).map((ring) => thinned(ring, 0.1))));
  const features = polygons.map((coordinates) => ({
    type: "Feature",
    properties: {},
    geometry: { type: "Polygon", coordinates },
  }));
  await writeGeojson(path.join(folder, "land-50m.geojson"), features);
}

/** The counties around the demonstration's stones (US Census Bureau, public domain). */
async function writeDemoOutline() {
  const topology = JSON.parse(await readFile(path.join(MODULES, "us-atlas", "counties-10m.json"), "utf8"));
  const counties = feature(topology, topology.objects.counties).features;
  const features = counties
    .filter(({ id }) => id in AROUND_WASHINGTON)
    .map(({ id, geometry }) => ({
      type: "Feature",
      properties: { name: AROUND_WASHINGTON[id], code: id },
      geometry: { type: geometry.type, coordinates: rounded(geometry.coordinates, 5) },
    }));
  const folder = path.join(ROOT, "capturegraph", "demo");
  await mkdir(folder, { recursive: true });
  await writeGeojson(path.join(folder, "outline.geojson"), features);
}

await rm(VENDOR, { recursive: true, force: true });
const pico = await folderFor("@picocss/pico", "LICENSE.md");
await copyText(
  path.join(MODULES, "@picocss/pico/css/pico.classless.min.css"),
  path.join(pico, "pico.classless.layer.css"),
  inLayer("pico"),
);
const maplibre = await folderFor("maplibre-gl", "LICENSE.txt");
for (const file of ["maplibre-gl.mjs", "maplibre-gl-worker.mjs", "maplibre-gl.css"]) {
  await copyText(path.join(MODULES, "maplibre-gl/dist", file), path.join(maplibre, file));
}
const idb = await folderFor("idb", "LICENSE");
await copyText(path.join(MODULES, "idb/build/index.js"), path.join(idb, "idb.js"));
const magvar = await folderFor("magvar", "LICENSE");
await writeModule(
  path.join(magvar, "magvar.js"),
  path.join(MODULES, "magvar/src"),
  ["utils", "WMMCOF2025", "magvar"],
  ["magvar", "MODEL_EPOCH", "MODEL_VALID_UNTIL"],
);
const htmx = await folderFor("htmx.org", "LICENSE");
await copyText(path.join(MODULES, "htmx.org/dist/htmx.min.js"), path.join(htmx, "htmx.min.js"));
const uplot = await folderFor("uplot", "LICENSE");
await copyText(path.join(MODULES, "uplot/dist/uPlot.esm.js"), path.join(uplot, "uplot.js"));
await copyText(path.join(MODULES, "uplot/dist/uPlot.min.css"), path.join(uplot, "uplot.css"));
await writePmtiles();
await writeLand();
await writeDemoOutline();
