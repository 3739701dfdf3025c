// What lies on a map, from the bottom to the top, in the colours of tokens.css.

/** A GeoJSON collection of nothing. */
export function emptyCollection() {
  return { type: "FeatureCollection", features: [] };
}

/** What this device has for names and numbers: glyphs from a server would be one more thing to wait for. */
export const LOCAL_FONTS = ["-apple-system", "Segoe UI", "Roboto", "Inter", "sans-serif"];

/** Reads a colour token in force now (light or dark). */
export function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Twice the signed area of a ring and its centre of gravity. */
function weighed(ring) {
  let [area, x, y] = [0, 0, 0];
  for (let i = 0; i + 1 < ring.length; i += 1) {
    const cross = ring[i][0] * ring[i + 1][1] - ring[i + 1][0] * ring[i][1];
    area += cross;
    x += (ring[i][0] + ring[i + 1][0]) * cross;
    y += (ring[i][1] + ring[i + 1][1]) * cross;
  }
  return { area: Math.abs(area), centre: [x / (3 * area), y / (3 * area)] };
}

/** One point in the middle of the largest part of every named area: a polygon's own label repeats with each tile. */
export function namePoints(outline) {
  const named = (outline?.features ?? []).filter(({ properties, geometry }) => properties?.name && geometry);
  const features = named.flatMap(({ properties, geometry }) => {
    const parts = { Polygon: [geometry.coordinates], MultiPolygon: geometry.coordinates }[geometry.type] ?? [];
    const [largest] = parts.map(([outer]) => weighed(outer ?? [])).sort((a, b) => b.area - a.area);
    const point = largest?.area ? { type: "Point", coordinates: largest.centre } : null;
    return point ? [{ type: "Feature", properties: { name: properties.name }, geometry: point }] : [];
  });
  return { type: "FeatureCollection", features };
}

/** The base: land and water of the world from afar, plain ground near by, the target's own outline over it. */
export function baseLayers() {
  const [land, near, water] = [token("map-land"), token("map-near"), token("map-water")];
  return [
    {
      id: "ground",
      type: "background",
      // A coastline drawn for the whole world is a kilometre wrong at street level: near by it is not told as true.
      paint: { "background-color": ["interpolate", ["linear"], ["zoom"], 8, water, 10, land] },
    },
    { id: "land", type: "fill", source: "land", paint: { "fill-color": land } },
    {
      id: "outline-fill",
      type: "fill",
      source: "outline",
      filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "fill-color": near },
    },
    {
      id: "outline-edge",
      type: "line",
      source: "outline",
      paint: { "line-color": token("map-edge"), "line-width": 1.5 },
    },
    {
      id: "outline-name",
      type: "symbol",
      source: "names",
      layout: {
        "text-field": ["upcase", ["coalesce", ["get", "name"], ""]],
        "text-font": LOCAL_FONTS,
        "text-size": 12,
        "text-letter-spacing": 0.04,
        "text-max-width": 8,
        "text-padding": 4,
        // Labels give way to marks: they move aside, or are left out.
        "text-variable-anchor": ["center", "bottom", "top", "left", "right"],
        "text-radial-offset": 1.2,
      },
      paint: { "text-color": token("map-label"), "text-halo-color": token("map-halo"), "text-halo-width": 1.5 },
    },
  ];
}

/** Places as their marks: what needs a person is drawn last. */
function markLayer(id) {
  return {
    id,
    type: "symbol",
    source: "places",
    layout: {
      "icon-image": ["get", "mark"],
      "icon-allow-overlap": true,
      "icon-size": ["interpolate", ["linear"], ["zoom"], 6, 0.8, 12, 1],
      "symbol-sort-key": [
        "match",
        ["get", "mark"],
        "mine",
        7,
        "again",
        6,
        "held",
        5,
        "not_capturable",
        4,
        "waiting",
        3,
        1,
      ],
    },
  };
}

/** Many thousands of places from afar: dots in the colours of their marks, rings where they wait. */
function crowdLayer() {
  const waiting = token("mark-waiting");
  const byMark = (fulfilled, blocked, rest) => [
    "match",
    ["get", "mark"],
    "fulfilled",
    fulfilled,
    "not_capturable",
    blocked,
    rest,
  ];
  return {
    id: "crowd",
    type: "circle",
    source: "places",
    layout: { visibility: "none" },
    paint: {
      "circle-radius": 3.5,
      "circle-color": byMark(token("mark-done"), token("mark-blocked"), token("mark-paper")),
      "circle-stroke-width": 1,
      "circle-stroke-color": byMark(token("mark-casing"), token("mark-blocked-edge"), waiting),
    },
  };
}

/** The stops of a walk: the line grey behind and blue ahead, the next stop larger and filled, each with its number. */
function walkLayers() {
  const [accent, casing, paper] = [token("accent"), token("mark-casing"), token("mark-paper")];
  const round = { "line-cap": "round", "line-join": "round" };
  const ahead = ["case", ["get", "done"], token("mark-waiting"), accent];
  const next = ["==", ["get", "state"], "next"];
  return [
    { id: "walk-casing", type: "line", source: "walk", layout: round, paint: { "line-color": casing, "line-width": 9 } },
    { id: "walk", type: "line", source: "walk", layout: round, paint: { "line-color": ahead, "line-width": 5 } },
    {
      id: "stops-casing",
      type: "circle",
      source: "stops",
      filter: ["!=", ["get", "state"], "done"],
      paint: { "circle-radius": ["case", next, 21, 17], "circle-color": ["case", next, accent, casing] },
    },
    {
      id: "stops",
      type: "circle",
      source: "stops",
      filter: ["!=", ["get", "state"], "done"],
      paint: {
        "circle-radius": ["case", next, 16, 13],
        "circle-color": ["case", next, accent, paper],
        "circle-stroke-width": ["case", next, 2, 3.5],
        "circle-stroke-color": ["case", next, token("on-accent"), accent],
      },
    },
    {
      id: "stops-done",
      type: "symbol",
      source: "stops",
      filter: ["==", ["get", "state"], "done"],
      layout: { "icon-image": "fulfilled", "icon-allow-overlap": true, "icon-size": 1.5 },
    },
    {
      id: "stops-number",
      type: "symbol",
      source: "stops",
      filter: ["!=", ["get", "state"], "done"],
      layout: {
        "text-field": ["to-string", ["get", "number"]],
        "text-font": LOCAL_FONTS,
        "text-size": 16,
        "text-allow-overlap": true,
        "icon-allow-overlap": true,
      },
      paint: { "text-color": ["case", next, token("on-accent"), accent], "text-halo-width": 0.4,
        "text-halo-color": ["case", next, token("on-accent"), accent] },
    },
  ];
}

/** The places and the person: marks are larger where somebody has to act, and those are drawn last. */
export function placeLayers() {
  const [accent, casing] = [token("accent"), token("mark-casing")];
  return [
    { id: "circle", type: "fill", source: "circle", paint: { "fill-color": accent, "fill-opacity": 0.1 } },
    {
      id: "circle-edge",
      type: "line",
      source: "circle",
      paint: { "line-color": accent, "line-width": 2, "line-dasharray": [3, 2] },
    },
    { id: "way-casing", type: "line", source: "way", paint: { "line-color": casing, "line-width": 7 } },
    {
      id: "way",
      type: "line",
      source: "way",
      layout: { "line-cap": "round" },
      paint: { "line-color": accent, "line-width": 4, "line-dasharray": [0.1, 2] },
    },
    {
      id: "selected",
      type: "circle",
      source: "places",
      filter: ["==", ["get", "id"], ""],
      paint: {
        "circle-radius": 19,
        "circle-color": casing,
        "circle-stroke-color": token("ink"),
        "circle-stroke-width": 2.5,
      },
    },
    crowdLayer(),
    { ...markLayer("crowd-important"), filter: ["in", ["get", "mark"], ["literal", ["mine", "again", "held"]]] },
    markLayer("places"),
    ...walkLayers(),
    {
      id: "person",
      type: "circle",
      source: "person",
      paint: {
        "circle-radius": 7,
        "circle-color": token("ink"),
        "circle-stroke-color": casing,
        "circle-stroke-width": 2.5,
      },
    },
  ];
}
