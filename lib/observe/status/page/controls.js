/**
 * What may be changed from the page, if `status.control` is true and a token was given: read the
 * configuration again, send a test alarm, set what is logged, prefer a pool, disconnect a miner,
 * forget a worker.
 */

/** @import { Agent } from "./agent.js" */
/** @import { NotifyTestShape } from "../notify_shapes.ts" */
/** @import { ReloadShape } from "../shapes.ts" */
import { h, setText } from "./dom.js";
import { t } from "./texts.js";

const LEVELS = /** @type {const} */ (["debug", "info", "warning", "error"]);

export class Controls {
  /** @type {Agent} */
  #agent;
  #isKnown = false;
  #test = h("button", { click: () => void this.#testNotify(), hidden: true }, t("notifyTest"));
  #said = h("p", { class: "said", role: "status" });
  #level = h(
    "select",
    { id: "log-level", change: () => void this.#setLevel() },
    ...LEVELS.map((level) => h("option", { value: level }, t(level))),
  );

  element = h(
    "section",
    { class: "card controls-card", "aria-labelledby": "controls-title", hidden: true },
    h(
      "header",
      { class: "bar" },
      h("h2", { id: "controls-title" }, t("control")),
      h("button", { click: () => void this.#reload() }, t("reload")),
      this.#test,
      h("label", { for: "log-level" }, t("logLevel")),
      this.#level,
    ),
    this.#said,
  );

  /** @param {Agent} agent */
  constructor(agent) {
    this.#agent = agent;
  }

  /** Whether anything may be changed now. */
  get mayChange() {
    return !this.element.hidden;
  }

  /**
   * @param {boolean} isAllowed by the agent
   * @param {boolean} hasChannels that alarms are sent to
   */
  show(isAllowed, hasChannels) {
    this.#test.hidden = !hasChannels;
    this.element.hidden = !(isAllowed && this.#agent.hasToken);
    if (this.mayChange && !this.#isKnown) {
      this.#isKnown = true;
      void this.#showLevel();
    }
  }

  /** Prefers a pool, or none. @param {number | undefined} position */
  async pin(position) {
    const path = position === undefined ? "api/v1/pools/auto" : `api/v1/pools/${position}/pin`;
    await this.#try(async () => (await this.#agent.post(path)).done);
  }

  /** Disconnects a miner if that is confirmed. @param {string} id @param {string} name */
  async disconnect(id, name) {
    if (!await confirmed(t("disconnectAsk", { name }), t("disconnect"))) return;
    await this.#try(async () => (await this.#agent.post(`api/v1/miners/${id}/disconnect`)).done);
  }

  /**
   * Forgets a worker if that is confirmed.
   *
   * @param {string} id
   * @param {string} name
   * @returns {Promise<boolean>} whether it was
   */
  async forget(id, name) {
    if (!await confirmed(t("forgetAsk", { name }), t("forgetYes"))) return false;
    return await this.#try(async () =>
      (await this.#agent.post(`api/v1/workers/${id}/forget`)).done
    );
  }

  async #reload() {
    await this.#try(async () => {
      /** @type {ReloadShape} */
      const { done, changes, needs_restart: later } = await this.#agent.post("api/v1/reload");
      const keys = changes.map(({ key, before, after }) => `${key}: ${before} → ${after}`);
      const rest = later.length === 0 ? [] : [t("needsRestart", { keys: later.join(", ") })];
      return [done, ...keys, ...rest].join("\n");
    });
  }

  async #testNotify() {
    await this.#try(async () => {
      /** @type {NotifyTestShape} */
      const { done, channels } = await this.#agent.post("api/v1/notify/test");
      return [done, ...channels.map(({ channel, answer }) => `${channel}: ${answer}`)].join("\n");
    });
  }

  async #setLevel() {
    await this.#try(async () => {
      await this.#agent.post("api/v1/log-level", { level: this.#level.value });
      return t("levelSet", { level: t(LEVELS.find((one) => one === this.#level.value) ?? "info") });
    });
    await this.#showLevel();
  }

  async #showLevel() {
    try {
      const { levels } = await this.#agent.get("api/v1/log-level");
      this.#level.value = String(Object.values(levels)[0]);
    } catch {
      this.#isKnown = false;
    }
  }

  /**
   * Does it and says what was done, or why not.
   *
   * @param {() => Promise<string>} act
   * @returns {Promise<boolean>} whether it was done
   */
  async #try(act) {
    try {
      setText(this.#said, await act());
      this.#said.className = "said";
      return true;
    } catch (error) {
      setText(this.#said, error instanceof Error ? error.message : String(error));
      this.#said.className = "said wrong";
      return false;
    }
  }
}

/** @param {string} question @param {string} action @returns {Promise<boolean>} */
function confirmed(question, action) {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      {
        "aria-labelledby": "question",
        close: () => {
          dialog.remove();
          resolve(dialog.returnValue === "yes");
        },
      },
      h("p", { id: "question" }, question),
      h(
        "div",
        { class: "answers" },
        h("button", { click: () => dialog.close("no") }, t("cancel")),
        h("button", { class: "main", click: () => dialog.close("yes") }, action),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
