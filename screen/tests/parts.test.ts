import { describe, expect, it, vi } from "vitest";
import { frame, middle } from "../src/geo";
import { left, share } from "../src/parts";
import { again } from "../src/refresh";

const words = { over: "over by", left: "left:", hours: "h", minutes: "min" };

describe("clocks", () => {
  it("tell what is left, amber in the last four hours, and red how long they are over", () => {
    expect(left(10 * 3_600_000, 0, words)).toEqual(["left: 10 h 0 min", "wait"]);
    expect(left(59 * 60_000, 0, words)).toEqual(["left: 59 min", "warn"]);
    expect(left(0, 61 * 60_000, words)).toEqual(["over by 1 h 1 min", "bad"]);
  });
});

describe("rates", () => {
  it("of nobody are no number", () => {
    expect(share(0, 0)).toBe("–");
    expect(share(1, 3)).toBe("33.3%");
  });
});

describe("outlines", () => {
  it("have a frame and a middle, whatever their shape", () => {
    const square = (x: number): GeoJSON.Feature => ({ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [[[x, 0], [x + 2, 0], [x + 2, 2], [x, 0]]] } });
    expect(middle(square(2))).toEqual([3, 1]);
    expect(frame({ type: "FeatureCollection", features: [square(0), square(4)] })).toEqual([0, 0, 6, 2]);
    expect(frame({ type: "FeatureCollection", features: [] })).toBeNull();
  });
});

describe("refreshing", () => {
  it("asks one question at a time, goes on after a failure, and ends when told", async () => {
    vi.useFakeTimers();
    let asked = 0;
    const stop = again(async () => {
      asked += 1;
      if (asked === 2) throw new Error("no network");
    }, 1000);
    await vi.advanceTimersByTimeAsync(3500);
    expect(asked).toBe(4);
    stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect(asked).toBe(4);
    vi.useRealTimers();
  });
});
