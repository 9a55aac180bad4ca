/**
 * The live page: its files, read when a browser asks for them and not kept.
 *
 * They are as they are in `page/`: nothing is built. They hold nothing of the farm, so they are
 * given without a token; what they show they ask for with one.
 */

import { answer } from "./answers.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** The files of the page's folder that are given out. */
const FILES: ReadonlySet<string> = new Set([
  "icon.svg",
  "theme.css",
  "layout.css",
  "tables.css",
  "app.js",
  "agent.js",
  "chart.js",
  "chart_data.js",
  "charts.js",
  "controls.js",
  "dom.js",
  "events.js",
  "format.js",
  "header.js",
  "miner_page.js",
  "miner_rows.js",
  "miner_table.js",
  "pools.js",
  "preferences.js",
  "texts.js",
  "texts_zh.js",
  "token.js",
  "totals.js",
  "trouble.js",
  "virtual_rows.js",
]);

/** Scripts and styles of our own and nothing else; text can never become script. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; " +
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "referrer-policy": "no-referrer",
};

/**
 * The answer for the page at `/` or one of its files at `/page/…`.
 *
 * @returns `undefined` for any other path.
 */
export async function pageFile(path: string): Promise<Response | undefined> {
  const name = path === "/" ? "index.html" : path.replace(/^\/page\//, "");
  const isPackage = name === "uplot.js" || name === "uplot.css";
  if (path !== "/" && (name === path || !(FILES.has(name) || isPackage))) return undefined;
  const text = isPackage
    ? await packageText(name)
    : await Deno.readTextFile(new URL(`page/${name}`, import.meta.url));
  return answer(text, TYPES[name.slice(name.lastIndexOf(".") + 1)]!, 200, HEADERS);
}

/** The charts' package. Imported, so that it is there without a network, too. */
async function packageText(name: string): Promise<string> {
  const { default: text } = name === "uplot.js"
    ? await import("uplot/dist/uPlot.iife.min.js", { with: { type: "text" } })
    : await import("uplot/dist/uPlot.min.css", { with: { type: "text" } });
  return text;
}
