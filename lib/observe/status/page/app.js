/**
 * The live page: builds its parts, hands them what the agent sends, and shows what the address
 * after `#` names: everything, one worker, one connection, or workers of the past.
 */

/** @import { StreamStateShape } from "../shapes.ts" */
/** @import { Kept } from "./history_words.js" */
import { Agent } from "./agent.js";
import { Attention } from "./attention.js";
import { Causes } from "./causes.js";
import { Charts } from "./charts.js";
import { Controls } from "./controls.js";
import { h } from "./dom.js";
import { Events } from "./events.js";
import { headlineOf } from "./findings.js";
import { Header } from "./header.js";
import { LinkTotals } from "./link_totals.js";
import { lossSentence } from "./loss_words.js";
import { MinerPage } from "./miner_page.js";
import { PastPage } from "./past_page.js";
import { Pools } from "./pools.js";
import { applyTheme } from "./preferences.js";
import { LOCALE } from "./texts.js";
import { askToken } from "./token.js";
import { Totals } from "./totals.js";
import { WorkerPage } from "./worker_page.js";
import { WorkerTable } from "./worker_table.js";

applyTheme();
document.documentElement.lang = LOCALE === "zh-CN" ? "zh-CN" : "en";

const agent = new Agent(askToken);
const header = new Header({
  recolour,
  hasToken: () => agent.hasToken,
  forgetToken: () => agent.forgetToken(),
});
const workers = new WorkerTable(agent);
const attention = new Attention((state) => workers.showOnly(state));
const totals = new Totals();
const charts = new Charts(agent);
const controls = new Controls(agent);
const pools = new Pools(controls);
const causes = new Causes(agent, (text) => workers.searchFor(text));
const events = new Events();
const link = new LinkTotals();
const overview = h(
  "main",
  { class: "overview" },
  attention.element,
  totals.element,
  charts.element,
  pools.element,
  workers.element,
  causes.element,
  events.element,
  link.element,
  controls.element,
);

/** What is looked at. @type {WorkerPage | MinerPage | PastPage | undefined} */
let onePage;
/** What history there is. @type {Kept} */
let kept;
/** Which run of the agent is watched. */
let startedAt = "";

document.body.replaceChildren(header.element, overview);
globalThis.addEventListener("hashchange", () => go(true));
go(false);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
document.addEventListener("visibilitychange", () => {
  void workers.refresh();
  void causes.refresh();
});

/** Whether everything from before the stream was read. */
let isWhole = false;

void agent.watch({
  started: () => void readAll(),
  missed: () => void readAll(),
  state: (/** @type {StreamStateShape} */ state) => {
    const { summary } = state;
    const isOther = summary.started_at !== startedAt;
    startedAt = summary.started_at;
    const { outage, losses, expected_hashrate: expected } = summary.attention;
    const sentence = lossSentence(losses.hour, causes.hour, "lostHour");
    const before = outage.since === null ? undefined : charts.before(new Date(outage.since));
    // A break may have come before all was read.
    if (!isWhole) void readAll();
    header.show(state);
    attention.show(summary, sentence);
    // While all is well nothing above the figures says why the little was lost.
    totals.show(summary, before, headlineOf(summary).tone === "good" ? sentence : "");
    kept = summary.history;
    charts.expect(expected);
    charts.know(kept, state.pools.map(({ address }) => address), causes.accounts);
    causes.know(kept);
    workers.know(kept);
    if (onePage !== undefined && !(onePage instanceof MinerPage)) onePage.know(kept);
    causes.showEnds(summary);
    link.show(summary);
    controls.show(state.control, summary.notify.length > 0);
    pools.show(state.pools);
    if (onePage) {
      void onePage.refresh();
    } else {
      void workers.refresh(isOther);
      void causes.refresh();
    }
  },
  sample: (sample) => charts.add(sample),
  events: (more) => events.add(more),
  marks: (all) => charts.mark(all),
  lost: () => header.lost(),
});

/** Asks for everything that the stream does not bring: samples and lines from before. */
async function readAll() {
  isWhole = true;
  try {
    const lines = agent.get("api/v1/events").then((answer) => events.replace(answer.events));
    await Promise.all([charts.load(), lines]);
  } catch {
    isWhole = false;
  }
}

/** The page of what the address names; `undefined` for everything. */
function pageNamed() {
  const worker = /^#\/workers\/(\d{1,15})$/.exec(location.hash)?.[1];
  if (worker !== undefined) return new WorkerPage(agent, worker, controls, kept);
  const past = /^#\/past\/(.+)$/.exec(location.hash)?.[1];
  if (past !== undefined) return new PastPage(agent, decoded(past), kept);
  const miner = /^#\/miners\/([0-9a-f]{8})$/.exec(location.hash)?.[1];
  if (miner === undefined) return undefined;
  return new MinerPage(agent, miner, controls, (name) => {
    location.hash = "#/";
    workers.searchFor(name);
  });
}

/** A part of the address; as it is if nobody encoded it. @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Shows what the address names. @param {boolean} isMove whether one came here from another */
function go(isMove) {
  onePage = pageNamed();
  document.querySelector("main")?.replaceWith(onePage?.element ?? overview);
  if (isMove) scrollTo(0, 0);
  if (onePage) {
    onePage.focus();
    void onePage.refresh();
  } else {
    void workers.refresh();
    void causes.refresh();
  }
}

function recolour() {
  charts.recolour();
  onePage?.recolour();
}
