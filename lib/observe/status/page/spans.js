/**
 * The stretches of time that charts and causes are shown over, and the switch among them.
 */

import { h, setAttribute } from "./dom.js";
import { t } from "./texts.js";

const SPANS = /** @type {const} */ (["hour", "day", "week", "month"]);

/** @typedef {typeof SPANS[number]} Span */

/** How long each is, in seconds. @type {Readonly<Record<Span, number>>} */
export const SPAN_SECONDS = { hour: 3600, day: 86_400, week: 604_800, month: 2_592_000 };

/** Whether it is shown in days rather than hours. @param {[number, number]} range in seconds */
export function isLong([start, end]) {
  return end - start > 2 * 86_400;
}

/** A row of buttons, of which one is pressed; those with nothing to show are disabled. */
export class SpanSwitch {
  /** @type {() => void} */
  #changed;
  /** @type {Span} */
  #wanted;
  /** @type {readonly Span[]} */
  #allowed = [];
  /** @type {Map<Span, HTMLButtonElement>} */
  #buttons = new Map();

  /** @type {HTMLElement} */
  element;

  /**
   * @param {string} label
   * @param {Span} wanted the one that is pressed first
   * @param {() => void} changed called when another is pressed
   */
  constructor(label, wanted, changed) {
    this.#wanted = wanted;
    this.#changed = changed;
    for (const span of SPANS) {
      const click = () => {
        this.#wanted = span;
        this.#press();
        this.#changed();
      };
      this.#buttons.set(span, h("button", { click }, t(span)));
    }
    this.element = h(
      "div",
      { class: "segments", role: "group", "aria-label": label },
      ...this.#buttons.values(),
    );
    this.allow(["hour", "day"]);
  }

  /** The one that is shown: the one that was pressed, or the first while that one has nothing. */
  get span() {
    return this.#allowed.includes(this.#wanted) ? this.#wanted : this.#allowed[0] ?? "hour";
  }

  /**
   * Which of them have something to show; the others say why not under the pointer.
   *
   * @param {readonly Span[]} allowed
   * @param {string} [why]
   */
  allow(allowed, why) {
    const before = this.#allowed.length === 0 ? undefined : this.span;
    this.#allowed = allowed;
    for (const [span, button] of this.#buttons) {
      button.disabled = !allowed.includes(span);
      setAttribute(button, "title", button.disabled ? why : undefined);
    }
    this.#press();
    if (before !== undefined && before !== this.span) this.#changed();
  }

  #press() {
    for (const [span, button] of this.#buttons) {
      setAttribute(button, "aria-pressed", String(span === this.span && !button.disabled));
    }
  }
}
