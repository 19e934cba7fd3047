/** Asks again and again, one question at a time; an answer that does not come is told, and asked for again. */

export const EVERY = 15_000;
const PATIENCE = 12_000;

export class LoggedOut extends Error {}

/** The JSON behind the address. Throws LoggedOut when the session is over, else whatever went wrong. */
export async function ask<T>(address: string): Promise<T> {
  const answer = await fetch(address, { signal: AbortSignal.timeout(PATIENCE), redirect: "manual", cache: "no-store" });
  if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) throw new LoggedOut();
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()) as T;
}

/** Calls `turn` now and then EVERY ms after each turn has ended; a turn that throws ends nothing. */
export function again(turn: () => Promise<void>, every = EVERY): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  const run = async (): Promise<void> => {
    try {
      await turn();
    } catch {
      // what went wrong is for the turn to tell; the next one is asked all the same
    }
    if (!stopped) timer = setTimeout(() => void run(), every);
  };
  void run();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
