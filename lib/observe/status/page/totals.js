/**
 * The figures below the answer to whether anything is wrong: hashrate against what is expected,
 * workers, and what is lost. Without a pool nothing is mined, and no mean over the time before
 * says otherwise.
 */

/** @import { Summary } from "./findings.js" */
import { h } from "./dom.js";
import { lostRate, workersIn } from "./findings.js";
import {
  formatCount,
  formatHashrate,
  formatMoment,
  formatPercent,
  hashrateParts,
} from "./format.js";
import { t } from "./texts.js";
import { Tile } from "./tile.js";

export class Totals {
  #hashrate = new Tile(t("hashrate"));
  #workers = new Tile(t("workers"));
  #lost = new Tile(t("lost"));

  element = h(
    "section",
    { class: "tiles", "aria-labelledby": "totals-title" },
    h("h2", { id: "totals-title", class: "unseen" }, t("totals")),
    this.#hashrate.element,
    this.#workers.element,
    this.#lost.element,
  );

  /**
   * @param {Summary} summary
   * @param {number | undefined} before the hashrate before the outage that lasts, if it is known
   * @param {string} lossSentence of the last hour, if it is not shown elsewhere
   */
  show(summary, before, lossSentence) {
    if (summary.serving) this.#showHashrate(summary);
    else this.#showOutage(summary, before);
    this.#showWorkers(summary);
    this.#showLost(summary, lossSentence);
  }

  /** @param {Summary} summary */
  #showHashrate({ hashrate, attention }) {
    const { expected_hashrate: expected, nominal_hashrate: nominal } = attention;
    const { value, unit } = hashrateParts(hashrate.minutes_15);
    /** @param {"expectedPart" | "nominalPart"} key @param {number} wanted */
    const partOf = (key, wanted) =>
      t(key, {
        percent: formatPercent(hashrate.minutes_15 / wanted),
        hashrate: formatHashrate(wanted),
      });
    this.#hashrate.show({
      value,
      unit,
      about: t("over15"),
      part: expected ? hashrate.minutes_15 / expected : undefined,
      lines: [
        expected ? partOf("expectedPart", expected) : t("expectedUnknown"),
        nominal ? partOf("nominalPart", nominal) : "",
        t("hashrateOver", {
          minute: formatHashrate(hashrate.minutes_1),
          hour: formatHashrate(hashrate.minutes_60),
        }),
      ],
    });
  }

  /** @param {Summary} summary @param {number | undefined} before */
  #showOutage({ attention: { outage, expected_hashrate: expected } }, before) {
    const { value, unit } = hashrateParts(0);
    this.#hashrate.show({
      value,
      unit,
      about: outage.since === null
        ? t("noPoolNow")
        : t("noPoolSince", { time: formatMoment(new Date(outage.since)) }),
      tone: "bad",
      lines: [
        before
          ? t("before", { hashrate: formatHashrate(before) })
          : expected
          ? t("expectedRate", { hashrate: formatHashrate(expected) })
          : "",
      ],
    });
  }

  /** @param {Summary} summary */
  #showWorkers(summary) {
    const { miners, serving, attention, outgrown } = summary;
    const { connected, states, asicboost: { rolling, lost } } = miners;
    const waiting = states.connected + states.subscribed + states.authorized;
    this.#workers.show({
      value: formatCount(serving ? attention.workers.working : 0),
      unit: "",
      about: serving
        ? t("workingOf", { count: formatCount(workersIn(summary)) })
        : t("withoutPool"),
      lines: [
        [
          connected === 0 ? t("noMiners") : t("connectionsNow", { count: formatCount(connected) }),
          ...(waiting > 0 ? [t("loggingIn", { count: formatCount(waiting) })] : []),
        ].join(" · "),
        [
          t("rolling", { count: formatCount(rolling) }),
          ...(lost > 0 ? [t("lostRolling", { count: formatCount(lost) })] : []),
        ].join(" · "),
        outgrown > 0 ? t("outgrown", { count: formatCount(outgrown) }) : "",
      ],
    });
  }

  /** @param {Summary} summary @param {string} sentence */
  #showLost({ attention: { losses: { hour, day } }, uptime_seconds: uptime }, sentence) {
    const isJudged = hour.good + hour.lost > 0;
    const [value, unit] = isJudged ? formatPercent(hour.part).split(/ (?=%)/) : ["–", ""];
    this.#lost.show({
      value: value ?? "–",
      unit: unit ?? "",
      about: isJudged ? t("ofWork") : t("nothingJudged"),
      lines: [
        hour.lost > 0 ? t("lostMean", { hashrate: formatHashrate(lostRate(hour, uptime)) }) : "",
        sentence,
        day.good + day.lost > 0 ? t("lostIn24", { percent: formatPercent(day.part) }) : "",
      ],
    });
  }
}
