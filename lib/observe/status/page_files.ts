/**
 * The files of the live page as texts, and the charts' package. Imported, so that they are in
 * whatever the program is packed into; imported by nothing that runs before a browser asks.
 */

import uplotCss from "uplot/dist/uPlot.min.css" with { type: "text" };
import uplotJs from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import indexHtml from "./page/index.html" with { type: "text" };
import iconSvg from "./page/icon.svg" with { type: "text" };
import themeCss from "./page/theme.css" with { type: "text" };
import layoutCss from "./page/layout.css" with { type: "text" };
import tablesCss from "./page/tables.css" with { type: "text" };
import appJs from "./page/app.js" with { type: "text" };
import agentJs from "./page/agent.js" with { type: "text" };
import chartJs from "./page/chart.js" with { type: "text" };
import chartDataJs from "./page/chart_data.js" with { type: "text" };
import chartsJs from "./page/charts.js" with { type: "text" };
import controlsJs from "./page/controls.js" with { type: "text" };
import domJs from "./page/dom.js" with { type: "text" };
import eventsJs from "./page/events.js" with { type: "text" };
import formatJs from "./page/format.js" with { type: "text" };
import headerJs from "./page/header.js" with { type: "text" };
import minerPageJs from "./page/miner_page.js" with { type: "text" };
import minerRowsJs from "./page/miner_rows.js" with { type: "text" };
import minerTableJs from "./page/miner_table.js" with { type: "text" };
import poolRemarksJs from "./page/pool_remarks.js" with { type: "text" };
import poolsJs from "./page/pools.js" with { type: "text" };
import preferencesJs from "./page/preferences.js" with { type: "text" };
import textsJs from "./page/texts.js" with { type: "text" };
import textsZhJs from "./page/texts_zh.js" with { type: "text" };
import tokenJs from "./page/token.js" with { type: "text" };
import totalsJs from "./page/totals.js" with { type: "text" };
import troubleJs from "./page/trouble.js" with { type: "text" };
import virtualRowsJs from "./page/virtual_rows.js" with { type: "text" };

/** Each file by its name, as it is. */
export const PAGE_FILES: Readonly<Record<string, string>> = {
  "index.html": indexHtml,
  "icon.svg": iconSvg,
  "theme.css": themeCss,
  "layout.css": layoutCss,
  "tables.css": tablesCss,
  "app.js": appJs,
  "agent.js": agentJs,
  "chart.js": chartJs,
  "chart_data.js": chartDataJs,
  "charts.js": chartsJs,
  "controls.js": controlsJs,
  "dom.js": domJs,
  "events.js": eventsJs,
  "format.js": formatJs,
  "header.js": headerJs,
  "miner_page.js": minerPageJs,
  "miner_rows.js": minerRowsJs,
  "miner_table.js": minerTableJs,
  "pool_remarks.js": poolRemarksJs,
  "pools.js": poolsJs,
  "preferences.js": preferencesJs,
  "texts.js": textsJs,
  "texts_zh.js": textsZhJs,
  "token.js": tokenJs,
  "totals.js": totalsJs,
  "trouble.js": troubleJs,
  "virtual_rows.js": virtualRowsJs,
  "uplot.css": uplotCss,
  "uplot.js": uplotJs,
};
