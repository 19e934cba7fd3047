/** One request to the park. Whatever is not an answer of the park itself is no answer. */

import { language } from "../texts/language";
import { PROTOCOL } from "../protocol";

const PATIENCE = 30_000;
const ZIP_FROM = 1024;

/** The park's refusal, with its code; code "no_answer" when nothing of the park answered. */
export class Trouble extends Error {
  readonly code: string;
  readonly status: number;
  readonly retryAfter: number | undefined;
  readonly wipe: boolean;
  /** What the park says that helps. */
  readonly remedy: string;

  constructor(code: string, message: string, status = 0, retryAfter?: number, wipe = false, remedy = "") {
    super(message);
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
    this.wipe = wipe;
    this.remedy = remedy;
  }

  /** The park has its hands full, or is older than this app, and says when to come again: nobody need do anything. */
  get busy(): boolean {
    return this.status === 429 || this.status === 503 || this.remedy === "wait";
  }
}

export interface Ask {
  method?: "GET" | "POST" | "PUT";
  token?: string | undefined;
  json?: unknown;
  bytes?: Uint8Array<ArrayBuffer>;
  type?: string;
  /** "bytes FIRST-LAST/TOTAL": the bytes are a part of a file. */
  range?: string;
  etag?: string | undefined;
}

export interface Answer<T> {
  body: T | undefined;
  etag: string | undefined;
  /** The park had said this before, and said then what time it was. */
  repeated?: boolean;
}

/** Ask the park; `body` is undefined for "unchanged". Raises Trouble. */
export async function ask<T>(path: string, what: Ask = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = { "Parkkeeper-Protocol": String(PROTOCOL), "Accept-Language": language() };
  if (what.token) headers["Authorization"] = `Bearer ${what.token}`;
  if (what.etag) headers["If-None-Match"] = what.etag;
  let body: Uint8Array<ArrayBuffer> | undefined = what.bytes;
  if (what.type) headers["Content-Type"] = what.type;
  if (what.range) headers["Content-Range"] = what.range;
  if (what.json !== undefined) {
    headers["Content-Type"] = "application/json";
    body = new TextEncoder().encode(JSON.stringify(what.json));
    if (body.length >= ZIP_FROM && "CompressionStream" in globalThis) {
      headers["Content-Encoding"] = "gzip";
      body = await zipped(body);
    }
  }
  let response: Response;
  try {
    response = await fetch(`/phone/v1/${path}`, {
      method: what.method ?? "GET",
      headers,
      ...(body ? { body } : {}),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch {
    throw new Trouble("no_answer", "");
  }
  if (response.status === 304) return { body: undefined, etag: what.etag };
  let told: unknown;
  try {
    told = await response.json();
  } catch {
    throw new Trouble("no_answer", "", response.status, retryAfter(response));
  }
  if (!response.ok) throw trouble(response, told);
  return { body: told as T, etag: response.headers.get("ETag") ?? undefined, repeated: response.headers.has("Parkkeeper-Repeated") };
}

/** How many bytes of a file the park has. Raises Trouble. */
export async function bytesThere(sha256: string, token: string): Promise<number> {
  const headers = { "Parkkeeper-Protocol": String(PROTOCOL), Authorization: `Bearer ${token}` };
  const how: RequestInit = { method: "HEAD", headers, cache: "no-store", credentials: "omit", redirect: "error", signal: AbortSignal.timeout(PATIENCE) };
  const response = await fetch(`/phone/v1/files/${sha256}`, how).catch(() => undefined);
  const told = response?.ok ? Number(response.headers.get("Upload-Offset") ?? NaN) : NaN;
  if (!Number.isInteger(told)) throw new Trouble("no_answer", "", response?.status ?? 0, response && retryAfter(response));
  return told;
}

function trouble(response: Response, told: unknown): Trouble {
  const error = (told as { error?: { code?: string; message?: string; wipe?: boolean; remedy?: string } } | null)?.error;
  const code = error?.code ?? "no_answer";
  return new Trouble(code, error?.message ?? "", response.status, retryAfter(response), error?.wipe === true, error?.remedy);
}

function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get("Retry-After") ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

async function zipped(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
