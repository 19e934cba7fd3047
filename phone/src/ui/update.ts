/** A new build waits until a person takes it: an update never interrupts a tube, and never touches the queue. */

import { world } from "../world";

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
    const lookForOne = (): void => void registration.update().catch(() => undefined);
    addEventListener("visibilitychange", () => (document.hidden ? undefined : lookForOne()));
    let told: unknown;
    world.addEventListener("change", () => {
      const { trouble } = world; // a new one each time that the park is asked
      if (trouble?.status === 426 && !trouble.busy && trouble !== told) lookForOne();
      told = trouble;
    });
  }, () => undefined);
}

function note(registration: ServiceWorkerRegistration): void {
  if (!registration.waiting || !navigator.serviceWorker.controller) return;
  waiting = registration.waiting;
  for (const hear of hears) hear();
}
