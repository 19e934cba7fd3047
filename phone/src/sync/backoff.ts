/** When to come again: 2, 4, 8 … at most 300 seconds, or what the park says; each with up to a half added at random. */

const MOST = 300;

export function pause(failures: number, retryAfter: number | undefined, chance: () => number = Math.random): number {
  const seconds = retryAfter ?? Math.min(MOST, 2 ** Math.min(failures, 9));
  return seconds * (1 + chance() / 2) * 1000;
}
