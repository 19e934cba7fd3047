/** The screen's colours, dark as a wall in an evening; the maps and the curve draw on canvas and cannot read the style sheet. */
export const GROUND = "#0b1420";
export const PAPER = "#122033";
export const LINE = "#26405c";
export const INK = "#e8f0f8";
export const SOFT = "#9db4ca";
export const TEAL = "#35c2b4";

/** Where nobody is due. */
export const NOBODY = "#22354c";
/** From nobody sampled to everybody. */
export const COVERAGE: [number, string][] = [[0, "#5b1f2b"], [0.5, "#6b4a1e"], [0.8, "#2c5a55"], [1, "#1f7a5c"]];
/** Density of people, from none to many. */
export const DENSITY: [number, string][] = [[0, "rgba(53,194,180,0)"], [0.2, "rgba(53,194,180,0.35)"], [0.5, "rgba(126,220,130,0.55)"], [0.8, "rgba(255,209,102,0.75)"], [1, "rgba(255,244,214,0.9)"]];
