/**
 * The last lines of the log, the newest first.
 */

/** @import { EventShape } from "../shapes.ts" */
import { chip, h, setText } from "./dom.js";
import { formatMoment } from "./format.js";
import { t } from "./texts.js";

/** Events that are kept, as many as the agent keeps. */
const KEPT = 256;

const TONES = /** @type {const} */ ({
  debug: "calm",
  info: "calm",
  warning: "warn",
  error: "bad",
});

export class Events {
  /** @type {EventShape[]} */
  #events = [];
  #onlyWarnings = false;
  #list = h("ol", { class: "events" });
  #empty = h("p", { class: "empty" }, t("noEvents"));

  element = h(
    "section",
    { class: "card events-card", "aria-labelledby": "events-title" },
    h(
      "header",
      { class: "bar" },
      h("h2", { id: "events-title" }, t("events")),
      h("button", {
        class: "toggle",
        "aria-pressed": "false",
        click: (/** @type {Event} */ { currentTarget }) => {
          this.#onlyWarnings = !this.#onlyWarnings;
          if (currentTarget instanceof Element) {
            currentTarget.setAttribute("aria-pressed", String(this.#onlyWarnings));
          }
          this.#draw();
        },
      }, t("onlyWarnings")),
    ),
    h(
      "div",
      { class: "scroller", role: "region", "aria-label": t("eventsList"), tabindex: 0 },
      this.#list,
      this.#empty,
    ),
  );

  /** All there are. @param {readonly EventShape[]} events */
  replace(events) {
    this.#events = [...events];
    this.#draw();
  }

  /** More of them. @param {readonly EventShape[]} events */
  add(events) {
    const last = this.#events.at(-1)?.number ?? 0;
    this.#events.push(...events.filter(({ number }) => number > last));
    this.#events = this.#events.slice(-KEPT);
    this.#draw();
  }

  #draw() {
    const shown = this.#events.filter(({ level }) =>
      !this.#onlyWarnings || level === "warning" || level === "error"
    );
    this.#list.replaceChildren(...shown.toReversed().map(line));
    this.#list.hidden = shown.length === 0;
    this.#empty.hidden = shown.length > 0;
    setText(
      this.#empty,
      this.#events.length === 0 ? t("noEvents") : t("noWarnings", { count: this.#events.length }),
    );
  }
}

/** @param {EventShape} event */
function line({ time, level, area, message }) {
  return h(
    "li",
    { class: level },
    h("time", { datetime: time }, formatMoment(new Date(time))),
    chip(TONES[level], t(level)),
    h("span", { class: "area" }, area),
    h("span", { class: "message" }, message),
  );
}
