// The map of a row in the site administration: only to look at; what it shows stands in words beside it.

import { pageData } from "./assets.js";
import { openMap } from "./map.js";

const element = document.getElementById("where");

/** Opens it on its points; where there can be no map, the words are enough. */
async function open() {
  try {
    const view = await openMap(element, { outline: pageData("outline"), cooperative: true });
    view.showPlaces(pageData("where-places"));
    view.fit();
  } catch {
    element.hidden = true;
  }
}

open();
