// A walk: several near places as one way, the next stop by itself, and one tap that leaves the rest for others.

import { arrange } from "./arrange.js";
import { bearingFrom, metresBetween, turnBetween } from "./geodesy.js";
import { choose, heldStops, knownHeld, knownTarget, letGo, noteTaken, release, releaseWalk, reserveWalk } from "./hand.js";
import { goOn, hold, rest, sayOrKeep, showReason, showSlot } from "./holding.js";
import { currentWalk, redraw } from "./map-screen.js";
import { clockTime, h, notice, part, say, show, style } from "./page.js";
import { compass, now, position } from "./phone.js";
import { bus } from "./router.js";
import { markElement } from "../marks.js";
import { later } from "./waiting.js";
import { wayAlong } from "./walk.js";
import { compassWord, metresText, minutesText, words } from "../words.js";

const METRES_A_MINUTE = 75;
const MINUTES_A_STOP = 1;
const MOST_STOPS = 12;
const OFFERED = [2, 3, 4, 5, 6];
const MORE = [1, 2, 3];
const lines = new Map();

await style("walk");

/** The buttons that take so many places, or so many more; the figure is enough beside the words before it. */
function drawChips(id, counts, held) {
  if (part(id).dataset.held === String(held)) {
    return;
  }
  part(id).dataset.held = held;
  const chips = counts
    .filter((n) => held + n <= MOST_STOPS)
    .map((n) => {
      const attributes = { type: "button", class: "button", "data-act": "walk-take", "data-stops": held + n };
      const chip = h("button", attributes, held ? `+${n}` : String(n));
      chip.ariaLabel = held ? words.moreStops(n) : words.nearPlaces(n);
      return chip;
    });
  part(id).replaceChildren(...chips);
}

/** The badge of a stop: its number, or the tick of one that is done. */
function badge({ number, state }) {
  if (state === "done" || state === "taken") {
    return markElement("fulfilled", "mark");
  }
  return h("span", { class: `badge ${state}`, "aria-hidden": "true" }, String(number));
}

/** Where a stop lies: the next one from here, a later one from the stop before it. */
function whereText(stop, before) {
  const fix = position.fresh();
  if (stop.state === "later") {
    return before ? words.thenFar(metresText(metresBetween(before.slot, stop.slot))) : "";
  }
  if (!fix) {
    return words.noPlace;
  }
  const bearing = bearingFrom(fix, stop.slot);
  const way = compass.heading === null ? compassWord(bearing) : words.ahead(turnBetween(compass.heading, bearing));
  return `${metresText(metresBetween(fix, stop.slot))} ${way}`;
}

/** One line of the list: go there, or skip it. */
function lineOf(stop, before) {
  const far = h("span", { class: "second" }, whereText(stop, before));
  const text = h("span", { class: "stop-words" }, h("strong", {}, titleOf(stop)), far);
  const name = words.goToStop(stop.number);
  const go = h("button", { type: "button", class: "stop", "data-act": "walk-go", "data-id": stop.id, title: name }, badge(stop), text);
  const skip = h("button", { type: "button", class: "button plain", "data-act": "walk-skip", "data-id": stop.id }, words.skip);
  skip.ariaLabel = words.skipNamed(titleOf(stop));
  const line = h("li", {}, go, skip);
  if (stop.state === "next") {
    line.setAttribute("aria-current", "step");
  }
  return line;
}

/** The line of a stop that is in the list already, unless it says something else now. */
function keptLineOf(stop, before) {
  // Where the next stop lies changes with every step: refreshFar() says it.
  const where = stop.state === "next" ? "" : whereText(stop, before);
  const key = JSON.stringify([stop.number, stop.state, titleOf(stop), where]);
  if (lines.get(stop.id)?.key !== key) {
    lines.set(stop.id, { key, line: lineOf(stop, before) });
  }
  return lines.get(stop.id).line;
}

/** What a stop is called. */
function titleOf({ slot, number }) {
  return slot.title || slot.external_id || words.stop(number);
}

/** Draws the walk as it stands; without one, the slot screen offers to take one. */
function draw() {
  const walk = currentWalk();
  part("slot-which").hidden = Boolean(walk);
  part("slot-walk").hidden = !walk;
  part("near").hidden = Boolean(walk);
  if (!walk) {
    if (document.body.dataset.screen === "walk" && now.held) {
      showSlot(now.held);
    }
    return;
  }
  say("slot-walk-words", words.stopOf(walk.place, walk.of));
  if (part("screen-walk").hidden) {
    return;
  }
  const { stops, ahead } = walk;
  say("walk-title", words.stopOf(walk.place, walk.of));
  const metres = wayAlong(position.fresh(), ahead);
  const minutes = Math.max(1, Math.round(metres / METRES_A_MINUTE + ahead.length * MINUTES_A_STOP));
  say("walk-left", words.wayLeft(metresText(metres), minutesText(minutes)));
  say("walk-until", words.yoursUntil(clockTime(Math.min(...ahead.map((stop) => Date.parse(stop.expires_at))))));
  part("walk-segments").replaceChildren(...stops.map(({ state }) => h("span", { class: state })));
  arrange(part("walk-stops"), ahead.map((stop, i) => keptLineOf(stop, ahead[i - 1])));
  refreshFar();
  say("walk-guide-words", words.guideTo(walk.place));
  say("walk-leave-words", words.leaveLast(ahead.length));
  drawChips("walk-more", MORE, heldStops().length);
  part("walk-add").hidden = !part("walk-more").childElementCount;
}

/** Only what changes with every step: the list is not built anew under somebody's finger. */
function refreshFar() {
  const walk = part("screen-walk").hidden ? null : currentWalk();
  const line = part("walk-stops").querySelector("[aria-current] .second");
  if (walk && line) {
    const text = whereText(walk.next, null);
    if (line.textContent !== text) {
      line.textContent = text;
    }
  }
}

/** Takes so many stops and shows the walk. */
async function take(count) {
  const before = heldStops().length;
  position.start();
  const { held, stops, reason } = await reserveWalk(count, await position.first(6000));
  now.resting = false;
  if (!held) {
    showReason(reason);
    return;
  }
  hold(held);
  if (stops.length < 2) {
    showSlot(held);
    notice(reason?.text ?? "");
    return;
  }
  show("walk");
  draw();
  if (stops.length < count) {
    notice(words.fewerStops(stops.length - before, reason?.text ?? ""));
  }
}

/** Lets others have everything that is left; without signal it waits. */
async function leaveAll() {
  const stops = heldStops();
  try {
    await releaseWalk(null);
  } catch (problem) {
    if (problem.status !== 0) {
      throw problem;
    }
    later("walk", `targets/${knownTarget().id}/release-walk/`, {}, "");
    stops.forEach((stop) => letGo(stop, "released"));
  }
  rest(words.walkLeft);
}

/** The stop that a button of the list stands for. */
function stopOfButton(button) {
  return heldStops().find(({ assignment }) => assignment.id === button.dataset.id);
}

/** Lets others have one stop, and goes on with the next; after the last one the walk is over. */
async function skip(button) {
  const stop = stopOfButton(button);
  if (!stop) {
    // It ended while its line was still to be seen.
    await goOn(knownHeld());
    return;
  }
  const left = await sayOrKeep(stop, "release", "released", release);
  if (left) {
    hold(left);
    redraw();
    part("main").focus({ preventScroll: true });
  } else {
    rest(words.walkLeft);
  }
  notice(words.skipped(stop.slot.title));
}

/** What taps do. */
export const acts = {
  "walk-take": (button) => take(Number(button.dataset.stops)),
  walk: async () => {
    show("walk");
    draw();
  },
  "walk-back": () => goOn(now.held),
  "walk-guide": () => goOn(now.held),
  "walk-go": async (button) => {
    const stop = stopOfButton(button);
    await goOn(stop ? choose(stop) : knownHeld());
  },
  "walk-skip": skip,
  "walk-leave": leaveAll,
};

/** A photo was taken: the walk goes on with the next stop, also before the server has said so. */
function goOnAfter({ detail: { capture } }) {
  noteTaken(capture.metadata.assignment);
}

bus.addEventListener("kept", goOnAfter);
bus.addEventListener("held", draw);
document.addEventListener("shown", draw);
position.addEventListener("change", refreshFar);
compass.addEventListener("change", refreshFar);
for (const id of ["near-chips", "ask-chips"]) {
  drawChips(id, OFFERED, 0);
}
part("near").hidden = false;
part("ask-near").hidden = false;
draw();
