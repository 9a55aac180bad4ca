/**
 * Writes the table of `conf/docs/metrics.md` from the calls in `lib/observe` that write metrics,
 * between `<!-- metrics:begin -->` and `<!-- metrics:end -->`. Run it after a change to a metric:
 * `deno task docs`. A test fails if that was forgotten, or if a metric that is served is not found.
 */

const BEGIN = "<!-- metrics:begin -->";
const END = "<!-- metrics:end -->";

const OBSERVE = new URL("../lib/observe/", import.meta.url);

/** A metric, as the code that writes it says. */
export interface Metric {
  /** With `_total`, if it is a counter. */
  readonly name: string;
  /** What it counts or shows. */
  readonly help: string;
}

/** A call that writes a family: its kind, its name, and its help in one literal or several. */
const CALL =
  /\.(?:(gauge|counter|histogram)\(|family\(\s*"(gauge|counter|histogram)",)\s*"(\w+)",\s*("(?:[^"\\]|\\.)*"(?:\s*\+\s*"(?:[^"\\]|\\.)*")*)/g;

/** The metrics that a source writes, in its order. */
export function metricsIn(source: string): Metric[] {
  return Array.from(source.matchAll(CALL), ([, called, family, name, literals]) => ({
    name: (called ?? family) === "counter" ? `${name}_total` : name!,
    help: Array.from(literals!.matchAll(/"((?:[^"\\]|\\.)*)"/g), ([, text]) => text).join("")
      .replace(/\\(.)/g, "$1"),
  }));
}

/** A row for each metric there is. */
export function metricsTable(): string {
  const files = [...Deno.readDirSync(OBSERVE)].map(({ name }) => name)
    .filter((name) => name.endsWith("metrics.ts"))
    .sort((a, b) => Number(b === "metrics.ts") - Number(a === "metrics.ts") || (a < b ? -1 : 1));
  const rows = files.flatMap((name) => metricsIn(Deno.readTextFileSync(new URL(name, OBSERVE))))
    .map(({ name, help }) => `| \`${name}\` | ${help.replaceAll("|", "\\|")} |`);
  return ["| metric | meaning |", "| --- | --- |", ...rows].join("\n");
}

/** `page` with the table between the markers. @throws Error if it does not have both, in order */
export function withMetricsTable(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`Cannot write the table: no ${BEGIN} and ${END}`);
  const table =
    `<!-- deno-fmt-ignore-start -->\n\n${metricsTable()}\n\n<!-- deno-fmt-ignore-end -->`;
  return `${page.slice(0, begin + BEGIN.length)}\n${table}\n${page.slice(end)}`;
}

if (import.meta.main) {
  const file = new URL("../conf/docs/metrics.md", import.meta.url);
  Deno.writeTextFileSync(file, withMetricsTable(Deno.readTextFileSync(file)));
}
