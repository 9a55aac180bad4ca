/** api.md says what the status server answers. */

import assert from "node:assert/strict";
import { PATHS } from "../../lib/observe/status/routes.ts";
import { answerTables, withAnswerTables } from "../../scripts/status_docs.ts";

const PAGE = "conf/docs/api.md";

Deno.test("the tables of api.md are up to date (if not: deno task docs)", () => {
  const page = Deno.readTextFileSync(PAGE);
  assert.equal(page, withAnswerTables(page));
});

Deno.test("api.md has every path, and no other", () => {
  const page = Deno.readTextFileSync(PAGE);
  const listed = [...page.matchAll(/^\| `(?:GET|POST) (\S+)` +\|/gm)].map(([, path]) => path);
  assert.deepEqual(new Set(listed), new Set(PATHS));
});

Deno.test("every value of every answer has a row that says what it is", () => {
  const tables = answerTables();
  for (
    const row of [
      "| `shares.rejected.low_difficulty` | number | Rejected: too little work. |",
      "| `accounts[].pools[].connections[].job_age_seconds` | number or null | Time since its last job; null before the first. |",
    ]
  ) assert.ok(tables.includes(row), row);
  for (const row of tables.split("\n").filter((line) => line.startsWith("| `"))) {
    assert.equal(row.split(" | ").length, 3, row);
    assert.doesNotMatch(row, /\| \|$/, row);
  }
});
