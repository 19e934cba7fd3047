/** A new build waits until a person takes it: an update never interrupts a tube, and never touches the queue. */

let waiting: ServiceWorker | undefined;
const hears = new Set<() => void>();

export function updateWaits(): boolean {
  return waiting !== undefined;
}

export function onUpdate(hear: () => void): void {
  hears.add(hear);
}

export function takeUpdate(): void {
  waiting?.postMessage("take-over");
}

export function registerWorker(): void {
  const workers = navigator.serviceWorker;
  if (!workers || import.meta.env.DEV) return;
  let controlled = workers.controller !== null;
  workers.addEventListener("controllerchange", () => {
    if (controlled) location.reload();
    controlled = true;
  });
  void workers.register("/field/sw.js", { scope: "/field/", updateViaCache: "none" }).then((registration) => {
    const look = (): void => {
      const installing = registration.installing;
      installing?.addEventListener("statechange", () => note(registration));
      note(registration);
    };
    registration.addEventListener("updatefound", look);
    look();
    addEventListener("visibilitychange", () => {
      if (!document.hidden) void registration.update().catch(() => undefined);
    });
  }, () => undefined);
}

function note(registration: ServiceWorkerRegistration): void {
  if (!registration.waiting || !navigator.serviceWorker.controller) return;
  waiting = registration.waiting;
  for (const hear of hears) hear();
}
