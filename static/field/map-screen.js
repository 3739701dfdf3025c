// The map, second to everything: small under the slot, full on a screen of its own, and behind a walk. One map, moved to
// where it is looked at: a phone has little memory for more. Where it cannot be drawn, every screen says all in words.

import { call } from "./api.js";
import { readDevice } from "./device.js";
import { heldStops, knownRows, takenStops } from "./hand.js";
import { metresBetween } from "./geodesy.js";
import { part, show } from "./page.js";
import { now, outbox, position } from "./phone.js";
import { bus } from "./router.js";
import { walkOf } from "./walk.js";

const PLACES_KEPT_MS = 120_000;
const MOST_PLACES = 5000;
const SMALL_PADDING = 56;
const HOSTS = { slot: "field-map", walk: "walk-map", map: "full-map" };

let opening = null;
let view = null;
let places = { at: 0, target: null, features: [] };
let drawnAt = null;
let drawings = 0;

/** The walk in hand; null where there is none. */
export function currentWalk() {
  return walkOf(knownRows(), { goal: now.held?.assignment.id, taken: takenStops() });
}

/** Opens the one map, in the element that is looked at; null where this browser cannot. */
async function openIn(host) {
  opening ??= import("../map.js").then(({ openMap }) => {
    const options = { outline: now.held?.target?.outline, cooperative: true, buttons: false, padding: SMALL_PADDING };
    return openMap(host, options);
  });
  const mine = opening;
  try {
    view = await mine;
    delete host.dataset.failed;
    return view;
  } catch {
    // The signal may have been bad: whoever looks next tries again.
    opening = opening === mine ? null : opening;
    host.querySelector(".map-canvas")?.remove();
    host.dataset.failed = "true";
    return null;
  }
}

/** Every place of the target with its mark, and whether they are all; what is known where the server does not answer. */
async function fetchPlaces() {
  const target = readDevice()?.target;
  const count = now.held?.target?.counts?.total ?? 0;
  if (places.target === target && Date.now() - places.at < PLACES_KEPT_MS) {
    return places.features;
  }
  if (count > MOST_PLACES) {
    return [];
  }
  try {
    const { features } = await call("GET", `targets/${target}/slots.geojson`);
    places = { at: Date.now(), target, features: features.flatMap(placeOf) };
  } catch (problem) {
    if (problem.status === undefined) {
      throw problem;
    }
  }
  return places.target === target ? places.features : [];
}

/** A slot of the server's list as a mark; what volunteers have no use for is left out, and so is what is theirs. */
function placeOf({ geometry, properties: { id, state, held, mine, title } }) {
  const mark = { waiting: held ? "held" : "waiting", fulfilled: "fulfilled", not_capturable: "not_capturable" }[state];
  return mark && !mine ? [{ type: "Feature", geometry, properties: { id, mark, title } }] : [];
}

/** Where this person took photos, as marks. */
async function myCaptures() {
  const taken = (await outbox.all()).filter(({ metadata }) => Number.isFinite(metadata?.latitude));
  return taken.map(({ id, metadata: { latitude, longitude } }) => markAt({ latitude, longitude }, "capture", id));
}

/** A mark at a place. */
function markAt({ latitude, longitude, title }, mark, id) {
  return { type: "Feature", properties: { id, mark, title }, geometry: { type: "Point", coordinates: [longitude, latitude] } };
}

/** Draws what the screen that is shown asks for, and opens the map on it. */
async function draw() {
  drawings += 1;
  const drawing = drawings;
  const { screen } = document.body.dataset;
  const host = HOSTS[screen] && part(HOSTS[screen]);
  if (!host || !now.held || (screen === "slot" && !now.held.slot)) {
    return;
  }
  const map = await openIn(host);
  if (!map || !isLatest(drawing)) {
    return;
  }
  const canvas = map.map.getContainer();
  if (canvas.parentElement !== host) {
    host.prepend(canvas);
  }
  host.dataset.ready = "true";
  map.map.cooperativeGestures[screen === "slot" ? "enable" : "disable"]();
  map.useTiles(now.held.target?.tiles_url);
  map.keepAround([now.held, ...heldStops()].map(({ slot }) => slot));
  await { slot: drawSlot, walk: drawWalk, map: drawFull }[screen](map, drawing);
}

/** Whether what a drawing has waited for is still wanted: another screen, or another slot, is drawn anew. */
function isLatest(drawing) {
  return drawing === drawings && Boolean(now.held?.slot);
}

/** The way to my slot. */
async function drawSlot(map) {
  const { slot, target } = now.held;
  map.showWalk([]);
  map.showPlaces({ type: "FeatureCollection", features: [markAt(slot, "mine", slot.id)] });
  map.showWay(position.fresh(), slot, target.allowed_m);
  map.map.resize();
  map.fit();
}

/** The walk, over everything else. */
async function drawWalk(map, drawing) {
  const walk = currentWalk();
  if (!walk) {
    return;
  }
  map.hideWay();
  map.showWalk(walk.stops);
  map.showPerson(position.fresh());
  const around = [...walk.stops.map(({ slot }) => slot), ...(position.fresh() ? [position.fresh()] : [])];
  map.fitPlaces(around, { top: 96, bottom: 48, left: 48, right: 48 });
  const own = new Set(walk.stops.map(({ slot }) => slot.id));
  const others = (await fetchPlaces()).filter(({ properties }) => !own.has(properties.id));
  if (isLatest(drawing)) {
    map.showPlaces({ type: "FeatureCollection", features: others });
  }
}

/** Everything: mine, my walk, my captures, the waiting ones grey. */
async function drawFull(map, drawing) {
  const [others, captures] = await Promise.all([fetchPlaces(), myCaptures()]);
  if (!isLatest(drawing)) {
    return;
  }
  const { slot } = now.held;
  const walk = currentWalk();
  map.showWalk(walk?.stops ?? []);
  const own = new Set([slot.id, ...(walk?.stops ?? []).map((stop) => stop.slot.id)]);
  const rest = others.filter(({ properties }) => !own.has(properties.id));
  const mine = walk ? [] : [markAt(slot, "mine", slot.id)];
  map.showPlaces({ type: "FeatureCollection", features: [...rest, ...captures, ...mine] });
  map.showWay(position.fresh(), slot, now.held.target.allowed_m);
  const near = nearest(rest, slot, 8).map(({ geometry: { coordinates } }) => placeAt(coordinates));
  map.fitPlaces([slot, ...(position.fresh() ? [position.fresh()] : []), ...near], 56);
}

/** GeoJSON's position as a place. */
function placeAt([longitude, latitude]) {
  return { latitude, longitude };
}

/** The places nearest to one. */
function nearest(features, from, count) {
  const far = (one) => metresBetween(from, placeAt(one.geometry.coordinates));
  return [...features].sort((a, b) => far(a) - far(b)).slice(0, count);
}

/** Follows the person. */
function follow() {
  const fix = position.fresh();
  const { screen } = document.body.dataset;
  if (!view || !now.held || !fix || drawnAt === fix.at || !HOSTS[screen]) {
    return;
  }
  drawnAt = fix.at;
  if (screen === "walk") {
    view.showPerson(fix);
    return;
  }
  view.showWay(fix, now.held.slot, now.held.target.allowed_m);
  if (screen === "slot") {
    view.keepInView();
  }
}

/** Draws the map again wherever it is shown. */
export function redraw() {
  draw().catch((problem) => {
    throw problem;
  });
}

bus.addEventListener("held", ({ detail: { held, before } }) => {
  if (held && (held.assignment.id !== before?.assignment.id || !view || document.body.dataset.screen !== "slot")) {
    redraw();
  }
});
document.addEventListener("shown", redraw);
position.addEventListener("change", follow);
redraw();

/** What taps do. */
export const acts = {
  map: async () => {
    show("map");
  },
  "map-me": async () => {
    const fix = position.fresh();
    if (view && fix) {
      view.map.easeTo({ center: [fix.longitude, fix.latitude], animate: false });
    }
  },
};
