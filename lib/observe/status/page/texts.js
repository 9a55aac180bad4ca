/**
 * Every text of the page in English, and the choice of language. What the agent says itself (lines
 * of the log, reasons of pools) stays as it says it.
 */

import { language } from "./preferences.js";
import { CHINESE } from "./texts_zh.js";

/** Words in braces are places for values. */
export const ENGLISH = {
  title: "btcagent",
  noPool: "No pool serves",
  serving: "Mining",
  ready: "Ready for miners",
  stopping: "Stopping",
  connecting: "Connecting…",
  lost: "No answer from btcagent. What is shown is from {time}; trying again…",
  uptime: "up {time}",
  switchLanguage: "中文",
  switchLanguageName: "切换到中文",
  theme: "Colours: {name}",
  auto: "auto",
  light: "light",
  dark: "dark",

  tokenTitle: "Token wanted",
  tokenAbout:
    "This btcagent shows its status to whoever has the token of status.token in its configuration.",
  tokenLabel: "Token",
  tokenWrong: "That is not it.",
  tokenSend: "Show",

  totals: "Totals",
  hashrate: "Hashrate",
  hashrateOver: "1 min {minute}, 1 h {hour}",
  over15: "over 15 min",
  miners: "Miners",
  ofConnected: "of {count} connected",
  allWork: "all that are connected work",
  noMiners: "none is connected",
  withoutPool: "connected, without a pool",
  rolling: "ASICBoost on {count}",
  outgrown: "{count} times one had to reconnect: the pools leave too few bytes of extranonce2",
  lostRolling: "lost on {count}",
  rejected: "Rejected",
  rejectedRate: "Rejected",
  ofShares: "of shares in the last hour",
  acceptedSince: "{accepted} accepted, {rejected} rejected since the start",
  keptSince: "{accepted} accepted, {kept} kept, {rejected} rejected since the start",
  why: "most: {reasons}",
  uplink: "Uplink",
  perShare: "{bytes} B a share",
  totalUp: "{up} up, {down} down in all",
  toPools: "to pools",
  latency: "Verdicts",
  latencyAbout: "median, since the start",
  latency95: "95 % in {time}",
  none: "none yet",
  comma: ", ",

  stale: "stale",
  duplicate: "duplicate",
  low_difficulty: "low difficulty",
  time_too_old: "time too old",
  time_too_new: "time too new",
  version_mask: "version mask",
  other: "other",
  illegal: "illegal",
  unauthorized: "unauthorized",
  too_many: "too many waiting",

  trends: "Trends",
  range: "Stretch of time",
  hour: "1 hour",
  day: "24 hours",
  workingMiners: "Working miners",
  sharesPerMinute: "Shares a minute",
  accepted: "Accepted",
  bytesPerSecond: "Pool traffic",
  up: "Up",
  down: "Down",
  chartAbout: "{name}: now {last}, lowest {min}, highest {max}",
  chartEmpty: "{name}: nothing yet",
  filling: "The first points come within 20 seconds.",

  pools: "Pools",
  pool: "Pool",
  state: "State",
  jobAge: "Last job",
  shares: "Shares",
  traffic: "Up / down",
  history: "Connects / losses",
  poolServing: "Serves",
  poolSpare: "Spare",
  poolOpening: "Connecting",
  poolCold: "Connected to when needed",
  poolWaiting: "Not connected",
  poolResting: "Not needed now",
  poolIdle: "No miner yet",
  kind_agent: "agent protocol",
  kind_stratum: "Stratum",
  kind_unknown: "kind not known yet",
  ownConnections: "Worker connections: {ready} ready, {opening} opening",
  andKept: "{count} kept",
  aboutKept:
    "Kept: good for its miner, below the pool's difficulty. It is credited here and not sent.",
  contradicted: "Shares judged otherwise than by our own arithmetic: {count}. Ask the pool.",
  blocksLost: "Blocks that the pool may not have: {count}. Give them to your pool: see the log.",
  brakeLoss: "Its difficulty was far too low: it did not count {part} of the work.",
  extranonceBytes: "extranonce2 of {bytes} bytes",
  payoutChanges: "Jobs that did not pay an output that earlier ones paid: {count}. See the log.",
  behind: "Worked on an old block: {time} in all",
  emptyJobs: "Empty jobs: {time} in all",
  blocks: "Blocks found: {count}",
  retryIn: "next try in {time}",
  ago: "{time} ago",

  searchMiners: "Search",
  searchHint: "name, address, software",
  show: "Show",
  allMiners: "All",
  troubled: "Trouble",
  troubleFirst: "Trouble first",
  sortBy: "Sort by",
  countAll: "{count} miners",
  countSome: "{some} of {count} miners",
  noneFound: "No miner matches.",
  noneYet: "No miner is connected yet. Point one at this machine.",
  worker: "Miner",
  address: "Address",
  software: "Software",
  lastShare: "Last share",
  connectedFor: "Connected",
  never: "never",
  unnamed: "(no name yet)",
  minersTable: "Miners, scrolls",

  working: "Working",
  waiting: "Waits for a pool",
  connected: "Not logged in",
  subscribed: "Not logged in",
  authorized: "Not logged in",
  joining: "Waits for a pool",
  silent: "No share for {time}",
  weak: "Weak: {percent} of its kind",
  boostLost: "ASICBoost lost",
  rejects: "{percent} rejected",

  events: "Recent events",
  eventsList: "Recent events, scrolls",
  noEvents: "Nothing yet.",
  onlyWarnings: "Warnings only",
  noWarnings: "No warning among the last {count} lines.",
  info: "Info",
  debug: "Debug",
  warning: "Warning",
  error: "Error",

  back: "All miners",
  minerGone: "This miner is not connected any more. It may be back under another id.",
  findAgain: "Look for {name}",
  facts: "Facts",
  user: "User name",
  upstream: "Works on",
  difficulty: "Difficulty",
  versionMask: "Version mask",
  asicboost: "ASICBoost",
  boost_never: "not used",
  boost_rolling: "on",
  boost_lost: "lost",
  boost_cannot_narrow: "rolls bits its pool did not allow",
  lastWord: "Last heard of",
  sessionId: "Session id",
  over60: "over 1 h",
  sinceOpened: "Since this page was opened",
  minerChart: "Hashrate (15 min)",
  received: "Received",
  submitted: "Sent to the pool",
  assumed: "Taken without a verdict",
  kept: "Kept: below the pool's difficulty, credited, not sent",
  outage: "For made-up jobs",
  unanswered: "Unanswered",
  waitingShares: "Verdict awaited",
  control: "Control",
  reload: "Reload configuration",
  needsRestart: "Only after a restart: {keys}",
  logLevel: "Log from",
  levelSet: "The log has what is at least: {level}",
  pin: "Prefer",
  pinName: "Prefer {pool}",
  unpin: "Back to automatic",
  pinned: "Preferred by hand",
  disconnect: "Disconnect",
  disconnectAsk: "Disconnect {name}? It may connect again at once.",
  cancel: "Cancel",
  refusedHere: "refused here: {reason}",
  rejectedByPool: "rejected: {reason}",
};

/** @typedef {keyof typeof ENGLISH} TextKey */

const texts = language() === "zh" ? CHINESE : ENGLISH;

/** The language tag for dates and numbers. */
export const LOCALE = language() === "zh" ? "zh-CN" : "en-GB";

/**
 * A text in the language chosen.
 *
 * @param {TextKey} key
 * @param {Record<string, string | number>} values
 */
export function t(key, values = {}) {
  return texts[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/**
 * The text of that name, or the name itself if there is none: for words the agent may add.
 *
 * @param {string} name
 */
export function word(name) {
  return Object.hasOwn(texts, name) ? t(/** @type {TextKey} */ (name)) : name;
}
