/**
 * What a server that lies does to `btcagent status` and `btcagent top`: whatever the JSON, nothing
 * breaks, nothing is obeyed, and no line is too long.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Asked } from "../../lib/terminal/agent_client.ts";
import {
  readPools,
  readSummary,
  readWorker,
  readWorkers,
  type Worker,
} from "../../lib/terminal/answers.ts";
import { findingsOf, gradeOf } from "../../lib/terminal/findings.ts";
import { statusScreen } from "../../lib/terminal/status_screen.ts";
import { answered } from "../../lib/terminal/top/answers.ts";
import { screenOf } from "../../lib/terminal/top/screen.ts";
import { firstState, listPath, pressed, type TopState } from "../../lib/terminal/top/state.ts";
import { widthOf } from "../../lib/terminal/width.ts";
import { harmIn, HOSTILE_NAMES } from "../support/hostile_names.ts";
import { NOW, pool, troubledFarm, worker } from "../support/made_up_farm.ts";

const [COLUMNS, ROWS] = [80, 24];

/** A truth of which parts are to be lies. */
const TRUTH = {
  summary: troubledFarm(),
  pools: { pools: [pool(), pool()] },
  list: {
    total: 2,
    offset: 0,
    workers: [worker("rig1", { id: "1" }), worker("rig2", { id: "2" })],
  },
  worker: worker("rig1", { id: "1" }),
};

type Value = unknown;

const LIES: readonly Value[] = [
  ...Object.values(HOSTILE_NAMES),
  ...[0, -0, -1, 0.1, 1e21, -1e21, 1e308, -1e308, Number.MAX_SAFE_INTEGER, 5e-324],
  ...[null, true, false, [], {}],
  "2026-13-45T99:99:99Z",
  "-271821-04-20T00:00:00.000Z",
  Array.from({ length: 5_000 }, () => pool()),
  Array.from({ length: 5_000 }, () => worker("x")),
  Array.from({ length: 5_000 }, () => ({ about: "y".repeat(1_000) })),
];

/** The paths to every part of a value. */
function pathsIn(value: Value, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, part]) => pathsIn(part, [...path, key]))];
}

/** `value` with `lie` at `path`. */
function withLie(value: Value, [key, ...rest]: readonly string[], lie: Value): Value {
  if (key === undefined) return lie;
  if (typeof value !== "object" || value === null) return value;
  const part = withLie((value as Record<string, Value>)[key], rest, lie);
  return Array.isArray(value)
    ? value.map((each, place) => String(place) === key ? part : each)
    : { ...value, [key]: part };
}

const PATHS = pathsIn(TRUTH).filter((path) => path.length > 1);

/** Several lies at a time, so that they may agree with each other. */
const answers = fc.array(
  fc.tuple(fc.constantFrom(...PATHS), fc.constantFrom(...LIES)),
  { minLength: 1, maxLength: 8 },
).map((lies) =>
  lies.reduce<Value>((told, [path, lie]) => withLie(told, path, lie), TRUTH) as {
    readonly [key in keyof typeof TRUTH]: Value;
  }
);

function asked<T>(value: T | undefined): Asked<T> {
  return value === undefined
    ? { ok: false, mayPass: true, status: 0, why: "no answer" }
    : { ok: true, value };
}

function holds(lines: readonly string[]): void {
  for (const line of lines) {
    assert.equal(harmIn(line), undefined);
    assert.ok(widthOf(line) <= COLUMNS, line);
  }
}

Deno.test("property: whatever a server says of itself, the screen of status holds", () => {
  fc.assert(
    fc.property(answers, (told) => {
      const [summary, pools] = [readSummary(told.summary), readPools(told.pools)];
      if (summary === undefined || pools === undefined) return;
      const one = readWorker(told.worker);
      const troubled = new Map(one === undefined ? [] : [["refused" as const, [one] as Worker[]]]);
      const { lines } = statusScreen({
        place: "127.0.0.1:9999",
        at: NOW,
        summary,
        pools,
        troubled,
      });
      holds(lines);
      assert.ok(lines.length < 200, `${lines.length} lines`);
      const findings = findingsOf(summary, pools, NOW);
      assert.ok(["well", "trouble", "down"].includes(gradeOf(findings)));
    }),
    { numRuns: 300 },
  );
});

Deno.test("property: whatever a server says, every view of top holds, and keys still work", () => {
  fc.assert(
    fc.property(answers, (told) => {
      let state: TopState = firstState("127.0.0.1:9999", COLUMNS, ROWS);
      const answer = () => {
        const { view } = state;
        const one = view.kind === "worker"
          ? { worker: { id: view.id, found: asked(readWorker(told.worker)) } }
          : {};
        state = answered(state, {
          summary: asked(readSummary(told.summary)),
          pools: asked(readPools(told.pools)),
          list: { path: listPath(state), page: asked(readWorkers(told.list)) },
          ...one,
        }, NOW);
        const lines = screenOf(state, NOW).map(({ text }) => text);
        holds(lines);
        assert.ok(lines.length <= ROWS, `${lines.length} rows`);
      };
      answer();
      for (const kind of ["down", "end", "enter", "escape"] as const) {
        state = pressed(state, { kind });
        answer();
      }
      for (const text of ["s", "t", "p", "?"]) {
        state = pressed(state, { kind: "text", text });
        answer();
      }
    }),
    { numRuns: 300 },
  );
});
