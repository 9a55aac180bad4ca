/**
 * The Chinese README says what the English one says, as far as a program can tell: the same
 * commands, figures, keys, log lines and exit codes. Its words are for people to compare.
 */

import assert from "node:assert/strict";
import { cellsOf, headingsIn, readPage, sectionUnder, tableUnder } from "./pages.ts";

const english = readPage("README.md");
const chinese = readPage("conf/README.zh.md");

const WHAT_TO_DO = "bring conf/README.zh.md up to date with README.md";

/** The sections that are on both pages. */
const SECTIONS = [
  ["See it work", "先看看效果"],
  ["Mine with your pool", "连接您的矿池"],
  ["Install it as a service", "安装为系统服务"],
  ["Upgrade without a port that is closed", "升级时不关闭端口"],
  ["Running a farm on it", "管理矿场"],
  ["Changing things while it runs", "运行中修改配置"],
  ["Is my configuration right\\?", "检查配置"],
  ["Status and metrics", "状态与监控指标"],
  ["Alerts", "告警"],
  ["The log", "日志"],
  ["When it was away", "程序暂停之后"],
  ["How it stops", "如何停止"],
  ["Bounds and security", "限制与安全"],
  ["How fast", "性能"],
  ["Questions", "常见问题"],
  ["Configuration", "配置"],
  ["Coming from the Go or C\\+\\+ agent", "从 Go 版或 C\\+\\+ 版迁移"],
  ["Not built yet", "尚未实现"],
] as const;

/** Those that are only of use to whoever changes the program, or have nothing to compare. */
const ENGLISH_ONLY = [
  "btcagent",
  "One share's journey",
  "Words",
  "Dependencies, and a word on `@std`",
  "Working on it",
  "License",
];

const PAIRS = SECTIONS.map(([heading, translated]) => ({
  heading: heading.replaceAll("\\", ""),
  wanted: sectionUnder(english, heading),
  found: sectionUnder(chinese, translated),
}));

/** What no translation changes. */
const KEPT = { code: /`[^`]+`/g, figures: /\d+(?:[.,]\d+)*/g };

Deno.test("every block of commands or output in Chinese is one of the English page", () => {
  const blocks = fencesIn(english).map(withoutComments);
  const translated = fencesIn(chinese).map(withoutComments);
  assert.ok(translated.length > 10);
  for (const block of translated) assert.ok(blocks.includes(block), `${WHAT_TO_DO}: ${block}`);
});

for (const { heading, wanted, found } of PAIRS) {
  Deno.test(`"${heading}" has the same code and figures in Chinese`, () => {
    for (const [what, pattern] of Object.entries(KEPT)) {
      assert.deepEqual(kept(found, pattern), kept(wanted, pattern), `${what}; ${WHAT_TO_DO}`);
    }
  });

  Deno.test(`"${heading}" has the same tables in Chinese, but for their words`, () => {
    const [rows, translated] = [rowsIn(wanted), rowsIn(found)];
    assert.equal(translated.length, rows.length, WHAT_TO_DO);
    for (const [place, row] of rows.entries()) {
      assert.deepEqual(translated[place]!.map(measured), row.map(measured), WHAT_TO_DO);
    }
  });
}

Deno.test("every section of the English page is in Chinese, too, or for developers", () => {
  const compared = PAIRS.map(({ heading }) => heading);
  assert.deepEqual(headingsIn(english).sort(), [...compared, ...ENGLISH_ONLY].sort());
});

Deno.test("the exit codes in Chinese are the English ones", () => {
  const codes = (page: string, heading: string) =>
    tableUnder(page, heading).map((row) => cellsOf(row)[0]!);
  assert.deepEqual(codes(chinese, "如何停止"), codes(english, "How it stops"));
});

/** The fenced blocks of a page, with their language. */
function fencesIn(page: string): string[] {
  return Array.from(page.matchAll(/^```.*?^```$/gms), String);
}

function withoutComments(block: string): string {
  return block.replace(/ +# .*$/gm, "");
}

/** What of a section's text and tables matches, each once and sorted. */
function kept(section: string, pattern: RegExp): string[] {
  const text = section
    .replace(/<!-- config:begin -->.*<!-- config:end -->/s, "")
    .replace(/^```.*?^```$/gms, "")
    .replace(/\]\([^)]*\)|<img [^>]*>/g, "")
    .replace(/\s+/g, " ");
  return [...new Set(Array.from(text.matchAll(pattern), String))].sort();
}

/** The cells of all tables of a section but the first of each row, which has words. */
function rowsIn(section: string): string[][] {
  return section
    .replace(/<!-- config:begin -->.*<!-- config:end -->/s, "")
    .split("\n").filter((line) => /^\|(?! *-)/.test(line))
    .map((row) => cellsOf(row).slice(1));
}

/** A figure with its unit, whole; of any other cell what no translation changes. */
function measured(cell: string): string | string[] {
  const isFigure = /^\d(?:[\d.,–→%/ ]|kbit\/s|[kM]?B\b|m?s\b)+$/.test(cell);
  return isFigure ? cell : Object.values(KEPT).flatMap((pattern) => kept(cell, pattern));
}
