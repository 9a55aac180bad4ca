/**
 * One miner: what is known of it, where its shares ended, and its hashrate since the page was
 * opened, gathered here.
 */

/** @import { Agent } from "./agent.js" */
/** @import { Controls } from "./controls.js" */
/** @import { MinerShape } from "../shapes.ts" */
import { Refusal } from "./agent.js";
import { Chart } from "./chart.js";
import { chip, h, setText } from "./dom.js";
import { formatCount, formatDifficulty, formatDuration, formatHashrate } from "./format.js";
import { workerOf } from "./miner_rows.js";
import { t, word } from "./texts.js";

/** So many points are gathered: an hour, one every 2 s. */
const MAX_POINTS = 1800;

/** The chart shows so many seconds before it begins to move. */
const RANGE_SECONDS = 120;

export class MinerPage {
  /** @type {Agent} */
  #agent;
  /** @type {string} */
  #id;
  /** @type {number[]} */
  #times = [];
  /** @type {number[]} */
  #hashrates = [];
  /** @type {Controls} */
  #controls;
  #isLoading = false;
  #disconnect = h("button", {
    hidden: true,
    click: () => void this.#controls.disconnect(this.#id, this.#title.textContent ?? ""),
  }, t("disconnect"));
  #title = h("h2", { tabindex: -1 });
  #state = h("span");
  #gone = h("div", { class: "banner warn", role: "status", hidden: true });
  #facts = h("dl", { class: "facts" });
  #shares = h("dl", { class: "facts" });
  #chart = new Chart(
    t("minerChart"),
    [{ label: t("minerChart"), colour: "--blue", filled: true }],
    formatHashrate,
  );

  /** @type {HTMLElement} */
  element;

  /**
   * @param {Agent} agent
   * @param {string} id
   * @param {Controls} controls
   * @param {(worker: string) => void} findAgain
   */
  constructor(agent, id, controls, findAgain) {
    this.#agent = agent;
    this.#controls = controls;
    this.#id = id;
    this.findAgain = findAgain;
    this.element = h(
      "main",
      { class: "miner-page" },
      h("p", {}, h("a", { class: "back", href: "#/" }, t("back"))),
      h("header", { class: "bar bare" }, this.#title, this.#state, this.#disconnect),
      this.#gone,
      h(
        "div",
        { class: "columns" },
        section("facts", this.#facts),
        h(
          "div",
          { class: "stack" },
          h(
            "div",
            {},
            this.#chart.element,
            h("p", { class: "muted small note" }, t("sinceOpened")),
          ),
          section("shares", this.#shares),
        ),
      ),
    );
    setText(this.#title, id);
  }

  focus() {
    this.#title.focus();
  }

  recolour() {
    this.#chart.recolour();
  }

  /** Asks how it is. */
  async refresh() {
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      this.#show(await this.#agent.get(`api/v1/miners/${this.#id}`));
    } catch (error) {
      if (error instanceof Refusal && (error.status === 404 || error.status === 400)) {
        this.#showGone();
      }
    } finally {
      this.#isLoading = false;
    }
  }

  /** @param {MinerShape} miner */
  #show(miner) {
    const { state, account, worker, user, hashrate } = miner;
    setText(this.#title, workerOf(account, worker) || user || t("unnamed"));
    this.#state.replaceChildren(chip(state === "working" ? "good" : "calm", word(state)));
    this.#gone.hidden = true;
    this.#disconnect.hidden = !this.#controls.mayChange;
    this.#facts.replaceChildren(...factsOf(miner));
    this.#shares.replaceChildren(...sharesOf(miner));

    // Only forward, whatever the clock of this machine does.
    const now = (performance.timeOrigin + performance.now()) / 1000;
    this.#times.push(now);
    this.#hashrates.push(hashrate.minutes_15);
    if (this.#times.length > MAX_POINTS) {
      this.#times.shift();
      this.#hashrates.shift();
    }
    const start = Math.min(this.#times[0] ?? now, now - RANGE_SECONDS);
    this.#chart.show([this.#times, this.#hashrates], [start, now]);
  }

  #showGone() {
    const name = this.#title.textContent ?? "";
    this.#state.replaceChildren();
    this.#gone.hidden = false;
    this.#disconnect.hidden = true;
    this.#gone.replaceChildren(
      h("p", {}, t("minerGone")),
      h("button", { click: () => this.findAgain(name) }, t("findAgain", { name })),
    );
  }
}

/** @param {import("./texts.js").TextKey} title @param {HTMLElement} content */
function section(title, content) {
  return h(
    "section",
    { class: "card" },
    h("header", { class: "bar" }, h("h3", {}, t(title))),
    content,
  );
}

/** @param {MinerShape} miner */
function factsOf(miner) {
  const age = miner.last_share_seconds;
  return rows([
    [t("hashrate") + t("comma") + t("over15"), formatHashrate(miner.hashrate.minutes_15)],
    [t("hashrate") + t("comma") + t("over60"), formatHashrate(miner.hashrate.minutes_60)],
    [t("difficulty"), miner.difficulty === null ? "–" : formatDifficulty(miner.difficulty)],
    [t("lastShare"), age === null ? t("never") : t("ago", { time: formatDuration(age) })],
    [t("lastWord"), t("ago", { time: formatDuration(miner.silent_seconds) })],
    [t("connectedFor"), formatDuration(miner.connected_seconds)],
    [t("upstream"), miner.upstream ?? "–"],
    [t("user"), miner.user],
    [t("address"), miner.address],
    [t("software"), miner.client_agent || "–"],
    [t("asicboost"), word(`boost_${miner.asicboost}`)],
    [t("versionMask"), miner.version_mask],
    [t("sessionId"), miner.id ?? "–"],
  ]);
}

/** Where its shares ended; of the reasons for a bad end only those that were. */
/** @param {MinerShape} miner */
function sharesOf({ shares }) {
  const { refused, rejected, unanswered } = shares;
  /** @param {Record<string, number>} counts @param {import("./texts.js").TextKey} key */
  const reasons = (counts, key) =>
    Object.entries(counts).filter(([, count]) => count > 0)
      .map(([reason, count]) => /** @type {[string, string]} */ ([
        t(key, { reason: word(reason) }),
        formatCount(count),
      ]));
  const lost = Object.values(unanswered).reduce((sum, count) => sum + count, 0);
  return rows([
    [t("received"), formatCount(shares.received)],
    [t("submitted"), formatCount(shares.submitted)],
    [t("accepted"), formatCount(shares.accepted)],
    ...(shares.assumed > 0
      ? [/** @type {[string, string]} */ ([t("assumed"), formatCount(shares.assumed)])]
      : []),
    ...(shares.kept > 0
      ? [/** @type {[string, string]} */ ([t("kept"), formatCount(shares.kept)])]
      : []),
    ...reasons(rejected, "rejectedByPool"),
    ...reasons(refused, "refusedHere"),
    [t("outage"), formatCount(shares.outage)],
    [t("unanswered"), formatCount(lost)],
    [t("waitingShares"), formatCount(shares.waiting)],
  ]);
}

/** @param {readonly (readonly [string, string])[]} pairs */
function rows(pairs) {
  return pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
}
