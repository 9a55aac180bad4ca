/**
 * Workers that the history knows, also those that have been gone for longer than the list of
 * workers has them: what a search finds, and what one of them did.
 */

/** @import { Agent } from "./agent.js" */
/** @import { Kept } from "./history_words.js" */
/** @import { PastWorkerShape } from "../history_shapes.ts" */
import { h, setText } from "./dom.js";
import {
  formatCount,
  formatHashrate,
  formatMoment,
  formatPercent,
  formatUptime,
} from "./format.js";
import { WorkerHistory } from "./worker_history.js";
import { t } from "./texts.js";
import { workerOf } from "./worker_rows.js";

/** Rows of the list; who looks for more writes more of the name. */
const MOST_ROWS = 100;

/** How old the list may be, in milliseconds: a step takes ten minutes. */
const REFRESH_MS = 60_000;

/** Where the history of a name is. @param {string} name */
export function pastLink(name) {
  return `#/past/${encodeURIComponent(name)}`;
}

export class PastPage {
  /** @type {Agent} */
  #agent;
  /** What is looked for. @type {string} */
  #text;
  /** @type {Kept} */
  #kept;
  #isLoading = false;
  #askedAt = -Infinity;
  #title = h("h2", { tabindex: -1 });
  #said = h("p", { class: "muted", role: "status" });
  #body = h("tbody");
  #table = h(
    "section",
    { class: "card", hidden: true },
    h(
      "table",
      { class: "rows past" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, t("worker")),
          h("th", { scope: "col" }, t("lastSeen")),
          h("th", { scope: "col", class: "number wide" }, t("hashrate")),
          h("th", { scope: "col", class: "number wide" }, t("lost")),
          h("th", { scope: "col", class: "number wider" }, t("connectedShort")),
        ),
      ),
      this.#body,
    ),
  );
  /** What the one did that is meant. @type {WorkerHistory | undefined} */
  #history;

  /** @type {HTMLElement} */
  element;

  /** @param {Agent} agent @param {string} text a name, or a part of one @param {Kept} kept */
  constructor(agent, text, kept) {
    this.#agent = agent;
    this.#text = text;
    this.#kept = kept;
    this.element = h(
      "main",
      { class: "one-page past-page" },
      h("p", {}, h("a", { class: "back", href: "#/" }, t("back"))),
      h("header", { class: "bar bare" }, this.#title),
      this.#said,
      this.#table,
    );
    setText(this.#title, t("inHistory", { name: text }));
  }

  focus() {
    this.#title.focus();
  }

  recolour() {
    this.#history?.recolour();
  }

  /** What history there is. @param {Kept} kept */
  know(kept) {
    this.#kept = kept;
    this.#history?.know(kept);
  }

  /** Asks who is found, unless it is known. */
  async refresh() {
    if (this.#isLoading || performance.now() - this.#askedAt < REFRESH_MS) return;
    this.#isLoading = true;
    const query = new URLSearchParams({ span: "month", q: this.#text, limit: `${MOST_ROWS}` });
    try {
      this.#show(await this.#agent.get(`api/v1/history/workers?${query}`));
      this.#askedAt = performance.now();
    } catch (error) {
      setText(this.#said, error instanceof Error ? error.message : String(error));
    } finally {
      this.#isLoading = false;
    }
  }

  /** @param {{ total: number, workers: PastWorkerShape[] }} found */
  #show({ total, workers }) {
    const names = workers.map(({ account, worker }) => workerOf(account, worker));
    const one = names.find((name) => name === this.#text) ?? (total === 1 ? names[0] : undefined);
    setText(
      this.#said,
      total === 0
        ? t("notInHistory")
        : total > workers.length
        ? t("firstOfHistory", { some: formatCount(workers.length), count: formatCount(total) })
        : t("foundInHistory", { count: formatCount(total) }),
    );
    this.#table.hidden = total === 0;
    this.#body.replaceChildren(
      ...workers.map((worker, place) => rowOf(worker, names[place] ?? "")),
    );
    if (one === undefined || this.#history !== undefined) return;
    this.#history = new WorkerHistory(this.#agent, { kind: "worker_name", name: one }, this.#kept);
    this.#table.before(this.#history.element);
  }
}

/** @param {PastWorkerShape} worker @param {string} name */
function rowOf(worker, name) {
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("a", { href: pastLink(name) }, name || t("unnamed"))),
    h("td", {}, formatMoment(new Date(worker.last_seen * 1000))),
    h("td", { class: "number wide" }, formatHashrate(worker.hashrate)),
    h("td", { class: "number wide" }, formatPercent(worker.lost_part)),
    h("td", { class: "number wider" }, formatUptime(worker.connected_part)),
  );
}
