import { afterEach, expect, test, vi } from "vitest";
import type { Outcome } from "../src/desk/desk";
import { feel } from "../src/ui/feel";

const TONES = ["ok", "tube", "sealed", "other", "twice", "unproven", "again", "undone", "stop"] as const;

/** A sound card that writes down what it plays. */
class Sound {
  static played: number[] = [];
  currentTime = 0;
  state = "running";
  destination = {};
  createOscillator() {
    const frequency = { set value(hertz: number) { Sound.played.push(hertz); } };
    return { type: "", frequency, connect: (to: unknown) => to, start: () => undefined, stop: () => undefined };
  }
  createGain() {
    const quiet = () => undefined;
    return { gain: { setValueAtTime: quiet, exponentialRampToValueAtTime: quiet }, connect: (to: unknown) => to };
  }
}

afterEach(() => vi.unstubAllGlobals());

test("each verdict has a sound and a shake of its own", () => {
  const shakes: unknown[] = [];
  vi.stubGlobal("AudioContext", Sound);
  vi.stubGlobal("navigator", { vibrate: (shake: unknown) => shakes.push(shake) });
  const told = TONES.map((tone) => {
    [Sound.played, shakes.length] = [[], 0];
    feel({ tone } as Outcome);
    return [JSON.stringify(Sound.played), JSON.stringify(shakes)];
  });
  expect(told.every(([notes, shake]) => notes!.length > 2 && shake!.length > 4)).toBe(true);
  expect(new Set(told.map(([notes]) => notes)).size).toBe(TONES.length);
  expect(new Set(told.map(([, shake]) => shake)).size).toBeGreaterThanOrEqual(7);
});

test("a phone without sound still shakes", () => {
  const shake = vi.fn();
  vi.stubGlobal("AudioContext", class { constructor() { throw new Error("no sound card"); } });
  vi.stubGlobal("navigator", { vibrate: shake });
  feel({ tone: "stop", why: "full", text: "" });
  expect(shake).toHaveBeenCalledOnce();
});
