/**
 * The operator's walk: of 2,000 miners on their backup pool a few are in trouble. Each of these has
 * to be named by the API, counted by the metrics, and found from the first screen in two clicks.
 */

import assert from "node:assert/strict";
import { WORKER_STATES, type WorkerState } from "../../lib/base/worker_state.ts";
import type { WorkerShape } from "../../lib/observe/status/worker_shapes.ts";
import type { Trouble, TroubledMiners } from "../../lib/sim/trouble.ts";
import { summaryWhere } from "../support/event_reader.ts";
import { hasBrowser, Look } from "./browser.ts";
import { LiveFarm } from "./live_farm.ts";

const MINERS = 2_000;
const TROUBLED: readonly TroubledMiners[] = [
  { trouble: "dead", count: 12 },
  { trouble: "flapping", count: 6 },
  { trouble: "refused", count: 14 },
  { trouble: "weak", count: 10 },
];

/** What a worker with a trouble is called. */
const STATE_OF: Readonly<Partial<Record<Trouble, WorkerState>>> = {
  dead: "missing",
  flapping: "flapping",
  refused: "refused",
  weak: "weak",
};

/** What the page calls the workers of a state, after their number. */
const WORDS: Readonly<Partial<Record<WorkerState, string>>> = {
  missing: "machines missing",
  flapping: "flapping",
  refused: "refused",
  weak: "weak",
};

/** As long as it may take until each was noticed; the machine may be busy. */
const NOTICED_MS = 170_000;

/** Where the screenshots go; git ignores it. */
const SCREENSHOTS = new URL("../../dist/screenshots/", import.meta.url);

/** The names in the list. */
const SHOWN = ".workers tbody tr.worker a";

/** High enough for all rows of one trouble. */
const VIEWPORT = { width: 1440, height: 1300 };

Deno.test("2,000 miners, some in trouble, on the backup pool: each is found and named", async (t) => {
  await using live = await LiveFarm.start({
    count: MINERS,
    connectsPerSecond: 250,
    mode: { kind: "rate", sharesPerSecond: 0.7 },
    troubled: TROUBLED,
    troubleTimes: { deadAfterMs: 25_000, flapMs: 2_000, flapPauseMs: 2_000, weakPart: 0.1 },
    reconnects: true,
  });
  const namesByState = new Map(
    [...live.farm.troubledUsers].map(([trouble, users]) =>
      [STATE_OF[trouble]!, users.map((user) => user.split(".")[1]!)] as const
    ),
  );
  const expected = Object.fromEntries(
    WORKER_STATES.map((state) => [state, namesByState.get(state)?.length ?? 0]),
  );
  const inTrouble = [...namesByState.values()].flat().length;
  expected.working = MINERS - inTrouble;

  const { attention, shares } = await summaryWhere(
    live.url,
    ({ attention: { workers } }) =>
      WORKER_STATES.every((state) => workers[state] === expected[state]),
    NOTICED_MS,
  );

  await t.step("the summary counts them, and says which pool serves instead of which", () => {
    assert.deepEqual(attention.workers, expected);
    assert.equal(attention.missing_machines, 12);
    assert.equal(attention.backup?.pool, `127.0.0.1:${live.backup.port}`);
    assert.equal(attention.backup?.instead_of, `127.0.0.1:${live.first.port}`);
    assert.notEqual(attention.backup?.reason, "");
    assert.equal(attention.outage.since, null);
    assert.ok(attention.losses.hour.lost > 0);
    assert.notEqual(attention.losses.hour.sentence, "");
    assert.ok(shares.accepted > 0);
  });

  for (const [state, names] of namesByState) {
    await t.step(`the API names the ${names.length} that are ${state}, and says why`, async () => {
      const { total, workers } = await live.api(`workers?state=${state}`) as {
        total: number;
        workers: WorkerShape[];
      };
      assert.deepEqual(workers.map(({ worker }) => worker).sort(), names);
      assert.equal(total, names.length);
      for (const { condition } of workers) {
        assert.equal(condition.state, state);
        assert.notEqual(condition.about, "");
      }
    });
  }

  await t.step("the metrics count the same", async () => {
    const metrics = await live.metrics();
    for (const state of WORKER_STATES) {
      const [, value] = new RegExp(`^btcagent_workers\\{state="${state}"\\} (\\d+)$`, "m")
        .exec(metrics) ?? [];
      assert.equal(Number(value), expected[state], state);
    }
  });

  await t.step({
    name: "the page leads to each of them in two clicks",
    ignore: !hasBrowser(),
    fn: () => walk(live, namesByState),
  });
});

/** From the first screen: a click on the trouble, a click on the worker. */
async function walk(
  live: LiveFarm,
  namesByState: ReadonlyMap<WorkerState, readonly string[]>,
): Promise<void> {
  await Deno.mkdir(SCREENSHOTS, { recursive: true });
  await using look = await Look.at(live.url, { viewport: VIEWPORT });
  const { page } = look;
  const button = (state: WorkerState, count: number) =>
    page.getByRole("button", { name: `${count} ${WORDS[state]}`, exact: true });
  const shoot = (name: string) =>
    page.screenshot({ path: new URL(`walk_${name}.png`, SCREENSHOTS).pathname });
  await button("missing", 12).waitFor();
  await look.sees(".count", "2,000 workers");
  await shoot("first_screen");
  assert.deepEqual(await look.faults(), []);
  await look.sees(
    ".statements",
    new RegExp(
      `On the backup pool 127\\.0\\.0\\.1:${live.backup.port} since .*, ` +
        `instead of 127\\.0\\.0\\.1:${live.first.port}: \\S`,
    ),
  );

  for (const [state, names] of namesByState) {
    await page.goto(live.url);
    // Another address after # alone would not load the page again.
    await page.reload();
    await button(state, names.length).click();
    await look.sees(".count", `${names.length} of 2,000 workers`);
    assert.deepEqual((await look.texts(SHOWN)).sort(), names, state);
    await shoot(state);
    await page.getByRole("link", { name: names[0]!, exact: true }).click();
    await look.sees("h2", names[0]!);
    assert.match(page.url(), /#\/workers\/\d+$/);
    await shoot(`${state}_worker`);
    assert.deepEqual(await look.faults(), []);
  }
}
