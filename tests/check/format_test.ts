/** How a report looks, to people and to programs. */

import assert from "node:assert/strict";
import { formatJson, formatReport } from "../../lib/check/format.ts";
import { type Report, rowOfError } from "../../lib/check/report.ts";

const REPORT: Report = {
  sections: [
    {
      title: "Pool 1: h:1",
      rows: [
        { level: "ok", subject: "name", found: "1.2.3.4", values: { ms: 4 } },
        { level: "failure", subject: "directly", found: "silence", advice: "check the port" },
      ],
    },
    { title: "This machine", rows: [{ level: "warning", subject: "clock", found: "late" }] },
  ],
  stops: [],
};

Deno.test("a report is a table for each section, with what to do, and what it all means", () => {
  assert.equal(
    formatReport(REPORT, false),
    `Pool 1: h:1
  ok       name      1.2.3.4
  FAILED   directly  silence
                     -> check the port

This machine
  WARNING  clock  late

Mining can work, with 1 failure and 1 warning`,
  );
});

Deno.test("what keeps mining from working is the last word", () => {
  const text = formatReport({ sections: [], stops: ["no pool can be used", "no port"] }, false);
  assert.equal(
    text,
    "\n\nMining cannot work: no pool can be used\nMining cannot work: no port".trim(),
  );
});

Deno.test("a report without any trouble says so", () => {
  assert.equal(formatReport({ sections: [], stops: [] }, false), "All is well");
});

Deno.test("colours only mark: without them the text is the same", () => {
  const text = formatReport(REPORT, true);
  // deno-lint-ignore no-control-regex -- these are the colours
  assert.equal(text.replaceAll(/\x1b\[\d+m/g, ""), formatReport(REPORT, false));
  assert.notEqual(text, formatReport(REPORT, false));
});

Deno.test("nothing a pool says steers the terminal", () => {
  const found = "a\x1b[2Jb\nc\u202ed\0";
  const rows = [{ level: "failure" as const, subject: found, found, advice: found }];
  const text = formatReport({ sections: [{ title: found, rows }], stops: [found] }, false);
  for (const bad of ["\x1b", "\u202e", "\0", "b\nc"]) assert.ok(!text.includes(bad), text);
});

Deno.test("JSON has the same and the exit code", () => {
  assert.deepEqual(JSON.parse(formatJson(REPORT, 1)), { exit_code: 1, ...REPORT });
});

const ERRORS: [message: string, found: string, advice: string | undefined][] = [
  ["it refused; check it", "it refused", "check it"],
  ["a; b; c", "a; b", "c"],
  ["it refused", "it refused", "ask somebody"],
];
for (const [message, found, advice] of ERRORS) {
  Deno.test(`of the error "${message}" the advice is "${advice}"`, () => {
    const row = rowOfError("warning", "x", message, "ask somebody");
    assert.deepEqual(row, { level: "warning", subject: "x", found, advice });
  });
}
