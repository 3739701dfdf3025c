// What a file would do, on the map, before anything is done: each place wears the sign that it has in the counts.

import { pageData } from "../assets.js";
import { goingOn } from "../date-line.js";
import { token } from "../map-style.js";

const element = document.getElementById("preview-map");
const buttons = [...document.querySelectorAll("[data-show]")];
const LINES = ["moves-casing", "moves"];

/** Draws a line from where a place was to where it would be, under the marks. */
function addMoves(map, moves) {
  for (const { geometry } of moves.features) {
    geometry.coordinates = goingOn(geometry.coordinates);
  }
  map.addSource("moves", { type: "geojson", data: moves });
  const colours = () => [token("mark-casing"), token("accent")];
  LINES.forEach((id, n) => {
    const paint = { "line-color": colours()[n], "line-width": n ? 3 : 6 };
    map.addLayer({ id, type: "line", source: "moves", paint }, "selected");
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    LINES.forEach((id, n) => map.setPaintProperty(id, "line-color", colours()[n]));
  });
}

/** Opens the map on the places that the file is about. */
async function showMap() {
  const { boundsOf, openMap } = await import("../map.js");
  // No place lies under the legend, the buttons or the credit.
  const padding = { top: 80, right: 84, bottom: 56, left: 48 };
  const [view, answer] = await Promise.all([
    openMap(element, { outline: pageData("outline"), padding }),
    fetch(element.dataset.places).then((response) => response.json()),
  ]);
  const { places, moves } = answer;
  view.showPlaces(places);
  addMoves(view.map, moves);

  /** Shows places of one kind alone, and opens the map on them; null shows all. */
  const only = (mark) => {
    view.filter(mark && new Set([mark]));
    const shown = mark ? places.features.filter(({ properties }) => properties.mark === mark) : places.features;
    for (const id of LINES) {
      view.map.setLayoutProperty(id, "visibility", mark && mark !== "changed" ? "none" : "visible");
    }
    view.fit(boundsOf({ features: shown }) ?? undefined);
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.show === mark));
    }
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      only(button.ariaPressed === "true" ? null : button.dataset.show);
      element.scrollIntoView({ block: "nearest" });
    });
  }
  only(buttons.some(({ dataset }) => dataset.show === element.dataset.whole) ? element.dataset.whole : null);
  element.dataset.places = "shown";
}

showMap().catch(() => {
  element.remove();
  for (const button of buttons) {
    button.remove();
  }
});
