/**
 * One worker: what is the matter with it and what to do, what is known of it, what was seen, and
 * its connections. A worker that is missing has its page too.
 */

/** @import { Agent } from "./agent.js" */
/** @import { Controls } from "./controls.js" */
/** @import { Kept } from "./history_words.js" */
/** @import { WorkerShape } from "../worker_shapes.ts" */
import { Refusal } from "./agent.js";
import { conditionAdvice, sentence, stateText, stateTone } from "./condition_words.js";
import { card, chip, facts, h, setText } from "./dom.js";
import {
  formatCount,
  formatDuration,
  formatHashrate,
  formatMoment,
  formatPercent,
} from "./format.js";
import { isKept } from "./history_words.js";
import { WorkerHistory } from "./worker_history.js";
import { LiveHashrate } from "./live_hashrate.js";
import { t, word } from "./texts.js";
import { workerOf } from "./worker_rows.js";

/** The agent names no more than this number of connections. */
const MAX_LINKS = 100;

export class WorkerPage {
  /** @type {Agent} */
  #agent;
  /** @type {string} */
  #id;
  /** @type {Controls} */
  #controls;
  #isLoading = false;
  #name = "";
  #title = h("h2", { tabindex: -1 });
  #state = h("span");
  #forget = h("button", { hidden: true, click: () => void this.#forgetIt() }, t("forget"));
  #searchHint = h("p", { hidden: true }, t("searchHistory"));
  #unknown = h(
    "div",
    { class: "banner warn", role: "status", hidden: true },
    h("p", {}, t("workerGone")),
    this.#searchHint,
  );
  #advice = h("p", { class: "advice", role: "status", hidden: true });
  #facts = h("dl", { class: "facts" });
  #hour = h("dl", { class: "facts" });
  #observations = h("div", { class: "observations" });
  #connections = h("div", { class: "connection-links" });
  #live = new LiveHashrate(true);
  /** @type {WorkerHistory} */
  #history;

  /** @type {HTMLElement} */
  element;

  /**
   * @param {Agent} agent
   * @param {string} id
   * @param {Controls} controls
   * @param {Kept} kept what history there is
   */
  constructor(agent, id, controls, kept) {
    this.#agent = agent;
    this.#controls = controls;
    this.#id = id;
    this.#history = new WorkerHistory(agent, { kind: "worker", name: id }, kept);
    this.element = h(
      "main",
      { class: "one-page worker-page" },
      h("p", {}, h("a", { class: "back", href: "#/" }, t("back"))),
      h("header", { class: "bar bare" }, this.#title, this.#state, this.#forget),
      this.#unknown,
      this.#advice,
      this.#history.element,
      h(
        "div",
        { class: "columns" },
        card(t("facts"), this.#facts),
        h(
          "div",
          { class: "stack" },
          this.#live.element,
          card(t("sharesHour"), this.#hour),
          card(
            t("observations"),
            h("p", { class: "muted small note" }, t("observationsAbout")),
            this.#observations,
          ),
          card(t("workerConnections"), this.#connections),
        ),
      ),
    );
    setText(this.#title, t("worker"));
    this.know(kept);
  }

  focus() {
    this.#title.focus();
  }

  recolour() {
    this.#live.recolour();
    this.#history.recolour();
  }

  /** What history there is. @param {Kept} kept */
  know(kept) {
    this.#searchHint.hidden = !isKept(kept);
    this.#history.know(kept);
  }

  /** Asks how it is. */
  async refresh() {
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      this.#show(await this.#agent.get(`api/v1/workers/${encodeURIComponent(this.#id)}`));
    } catch (error) {
      if (error instanceof Refusal && (error.status === 404 || error.status === 400)) {
        this.#showUnknown();
      }
    } finally {
      this.#isLoading = false;
    }
  }

  /** @param {WorkerShape} worker */
  #show(worker) {
    const { condition, gone_seconds: gone, hashrate, usual_hashrate: usual } = worker;
    this.#name = workerOf(worker.account, worker.worker) || t("unnamed");
    setText(this.#title, this.#name);
    const text = stateText(condition, {
      goneSeconds: gone,
      lastShareSeconds: worker.last_share_seconds,
      connectsHour: worker.connects_hour,
      connections: worker.connections,
      usualConnections: worker.usual_connections,
      usualHashrate: usual,
    });
    this.#state.replaceChildren(chip(stateTone(condition.state, gone), text));
    const advice = conditionAdvice(condition);
    this.#advice.hidden = advice === "";
    this.#advice.className = `advice ${stateTone(condition.state)}`;
    setText(this.#advice, advice);
    this.#unknown.hidden = true;
    this.#forget.hidden = !(this.#controls.mayChange && worker.connections === 0);
    this.#facts.replaceChildren(...facts(factsOf(worker)));
    this.#hour.replaceChildren(...facts(hourOf(worker)));
    this.#showObservations(worker);
    this.#showConnections(worker);
    this.#history.expect(usual);
    // What is gone has no hashrate that could move.
    this.#live.element.hidden = gone !== null;
    if (gone === null) this.#live.add(hashrate.minutes_15, usual);
  }

  /** @param {WorkerShape} worker */
  #showObservations({ observations }) {
    this.#observations.replaceChildren(
      ...(observations.length === 0
        ? [h("p", { class: "muted" }, t("noObservations"))]
        : observations.map(({ kind, about }) =>
          h("p", {}, chip("calm", word(`observed_${kind}`)), " ", sentence(about))
        )),
    );
  }

  /** Links keep the focus: they are made again only if others are connected. */
  /** @param {WorkerShape} worker */
  #showConnections({ miners, connections }) {
    const shown = [...this.#connections.querySelectorAll("a")].map(({ dataset }) => dataset["id"]);
    if (shown.length > 0 && shown.join() === miners.join()) return;
    const more = connections - Math.min(miners.length, MAX_LINKS);
    this.#connections.replaceChildren(
      ...miners.map((id) =>
        h(
          "a",
          { href: `#/miners/${encodeURIComponent(id)}`, "data-id": id },
          t("connection", { id }),
        )
      ),
      ...(more > 0
        ? [h("span", { class: "muted" }, t("moreConnections", { count: formatCount(more) }))]
        : []),
      ...(connections === 0 ? [h("p", { class: "muted" }, t("noConnections"))] : []),
    );
  }

  #showUnknown() {
    this.#state.replaceChildren();
    this.#unknown.hidden = false;
    this.#advice.hidden = true;
    this.#forget.hidden = true;
  }

  async #forgetIt() {
    if (await this.#controls.forget(this.#id, this.#name)) location.hash = "#/";
  }
}

/** @param {WorkerShape} worker @returns {[string, string][]} */
function factsOf(worker) {
  const { hashrate, usual_hashrate: usual, kind_hashrate: kind, gone_seconds: gone } = worker;
  const age = worker.last_share_seconds;
  const { connections, usual_connections: usualConnections } = worker;
  const rate = (/** @type {number | null} */ value) =>
    value === null ? t("unknown") : formatHashrate(value);
  /** @type {[string, string][]} */
  const gonePairs = gone === null ? [] : [
    [
      t("wentAt"),
      `${formatMoment(new Date(Date.now() - gone * 1000))} (${
        t("ago", { time: formatDuration(gone) })
      })`,
    ],
    [t("hadHashrate"), rate(usual)],
  ];
  /** @type {[string, string][]} */
  const ratePairs = gone === null
    ? [
      [t("hashrate") + t("comma") + t("over15"), formatHashrate(hashrate.minutes_15)],
      [t("hashrate") + t("comma") + t("over60"), formatHashrate(hashrate.minutes_60)],
      [t("usualHashrate"), rate(usual)],
    ]
    : [];
  return [
    ...gonePairs,
    ...(worker.went === "" ? [] : [/** @type {[string, string]} */ ([t("went"), worker.went])]),
    ...ratePairs,
    [t("kindHashrate"), rate(kind)],
    [t("lastShare"), age === null ? t("never") : t("ago", { time: formatDuration(age) })],
    [
      t("connections"),
      usualConnections === 0 ? formatCount(connections) : t("usualConnections", {
        count: formatCount(connections),
        usual: formatCount(usualConnections),
      }),
    ],
    [t("connectsHour"), formatCount(worker.connects_hour)],
    [t("firstSeen"), t("ago", { time: formatDuration(worker.first_seen_seconds) })],
    ...(worker.account === ""
      ? []
      : [/** @type {[string, string]} */ ([t("account"), worker.account])]),
    [t("software"), worker.client_agent || "–"],
    [t("address"), worker.address],
    [t("subnet"), worker.subnet],
  ];
}

/** @param {WorkerShape} worker @returns {[string, string][]} */
function hourOf({ hour: { good, lost } }) {
  const part = good + lost === 0 ? "" : ` (${formatPercent(lost / (good + lost))})`;
  return [
    [t("goodShares"), formatCount(good)],
    [t("lostOfShares"), formatCount(lost) + part],
  ];
}
