/**
 * The first thing on the page: whether anything is wrong, in one line; then a button for each kind
 * of trouble, which shows those workers in the list, and what there is to say of pools and losses.
 */

/** @import { WorkerState } from "../../../base/worker_state.ts" */
/** @import { Summary } from "./findings.js" */
import { h, setText } from "./dom.js";
import { stateTone } from "./condition_words.js";
import { costOf, countWords, headlineOf, statementsOf, troubleCounts } from "./findings.js";
import { formatCount } from "./format.js";
import { t } from "./texts.js";

export class Attention {
  /** @type {(state: WorkerState) => void} */
  #showState;
  #headline = h("p", { class: "headline", role: "status" }, t("connecting"));
  #cost = h("p", { class: "cost", hidden: true });
  #troubles = h("div", { class: "troubles" });
  #statements = h("ul", { class: "statements", hidden: true });
  /** @type {Map<WorkerState, HTMLButtonElement>} */
  #buttons = new Map();

  /** @type {HTMLElement} */
  element;

  /** @param {(state: WorkerState) => void} showState called with what is to be shown */
  constructor(showState) {
    this.#showState = showState;
    this.element = h(
      "section",
      { class: "card attention calm", "aria-labelledby": "attention-title" },
      h("h2", { id: "attention-title", class: "unseen" }, t("attention")),
      h("div", { class: "verdict" }, this.#headline, this.#cost),
      this.#troubles,
      this.#statements,
    );
  }

  /** @param {Summary} summary @param {string} lossSentence of the last hour */
  show(summary, lossSentence) {
    const { tone, text } = headlineOf(summary);
    this.element.className = `card attention ${tone}`;
    setText(this.#headline, text);
    const cost = costOf(summary);
    this.#cost.hidden = cost === "";
    setText(this.#cost, cost);
    for (const [state, count] of troubleCounts(summary)) this.#showCount(state, count);
    const statements = statementsOf(summary, lossSentence);
    this.#statements.hidden = statements.length === 0;
    const shown = [...this.#statements.children].map((item) => item.textContent);
    if (shown.join("\n") === statements.map((one) => one.text).join("\n")) return;
    this.#statements.replaceChildren(
      ...statements.map((one) => h("li", { class: one.tone }, one.text)),
    );
  }

  /** The buttons stay the same elements, so that one keeps the focus. */
  /** @param {WorkerState} state @param {number} count */
  #showCount(state, count) {
    let button = this.#buttons.get(state);
    if (button === undefined) {
      button = h(
        "button",
        { class: `trouble ${stateTone(state)}`, click: () => this.#showState(state) },
        h("b"),
        " ",
        h("span"),
      );
      this.#buttons.set(state, button);
      this.#troubles.append(button);
    }
    button.hidden = count === 0;
    const number = button.querySelector("b");
    if (number) setText(number, formatCount(count));
    const words = countWords(state, count);
    const label = button.querySelector("span");
    if (label) setText(label, words);
    button.title = t("showThese", { count: formatCount(count), words });
  }
}
