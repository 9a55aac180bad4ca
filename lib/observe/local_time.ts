/**
 * A time of day as the operator's own clock shows it, with its offset from UTC, so that a line of
 * the log can be compared with the clock on the wall, with a miner's log and with a pool's.
 */

/**
 * `2026-11-22 14:03:11.123 +02:00`: local time of the moment `timestamp`, in milliseconds since
 * 1970, as the time zone of the process (`TZ`, or the system's) has it. The offset is the one of
 * that moment, so times around a change to or from summer time stay unambiguous.
 */
export function formatLocalTime(timestamp: number): string {
  const time = new Date(timestamp);
  // `getTimezoneOffset` says how far UTC is ahead.
  const ahead = -time.getTimezoneOffset();
  // The same digits as UTC has after moving by the offset: no locale has a say in them.
  const shown = new Date(timestamp + ahead * 60_000).toISOString();
  return `${shown.replace("T", " ").slice(0, -1)} ${formatOffset(ahead)}`;
}

function formatOffset(minutes: number): string {
  const size = Math.abs(minutes);
  const two = (number: number) => String(number).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** When the day of the moment `timestamp` began by local time, both in milliseconds since 1970. */
export function startOfLocalDay(timestamp: number): number {
  // Where a day begins with a change of time there is no midnight: it is the first moment then.
  return new Date(timestamp).setHours(0, 0, 0, 0);
}
