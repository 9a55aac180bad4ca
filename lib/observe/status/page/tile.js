/**
 * A figure with its unit, a few words after it and lines below, and what part of a whole it is.
 */

/** @import { Tone } from "./condition_words.js" */
import { h, setText } from "./dom.js";

/**
 * @typedef {object} Shown
 * @property {string} value
 * @property {string} unit
 * @property {string} about
 * @property {Tone} [tone] of the figure
 * @property {number | undefined} [part] of what is expected, as a bar
 * @property {readonly string[]} lines those that are empty are left out
 */

export class Tile {
  #value = h("b");
  #unit = h("span", { class: "unit" });
  #about = h("span", { class: "about" });
  #bar = h("span");
  #meter = h("div", { class: "meter", "aria-hidden": "true", hidden: true }, this.#bar);
  #lines = [h("p"), h("p"), h("p")];
  #figure = h("p", { class: "figure" }, this.#value, " ", this.#unit, " ", this.#about);
  /** @type {HTMLElement} */
  element;

  /** @param {string} title */
  constructor(title) {
    this.element = h(
      "article",
      { class: "card tile" },
      h("h3", {}, title),
      this.#figure,
      this.#meter,
      ...this.#lines,
    );
  }

  /** @param {Shown} shown */
  show({ value, unit, about, tone, part, lines }) {
    setText(this.#value, value);
    setText(this.#unit, unit);
    setText(this.#about, about);
    this.#figure.className = tone === undefined ? "figure" : `figure ${tone}`;
    this.#meter.hidden = part === undefined;
    this.#bar.style.width = `${Math.min(1, part ?? 0) * 100}%`;
    for (const [place, line] of this.#lines.entries()) setText(line, lines[place] ?? "");
  }
}
