/**
 * One connection of a miner: the condition of its worker, as the list has it, what is known of it,
 * where its shares ended, and its hashrate since the page was opened.
 */

/** @import { Agent } from "./agent.js" */
/** @import { Controls } from "./controls.js" */
/** @import { MinerShape } from "../miner_shapes.ts" */
import { Refusal } from "./agent.js";
import { conditionAdvice, stateText, stateTone } from "./condition_words.js";
import { card, chip, facts, h, setText } from "./dom.js";
import { formatCount, formatDifficulty, formatDuration, formatHashrate } from "./format.js";
import { LiveHashrate } from "./live_hashrate.js";
import { t, word } from "./texts.js";
import { workerOf } from "./worker_rows.js";

export class MinerPage {
  /** @type {Agent} */
  #agent;
  /** @type {string} */
  #id;
  /** @type {Controls} */
  #controls;
  #isLoading = false;
  #disconnect = h("button", {
    hidden: true,
    click: () => void this.#controls.disconnect(this.#id, this.#title.textContent ?? ""),
  }, t("disconnect"));
  #title = h("h2", { tabindex: -1 });
  #state = h("span");
  #advice = h("p", { class: "advice", role: "status", hidden: true });
  #worker = h("a", { hidden: true }, t("seeWorker"));
  #gone = h("div", { class: "banner warn", role: "status", hidden: true });
  #facts = h("dl", { class: "facts" });
  #shares = h("dl", { class: "facts" });
  #live = new LiveHashrate(false);

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
      { class: "one-page miner-page" },
      h("p", {}, h("a", { class: "back", href: "#/" }, t("back"))),
      h(
        "header",
        { class: "bar bare" },
        this.#title,
        this.#state,
        this.#worker,
        this.#disconnect,
      ),
      this.#gone,
      this.#advice,
      h(
        "div",
        { class: "columns" },
        card(t("facts"), this.#facts),
        h(
          "div",
          { class: "stack" },
          this.#live.element,
          card(t("shares"), this.#shares),
        ),
      ),
    );
    setText(this.#title, id);
  }

  focus() {
    this.#title.focus();
  }

  recolour() {
    this.#live.recolour();
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
    const { state, account, worker, user, hashrate, condition, worker_id: workerId } = miner;
    setText(this.#title, workerOf(account, worker) || user || t("unnamed"));
    this.#state.replaceChildren(
      condition === null
        ? chip("calm", word(state))
        : chip(stateTone(condition.state), conditionText(miner, condition)),
    );
    const advice = condition === null ? "" : conditionAdvice(condition);
    this.#advice.hidden = advice === "";
    this.#advice.className = `advice ${condition === null ? "calm" : stateTone(condition.state)}`;
    setText(this.#advice, advice);
    this.#worker.hidden = workerId === null;
    if (workerId !== null) this.#worker.href = `#/workers/${encodeURIComponent(workerId)}`;
    this.#gone.hidden = true;
    this.#disconnect.hidden = !this.#controls.mayChange;
    this.#facts.replaceChildren(...facts(factsOf(miner)));
    this.#shares.replaceChildren(...facts(sharesOf(miner)));
    this.#live.add(hashrate.minutes_15);
  }

  #showGone() {
    const name = this.#title.textContent ?? "";
    this.#state.replaceChildren();
    this.#advice.hidden = true;
    this.#gone.hidden = false;
    this.#disconnect.hidden = true;
    this.#gone.replaceChildren(
      h("p", {}, t("minerGone")),
      h("button", { click: () => this.findAgain(name) }, t("findAgain", { name })),
    );
  }
}

/** @param {MinerShape} miner @param {NonNullable<MinerShape["condition"]>} condition */
function conditionText({ last_share_seconds: lastShareSeconds, connected_seconds }, condition) {
  return stateText(condition, { lastShareSeconds: lastShareSeconds ?? connected_seconds });
}

/** @param {MinerShape} miner @returns {[string, string][]} */
function factsOf(miner) {
  const age = miner.last_share_seconds;
  return [
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
  ];
}

/** Where its shares ended; of the reasons for a bad end only those that were. */
/** @param {MinerShape} miner @returns {[string, string][]} */
function sharesOf({ shares }) {
  const { refused, rejected, unanswered } = shares;
  /** @param {Record<string, number>} counts @param {import("./texts.js").TextKey} key */
  const reasons = (counts, key) =>
    Object.entries(counts).filter(([, count]) => count > 0)
      .map(([reason, count]) => /** @type {[string, string]} */ ([
        t(key, { reason: word(reason) }),
        formatCount(count),
      ]));
  /** @param {import("./texts.js").TextKey} key @param {number} count @returns {[string, string][]} */
  const ifAny = (key, count) => count > 0 ? [[t(key), formatCount(count)]] : [];
  const lost = Object.values(unanswered).reduce((sum, count) => sum + count, 0);
  return [
    [t("received"), formatCount(shares.received)],
    [t("submitted"), formatCount(shares.submitted)],
    [t("accepted"), formatCount(shares.accepted)],
    ...ifAny("assumed", shares.assumed - shares.early_open),
    ...ifAny("kept", shares.kept),
    ...reasons(rejected, "rejectedByPool"),
    ...reasons(refused, "refusedHere"),
    [t("outage"), formatCount(shares.outage)],
    [t("unanswered"), formatCount(lost)],
    [t("waitingShares"), formatCount(shares.waiting)],
    ...ifAny("earlyOpen", shares.early_open),
    ...ifAny("earlyRejected", shares.early_rejected),
  ];
}
