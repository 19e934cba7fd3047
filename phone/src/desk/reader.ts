/** The reader of codes: one picture at a time, in a worker of its own. */

import type { Found, Task } from "./decode.worker";

let worker: Worker | undefined;
let number = 0;
const waiting = new Map<number, (found: Found) => void>();

/** The texts of the codes in the picture, which is used up. */
export function decode(picture: ImageBitmap, photo = false): Promise<Found> {
  worker ??= started();
  const task: Task = { number: ++number, picture, photo };
  return new Promise((resolve) => {
    waiting.set(task.number, resolve);
    worker!.postMessage(task, [picture]);
  });
}

function started(): Worker {
  const made = new Worker(new URL("./decode.worker.ts", import.meta.url), { type: "module" });
  made.addEventListener("message", (event: MessageEvent<Found>) => {
    waiting.get(event.data.number)?.(event.data);
    waiting.delete(event.data.number);
  });
  made.addEventListener("error", () => {
    // a reader that fell over is started anew with the next picture
    for (const [of, answer] of waiting) answer({ number: of, texts: [], milliseconds: 0 });
    waiting.clear();
    worker = undefined;
  });
  return made;
}

/** Two equal reads in a row make a code; then it is silent until another comes, or it has been away for a while. */
export class TwoReads {
  private last = "";
  private told = "";
  private toldAt = -Infinity;
  private readonly away: number;

  constructor(away = 2500) {
    this.away = away;
  }

  /** What this reading makes known, if anything. */
  saw(text: string | undefined, now: number): string | undefined {
    if (!text) {
      this.last = "";
      return undefined;
    }
    const equal = text === this.last;
    this.last = text;
    if (text === this.told && now - this.toldAt < this.away) {
      this.toldAt = now;
      return undefined;
    }
    if (!equal) return undefined;
    [this.told, this.toldAt] = [text, now];
    return text;
  }
}
