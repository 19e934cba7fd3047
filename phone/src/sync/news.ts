import { deviceValue } from "../store/db";
import { ask } from "./api";

export interface News {
  changes: unknown[];
  cursor: string;
}

/**
 * What happened since the cursor. With it goes the batch that the park confirmed last: does it not know that one any
 * more, it was restored from a backup. Raises Trouble.
 */
export async function news(cursor: string, token: string): Promise<News> {
  const last = (await deviceValue<string>("last")) ?? "";
  const { body } = await ask<News>(`changes?cursor=${encodeURIComponent(cursor)}&last=${last}`, { token });
  return body!;
}
