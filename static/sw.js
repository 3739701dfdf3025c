// The service worker of the phone's page. The view puts two constants in front of it: `sendInBackground` (null where the
// worker is no module) and `PACKAGE`, which names this version, its page and its files. It is served at /sw.js.
//
// Page and scripts of one version lie in one cache and are given out from there together: an old page never meets new
// scripts. What the API answers is never kept here, but for pictures, and those without what was asked with.
/* global PACKAGE, sendInBackground */

const SHELLS = "capturegraph-shell-";
const SHELL = SHELLS + PACKAGE.version;
const PICTURES = "capturegraph-pictures";
const MOST_PICTURES = 80;
const PICTURE = /^\/api\/v1\/(slots\/[0-9a-f-]{36}\/reference|captures\/[0-9a-f-]{36}\/photo\/small)\/$/;

/** Puts files into this version's cache; what an earlier version has of the same name is the same and not fetched. */
async function keepFiles(files) {
  const cache = await caches.open(SHELL);
  await Promise.all(
    files.map(async (file) => {
      if (await cache.match(file)) {
        return;
      }
      const known = await caches.match(file);
      await (known ? cache.put(file, known) : cache.add(file));
    }),
  );
}

/** Fetches the whole version; the worker is installed only when everything is there. */
async function install() {
  const cache = await caches.open(SHELL);
  await Promise.all([cache.add(new Request(PACKAGE.page, { cache: "reload" })), keepFiles(PACKAGE.files)]);
}

/** Forgets old versions but for the last one: a tab that still shows it goes on with its own files. */
async function activate() {
  const shells = (await caches.keys()).filter((name) => name.startsWith(SHELLS) && name !== SHELL);
  await Promise.all(shells.slice(0, -1).map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** The page of this version, whatever stands behind the question mark. */
async function page(request) {
  const cache = await caches.open(SHELL);
  return (await cache.match(PACKAGE.page, { ignoreVary: true })) ?? fetch(request);
}

/** A static file of any version that is still here; new ones are kept as they come. */
async function file(request) {
  const known = await caches.match(request, { ignoreVary: true });
  if (known) {
    return known;
  }
  const answer = await fetch(request);
  if (answer.ok && answer.status === 200) {
    const cache = await caches.open(SHELL);
    await cache.put(request.url, answer.clone());
  }
  return answer;
}

/** A picture: its address changes with it. It is kept under the address alone, so that no token comes along. */
async function picture(event) {
  const cache = await caches.open(PICTURES);
  const known = await cache.match(event.request.url, { ignoreVary: true });
  if (known) {
    return known;
  }
  const answer = await fetch(event.request);
  if (answer.ok) {
    event.waitUntil(keepPicture(cache, event.request.url, answer.clone()));
  }
  return answer;
}

/** Keeps a picture, and lets the oldest go where there are many. */
async function keepPicture(cache, url, answer) {
  await cache.put(url, answer);
  const kept = await cache.keys();
  await Promise.all(kept.slice(0, Math.max(0, kept.length - MOST_PICTURES)).map((one) => cache.delete(one)));
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin || request.headers.has("Range")) {
    return;
  }
  if (request.mode === "navigate") {
    if (pathname === PACKAGE.page) {
      event.respondWith(page(request));
    } else if (pathname.startsWith(PACKAGE.page)) {
      // What needs the server anyway is not kept; without a network the page itself is better than the browser's word.
      event.respondWith(fetch(request).catch(() => page(request)));
    }
  } else if (pathname.startsWith(PACKAGE.static)) {
    event.respondWith(file(request));
  } else if (PICTURE.test(pathname)) {
    event.respondWith(picture(event));
  }
});
self.addEventListener("message", (event) => {
  if (event.data === "use-now") {
    self.skipWaiting();
  } else if (event.data === "keep-map") {
    event.waitUntil(keepFiles(PACKAGE.map).catch(() => {}));
  } else if (event.data === "keep-tiles") {
    event.waitUntil(keepFiles(PACKAGE.tiles).catch(() => {}));
  }
});
self.addEventListener("sync", (event) => {
  if (event.tag === "capturegraph.send" && sendInBackground) {
    event.waitUntil(sendInBackground());
  }
});
