/** Base45 (RFC 9285): the 45 characters that a QR picture holds most closely. */

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/** The bytes of a text, or undefined when it is not base45. */
export function fromBase45(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 3 === 1) return undefined;
  const bytes: number[] = [];
  for (let place = 0; place < text.length; place += 3) {
    const digits = Array.from(text.slice(place, place + 3), (character) => ALPHABET.indexOf(character));
    if (digits.includes(-1)) return undefined;
    const value = digits.reduce((sum, digit, power) => sum + digit * 45 ** power, 0);
    if (value >= 2 ** (digits.length === 3 ? 16 : 8)) return undefined;
    if (digits.length === 3) bytes.push(value >> 8);
    bytes.push(value & 0xff);
  }
  return new Uint8Array(bytes);
}

export function toBase45(bytes: Uint8Array): string {
  let text = "";
  for (let place = 0; place < bytes.length; place += 2) {
    const pair = place + 1 < bytes.length;
    let value = pair ? bytes[place]! * 256 + bytes[place + 1]! : bytes[place]!;
    for (let digit = 0; digit < (pair ? 3 : 2); digit++) {
      text += ALPHABET[value % 45];
      value = Math.floor(value / 45);
    }
  }
  return text;
}
