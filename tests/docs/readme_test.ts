/** What the README and the pages beside the code say of files, tests, keys and log lines is so. */

import assert from "node:assert/strict";
import { CPP_AGENT_CONF, GO_AGENT_CONF } from "../config/agent_conf_files.ts";
import {
  brokenLinks,
  cellsOf,
  filesBelow,
  headingsIn,
  readPage,
  tableUnder,
  targetsIn,
} from "./pages.ts";

const COMPARISON = tableUnder(readPage("tests/comparison.md"), "Beside the Go and C\\+\\+ agents");
const ROOT = new URL("../../", import.meta.url);
const FOLDERS = ["lib", "scripts", "tests"];
const SOURCES = FOLDERS.flatMap((folder) => [...filesBelow(folder, ".ts")]);
const PAGES = [
  "README.md",
  "CHANGELOG.md",
  ...[...FOLDERS, "conf", ".github"].flatMap((folder) => [...filesBelow(folder, ".md")]),
];

/** The texts in a source, what varies in them as "…"; with `only`, those right behind it. */
function textsIn(source: string, only = /(?:)/): string[] {
  const text = new RegExp(only.source + /("(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)/.source, "g");
  return Array.from(
    source.matchAll(text),
    ([, literal]) =>
      // A place with a noun, such as {miners|miner}, is written as a number and the noun.
      literal!.slice(1, -1).replace(/\{\w+\|([\w -]+)\}/g, "… $1s")
        .replace(/(?:\$?\{[^{}]*\})+/g, "…").replace(/\\(.)/g, "$1"),
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

Deno.test("every link, picture and anchor on every page leads somewhere", () => {
  const kept = new Map(
    [...FOLDERS, "conf", ".ci", ".github"].flatMap((folder) => [...filesBelow(folder, "")])
      .concat(Array.from(Deno.readDirSync(ROOT)).filter(({ isFile }) => isFile).map((f) => f.name))
      .map((path) => [path, path.endsWith(".md") ? readPage(path) : ""]),
  );
  for (const page of PAGES) assert.ok(kept.has(page), page);
  assert.deepEqual(brokenLinks(kept), []);
  assert.ok([...kept.values()].flatMap(targetsIn).length > 200);
});

Deno.test("a link to a file or a section that is not there is found", () => {
  const pages = new Map([
    [
      "a/faq.md",
      '# B\n[a](../pools.md#so-it-is) [b](#b) [c](../pools.md#no) [d](install.md) <img src="e.png">',
    ],
    ["pools.md", "## So it is\n[f](a) [g](https://h) [i](a/)"],
  ]);
  assert.deepEqual(brokenLinks(pages), [
    "a/faq.md: ../pools.md#no",
    "a/faq.md: install.md",
    "a/faq.md: e.png",
  ]);
});

Deno.test("the README is short, and leads to every page for operators and developers", () => {
  for (
    const [readme, folder] of [["README.md", "conf/docs"], ["conf/README.zh.md", "conf/docs/zh"]]
  ) {
    const text = readPage(readme!);
    assert.ok(text.split("\n").length <= 161, `${readme} has at most 160 lines`);
    const up = new URL("./", `file:///${readme}`).pathname.slice(1);
    const targets = targetsIn(text).map((target) => up + target.split("#")[0]);
    for (const page of filesBelow(folder!, ".md")) {
      if (folder === "conf/docs" && page.startsWith("conf/docs/zh/")) continue;
      assert.ok(targets.includes(page), `${readme}: ${page}`);
    }
  }
});

Deno.test("CI calls the README's test command", () => {
  assert.ok(readPage("README.md").includes("\nnpx -y deno@2.9.6 task test\n"));
  const script = readPage(".ci/run");
  assert.match(script, /npx -y deno@2\.9\.6 task "\$@"/);
  assert.match(script, /^count test$/m);
});

Deno.test("pages named in the code are in this repository, and have the section named", () => {
  // The English page for operators and one beside the code may have one name.
  const pages = Map.groupBy(PAGES, (path) => path.split("/").at(-1)!);
  const traps = [...readPage("lib/protocol/agent/agent.md").matchAll(/^(\d+)\. /gm)].map((
    [, number],
  ) => number);
  let sections = 0;
  let named = 0;
  for (const path of SOURCES) {
    const prose = readPage(path).replace(/\n\s*(?:\*|\/\/)\s/g, " ");
    for (const [, name] of prose.matchAll(/([\w.-]+\.md)\b/g)) {
      assert.ok(pages.has(name!), `${path} names ${name}`);
    }
    for (const [, name, section] of prose.matchAll(/(\w+\.md) "([^"]+)"[^,]/g)) {
      const headings = pages.get(name!)!.flatMap((page) => headingsIn(readPage(page)));
      assert.ok(headings.includes(section!), `${path}: ${name} "${section}"`);
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

Deno.test("every log line in conf/docs/troubleshooting.md is one the program writes", () => {
  const written = SOURCES.filter((path) => path.startsWith("lib/"))
    .flatMap((path) => textsIn(readPage(path)));
  const [, tables] = readPage("conf/docs/troubleshooting.md").split("\n## By log line\n");
  const listed = tables!.split("\n").filter((row) => /^\| `/.test(row)).flatMap((row) =>
    Array.from(cellsOf(row)[0]!.matchAll(/`([^`]+)`/g), ([, line]) => line!)
  );
  assert.ok(listed.length > 40);
  for (const line of listed) {
    const parts = line.split("…").filter((part) => part.trim() !== "" && part.length > 2);
    const isWritten = written.some((text) =>
      (line.startsWith("…") || text.startsWith(parts[0]!)) &&
      parts.every((part) => text.includes(part.trimEnd()))
    );
    assert.ok(isWritten, line);
  }
});
