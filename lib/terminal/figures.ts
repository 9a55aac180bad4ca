/**
 * Numbers, times and sizes as people read them on a terminal; pure.
 */

const HASHRATES = ["H/s", "kH/s", "MH/s", "GH/s", "TH/s", "PH/s", "EH/s", "ZH/s"];

/** A whole number with commas: 12,345. */
export function formatCount(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** Hashes a second, in at most nine characters. */
export function formatHashrate(hashes: number): string {
  let [value, step] = [hashes, 0];
  while (value >= 999.95 && step < HASHRATES.length - 1) {
    value /= 1000;
    step++;
  }
  const digits = step === 0 ? String(Math.round(value)) : value.toFixed(value >= 10 ? 1 : 2);
  return `${digits} ${HASHRATES[step]}`;
}

/** A part of one in percent; never 0 % for what is something, nor 100 % for what is not all. */
export function formatPercent(part: number): string {
  const percent = part * 100;
  if (percent === 0) return "0 %";
  if (percent < 0.01) return "< 0.01 %";
  if (percent > 99 && percent < 100) return `${Math.floor(percent * 10) / 10} %`;
  return `${percent.toFixed(percent < 1 ? 2 : percent < 10 ? 1 : 0)} %`;
}

/** A time in one unit, or in two where one would be rough: 45 s, 12 min, 3 h 4 min, 2 d 5 h. */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) {
    return twoUnits(Math.floor(seconds / 3600), "h", Math.floor(seconds % 3600 / 60), "min");
  }
  return twoUnits(Math.floor(seconds / 86_400), "d", Math.floor(seconds % 86_400 / 3600), "h");
}

/** The same for a narrow column: one unit. */
export function formatAge(seconds: number | null): string {
  if (seconds === null) return "-";
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/** A count with its noun: 1 worker, 2 workers. */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function twoUnits(large: number, one: string, small: number, other: string): string {
  return small === 0 ? `${large} ${one}` : `${large} ${one} ${small} ${other}`;
}
