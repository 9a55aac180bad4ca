/**
 * The way to the pools: what goes up, and how long verdicts take.
 */

/** @import { HistogramShape } from "../count_shapes.ts" */
/** @import { Summary } from "./findings.js" */
import { h } from "./dom.js";
import { bytesParts, formatBytes, formatLatency } from "./format.js";
import { t } from "./texts.js";
import { Tile } from "./tile.js";

/** The rate is a mean over at least this many seconds. */
const RATE_SECONDS = 5;

export class LinkTotals {
  #uplink = new Tile(t("uplink"));
  #latency = new Tile(t("latency"));
  /** @type {{ time: number, bytes: number } | undefined} */
  #before;
  /** @type {number | undefined} */
  #rate;

  element = h(
    "section",
    { class: "tiles link-tiles", "aria-labelledby": "link-title" },
    h("h2", { id: "link-title", class: "unseen" }, t("link")),
    this.#uplink.element,
    this.#latency.element,
  );

  /** @param {Summary} summary */
  show(summary) {
    const { shares, traffic, verdict_latency: latency } = summary;
    const { value, unit } = bytesParts(this.#uplinkRate(summary));
    this.#uplink.show({
      value,
      unit: `${unit}/s`,
      about: t("toPools"),
      lines: [
        t("totalUp", {
          up: formatBytes(traffic.bytes_written),
          down: formatBytes(traffic.bytes_read),
        }),
        shares.submitted === 0
          ? ""
          : t("perShare", { bytes: (traffic.bytes_written / shares.submitted).toFixed(1) }),
      ],
    });
    const [median, most] = [quantile(latency, 0.5), quantile(latency, 0.95)];
    const [, number, unitOfTime] = /^(.*) (\S+)$/.exec(formatBound(median)) ?? [];
    this.#latency.show({
      value: number ?? "–",
      unit: unitOfTime ?? "",
      about: median === undefined ? t("none") : t("latencyAbout"),
      lines: [most === undefined ? "" : t("latency95", { time: formatBound(most) })],
    });
  }

  /**
   * Bytes a second, over a few seconds.
   *
   * @param {Summary} summary
   */
  #uplinkRate({ uptime_seconds: time, traffic: { bytes_written: bytes } }) {
    const before = this.#before;
    if (before === undefined || time < before.time) {
      this.#before = { time, bytes };
      this.#rate = undefined;
    } else if (time - before.time >= RATE_SECONDS) {
      this.#rate = (bytes - before.bytes) / (time - before.time);
      this.#before = { time, bytes };
    }
    return this.#rate ?? (time > 0 ? bytes / time : 0);
  }
}

/**
 * The bound below which that part of a histogram lies; `Infinity` beyond the last one.
 *
 * @param {HistogramShape} histogram
 * @param {number} part
 */
function quantile({ bounds_seconds: bounds, counts }, part) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let seen = 0;
  for (const [place, count] of counts.entries()) {
    seen += count;
    if (seen >= total * part) return bounds[place] ?? Infinity;
  }
  return Infinity;
}

/** @param {number | undefined} bound */
function formatBound(bound) {
  return bound === undefined || bound === Infinity ? "–" : `≤ ${formatLatency(bound)}`;
}
