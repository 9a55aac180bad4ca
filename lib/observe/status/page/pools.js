/**
 * The pools, in the order of the configuration.
 */

/** @import { StreamStateShape } from "../shapes.ts" */
import { chip, h } from "./dom.js";
import { formatBytes, formatCount, formatDuration, formatPercent } from "./format.js";
import { poolRemarks } from "./pool_remarks.js";
import { t, word } from "./texts.js";

/** @import { Controls } from "./controls.js" */
/** @typedef {StreamStateShape["pools"][number]} Pool */

/** The best that a pool is for any sub-account. @param {Pool} pool */
function poolState({ accounts, reason }) {
  if (accounts.serving > 0) return chip("good", t("poolServing"));
  if (accounts.spare > 0) return chip("calm", t("poolSpare"));
  if (accounts.opening > 0) return chip("warn", t("poolOpening"));
  if (accounts.cold > 0) return chip("calm", t("poolCold"));
  // A pool that is not wanted while better ones are there has no reason for being away.
  if (accounts.waiting > 0 && reason === "") return chip("calm", t("poolResting"));
  if (accounts.waiting > 0) return chip("bad", t("poolWaiting"));
  return chip("calm", t("poolIdle"));
}

export class Pools {
  /** @type {Controls} */
  #controls;
  #body = h("tbody");
  #shown = "";
  #aboutKept = h("p", { class: "muted small note", hidden: true }, t("aboutKept"));

  element = h(
    "section",
    { class: "card pools-card", "aria-labelledby": "pools-title" },
    h("header", { class: "bar" }, h("h2", { id: "pools-title" }, t("pools"))),
    h(
      "table",
      { class: "rows pools" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, t("pool")),
          h("th", { scope: "col" }, t("state")),
          ...[t("miners"), t("jobAge"), t("accepted"), t("rejected"), t("traffic"), t("history")]
            .map((text) => h("th", { scope: "col", class: "number" }, text)),
        ),
      ),
      this.#body,
    ),
    this.#aboutKept,
  );

  /** @param {Controls} controls */
  constructor(controls) {
    this.#controls = controls;
  }

  /** @param {readonly Pool[]} pools */
  show(pools) {
    this.#aboutKept.hidden = pools.every(({ shares }) => shares.kept === 0);
    // Most of the time hardly anything changes: then what is selected stays selected.
    const rows = pools.map((pool) => poolRow(pool, this.#controls));
    const shown = rows.map((row) => row.textContent).join("\n");
    if (shown === this.#shown) return;
    this.#shown = shown;
    const focused = [...this.#body.querySelectorAll("button")]
      .find((button) => button === document.activeElement)?.getAttribute("aria-label");
    this.#body.replaceChildren(...rows);
    if (focused === undefined || focused === null) return;
    for (const button of this.#body.querySelectorAll("button")) {
      if (button.getAttribute("aria-label") === focused) button.focus();
    }
  }
}

/** What a pool speaks, and how much room a Stratum pool leaves. @param {Pool} pool */
function kindText({ kind, extranonce2_bytes: bytes }) {
  const text = word(`kind_${kind}`);
  return kind === "agent" || kind === "unknown" || bytes === null
    ? text
    : `${text} · ${t("extranonceBytes", { bytes: formatCount(bytes) })}`;
}

/** @param {Pool} pool @param {Controls} controls */
function pinButton({ address, pinned, position }, controls) {
  return h("button", {
    class: "plain small",
    "aria-label": t(pinned ? "unpin" : "pinName", { pool: address }),
    click: () => void controls.pin(pinned ? undefined : position),
  }, t(pinned ? "unpin" : "pin"));
}

/** Connections for one worker each, if there are any. @param {Pool} pool */
function ownConnections({ worker_connections: { ready, opening } }) {
  if (ready + opening === 0) return [];
  return [t("ownConnections", { ready: formatCount(ready), opening: formatCount(opening) })];
}

/** @param {Pool} pool @param {Controls} controls */
function poolRow(pool, controls) {
  const { address, miners, reason, retry_in_seconds: retryIn, shares, traffic } = pool;
  const rejected = Object.values(shares.rejected).reduce((sum, count) => sum + count, 0);
  const judged = shares.accepted + rejected;
  const age = pool.job_age_seconds;
  /** @param {string} label @param {string} text @param {...string} more lines below it */
  const number = (label, text, ...more) =>
    h(
      "td",
      { class: "number", "data-label": label },
      text,
      ...more.map((line) => h("span", { class: "below" }, line)),
    );
  return h(
    "tr",
    {},
    h(
      "th",
      { scope: "row" },
      h("span", { class: "position" }, String(pool.position)),
      address,
      " ",
      h("span", { class: "kind" }, kindText(pool)),
    ),
    h(
      "td",
      { class: "pool-state" },
      poolState(pool),
      pool.pinned ? chip("calm", t("pinned")) : undefined,
      controls.mayChange ? pinButton(pool, controls) : undefined,
      reason === "" ? undefined : h(
        "p",
        { class: "reason" },
        reason,
        retryIn > 0.5
          ? ` · ${t("retryIn", { time: formatDuration(Math.ceil(retryIn)) })}`
          : undefined,
      ),
      ...poolRemarks(pool).map(([key, values]) => h("p", { class: "reason" }, t(key, values))),
      shares.blocks === 0
        ? undefined
        : h("p", { class: "good" }, t("blocks", { count: formatCount(shares.blocks) })),
    ),
    number(t("miners"), formatCount(miners), ...ownConnections(pool)),
    number(t("jobAge"), age === null ? "–" : t("ago", { time: formatDuration(age) })),
    number(
      t("accepted"),
      formatCount(shares.accepted + shares.assumed - shares.early_open),
      ...(shares.kept === 0 ? [] : [t("andKept", { count: formatCount(shares.kept) })]),
    ),
    number(
      t("rejected"),
      judged === 0 ? "–" : `${formatCount(rejected)} (${formatPercent(rejected / judged)})`,
    ),
    number(
      t("traffic"),
      `${formatBytes(traffic.bytes_written)} / ${formatBytes(traffic.bytes_read)}`,
    ),
    number(t("history"), `${formatCount(pool.connects)} / ${formatCount(pool.losses)}`),
  );
}
