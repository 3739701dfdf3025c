// The page as an app: its service worker, "a new version is here", and what is kept for when there is no network.

import { part } from "./page.js";
import { acts, bus } from "./router.js";

const UPDATE_EVERY_MS = 3_600_000;

let registration = null;
let lookedAt = 0;
let asked = false;

/** Registers the worker: as a module, else one that only keeps files, where browsers take no modules for workers. */
async function register() {
  const options = { scope: "/field/", updateViaCache: "none" };
  try {
    return await navigator.serviceWorker.register("/sw.js", { ...options, type: "module" });
  } catch {
    return navigator.serviceWorker.register("/sw.js?plain", options);
  }
}

/** Says calmly that a new version waits; whoever does nothing gets it when the page is opened the next time. */
function offer() {
  if (registration.waiting && navigator.serviceWorker.controller) {
    part("new-version").hidden = false;
  }
}

/** Waits until a worker has come as far as it gets: installed, or given up. */
function settled(worker) {
  return new Promise((resolve) => {
    const done = () => ["installed", "activated", "redundant"].includes(worker.state) && resolve();
    worker.addEventListener("statechange", done);
    done();
  });
}

/** Watches a worker that is being installed. */
async function follow() {
  const worker = registration.installing;
  if (worker) {
    await settled(worker);
    offer();
  }
}

/** Asks for a new version, at most once an hour. */
function look() {
  if (registration && Date.now() - lookedAt > UPDATE_EVERY_MS) {
    lookedAt = Date.now();
    registration.update().catch(() => {});
  }
}

/** Puts the version that waits in the place of this one, and begins anew with its page. */
function useNew() {
  asked = true;
  registration.waiting?.postMessage("use-now");
}

/**
 * Begins anew with the page as the server has it now (in another language, say), also where a kept one is shown.
 * Without a worker, or without an answer, it is a plain reload.
 */
export async function renew() {
  const known = registration ?? (await navigator.serviceWorker?.getRegistration("/field/"));
  await known?.update().catch(() => {});
  if (known?.installing) {
    await settled(known.installing);
  }
  if (!known?.waiting) {
    location.reload();
    return;
  }
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
  known.waiting.postMessage("use-now");
}

/** Whether this browser can keep the page at all: over HTTPS, and where private windows allow it. */
export function canInstall() {
  return "serviceWorker" in navigator;
}

/** Registers the worker and follows its versions. */
async function install() {
  registration = await register();
  lookedAt = Date.now();
  registration.addEventListener("updatefound", follow);
  navigator.serviceWorker.addEventListener("controllerchange", () => asked && location.reload());
  bus.addEventListener("look", look);
  offer();
  follow();
  const { active } = await navigator.serviceWorker.ready;
  active.postMessage("keep-map");
}

acts({ "use-new-version": async () => useNew() });
if (canInstall()) {
  install().catch(() => {});
}
