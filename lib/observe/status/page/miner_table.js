/**
 * The table of miners: searched, sorted, any number of rows.
 */

/** @import { Agent } from "./agent.js" */
/** @import { MinerRow, SortKey, View } from "./miner_rows.js" */
/** @import { TextKey } from "./texts.js" */
import { h, setAttribute, setText } from "./dom.js";
import { formatCount, formatDuration, formatHashrate, formatPercent } from "./format.js";
import { pickRows, readTable } from "./miner_rows.js";
import { t, word } from "./texts.js";
import { VirtualRows } from "./virtual_rows.js";

/** How often the rows are asked for anew, in milliseconds: few of them, or many. */
const REFRESH_MS = 4_000;
const REFRESH_MANY_MS = 12_000;
const MANY = 2_000;

/** @type {readonly { key: SortKey, text: TextKey, kind: string, descends: boolean }[]} */
const COLUMNS = [
  { key: "worker", text: "worker", kind: "name", descends: false },
  { key: "address", text: "address", kind: "wide address", descends: false },
  { key: "clientAgent", text: "software", kind: "wider software", descends: false },
  { key: "state", text: "state", kind: "wide state", descends: true },
  { key: "hashrate", text: "hashrate", kind: "number hashrate", descends: true },
  { key: "accepted", text: "accepted", kind: "number wider", descends: true },
  { key: "rejected", text: "rejected", kind: "number", descends: true },
  { key: "lastShare", text: "lastShare", kind: "number", descends: true },
  { key: "connected", text: "connectedFor", kind: "number wider", descends: true },
];

/** What is wrong with a miner, or how far it has come. @param {MinerRow} row */
export function stateText({ state, trouble, lastShareSeconds, connectedSeconds }) {
  if (trouble === undefined) return word(state);
  const { kind, part } = trouble;
  if (kind === "waiting") return word(state);
  const time = formatDuration(lastShareSeconds ?? connectedSeconds);
  return t(kind, { time, percent: formatPercent(part) });
}

/** @param {MinerRow} row @returns {"good" | "warn" | "bad" | "calm"} */
export function stateTone({ state, trouble }) {
  if (trouble === undefined) return state === "working" ? "good" : "calm";
  return trouble.weight >= 4 ? "bad" : "warn";
}

export class MinerTable {
  /** @type {Agent} */
  #agent;
  /** @type {View} */
  #view = {
    search: "",
    onlyTrouble: false,
    troubleFirst: false,
    sort: "worker",
    descending: false,
  };
  /** @type {MinerRow[]} */
  #rows = [];
  #isLoaded = false;
  #isLoading = false;
  #loadedAt = 0;

  #search = h("input", {
    id: "search",
    type: "search",
    placeholder: t("searchHint"),
    autocomplete: "off",
    spellcheck: "false",
    input: () => this.#change({ search: this.#search.value }),
  });
  #troubleOnly = toggle(t("troubled"), (on) => this.#change({ onlyTrouble: on }));
  #troubleFirst = toggle(t("troubleFirst"), (on) => this.#change({ troubleFirst: on }));
  #sort = h(
    "select",
    {
      id: "sort",
      change: () => {
        const column = COLUMNS.find(({ key }) => key === this.#sort.value);
        if (column) this.#change({ sort: column.key, descending: column.descends });
      },
    },
    ...COLUMNS.map(({ key, text }) => h("option", { value: key }, t(text))),
  );
  #count = h("p", { class: "muted count", role: "status" });
  #empty = h("p", { class: "empty", hidden: true });
  #headings = COLUMNS.map(({ key, text, kind, descends }) =>
    h(
      "th",
      { scope: "col", class: kind },
      h("button", { click: () => this.#sortBy(key, descends) }, t(text)),
    )
  );
  #body = h("tbody");
  #table = h(
    "table",
    { class: "rows miners" },
    h("thead", {}, h("tr", { "aria-rowindex": 1 }, ...this.#headings)),
    this.#body,
  );
  #scroller = h(
    "div",
    { class: "scroller", role: "region", "aria-label": t("minersTable"), tabindex: 0 },
    this.#table,
  );
  #virtual = new VirtualRows(this.#scroller, this.#body, makeRow, fillRow);

  element = h(
    "section",
    { class: "card miners-card", "aria-labelledby": "miners-title" },
    h(
      "header",
      { class: "bar" },
      h("h2", { id: "miners-title" }, t("miners")),
      this.#count,
      h(
        "div",
        { class: "tools" },
        h("label", { for: "search", class: "unseen" }, t("searchMiners")),
        this.#search,
        h(
          "span",
          { class: "only-narrow" },
          h("label", { for: "sort", class: "unseen" }, t("sortBy")),
          this.#sort,
        ),
        this.#troubleOnly,
        this.#troubleFirst,
      ),
    ),
    this.#scroller,
    this.#empty,
  );

  /** @param {Agent} agent */
  constructor(agent) {
    this.#agent = agent;
    this.#draw();
  }

  /** Looks for a name, as if it were typed. @param {string} text */
  searchFor(text) {
    this.#search.value = text;
    this.#change({ search: text });
  }

  /** Asks for the rows anew if it is time. @param {boolean} atOnce */
  async refresh(atOnce = false) {
    if (this.#isLoading || document.hidden) return;
    const pause = this.#rows.length > MANY ? REFRESH_MANY_MS : REFRESH_MS;
    if (!atOnce && performance.now() - this.#loadedAt < pause) return;
    this.#isLoading = true;
    try {
      this.#rows = readTable(await this.#agent.get("api/v1/miner-table"));
      this.#isLoaded = true;
      this.#draw();
    } catch {
      // The header says when nobody answers; the next round asks again.
    } finally {
      this.#isLoading = false;
      this.#loadedAt = performance.now();
    }
  }

  /** @param {SortKey} key @param {boolean} descends */
  #sortBy(key, descends) {
    const isSame = this.#view.sort === key;
    this.#change({ sort: key, descending: isSame ? !this.#view.descending : descends });
  }

  /** @param {Partial<View>} change */
  #change(change) {
    this.#view = { ...this.#view, ...change };
    this.#virtual.toTop();
    this.#draw();
  }

  #draw() {
    const { sort, descending } = this.#view;
    const shown = pickRows(this.#rows, this.#view);
    for (const [place, { key }] of COLUMNS.entries()) {
      const heading = this.#headings[place];
      const order = descending ? "descending" : "ascending";
      if (heading) setAttribute(heading, "aria-sort", key === sort ? order : undefined);
    }
    this.#sort.value = sort;
    const troubled = this.#rows.filter(({ trouble }) => trouble !== undefined).length;
    setText(this.#troubleOnly, `${t("troubled")} ${formatCount(troubled)}`);
    const [some, count] = [formatCount(shown.length), formatCount(this.#rows.length)];
    setText(
      this.#count,
      !this.#isLoaded
        ? ""
        : some === count
        ? t("countAll", { count })
        : t("countSome", { some, count }),
    );
    setAttribute(this.#table, "aria-rowcount", String(shown.length + 1));
    this.#scroller.hidden = shown.length === 0;
    this.#empty.hidden = shown.length > 0 || !this.#isLoaded;
    setText(this.#empty, t(this.#rows.length === 0 ? "noneYet" : "noneFound"));
    this.#virtual.show(shown);
  }
}

/** @param {string} text @param {(on: boolean) => void} changed */
function toggle(text, changed) {
  const button = h("button", {
    class: "toggle",
    "aria-pressed": "false",
    click: () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      changed(on);
    },
  }, text);
  return button;
}

function makeRow() {
  return h(
    "tr",
    {},
    ...COLUMNS.map(({ kind }, place) =>
      place === 0
        ? h("th", { scope: "row", class: kind }, h("a"), h("span", { class: "only-narrow chip" }))
        : h("td", { class: kind }, kind.includes("state") ? h("span") : undefined)
    ),
  );
}

/** @param {HTMLTableRowElement} element @param {MinerRow} row */
function fillRow(element, row) {
  const { id, worker, address, clientAgent, accepted, rejected, lastShareSeconds } = row;
  const [name, ...cells] = /** @type {HTMLElement[]} */ ([...element.children]);
  const link = name?.querySelector("a");
  const tone = stateTone(row);
  const state = stateText(row);
  if (link) {
    setText(link, worker || t("unnamed"));
    setAttribute(link, "href", id === null ? undefined : `#/miners/${id}`);
    setAttribute(link, "title", worker);
  }
  const mark = name?.querySelector("span");
  if (mark) {
    setText(mark, state);
    mark.className = `only-narrow chip ${tone}`;
  }
  const rejectedPart = rejected === 0 ? "0" : formatCount(rejected);
  const texts = [
    address,
    clientAgent,
    state,
    row.hashrate === 0 ? "–" : formatHashrate(row.hashrate),
    formatCount(accepted),
    rejectedPart,
    lastShareSeconds === null ? t("never") : formatDuration(lastShareSeconds),
    formatDuration(row.connectedSeconds),
  ];
  for (const [place, cell] of cells.entries()) {
    const text = texts[place] ?? "";
    const inner = cell.querySelector("span");
    if (inner) inner.className = `chip ${tone}`;
    setText(inner ?? cell, text);
    if (place === 1) setAttribute(cell, "title", clientAgent);
  }
}
