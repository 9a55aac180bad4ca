/**
 * The miners as rows: read from the agent's table, searched and sorted; pure.
 */

/** @import { Trouble } from "./trouble.js" */
import { troubleOf, usualHashrates } from "./trouble.js";

/**
 * @typedef {object} MinerRow
 * @property {string | null} id
 * @property {string} worker with its sub-account in multi-user mode
 * @property {string} address
 * @property {string} clientAgent
 * @property {string} state
 * @property {string} asicboost
 * @property {number} hashrate
 * @property {number} accepted
 * @property {number} rejected
 * @property {number | null} lastShareSeconds
 * @property {number} connectedSeconds
 * @property {Trouble | undefined} trouble
 * @property {string} searched what a search looks in, in lower case
 */

/** @typedef {"worker" | "address" | "clientAgent" | "state" | "hashrate" | "accepted" | "rejected" | "lastShare" | "connected"} SortKey */

/**
 * @typedef {object} View
 * @property {string} search
 * @property {boolean} onlyTrouble
 * @property {boolean} troubleFirst
 * @property {SortKey} sort
 * @property {boolean} descending
 */

/**
 * What a miner is called here: sub-accounts may have workers of the same name.
 *
 * @param {string} account empty in single-user mode
 * @param {string} worker
 */
export function workerOf(account, worker) {
  return account === "" || worker === "" ? worker : `${account}.${worker}`;
}

/**
 * @param {{ columns: string[], rows: (string | number | null)[][] }} table of the agent
 * @returns {MinerRow[]}
 */
export function readTable({ columns, rows: lists }) {
  const at = Object.fromEntries(columns.map((name, place) => [name, place]));
  /** @param {readonly unknown[]} list @param {string} name @returns {any} */
  const value = (list, name) => list[at[name] ?? -1];
  const rows = lists.map((list) => {
    const worker = workerOf(value(list, "account"), value(list, "worker"));
    const address = value(list, "address");
    const clientAgent = value(list, "client_agent");
    return {
      id: value(list, "id"),
      worker,
      address,
      clientAgent,
      state: value(list, "state"),
      asicboost: value(list, "asicboost"),
      hashrate: value(list, "hashrate"),
      accepted: value(list, "accepted"),
      rejected: value(list, "rejected"),
      lastShareSeconds: value(list, "last_share_seconds"),
      connectedSeconds: value(list, "connected_seconds"),
      trouble: /** @type {Trouble | undefined} */ (undefined),
      searched: `${worker}\n${address}\n${clientAgent}`.toLowerCase(),
    };
  });
  const usual = usualHashrates(rows);
  for (const row of rows) row.trouble = troubleOf(row, usual);
  return rows;
}

const { compare } = new Intl.Collator("en", { numeric: true });

/** @type {Record<SortKey, (a: MinerRow, b: MinerRow) => number>} */
const ORDERS = {
  worker: (a, b) => compare(a.worker, b.worker),
  address: (a, b) => compare(a.address, b.address),
  clientAgent: (a, b) => compare(a.clientAgent, b.clientAgent),
  state: (a, b) => (a.trouble?.weight ?? 0) - (b.trouble?.weight ?? 0),
  hashrate: (a, b) => a.hashrate - b.hashrate,
  accepted: (a, b) => a.accepted - b.accepted,
  rejected: (a, b) => a.rejected - b.rejected,
  lastShare: (a, b) => {
    // Never is longest ago, and as long as never.
    const [one, other] = [a.lastShareSeconds ?? Infinity, b.lastShareSeconds ?? Infinity];
    return one === other ? 0 : one - other;
  },
  connected: (a, b) => a.connectedSeconds - b.connectedSeconds,
};

/**
 * The rows that are looked for, in the order asked for; those that are equal keep theirs.
 *
 * @param {readonly MinerRow[]} rows
 * @param {View} view
 * @returns {MinerRow[]}
 */
export function pickRows(rows, { search, onlyTrouble, troubleFirst, sort, descending }) {
  const wanted = search.trim().toLowerCase();
  const found = rows.filter(({ searched, trouble }) =>
    searched.includes(wanted) && (!onlyTrouble || trouble !== undefined)
  );
  const order = ORDERS[sort];
  return found.sort((a, b) => {
    if (troubleFirst) {
      const difference = (b.trouble?.weight ?? 0) - (a.trouble?.weight ?? 0);
      if (difference !== 0) return difference;
    }
    return descending ? order(b, a) : order(a, b);
  });
}
