/** Photos made small enough to be kept and sent: what is on them counts, not their pixels. */

const LONGEST = 1600; // pixels
const QUALITY = 0.8;

/** A JPEG of the picture, at most 1600 pixels long; undefined when it cannot be opened. */
export async function smaller(file: Blob): Promise<Blob | undefined> {
  const picture = await createImageBitmap(file).catch(() => undefined);
  if (!picture) return undefined;
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(picture.width * scale)), Math.max(1, Math.round(picture.height * scale)));
  canvas.getContext("2d")!.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
}
