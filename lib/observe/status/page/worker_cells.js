/**
 * The columns of the table of workers, and a row's cells: of a worker, or of a group of them.
 */

/** @import { GroupKey, SortKey, WorkerGroup, WorkerRow } from "./worker_rows.js" */
/** @import { Tone } from "./condition_words.js" */
/** @import { TextKey } from "./texts.js" */
import { stateText, stateTone } from "./condition_words.js";
import { h, setAttribute, setText } from "./dom.js";
import { formatCount, formatDuration, formatHashrate, formatPercent } from "./format.js";
import { t, word } from "./texts.js";

/** @type {readonly { key: SortKey, text: TextKey, kind: string, descends: boolean }[]} */
export const COLUMNS = [
  { key: "name", text: "worker", kind: "name", descends: false },
  { key: "state", text: "state", kind: "wide state", descends: true },
  { key: "hashrate", text: "hashrate", kind: "number hashrate", descends: true },
  { key: "lost", text: "lostPart", kind: "number lost", descends: true },
  { key: "software", text: "software", kind: "wider software", descends: false },
  { key: "address", text: "address", kind: "wide address", descends: false },
  { key: "lastShare", text: "lastShare", kind: "number last", descends: true },
  { key: "connections", text: "connections", kind: "number wider connections", descends: false },
];

/** Lost from this part on is shown as trouble, with as many shares as make it more than chance. */
const LOST_PART = 0.05;
const LOST_SHARES = 10;

/** What is the matter with a worker, and what was seen of it. @param {WorkerRow} row */
export function rowState(row) {
  const text = stateText(row, row);
  if (row.state !== "working" || row.observations.length === 0) return text;
  return t("seen", {
    state: text,
    what: row.observations.map((kind) => word(`seen_${kind}`)).join(t("comma")),
  });
}

/** The same in few words: the columns beside say the rest. @param {WorkerRow} row */
function shortState(row) {
  const { state, reason, part, goneSeconds } = row;
  if (state === "missing") return stateText(row, { goneSeconds });
  if (state !== "refused") return rowState(row);
  return t("stateRefused", { percent: formatPercent(part ?? 0), reason: word(reason) });
}

/** An empty row: it becomes a worker or a group, and another as one scrolls. */
export function makeRow() {
  return h(
    "tr",
    {},
    ...COLUMNS.map(({ kind, key }, place) =>
      place === 0
        ? h(
          "th",
          { scope: "row", class: kind },
          h("button", { class: "plain fold", hidden: true }),
          h("a"),
          h("span", { class: "times muted" }),
          h("span", { class: "only-narrow chip" }),
        )
        : h(
          "td",
          { class: kind },
          key === "state" ? h("span") : undefined,
          key === "hashrate" ? h("span") : undefined,
          key === "hashrate" ? h("span", { class: "usual muted" }) : undefined,
        )
    ),
  );
}

/**
 * @param {HTMLTableRowElement} element
 * @param {WorkerRow | WorkerGroup} item
 * @param {GroupKey} key what groups are made by
 */
export function fillRow(element, item, key) {
  const isGroup = "group" in item;
  element.className = isGroup ? "group" : "worker";
  const [name, state, hashrate, lost, software, address, last, connections] =
    /** @type {HTMLElement[]} */ ([...element.children]);
  const [button, link, times, mark] = /** @type {HTMLElement[]} */ ([...name?.children ?? []]);
  if (!name || !state || !hashrate || !lost || !software || !address || !last) return;
  if (!connections || !button || !link || !times || !mark) return;
  button.hidden = !isGroup;
  link.hidden = isGroup;
  const [chip] = state.children;
  const [now, usual] = hashrate.children;
  const tone = isGroup ? groupTone(item) : stateTone(item.state, item.goneSeconds);
  const text = isGroup ? groupState(item) : rowState(item);
  if (chip) {
    chip.className = `chip ${tone}`;
    setText(chip, text);
    setAttribute(chip, "title", text);
  }
  mark.className = `only-narrow chip ${tone}`;
  setText(mark, isGroup ? text : shortState(item));
  if (now) setText(now, item.hashrate === 0 ? "–" : formatHashrate(item.hashrate));
  if (usual) setText(usual, item.usualHashrate ? ` ${ofUsual(item)}` : "");
  setText(lost, item.lostPart === null ? "–" : formatPercent(item.lostPart));
  if (isGroup) {
    lost.classList.remove("bad");
    const title = groupName(item, key);
    setText(button, title);
    button.dataset["group"] = item.group;
    setAttribute(button, "aria-expanded", String(item.isOpen));
    setAttribute(button, "title", title);
    setText(times, "");
    for (const cell of [software, address, last, connections]) setText(cell, "");
    setAttribute(software, "title", undefined);
    return;
  }
  delete button.dataset["group"];
  const isMuch = item.lost >= LOST_SHARES && (item.lostPart ?? 0) >= LOST_PART;
  lost.classList.toggle("bad", isMuch);
  setText(link, item.name || t("unnamed"));
  setAttribute(link, "href", `#/workers/${encodeURIComponent(item.id)}`);
  setAttribute(link, "title", item.name);
  const { connections: count, usualConnections } = item;
  setText(times, count > 1 ? ` ${t("times", { count: formatCount(count) })}` : "");
  setText(software, item.software);
  setAttribute(software, "title", item.software);
  setText(address, item.address);
  setAttribute(address, "title", item.subnet);
  const age = item.lastShareSeconds;
  setText(last, age === null ? t("never") : formatDuration(age));
  setText(
    connections,
    count < usualConnections
      ? t("someOf", { some: formatCount(count), usual: formatCount(usualConnections) })
      : formatCount(count),
  );
}

/** What is usual, in few letters: without its unit where that is the same. */
/** @param {{ hashrate: number, usualHashrate: number | null }} row */
function ofUsual({ hashrate, usualHashrate }) {
  const usual = formatHashrate(usualHashrate ?? 0);
  const [value, unit] = usual.split(" ");
  const isSame = hashrate > 0 && formatHashrate(hashrate).endsWith(` ${unit}`);
  return t("ofUsual", { hashrate: (isSame ? value : usual) ?? usual });
}

/** @param {WorkerGroup} group @returns {Tone} */
function groupTone({ trouble }) {
  return trouble === 0 ? "good" : "warn";
}

/** @param {WorkerGroup} group */
function groupState({ trouble, workers }) {
  const total = formatCount(workers);
  return trouble === 0
    ? t("groupCalm", { total })
    : t("groupTrouble", { count: formatCount(trouble), total });
}

/** @param {WorkerGroup} group @param {GroupKey} key */
function groupName({ group }, key) {
  if (group !== "") return group;
  return key === "account" ? t("noAccount") : key === "software" ? t("noSoftware") : t("unnamed");
}
