// Maps of places by state. MapLibre (a megabyte) is loaded when the first map is opened; pages work without it.

import { asset } from "./assets.js";
import { boundsOf, goingOn, nearTo } from "./date-line.js";
import { circleAround } from "./field/geodesy.js";
import { LARGE, MARKS, markElement, markPicture } from "./marks.js";
import { baseLayers, emptyCollection, namePoints, placeLayers } from "./map-style.js";
import { words } from "./words.js";

export { boundsOf };

const PICTURE_RATIO = 3;
const MARKS_IN_TILE = 12_000;
const DEEPEST_ZOOM = 16;
const PLACE_LAYERS = ["crowd", "crowd-important", "places"];
const dark = window.matchMedia("(prefers-color-scheme: dark)");

let library = null;

/** Loads MapLibre, its stylesheet and its worker from this server, once; what did not come is asked for again. */
async function loadLibrary() {
  library ??= (async () => {
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    sheet.href = asset("mapStyle");
    // First in the head: our own rules for the map's furniture come later and win.
    document.head.prepend(sheet);
    try {
      const maplibre = await import("./vendor/maplibre-gl@6.17.0/maplibre-gl.mjs");
      maplibre.setWorkerUrl(new URL(asset("mapWorker"), location.href).href);
      return maplibre;
    } catch (problem) {
      sheet.remove();
      library = null;
      throw problem;
    }
  })();
  return library;
}

/**
 * From which zoom on every place can wear its own mark: a map tile holds 16,383 of them; 12,000 are a crowd.
 * 0 for all but very large targets.
 */
export function zoomOfMarks(collection) {
  const positions = collection.features.filter(({ geometry }) => geometry).map(({ geometry }) => geometry.coordinates);
  for (let zoom = 0; zoom < DEEPEST_ZOOM; zoom += 1) {
    const tiles = new Map();
    let most = 0;
    for (const [longitude, latitude] of positions) {
      const x = Math.floor(((longitude + 180) / 360) * 2 ** zoom);
      const y = Math.floor((Math.asinh(Math.tan((latitude * Math.PI) / 180)) / Math.PI) * 2 ** (zoom - 1));
      const tile = x * 2 ** zoom + y;
      const count = (tiles.get(tile) ?? 0) + 1;
      tiles.set(tile, count);
      most = Math.max(most, count);
    }
    if (most <= MARKS_IN_TILE) {
      return zoom;
    }
  }
  return DEEPEST_ZOOM;
}

/** A place as GeoJSON's position. */
function positionOf({ latitude, longitude }) {
  return [longitude, latitude];
}

/** A point as a GeoJSON feature. */
function pointFeature(place, properties = {}) {
  return { type: "Feature", properties, geometry: { type: "Point", coordinates: positionOf(place) } };
}

/** One opened map. Make it with openMap(). */
class PlaceMap {
  constructor(map, padding) {
    this.map = map;
    this.padding = padding;
    this.bounds = null;
    this.base = null;
    this.tiles = "";
    this.opening = Promise.resolve();
    map.getContainer().dataset.base = "outline";
    addEventListener("online", () => this.base?.again(map));
  }

  /**
   * Draws the target's own map under the places, in the stead of the one before; where it cannot be had the outline
   * stays. Never rejects.
   * @param {string} [address] of a PMTiles file or a style; none: the outline
   */
  useTiles(address = "") {
    if (address !== this.tiles) {
      this.tiles = address;
      this.opening = this.opening.then(() => this.#openTiles(address));
    }
    return this.opening;
  }

  /** Opens it, and says on the map's element what is drawn: "outline", "raster", "vector" or "style". */
  async #openTiles(address) {
    this.base?.removeFrom(this.map);
    this.base = null;
    try {
      if (address) {
        const { openBase } = await import("./tiles/base.js");
        const base = await openBase(await loadLibrary(), address);
        base.addTo(this.map, "outline-edge");
        this.base = base;
      }
    } catch {
      // The next look at the map tries again.
      this.tiles = "";
    }
    this.map.getContainer().dataset.base = this.base?.kind ?? "outline";
  }

  /** Keeps what lies around places of the target's own map, where it has one, for when there is no network. */
  async keepAround(places) {
    await this.opening;
    await this.base?.keepAround(places);
  }

  /** Puts data into one of the sources, whenever it has been opened. */
  set(source, features) {
    this.map.getSource(source)?.setData({ type: "FeatureCollection", features });
  }

  /** Shows places: GeoJSON points whose `mark` property names their state. The first ones set what fit() shows. */
  showPlaces(collection) {
    this.bounds = boundsOf(collection);
    this.map.getContainer().dataset.places = String(collection.features.length);
    this.map.getSource("places").setData(collection);
    const zoom = zoomOfMarks(collection);
    this.map.setLayerZoomRange("places", zoom, 24);
    for (const layer of ["crowd", "crowd-important"]) {
      this.map.setLayerZoomRange(layer, 0, zoom || 0.1);
      this.map.setLayoutProperty(layer, "visibility", zoom ? "visible" : "none");
    }
  }

  /** Shows only places with one of these marks; null shows all. */
  filter(marks) {
    const chosen = (names) => ["in", ["get", "mark"], ["literal", names]];
    this.map.setFilter("places", marks && chosen([...marks]));
    this.map.setFilter("crowd", marks && chosen([...marks]));
    this.map.setFilter("crowd-important", chosen([...LARGE].filter((name) => !marks || marks.has(name))));
  }

  /** Draws a ring around one place, by its `id` property; null takes it away. */
  select(id) {
    this.map.setFilter("selected", ["==", ["get", "id"], id ?? ""]);
  }

  /** Opens the map on its places, or on the given ones. */
  fit(bounds = this.bounds) {
    if (bounds) {
      this.map.getContainer().classList.add("fitted");
      this.map.fitBounds(bounds, { padding: this.padding, maxZoom: 16, animate: false });
    }
  }

  /** Shows the way from a person (or nobody, null) to a place, with the allowed circle; metres. */
  showWay(person, place, allowed) {
    const circle = circleAround(place, allowed);
    this.set("circle", [{ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [circle] } }]);
    this.set("person", person ? [pointFeature(person)] : []);
    const line = person && goingOn([positionOf(place), positionOf(person)]).reverse();
    this.set(
      "way",
      line ? [{ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: line } }] : [],
    );
    this.bounds = boundsOf({
      features: [
        ...circle.map(([longitude, latitude]) => pointFeature({ latitude, longitude })),
        ...(person ? [pointFeature(person)] : []),
      ],
    });
  }

  /**
   * Draws a walk: the line through its stops, grey behind and blue ahead, and each stop with its number.
   * @param {{number: number, state: string, slot: object}[]} stops in their order; none: no walk
   */
  showWalk(stops) {
    const corners = goingOn(stops.map(({ slot }) => positionOf(slot)));
    const legs = stops.slice(1).map((stop, i) => ({
      type: "Feature",
      properties: { done: stop.state === "done" },
      geometry: { type: "LineString", coordinates: corners.slice(i, i + 2) },
    }));
    this.set("walk", legs);
    this.set(
      "stops",
      stops.map(({ number, state, slot }) => pointFeature(slot, { number, state })),
    );
  }

  /** Takes the way and its circle away. */
  hideWay() {
    for (const source of ["circle", "way"]) {
      this.set(source, []);
    }
  }

  /** Shows where the person is; null: nobody knows. */
  showPerson(person) {
    this.set("person", person ? [pointFeature(person)] : []);
  }

  /** Opens the map on these places {latitude, longitude}; `padding` in pixels. */
  fitPlaces(places, padding = this.padding) {
    this.map.resize();
    const bounds = boundsOf({ features: places.map((place) => pointFeature(place)) });
    if (bounds) {
      this.map.getContainer().classList.add("fitted");
      this.map.fitBounds(bounds, { padding, maxZoom: 17, animate: false });
    }
  }

  /** Opens the map on its places again when one (or the person) has left the picture, or all shrank to a dot. */
  keepInView() {
    const seen = this.map.getBounds();
    const [southWest, northEast] = this.bounds;
    const span = (northEast[1] - southWest[1]) / (seen.getNorth() - seen.getSouth());
    const wide = (northEast[0] - southWest[0]) / (seen.getEast() - seen.getWest());
    if (!this.sees(southWest) || !this.sees(northEast) || Math.max(span, wide) < 0.25) {
      this.fit();
    }
  }

  /** Whether a position [longitude, latitude] is in the picture. */
  sees([longitude, latitude]) {
    const seen = this.map.getBounds();
    return seen.contains([nearTo(longitude, seen.getCenter().lng), latitude]);
  }

  /** Moves so that a position [longitude, latitude] is in the picture; stays where it is already. */
  bringIntoView(position) {
    if (!this.sees(position)) {
      this.map.easeTo({ center: position });
    }
  }

  /** Calls back with the properties of the place that was clicked, or null for the ground. */
  onPick(callback) {
    this.map.on("click", (event) => {
      const { x, y } = event.point;
      const box = [
        [x - 12, y - 12],
        [x + 12, y + 12],
      ];
      const [hit] = this.map.queryRenderedFeatures(box, { layers: PLACE_LAYERS });
      callback(hit ? hit.properties : null);
    });
    this.map.on("mouseenter", PLACE_LAYERS, () => {
      this.map.getCanvas().style.cursor = "pointer";
    });
    this.map.on("mouseleave", PLACE_LAYERS, () => {
      this.map.getCanvas().style.cursor = "";
    });
  }

  /** Draws (again) everything whose colour the reader's light or dark setting decides. */
  async paint() {
    const pictures = await Promise.all(
      MARKS.map(async (name) => {
        const side = LARGE.has(name) ? 28 : 24;
        return [name, await markPicture(name, side * PICTURE_RATIO)];
      }),
    );
    for (const [name, picture] of pictures) {
      if (this.map.hasImage(name)) {
        this.map.removeImage(name);
      }
      this.map.addImage(name, picture, { pixelRatio: PICTURE_RATIO });
    }
    const base = (this.base?.layers() ?? []).filter(({ id }) => this.map.getLayer(id));
    for (const layer of [...baseLayers(), ...base, ...placeLayers()]) {
      for (const [property, value] of Object.entries(layer.paint ?? {})) {
        this.map.setPaintProperty(layer.id, property, value);
      }
    }
  }
}

/** Zoom and "show all" buttons: 44 px, named, over the map. */
function addButtons(element, view) {
  const box = document.createElement("div");
  box.className = "map-buttons";
  const makes = [
    ["plus", words.zoomIn, () => view.map.zoomIn()],
    ["minus", words.zoomOut, () => view.map.zoomOut()],
    ["all", words.showAll, () => view.fit()],
  ];
  for (const [icon, name, act] of makes) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.ariaLabel = name;
    button.append(markElement(icon, "icon"));
    button.addEventListener("click", act);
    box.append(button);
  }
  element.append(box);
}

/** Adds the world's land after everything else: the places never wait for it. */
function addLand(map) {
  map.getSource("land").setData(new URL(asset("land"), location.href).href);
}

/**
 * Opens a map in an element that has a height.
 * @param {HTMLElement} element gets the map, and the map's accessible name from its data-label
 * @param {{outline?: object, still?: boolean, cooperative?: boolean, buttons?: boolean, padding?: number}} options
 *   outline: GeoJSON drawn under the places, still: a picture that does not move,
 *   cooperative: one finger scrolls the page, buttons: zoom by button, padding: pixels around the places
 * @returns {Promise<PlaceMap>} when the map is drawn; rejects where the browser cannot draw maps
 */
export async function openMap(
  element,
  { outline = null, still = false, cooperative = false, buttons = !still, padding = 40 } = {},
) {
  const maplibre = await loadLibrary();
  const canvas = document.createElement("div");
  canvas.className = "map-canvas";
  element.prepend(canvas);
  const sources = {
    places: null,
    person: null,
    way: null,
    walk: null,
    stops: null,
    circle: null,
    land: null,
    outline,
    names: namePoints(outline),
  };
  const map = new maplibre.Map({
    container: canvas,
    style: {
      version: 8,
      sources: Object.fromEntries(
        Object.entries(sources).map(([name, data]) => [
          name,
          { type: "geojson", data: data ?? emptyCollection(), ...(name === "places" && { tolerance: 0 }) },
        ]),
      ),
      layers: [...baseLayers(), ...placeLayers()],
    },
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    interactive: !still,
    cooperativeGestures: cooperative,
    fadeDuration: 0,
    locale: { "Map.Title": element.dataset.label ?? words.map, ...words.gestures },
  });
  // A tile that cannot be had is told by the browser already.
  map.on("error", ({ sourceId, error }) => sourceId?.startsWith("base-") || console.error(error.message));
  const view = new PlaceMap(map, padding);
  await map.once("load");
  await view.paint();
  dark.addEventListener("change", () => view.paint());
  map.touchZoomRotate?.disableRotation();
  if (!still) {
    map.addControl(new maplibre.ScaleControl({ maxWidth: 120, unit: "metric" }), "bottom-left");
  }
  if (buttons) {
    addButtons(element, view);
  }
  addLand(map);
  element.dataset.ready = "true";
  return view;
}
