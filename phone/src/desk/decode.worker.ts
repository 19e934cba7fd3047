/** Reads codes in pictures, away from the screen's own thread. */

import { prepareZXingModule, readBarcodes, type ReaderOptions } from "zxing-wasm/reader";
import wasm from "zxing-wasm/reader/zxing_reader.wasm?url";

prepareZXingModule({ overrides: { locateFile: (path: string) => (path.endsWith(".wasm") ? wasm : path) } });

const FRAME: ReaderOptions = { formats: ["QRCode", "DataMatrix", "Code128"], maxNumberOfSymbols: 2, tryHarder: true, tryInvert: false };
const PHOTO: ReaderOptions = { ...FRAME, maxNumberOfSymbols: 4, tryInvert: true };

export interface Task {
  number: number;
  picture: ImageBitmap;
  photo: boolean;
}

export interface Found {
  number: number;
  texts: string[];
  milliseconds: number;
}

addEventListener("message", (event: MessageEvent<Task>) => void read(event.data));

async function read({ number, picture, photo }: Task): Promise<void> {
  const began = performance.now();
  let texts: string[] = [];
  try {
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const context = canvas.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(picture, 0, 0);
    picture.close();
    const data = context.getImageData(0, 0, canvas.width, canvas.height);
    const found = await readBarcodes(data, photo ? PHOTO : FRAME);
    texts = found.filter((code) => code.isValid && code.text).map((code) => code.text);
  } finally {
    postMessage({ number, texts, milliseconds: performance.now() - began } satisfies Found);
  }
}
