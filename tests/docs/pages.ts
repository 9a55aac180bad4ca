/** Pages of ours as tests read them: headings, tables, fenced examples, links. */

import assert from "node:assert/strict";

/** A fenced block of a page. */
export interface Block {
  /** What kind of example it is. */
  readonly language: string;
  readonly text: string;
  /** The heading it stands under. */
  readonly heading: string;
}

/** The text of a page, its path from the repository's top. */
export function readPage(path: string): string {
  return Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url));
}

/** The texts of a page's headings, of every level. */
export function headingsIn(page: string): string[] {
  const outside = page.replace(/^```.*?^```$/gms, "");
  return Array.from(outside.matchAll(/^#+ (.*)$/gm), ([, text]) => text!);
}

/** The fenced blocks of a page, in order. */
export function blocksIn(page: string): Block[] {
  return Array.from(
    page.matchAll(/^```([\w-]+)\n(.*?)\n```$/gms),
    ({ 1: language, 2: text, index }) => ({
      language: language!,
      text: text!,
      heading: headingsIn(page.slice(0, index)).at(-1) ?? "",
    }),
  );
}

/** What stands under a heading, up to the next one of any level. */
export function sectionUnder(page: string, heading: string): string {
  const [, ...rest] = page.split(new RegExp(`^#+ ${heading}$`, "m"));
  assert.equal(rest.length, 1, `There must be one heading "${heading}"`);
  const blocks = /^```.*?^```$/gms;
  const end = rest[0]!.replace(blocks, (block) => " ".repeat(block.length)).search(/^#+ /m);
  return end < 0 ? rest[0]! : rest[0]!.slice(0, end);
}

/** The rows of the first table under a heading, without its head. */
export function tableUnder(page: string, heading: string): string[] {
  const start = page.search(new RegExp(`^#+ ${heading}$`, "m"));
  assert.ok(start >= 0, `There is no heading "${heading}"`);
  const table = /^\|.*\n\| *-.*\n((?:\|.*\n)+)/m.exec(page.slice(start));
  assert.ok(table, `There is no table under "${heading}"`);
  return table[1]!.trimEnd().split("\n");
}

/** The cells of a row of a table. */
export function cellsOf(row: string): string[] {
  return row.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim());
}

/** What a heading is called in links, as GitHub has it. */
export function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}_\- ]/gu, "").replaceAll(" ", "-");
}

/** The targets of a page's links and pictures that are no addresses on the web. */
export function targetsIn(page: string): string[] {
  const outside = page.replace(/^```.*?^```$/gms, "");
  return Array.from(
    outside.matchAll(/\]\(([^)\s]+)\)|<img [^>]*src="([^"]+)"/g),
    ([, link, picture]) => (link ?? picture)!,
  ).filter((target) => !/^[a-z]+:/.test(target));
}

/**
 * The links of pages that lead nowhere, each with its page. `files` has the text of every file that
 * a link may lead to, by its path; that of a file without headings may be empty.
 */
export function brokenLinks(files: ReadonlyMap<string, string>): string[] {
  const folders = new Set(
    [...files.keys()].flatMap((file) =>
      file.split("/").slice(0, -1).map((_, i, parts) => parts.slice(0, i + 1).join("/"))
    ),
  );
  const broken: string[] = [];
  for (const [page, text] of files) {
    for (const target of page.endsWith(".md") ? targetsIn(text) : []) {
      const [file = "", anchor] = target.split("#");
      const path = file === ""
        ? page
        : new URL(file, `file:///${page}`).pathname.slice(1).replace(/\/$/, "");
      const isThere = files.has(path) || folders.has(path);
      const hasAnchor = anchor === undefined ||
        headingsIn(files.get(path) ?? "").map(anchorOf).includes(decodeURIComponent(anchor));
      if (!isThere || !hasAnchor) broken.push(`${page}: ${target}`);
    }
  }
  return broken;
}

/** The paths of all files below `folder` of the repository that end in `suffix`. */
export function* filesBelow(folder: string, suffix: string): Generator<string> {
  for (
    const { name, isDirectory } of Deno.readDirSync(new URL(`../../${folder}`, import.meta.url))
  ) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* filesBelow(path, suffix);
    else if (name.endsWith(suffix)) yield path;
  }
}
