// My slot: how far, which way, how long it stays mine.

import { serverNow } from "./api.js";
import { bearingFrom, metresBetween, turnBetween } from "./geodesy.js";
import { contactLink, navigationAddress } from "./links.js";
import { part, plate, say } from "./page.js";
import { compass, position } from "./phone.js";
import { compassWord, leftText, metresParts, metresText, positionText, walkText, words } from "../words.js";

const WARN_BELOW_S = 600;
const BUZZ_MS = [200, 100, 200];
const GOOD_M = 10;
const THERE_M = 8;
const WALK_FROM_M = 50;
const SPOKEN_EVERY_MS = 20_000;
const SVG = "http://www.w3.org/2000/svg";
const LETTERS = ["north", "east", "south", "west"];

/** Draws the ticks and the letters of the dial once. */
function buildDial() {
  for (let i = 0; i < 12; i += 1) {
    const tick = document.createElementNS(SVG, "path");
    tick.setAttribute("class", i % 3 ? "tick" : "tick quarter");
    tick.setAttribute("d", i % 3 ? "M80 6v6" : "M80 7v9");
    tick.setAttribute("transform", `rotate(${i * 30} 80 80)`);
    part("dial-ticks").append(tick);
  }
  for (const quarter of LETTERS) {
    const text = document.createElementNS(SVG, "text");
    text.setAttribute("class", quarter);
    text.textContent = words.letters[quarter];
    part("dial-letters").append(text);
  }
}

/** Turns the dial so that north is where the phone says; the letters stay upright. */
function turnDial(heading) {
  part("dial-ticks").setAttribute("transform", `rotate(${-heading} 80 80)`);
  [...part("dial-letters").children].forEach((text, i) => {
    const angle = ((90 * i - heading) * Math.PI) / 180;
    text.setAttribute("x", String(80 + 57 * Math.sin(angle)));
    text.setAttribute("y", String(80 - 57 * Math.cos(angle)));
  });
}

/** The screen of the slot that this phone holds. */
export class SlotScreen {
  #held = null;
  #spokenAt = 0;
  #spoken = "";
  #warned = null;

  constructor() {
    buildDial();
    position.addEventListener("change", () => this.refresh());
    compass.addEventListener("change", () => this.refresh());
    setInterval(() => this.refresh(), 1000);
  }

  /** Takes {slot, assignment, target} to show; null when nothing is held. */
  set(held) {
    const other = held?.assignment.id !== this.#held?.assignment.id;
    this.#held = held;
    if (!held) {
      return;
    }
    say("slot-name", held.slot.title || held.slot.external_id || words.map);
    say("slot-note", held.slot.note ?? "");
    say("map-credit", held.target?.credit ?? "");
    part("navigate").href = navigationAddress(held.slot, navigator.userAgent);
    this.#setContact(held.target?.contact ?? "");
    if (other) {
      this.#spoken = "";
    }
    this.refresh();
  }

  /** Whom one can ask, as a link where it is an address. */
  #setContact(contact) {
    const { href, text } = contactLink(contact);
    part("contact-link").hidden = !href;
    part("contact-link").href = href ?? "";
    say("contact-words", text);
    part("contact-text").hidden = Boolean(href);
    part("contact").hidden = !contact;
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

  /** What is left of the time; below ten minutes it becomes a plate, the phone buzzes, and it is said, each once. */
  #refreshTime() {
    const { id, expires_at: until } = this.#held.assignment;
    const seconds = (Date.parse(until) - serverNow()) / 1000;
    const soon = seconds < WARN_BELOW_S;
    part("screen-slot").classList.toggle("soon", soon);
    plate("time-plate", soon ? "warn" : "", "clock");
    say("time-left", leftText(seconds));
    say("time-left-plate", leftText(seconds));
    const warning = soon ? `${id} ${until}` : null;
    if (warning && this.#warned !== warning) {
      navigator.vibrate?.(BUZZ_MS);
      part("time-spoken").textContent = words.timeWarning(leftText(seconds));
    }
    this.#warned = warning;
  }

  /** How well the phone knows its place. */
  #refreshPosition() {
    const fix = position.fresh();
    if (position.denied) {
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
    const fix = position.fix;
    const { heading, corrected } = compass;
    part("compass-ask").hidden = !compass.needsTap;
    turnDial(heading ?? 0);
    part("needle").toggleAttribute("hidden", !fix);
    part("far-metres").hidden = !fix;
    if (!fix) {
      say("far-words", words.noPlace);
      say("far-long", "");
      return;
    }
    const metres = metresBetween(fix, this.#held.slot);
    position.aimAt(metres);
    const bearing = bearingFrom(fix, this.#held.slot);
    const { figure, unit } = metresParts(metres);
    say("far-figure", figure);
    say("far-unit", `\u00a0${unit}`);
    part("needle").setAttribute("transform", `rotate(${bearing - (heading ?? 0)} 80 80)`);
    const walk = metres < WALK_FROM_M ? "" : walkText(metres);
    const magnetic = heading !== null && !corrected ? words.magnetic : "";
    const long = [compassWord(bearing), walk, magnetic].filter(Boolean).join(" · ");
    const short = heading === null ? compassWord(bearing) : words.ahead(turnBetween(heading, bearing));
    say("far-words", metres < THERE_M ? words.atThePlace : short);
    say("far-long", metres < THERE_M ? "" : heading === null ? walk : long);
    this.#speak(`${metresText(metres)}, ${short}. ${positionText(position.fresh()?.accuracy ?? null)}`);
  }

  /** Says distance and direction to a screen reader, not at every step. */
  #speak(sentence) {
    if (sentence !== this.#spoken && Date.now() - this.#spokenAt > SPOKEN_EVERY_MS) {
      this.#spoken = sentence;
      this.#spokenAt = Date.now();
      part("far-spoken").textContent = sentence;
    }
  }
}
