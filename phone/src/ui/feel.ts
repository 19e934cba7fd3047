/** Each answer has its own sound and its own shake: hands and ears know it before the eyes do. */

import type { Outcome } from "../desk/desk";

type Note = [hertz: number, milliseconds: number];
const TUNES: Record<Outcome["tone"], { notes: Note[]; shake: number[] }> = {
  ok: { notes: [[1320, 90]], shake: [40] },
  tube: { notes: [[880, 70], [1320, 90]], shake: [30, 30, 30] },
  sealed: { notes: [[1320, 70], [990, 70], [1320, 110]], shake: [30, 30, 80] },
  other: { notes: [[990, 110], [1480, 160]], shake: [60, 60, 60] },
  twice: { notes: [[660, 130], [660, 130]], shake: [120, 80, 120] },
  unproven: { notes: [[660, 130], [440, 220]], shake: [120, 60, 120, 60, 120] },
  again: { notes: [[520, 120]], shake: [20] },
  undone: { notes: [[740, 80], [550, 120]], shake: [60] },
  stop: { notes: [[220, 180], [220, 260]], shake: [220, 90, 220] },
};

let context: AudioContext | undefined;

export function feel({ tone }: Outcome | Pick<Outcome, "tone">): void {
  const { notes, shake } = TUNES[tone];
  navigator.vibrate?.(shake);
  try {
    context ??= new AudioContext();
    if (context.state === "suspended") void context.resume().catch(() => undefined);
    play(context, notes);
  } catch {
    // a phone without sound still shakes and shows
  }
}

function play(on: AudioContext, notes: Note[]): void {
  let begin = on.currentTime;
  for (const [hertz, milliseconds] of notes) {
    const [tone, volume] = [on.createOscillator(), on.createGain()];
    const end = begin + milliseconds / 1000;
    tone.type = "triangle";
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0.0001, begin);
    volume.gain.exponentialRampToValueAtTime(0.5, begin + 0.01);
    volume.gain.exponentialRampToValueAtTime(0.0001, end);
    tone.connect(volume).connect(on.destination);
    tone.start(begin);
    tone.stop(end);
    begin = end + 0.03;
  }
}
