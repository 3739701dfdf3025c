// The ways of a plan on a map: a colour, a dash and a letter each, any of which is enough; what nobody does as "?".

import { pageData } from "../assets.js";
import { goingOn } from "../date-line.js";
import { LOCAL_FONTS, token } from "../map-style.js";

const COLOURS = 6;
const RATIO = 3;
const [PILL_HEIGHT, PILL_SIDE, CASING] = [21, 12, 2];
/** Dashes in widths of the line; the first one is whole. plan.css draws the same ones in the list. */
export const DASHES = [null, [2.2, 0.8], [1, 0.7], [2.4, 0.6, 0.8, 0.6], [4.4, 1.2], [0.45, 0.6]];
const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** A picture drawn on a canvas of so many pixels. */
function drawn(width, height, draw) {
  const canvas = new OffscreenCanvas(width * RATIO, height * RATIO);
  const pen = canvas.getContext("2d");
  pen.scale(RATIO, RATIO);
  draw(pen);
  return pen.getImageData(0, 0, width * RATIO, height * RATIO);
}

/** A pill that stretches with its words. */
function pill(colour) {
  const [height, side] = [PILL_HEIGHT + 2 * CASING, PILL_SIDE + CASING];
  const width = 2 * side + 2;
  const picture = drawn(width, height, (pen) => {
    for (const [inset, fill] of [[0, token("mark-casing")], [CASING, colour]]) {
      pen.beginPath();
      pen.roundRect(inset, inset, width - 2 * inset, height - 2 * inset, height / 2 - inset);
      pen.fillStyle = fill;
      pen.fill();
    }
  });
  const stretch = [[side * RATIO, (side + 2) * RATIO]];
  const content = [(CASING + 7) * RATIO, 0, (width - CASING - 7) * RATIO, height * RATIO];
  return [picture, { pixelRatio: RATIO, stretchX: stretch, content }];
}

/** A dashed ring with a question mark in it. */
function ring(chosen) {
  const side = chosen ? 44 : 30;
  const picture = drawn(side, side, (pen) => {
    const middle = side / 2;
    const disc = (radius, fill) => {
      pen.beginPath();
      pen.arc(middle, middle, radius, 0, 2 * Math.PI);
      pen.fillStyle = fill;
      pen.fill();
    };
    if (chosen) {
      disc(21, token("ink"));
      disc(18.5, token("mark-paper"));
    }
    disc(15, token("mark-casing"));
    disc(13, token("mark-paper"));
    pen.beginPath();
    pen.arc(middle, middle, 11.5, 0, 2 * Math.PI);
    pen.setLineDash([4, 2.4]);
    pen.lineWidth = 2.6;
    pen.strokeStyle = token("mark-waiting");
    pen.stroke();
    pen.font = "700 14px sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillStyle = token("ink");
    pen.fillText("?", middle, middle + 0.5);
  });
  return [picture, { pixelRatio: RATIO }];
}

/** Every picture by its name, in the colours in force now. */
function pictures() {
  const pills = Array.from({ length: COLOURS }, (_, i) => [`plan-pill-${i + 1}`, pill(token(`route-${i + 1}`))]);
  return [...pills, ["plan-nobody", ring(false)], ["plan-nobody-chosen", ring(true)]];
}

/** The colour of a way, by its number. */
function colourOf() {
  const pairs = Array.from({ length: COLOURS }, (_, i) => [i + 1, token(`route-${i + 1}`)]);
  return ["match", ["get", "colour"], ...pairs.flat(), token("ink")];
}

/** What is full while somebody is chosen, and the rest faint; everything where nobody is. */
function opacity(chosen, faint) {
  return chosen ? ["case", ["==", ["get", "volunteer"], chosen], 1, faint] : 1;
}

/** The layers, from the bottom to the top. */
function layers() {
  const lines = ["==", ["get", "kind"], "route"];
  const round = { "line-join": "round" };
  const width = ["interpolate", ["linear"], ["zoom"], 8, 3.5, 13, 5];
  return [
    { id: "plan-casing", filter: lines, layout: round, paint: { "line-color": token("mark-casing"), "line-width": 8 } },
    ...DASHES.map((dash, i) => ({
      id: `plan-way-${i + 1}`,
      filter: ["all", lines, ["==", ["get", "dash"], i + 1]],
      layout: { ...round, "line-cap": dash ? "butt" : "round" },
      paint: { "line-color": colourOf(), "line-width": width, ...(dash && { "line-dasharray": dash }) },
    })),
  ]
    .map((one) => ({ ...one, type: "line", source: "plan" }))
    .concat({
      id: "plan-starts",
      type: "circle",
      source: "plan",
      filter: ["==", ["get", "kind"], "start"],
      paint: {
        "circle-radius": 4.5,
        "circle-color": token("mark-paper"),
        "circle-stroke-width": 3,
        "circle-stroke-color": colourOf(),
      },
    });
}

/** The stops and what nobody does; those of whoever is chosen lie on top. */
function marks() {
  return [
    {
      id: "plan-stops",
      type: "symbol",
      source: "plan",
      filter: ["==", ["get", "kind"], "stop"],
      layout: {
        "icon-image": ["concat", "plan-pill-", ["get", "colour"]],
        "icon-text-fit": "width",
        "icon-allow-overlap": true,
        "icon-padding": 0,
        "text-field": ["get", "label"],
        "text-font": LOCAL_FONTS,
        "text-size": 13,
        "text-allow-overlap": true,
      },
      paint: { "text-color": token("on-route"), "text-halo-color": token("on-route"), "text-halo-width": 0.35 },
    },
    {
      id: "plan-unfilled",
      type: "symbol",
      source: "plan",
      filter: ["==", ["get", "kind"], "unfilled"],
      layout: {
        "icon-image": "plan-nobody",
        "icon-allow-overlap": true,
        "icon-padding": 0,
      },
      paint: {},
    },
  ];
}

/** Names of what nobody does, below the marks: they give way to all of these. */
function names() {
  return [
    {
      id: "plan-names",
      type: "symbol",
      source: "plan",
      filter: ["==", ["get", "kind"], "unfilled"],
      layout: {
        "text-field": ["get", "title"],
        "text-font": LOCAL_FONTS,
        "text-size": 13,
        "text-variable-anchor": ["left", "right", "top", "bottom"],
        "text-radial-offset": 1.7,
        "text-max-width": 9,
      },
      paint: { "text-color": token("ink"), "text-halo-color": token("map-halo"), "text-halo-width": 1.5 },
    },
  ];
}

/** Gives every feature what the list says of its volunteer: letter, colour, dash; a stop its label too. */
function styled(collection, styles) {
  for (const { properties } of collection.features) {
    const style = styles.get(properties.volunteer);
    if (style) {
      Object.assign(properties, { colour: style.colour, dash: style.dash });
      properties.label = style.letter + String((style.seen = (style.seen ?? 0) + (properties.kind === "stop" ? 1 : 0)));
    }
  }
  // Where somebody sets out: the first corner of their line, where that is no stop.
  const stops = new Set(collection.features.filter(isStop).map(({ geometry }) => String(geometry?.coordinates)));
  for (const { properties, geometry } of collection.features.filter((one) => one.properties.kind === "route")) {
    const [start] = geometry.coordinates;
    if (!stops.has(String(start))) {
      const own = { kind: "start", volunteer: properties.volunteer, colour: properties.colour };
      collection.features.push({ type: "Feature", properties: own, geometry: { type: "Point", coordinates: start } });
    }
    geometry.coordinates = goingOn(geometry.coordinates);
  }
  return collection;
}

/** Whether a feature is a stop of somebody. */
function isStop({ properties }) {
  return properties.kind === "stop";
}

/** All corners of lines and points, so that the map opens on them. */
function placesOf(collection) {
  return collection.features.flatMap(({ geometry }) => {
    const corners = geometry?.type === "LineString" ? geometry.coordinates : geometry ? [geometry.coordinates] : [];
    return corners.map(([longitude, latitude]) => ({ latitude, longitude }));
  });
}

/** The ways of a plan on an opened map. */
class Ways {
  constructor(view, collection) {
    this.view = view;
    this.map = view.map;
    this.all = placesOf(collection);
    this.byPerson = new Map();
    for (const feature of collection.features) {
      const { volunteer } = feature.properties;
      this.byPerson.set(volunteer, [...(this.byPerson.get(volunteer) ?? []), feature]);
    }
    this.byPlace = new Map(collection.features.map((feature) => [feature.properties.slot, feature]));
    this.#paintPictures();
    this.map.addSource("plan", { type: "geojson", data: collection });
    for (const layer of [...layers(), ...names(), ...marks()]) {
      this.map.addLayer(layer);
    }
    dark.addEventListener("change", () => this.#paint());
  }

  #paintPictures() {
    for (const [name, [picture, options]] of pictures()) {
      if (this.map.hasImage(name)) {
        this.map.removeImage(name);
      }
      this.map.addImage(name, picture, options);
    }
  }

  #paint() {
    this.#paintPictures();
    for (const layer of [...layers(), ...names(), ...marks()]) {
      for (const [property, value] of Object.entries(layer.paint)) {
        this.map.setPaintProperty(layer.id, property, value);
      }
    }
  }

  /** Opens the map on everything. */
  fit() {
    this.view.fitPlaces(this.all);
  }

  /** Lights one person's way and dims the others (null: all alike), and rings one place (null: none). */
  choose(volunteer, slot) {
    this.map.setPaintProperty("plan-casing", "line-opacity", opacity(volunteer, 0));
    for (const [i] of DASHES.entries()) {
      this.map.setPaintProperty(`plan-way-${i + 1}`, "line-opacity", opacity(volunteer, 0.18));
    }
    this.map.setPaintProperty("plan-starts", "circle-opacity", opacity(volunteer, 0.1));
    this.map.setPaintProperty("plan-starts", "circle-stroke-opacity", opacity(volunteer, 0.1));
    this.map.setPaintProperty("plan-stops", "icon-opacity", opacity(volunteer, 0.25));
    this.map.setPaintProperty("plan-stops", "text-opacity", opacity(volunteer, 0.25));
    const mine = ["case", ["==", ["get", "volunteer"], volunteer ?? ""], 1, 0];
    this.map.setLayoutProperty("plan-stops", "symbol-sort-key", mine);
    const ringed = ["case", ["==", ["get", "slot"], slot ?? ""], "plan-nobody-chosen", "plan-nobody"];
    this.map.setLayoutProperty("plan-unfilled", "icon-image", ringed);
    const feature = this.byPlace.get(slot);
    if (feature?.geometry) {
      this.view.bringIntoView(feature.geometry.coordinates);
    }
    const far = (this.byPerson.get(volunteer) ?? []).filter(({ geometry }) => geometry?.type === "Point");
    if (far.length > 0 && !far.some(({ geometry }) => this.view.sees(geometry.coordinates))) {
      this.view.bringIntoView(far[0].geometry.coordinates);
    }
  }

  /** Calls back with the place (and whose it is) that was clicked. */
  onPick(callback) {
    const ids = ["plan-unfilled", "plan-stops"];
    this.map.on("click", ({ point: { x, y } }) => {
      const box = [[x - 10, y - 10], [x + 10, y + 10]];
      const [hit] = this.map.queryRenderedFeatures(box, { layers: ids });
      if (hit) {
        callback(hit.properties);
      }
    });
    for (const [event, cursor] of [["mouseenter", "pointer"], ["mouseleave", ""]]) {
      this.map.on(event, ids, () => {
        this.map.getCanvas().style.cursor = cursor;
      });
    }
  }
}

/**
 * Opens the map of an answer in an element whose data-source has it as GeoJSON.
 * @param {HTMLElement} element
 * @param {Map<string, {letter: string, colour: number, dash: number}>} styles by volunteer, as in the list
 */
export async function openWays(element, styles) {
  const [{ openMap }, answer] = await Promise.all([import("../map.js"), fetch(element.dataset.source)]);
  const collection = styled(await answer.json(), styles);
  const padding = { top: 84, right: 84, bottom: 56, left: 72 };
  const view = await openMap(element, { outline: pageData("outline"), padding });
  const ways = new Ways(view, collection);
  view.useTiles(pageData("tiles"));
  ways.fit();
  view.bounds = view.map.getBounds().toArray();
  return ways;
}
