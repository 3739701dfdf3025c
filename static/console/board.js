// The board: puts the live parts in their places, asks for them again every few seconds, and shows the places.

import { words } from "../words.js";
import { Places, readFeed } from "./board-feed.js";
import { clearFilters, countFilters, filters, filtersToAddress } from "./board-filters.js";
import { Lasso } from "./board-lasso.js";
import { openBoardMap, PADDING } from "./board-map.js";
import { sketch } from "./board-sketch.js";

const EVERY_MS = 4000;
const RESULT_MS = 12_000;
const LIVE = new URL("live/", location.href).href;
const element = document.getElementById("board-map");
const FEED = `/api/v1/targets/${element.dataset.target}/board/`;
const PARTS = ["figure", "bar", "chips", "needs", "out"];

const chosenStates = new Set((new URLSearchParams(location.search).get("state") ?? "").split(",").filter(Boolean));
let version = null;
let etag = null;
let changedAt = Date.now();
let board = null;
// What is shown: their ids are null until the whole feed has come. With them, the filter that they were asked for by.
let places = null;
let placesFor = "";
let picked = new URLSearchParams(location.search).get("slot");
let chosen = null;
let lasso = null;
let asking = Promise.resolve();
let waiting = 0;
let missed = false;
let opening = null;

/** The element with this id. */
function part(id) {
  return document.getElementById(id);
}

/** Lets htmx know of elements that it did not put there itself. */
function withHtmx(some) {
  window.htmx?.process(some);
}

/** Puts the live parts (from the page itself at first) in their places; what has not changed is not touched. */
function place(source) {
  for (const name of PARTS) {
    const fresh = source.querySelector(`#live-${name}`);
    const slot = document.querySelector(`[data-slot="${name}"]`);
    // Nobody's message is taken from under their hands, and what was just told can be read to its end.
    const busy = slot.querySelector("details[open], [data-told]");
    if (slot.dataset.shown === fresh.outerHTML || busy) {
      continue;
    }
    slot.dataset.shown = fresh.outerHTML;
    const focused = slot.contains(document.activeElement) ? document.activeElement.dataset : {};
    slot.replaceChildren(document.importNode(fresh, true));
    withHtmx(slot);
    for (const key of ["state", "place"].filter((one) => focused[one])) {
      slot.querySelector(`[data-${key}="${focused[key]}"]`)?.focus();
    }
  }
  markChosen();
  if (source.dataset.version !== version) {
    version = source.dataset.version;
    changedAt = Date.now();
    askForPlaces();
    if (picked && !part("picked").contains(document.activeElement)) {
      tell(picked, { quietly: true });
    }
  }
}

/** Shows on the chips and on the map which states are chosen; none means all. */
function markChosen() {
  for (const chip of document.querySelectorAll('[data-slot="chips"] .chip')) {
    chip.setAttribute("aria-pressed", String(chosenStates.has(chip.dataset.state)));
  }
  board?.layer.filter(chosenStates.size ? chosenStates : null);
}

/**
 * Asks for the places, one request after the other: all, or what has changed since.
 * @returns {Promise<boolean>} whether those that the filters ask for are shown now; never rejects
 */
function askForPlaces(all = false) {
  waiting += 1;
  asking = asking
    .then(() => fetchPlaces(all))
    .catch(() => {
      missed = true;
      tellAge(true);
      return false;
    })
    .finally(() => {
      waiting -= 1;
    });
  return asking;
}

async function fetchPlaces(all) {
  const query = filters();
  const wanted = String(query);
  // What has changed can be added to all places alone, and found among them by their ids.
  if (places?.ids && !placesFor && !wanted && !all) {
    query.set("since", places.head.at);
  }
  const asked = String(query);
  const answer = await fetch(asked ? `${FEED}?${asked}` : FEED);
  if (!answer.ok) {
    part("filters-refused").firstElementChild.textContent = (await answer.json()).detail;
  }
  part("filters-refused").hidden = answer.ok;
  missed = false;
  return answer.ok && take(answer, wanted);
}

/** Takes in what a feed says, while it comes. */
async function take(answer, wanted) {
  const feed = await readFeed(answer, (columns) => {
    if (columns.head.full) {
      placesFor = wanted;
      show(new Places(columns));
    }
  });
  if (feed.head.full) {
    places.ids = feed.ids;
  } else if (!places.merge(feed)) {
    return fetchPlaces(true);
  } else if (places.moved) {
    board?.show(places, false);
  } else {
    board?.layer.sort();
  }
  element.dataset.places = String(places.count);
  element.dataset.version = places.head.version;
  showPicked();
  showLayers();
  return true;
}

/** Shows all places, at first as dots until the map is there. */
function show(all) {
  places = all;
  if (board) {
    board.show(all, false);
    return;
  }
  if (!opening) {
    const dots = sketch(element, all, PADDING);
    element.dataset.drawn = String(Math.round(performance.now()));
    // After the dots have been painted: starting the map keeps the browser busy for a while.
    opening = new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)))
      .then(() => openBoardMap(element))
      .then((map) => opened(map, dots))
      .catch(() => {
        element.dataset.ready = "failed";
      });
  }
}

/** Once, when the map is there. */
function opened(map, dots) {
  board = map;
  board.show(places, true);
  markChosen();
  dots.remove();
  board.onPick((number) => {
    if (!lasso?.open && (number < 0 || places.ids)) {
      pick(number < 0 ? null : places.id(number));
    }
  });
  part("lasso")?.addEventListener("click", () => {
    lasso?.toggle();
    drawing();
  });
  showPicked();
  showLayers();
  element.dataset.mapped = String(Math.round(performance.now()));
}

/** Says whether one can draw now. */
function drawing() {
  part("lasso")?.setAttribute("aria-pressed", String(lasso?.open ?? false));
  if (lasso?.open) {
    chosen.drawing();
  }
}

/** Draws the ring around what is picked. */
function showPicked() {
  board?.select(picked && places ? places.find(picked) : -1);
}

/** Shows the story of a place at the side, or nothing; the address leads there. */
function pick(id) {
  picked = id;
  const address = new URL(location.href);
  if (id) {
    address.searchParams.set("slot", id);
  } else {
    address.searchParams.delete("slot");
  }
  history.replaceState(null, "", address);
  showPicked();
  if (id) {
    tell(id);
  } else {
    part("picked").hidden = true;
  }
}

/** Fetches the story of a place. */
async function tell(id, { quietly = false } = {}) {
  const answer = await fetch(new URL(`places/${id}/`, LIVE.replace(/live\/$/, "")), {
    headers: { "HX-Request": "true" },
  });
  if (!answer.ok || picked !== id) {
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const told = part("place-told")?.cloneNode(true);
  part("picked").replaceChildren(...[...page.body.childNodes].map((node) => document.importNode(node, true)));
  if (quietly && told?.childElementCount) {
    part("place-told").replaceWith(told);
  }
  part("picked").hidden = false;
  withHtmx(part("picked"));
  if (!quietly) {
    part("picked-title").focus();
  }
}

/** Shows what lies under the places. */
function showLayers() {
  board?.lay(
    { captures: part("show-captures").checked, coverage: part("show-coverage").checked },
    `${FEED}captures/`,
  );
}

/** Says how fresh the board is. */
function tellAge(lost = false) {
  part("pulse").classList.toggle("lost", lost);
  part("pulse-word").textContent = lost ? words.liveLost : words.live;
  if (part("pulse-spoken").textContent !== (lost ? words.liveLost : "")) {
    part("pulse-spoken").textContent = lost ? words.liveLost : "";
  }
  part("pulse-since").textContent = lost ? "" : words.liveSince(Math.round((Date.now() - changedAt) / 1000));
}

/** Asks for the live parts; a 304 means that nothing has changed. */
async function refresh() {
  if (document.visibilityState === "hidden") {
    return;
  }
  try {
    const answer = await fetch(LIVE, { headers: etag ? { "If-None-Match": etag } : {}, redirect: "error" });
    if (answer.status === 200) {
      etag = answer.headers.get("ETag");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      place(page.getElementById("live"));
    }
    if (missed && waiting === 0) {
      askForPlaces();
    }
    tellAge(missed || (!answer.ok && answer.status !== 304));
  } catch {
    tellAge(true);
  }
}

/** Takes the filters to the address and to the map; says whether they are in force. */
function useFilters() {
  countFilters();
  filtersToAddress();
  return askForPlaces(true);
}

document.addEventListener("click", ({ target }) => {
  const chip = target.closest("button.chip");
  if (chip) {
    const { state } = chip.dataset;
    if (!chosenStates.delete(state)) {
      chosenStates.add(state);
    }
    markChosen();
  }
  const id = target.closest("[data-place]")?.dataset.place;
  if (id) {
    const number = places?.find(id) ?? -1;
    if (number >= 0 && !board?.layer.shows(places.state(number))) {
      chosenStates.clear();
      markChosen();
    }
    if (number >= 0) {
      board?.bringIntoView(number);
    }
    pick(id);
  }
  if (target.closest("#picked-close")) {
    pick(null);
  }
});
part("filters").addEventListener("submit", async (event) => {
  if (event.submitter?.dataset.onMap !== undefined) {
    event.preventDefault();
    // Why one was refused is said beside it.
    part("more").open = !(await useFilters());
  }
});
part("filters-clear").addEventListener("click", () => {
  clearFilters();
  useFilters();
});
for (const id of ["show-captures", "show-coverage"]) {
  part(id).addEventListener("change", showLayers);
}
// What was refused is told where it was asked, too.
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.status >= 400 && detail.xhr.status < 500) {
    detail.shouldSwap = true;
    detail.isError = false;
  }
});
document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target.closest('[data-slot="needs"]')) {
    detail.target.dataset.told = "";
    setTimeout(() => delete detail.target.dataset.told, RESULT_MS);
  }
  refresh();
});

const live = part("live");
live.remove();
countFilters();
place(live);
if (picked) {
  tell(picked, { quietly: true });
}
tellAge();
setInterval(refresh, EVERY_MS);
document.addEventListener("visibilitychange", refresh);

/** The numbers of all places of the states that are shown. */
function numbersShown() {
  const numbers = Array.from({ length: places.count }, (_, number) => number);
  return numbers.filter((number) => !chosenStates.size || chosenStates.has(places.state(number)));
}

/** Chooses what lies inside of a line on the map; null: nothing was drawn. */
async function chooseInside(points) {
  drawing();
  if (!points) {
    chosen.close();
    return;
  }
  const those = places;
  const numbers = board.layer.inside(points.map((point) => board.map.unproject(point).toArray()));
  if (!those.ids) {
    await asking;
  }
  chosen.choose(those.ids && numbers.map((number) => those.id(number)));
}

/** Chooses all that the filters let through: nothing where they are not in force. */
async function chooseShown() {
  if (!(await useFilters())) {
    chosen.notFiltered();
    return;
  }
  part("more").open = false;
  chosen.choose(numbersShown().map((number) => places.id(number)));
  part("chosen").querySelector("button")?.focus();
}

if (part("chosen")) {
  const { Chosen } = await import("./board-chosen.js");
  chosen = new Chosen(element.dataset.target, refresh);
  lasso = new Lasso(element, chooseInside);
  part("choose-shown").addEventListener("click", chooseShown);
}
