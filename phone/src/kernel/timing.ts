/** How long something took, for whoever measures from outside. The app keeps none of it, and it tells nothing that was read. */

export function took(name: "frame" | "saved", since: number, detail: Record<string, number> = {}): void {
  performance.measure(name, { start: since, detail });
  performance.clearMeasures(name); // observers have heard it; a shift of frames would fill the memory
}
