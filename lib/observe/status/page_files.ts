/**
 * The files of the live page as texts, and the charts' package. They are imports, so that every
 * form of the program contains them. Nothing imports this file before a browser asks for the page.
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
import attentionJs from "./page/attention.js" with { type: "text" };
import causesJs from "./page/causes.js" with { type: "text" };
import chartJs from "./page/chart.js" with { type: "text" };
import chartBandJs from "./page/chart_band.js" with { type: "text" };
import chartDataJs from "./page/chart_data.js" with { type: "text" };
import chartTimesJs from "./page/chart_times.js" with { type: "text" };
import chartsJs from "./page/charts.js" with { type: "text" };
import conditionWordsJs from "./page/condition_words.js" with { type: "text" };
import controlsJs from "./page/controls.js" with { type: "text" };
import domJs from "./page/dom.js" with { type: "text" };
import downloadJs from "./page/download.js" with { type: "text" };
import eventsJs from "./page/events.js" with { type: "text" };
import findingsJs from "./page/findings.js" with { type: "text" };
import formatJs from "./page/format.js" with { type: "text" };
import headerJs from "./page/header.js" with { type: "text" };
import historyDataJs from "./page/history_data.js" with { type: "text" };
import historyWordsJs from "./page/history_words.js" with { type: "text" };
import linkTotalsJs from "./page/link_totals.js" with { type: "text" };
import liveHashrateJs from "./page/live_hashrate.js" with { type: "text" };
import lossWordsJs from "./page/loss_words.js" with { type: "text" };
import minerPageJs from "./page/miner_page.js" with { type: "text" };
import pastPageJs from "./page/past_page.js" with { type: "text" };
import pastJs from "./page/past.js" with { type: "text" };
import poolRemarksJs from "./page/pool_remarks.js" with { type: "text" };
import poolsJs from "./page/pools.js" with { type: "text" };
import preferencesJs from "./page/preferences.js" with { type: "text" };
import scaleJs from "./page/scale.js" with { type: "text" };
import spansJs from "./page/spans.js" with { type: "text" };
import subjectChoiceJs from "./page/subject_choice.js" with { type: "text" };
import textsJs from "./page/texts.js" with { type: "text" };
import textsZhJs from "./page/texts_zh.js" with { type: "text" };
import tileJs from "./page/tile.js" with { type: "text" };
import tokenJs from "./page/token.js" with { type: "text" };
import tokenStoreJs from "./page/token_store.js" with { type: "text" };
import totalsJs from "./page/totals.js" with { type: "text" };
import virtualRowsJs from "./page/virtual_rows.js" with { type: "text" };
import workerCellsJs from "./page/worker_cells.js" with { type: "text" };
import workerHistoryJs from "./page/worker_history.js" with { type: "text" };
import workerPageJs from "./page/worker_page.js" with { type: "text" };
import workerRowsJs from "./page/worker_rows.js" with { type: "text" };
import workerTableJs from "./page/worker_table.js" with { type: "text" };

/** Each file by its name, unchanged. */
export const PAGE_FILES: Readonly<Record<string, string>> = {
  "index.html": indexHtml,
  "icon.svg": iconSvg,
  "theme.css": themeCss,
  "layout.css": layoutCss,
  "tables.css": tablesCss,
  "app.js": appJs,
  "agent.js": agentJs,
  "attention.js": attentionJs,
  "causes.js": causesJs,
  "chart.js": chartJs,
  "chart_band.js": chartBandJs,
  "chart_data.js": chartDataJs,
  "chart_times.js": chartTimesJs,
  "charts.js": chartsJs,
  "condition_words.js": conditionWordsJs,
  "controls.js": controlsJs,
  "dom.js": domJs,
  "download.js": downloadJs,
  "events.js": eventsJs,
  "findings.js": findingsJs,
  "format.js": formatJs,
  "header.js": headerJs,
  "history_data.js": historyDataJs,
  "history_words.js": historyWordsJs,
  "link_totals.js": linkTotalsJs,
  "live_hashrate.js": liveHashrateJs,
  "loss_words.js": lossWordsJs,
  "miner_page.js": minerPageJs,
  "past.js": pastJs,
  "past_page.js": pastPageJs,
  "pool_remarks.js": poolRemarksJs,
  "pools.js": poolsJs,
  "preferences.js": preferencesJs,
  "scale.js": scaleJs,
  "spans.js": spansJs,
  "subject_choice.js": subjectChoiceJs,
  "texts.js": textsJs,
  "texts_zh.js": textsZhJs,
  "tile.js": tileJs,
  "token.js": tokenJs,
  "token_store.js": tokenStoreJs,
  "totals.js": totalsJs,
  "virtual_rows.js": virtualRowsJs,
  "worker_cells.js": workerCellsJs,
  "worker_history.js": workerHistoryJs,
  "worker_page.js": workerPageJs,
  "worker_rows.js": workerRowsJs,
  "worker_table.js": workerTableJs,
  "uplot.css": uplotCss,
  "uplot.js": uplotJs,
};
