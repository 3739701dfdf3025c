// What a tap does and who is told of what: screens register here and know nothing of one another.

import { notice } from "./page.js";
import { words } from "../words.js";

/**
 * What happens on the phone, for whoever listens (`bus.addEventListener(name, ({ detail }) => …)`):
 * "held" {held, before}: what is in hand has changed; "kept" {capture}: a photo lies safely in the outbox;
 * "sending" {kind: "change"|"progress"|"waiting"|"lost"|"busy"|"idle", …}: what the sender does;
 * "look": the page was opened again, or a minute has gone by: time to ask the server for news;
 * "standing": the first screen stands and can be used, everything else may be loaded now.
 */
export const bus = new EventTarget();

/** Tells everybody who listens. */
export function emit(name, detail = {}) {
  bus.dispatchEvent(new CustomEvent(name, { detail }));
}

const table = new Map();

/**
 * Registers what taps do: {name: async (button) => …} for elements with data-act="name". The button is busy meanwhile,
 * and a Problem that the work throws is told as a sentence.
 */
export function acts(works) {
  for (const [name, work] of Object.entries(works)) {
    table.set(name, work);
  }
}

/**
 * Registers taps whose module is loaded when the first of them comes: lazily(() => import(address), "name", …); the
 * module exports `acts`, an object with these names.
 */
export function lazily(load, ...names) {
  for (const name of names) {
    table.set(name, async (button) => (await load()).acts[name](button));
  }
}

/** Does what a tap on data-act="name" does. */
export async function act(name, button = null) {
  await table.get(name)(button);
}

/** Says what a problem means to the person; what is no Problem of the server is our own fault and is thrown on. */
export function tell(problem) {
  if (problem.status === undefined) {
    throw problem;
  }
  const sentences = { 0: words.noSignal, 401: words.notConnected, 403: words.notConnected, 404: words.notMember };
  notice(sentences[problem.status] ?? (problem.passing ? words.serverBusy : problem.message));
}

/** Runs what a tap began, with the button busy meanwhile and every problem told as a sentence. */
export async function run(button, work) {
  if (button?.ariaBusy === "true") {
    return;
  }
  button?.setAttribute("aria-busy", "true");
  notice("");
  try {
    await work();
  } catch (problem) {
    tell(problem);
  } finally {
    button?.removeAttribute("aria-busy");
  }
}

/** Begins to listen to taps. */
export function listen() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (button && table.has(button.dataset.act)) {
      run(button, () => act(button.dataset.act, button));
    }
  });
}

