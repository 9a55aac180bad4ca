/**
 * The top of the page: whether miners have a pool, whether the agent is there, language and
 * colours.
 */

/** @import { StreamStateShape } from "../shapes.ts" */
import { h, setText } from "./dom.js";
import { formatClock, formatDuration } from "./format.js";
import { switchLanguage, switchTheme, theme } from "./preferences.js";
import { t } from "./texts.js";

export class Header {
  #pill = h("span", { class: "chip calm" }, t("connecting"));
  #pool = h("span", { class: "muted serving-pool" });
  #uptime = h("span", { class: "muted uptime" });
  #alert = h("p", { class: "banner", role: "alert", hidden: true });
  #theme = h("button", { class: "plain" });
  /** @type {() => void} */
  #recolour;
  /** @type {Date | undefined} */
  #heardAt;

  /** @type {HTMLElement} */
  element;

  /** @param {() => void} recolour called when other colours were chosen */
  constructor(recolour) {
    this.#recolour = recolour;
    this.#theme.addEventListener("click", () => {
      switchTheme();
      this.#showTheme();
      this.#recolour();
    });
    this.#showTheme();
    this.element = h(
      "header",
      { class: "top" },
      h(
        "div",
        { class: "top-line" },
        h(
          "a",
          { class: "brand", href: "#/" },
          h("img", {
            src: new URL("icon.svg", import.meta.url).href,
            alt: "",
            width: 28,
            height: 28,
          }),
          h("h1", {}, t("title")),
        ),
        h("span", { class: "status", role: "status" }, this.#pill, this.#pool),
        this.#uptime,
        h(
          "span",
          { class: "switches" },
          h(
            "button",
            { class: "plain", "aria-label": t("switchLanguageName"), click: switchLanguage },
            t("switchLanguage"),
          ),
          this.#theme,
        ),
      ),
      this.#alert,
    );
  }

  /** @param {StreamStateShape} state */
  show({ summary, pools }) {
    this.#heardAt = new Date();
    const { serving, reason, version, uptime_seconds: uptime } = summary;
    const isMining = serving && summary.miners.states.working > 0;
    this.#pill.className = `chip ${serving ? (isMining ? "good" : "calm") : "bad"}`;
    setText(this.#pill, serving ? t(isMining ? "serving" : "ready") : t("noPool"));
    setText(
      this.#pool,
      pools.filter(({ accounts }) => accounts.serving > 0).map(({ address }) => address).join(", "),
    );
    setText(this.#uptime, `${t("uptime", { time: formatDuration(uptime) })} · ${version}`);
    this.#warn(serving ? "" : reason, "bad");
    document.body.classList.remove("stale");
    document.title = serving ? t("title") : `⚠ ${t("noPool")} – ${t("title")}`;
  }

  /** Says that nobody answers, once somebody has. */
  lost() {
    if (this.#heardAt === undefined) return;
    this.#warn(t("lost", { time: formatClock(this.#heardAt) }), "warn");
    document.body.classList.add("stale");
  }

  /** @param {string} text @param {"bad" | "warn"} tone */
  #warn(text, tone) {
    this.#alert.className = `banner ${tone}`;
    this.#alert.hidden = text === "";
    setText(this.#alert, text);
  }

  #showTheme() {
    setText(this.#theme, t("theme", { name: t(theme()) }));
  }
}
