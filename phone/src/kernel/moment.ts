/** Times as the park wants them: the phone's clock with its offset to UTC. */

/** "2022-05-10T18:03:11.120+08:00" */
export function withOffset(moment: Date): string {
  const minutes = -moment.getTimezoneOffset();
  const local = new Date(moment.getTime() + minutes * 60_000).toISOString().slice(0, -1);
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${local}${minutes < 0 ? "-" : "+"}${String(hours).padStart(2, "0")}:${String(rest).padStart(2, "0")}`;
}

/** A time that was told in this form, so many milliseconds later. */
export function moved(at: string, by: number): string {
  return by ? withOffset(new Date(Date.parse(at) + by)) : at;
}

/** "18:03" of a time in milliseconds, in the phone's own time zone. */
export function clockOf(milliseconds: number): string {
  const moment = new Date(milliseconds);
  return `${String(moment.getHours()).padStart(2, "0")}:${String(moment.getMinutes()).padStart(2, "0")}`;
}

/** "18:03:07" of a time in milliseconds, in the phone's own time zone. */
export function secondOf(milliseconds: number): string {
  return `${clockOf(milliseconds)}:${String(new Date(milliseconds).getSeconds()).padStart(2, "0")}`;
}
