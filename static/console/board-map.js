// The map of the board: the places as one layer, and what can be laid under them.

import { pageData } from "../assets.js";
import { token } from "../map-style.js";
import { PlacesLayer } from "./board-layer.js";
import { readFeed } from "./board-feed.js";

/** Pixels around the places when the map opens on them. */
export const PADDING = { top: 120, right: 76, bottom: 48, left: 40 };
const EARTH_M = 40_075_016.7;
const TILE = 512;
const DEEPEST = 24;

/** The map with its layers. Make it with openBoardMap(). */
class BoardMap {
  constructor(view, layer) {
    this.view = view;
    this.map = view.map;
    this.layer = layer;
    this.laid = false;
  }

  /** Draws places; the first time the map opens on them. */
  show(places, fit) {
    this.layer.show(places);
    this.view.bounds = this.layer.bounds();
    if (fit) {
      this.view.fit();
    }
  }

  /** Draws a ring around a place and its mark above the others; -1 for none. */
  select(number) {
    const { places } = this.layer;
    const there = number >= 0;
    const position = there && [places.longitude[number], places.latitude[number]];
    const feature = there && {
      type: "Feature",
      properties: { id: "selected", mark: places.state(number) },
      geometry: { type: "Point", coordinates: position },
    };
    this.view.set("places", there ? [feature] : []);
    this.view.select(there ? "selected" : null);
  }

  /** Moves so that a place is in the picture. */
  bringIntoView(number) {
    const { places } = this.layer;
    this.view.bringIntoView([places.longitude[number], places.latitude[number]]);
  }

  /** Lays photographs, and what they cover, under the places; asks for them when one is wanted. */
  async lay({ captures, coverage }, address) {
    if (!this.laid && !captures && !coverage) {
      return;
    }
    await this.#fetch(address);
    this.map.setLayoutProperty("captures", "visibility", captures ? "visible" : "none");
    this.map.setLayoutProperty("coverage", "visibility", coverage ? "visible" : "none");
  }

  async #fetch(address) {
    const answer = await fetch(address);
    if (!answer.ok) {
      return;
    }
    const feed = await readFeed(answer);
    const features = Array.from({ length: feed.head.count }, (_, i) => ({
      type: "Feature",
      properties: { counts: feed.mark[i] },
      geometry: { type: "Point", coordinates: [feed.longitude[i], feed.latitude[i]] },
    }));
    const collection = { type: "FeatureCollection", features };
    if (this.laid) {
      this.map.getSource("captures").setData(collection);
      return;
    }
    this.laid = true;
    this.map.addSource("captures", { type: "geojson", data: collection });
    const latitude = features[0]?.geometry.coordinates[1] ?? 0;
    const pixels = (feed.head.allowed_m / (EARTH_M * Math.cos((latitude * Math.PI) / 180))) * TILE;
    this.map.addLayer({
      id: "coverage",
      type: "circle",
      source: "captures",
      filter: ["==", ["get", "counts"], 1],
      paint: {
        "circle-color": token("mark-done"),
        "circle-opacity": 0.16,
        // A circle on the ground doubles with each zoom.
        "circle-radius": ["interpolate", ["exponential", 2], ["zoom"], 0, pixels, DEEPEST, pixels * 2 ** DEEPEST],
      },
    }, this.layer.id);
    this.map.addLayer({
      id: "captures",
      type: "circle",
      source: "captures",
      paint: {
        "circle-radius": 3,
        "circle-color": token("mark-mine"),
        "circle-stroke-width": 1,
        "circle-stroke-color": token("mark-casing"),
        "circle-opacity": ["case", ["==", ["get", "counts"], 1], 1, 0.5],
      },
    });
  }

  /** Calls back with the number of the place that was clicked, or -1. */
  onPick(callback) {
    this.map.on("click", (event) => callback(this.layer.at(event.point)));
    this.map.on("mousemove", (event) => {
      this.map.getCanvas().style.cursor = this.layer.count && this.layer.at(event.point) >= 0 ? "pointer" : "";
    });
  }
}

/** Opens it in the element. */
export async function openBoardMap(element) {
  const { openMap } = await import("../map.js");
  const view = await openMap(element, { outline: pageData("outline"), padding: PADDING });
  const layer = new PlacesLayer();
  view.map.addLayer(layer, "selected");
  await layer.paint();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => layer.paint());
  view.useTiles(pageData("tiles"));
  const lasso = document.getElementById("lasso-button");
  if (lasso) {
    element.querySelector(".map-buttons").append(lasso.content);
  }
  return new BoardMap(view, layer);
}
