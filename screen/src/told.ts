/** What the park tells the screen (parkkeeper/board/screen.py). Moments are milliseconds since 1970. */

export interface Round {
  title: string;
  as_of: number;
  due: number;
  sampled: number;
  opens: number;
  closes: number;
  curve: [number, number][];
}

export interface Grid {
  pk: number;
  name: string;
  due: number;
  sampled: number;
  missing: number;
  open: number;
  overdue: number;
  visits: number;
}

/** Longitude, latitude, people due, people sampled. */
export type Point = [number, number, number, number];

export interface Told {
  at: number;
  words: Record<string, string>;
  round: Round | null;
  grids: Grid[];
  points: Point[];
  numbers: { title: string; value: number | null; whole: number | null; tone: string }[];
  clocks: { number: string; enterprise: string; due: number }[];
}

export interface Outlines {
  grids: GeoJSON.FeatureCollection;
  roads: GeoJSON.FeatureCollection;
}
