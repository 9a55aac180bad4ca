/**
 * The choice of whose trends are shown: the whole farm's, a pool's or a sub-account's.
 */

/** @import { Subject } from "./history_data.js" */
import { h } from "./dom.js";
import { t } from "./texts.js";

/** @type {Subject} */
const FARM = { kind: "farm" };

export class SubjectChoice {
  /** The subject of each option, in their order. @type {Subject[]} */
  #subjects = [FARM];
  #offered = "";
  #select = h("select", { id: "subject" }, h("option", {}, t("wholeFarm")));

  element = h(
    "span",
    { class: "subject" },
    h("label", { for: "subject", class: "unseen" }, t("trendsOf")),
    this.#select,
  );

  /** @param {() => void} changed called when another is chosen */
  constructor(changed) {
    this.#select.addEventListener("change", changed);
    this.#select.disabled = true;
  }

  /** The one that is chosen. */
  get chosen() {
    return this.#subjects[this.#select.selectedIndex] ?? FARM;
  }

  /**
   * What there is besides the farm. One that is chosen stays as long as it is among them.
   *
   * @param {readonly string[]} pools
   * @param {readonly string[]} accounts
   */
  offer(pools, accounts) {
    const offered = JSON.stringify([pools, accounts]);
    if (offered === this.#offered) return;
    this.#offered = offered;
    const { chosen } = this;
    this.#subjects = [FARM];
    /** @param {"pool" | "account"} kind @param {readonly string[]} names */
    const options = (kind, names) =>
      names.map((name) => {
        this.#subjects.push({ kind, name });
        const isChosen = chosen.kind === kind && chosen.name === name;
        return h("option", { selected: isChosen }, name);
      });
    this.#select.replaceChildren(
      h("option", {}, t("wholeFarm")),
      ...(pools.length === 0
        ? []
        : [h("optgroup", { label: t("pools") }, ...options("pool", pools))]),
      ...(accounts.length === 0
        ? []
        : [h("optgroup", { label: t("accounts") }, ...options("account", accounts))]),
    );
    this.#select.disabled = this.#subjects.length === 1;
    if (chosen.kind !== "farm" && this.chosen === FARM) {
      this.#select.dispatchEvent(new Event("change"));
    }
  }
}
