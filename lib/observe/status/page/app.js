/**
 * The live page: builds its parts, hands them what the agent sends, and shows what the address
 * after `#` names: everything, or one miner.
 */

/** @import { StreamStateShape } from "../shapes.ts" */
import { Agent } from "./agent.js";
import { Charts } from "./charts.js";
import { Controls } from "./controls.js";
import { h } from "./dom.js";
import { Events } from "./events.js";
import { Header } from "./header.js";
import { MinerPage } from "./miner_page.js";
import { MinerTable } from "./miner_table.js";
import { Pools } from "./pools.js";
import { applyTheme } from "./preferences.js";
import { LOCALE } from "./texts.js";
import { askToken } from "./token.js";
import { Totals } from "./totals.js";

applyTheme();
document.documentElement.lang = LOCALE === "zh-CN" ? "zh-CN" : "en";

const agent = new Agent(askToken);
const header = new Header(recolour);
const totals = new Totals();
const charts = new Charts(agent);
const controls = new Controls(agent);
const pools = new Pools(controls);
const miners = new MinerTable(agent);
const events = new Events();
const overview = h(
  "main",
  { class: "overview" },
  totals.element,
  charts.element,
  pools.element,
  miners.element,
  events.element,
  controls.element,
);

/** The miner that is looked at. @type {MinerPage | undefined} */
let minerPage;
/** Which run of the agent is watched. */
let startedAt = "";

document.body.replaceChildren(header.element, overview);
globalThis.addEventListener("hashchange", () => go(true));
go(false);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
document.addEventListener("visibilitychange", () => void miners.refresh());

void agent.watch({
  opened: () => {
    // After a pause: what went by in it is asked for.
    charts.load().catch(() => undefined);
    agent.get("api/v1/events").then((answer) => events.replace(answer.events)).catch(() => {});
  },
  state: (/** @type {StreamStateShape} */ state) => {
    const { started_at: started } = state.summary;
    const isOther = started !== startedAt;
    startedAt = started;
    header.show(state);
    totals.show(state.summary, charts.lastHour);
    controls.show(state.control);
    pools.show(state.pools);
    if (minerPage) void minerPage.refresh();
    else void miners.refresh(isOther);
  },
  sample: (sample) => charts.add(sample),
  events: (more) => events.add(more),
  lost: () => header.lost(),
});

/** Shows what the address names. @param {boolean} isMove whether one came here from another */
function go(isMove) {
  const id = /^#\/miners\/([0-9a-f]{8})$/.exec(location.hash)?.[1];
  minerPage = id === undefined ? undefined : new MinerPage(agent, id, controls, (worker) => {
    location.hash = "#/";
    miners.searchFor(worker);
  });
  const shown = minerPage?.element ?? overview;
  document.querySelector("main")?.replaceWith(shown);
  if (isMove) scrollTo(0, 0);
  if (minerPage) {
    minerPage.focus();
    void minerPage.refresh();
  } else {
    void miners.refresh();
  }
}

function recolour() {
  charts.recolour();
  minerPage?.recolour();
}
