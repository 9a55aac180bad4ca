/**
 * The Chinese pages say what the English ones say, as far as a program can tell: the same sections
 * in the same order, with the same commands, figures, keys, log lines and exit codes. Their words
 * are for people to compare. The formatter leaves them alone: a line break that it puts between
 * Chinese characters would be shown as a blank.
 */

import assert from "node:assert/strict";
import { cellsOf, filesBelow, readPage } from "./pages.ts";

const PAIRS = [
  ["README.md", "conf/README.zh.md"],
  ...[...filesBelow("conf/docs/zh", ".md")].map((path) => [path.replace("/zh/", "/"), path]),
] as const;

/** What no translation changes. */
const KEPT = { code: /`[^`]+`/g, figures: /\d+(?:[.,]\d+)*/g };

Deno.test("no line of a Chinese page breaks between Chinese characters", () => {
  for (const [, chinese] of PAIRS) {
    const page = readPage(chinese!);
    assert.ok(page.startsWith("<!-- deno-fmt-ignore-file -->\n"), chinese);
    assert.doesNotMatch(page, /\p{Script=Han}\n *\p{Script=Han}/u, chinese);
  }
});

Deno.test("an operator finds every page for every day in Chinese", () => {
  const pages = PAIRS.map(([english]) => english);
  for (
    const name of ["install", "upgrade", "pools", "operating", "troubleshooting", "security", "faq"]
  ) assert.ok(pages.includes(`conf/docs/${name}.md`), name);
});

for (const [english, chinese] of PAIRS) {
  const whatToDo = `bring ${chinese} up to date with ${english}`;
  const wanted = sectionsIn(readPage(english!));
  const found = sectionsIn(readPage(chinese!));

  Deno.test(`${chinese} has the sections of ${english}`, () => {
    assert.deepEqual(found.map(({ level }) => level), wanted.map(({ level }) => level), whatToDo);
  });

  Deno.test(`every block of commands or output of ${english} is in ${chinese}, too`, () => {
    const blocks = (page: string) => fencesIn(readPage(page)).map(withoutComments);
    assert.deepEqual(blocks(chinese!), blocks(english!), whatToDo);
  });

  for (const [place, { heading, text }] of wanted.entries()) {
    const translated = found[place]?.text ?? "";

    Deno.test(`"${heading}" of ${english} has the same code and figures in Chinese`, () => {
      for (const [what, pattern] of Object.entries(KEPT)) {
        assert.deepEqual(kept(translated, pattern), kept(text, pattern), `${what}; ${whatToDo}`);
      }
    });

    Deno.test(`"${heading}" of ${english} has the same tables in Chinese, but for words`, () => {
      const [rows, others] = [rowsIn(text), rowsIn(translated)];
      assert.equal(others.length, rows.length, whatToDo);
      for (const [at, row] of rows.entries()) {
        assert.deepEqual(others[at]!.map(measured), row.map(measured), whatToDo);
      }
    });
  }
}

/** A heading with what stands under it, up to the next. */
interface Section {
  /** How many `#` it has. */
  readonly level: number;
  readonly heading: string;
  /** Without generated tables. */
  readonly text: string;
}

function sectionsIn(page: string): Section[] {
  const text = page.replace(/<!-- (\w+):begin -->.*<!-- \1:end -->/s, "");
  const fences = /^ *```.*?^ *```$/gms;
  const outside = text.replace(fences, (block) => " ".repeat(block.length));
  const heads = [...outside.matchAll(/^(#+) (.*)$/gm)];
  return heads.map(({ 0: line, 1: marks, 2: heading, index }, at) => ({
    level: marks!.length,
    heading: heading!,
    text: text.slice(index + line.length, heads[at + 1]?.index),
  }));
}

/** The fenced blocks of a page, with their language. */
function fencesIn(page: string): string[] {
  return Array.from(page.matchAll(/^ *```.*?^ *```$/gms), ([block]) => block);
}

function withoutComments(block: string): string {
  return block.replace(/ +# .*$/gm, "");
}

/** What of a section's text and tables matches, each once and sorted. */
function kept(section: string, pattern: RegExp): string[] {
  const text = section
    .replace(/^ *```.*?^ *```$/gms, "")
    .replace(/\]\([^)]*\)|<img [^>]*>/g, "")
    .replace(/\s+/g, " ");
  return [...new Set(Array.from(text.matchAll(pattern), String))].sort();
}

/** The cells of all tables of a section but the first of each row, which has words. */
function rowsIn(section: string): string[][] {
  return section
    .split("\n").filter((line) => /^\|(?! *-)/.test(line))
    .map((row) => cellsOf(row).slice(1));
}

/** A figure with its unit, whole; of any other cell what no translation changes. */
function measured(cell: string): string | string[] {
  const isFigure = /^\d(?:[\d.,–→%/ ]|kbit\/s|[kM]?B\b|m?s\b)+$/.test(cell);
  return isFigure ? cell : Object.values(KEPT).flatMap((pattern) => kept(cell, pattern));
}
