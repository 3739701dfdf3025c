// Which tiles of a map lie around places. Pure.

const EARTH_M = 40_075_016.7;
const NORTHMOST = 85.05;

/** How far east (0–1) and how far south (0–1) a place is on the square that the web's maps are. */
function onSquare({ latitude, longitude }) {
  const bounded = (Math.max(-NORTHMOST, Math.min(NORTHMOST, latitude)) * Math.PI) / 180;
  return [(longitude + 180) / 360, 0.5 - Math.asinh(Math.tan(bounded)) / (2 * Math.PI)];
}

/** The tiles of one zoom that a square around a place touches, the nearest to the place first. */
function tilesOf(place, zoom, metres) {
  const side = 2 ** zoom;
  const [x, y] = onSquare(place).map((share) => share * side);
  const reach = (metres / (EARTH_M * Math.cos((Math.min(NORTHMOST, Math.abs(place.latitude)) * Math.PI) / 180))) * side;
  const found = [];
  for (let row = Math.max(0, Math.floor(y - reach)); row <= Math.min(side - 1, Math.floor(y + reach)); row += 1) {
    for (let column = Math.floor(x - reach); column <= Math.min(Math.floor(x + reach), Math.floor(x - reach) + side - 1); column += 1) {
      const far = Math.hypot(column + 0.5 - x, row + 0.5 - y);
      found.push({ z: zoom, x: ((column % side) + side) % side, y: row, far });
    }
  }
  return found.sort((a, b) => a.far - b.far);
}

/**
 * The tiles around places, each once: what is nearest to any of them first, and all zooms of a nearness before what is
 * farther away, so that what is left out at the end is the edge.
 * @param {{latitude: number, longitude: number}[]} places
 * @param {{metres: number, zooms: [number, number], most: number}} options how far around each; the first and the last
 *   zoom; at most so many tiles
 * @returns {{z: number, x: number, y: number}[]}
 */
export function tilesAround(places, { metres, zooms: [from, to], most }) {
  const found = new Map();
  for (const place of places) {
    for (let zoom = from; zoom <= to; zoom += 1) {
      for (const { z, x, y, far } of tilesOf(place, zoom, metres)) {
        const key = `${z}/${x}/${y}`;
        // In shares of the whole world: a coarse tile has most of what is near.
        const share = Math.max(0, far - 1) / 2 ** zoom;
        const known = found.get(key);
        if (!known || share < known.share) {
          found.set(key, { z, x, y, share });
        }
      }
    }
  }
  const sorted = [...found.values()].sort((a, b) => a.share - b.share || a.z - b.z);
  return sorted.slice(0, most).map(({ z, x, y }) => ({ z, x, y }));
}
