/** The example configurations for farms at Stratum pools. */

import assert from "node:assert/strict";
import { configuredPools } from "../../lib/config/pools.ts";
import { formatProblems } from "../../lib/config/problem.ts";
import { readConfig } from "../../lib/config/read.ts";
import { readPage } from "../docs/pages.ts";

const EXAMPLES = [
  ["conf/solo.example.jsonc", ["stratum", "stratum"]],
  ["conf/stratum.example.jsonc", ["stratum", "agent"]],
] as const;

for (const [file, kinds] of EXAMPLES) {
  const text = readPage(file);

  Deno.test(`${file} loads, and says nothing but that its names are placeholders`, () => {
    const result = readConfig(text);
    assert.ok(result.ok, result.ok ? "" : formatProblems(file, result.problems));
    assert.deepEqual(configuredPools(result.config).map(({ kind }) => kind), kinds);
    assert.deepEqual(
      result.remarks.map(({ kind, path }) => `${kind} ${path}`),
      kinds.map((_, i) => `warning pools[${i}].user`),
    );
    for (const remark of result.remarks) assert.match(remark.text, /^This is a placeholder; /);
  });

  Deno.test(`${file} without its placeholders says nothing`, () => {
    const result = readConfig(text.replaceAll(/"Your\w+/g, '"alice'));
    assert.ok(result.ok);
    assert.deepEqual(result.remarks, []);
  });

  Deno.test(`${file} is named in both READMEs`, () => {
    const name = file.replace("conf/", "");
    assert.ok(readPage("README.md").includes(`](${file})`));
    assert.ok(readPage("conf/README.zh.md").includes(`](${name})`));
  });
}
