// An answer to a plan: what is chosen in the list is lit up on the map, what is clicked on the map is told about beside.

import { openWays } from "./plan-map.js";

const element = document.getElementById("plan-map");
const rows = [...document.querySelectorAll(".plan-row[data-volunteer]")];
const styles = new Map(
  rows.map(({ dataset }) => [
    dataset.volunteer,
    { letter: dataset.letter, colour: Number(dataset.colour), dash: Number(dataset.dash) },
  ]),
);
let ways = null;
let last = null;

/** Shows in the list and on the map what the drawer is about. */
function show() {
  const { volunteer, slot } = document.getElementById("drawer").dataset;
  for (const row of document.querySelectorAll(".plan-row")) {
    const chosen = (volunteer && row.dataset.volunteer === volunteer) || (slot && row.dataset.place === slot);
    row.toggleAttribute("aria-current", Boolean(chosen));
    if (chosen) {
      last = row;
      row.setAttribute("aria-current", "true");
      row.scrollIntoView({ block: "nearest" });
    }
  }
  ways?.choose(volunteer || null, slot || null);
}

document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.id === "drawer" || target.querySelector?.("#drawer")) {
    const { volunteer, slot } = document.getElementById("drawer").dataset;
    show();
    // Whoever closes it goes on where they were.
    if (volunteer || slot || !last?.isConnected) {
      document.querySelector("#drawer h2").focus();
    } else {
      last.focus();
    }
  }
});

document.getElementById("find")?.addEventListener("input", ({ target }) => {
  const wanted = target.value.trim().toLocaleLowerCase();
  for (const row of rows) {
    const { name, letter } = row.dataset;
    const found = name.toLocaleLowerCase().includes(wanted) || letter.toLocaleLowerCase() === wanted;
    row.parentElement.hidden = !found;
  }
});

openWays(element, styles)
  .then((opened) => {
    ways = opened;
    ways.onPick(({ slot }) => {
      globalThis.htmx.ajax("GET", `${element.dataset.here}?slot=${slot}`, { target: "#drawer", swap: "outerHTML" });
    });
    show();
  })
  .catch(() => {
    element.dataset.ready = "failed";
  });
