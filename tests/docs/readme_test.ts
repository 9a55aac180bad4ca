/** What the README and the pages beside the code say of files, tests, keys and log lines is so. */

import assert from "node:assert/strict";
import { CPP_AGENT_CONF, GO_AGENT_CONF } from "../config/agent_conf_files.ts";
import { anchorOf, cellsOf, filesBelow, headingsIn, readPage, tableUnder } from "./pages.ts";

const readme = readPage("README.md");
const COMPARISON = tableUnder(readPage("tests/comparison.md"), "Beside the Go and C\\+\\+ agents");
const FOLDERS = ["lib", "scripts", "tests"];
const SOURCES = FOLDERS.flatMap((folder) => [...filesBelow(folder, ".ts")]);
const PAGES = [
  "README.md",
  "CHANGELOG.md",
  ...[...FOLDERS, "conf"].flatMap((folder) => [...filesBelow(folder, ".md")]),
];

/** The texts in a source, what varies in them as "…"; with `only`, those right behind it. */
function textsIn(source: string, only = /(?:)/): string[] {
  const text = new RegExp(only.source + /("(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)/.source, "g");
  return Array.from(
    source.matchAll(text),
    ([, literal]) =>
      literal!.slice(1, -1).replace(/(?:\$?\{[^{}]*\})+/g, "…").replace(/\\(.)/g, "$1"),
  );
}

function exists(path: string): boolean {
  try {
    Deno.statSync(new URL(`../../${path}`, import.meta.url));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("every row of the comparison names tests that exist", () => {
  assert.ok(COMPARISON.length > 40);
  for (const row of COMPARISON) {
    const cells = cellsOf(row);
    assert.equal(cells.length, 5, row);
    const shown = [...cells[4]!.matchAll(/\[\w+\]\(([^)]+)\)((?: “[^”]+”)*)/g)];
    assert.ok(shown.length > 0, row);
    for (const [, place, list] of shown) {
      const path = `tests/${place}`;
      if (path.endsWith(".txt")) {
        assert.ok(exists(path), path);
        continue;
      }
      const names = Array.from(list!.matchAll(/“([^”]+)”/g), ([, name]) => name!);
      assert.ok(names.length > 0, `${row}: no test of ${path}`);
      const known = textsIn(readPage(path), /\w\(\s*/);
      for (const name of names) assert.ok(known.includes(name), `${path}: “${name}”`);
    }
  }
});

Deno.test("the comparison has every key of the Go and the C++ agent's file", () => {
  const compared = COMPARISON.map((row) => cellsOf(row)[0]!).join(" ");
  for (const text of [GO_AGENT_CONF, CPP_AGENT_CONF]) {
    const config = JSON.parse(text) as Record<string, unknown>;
    const advanced = (config["advanced"] ?? {}) as Record<string, unknown>;
    const keys = [
      ...Object.keys(config).filter((key) => key !== "advanced"),
      ...Object.keys(advanced).map((key) => `advanced.${key}`),
    ];
    for (const key of keys) assert.ok(compared.includes(`\`${key}\``), key);
  }
});

Deno.test("every link to a file or a section leads there", () => {
  let links = 0;
  for (const page of PAGES) {
    for (const [, target] of readPage(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue;
      const [file, anchor] = target!.split("#");
      const base = new URL(`file:///${page}`);
      const path = file === "" ? page : new URL(file!, base).pathname.slice(1);
      assert.ok(exists(path), `${page}: ${target}`);
      if (anchor !== undefined) {
        const anchors = headingsIn(readPage(path)).map(anchorOf);
        assert.ok(anchors.includes(anchor), `${page}: ${target}`);
      }
      links++;
    }
  }
  assert.ok(links > 60);
});

Deno.test("pages named in the code are in this repository, and have the section named", () => {
  const pages = new Map(PAGES.map((path) => [path.split("/").at(-1)!, readPage(path)]));
  const traps = [...pages.get("agent.md")!.matchAll(/^(\d+)\. /gm)].map(([, number]) => number);
  let sections = 0;
  let named = 0;
  for (const path of SOURCES) {
    const prose = readPage(path).replace(/\n\s*(?:\*|\/\/)\s/g, " ");
    for (const [, name] of prose.matchAll(/([\w.-]+\.md)\b/g)) {
      assert.ok(pages.has(name!), `${path} names ${name}`);
    }
    for (const [, name, section] of prose.matchAll(/(\w+\.md) "([^"]+)"[^,]/g)) {
      assert.ok(headingsIn(pages.get(name!)!).includes(section!), `${path}: ${name} "${section}"`);
      sections++;
    }
    for (const [, trap] of prose.matchAll(/agent\.md trap (\d+)/g)) {
      assert.ok(traps.includes(trap!), `${path}: trap ${trap}`);
      named++;
    }
  }
  assert.ok(sections > 20);
  assert.ok(named > 2);
});

Deno.test("every log line in the README is one the program writes", () => {
  const written = SOURCES.filter((path) => path.startsWith("lib/"))
    .flatMap((path) => textsIn(readPage(path)));
  const listed = tableUnder(readme, "The log").flatMap((row) =>
    Array.from(cellsOf(row)[0]!.matchAll(/`([^`]+)`/g), ([, line]) => line!)
  );
  assert.ok(listed.length > 12);
  for (const line of listed) {
    const parts = line.split("…").filter((part) => part.trim() !== "" && part.length > 2);
    const isWritten = written.some((text) =>
      text.startsWith(parts[0]!) && parts.every((part) => text.includes(part.trimEnd()))
    );
    assert.ok(isWritten, line);
  }
});
