/**
 * The table of workers: searched, filtered, sorted, grouped; any number of rows.
 */

/** @import { Agent } from "./agent.js" */
/** @import { Filter, GroupKey, SortKey, View, WorkerGroup, WorkerRow } from "./worker_rows.js" */
/** @import { Kept } from "./history_words.js" */
/** @import { TextKey } from "./texts.js" */
import { h, setAttribute, setText } from "./dom.js";
import { downloadLink } from "./download.js";
import { formatCount } from "./format.js";
import { isKept } from "./history_words.js";
import { pastLink } from "./past_page.js";
import { t, word } from "./texts.js";
import { VirtualRows } from "./virtual_rows.js";
import { COLUMNS, fillRow, makeRow } from "./worker_cells.js";
import { groupRows, isShown, pickRows, readTable, STATES } from "./worker_rows.js";

/** How often the rows are asked for, in milliseconds: few of them, or many. */
const REFRESH_MS = 4_000;
const REFRESH_MANY_MS = 12_000;
const MANY = 2_000;

/** @type {readonly Filter[]} */
const FILTERS = ["all", "trouble", ...STATES, "observed"];

/** @type {readonly { key: GroupKey, text: TextKey }[]} */
const GROUPS = [
  { key: "", text: "groupNone" },
  { key: "subnet", text: "groupSubnet" },
  { key: "software", text: "groupSoftware" },
  { key: "account", text: "groupAccount" },
];

export class WorkerTable {
  /** @type {Agent} */
  #agent;
  /** @type {View} */
  #view = {
    search: "",
    filter: "all",
    troubleFirst: true,
    sort: "state",
    descending: true,
    group: "",
  };
  /** @type {WorkerRow[]} */
  #rows = [];
  #isLoaded = false;
  #isLoading = false;
  #loadedAt = 0;
  /** Groups that are open, or closed where all are open. @type {Set<string>} */
  #turned = new Set();

  #search = h("input", {
    id: "search",
    type: "search",
    placeholder: t("searchHint"),
    autocomplete: "off",
    spellcheck: "false",
    input: () => this.#change({ search: this.#search.value }),
  });
  #filter = h(
    "select",
    {
      id: "filter",
      change: () => {
        const filter = FILTERS.find((one) => one === this.#filter.value);
        if (filter) this.#change({ filter });
      },
    },
    ...FILTERS.map((filter) => h("option", { value: filter })),
  );
  #group = h(
    "select",
    {
      id: "group",
      change: () => {
        const group = GROUPS.find(({ key }) => key === this.#group.value);
        if (group) this.#change({ group: group.key });
      },
    },
    ...GROUPS.map(({ key, text }) => h("option", { value: key }, t(text))),
  );
  #troubleFirst = h("button", {
    class: "toggle",
    "aria-pressed": "true",
    click: () => this.#change({ troubleFirst: !this.#view.troubleFirst }),
  }, t("troubleFirst"));
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
  /** A link to workers that have been gone for too long to be in the list. */
  #past = h("a", { href: "#/" });
  #pastLine = h("p", { class: "past-line", hidden: true }, this.#past);
  #hasPast = false;
  #headings = COLUMNS.map(({ key, text, kind, descends }) =>
    h(
      "th",
      { scope: "col", class: kind },
      h("button", { click: () => this.#sortBy(key, descends) }, t(text)),
    )
  );
  #body = h("tbody", { click: (/** @type {MouseEvent} */ event) => this.#clicked(event) });
  #table = h(
    "table",
    { class: "rows workers" },
    h("thead", {}, h("tr", { "aria-rowindex": 1 }, ...this.#headings)),
    this.#body,
  );
  #scroller = h(
    "div",
    { class: "scroller", role: "region", "aria-label": t("workersTable"), tabindex: 0 },
    this.#table,
  );
  /** @type {VirtualRows<WorkerRow | WorkerGroup>} */
  #virtual = new VirtualRows(this.#scroller, this.#body, makeRow, (row, item) => {
    fillRow(row, item, this.#view.group);
  });

  /** @type {HTMLElement} */
  element;

  /** @param {Agent} agent */
  constructor(agent) {
    this.#agent = agent;
    const labelled = (/** @type {TextKey} */ text, /** @type {HTMLElement} */ control) =>
      h("span", {}, h("label", { for: control.id, class: "unseen" }, t(text)), control);
    this.element = h(
      "section",
      { class: "card workers-card", "aria-labelledby": "workers-title" },
      h(
        "header",
        { class: "bar" },
        h("h2", { id: "workers-title", tabindex: -1 }, t("workers")),
        this.#count,
        h(
          "div",
          { class: "tools" },
          h("label", { for: "search", class: "unseen" }, t("searchWorkers")),
          this.#search,
          labelled("filter", this.#filter),
          labelled("groupBy", this.#group),
          h("span", { class: "only-narrow" }, labelled("sortBy", this.#sort)),
          this.#troubleFirst,
          downloadLink(agent, "api/v1/workers.csv", "workers.csv", t("csvWorkers")),
        ),
      ),
      this.#scroller,
      this.#empty,
      this.#pastLine,
    );
    this.#draw();
  }

  /** What history there is. @param {Kept} kept */
  know(kept) {
    if (isKept(kept) === this.#hasPast) return;
    this.#hasPast = isKept(kept);
    this.#draw();
  }

  /** Looks for a name, as if it were typed. @param {string} text */
  searchFor(text) {
    this.#search.value = text;
    this.#change({ search: text, filter: "all" });
    this.#comeIntoView();
  }

  /** Shows only some of them. @param {Filter} filter */
  showOnly(filter) {
    this.#search.value = "";
    this.#change({ filter, search: "" });
    this.#comeIntoView();
  }

  /** Asks for the rows again if it is time. @param {boolean} atOnce */
  async refresh(atOnce = false) {
    if (this.#isLoading || document.hidden) return;
    const pause = this.#rows.length > MANY ? REFRESH_MANY_MS : REFRESH_MS;
    if (!atOnce && performance.now() - this.#loadedAt < pause) return;
    this.#isLoading = true;
    try {
      this.#rows = readTable(await this.#agent.get("api/v1/worker-table"));
      this.#isLoaded = true;
      this.#draw();
    } catch {
      // The header says when nobody answers; the next round asks again.
    } finally {
      this.#isLoading = false;
      this.#loadedAt = performance.now();
    }
  }

  #comeIntoView() {
    this.element.scrollIntoView({ block: "start" });
    this.element.querySelector("h2")?.focus({ preventScroll: true });
  }

  /** Anywhere on a row leads where its link does. @param {MouseEvent} event */
  #clicked({ target, defaultPrevented }) {
    if (defaultPrevented || !(target instanceof Element)) return;
    const group = target.closest("tr")?.querySelector("button")?.dataset["group"];
    if (group !== undefined) {
      if (!this.#turned.delete(group)) this.#turned.add(group);
      this.#draw();
    } else if (target.closest("a") === null && String(getSelection()) === "") {
      target.closest("tr")?.querySelector("a")?.click();
    }
  }

  /** @param {SortKey} key @param {boolean} descends */
  #sortBy(key, descends) {
    const isSame = this.#view.sort === key;
    this.#change({ sort: key, descending: isSame ? !this.#view.descending : descends });
  }

  /** Those that are looked for are seen without opening their groups. */
  get #opensAll() {
    const { search, filter } = this.#view;
    return search.trim() !== "" || filter !== "all";
  }

  /** @param {Partial<View>} change */
  #change(change) {
    const [opened, grouped] = [this.#opensAll, this.#view.group];
    this.#view = { ...this.#view, ...change };
    if (this.#opensAll !== opened || this.#view.group !== grouped) this.#turned.clear();
    this.#virtual.toTop();
    this.#draw();
  }

  #draw() {
    const { sort, descending, troubleFirst, filter, group } = this.#view;
    const shown = pickRows(this.#rows, this.#view);
    const opensAll = this.#opensAll;
    const items = groupRows(shown, this.#view, (name) => this.#turned.has(name) !== opensAll);
    for (const [place, { key }] of COLUMNS.entries()) {
      const heading = this.#headings[place];
      const order = descending ? "descending" : "ascending";
      if (heading) setAttribute(heading, "aria-sort", key === sort ? order : undefined);
    }
    this.#sort.value = sort;
    this.#troubleFirst.setAttribute("aria-pressed", String(troubleFirst));
    this.#showFilters();
    this.#filter.value = filter;
    this.#group.value = group;
    const [some, count] = [formatCount(shown.length), formatCount(this.#rows.length)];
    setText(
      this.#count,
      !this.#isLoaded
        ? ""
        : some === count
        ? t("countAll", { count })
        : t("countSome", { some, count }),
    );
    setAttribute(this.#table, "aria-rowcount", String(items.length + 1));
    this.#scroller.hidden = shown.length === 0;
    this.#empty.hidden = shown.length > 0 || !this.#isLoaded;
    setText(this.#empty, t(this.#rows.length === 0 ? "noneYet" : "noneFound"));
    const search = this.#view.search.trim();
    this.#pastLine.hidden = search === "" || !this.#hasPast;
    this.#past.href = pastLink(search);
    setText(this.#past, t("lookInHistory", { name: search }));
    this.#virtual.show(items);
  }

  /** Each filter with the number of its rows; one that has none is left out. */
  #showFilters() {
    for (const [place, filter] of FILTERS.entries()) {
      const option = this.#filter.options[place];
      if (!option) continue;
      const found = this.#rows.reduce((sum, row) => sum + (isShown(row, filter) ? 1 : 0), 0);
      const count = formatCount(found);
      const text = filter === "all"
        ? t("filterAll", { count })
        : filter === "trouble"
        ? t("filterTrouble", { count })
        : filter === "observed"
        ? t("filterObserved", { count })
        : t("filterState", { state: word(filter), count });
      setText(option, text);
      option.hidden = found === 0 && filter !== "all" && filter !== this.#view.filter;
    }
  }
}
