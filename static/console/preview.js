// What a file would do, on the map, before anything is done: each place wears the sign that it has in the counts.

import { pageData } from "../assets.js";

const element = document.getElementById("preview-map");

/** Opens the map on the places that the file is about. */
async function showMap() {
  const { boundsOf, openMap } = await import("../map.js");
  // No place lies under the legend, the buttons or the credit.
  const padding = { top: 80, right: 84, bottom: 56, left: 48 };
  const map = await openMap(element, { outline: pageData("outline"), padding });
  const points = pageData("points");
  map.showPlaces(points);
  map.fit(boundsOf(points) ?? undefined);
}

showMap().catch(() => element.remove());
