/**
 * Local time with its offset from UTC, so that a log line can be compared with the clock on the
 * wall, with a miner's log and with a pool's.
 */

/**
 * `2026-11-22 14:03:11.123 +02:00`: local time of the moment `timestamp`, in milliseconds since
 * 1970, as the time zone of the process (`TZ`, or the system's) has it. The offset is that of the
 * moment itself, so times around a change to or from summer time stay unambiguous.
 */
export function formatLocalTime(timestamp: number): string {
  const time = new Date(timestamp);
  // `getTimezoneOffset` says how far UTC is ahead.
  const ahead = -time.getTimezoneOffset();
  // The digits of UTC moved by the offset: no locale can change them.
  const shown = new Date(timestamp + ahead * 60_000).toISOString();
  return `${shown.replace("T", " ").slice(0, -1)} ${formatOffset(ahead)}`;
}

function formatOffset(minutes: number): string {
  const size = Math.abs(minutes);
  const two = (number: number) => String(number).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** Returns when the local day of the moment `timestamp` began, both in milliseconds since 1970. */
export function startOfLocalDay(timestamp: number): number {
  // A day that begins with a change of time has no midnight: its first moment is used instead.
  return new Date(timestamp).setHours(0, 0, 0, 0);
}
