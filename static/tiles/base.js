// A target's own map, under the places: a PMTiles file (pictures, or vectors in the schema of Protomaps' basemap), or a
// MapLibre style whose tiles come from where the style does. What is around one's slots is kept for offline use.

import { freeRoom, roomLevel } from "../field/storage.js";
import { tilesAround } from "./around.js";
import { openKept } from "./kept.js";
import { rasterLayers, styleLayers, vectorLayers } from "./look.js";
import { answerTo, fetchAsNobody, TileReader } from "./reader.js";

const VECTOR = 1;
const DEEPEST_KEPT = 15;
const AROUND_M = 1500;
const MOST_TILES = 300;
const MOST_BYTES = 20_000_000;
const AT_ONCE = 4;
const DESCRIPTION = "description";

/** What describes a map: as it was kept, so that nothing waits for the network, else as it is now. */
async function described(kept, describe) {
  const known = await kept.read(DESCRIPTION);
  const fresh = describe().then(async (found) => {
    const text = JSON.stringify(found);
    if (known && JSON.stringify(known) !== text) {
      // Another file under the same address: old and new tiles do not meet.
      await kept.only(new Set());
    }
    await kept.put(DESCRIPTION, text).catch(() => {});
    return JSON.parse(text);
  });
  fresh.catch(() => {});
  return { description: known ?? (await fresh), fresh };
}

/** A source as MapLibre takes it, read by us. */
function sourceOf(reader, { type, minzoom = 0, maxzoom = 22, bounds }) {
  const size = type === "raster" ? { tileSize: 256 } : {};
  return { type, tiles: [reader.template], minzoom, maxzoom, ...size, ...(bounds && { bounds }) };
}

/** Opens a PMTiles file. */
async function openArchive(address, kept) {
  const { FetchSource, PMTiles } = await import("../vendor/pmtiles@4.5.0/pmtiles.js");
  const archive = new PMTiles(new FetchSource(address, new Headers()));
  const { description: header, fresh } = await described(kept, () => archive.getHeader());
  const raster = header.tileType !== VECTOR;
  const fetchTile = async (z, x, y, signal) => {
    const found = await archive.getZxy(z, x, y, signal);
    return found ? found.data : new ArrayBuffer(0);
  };
  const reader = new TileReader("tiles", { raster, kept, fetchTile });
  const deepest = Math.max(header.minZoom, Math.min(header.maxZoom, DEEPEST_KEPT));
  const source = sourceOf(reader, {
    type: raster ? "raster" : "vector",
    minzoom: header.minZoom,
    // Vectors can be drawn larger than they are; so what is kept is enough for every zoom.
    maxzoom: raster ? header.maxZoom : deepest,
    bounds: [header.minLon, header.minLat, header.maxLon, header.maxLat],
  });
  return {
    kind: source.type,
    fresh,
    sources: { "base-tiles": source },
    layers: () => (raster ? rasterLayers : vectorLayers)("base-tiles"),
    readers: [{ reader, zooms: [header.minZoom, deepest] }],
  };
}

/** A source of a style with the addresses of its tiles; null for what cannot be read or comes from somewhere else. */
async function describeSource(source, address) {
  if (source.type === "geojson" && typeof source.data === "object") {
    return source;
  }
  if (source.type !== "vector" && source.type !== "raster") {
    return null;
  }
  const near = (one, from) => {
    // The braces of a template are no part of an address.
    const whole = new URL(one, from).href.replace(/%7B/gi, "{").replace(/%7D/gi, "}");
    return new URL(whole).origin === new URL(address).origin ? whole : null;
  };
  const list = source.url ? near(source.url, address) : address;
  const rest = source.url && list ? await (await fetchAsNobody(list))?.json() : source;
  const template = list && rest?.tiles?.[0] && near(rest.tiles[0], list);
  if (!template) {
    return null;
  }
  const { minzoom, maxzoom, bounds, scheme } = { ...rest, ...source };
  return { type: source.type, template, minzoom, maxzoom, bounds, scheme };
}

/** A style, and what its sources say of themselves. */
async function describeStyle(address) {
  const style = await (await fetchAsNobody(address)).json();
  const found = await Promise.all(
    Object.entries(style.sources).map(async ([name, source]) => [name, await describeSource(source, address)]),
  );
  return { layers: style.layers, sources: Object.fromEntries(found.filter(([, source]) => source)) };
}

/** Opens a MapLibre style. */
async function openStyle(address, kept) {
  const { description, fresh } = await described(kept, () => describeStyle(address));
  const readers = [];
  const sources = {};
  for (const [name, about] of Object.entries(description.sources)) {
    if (about.type === "geojson") {
      sources[`base-${name}`] = about;
      continue;
    }
    const fetchTile = async (z, x, y, signal) => {
      const row = about.scheme === "tms" ? 2 ** z - 1 - y : y;
      const at = { "{z}": z, "{x}": x, "{y}": row, "{ratio}": "" };
      const answer = await fetchAsNobody(about.template.replace(/\{(z|x|y|ratio)\}/g, (part) => at[part]), signal);
      return answer ? answer.arrayBuffer() : new ArrayBuffer(0);
    };
    const reader = new TileReader(name, { raster: about.type === "raster", kept, fetchTile });
    const [least, most] = [about.minzoom ?? 0, Math.min(about.maxzoom ?? 22, DEEPEST_KEPT)];
    const deepest = Math.max(least, most);
    readers.push({ reader, zooms: [least, deepest] });
    sources[`base-${name}`] = sourceOf(reader, about.type === "raster" ? about : { ...about, maxzoom: deepest });
  }
  const layers = styleLayers(description.layers, new Set(Object.keys(description.sources)));
  if (readers.length === 0 || layers.length === 0) {
    throw new Error(`${address}: nothing that can be drawn`);
  }
  return { kind: "style", fresh, sources, layers: () => layers, readers };
}

/** A map of one's own that is open. Make it with openBase(). */
class Base {
  #kept;
  #opened;
  #around = "";

  constructor(opened, kept) {
    this.#opened = opened;
    this.#kept = kept;
    this.kind = opened.kind;
  }

  /** The layers in the colours in force now. */
  layers() {
    return this.#opened.layers();
  }

  /** Puts it into a MapLibre map, below one of its layers. */
  addTo(map, before) {
    for (const [name, source] of Object.entries(this.#opened.sources)) {
      map.addSource(name, source);
    }
    for (const layer of this.layers()) {
      map.addLayer(layer, before);
    }
  }

  /** Takes it out again. */
  removeFrom(map) {
    for (const { id } of this.layers()) {
      if (map.getLayer(id)) {
        map.removeLayer(id);
      }
    }
    for (const name of Object.keys(this.#opened.sources)) {
      map.removeSource(name);
    }
  }

  /** Asks again for what could not be had. */
  again(map) {
    for (const [name, { tiles }] of Object.entries(this.#opened.sources)) {
      if (tiles) {
        map.refreshTiles(name);
      }
    }
  }

  /**
   * Keeps what lies around places, and forgets the rest; never more than a few hundred tiles, and nothing where the
   * phone has little room or saves data. Nothing is thrown: the map is second to everything.
   * @param {{latitude: number, longitude: number}[]} places the nearest thing to do first
   */
  async keepAround(places) {
    const around = places.map(({ latitude, longitude }) => `${latitude},${longitude}`).join(" ");
    if (around === this.#around || navigator.connection?.saveData) {
      return;
    }
    this.#around = around;
    // What draws it is kept as well, only where it is used.
    navigator.serviceWorker?.ready.then(({ active }) => active.postMessage("keep-tiles"));
    try {
      await this.#opened.fresh;
      if (roomLevel(await freeRoom()) === "fine") {
        await this.#keep(places, () => this.#around === around);
      }
    } catch {
      // Without a network now: the next look at the map tries again.
      this.#around = "";
    }
  }

  /** Fetches what is wanted and not there, a few at a time, as long as nobody wants something else. */
  async #keep(places, still) {
    const most = Math.floor(MOST_TILES / this.#opened.readers.length);
    const wanted = this.#opened.readers.flatMap(({ reader, zooms }) =>
      tilesAround(places, { metres: AROUND_M, zooms, most }).map((tile) => ({ reader, tile, key: reader.keyOf(tile) })),
    );
    await this.#kept.only(new Set([DESCRIPTION, ...wanted.map(({ key }) => key)]));
    let bytes = 0;
    const next = wanted.values();
    const work = async () => {
      for (const { reader, tile, key } of next) {
        if (!still() || bytes > MOST_BYTES) {
          return;
        }
        const known = await this.#kept.get(key);
        const data = known ?? (await reader.fetchTile(tile.z, tile.x, tile.y));
        bytes += data.byteLength;
        if (!known && bytes <= MOST_BYTES) {
          await this.#kept.put(key, data);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }
}

/**
 * Opens a target's own map.
 * @param {object} maplibre the library
 * @param {string} address of a .pmtiles file, or of a style
 * @returns {Promise<Base>} rejects where it can neither be fetched nor is kept, or has nothing to draw
 */
export async function openBase(maplibre, address) {
  answerTo(maplibre);
  const kept = await openKept(address);
  const archive = new URL(address).pathname.endsWith(".pmtiles");
  return new Base(await (archive ? openArchive : openStyle)(address, kept), kept);
}
