// Choosing a language: a cookie keeps it in this browser, and pages are asked for again in it.

import { words } from "./words.js";

const COOKIE = "capturegraph_language";
const A_YEAR_S = 365 * 24 * 3600;
const READY_WITHIN_MS = 4000;
const SHELLS = "capturegraph-shell-";
const FIELD = "/field/";

/** Keeps the choice; nothing else is kept in a cookie of a volunteer's. */
function keepChoice(code) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${COOKIE}=${code}; Path=/; Max-Age=${A_YEAR_S}; SameSite=Lax${secure}`;
}

/** Whether the server can be reached: without it there are no other words to show. */
async function reachesServer() {
  try {
    return (await fetch("/healthz", { method: "HEAD", cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

/** Puts the field page in the new language where the service worker looks for it, whenever that is renewed itself. */
async function renewShell() {
  const shells = (await globalThis.caches?.keys())?.filter((name) => name.startsWith(SHELLS)) ?? [];
  if (shells.length === 0) {
    return;
  }
  const page = await fetch(FIELD, { cache: "reload" });
  for (const name of page.ok ? shells : []) {
    const cache = await caches.open(name);
    await cache.put(FIELD, page.clone());
  }
}

/** Lets the service worker fetch everything in the new language; returns when it has, or after a while. */
async function renewWorker() {
  const registration = await navigator.serviceWorker?.getRegistration();
  await registration?.update();
  const coming = registration?.installing ?? registration?.waiting;
  if (!coming) {
    return;
  }
  await new Promise((resolve) => {
    setTimeout(resolve, READY_WITHIN_MS);
    const look = () => ["activated", "redundant"].includes(coming.state) && resolve();
    coming.addEventListener("statechange", look);
    coming.postMessage("use-now");
    look();
  });
}

/** Shows this page in another language. Gives false where the server cannot be reached: nothing has changed then. */
export async function chooseLanguage(code) {
  if (!(await reachesServer())) {
    return false;
  }
  keepChoice(code);
  await renewShell().catch(() => {});
  await renewWorker().catch(() => {});
  location.reload();
  return true;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-language]");
  if (!button || button.ariaBusy === "true") {
    return;
  }
  button.ariaBusy = "true";
  const problem = button.closest("details")?.querySelector("[data-language-problem]");
  const chosen = await chooseLanguage(button.dataset.language);
  if (!chosen && problem) {
    problem.textContent = words.noSignal;
    problem.hidden = false;
  }
  button.ariaBusy = null;
});
