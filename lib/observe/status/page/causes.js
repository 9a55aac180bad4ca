/**
 * Why shares were lost, over an hour, a day, a week or a month: by reason, pool, software, subnet and sub-account;
 * and where all shares ended, with the words for it told apart.
 */

/** @import { Agent } from "./agent.js" */
/** @import { CausesShape } from "../worker_shapes.ts" */
/** @import { Kept } from "./history_words.js" */
/** @import { Span } from "./spans.js" */
/** @import { Summary } from "./findings.js" */
/** @import { TextKey } from "./texts.js" */
import { h, setText } from "./dom.js";
import { downloadLink } from "./download.js";
import { formatCount, formatHashes, formatPercent } from "./format.js";
import { problemOf, spansOf } from "./history_words.js";
import { causeWord, causeWords, lossSentence } from "./loss_words.js";
import { SpanSwitch } from "./spans.js";
import { t } from "./texts.js";

/** @typedef {CausesShape["hour"]} Losses of one span */
/** @typedef {Losses["reasons"][number]} Cause */
/** @typedef {"reasons" | "pools" | "software" | "subnets" | "accounts"} Kind */

/** How often they are asked for, in milliseconds. */
const REFRESH_MS = 15_000;

/** Rows of a table that is not unfolded. */
const SHORT = 6;

/** @type {readonly { kind: Kind, title: TextKey, name: TextKey, isSearched: boolean }[]} */
const TABLES = [
  { kind: "reasons", title: "byReason", name: "reason", isSearched: false },
  { kind: "pools", title: "byPool", name: "pool", isSearched: false },
  { kind: "software", title: "bySoftware", name: "software", isSearched: true },
  { kind: "subnets", title: "bySubnet", name: "subnet", isSearched: true },
  { kind: "accounts", title: "byAccount", name: "account", isSearched: false },
];

/** The text that says how much was lost. @type {Record<Span, TextKey>} */
const LOST_WORDS = { hour: "lostHour", day: "lostDay", week: "lostWeek", month: "lostMonth" };

/** What is called by no name. @type {Record<Exclude<Kind, "reasons">, TextKey>} */
const NAMELESS = {
  pools: "noPoolThen",
  software: "noSoftware",
  subnets: "unknown",
  accounts: "noAccount",
};

export class Causes {
  /** @type {Agent} */
  #agent;
  /** @type {(text: string) => void} */
  #search;
  /** Those of the last hour and day. @type {CausesShape | undefined} */
  #causes;
  /** Those of a longer span. @type {Losses | undefined} */
  #long;
  /** Which span that is, or will be. @type {Span} */
  #longSpan = "hour";
  #span = new SpanSwitch(t("causesStretch"), "hour", () => this.#turn());
  #isLoading = false;
  #loadedAt = -Infinity;
  /** Tables that are unfolded. @type {Set<Kind>} */
  #unfolded = new Set();
  #shown = "";
  #sentence = h("p", { class: "sentence" }, t("causesWaiting"));
  #tables = h("div", { class: "cause-tables" });
  #ends = h("dl", { class: "ends" });

  /** @type {HTMLElement} */
  element;

  /** @param {Agent} agent @param {(text: string) => void} search shows the workers of a name */
  constructor(agent, search) {
    this.#agent = agent;
    this.#search = search;
    this.element = h(
      "section",
      { class: "card causes-card", "aria-labelledby": "causes-title" },
      h(
        "header",
        { class: "bar" },
        h("h2", { id: "causes-title" }, t("causes")),
        h(
          "div",
          { class: "tools" },
          this.#span.element,
          downloadLink(agent, () => this.#csvPath(), "causes.csv", t("csvCauses")),
        ),
      ),
      this.#sentence,
      this.#tables,
      h("h3", { class: "ends-title" }, t("endsTitle")),
      this.#ends,
    );
  }

  /** Those of the last hour; `undefined` while they are not known. */
  get hour() {
    return this.#causes?.hour;
  }

  /** Where shares ended, of the summary. @param {Summary} summary */
  showEnds({ shares }) {
    const sum = (/** @type {Record<string, number>} */ counts) =>
      Object.values(counts).reduce((total, count) => total + count, 0);
    /** @type {[TextKey, TextKey, number][]} */
    const ends = [
      ["endsAccepted", "endsAcceptedAbout", shares.accepted + shares.assumed - shares.early_open],
      ["endsKept", "endsKeptAbout", shares.kept],
      ["endsRefused", "endsRefusedAbout", sum(shares.refused)],
      ["endsRejected", "endsRejectedAbout", sum(shares.rejected)],
      ["endsUnanswered", "endsUnansweredAbout", sum(shares.unanswered)],
      ["endsOutage", "endsOutageAbout", shares.outage],
    ];
    this.#ends.replaceChildren(
      ...ends.map(([name, about, count]) =>
        h(
          "div",
          {},
          h("dt", {}, t(name), " ", h("span", { class: "muted small" }, t(about))),
          h("dd", {}, formatCount(count)),
        )
      ),
    );
  }

  /** What history there is. @param {Kept} kept */
  know(kept) {
    this.#span.allow(spansOf(kept), problemOf(kept));
  }

  /** Sub-accounts that had shares in the last day. */
  get accounts() {
    return (this.#causes?.day.accounts ?? []).map(({ name }) => name)
      .filter((name) => name !== "" && name !== "others");
  }

  /** Asks for them if it is time. */
  async refresh() {
    if (this.#isLoading || document.hidden) return;
    if (performance.now() - this.#loadedAt < REFRESH_MS) return;
    this.#isLoading = true;
    try {
      this.#causes = await this.#agent.get("api/v1/causes");
      this.#draw();
      await this.#askLong();
    } catch {
      // The header says when nobody answers; the next round asks again.
    } finally {
      this.#isLoading = false;
      this.#loadedAt = performance.now();
    }
  }

  /** The span that only a history has; `undefined` for the last hour and day. */
  get #longWanted() {
    const { span } = this.#span;
    return span === "hour" || span === "day" ? undefined : span;
  }

  #csvPath() {
    const span = this.#longWanted;
    return span === undefined ? "api/v1/causes.csv" : `api/v1/history/causes.csv?span=${span}`;
  }

  #turn() {
    this.#draw();
    this.#askLong().catch(() => {
      // As in `refresh`.
    });
  }

  async #askLong() {
    const span = this.#longWanted;
    if (span === undefined) return;
    const answer = await this.#agent.get(`api/v1/causes?span=${span}`);
    if (span !== this.#longWanted) return;
    [this.#long, this.#longSpan] = [answer, span];
    this.#draw();
  }

  /** What is known of the span that is chosen. */
  get #shownCauses() {
    const { span } = this.#span;
    if (span === "hour" || span === "day") return this.#causes?.[span];
    return this.#longSpan === span ? this.#long : undefined;
  }

  #draw() {
    const causes = this.#shownCauses;
    if (causes === undefined) return;
    const { span } = this.#span;
    const sentence = lossSentence(causes, causes, LOST_WORDS[span]);
    setText(this.#sentence, sentence === "" ? t("causesNothing") : sentence);
    const shown = JSON.stringify([span, causes, [...this.#unfolded]]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const focused = document.activeElement?.getAttribute("data-key");
    this.#tables.replaceChildren(
      ...TABLES.flatMap((table) => {
        const rows = causes[table.kind].filter(({ lost }) => lost > 0);
        // In single-user mode the one sub-account has no name, and says nothing that is new.
        const isKnown = rows.every(({ name }) => name === "") && table.kind === "accounts";
        return rows.length === 0 || isKnown ? [] : [this.#table(table, rows)];
      }),
    );
    if (focused === undefined || focused === null) return;
    for (const button of this.#tables.querySelectorAll("button")) {
      if (button.getAttribute("data-key") === focused) button.focus();
    }
  }

  /** @param {typeof TABLES[number]} table @param {readonly Cause[]} rows */
  #table({ kind, title, name, isSearched }, rows) {
    const isUnfolded = this.#unfolded.has(kind);
    const most = Math.max(...rows.map(({ part }) => part));
    const isReason = kind === "reasons";
    return h(
      "div",
      { class: "cause-table" },
      h(
        "table",
        { class: "rows causes" },
        h("caption", {}, t(title)),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, t(name)),
            isReason ? undefined : h("th", { scope: "col", class: "number wide" }, t("good")),
            ...[t("lostShares"), t("part"), t("hashes")]
              .map((text) => h("th", { scope: "col", class: "number" }, text)),
          ),
        ),
        h(
          "tbody",
          {},
          ...(isUnfolded ? rows : rows.slice(0, SHORT)).map((cause) =>
            h(
              "tr",
              {},
              h(
                "th",
                { scope: "row" },
                this.#name(cause, kind, isSearched),
                isReason ? undefined : h("span", { class: "below" }, reasonsOf(cause)),
              ),
              isReason ? undefined : h("td", { class: "number wide" }, formatCount(cause.good)),
              h("td", { class: "number" }, formatCount(cause.lost)),
              h("td", { class: "number part" }, formatPercent(cause.part), bar(cause.part / most)),
              h("td", { class: "number" }, formatHashes(cause.lost_hashes)),
            )
          ),
        ),
      ),
      rows.length <= SHORT ? undefined : h("button", {
        class: "plain small",
        "data-key": `more ${kind}`,
        "aria-expanded": String(isUnfolded),
        click: () => {
          if (!this.#unfolded.delete(kind)) this.#unfolded.add(kind);
          this.#draw();
        },
      }, isUnfolded ? t("fewerCauses") : t("moreCauses", { count: formatCount(rows.length) })),
    );
  }

  /** @param {Cause} cause @param {Kind} kind @param {boolean} isSearched */
  #name({ name }, kind, isSearched) {
    if (kind === "reasons" || name === "others") return causeWords(name);
    if (name === "") return t(NAMELESS[kind]);
    if (!isSearched) return name;
    return h("button", {
      class: "plain link",
      "data-key": `${kind} ${name}`,
      click: () => this.#search(name),
    }, name);
  }
}

/** How long a part is beside the longest. @param {number} part */
function bar(part) {
  const element = h("span", { class: "cause-bar", "aria-hidden": "true" });
  element.style.width = `${Math.max(0, Math.min(1, part)) * 100}%`;
  return element;
}

/** The two main reasons. @param {Cause} cause */
function reasonsOf({ reasons }) {
  return Object.entries(reasons).filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a).slice(0, 2)
    .map(([reason, count]) => `${causeWord(reason)} ${formatCount(count)}`).join(t("comma"));
}
