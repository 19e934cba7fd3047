/** Serves the app without network. It keeps the files of one build, and never touches what phones say to the park. */

const worker = globalThis as unknown as ServiceWorkerGlobalScope;

const { files, build } = JSON.parse("__BUILD__") as { files: string[]; build: string };
const NAME = `field-${build}`;
const SCOPE = "/field/";

worker.addEventListener("install", (event) => {
  const requests = files.map((file) => new Request(SCOPE + file.replace("./", ""), { cache: "reload" }));
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(requests)));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith("field-") && name !== NAME) await caches.delete(name);
      await worker.clients.claim();
    })(),
  );
});

worker.addEventListener("message", (event) => {
  if (event.data === "take-over") void worker.skipWaiting();
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || !url.pathname.startsWith(SCOPE)) return;
  event.respondWith(answer(request, url));
});

async function answer(request: Request, url: URL): Promise<Response> {
  const cache = await caches.open(NAME);
  const wanted = request.mode === "navigate" ? SCOPE : url.pathname;
  return (await cache.match(wanted, { ignoreVary: true, ignoreSearch: true })) ?? fetch(request);
}
