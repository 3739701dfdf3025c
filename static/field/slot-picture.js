// The reference photo of the slot in hand: beside its title, and large at a tap. Those of a whole walk are fetched while
// there is signal: the service worker keeps them.

import { heldStops } from "./hand.js";
import { part } from "./page.js";
import { now } from "./phone.js";
import { pictureOf, showBlob } from "./pictures.js";
import { bus } from "./router.js";

let shownFor = null;
/** The addresses of the pictures that the worker has kept. */
const kept = new Set();
let keeping = false;

/** Lets the worker keep the pictures of every stop; on the first visit it comes later than the first pictures. */
async function keepAll() {
  if (keeping || !navigator.serviceWorker?.controller) {
    return;
  }
  keeping = true;
  for (const address of heldStops().map(({ slot }) => slot.reference)) {
    if (address && !kept.has(address) && (await pictureOf(address))) {
      kept.add(address);
    }
  }
  keeping = false;
}

/** Shows that of the slot in hand. */
async function draw() {
  const reference = now.held?.slot.reference ?? null;
  if (shownFor === reference) {
    return;
  }
  shownFor = reference;
  part("reference").hidden = true;
  if (!reference) {
    return;
  }
  const had = await pictureOf(reference);
  if (shownFor !== reference) {
    return;
  }
  if (!had) {
    // Asked for again with the next look.
    shownFor = null;
    return;
  }
  showBlob(part("reference-picture"), had);
  showBlob(part("reference-large"), had);
  part("reference").hidden = false;
}

/** Draws, then keeps. */
function drawAndKeep() {
  draw().then(keepAll);
}

/** What taps do. */
export const acts = {
  reference: async () => part("reference-dialog").showModal(),
  "reference-close": async () => part("reference-dialog").close(),
};

bus.addEventListener("held", drawAndKeep);
bus.addEventListener("look", drawAndKeep);
navigator.serviceWorker?.addEventListener("controllerchange", keepAll);
drawAndKeep();
