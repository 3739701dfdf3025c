// What the settings mean, said and drawn while they are changed; nothing is saved by it.

import { pageData } from "../assets.js";
import { circleAround, metresBetween, pointAt } from "../field/geodesy.js";
import { token } from "../map-style.js";
import { language, metresText, numberText } from "../words.js";
import { walkMinutes } from "../words/measures.js";
import { probabilityWithin } from "./likelihood.js";

const MODULES = {
  en: () => import("../words/en-settings.js"),
  fr: () => import("../words/fr-settings.js"),
  es: () => import("../words/es-settings.js"),
  de: () => import("../words/de-settings.js"),
};
const { settingsWords: words } = await MODULES[language]();

const EXAMPLE_WAY_M = 1500;
const PHOTO_EAST_OF_NORTH = 60;
const scene = pageData("scene-data");
const form = document.getElementById("settings");
let map = null;
let opening = null;
let shownReach = 0;

/** The element with this id. */
function part(id) {
  return document.getElementById(id);
}

/** What is typed into a field, as a number; NaN where it is none. */
function typed(name) {
  const { value } = part(`id_${name}`);
  return value.trim() === "" ? NaN : Number(value);
}

/** Puts a sentence under a field, or takes it away. */
function explain(name, sentence) {
  const line = part(`${name}-now`);
  line.hidden = !sentence;
  if (line.textContent !== (sentence ?? "")) {
    line.textContent = sentence ?? "";
  }
}

/** What a photo may be off by: {allowed, rough} in metres, {turn} in degrees; null where a number is missing. */
function asked() {
  const allowed = typed("sigma_m") * typed("threshold");
  const rough = typed("max_accuracy_m");
  const turn = typed("heading_sigma_deg") * typed("threshold");
  return allowed > 0 && allowed < 1e7 ? { allowed, rough: rough > 0 ? rough : 0, turn } : null;
}

/** One GeoJSON feature. */
function feature(kind, type, coordinates) {
  return { type: "Feature", properties: { kind }, geometry: { type, coordinates } };
}

/** The piece of a circle around a place, from one direction to another, as the ring of a polygon. */
function wedge(place, from, to, metres) {
  const steps = Math.max(2, Math.ceil((to - from) / 4));
  const rim = Array.from({ length: steps + 1 }, (_, i) => pointAt(place, from + ((to - from) * i) / steps, metres));
  const ring = [place, ...rim, place];
  return ring.map(({ latitude, longitude }) => [longitude, latitude]);
}

/** Everything that is drawn: the circle that counts, the photo that is tried with its own, the directions. */
function drawn({ allowed, rough, turn }) {
  const photo = pointAt(scene, PHOTO_EAST_OF_NORTH, Number(part("try-metres").value));
  const heading = scene.heading ?? 0;
  const reach = Math.min(turn, 180);
  return [
    ...(reach > 0 ? [feature("wedge", "Polygon", [wedge(scene, heading - reach, heading + reach, allowed)])] : []),
    feature("allowed", "Polygon", [circleAround(scene, allowed)]),
    ...(rough ? [feature("rough", "Polygon", [circleAround(scene, rough)])] : []),
    feature("photo-circle", "Polygon", [circleAround(photo, Number(part("try-accuracy").value))]),
    feature("photo", "Point", [photo.longitude, photo.latitude]),
  ];
}

/** The layers of what is drawn here, in the colours in force now. */
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
    { id: "scene-photo-circle", type: "fill", source: "scene", filter: only("photo-circle"),
      paint: { "fill-color": token("ink"), "fill-opacity": 0.14 } },
  ];
}

/** The photo that is tried, over the places. */
function photoLayer() {
  return {
    id: "scene-photo", type: "circle", source: "scene", filter: ["==", ["get", "kind"], "photo"],
    paint: { "circle-radius": 6, "circle-color": token("ink"), "circle-stroke-color": token("mark-casing"),
      "circle-stroke-width": 2.5 },
  };
}

/** The places: the one that all is about, and its neighbours, those inside as ones that its photo would close. */
function places(allowed) {
  const point = ({ latitude, longitude, title }, mark) => ({
    type: "Feature", properties: { mark, title },
    geometry: { type: "Point", coordinates: [longitude, latitude] },
  });
  const others = scene.neighbours.map((one) => point(one, metresBetween(scene, one) < allowed ? "fulfilled" : "waiting"));
  return { type: "FeatureCollection", features: [...others, point(scene, "mine")] };
}

/** Opens the map, once. */
function opened() {
  opening ??= import("../map.js").then(async ({ openMap }) => {
    const opened = await openMap(part("scene"), { outline: pageData("outline"), cooperative: true, padding: 24 });
    opened.map.addSource("scene", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
    layers().forEach((layer) => opened.map.addLayer(layer, "selected"));
    opened.map.addLayer(photoLayer());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      for (const { id, paint } of [...layers(), photoLayer()]) {
        Object.entries(paint).forEach(([name, value]) => opened.map.setPaintProperty(id, name, value));
      }
    });
    opened.useTiles(pageData("tiles"));
    return opened;
  });
  return opening;
}

/** Draws what is asked for on the map, to scale. */
async function draw(now) {
  try {
    map = await opened();
  } catch {
    part("scene").dataset.ready = "failed";
    return;
  }
  map.set("scene", drawn(now));
  map.showPlaces(places(now.allowed));
  const reach = Math.max(now.allowed, now.rough) * 1.1;
  if (reach !== shownReach) {
    shownReach = reach;
    map.fitPlaces([0, 90, 180, 270].map((bearing) => pointAt(scene, bearing, reach)), 24);
  }
  part("scene").dataset.allowed = String(now.allowed);
}

/** Says whether the photo that is tried would count. */
function sayTry({ allowed, rough }) {
  const [metres, accuracy] = [Number(part("try-metres").value), Number(part("try-accuracy").value)];
  part("try-metres-now").textContent = metresText(metres);
  part("try-accuracy-now").textContent = `±${metresText(accuracy)}`;
  const inside = metres < allowed;
  const verdict = rough && accuracy > rough
    ? words.tryRough(metresText(accuracy), metresText(rough))
    : (inside ? words.tryIn : words.tryOut)(metresText(metres), metresText(allowed));
  part("try-now").textContent = `${verdict} ${words.likely(Math.round(10 * probabilityWithin(metres, accuracy, allowed)))}`;
}

/** Says what the numbers mean, under each and below the map. */
function say() {
  const now = asked();
  explain("sigma_m", now && words.sigma(metresText(now.allowed)));
  const most = typed("max_accuracy_m");
  explain("max_accuracy_m", most > 0 ? words.accuracy(metresText(most)) : null);
  const turn = now?.turn;
  const wide = turn >= 180 ? words.headingAll : words.heading(numberText(turn ?? 0));
  explain("heading_sigma_deg", Number.isNaN(typed("heading_sigma_deg")) ? words.headingOff : now && wide);
  const minutes = typed("lease_min");
  const walk = walkMinutes(EXAMPLE_WAY_M);
  explain("lease_min", minutes > 0 ? words.lease(EXAMPLE_WAY_M, walk, Math.round(Math.max(minutes, 3 * walk))) : null);
  const batch = typed("batch_size");
  explain("batch_size", batch > 0 ? words.batch(batch) : words.batchAll);
  const square = typed("public_round_m");
  const where = square === 0 ? words.publicExact : square > 0 ? words.publicRound(metresText(square)) : null;
  explain("public_round_m", part("id_public").checked ? where : words.publicNothing);
  if (!scene || !now) {
    return;
  }
  const others = scene.neighbours.filter((one) => metresBetween(scene, one) < now.allowed).length;
  part("counts-now").textContent = `${words.counts(metresText(now.allowed))} ${others ? words.others(others) : words.noOthers}`;
  document.querySelector(".with-heading").hidden = !(now.turn > 0);
  const far = String(Math.ceil(Math.max(2 * now.allowed, 20)));
  if (part("try-metres").max !== far) {
    part("try-metres").max = far;
  }
  sayTry(now);
  draw(now);
}

form.addEventListener("input", (event) => {
  if (!event.target.closest(".try")) {
    part("unsaved").textContent = words.unsaved;
  }
  say();
});
say();
