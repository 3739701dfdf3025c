// Longitudes that go on across the date line: where places lie on both of its sides, those of one are told past ±180.
// Maps draw these in their place; what is sent anywhere stays within ±180. Degrees.

const TURN = 360;

/** The same longitude, within half a turn of another one. */
export function nearTo(longitude, about) {
  const turns = Math.round((longitude - about) / TURN);
  return turns ? longitude - TURN * turns : longitude;
}

/** Positions [longitude, latitude] of a way, each near to the one before it. */
export function goingOn(positions) {
  let before = positions[0]?.[0];
  return positions.map(([longitude, ...rest]) => {
    before = nearTo(longitude, before);
    return [before, ...rest];
  });
}

/**
 * Where to cut the world so that places lie together: in the middle of where most of a turn is empty, to a degree.
 * @param {Iterable<number>} longitudes within ±180
 * @returns {number} the longitude from which all others count on; -180 for all that do not lie on the date line
 */
export function seamOf(longitudes) {
  const taken = new Uint8Array(TURN);
  for (const longitude of longitudes) {
    taken[Math.min(TURN - 1, Math.max(0, Math.floor(longitude) + 180))] = 1;
  }
  const first = taken.indexOf(1);
  if (first < 0) {
    return -180;
  }
  // What is empty on both sides of the date line is one piece, and wins where another is as wide.
  let widest = first + TURN - 1 - taken.lastIndexOf(1);
  let seam = -180;
  let last = first;
  for (let at = first + 1; at < TURN; at += 1) {
    if (taken[at]) {
      if (at - last - 1 > widest) {
        widest = at - last - 1;
        seam = at - 180;
      }
      last = at;
    }
  }
  return seam;
}

/** A longitude counted on from a seam. */
export function countedOn(longitude, seam) {
  return longitude < seam ? longitude + TURN : longitude;
}

/** The smallest [[west, south], [east, north]] around the points of a FeatureCollection; null when it has none. */
export function boundsOf(collection) {
  const points = collection.features.filter(({ geometry }) => geometry?.type === "Point");
  const positions = points.map(({ geometry }) => geometry.coordinates);
  const seam = seamOf(positions.map(([longitude]) => longitude));
  const bounds = [
    [Infinity, Infinity],
    [-Infinity, -Infinity],
  ];
  for (const [longitude, latitude] of positions) {
    [countedOn(longitude, seam), latitude].forEach((value, axis) => {
      bounds[0][axis] = Math.min(bounds[0][axis], value);
      bounds[1][axis] = Math.max(bounds[1][axis], value);
    });
  }
  return positions.length ? bounds : null;
}
