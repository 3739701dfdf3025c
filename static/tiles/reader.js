// Reads the tiles of one source: kept ones first, else from where the map comes from. MapLibre asks here by an address of
// our own, so that a tile is fetched in one way only, by the page, without a token, a cookie or where it was asked from.

const NAME = "capturegraph-tile";
const SIDE = 256;
const MOST_UP = 6;

const readers = [];
let known = false;

/** Fetches from where the map comes from, as nobody; what it does not have is null. */
export async function fetchAsNobody(address, signal) {
  const answer = await fetch(address, { credentials: "omit", referrerPolicy: "no-referrer", signal });
  if (answer.status === 204 || answer.status === 404) {
    return null;
  }
  if (!answer.ok) {
    throw new Error(`${address}: ${answer.status}`);
  }
  return answer;
}

/** One source of tiles. */
export class TileReader {
  /**
   * @param {string} name of the source, unlike that of any other of this map
   * @param {{raster: boolean, fetchTile: Function, kept: object}} parts fetchTile(z, x, y, signal) gives an ArrayBuffer,
   *   empty where there is nothing, or rejects
   */
  constructor(name, { raster, fetchTile, kept }) {
    Object.assign(this, { name, raster, fetchTile, kept });
    this.number = readers.push(this) - 1;
  }

  /** What MapLibre writes coordinates into. */
  get template() {
    return `${NAME}://${this.number}/{z}/{x}/{y}`;
  }

  /** The name that a tile is kept under. */
  keyOf({ z, x, y }) {
    return `${encodeURIComponent(this.name)}/${z}/${x}/${y}`;
  }

  /** A tile as MapLibre takes it. */
  async read({ z, x, y }, signal) {
    const data = (await this.kept.get(this.keyOf({ z, x, y }))) ?? (await this.#fetched({ z, x, y }, signal));
    // A picture of no bytes cannot be decoded; nothing to see is one clear pixel.
    return this.raster && data.byteLength === 0 ? createImageBitmap(new ImageData(1, 1)) : data;
  }

  /** A tile that is not kept: without a network, the part of a coarser one. */
  async #fetched({ z, x, y }, signal) {
    try {
      return await this.fetchTile(z, x, y, signal);
    } catch (problem) {
      const part = this.raster && !signal?.aborted ? await this.#partOfCoarser({ z, x, y }) : null;
      if (!part) {
        throw problem;
      }
      return part;
    }
  }

  /** The part of the next coarser picture that is kept; null where none is. */
  async #partOfCoarser({ z, x, y }) {
    for (let up = 1; up <= Math.min(z, MOST_UP); up += 1) {
      const data = await this.kept.get(this.keyOf({ z: z - up, x: x >> up, y: y >> up }));
      if (data?.byteLength) {
        const picture = await createImageBitmap(new Blob([data]));
        const [share, side] = [2 ** up, picture.width / 2 ** up];
        const size = { resizeWidth: SIDE, resizeHeight: SIDE };
        return createImageBitmap(picture, (x % share) * side, (y % share) * side, side, side, size);
      }
    }
    return null;
  }
}

/** Makes MapLibre ask here for the tiles of all readers, once. */
export function answerTo(maplibre) {
  if (known) {
    return;
  }
  known = true;
  maplibre.addProtocol(NAME, async ({ url }, abort) => {
    const [number, z, x, y] = url.slice(NAME.length + 3).split("/").map(Number);
    return { data: await readers[number].read({ z, x, y }, abort?.signal) };
  });
}
