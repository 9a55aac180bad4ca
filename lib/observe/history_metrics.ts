/**
 * Metrics of the history on disk; none where none is kept. Pure.
 */

import type { MetricsPage } from "./exposition.ts";
import type { SummaryShape } from "./status/shapes.ts";

/** Writes these metrics. */
export function writeHistory(page: MetricsPage, history: SummaryShape["history"]): void {
  if (history === null) return;
  const one = (value: number) => [[{}, value] as const];
  page.gauge(
    "btcagent_history_up",
    "1 while the history can be written, 0 while the disk, the file or the clock prevents it.",
    one(Number(history.kept && history.state === "working")),
  );
  page.gauge("btcagent_history_bytes", "Size of the history on disk.", one(history.bytes));
  page.counter(
    "btcagent_history_steps",
    "Steps of the history by result: each is ten minutes of the farm, longer on a slow disk.",
    [[{ result: "written" }, history.steps], [{ result: "dropped" }, history.dropped_steps]],
  );
  page.counter(
    "btcagent_history_written_bytes",
    "Bytes that the history wrote to the disk.",
    one(history.written_bytes),
  );
  page.histogram(
    "btcagent_history_fsync_seconds",
    "How long the disk took whenever btcagent waited for it to write history.",
    history.fsync,
  );
}
