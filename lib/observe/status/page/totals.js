/**
 * The figures at the top.
 */

/** @import { StreamStateShape, HistogramShape } from "../shapes.ts" */
import { rejectedPart } from "./chart_data.js";
import { h, setText } from "./dom.js";
import {
  bytesParts,
  formatBytes,
  formatCount,
  formatHashrate,
  formatLatency,
  formatPercent,
  hashrateParts,
} from "./format.js";
import { t, word } from "./texts.js";

/** A figure with its unit, and a few words below it. */
class Tile {
  #value = h("b");
  #unit = h("span", { class: "unit" });
  #about = h("span", { class: "about" });
  /** @type {HTMLElement[]} */
  #lines = [h("p"), h("p")];
  /** @type {HTMLElement} */
  element;

  /** @param {string} title */
  constructor(title) {
    this.element = h(
      "article",
      { class: "card tile" },
      h("h3", {}, title),
      h("p", { class: "figure" }, this.#value, " ", this.#unit, " ", this.#about),
      ...this.#lines,
    );
  }

  /**
   * @param {string} value
   * @param {string} unit
   * @param {string} about
   * @param {...string} lines
   */
  show(value, unit, about, ...lines) {
    setText(this.#value, value);
    setText(this.#unit, unit);
    setText(this.#about, about);
    for (const [place, line] of this.#lines.entries()) setText(line, lines[place] ?? "");
  }
}

export class Totals {
  #hashrate = new Tile(t("hashrate"));
  #miners = new Tile(t("miners"));
  #rejected = new Tile(t("rejectedRate"));
  #uplink = new Tile(t("uplink"));
  #latency = new Tile(t("latency"));
  /** @type {{ time: number, bytes: number } | undefined} */
  #before;
  /** @type {number | undefined} */
  #rate;

  element = h(
    "section",
    { class: "tiles", "aria-labelledby": "totals-title" },
    h("h2", { id: "totals-title", class: "unseen" }, t("totals")),
    this.#hashrate.element,
    this.#miners.element,
    this.#rejected.element,
    this.#uplink.element,
    this.#latency.element,
  );

  /**
   * @param {StreamStateShape["summary"]} summary
   * @param {{ columns: readonly string[], samples: readonly number[][] }} lastHour
   */
  show(summary, lastHour) {
    const { hashrate, miners, shares, traffic, verdict_latency: latency } = summary;
    const { value, unit } = hashrateParts(hashrate.minutes_15);
    this.#hashrate.show(
      value,
      unit,
      t("over15"),
      t("hashrateOver", {
        minute: formatHashrate(hashrate.minutes_1),
        hour: formatHashrate(hashrate.minutes_60),
      }),
    );

    const { working } = miners.states;
    const { rolling, lost } = miners.asicboost;
    this.#miners.show(
      formatCount(working),
      "",
      miners.connected === 0
        ? t("noMiners")
        : !summary.serving
        ? t("withoutPool")
        : working === miners.connected
        ? t("allWork")
        : t("ofConnected", { count: formatCount(miners.connected) }),
      [
        t("rolling", { count: formatCount(rolling) }),
        ...(lost > 0 ? [t("lostRolling", { count: formatCount(lost) })] : []),
        ...(summary.outgrown > 0 ? [t("outgrown", { count: formatCount(summary.outgrown) })] : []),
      ].join(" · "),
    );

    const part = rejectedPart(lastHour.columns, lastHour.samples);
    const [percent, sign] = part === undefined ? ["–", ""] : formatPercent(part).split(" ");
    const reasons = { ...shares.refused, ...mergedReasons(shares) };
    const rejected = Object.values(reasons).reduce((sum, count) => sum + count, 0);
    const worst = Object.entries(reasons).filter(([, count]) => count > 0)
      .sort(([, a], [, b]) => b - a).slice(0, 2)
      .map(([reason, count]) => `${word(reason)} ${formatCount(count)}`).join(t("comma"));
    this.#rejected.show(
      percent ?? "–",
      sign ?? "",
      t("ofShares"),
      t(shares.kept > 0 ? "keptSince" : "acceptedSince", {
        accepted: formatCount(shares.accepted + shares.assumed),
        kept: formatCount(shares.kept),
        rejected: formatCount(rejected),
      }),
      worst === "" ? "" : t("why", { reasons: worst }),
    );

    const bytes = bytesParts(this.#uplinkRate(summary));
    this.#uplink.show(
      bytes.value,
      `${bytes.unit}/s`,
      t("toPools"),
      t("totalUp", {
        up: formatBytes(traffic.bytes_written),
        down: formatBytes(traffic.bytes_read),
      }),
      shares.submitted === 0
        ? ""
        : t("perShare", { bytes: (traffic.bytes_written / shares.submitted).toFixed(1) }),
    );

    const [median, most] = [quantile(latency, 0.5), quantile(latency, 0.95)];
    const [, number, unitOfTime] = /^(.*) (\S+)$/.exec(formatBound(median)) ?? [];
    this.#latency.show(
      number ?? "–",
      unitOfTime ?? "",
      median === undefined ? t("none") : t("latencyAbout"),
      most === undefined ? "" : t("latency95", { time: formatBound(most) }),
    );
  }

  /**
   * Bytes a second, over a few seconds.
   *
   * @param {StreamStateShape["summary"]} summary
   */
  #uplinkRate({ uptime_seconds: time, traffic: { bytes_written: bytes } }) {
    const before = this.#before;
    if (before === undefined || time < before.time) {
      this.#before = { time, bytes };
      this.#rate = undefined;
    } else if (time - before.time >= 5) {
      this.#rate = (bytes - before.bytes) / (time - before.time);
      this.#before = { time, bytes };
    }
    return this.#rate ?? (time > 0 ? bytes / time : 0);
  }
}

/**
 * Reasons of pools and our own under one name.
 *
 * @param {StreamStateShape["summary"]["shares"]} shares
 * @returns {Record<string, number>}
 */
function mergedReasons({ refused, rejected }) {
  /** @type {Record<string, number>} */
  const own = refused;
  return Object.fromEntries(
    Object.entries(rejected).map(([reason, count]) => [reason, count + (own[reason] ?? 0)]),
  );
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
