// Where somebody sets out: a click on the map writes it into the two fields, and the fields move the point.

import { pageData } from "../assets.js";

const element = document.getElementById("start-map");
const fields = ["latitude", "longitude"].map((name) => document.querySelector(`input[name=${name}]`));
const SLOTS = `/api/v1/targets/${location.pathname.split("/")[3]}/slots.geojson`;

/** The place that the fields hold; null while they hold none. */
function typed() {
  const [latitude, longitude] = fields.map((field) => (field.value.trim() ? Number(field.value) : Number.NaN));
  return Number.isFinite(latitude) && Number.isFinite(longitude) ? { latitude, longitude } : null;
}

/** Opens the map on the places of the target, and listens. */
async function showMap() {
  const { openMap } = await import("../map.js");
  const map = await openMap(element, { outline: pageData("outline"), padding: 48 });
  map.useTiles(pageData("tiles"));
  const answer = await fetch(SLOTS);
  const places = await answer.json();
  for (const { properties } of places.features) {
    properties.mark = properties.state === "waiting" ? "waiting" : "pool";
  }
  map.showPlaces(places);
  map.fit();
  map.showPerson(typed());
  for (const field of fields) {
    field.addEventListener("input", () => map.showPerson(typed()));
  }
  map.map.on("click", ({ lngLat }) => {
    const { lat, lng } = lngLat.wrap();
    [fields[0].value, fields[1].value] = [lat.toFixed(6), lng.toFixed(6)];
    map.showPerson(typed());
  });
}

showMap().catch(() => element.remove());
