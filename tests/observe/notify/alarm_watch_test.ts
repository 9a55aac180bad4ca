/** When something in a farm becomes an alarm, and when the alarm is over. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { AlarmWatch, type News } from "../../../lib/observe/notify/alarm_watch.ts";
import { SETTLING_TIMES } from "../../../lib/observe/notify/settling.ts";
import type { AlarmSettings } from "../../../lib/observe/notify/settings.ts";
import type { FarmSnapshot } from "../../../lib/observe/notify/snapshot.ts";
import { DEFAULTS, HEALTHY, missing, momentAt, TROUBLES } from "../../support/alarm_farm.ts";

const STEP_MS = 2_000;
const MINUTE_MS = 60_000;

/** A watch that a test moves through time. */
class Rig {
  time = 0;
  readonly news: News[] = [];
  readonly watch: AlarmWatch;

  constructor(events: Partial<AlarmSettings> = {}) {
    this.watch = new AlarmWatch({ ...DEFAULTS.events, ...events }, 0);
  }

  /** Sees the farm like this for a number of minutes. */
  see(farm: FarmSnapshot, minutes: number): this {
    for (const end = this.time + minutes * MINUTE_MS; this.time < end; this.time += STEP_MS) {
      this.news.push(...this.watch.look(farm, momentAt(this.time)));
    }
    return this;
  }

  /** A farm that has run well for a while. */
  settled(): this {
    return this.see(HEALTHY, 10);
  }

  get told(): string[] {
    return this.news.map(({ kind, phase }) => `${kind} ${phase}`);
  }
}

Deno.test("a healthy day raises no alarm", () => {
  assert.deepEqual(new Rig().see(HEALTHY, 24 * 60).told, []);
});

for (const [kind, trouble] of Object.entries(TROUBLES)) {
  Deno.test(`${kind}: ten incidents begin ten times and end ten times`, () => {
    const rig = new Rig().settled();
    for (let i = 0; i < 10; i++) rig.see({ ...HEALTHY, ...trouble }, 60).see(HEALTHY, 60);
    assert.deepEqual(rig.told, Array(10).fill([`${kind} begin`, `${kind} end`]).flat());
  });

  Deno.test(`${kind}: an alarm that is off is never raised`, () => {
    const rig = new Rig({ [kind]: { ...DEFAULTS.events[kind as "outage"], on: false } }).settled();
    rig.see({ ...HEALTHY, ...trouble }, 120).see(HEALTHY, 60);
    const told = rig.told;
    // Without the alarm for the backup, the pool that is left is an alarm of its own.
    assert.deepEqual(told.filter((line) => line.startsWith(kind)), []);
  });
}

Deno.test("what is over before it has lasted long enough is no alarm", () => {
  const rig = new Rig().settled();
  for (let i = 0; i < 20; i++) rig.see({ ...HEALTHY, ...TROUBLES.backup }, 4).see(HEALTHY, 1);
  assert.deepEqual(rig.told, []);
});

Deno.test("a trouble that pauses for seconds is one incident, as long as it was seen", () => {
  const rig = new Rig().settled();
  for (let i = 0; i < 5; i++) rig.see({ ...HEALTHY, ...TROUBLES.backup }, 10).see(HEALTHY, 0.5);
  rig.see(HEALTHY, 5);
  assert.deepEqual(rig.told, ["backup begin", "backup end"]);
  const lasted = rig.news[1]!.lastedMs;
  assert.ok(Math.abs(lasted - 52 * MINUTE_MS) < MINUTE_MS, `lasted ${lasted} ms`);
});

Deno.test("missing machines alarm above the lower of the number and the part", () => {
  for (
    const [count, more_than, more_than_percent, isAlarm] of [
      [4, 4, 2, false],
      [5, 4, 2, true],
      [20, 50, 2, false],
      [21, 50, 2, true],
      [50, 50, 100, false],
      [51, 50, 100, true],
    ] as const
  ) {
    const alarm = { on: true, after_seconds: 600, more_than, more_than_percent };
    const rig = new Rig({ workers_missing: alarm }).settled().see(missing(count), 30);
    assert.equal(rig.told.length > 0, isAlarm, `${count} missing, ${more_than}`);
  }
});

Deno.test("an outage is the only alarm of what follows from it", () => {
  const rig = new Rig().settled();
  const all = Object.assign({}, HEALTHY, TROUBLES.pool_lost, TROUBLES.hashrate, TROUBLES.outage);
  rig.see({ ...all, workers: missing(900).workers }, 120);
  // Miners come back within minutes, their hashrate within a quarter of an hour.
  rig.see({ ...HEALTHY, workers: missing(300).workers, hashrate: 5e16 }, 4);
  rig.see({ ...HEALTHY, hashrate: 8e16, ...TROUBLES.lost_work }, 10);
  rig.see({ ...HEALTHY, ...TROUBLES.lost_work }, 45).see(HEALTHY, 120);
  assert.deepEqual(rig.told, ["outage begin", "outage end"]);
});

Deno.test("an alarm from before an outage ends only after it, once", () => {
  const rig = new Rig().settled().see({ ...HEALTHY, ...TROUBLES.hashrate }, 30);
  rig.see({ ...HEALTHY, ...TROUBLES.outage }, 30).see(HEALTHY, 30);
  assert.deepEqual(
    rig.told,
    ["hashrate begin", "outage begin", "outage end", "hashrate end"],
  );
});

Deno.test("a backup that works says why the preferred pool does not, and no other alarm does", () => {
  const pools = HEALTHY.pools.map((pool) => pool.poolId === 0 ? { ...pool, isLost: true } : pool);
  const rig = new Rig().settled().see({ ...HEALTHY, ...TROUBLES.backup, pools }, 60);
  assert.deepEqual(rig.told, ["backup begin"]);
  assert.match(rig.news[0]!.about, /backup\.example.*instead of main\.example.*closed the conn/);
});

Deno.test("a start, a reload and a pin give the farm time to settle", () => {
  const trouble = { ...HEALTHY, ...TROUBLES.outage };
  const settleMinutes = SETTLING_TIMES.startMs / MINUTE_MS;
  const rig = new Rig().see(trouble, settleMinutes + 0.5).see(HEALTHY, 30);
  assert.deepEqual(rig.told, [], "start");
  const changed = { ...HEALTHY, changes: 1 };
  rig.see({ ...trouble, changes: 1 }, settleMinutes + 0.5).see(changed, 30);
  assert.deepEqual(rig.told, [], "change");
  rig.see({ ...trouble, changes: 2 }, settleMinutes + 2);
  assert.deepEqual(rig.told, ["outage begin"], "a change that went wrong");
});

Deno.test("a farm that comes up slowly after a start is no drop of its hashrate", () => {
  const rig = new Rig();
  const nominal = { usual: undefined, nominal: 1e17 };
  rig.see({ ...HEALTHY, hashrate: 4e16, expected: nominal }, 25);
  rig.see({ ...HEALTHY, expected: nominal }, 10);
  assert.deepEqual(rig.told, []);
  rig.see({ ...HEALTHY, hashrate: 4e16, expected: nominal }, 25);
  assert.deepEqual(rig.told, ["hashrate begin"]);
});

Deno.test("a farm that never comes up after a start is an alarm", () => {
  const expected = { usual: undefined, nominal: 1e17 };
  const rig = new Rig().see({ ...HEALTHY, hashrate: 4e16, expected }, 60);
  assert.deepEqual(rig.told, ["hashrate begin"]);
});

Deno.test("while btcagent stops, nothing begins or ends", () => {
  const rig = new Rig().settled();
  const all = Object.assign({ ...HEALTHY }, ...Object.values(TROUBLES), { isStopping: true });
  assert.deepEqual(rig.see(all, 120).told, []);
});

Deno.test("time in which the process was away makes no alarm", () => {
  const rig = new Rig().settled();
  const trouble = { ...HEALTHY, ...TROUBLES.backup };
  rig.see(trouble, 1);
  // Real time and the clock on the wall jump, attended time does not.
  const { time } = rig;
  const moment = { ...momentAt(time), real: time + 3_600_000 };
  assert.deepEqual(rig.watch.look(trouble, moment), []);
});

Deno.test("a block found is news at once, and a lost one is critical", () => {
  const rig = new Rig().see({ ...HEALTHY, blocks: 3 }, 1);
  rig.see({ ...HEALTHY, blocks: 4, finder: "alice.rig1" }, 1);
  rig.see({ ...HEALTHY, blocks: 4, blocksLost: 1 }, 1);
  assert.deepEqual(rig.news.map(({ level, about }) => [level, about.slice(0, 24)]), [
    ["info", "Block found by alice.rig"],
    ["critical", "1 block may not have rea"],
  ]);
});

Deno.test("an alarm that is switched off during its incident ends it", () => {
  const rig = new Rig().settled().see({ ...HEALTHY, ...TROUBLES.disk }, 10);
  rig.watch.reconfigure({ ...DEFAULTS.events, disk: { on: false, after_seconds: 60 } });
  rig.see({ ...HEALTHY, ...TROUBLES.disk }, 10);
  assert.deepEqual(rig.told, ["disk begin", "disk end"]);
});

Deno.test("property: whatever happens, each incident begins once and ends once, in this order", () => {
  const kinds = Object.keys(TROUBLES);
  const stretch = fc.record({
    troubles: fc.subarray(kinds),
    minutes: fc.integer({ min: 0, max: 90 }),
    changes: fc.integer({ min: 0, max: 2 }),
    isStopping: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 12 }), (stretches) => {
      const rig = new Rig();
      for (const { troubles, minutes, changes, isStopping } of stretches) {
        const farm = Object.assign({ ...HEALTHY }, ...troubles.map((kind) => TROUBLES[kind]));
        rig.see({ ...farm, changes, isStopping: isStopping && minutes < 10 }, minutes);
      }
      rig.see(HEALTHY, 240);
      const open = new Map<number, string>();
      const seen = new Set<number>();
      for (const { incident, phase, kind, lastedMs } of rig.news) {
        if (phase === "begin") {
          assert.ok(!seen.has(incident), "an incident begins twice");
          assert.ok(![...open.values()].includes(kind), `${kind} begins while it is open`);
          seen.add(incident);
          open.set(incident, kind);
        } else {
          assert.ok(open.delete(incident), "an incident ends that is not open");
          assert.ok(lastedMs >= 0);
        }
      }
      assert.equal(open.size, 0, "an incident without an end");
      assert.equal(rig.watch.open, 0);
      assert.equal(rig.watch.count, seen.size);
    }),
    { numRuns: 30 },
  );
});
