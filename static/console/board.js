// The board: puts the live parts in their places, asks for them again every few seconds, and draws the map.

import { pageData } from "../assets.js";
import { setMark } from "../marks.js";
import { words } from "../words.js";

const EVERY_MS = 5000;
const LIVE = new URL("live/", location.href).href;
const PLACES = location.pathname.replace("/console/", "/api/v1/") + "slots.geojson";
const PARTS = ["figure", "bar", "chips", "out"];

const chosen = new Set();
let version = null;
let etag = null;
let changedAt = Date.now();
let map = null;
let places = new Map();
let opening = null;

/** The element with this id. */
function part(id) {
  return document.getElementById(id);
}

/** Puts the live parts (from the page itself at first) in their places; what has not changed is not touched. */
function place(source) {
  for (const name of PARTS) {
    const fresh = source.querySelector(`#live-${name}`);
    const slot = document.querySelector(`[data-slot="${name}"]`);
    if (slot.dataset.shown === fresh.outerHTML) {
      continue;
    }
    slot.dataset.shown = fresh.outerHTML;
    const focused = slot.contains(document.activeElement) ? document.activeElement.dataset.state : null;
    slot.replaceChildren(document.importNode(fresh, true));
    if (focused) {
      slot.querySelector(`[data-state="${focused}"]`)?.focus();
    }
  }
  markChosen();
  if (source.dataset.version !== version) {
    version = source.dataset.version;
    changedAt = Date.now();
    showPlaces();
  }
}

/** Shows on the chips and on the map which states are chosen; none means all. */
function markChosen() {
  for (const chip of document.querySelectorAll('[data-slot="chips"] .chip')) {
    chip.setAttribute("aria-pressed", String(chosen.has(chip.dataset.state)));
  }
  map?.filter(chosen.size ? chosen : null);
}

/** Gives every place the mark that a person at the desk sees: who holds it counts before its state. */
function marked(collection) {
  for (const { properties } of collection.features) {
    properties.mark = properties.held && properties.state === "waiting" ? "held" : properties.state;
    properties.holder = properties.held_by?.name ?? "";
  }
  return collection;
}

/** Fetches the places and draws them; opens the map the first time. */
async function showPlaces() {
  const answer = await fetch(PLACES);
  if (!answer.ok) {
    return;
  }
  const collection = marked(await answer.json());
  places = new Map(collection.features.map((feature) => [feature.properties.id, feature]));
  const first = map === null;
  try {
    opening ??= import("../map.js").then(({ openMap }) =>
      openMap(part("board-map"), {
        outline: pageData("outline"),
        padding: { top: 84, right: 76, bottom: 48, left: 40 },
      }),
    );
    map = await opening;
  } catch {
    part("board-map").dataset.ready = "failed";
    return;
  }
  map.showPlaces(collection);
  if (first) {
    map.fit();
    map.onPick(pick);
    markChosen();
  }
}

/** Shows the place that was clicked, or nothing. */
function pick(properties) {
  map?.select(properties?.id ?? null);
  part("picked").hidden = !properties;
  if (!properties) {
    return;
  }
  setMark(part("picked").querySelector("svg"), properties.mark);
  part("picked-title").textContent = properties.title || properties.external_id || "";
  part("picked-note").textContent = properties.note ?? "";
  part("picked-holder").textContent = properties.holder ? `· ${properties.holder}` : "";
  const chip = document.querySelector(`.chip[data-state="${properties.mark}"]`);
  part("picked-state").textContent = chip ? chip.childNodes[1].textContent.trim() : "";
}

/** Says how fresh the board is. */
function tellAge(lost = false) {
  part("pulse").classList.toggle("lost", lost);
  part("pulse-word").textContent = lost ? words.liveLost : words.live;
  if (part("pulse-spoken").textContent !== (lost ? words.liveLost : "")) {
    part("pulse-spoken").textContent = lost ? words.liveLost : "";
  }
  part("pulse-since").textContent = lost ? "" : words.liveSince(Math.round((Date.now() - changedAt) / 1000));
}

/** Asks for the live parts; a 304 means that nothing has changed. */
async function refresh() {
  if (document.visibilityState === "hidden") {
    return;
  }
  try {
    const answer = await fetch(LIVE, { headers: etag ? { "If-None-Match": etag } : {}, redirect: "error" });
    if (answer.status === 200) {
      etag = answer.headers.get("ETag");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      place(page.getElementById("live"));
    }
    tellAge(!answer.ok && answer.status !== 304);
  } catch {
    tellAge(true);
  }
}

document.addEventListener("click", (event) => {
  const chip = event.target.closest(".chip");
  if (chip) {
    const { state } = chip.dataset;
    if (!chosen.delete(state)) {
      chosen.add(state);
    }
    markChosen();
  }
});
document.addEventListener("click", (event) => {
  const feature = places.get(event.target.closest("[data-place]")?.dataset.place);
  if (feature) {
    if (!chosen.has(feature.properties.mark)) {
      chosen.clear();
      markChosen();
    }
    map?.bringIntoView(feature.geometry.coordinates);
    pick(feature.properties);
  }
});
part("picked-close").addEventListener("click", () => pick(null));

const live = part("live");
live.remove();
place(live);
tellAge();
setInterval(refresh, EVERY_MS);
document.addEventListener("visibilitychange", refresh);
