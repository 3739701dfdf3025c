// How a target's own map is drawn: calmly, in the colours of tokens.css, so that the marks stay what is seen first.

import { LOCAL_FONTS, token } from "../map-style.js";

const GREEN = ["park", "forest", "wood", "nature_reserve", "national_park", "grass", "garden", "cemetery", "meadow",
  "recreation_ground", "golf_course", "pitch", "scrub", "grassland", "village_green", "playground", "protected_area",
];
const WIDE = ["highway", "major_road"];
const LEFT_OUT = ["fill-pattern", "line-pattern", "background-pattern", "fill-extrusion-pattern"];
const DRAWN = new Set(["background", "fill", "line", "raster", "circle", "fill-extrusion", "symbol"]);

/** Pixels of a road by zoom, for wide ones and for the rest, and so much more around it. */
function roadWidth(more) {
  const at = (wide, narrow) => ["match", ["get", "kind"], WIDE, wide + more, narrow + more];
  return ["interpolate", ["exponential", 1.6], ["zoom"], 8, at(0.6, 0), 13, at(2.5, 1), 16, at(9, 5), 19, at(34, 22)];
}

/** A name on the map, in the reader's language where it is known. */
function nameLayer(id, source, rest) {
  const { layout, ...others } = rest;
  const language = document.documentElement.lang.slice(0, 2) || "en";
  return {
    id,
    source,
    type: "symbol",
    layout: {
      "text-field": ["coalesce", ["get", `name:${language}`], ["get", "name"], ""],
      "text-font": LOCAL_FONTS,
      "text-padding": 6,
      "text-max-width": 8,
      ...layout,
    },
    paint: { "text-color": token("map-label"), "text-halo-color": token("map-halo"), "text-halo-width": 1.5 },
    ...others,
  };
}

/** The layers of a vector map in the schema of Protomaps' basemap. */
export function vectorLayers(source) {
  const [edge, surface, water] = [token("map-edge"), token("surface"), token("map-water")];
  const round = { "line-cap": "round", "line-join": "round" };
  const part = (id, type, from, rest) => ({ id: `base-${id}`, source, type, "source-layer": from, ...rest });
  const car = ["in", ["get", "kind"], ["literal", [...WIDE, "minor_road"]]];
  const area = ["==", ["geometry-type"], "Polygon"];
  return [
    part("earth", "fill", "earth", { filter: area, paint: { "fill-color": token("map-land") } }),
    part("green", "fill", "landuse", {
      filter: ["all", area, ["in", ["get", "kind"], ["literal", GREEN]]],
      paint: { "fill-color": token("done-tint") },
    }),
    part("water", "fill", "water", { filter: area, paint: { "fill-color": water } }),
    part("river", "line", "water", {
      filter: ["==", ["geometry-type"], "LineString"],
      paint: { "line-color": water, "line-width": ["interpolate", ["linear"], ["zoom"], 10, 0.7, 16, 3] },
    }),
    part("buildings", "fill", "buildings", {
      minzoom: 14,
      filter: area,
      paint: { "fill-color": edge, "fill-opacity": 0.45 },
    }),
    part("paths", "line", "roads", {
      minzoom: 13,
      filter: ["in", ["get", "kind"], ["literal", ["path", "rail"]]],
      layout: round,
      paint: { "line-color": token("edge"), "line-width": 1.2, "line-dasharray": [0.5, 2.5] },
    }),
    part("roads-edge", "line", "roads", {
      filter: car,
      layout: round,
      paint: { "line-color": edge, "line-width": roadWidth(1.5) },
    }),
    part("roads", "line", "roads", {
      filter: car,
      layout: round,
      paint: { "line-color": surface, "line-width": roadWidth(0) },
    }),
    nameLayer("base-road-names", source, {
      "source-layer": "roads",
      minzoom: 15,
      filter: car,
      layout: { "symbol-placement": "line", "text-size": 12 },
    }),
    nameLayer("base-places", source, {
      "source-layer": "places",
      filter: ["match", ["get", "kind"], ["locality", "neighbourhood", "macrohood", "region"], true, false],
      layout: { "text-size": ["match", ["get", "kind"], "locality", 14, 12] },
    }),
  ];
}

/** The layer of a map that is made of pictures. */
export function rasterLayers(source) {
  return [{ id: "base-pictures", type: "raster", source, paint: { "raster-fade-duration": 0 } }];
}

/**
 * What can be drawn of another's style: its names in this device's own fonts, without its pictures.
 * @param {object[]} layers of the style
 * @param {Set<string>} sources the names of those sources that are there
 */
export function styleLayers(layers, sources) {
  return layers.flatMap(({ id, source, layout = {}, paint = {}, ...rest }) => {
    const there = rest.type === "background" || sources.has(source);
    const patterned = LEFT_OUT.some((name) => name in paint);
    if (!there || patterned || !DRAWN.has(rest.type) || (rest.type === "symbol" && !layout["text-field"])) {
      return [];
    }
    const kept = (fields) => Object.fromEntries(Object.entries(fields).filter(([name]) => !name.startsWith("icon-")));
    const words = rest.type === "symbol" && { "text-font": LOCAL_FONTS };
    const from = source && { source: `base-${source}` };
    return [{ ...rest, ...from, id: `base-${id}`, layout: { ...kept(layout), ...words }, paint: kept(paint) }];
  });
}
