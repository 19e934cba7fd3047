/** Where things lie: the middle of an outline, the frame round them all. */
type Position = [number, number];

function positions(geometry: GeoJSON.Geometry): Position[] {
  if (geometry.type === "GeometryCollection") return geometry.geometries.flatMap(positions);
  const flat = (part: unknown): Position[] =>
    Array.isArray(part) && typeof part[0] === "number" ? [[Number(part[0]), Number(part[1])]] : Array.isArray(part) ? part.flatMap(flat) : [];
  return flat(geometry.coordinates);
}

/** West, south, east, north of everything; null without anything. */
export function frame(collection: GeoJSON.FeatureCollection, more: Position[] = []): [number, number, number, number] | null {
  const all = [...collection.features.flatMap((feature) => positions(feature.geometry)), ...more];
  if (!all.length) return null;
  const [xs, ys] = [all.map((one) => one[0]), all.map((one) => one[1])];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

export function middle(feature: GeoJSON.Feature): Position {
  const found = frame({ type: "FeatureCollection", features: [feature] }) ?? [0, 0, 0, 0];
  return [(found[0] + found[2]) / 2, (found[1] + found[3]) / 2];
}
