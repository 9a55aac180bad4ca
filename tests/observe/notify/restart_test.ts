/** Incidents that last over a restart: no second beginning, and an end. */

import assert from "node:assert/strict";
import { KeptIncidents } from "../../../lib/app/kept_incidents.ts";
import { AlarmWatch, type News } from "../../../lib/observe/notify/alarm_watch.ts";
import type { ToldIncident } from "../../../lib/observe/notify/incident_memory.ts";
import { Editor } from "../../../lib/observe/notify/editor.ts";
import { Notifications } from "../../../lib/observe/notify/notifications.ts";
import type { FarmSnapshot } from "../../../lib/observe/notify/snapshot.ts";
import { DEFAULTS, HEALTHY, momentAt, TROUBLES } from "../../support/alarm_farm.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { HistoryRig } from "../../support/history_rig.ts";

const STEP_MS = 2_000;
const MINUTE_MS = 60_000;

/** A farm whose agent may be restarted; its monotonic time begins again with each. */
class Farm {
  readonly memory = new KeptIncidents(undefined);
  readonly news: News[] = [];
  #wall = 0;
  #startedAt = 0;
  #watch = this.#start();

  #start(): AlarmWatch {
    this.#startedAt = this.#wall;
    const before = this.memory.open.map(({ kind, subject, since }) => ({
      kind,
      subject,
      since: since! - this.#wall,
    }));
    return new AlarmWatch(DEFAULTS.events, 0, undefined, { before, real: 0 });
  }

  see(farm: FarmSnapshot, minutes: number): this {
    for (const end = this.#wall + minutes * MINUTE_MS; this.#wall < end; this.#wall += STEP_MS) {
      const news = this.#watch.look(farm, momentAt(this.#wall - this.#startedAt));
      for (const { kind, phase, subject, since } of news) {
        assert.ok(kind !== "block");
        if (phase === "begin") {
          this.memory.started({ kind, subject, since: this.#startedAt + since });
        } else this.memory.ended({ kind, subject });
      }
      this.news.push(...news);
    }
    return this;
  }

  restart(downMinutes = 1): this {
    this.#wall += downMinutes * MINUTE_MS;
    this.#watch = this.#start();
    return this;
  }

  get told(): string[] {
    return this.news.map(({ kind, phase }) => `${kind} ${phase}`);
  }
}

for (const [kind, trouble] of Object.entries(TROUBLES)) {
  Deno.test(`${kind}: an incident that lasts over two restarts begins once and ends once`, () => {
    const farm = new Farm().see(HEALTHY, 10);
    const troubled = { ...HEALTHY, ...trouble };
    farm.see(troubled, 60).restart().see(troubled, 60).restart(10).see(troubled, 60);
    assert.deepEqual(farm.told, [`${kind} begin`]);
    farm.see(HEALTHY, 120);
    assert.deepEqual(farm.told, [`${kind} begin`, `${kind} end`]);
    const minutes = farm.news[1]!.lastedMs / MINUTE_MS;
    assert.ok(Math.abs(minutes - 191) < 2, `lasted ${minutes} minutes`);
  });

  Deno.test(`${kind}: an incident that a restart cures has its end, once`, () => {
    const farm = new Farm().see(HEALTHY, 10).see({ ...HEALTHY, ...trouble }, 60);
    farm.restart().see(HEALTHY, 120).restart().see(HEALTHY, 120);
    assert.deepEqual(farm.told, [`${kind} begin`, `${kind} end`]);
    const minutes = farm.news[1]!.lastedMs / MINUTE_MS;
    assert.ok(Math.abs(minutes - 61) < 2, `lasted ${minutes} minutes`);
  });
}

for (const kind of ["workers_silent", "workers_weak", "lost_work"]) {
  Deno.test(`${kind}: found again only half an hour after a restart, it is the same incident`, () => {
    const troubled = { ...HEALTHY, ...TROUBLES[kind] };
    const farm = new Farm().see(HEALTHY, 10).see(troubled, 60);
    farm.restart().see(HEALTHY, 30).see(troubled, 60).see(HEALTHY, 120);
    assert.deepEqual(farm.told, [`${kind} begin`, `${kind} end`]);
  });
}

Deno.test("what quiet hours held back before a restart is told after it", () => {
  const told: News[] = [];
  const quiet = { from: "00:00", to: "23:59", except: [] };
  const editor = new Editor({ ...DEFAULTS, quiet_hours: quiet }, 0, (news) => told.push(...news));
  const at = momentAt(0);
  const news = { kind: "disk", phase: "begin", subject: "", since: 0, incident: 1 } as const;
  editor.add([{ ...news, level: "warning", about: "Cannot write", lastedMs: 0, at }]);
  assert.equal(editor.take(momentAt(MINUTE_MS)), undefined);
  assert.deepEqual(told, [], "nobody was told: it is to begin after a restart");
  editor.reconfigure({ ...DEFAULTS, at_most_every_minutes: 0 });
  assert.ok(editor.take(momentAt(2 * MINUTE_MS)));
  assert.equal(told.length, 1);
});

Deno.test("notifications remember what was told, with the time of day at which it began", () => {
  const memory = new KeptIncidents(undefined);
  const settings = { ...DEFAULTS, at_most_every_minutes: 0 };
  const start = () =>
    new Notifications({
      settings,
      startedAt: momentAt(0),
      time: new FakeTime(),
      times: { gatherMs: 0 },
      memory,
    });
  const before = start();
  const troubled = { ...HEALTHY, ...TROUBLES.account_outage };
  for (let ms = 0; ms < 20 * MINUTE_MS; ms += STEP_MS) before.look(troubled, momentAt(ms));
  const [one] = memory.open;
  const { wall } = momentAt(2 * MINUTE_MS);
  assert.deepEqual(one, { kind: "account_outage", subject: "alice", since: wall });
  before.stop();
  const after = start();
  for (let ms = 0; ms < 20 * MINUTE_MS; ms += STEP_MS) after.look(HEALTHY, momentAt(ms));
  assert.deepEqual(memory.open, []);
  after.stop();
});

Deno.test("the history keeps open incidents and their hostile names over a restart, and no closed one", () => {
  using rig = new HistoryRig();
  const names = ["bob", "with two words", "\u202e<b>@everyone", ""];
  const incidents = names.map((subject, i): ToldIncident => ({
    kind: "account_outage",
    subject,
    since: i === 1 ? undefined : rig.wall + i,
  }));
  {
    const store = rig.open();
    const kept = new KeptIncidents(() => store);
    assert.deepEqual(kept.open, []);
    for (const incident of incidents) kept.started(incident);
    kept.started({ kind: "outage", subject: "", since: rig.wall });
    kept.ended({ kind: "outage", subject: "" });
    // Another version may know other kinds.
    store.learn("incident", "earthquake ", rig.wall);
    store.learn("incident", "nothing", rig.wall);
    store.close();
  }
  const store = rig.open();
  const sorted = (all: readonly ToldIncident[]) =>
    all.toSorted((a, b) => a.subject < b.subject ? -1 : 1);
  assert.deepEqual(sorted(new KeptIncidents(() => store).open), sorted(incidents));
  store.close();
});

Deno.test("without a history, incidents are remembered for as long as the program runs", () => {
  const kept = new KeptIncidents(() => undefined);
  kept.started({ kind: "backup", subject: "", since: 5_000 });
  assert.equal(kept.open.length, 1);
  assert.deepEqual(new KeptIncidents(() => undefined).open, []);
});
