// My slot: how far, which way, how long it stays mine.

import { serverNow } from "./api.js";
import { bearingFrom, metresBetween, turnBetween } from "./geodesy.js";
import { part, plate, say } from "./page.js";
import { compassWord, leftText, metresParts, metresText, positionText, walkText, words } from "../words.js";

const WARN_BELOW_S = 600;
const GOOD_M = 10;
const THERE_M = 8;
const WALK_FROM_M = 50;
const SPOKEN_EVERY_MS = 20_000;
const SVG = "http://www.w3.org/2000/svg";
const LETTERS = [
  ["N", 0],
  ["E", 90],
  ["S", 180],
  ["W", 270],
];

/** Draws the ticks and the letters of the dial once. */
function buildDial() {
  for (let i = 0; i < 12; i += 1) {
    const tick = document.createElementNS(SVG, "path");
    tick.setAttribute("class", i % 3 ? "tick" : "tick quarter");
    tick.setAttribute("d", i % 3 ? "M80 6v6" : "M80 7v9");
    tick.setAttribute("transform", `rotate(${i * 30} 80 80)`);
    part("dial-ticks").append(tick);
  }
  for (const [letter, angle] of LETTERS) {
    const text = document.createElementNS(SVG, "text");
    text.setAttribute("class", angle ? "" : "north");
    text.textContent = letter;
    part("dial-letters").append(text);
  }
}

/** Turns the dial so that north is where the phone says; the letters stay upright. */
function turnDial(heading) {
  part("dial-ticks").setAttribute("transform", `rotate(${-heading} 80 80)`);
  [...part("dial-letters").children].forEach((text, i) => {
    const angle = ((LETTERS[i][1] - heading) * Math.PI) / 180;
    text.setAttribute("x", String(80 + 57 * Math.sin(angle)));
    text.setAttribute("y", String(80 - 57 * Math.cos(angle)));
  });
}

/** The address that opens the phone's own map application on a place. */
function navigationAddress({ latitude, longitude }) {
  const place = `${latitude},${longitude}`;
  return /iPhone|iPad|Mac OS/.test(navigator.userAgent) ? `maps:?daddr=${place}` : `geo:${place}?q=${place}`;
}

/** The screen of the slot that this phone holds. */
export class SlotScreen {
  #position;
  #compass;
  #held = null;
  #map = null;
  #opening = null;
  #spokenAt = 0;
  #drawnAt = null;
  #spoken = "";

  constructor(position, compass) {
    this.#position = position;
    this.#compass = compass;
    buildDial();
    position.addEventListener("change", () => this.refresh());
    compass.addEventListener("change", () => this.refresh());
    setInterval(() => this.refresh(), 1000);
  }

  /** Takes {slot, assignment, target} to show; null when nothing is held. */
  set(held) {
    this.#held = held;
    if (!held) {
      return;
    }
    say("slot-name", held.slot.title || held.slot.external_id || words.map);
    say("slot-note", held.slot.note ?? "");
    say("map-credit", held.target.credit ?? "");
    part("navigate").href = navigationAddress(held.slot);
    this.#spoken = "";
    this.refresh();
    this.#openMap();
  }

  /** Draws everything that time, position and compass change. */
  refresh() {
    if (!this.#held || part("screen-slot").hidden) {
      return;
    }
    this.#refreshTime();
    this.#refreshPosition();
    this.#refreshWay();
  }

  /** What is left of the time; below ten minutes it becomes a plate. */
  #refreshTime() {
    const seconds = (Date.parse(this.#held.assignment.expires_at) - serverNow()) / 1000;
    const soon = seconds < WARN_BELOW_S;
    part("screen-slot").classList.toggle("soon", soon);
    plate("time-plate", soon ? "warn" : "", "clock");
    say("time-left", leftText(seconds));
    say("time-left-plate", leftText(seconds));
  }

  /** How well the phone knows its place. */
  #refreshPosition() {
    const fix = this.#position.fresh();
    if (this.#position.denied) {
      say("position-words", words.positionDenied);
      plate("position-plate", "warn", "wait");
      return;
    }
    say("position-words", positionText(fix?.accuracy ?? null));
    const good = fix && fix.accuracy <= GOOD_M;
    plate("position-plate", good ? "good" : fix ? "warn" : "", good ? "tick" : "wait");
  }

  /** How far and which way. */
  #refreshWay() {
    const fix = this.#position.fix;
    const heading = this.#compass.heading;
    part("compass-ask").hidden = !this.#compass.needsTap;
    turnDial(heading ?? 0);
    part("needle").toggleAttribute("hidden", !fix);
    part("far-metres").hidden = !fix;
    if (!fix) {
      say("far-words", words.noPlace);
      say("far-long", "");
      return;
    }
    const metres = metresBetween(fix, this.#held.slot);
    const bearing = bearingFrom(fix, this.#held.slot);
    const { figure, unit } = metresParts(metres);
    say("far-figure", figure);
    say("far-unit", `\u00a0${unit}`);
    part("needle").setAttribute("transform", `rotate(${bearing - (heading ?? 0)} 80 80)`);
    const walk = metres < WALK_FROM_M ? "" : walkText(metres);
    const long = [compassWord(bearing), walk].filter(Boolean).join(" · ");
    const short = heading === null ? compassWord(bearing) : words.ahead(turnBetween(heading, bearing));
    say("far-words", metres < THERE_M ? words.atThePlace : short);
    say("far-long", metres < THERE_M ? "" : heading === null ? walk : long);
    this.#speak(`${metresText(metres)}, ${short}. ${positionText(this.#position.fresh()?.accuracy ?? null)}`);
    this.#drawWay(fix);
  }

  /** Draws the way on the map when the phone has moved; the map follows. */
  #drawWay(fix) {
    if (this.#map && this.#drawnAt !== fix.at) {
      this.#drawnAt = fix.at;
      this.#map.showWay(fix, this.#held.slot, this.#held.target.allowed_m);
      this.#map.keepInView();
    }
  }

  /** Says distance and direction to a screen reader, not at every step. */
  #speak(sentence) {
    if (sentence !== this.#spoken && Date.now() - this.#spokenAt > SPOKEN_EVERY_MS) {
      this.#spoken = sentence;
      this.#spokenAt = Date.now();
      part("far-spoken").textContent = sentence;
    }
  }

  /** Opens the small map once the page stands; without it the screen says everything as well. */
  async #openMap() {
    this.#opening ??= import("../map.js").then(({ openMap }) =>
      openMap(part("field-map"), {
        outline: this.#held.target.outline,
        cooperative: true,
        buttons: false,
        padding: 56,
      }),
    );
    try {
      this.#map = await this.#opening;
    } catch {
      part("field-map").querySelector(".map-canvas")?.remove();
      return;
    }
    const { slot, target } = this.#held ?? {};
    if (!slot) {
      return;
    }
    this.#map.showPlaces({
      type: "FeatureCollection",
      features: [
        {
          type: "Feature",
          properties: { id: slot.id, mark: "mine" },
          geometry: { type: "Point", coordinates: [slot.longitude, slot.latitude] },
        },
      ],
    });
    this.#map.showWay(this.#position.fresh(), slot, target.allowed_m);
    this.#map.fit();
  }
}
