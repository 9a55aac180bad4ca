/**
 * Times of day, local. Pure.
 */

/** The minute of the local day at the moment `wall`, in milliseconds since 1970. */
export function minuteOfDay(wall: number): number {
  const time = new Date(wall);
  return time.getHours() * 60 + time.getMinutes();
}

/** `HH:MM` as the minute of a day. */
export function parseTimeOfDay(text: string): number {
  const [hours, minutes] = text.split(":");
  return Number(hours) * 60 + Number(minutes);
}

/** Whether `wall` is within the hours from `from` until `to`, which may be on the next day. */
export function isWithin(wall: number, { from, to }: { from: string; to: string }): boolean {
  const [start, end, minute] = [parseTimeOfDay(from), parseTimeOfDay(to), minuteOfDay(wall)];
  if (start <= end) return minute >= start && minute < end;
  return minute >= start || minute < end;
}
