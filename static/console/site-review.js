// Which photos count, drawn to scale on one of the target's own places.

import { pageData } from "../assets.js";
import { circleAround, metresBetween, pointAt } from "../field/geodesy.js";
import { openMap } from "../map.js";
import { token } from "../map-style.js";

const scene = pageData("scene-data");
const { allowed, rough, turn } = pageData("asked");
const element = document.getElementById("scene");

/** One GeoJSON polygon of a kind, from its ring. */
function area(kind, ring) {
  return { type: "Feature", properties: { kind }, geometry: { type: "Polygon", coordinates: [ring] } };
}

/** The directions that count, as a piece of the circle: where the place asks for one. */
function wedge() {
  const reach = Math.min(turn, 180);
  if (!(reach > 0) || scene.heading === null) {
    return [];
  }
  const steps = Math.max(2, Math.ceil(reach / 2));
  const rim = Array.from({ length: steps + 1 }, (_, i) =>
    pointAt(scene, scene.heading - reach + (2 * reach * i) / steps, allowed));
  return [area("wedge", [scene, ...rim, scene].map(({ latitude, longitude }) => [longitude, latitude]))];
}

/** The layers, in the colours in force now. */
function layers() {
  const only = (kind) => ["==", ["get", "kind"], kind];
  const line = (kind, colour, dash) => ({
    id: `scene-${kind}`, type: "line", source: "scene", filter: only(kind),
    paint: { "line-color": token(colour), "line-width": 2.5, "line-dasharray": dash },
  });
  return [
    { id: "scene-wedge", type: "fill", source: "scene", filter: only("wedge"),
      paint: { "fill-color": token("mark-done"), "fill-opacity": 0.3 } },
    { id: "scene-inside", type: "fill", source: "scene", filter: only("allowed"),
      paint: { "fill-color": token("accent"), "fill-opacity": 0.1 } },
    line("allowed", "accent", [3, 2]),
    line("rough", "mark-again", [1, 2]),
  ];
}

/** The place and its neighbours; those inside of the circle wear the mark that one photo would give them, too. */
function places() {
  const point = ({ latitude, longitude, title }, mark) => ({
    type: "Feature", properties: { mark, title }, geometry: { type: "Point", coordinates: [longitude, latitude] },
  });
  const others = scene.neighbours.map((one) => point(one, metresBetween(scene, one) < allowed ? "fulfilled" : "waiting"));
  return { type: "FeatureCollection", features: [...others, point(scene, "mine")] };
}

/** Draws it; without a map the words beside it are enough. */
async function draw() {
  try {
    const view = await openMap(element, { outline: pageData("outline"), cooperative: true, padding: 24 });
    view.map.addSource("scene", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
    layers().forEach((layer) => view.map.addLayer(layer, "selected"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      for (const { id, paint } of layers()) {
        Object.entries(paint).forEach(([name, value]) => view.map.setPaintProperty(id, name, value));
      }
    });
    view.useTiles(pageData("tiles"));
    view.set("scene", [...wedge(), area("allowed", circleAround(scene, allowed)), area("rough", circleAround(scene, rough))]);
    view.showPlaces(places());
    view.fitPlaces([0, 90, 180, 270].map((bearing) => pointAt(scene, bearing, Math.max(allowed, rough) * 1.1)), 24);
    element.dataset.allowed = String(allowed);
  } catch {
    element.dataset.ready = "failed";
  }
}

draw();
