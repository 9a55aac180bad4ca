/**
 * The workers as rows: read from the agent's table, searched, filtered, sorted and grouped; pure.
 */

/** @import { WorkerState } from "../../../base/worker_state.ts" */

/**
 * @typedef {object} WorkerRow
 * @property {string} id
 * @property {string} name with its sub-account in multi-user mode
 * @property {string} account
 * @property {WorkerState} state
 * @property {string} reason
 * @property {number | null} part
 * @property {number} connections
 * @property {number} usualConnections
 * @property {number} missingMachines
 * @property {string} software
 * @property {string} address
 * @property {string} subnet
 * @property {number} hashrate
 * @property {number | null} usualHashrate
 * @property {number} good shares of the last hour
 * @property {number} lost
 * @property {number | null} lostPart of its shares; null while it sent none
 * @property {number | null} lastShareSeconds
 * @property {number | null} goneSeconds
 * @property {number} connectsHour
 * @property {string[]} observations their kinds
 * @property {string} searched what a search looks in, in lower case
 */

/**
 * Workers of one network, software or sub-account, together.
 *
 * @typedef {object} WorkerGroup
 * @property {string} group its name
 * @property {number} workers
 * @property {number} trouble those of them that do not just work
 * @property {number} hashrate
 * @property {number} usualHashrate as far as it is known
 * @property {number | null} lostPart
 * @property {boolean} isOpen
 */

/** @typedef {"name" | "state" | "hashrate" | "lost" | "software" | "address" | "lastShare" | "connections"} SortKey */
/** @typedef {"all" | "trouble" | "observed" | WorkerState} Filter */
/** @typedef {"" | "subnet" | "software" | "account"} GroupKey */

/**
 * @typedef {object} View
 * @property {string} search
 * @property {Filter} filter
 * @property {boolean} troubleFirst
 * @property {SortKey} sort
 * @property {boolean} descending
 * @property {GroupKey} group
 */

/** The greater, the sooner it is to be looked at. @type {Record<WorkerState, number>} */
const WEIGHTS = {
  missing: 6,
  refused: 5,
  flapping: 4,
  silent: 3,
  weak: 2,
  waiting: 1,
  working: 0,
};

/** Every state, the worst first. */
export const STATES = /** @type {WorkerState[]} */ (Object.keys(WEIGHTS));

/**
 * What a worker is called here: sub-accounts may have workers of the same name.
 *
 * @param {string} account empty in single-user mode
 * @param {string} worker
 */
export function workerOf(account, worker) {
  return account === "" || worker === "" ? worker : `${account}.${worker}`;
}

/**
 * @param {{ columns: string[], rows: (string | number | null)[][] }} table of the agent
 * @returns {WorkerRow[]}
 */
export function readTable({ columns, rows }) {
  const at = Object.fromEntries(columns.map((name, place) => [name, place]));
  return rows.map((list) => {
    /** @param {string} name @returns {any} */
    const value = (name) => list[at[name] ?? -1];
    const [account, software] = [value("account"), value("client_agent")];
    const [address, subnet] = [value("address"), value("subnet")];
    const [good, lost] = [value("good"), value("lost")];
    const name = workerOf(account, value("worker"));
    return {
      id: value("id"),
      name,
      account,
      state: value("state"),
      reason: value("reason"),
      part: value("part"),
      connections: value("connections"),
      usualConnections: value("usual_connections"),
      missingMachines: value("missing_machines"),
      software,
      address,
      subnet,
      hashrate: value("hashrate"),
      usualHashrate: value("usual_hashrate"),
      good,
      lost,
      lostPart: partOf(good, lost),
      lastShareSeconds: value("last_share_seconds"),
      goneSeconds: value("gone_seconds"),
      connectsHour: value("connects_hour"),
      observations: value("observations") === "" ? [] : value("observations").split(","),
      searched: `${name}\n${address}\n${subnet}\n${software}`.toLowerCase(),
    };
  });
}

/** The part of shares that was lost; null for none. @param {number} good @param {number} lost */
function partOf(good, lost) {
  return good + lost === 0 ? null : lost / (good + lost);
}

/**
 * Whether a row is among those that the filter shows. A machine may also be missing where a name
 * stands for several, so the agent says how many are.
 *
 * @param {WorkerRow} row
 * @param {Filter} filter
 */
export function isShown({ state, missingMachines, observations }, filter) {
  switch (filter) {
    case "all":
      return true;
    case "trouble":
      return state !== "working";
    case "observed":
      return observations.length > 0;
    case "missing":
      return missingMachines > 0;
    default:
      return state === filter;
  }
}

/**
 * Hashes a second that trouble costs, by what a worker usually does. The rest are off by chance only,
 * and would change places at each look.
 *
 * @param {WorkerRow} row
 */
function lackOf({ state, hashrate, usualHashrate }) {
  return state === "working" ? 0 : Math.max(0, (usualHashrate ?? 0) - hashrate);
}

const { compare } = new Intl.Collator("en", { numeric: true });

/** What was never is longest ago. @param {number | null} seconds */
const age = (seconds) => seconds ?? Number.MAX_VALUE;

/** @type {Record<SortKey, (a: WorkerRow, b: WorkerRow) => number>} */
const ORDERS = {
  name: (a, b) => compare(a.name, b.name),
  state: (a, b) => WEIGHTS[a.state] - WEIGHTS[b.state] || lackOf(a) - lackOf(b),
  hashrate: (a, b) => a.hashrate - b.hashrate,
  lost: (a, b) => (a.lostPart ?? -1) - (b.lostPart ?? -1) || a.lost - b.lost,
  software: (a, b) => compare(a.software, b.software),
  address: (a, b) => compare(a.address, b.address),
  lastShare: (a, b) => age(a.lastShareSeconds) - age(b.lastShareSeconds),
  connections: (a, b) =>
    a.connections - b.connections || (b.goneSeconds ?? 0) - (a.goneSeconds ?? 0),
};

/**
 * The rows that are looked for, in the order asked for; those that are equal keep theirs.
 *
 * @param {readonly WorkerRow[]} rows
 * @param {View} view
 * @returns {WorkerRow[]}
 */
export function pickRows(rows, { search, filter, troubleFirst, sort, descending }) {
  const wanted = search.trim().toLowerCase();
  const found = rows.filter((row) => row.searched.includes(wanted) && isShown(row, filter));
  const order = ORDERS[sort];
  return found.sort((a, b) => {
    // What costs most comes first among those with the same trouble, unless another order is wanted.
    const difference = troubleFirst ? WEIGHTS[b.state] - WEIGHTS[a.state] : 0;
    if (difference !== 0) return difference;
    return descending ? order(b, a) : order(a, b);
  });
}

/**
 * Rows under a heading for each group, those with most trouble first if that is wanted, else by
 * name. A group that is closed is its heading only.
 *
 * @param {readonly WorkerRow[]} rows as picked
 * @param {View} view
 * @param {(group: string) => boolean} isOpen
 * @returns {(WorkerRow | WorkerGroup)[]}
 */
export function groupRows(rows, { group: key, troubleFirst }, isOpen) {
  if (key === "") return [...rows];
  /** @type {Map<string, WorkerRow[]>} */
  const members = new Map();
  for (const row of rows) {
    const group = members.get(row[key]);
    if (group === undefined) members.set(row[key], [row]);
    else group.push(row);
  }
  const groups = [...members].map(([name, list]) => ({ heading: headingOf(name, list), list }));
  groups.sort(({ heading: a }, { heading: b }) =>
    (troubleFirst ? b.trouble - a.trouble : 0) || compare(a.group, b.group)
  );
  return groups.flatMap(({ heading, list }) => {
    heading.isOpen = isOpen(heading.group);
    return heading.isOpen ? [heading, ...list] : [heading];
  });
}

/** @param {string} group @param {readonly WorkerRow[]} rows @returns {WorkerGroup} */
function headingOf(group, rows) {
  let [trouble, hashrate, usualHashrate, good, lost] = [0, 0, 0, 0, 0];
  for (const row of rows) {
    if (row.state !== "working") trouble++;
    hashrate += row.hashrate;
    usualHashrate += row.usualHashrate ?? 0;
    good += row.good;
    lost += row.lost;
  }
  const lostPart = partOf(good, lost);
  return { group, workers: rows.length, trouble, hashrate, usualHashrate, lostPart, isOpen: false };
}
