// Where two WGS84 points lie to one another: metres, bearings, points around. Degrees in, metres and degrees out.

const EQUATOR_M = 6378137;
const ECCENTRICITY_2 = 0.0066943799901413165;
const MEAN_RADIUS_M = 6371008.8;
const RADIANS = Math.PI / 180;

/** Turns {latitude, longitude} into the metres {x, y, z} of a point on the ellipsoid. */
function toSpace({ latitude, longitude }) {
  const [phi, lambda] = [latitude * RADIANS, longitude * RADIANS];
  const n = EQUATOR_M / Math.sqrt(1 - ECCENTRICITY_2 * Math.sin(phi) ** 2);
  return {
    x: n * Math.cos(phi) * Math.cos(lambda),
    y: n * Math.cos(phi) * Math.sin(lambda),
    z: n * (1 - ECCENTRICITY_2) * Math.sin(phi),
  };
}

/** Metres from a to b along the ground: the arc over the straight chord, exact to millimetres within 50 km. */
export function metresBetween(a, b) {
  const [p, q] = [toSpace(a), toSpace(b)];
  const chord = Math.hypot(q.x - p.x, q.y - p.y, q.z - p.z);
  return 2 * MEAN_RADIUS_M * Math.asin(Math.min(1, chord / (2 * MEAN_RADIUS_M)));
}

/** Bearing from a to b in degrees clockwise from true north, 0 ≤ bearing < 360; 0 for the same point. */
export function bearingFrom(a, b) {
  const [p, q] = [toSpace(a), toSpace(b)];
  const [dx, dy, dz] = [q.x - p.x, q.y - p.y, q.z - p.z];
  const [phi, lambda] = [a.latitude * RADIANS, a.longitude * RADIANS];
  const east = -Math.sin(lambda) * dx + Math.cos(lambda) * dy;
  const outward = Math.cos(lambda) * dx + Math.sin(lambda) * dy;
  const north = -Math.sin(phi) * outward + Math.cos(phi) * dz;
  return (Math.atan2(east, north) / RADIANS + 360) % 360;
}

/** The point that lies `metres` away from `from` in the direction `bearing`, on the mean sphere (for drawing). */
export function pointAt(from, bearing, metres) {
  const [phi, lambda, theta] = [from.latitude * RADIANS, from.longitude * RADIANS, bearing * RADIANS];
  const arc = metres / MEAN_RADIUS_M;
  const sine = Math.sin(phi) * Math.cos(arc) + Math.cos(phi) * Math.sin(arc) * Math.cos(theta);
  const turn = Math.atan2(Math.sin(theta) * Math.sin(arc) * Math.cos(phi), Math.cos(arc) - Math.sin(phi) * sine);
  return { latitude: Math.asin(sine) / RADIANS, longitude: (lambda + turn) / RADIANS };
}

/** The ring of a circle around a point as GeoJSON positions [longitude, latitude], first one repeated at the end. */
export function circleAround(center, metres, corners = 64) {
  return Array.from({ length: corners + 1 }, (_, i) => {
    const { latitude, longitude } = pointAt(center, ((i % corners) * 360) / corners, metres);
    return [longitude, latitude];
  });
}

/** The difference between two directions in degrees, from -180 (left, behind) to 180 (right, behind). */
export function turnBetween(from, to) {
  return ((((to - from) % 360) + 540) % 360) - 180;
}
