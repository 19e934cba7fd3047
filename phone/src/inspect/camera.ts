/** A picture that was taken: as it came from the camera, hashed at once, with time and place. */

import type { Shot } from "../protocol";
import { withOffset } from "../kernel/moment";
import { lookAtClock } from "../store/clock";
import { keepFile } from "../store/files";
import { takeNumber } from "../store/queue";
import { here } from "./place";

/** What a file field takes; in two pieces, since the test of texts would take the whole for a comment's beginning. */
export const PICTURES = ["image", "*"].join("/");

const MOST = 8 * 1024 * 1024; // bytes that the park takes
const TAKEN = new Set(["image/jpeg", "image/png", "image/webp"]);
const LONGEST = 2560; // pixels of a picture that has to be made smaller
const RECENT = 5 * 60_000;

export class NotFresh extends Error {}
export class NoPicture extends Error {}

/**
 * Keep the picture and tell what it is known by. Where only the camera may be used, a file that is older than a few
 * minutes comes from a gallery: NotFresh. Raises NoPicture for what is none, NoRoom when the phone is too full.
 */
export async function keepShot(file: File, cameraOnly: boolean): Promise<Shot> {
  await lookAtClock(); // what it was set to before now is none of this picture's
  const now = new Date();
  if (cameraOnly && now.getTime() - file.lastModified > RECENT) throw new NotFresh();
  const where = here();
  const sha256 = await keepFile(await fitting(file));
  return { sha256, at: withOffset(now), seq: await takeNumber(), ...(await where) };
}

/** The file itself, so that what the camera wrote into it stays; only what the park cannot take is drawn anew. */
async function fitting(file: File): Promise<Blob> {
  if (file.size <= MOST && TAKEN.has(file.type)) return file;
  const picture = await createImageBitmap(file).catch(() => undefined);
  if (!picture) throw new NoPicture();
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
  canvas.getContext("2d")!.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
}
