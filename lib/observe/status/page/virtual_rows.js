/**
 * A table body of any length of which only the rows in sight exist. They stay the same elements,
 * filled again on each scroll; two rows of empty space hold the scroll bar's place.
 */

import { h, setAttribute } from "./dom.js";

/** Rows kept beyond either edge of what is in sight. */
const MARGIN = 8;

/**
 * @template Item
 */
export class VirtualRows {
  /** @type {HTMLElement} */
  #scroller;
  /** @type {() => HTMLTableRowElement} */
  #make;
  /** @type {(row: HTMLTableRowElement, item: Item) => void} */
  #fill;
  /** @type {HTMLTableRowElement[]} */
  #rows = [];
  /** @type {readonly Item[]} */
  #items = [];
  #first = 0;
  #rowHeight = 40;
  #above = spacer();
  #below = spacer();

  /**
   * @param {HTMLElement} scroller what scrolls
   * @param {HTMLTableSectionElement} body in it
   * @param {() => HTMLTableRowElement} make an empty row
   * @param {(row: HTMLTableRowElement, item: Item) => void} fill
   */
  constructor(scroller, body, make, fill) {
    this.#scroller = scroller;
    this.#make = make;
    this.#fill = fill;
    body.append(this.#above, this.#below);
    let isDue = false;
    const draw = () => {
      if (isDue) return;
      isDue = true;
      requestAnimationFrame(() => {
        isDue = false;
        this.#draw();
      });
    };
    scroller.addEventListener("scroll", draw, { passive: true });
    new ResizeObserver(draw).observe(scroller);
  }

  /** @param {readonly Item[]} items */
  show(items) {
    this.#items = items;
    this.#draw();
  }

  /** Scrolls back to the first. */
  toTop() {
    this.#scroller.scrollTop = 0;
  }

  #draw() {
    const height = this.#rows[0]?.offsetHeight ?? 0;
    if (height > 0) this.#rowHeight = height;
    const inSight = Math.ceil(this.#scroller.clientHeight / this.#rowHeight);
    const count = Math.min(this.#items.length, inSight + 2 * MARGIN);
    const wanted = Math.floor(this.#scroller.scrollTop / this.#rowHeight) - MARGIN;
    const first = Math.max(0, Math.min(wanted, this.#items.length - count));
    const focused = this.#rows.findIndex((row) => row.contains(document.activeElement));
    const focusedItem = this.#first + focused;

    while (this.#rows.length > count) this.#rows.pop()?.remove();
    while (this.#rows.length < count) {
      const row = this.#make();
      this.#below.before(row);
      this.#rows.push(row);
    }
    this.#first = first;
    setHeight(this.#above, first * this.#rowHeight);
    setHeight(this.#below, (this.#items.length - first - count) * this.#rowHeight);
    for (const [place, row] of this.#rows.entries()) {
      const item = this.#items[first + place];
      if (item === undefined) continue;
      // The heading is row 1.
      setAttribute(row, "aria-rowindex", String(first + place + 2));
      this.#fill(row, item);
    }
    // The focus stays on the item it is on.
    if (focused >= 0 && focusedItem - first !== focused) {
      const row = this.#rows[focusedItem - first];
      /** @type {HTMLElement | null | undefined} */
      const stop = row?.querySelector("a:not([hidden]), button:not([hidden])");
      stop?.focus({ preventScroll: true });
    }
  }
}

function spacer() {
  return h("tr", { class: "spacer", "aria-hidden": "true" }, h("td"));
}

/** @param {HTMLTableRowElement} row @param {number} height */
function setHeight(row, height) {
  row.hidden = height <= 0;
  row.style.height = `${height}px`;
}
