{% load static %}"use strict";
// Keeps the shell of the own page, so that it opens without network. Data never pass through here.
const FILES = ["/me/", "/me/words.json", "/me/manifest.webmanifest"{% for file in files %}, "{{ file|escapejs }}"{% endfor %}];
const CACHE = "own-" + FILES.join("|");
// no Vary, no query: the shell is the same for everybody
const SAME = { ignoreVary: true, ignoreSearch: true };

self.addEventListener("install", (event) => {
  const fresh = FILES.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("own-") && name !== CACHE;
  const tidy = caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))));
  event.waitUntil(tidy.then(() => self.clients.claim()));
});

async function answer(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request, SAME);
  if (!kept) return fetch(request);
  // what has no hash in its name may have changed: shown at once, fetched for the next time
  if (new URL(request.url).pathname.startsWith("/me/")) {
    fetch(request.url, { cache: "no-cache" }).then((now) => (now.ok ? cache.put(request.url, now) : null)).catch(() => null);
  }
  return kept;
}

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  const ours = address.origin === self.location.origin && FILES.includes(address.pathname);
  if (event.request.method === "GET" && ours) event.respondWith(answer(event.request));
});
