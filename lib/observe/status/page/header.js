/**
 * The top of the page: whether miners have a pool, whether the agent is there, language and
 * colours.
 */

/** @import { StreamStateShape } from "../shapes.ts" */
import { h, setText } from "./dom.js";
import { workersIn } from "./findings.js";
import { formatClock, formatCount, formatDuration } from "./format.js";
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

  /** @type {() => boolean} */
  #hasToken;
  #forget = h("button", { class: "plain", hidden: true }, t("tokenForget"));

  /**
   * @param {object} acts
   * @param {() => void} acts.recolour called when other colours were chosen
   * @param {() => boolean} acts.hasToken whether there is one that may be forgotten
   * @param {() => void} acts.forgetToken
   */
  constructor({ recolour, hasToken, forgetToken }) {
    this.#recolour = recolour;
    this.#hasToken = hasToken;
    this.#forget.addEventListener("click", forgetToken);
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
          this.#forget,
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
    const isBackup = isMining && summary.attention.backup !== null;
    const tone = !serving ? "bad" : isBackup ? "warn" : isMining ? "good" : "calm";
    this.#pill.className = `chip ${tone}`;
    setText(
      this.#pill,
      t(!serving ? "noPool" : isBackup ? "onBackup" : isMining ? "serving" : "ready"),
    );
    this.#forget.hidden = !this.#hasToken();
    setText(
      this.#pool,
      pools.filter(({ accounts }) => accounts.serving > 0).map(({ address }) => address).join(", "),
    );
    setText(this.#uptime, `${t("uptime", { time: formatDuration(uptime) })} · ${version}`);
    this.#warn(serving ? "" : reason, "bad");
    document.body.classList.remove("stale");
    // A tab in the background says it, too.
    const troubled = workersIn(summary) - summary.attention.workers.working;
    const mark = troubled > 0 ? `(${formatCount(troubled)}) ` : "";
    document.title = serving ? mark + t("title") : `⚠ ${t("noPool")} – ${t("title")}`;
  }

  /** Says that nobody answers, once somebody has. */
  lost() {
    if (this.#heardAt === undefined) return;
    this.#warn(t("noAnswer", { time: formatClock(this.#heardAt) }), "warn");
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
