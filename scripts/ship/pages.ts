/**
 * The pages that packages bring: the README, those in `conf/docs`, and a few from beside the code.
 * Links from one to another are kept. A link to anything else, such as a source, would lead nowhere
 * on an operator's machine: its text stays and the link is removed.
 */

import { posix } from "node:path";
import { filesUnder, place } from "./tree.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Where packages have a file of ours that has another place here, by its path here. */
export type Elsewhere = Readonly<Record<string, string>>;

/** Pages from outside of `conf`, and where packages have them. */
const PAGES: Elsewhere = {
  "README.md": "README.md",
  "lib/pool/seen_by_pools.md": "conf/docs/seen_by_pools.md",
  "scripts/bench/README.md": "conf/docs/bench/README.md",
  "tests/comparison.md": "conf/docs/comparison.md",
};

/** A Markdown link or picture: its mark, its text, its target. */
const LINK = /(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g;

/**
 * `text`, the page that is at `page` here, as a package has it: links lead to where `elsewhere` says
 * or to the same path, and one that leads to none of the package's `files` is reduced to its text.
 */
export function linkedWithin(
  text: string,
  page: string,
  files: ReadonlySet<string>,
  elsewhere: Elsewhere,
): string {
  const from = posix.dirname(elsewhere[page] ?? page);
  return text.replace(LINK, (link, mark: string, label: string, target: string) => {
    if (/^[a-z]+:/.test(target) || target.startsWith("#")) return link;
    const [, path = "", hash = ""] = /^([^#]*)(.*)$/.exec(target)!;
    const here = posix.normalize(posix.join(posix.dirname(page), path)).replace(/\/$/, "");
    const there = elsewhere[here] ?? here;
    if (!leadsSomewhere(there, files)) return label;
    return `${mark}[${label}](${posix.relative(from, there) || "."}${hash})`;
  });
}

function leadsSomewhere(path: string, files: ReadonlySet<string>): boolean {
  return files.has(path) || [...files].some((file) => file.startsWith(`${path}/`));
}

/**
 * Puts the pages into `folder`, which has `conf` already, with links that lead somewhere in it.
 * `others` says where the package has our other files that pages link to.
 */
export async function placePages(folder: string, others: Elsewhere): Promise<void> {
  const elsewhere = { ...PAGES, ...others };
  const ours = (await filesUnder(`${folder}/conf`)).map((file) => `conf/${file}`);
  const files = new Set([...ours, ...Object.values(elsewhere)]);
  const pages = [...ours.filter((file) => file.endsWith(".md")), ...Object.keys(PAGES)];
  for (const page of pages) {
    const text = linkedWithin(await Deno.readTextFile(ROOT + page), page, files, elsewhere);
    await place(`${folder}/${elsewhere[page] ?? page}`, text);
  }
}
