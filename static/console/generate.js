// Drawing places: corners by taps on the map or typed into the field, and what would come of them, counted by the server
// before anything is kept. The field is the truth; the map shows it.

import { pageData } from "../assets.js";
import { goingOn } from "../date-line.js";
import { emptyCollection, token } from "../map-style.js";
import { language } from "../words.js";

// Written out one by one: a static file wears a hash in its name, and only whole names are found and renamed.
const WORDS = {
  en: () => import("../words/en-generate.js"),
  fr: () => import("../words/fr-generate.js"),
  es: () => import("../words/es-generate.js"),
  de: () => import("../words/de-generate.js"),
};
const { say } = await WORDS[language]();

const REST_MS = 350;
const DIGITS = 6;
const TARGET = location.pathname.replace("/console/", "/api/v1/").replace(/generate\/$/, "");
const [CANDIDATES, PLACES] = [`${TARGET}candidates/`, `${TARGET}slots.geojson`];
const form = document.getElementById("generate");
const field = form.elements.corners;
const told = document.getElementById("told");
const element = document.getElementById("generate-map");
const tools = element.querySelector(".tools");

let view = null;
let waiting = 0;
let asked = null;

/** The corners in the field as [longitude, latitude]; null where a line of it is none. */
function corners() {
  const lines = field.value.split("\n").map((line) => line.trim()).filter(Boolean);
  const pairs = lines.map((line) => line.split(/\s*[,;]\s*|\s+/).map(Number));
  const fits = pairs.every(
    (pair) => pair.length === 2 && pair.every(Number.isFinite) && Math.abs(pair[0]) <= 90 && Math.abs(pair[1]) <= 180,
  );
  return fits ? pairs.map(([latitude, longitude]) => [longitude, latitude]) : null;
}

/** How places are to be drawn: "grid", "perimeter", "line" or "void_and_cluster". */
function kind() {
  return form.elements.kind.value;
}

/** A GeoJSON collection of one geometry, or of none. */
function alone(geometry) {
  const features = geometry ? [{ type: "Feature", properties: {}, geometry }] : [];
  return { type: "FeatureCollection", features };
}

/** What was drawn, as GeoJSON; null while corners are missing. */
function drawn(points) {
  if (kind() === "line") {
    return points.length > 1 ? { type: "LineString", coordinates: points } : null;
  }
  return points.length > 2 ? { type: "Polygon", coordinates: [[...points, points[0]]] } : null;
}

/** Puts data into one of the map's sources, once there is a map. */
function put(source, data) {
  view?.map.getSource(source)?.setData(data);
}

/** Shows what is in the field on the map, and asks the server a moment later what would come of it. */
function changed() {
  document.getElementById("count-field").hidden = kind() !== "void_and_cluster";
  const points = corners();
  const shape = points && drawn(points);
  const there = goingOn(points ?? []);
  put("corners", alone(there.length ? { type: "MultiPoint", coordinates: there } : null));
  put("shape", alone(drawn(there) ?? (there.length > 1 ? { type: "LineString", coordinates: there } : null)));
  put("drawn", emptyCollection());
  clearTimeout(waiting);
  asked?.abort();
  if (!points) {
    told.textContent = say.wrongNumbers;
  } else if (shape) {
    told.textContent = say.counting;
    waiting = setTimeout(() => count(shape), REST_MS);
  } else {
    told.textContent = missing(points.length);
  }
}

/** What is to be done next, while there are too few corners. */
function missing(there) {
  if (kind() === "line") {
    return there ? say.goOn : say.begin;
  }
  return there ? say.more(3 - there) : say.first;
}

/** Asks the server how many places there would be, and where. */
async function count(area) {
  asked = new AbortController();
  const { spacing_m: spacing, count: many } = form.elements;
  const body = { kind: kind(), area, spacing_m: Number(spacing.value), dry_run: true };
  if (kind() === "void_and_cluster" && many.value) {
    body.count = Number(many.value);
  }
  try {
    const answer = await fetch(CANDIDATES, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
      body: JSON.stringify(body),
      signal: asked.signal,
    });
    const said = await answer.json();
    if (answer.ok) {
      show(said);
    } else {
      told.textContent = said.errors?.[0]?.reason ?? said.detail;
    }
  } catch (error) {
    if (error.name !== "AbortError") {
      told.textContent = say.lost;
    }
  }
}

/** Shows the places that there would be. */
function show({ total, places }) {
  told.textContent = say.total(total) + (places.length < total ? `. ${say.sample(places.length)}` : "");
  told.dataset.total = total;
  put("drawn", alone({ type: "MultiPoint", coordinates: places }));
}

/** Adds a corner to the field. */
function add({ lng, lat }) {
  const wrapped = ((((lng + 180) % 360) + 360) % 360) - 180;
  const line = `${lat.toFixed(DIGITS)}, ${wrapped.toFixed(DIGITS)}`;
  field.value = field.value.trim() ? `${field.value.trim()}\n${line}` : line;
  changed();
}

const TOOLS = {
  centre: () => add(view.map.getCenter()),
  back: () => {
    field.value = field.value.trim().split("\n").slice(0, -1).join("\n");
    changed();
  },
  clear: () => {
    field.value = "";
    changed();
  },
};

/** The layers of what is drawn, in the colours in force now. */
function layers() {
  const [accent, casing, done] = [token("accent"), token("mark-casing"), token("done-word")];
  return [
    { id: "shape-fill", type: "fill", source: "shape", filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "fill-color": accent, "fill-opacity": 0.12 } },
    { id: "shape-casing", type: "line", source: "shape", paint: { "line-color": casing, "line-width": 6 } },
    { id: "shape-edge", type: "line", source: "shape", paint: { "line-color": accent, "line-width": 3 } },
    { id: "drawn-places", type: "circle", source: "drawn",
      paint: { "circle-radius": 4.5, "circle-color": done, "circle-stroke-color": casing, "circle-stroke-width": 1.5 } },
    { id: "shape-corners", type: "circle", source: "corners",
      paint: { "circle-radius": 7, "circle-color": casing, "circle-stroke-color": accent, "circle-stroke-width": 3 } },
  ];
}

/** Gives every place that is there the mark of its state. */
function marked(collection) {
  for (const { properties } of collection.features) {
    properties.mark = properties.held && properties.state === "waiting" ? "held" : properties.state;
  }
  return collection;
}

/** Opens the map on the places that are there, or on the outline, and lets taps draw. */
async function openIt() {
  const { boundsOf, openMap } = await import("../map.js");
  const outline = pageData("outline");
  const padding = { top: 84, right: 84, bottom: 56, left: 48 };
  const opened = await openMap(element, { outline, padding });
  opened.useTiles(pageData("tiles"));
  for (const source of ["shape", "drawn", "corners"]) {
    opened.map.addSource(source, { type: "geojson", data: emptyCollection() });
  }
  for (const layer of layers()) {
    opened.map.addLayer(layer);
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const { id, paint } of layers()) {
      for (const [property, value] of Object.entries(paint)) {
        opened.map.setPaintProperty(id, property, value);
      }
    }
  });
  opened.map.on("click", ({ lngLat }) => add(lngLat));
  opened.map.getCanvas().style.cursor = "crosshair";
  view = opened;
  if (form.dataset.any === "yes") {
    const there = marked(await (await fetch(PLACES)).json());
    opened.showPlaces(there);
  }
  const ring = (outline?.features ?? []).flatMap(({ geometry }) => geometry?.coordinates?.flat(Infinity) ?? []);
  const around = ring.map((_n, i) => (i % 2 ? null : [ring[i], ring[i + 1]])).filter(Boolean);
  const points = (corners() ?? []).concat(opened.bounds ? [] : around);
  const shown = boundsOf({ features: points.map((one) => ({ geometry: { type: "Point", coordinates: one } })) });
  opened.fit(shown ?? opened.bounds ?? undefined);
  tools.hidden = false;
  element.querySelector(".cross").hidden = false;
  changed();
}

form.addEventListener("input", changed);
tools.addEventListener("click", ({ target }) => TOOLS[target.closest("[data-tool]")?.dataset.tool]?.());
changed();
openIt().catch(() => element.remove());
