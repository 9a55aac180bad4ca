/** When news become a message: together, held back in quiet hours, bounded in number. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { News } from "../../../lib/observe/notify/alarm_watch.ts";
import { Editor, GATHER_MS, MOST_AN_HOUR } from "../../../lib/observe/notify/editor.ts";
import type { Message } from "../../../lib/observe/notify/message.ts";
import { DEFAULTS, momentAt, NOON } from "../../support/alarm_farm.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** An editor that a test moves through time, from noon on. */
class Rig {
  time = 0;
  isClockSet = true;
  readonly messages: { readonly message: Message; readonly at: number }[] = [];
  readonly editor: Editor;
  #incidents = 0;

  constructor(settings: Partial<typeof DEFAULTS> = {}) {
    this.editor = new Editor({ ...DEFAULTS, ...settings });
  }

  get moment() {
    const moment = momentAt(this.time);
    return this.isClockSet ? moment : { ...moment, wall: undefined };
  }

  begin(kind: News["kind"] = "backup"): number {
    const incident = ++this.#incidents;
    this.#add({ kind, phase: "begin", incident, level: "warning", about: `Trouble ${incident}` });
    return incident;
  }

  end(incident: number, kind: News["kind"] = "backup"): void {
    const about = `Trouble ${incident} is over`;
    this.#add({ kind, phase: "end", incident, level: "good", about, lastedMs: 5 * MINUTE_MS });
  }

  #add(
    news: Omit<News, "at" | "lastedMs" | "subject" | "since"> & { readonly lastedMs?: number },
  ): void {
    this.editor.add([{ lastedMs: 0, subject: "", since: 0, ...news, at: this.moment }]);
  }

  run(ms: number): this {
    for (const end = this.time + ms; this.time < end;) {
      this.time += 2_000;
      const message = this.editor.take(this.moment);
      if (message !== undefined) this.messages.push({ message, at: this.time });
    }
    return this;
  }

  get texts(): string[][] {
    return this.messages.map(({ message: { items } }) => items.map(({ text }) => text));
  }
}

Deno.test("alarms that begin within seconds are one message, which names each", () => {
  const rig = new Rig();
  rig.begin();
  rig.run(4_000);
  rig.begin("disk");
  rig.run(MINUTE_MS);
  assert.deepEqual(rig.texts, [["Trouble 1", "Trouble 2"]]);
  assert.equal(rig.messages[0]!.message.title, "Farm 7: 2 alarms");
  assert.ok(rig.messages[0]!.at <= GATHER_MS + 2_000, "it waits no longer than it must");
});

Deno.test("an alarm and its end are a message each, the end with how long it lasted", () => {
  const rig = new Rig();
  const incident = rig.begin();
  rig.run(5 * MINUTE_MS);
  rig.end(incident);
  rig.run(5 * MINUTE_MS);
  assert.deepEqual(rig.texts, [["Trouble 1"], ["Trouble 1 is over, after 5 min"]]);
  assert.deepEqual(rig.messages.map(({ message: { level } }) => level), ["warning", "good"]);
  assert.equal(rig.messages[0]!.message.title, "Farm 7: Trouble 1");
});

Deno.test("two messages are at least at_most_every_minutes apart, and none is lost", () => {
  const rig = new Rig({ at_most_every_minutes: 15 });
  for (let i = 0; i < 10; i++) {
    rig.begin();
    rig.run(3 * MINUTE_MS);
  }
  rig.run(HOUR_MS);
  const gaps = rig.messages.slice(1).map(({ at }, i) => at - rig.messages[i]!.at);
  assert.ok(gaps.every((gap) => gap >= 15 * MINUTE_MS), gaps.join());
  assert.equal(rig.texts.flat().length, 10);
});

Deno.test("beyond 20 messages an hour the rest comes in one, with how many more there are", () => {
  const rig = new Rig({ at_most_every_minutes: 0 });
  for (let i = 0; i < 60; i++) {
    rig.begin();
    rig.run(40_000);
  }
  assert.equal(rig.messages.length, MOST_AN_HOUR);
  rig.run(2 * HOUR_MS);
  assert.equal(rig.messages.length, MOST_AN_HOUR + 1);
  const { items, more, title } = rig.messages.at(-1)!.message;
  assert.equal(items.length + more, 60 - MOST_AN_HOUR);
  assert.equal(title, "Farm 7: 40 alarms");
});

Deno.test("quiet hours hold messages back but for the exceptions, and sum them up afterwards", () => {
  const quiet_hours = { from: "22:00", to: "06:30", except: ["outage"] as const };
  const rig = new Rig({ quiet_hours });
  rig.run(12 * HOUR_MS); // midnight
  const first = rig.begin();
  rig.begin("disk");
  const outage = rig.begin("outage");
  rig.run(HOUR_MS);
  rig.end(first);
  rig.end(outage, "outage");
  rig.run(5 * HOUR_MS);
  assert.deepEqual(rig.texts, [["Trouble 3"], ["Trouble 3 is over, after 5 min"]]);
  rig.run(HOUR_MS);
  assert.equal(rig.messages.length, 3);
  const { message, at } = rig.messages[2]!;
  const minute = new Date(NOON + at);
  assert.equal(minute.getHours() * 60 + minute.getMinutes(), 390, "at the end of quiet hours");
  assert.equal(message.title, "Farm 7: while it was quiet, 1 alarm, 1 other over");
  assert.match(message.items[0]!.text, /^\d{4}-\d\d-\d\d 00:00 Trouble 2$/);
  assert.match(message.items[1]!.text, /01:00 Trouble 1 is over, after 5 min$/);
});

Deno.test("a clock that is not set makes no quiet hours", () => {
  const rig = new Rig({ quiet_hours: { from: "00:00", to: "23:59", except: [] } });
  rig.isClockSet = false;
  rig.begin();
  rig.run(MINUTE_MS);
  assert.deepEqual(rig.texts, [["Trouble 1"]]);
  assert.equal(rig.messages[0]!.message.time, undefined);
});

Deno.test("hours that begin and end at the same time are never quiet", () => {
  const rig = new Rig();
  rig.begin();
  rig.run(MINUTE_MS);
  assert.equal(rig.messages.length, 1);
});

Deno.test("property: of what was added, each is told once, counted, or left out for its end", () => {
  const step = fc.record({
    begins: fc.nat(3),
    ends: fc.nat(3),
    pauseMs: fc.integer({ min: 0, max: 90 * MINUTE_MS }),
  });
  const settings = fc.record({
    at_most_every_minutes: fc.constantFrom(0, 1, 30),
    quiet_hours: fc.constantFrom(
      DEFAULTS.quiet_hours,
      { from: "22:00", to: "06:00", except: [] },
      { from: "11:00", to: "14:00", except: ["backup" as const] },
    ),
  });
  fc.assert(
    fc.property(settings, fc.array(step, { maxLength: 12 }), (given, steps) => {
      const rig = new Rig(given);
      const open: number[] = [];
      let ended = 0;
      for (const { begins, ends, pauseMs } of steps) {
        for (let i = 0; i < begins; i++) open.push(rig.begin());
        for (let i = 0; i < ends && open.length > 0; i++) {
          rig.end(open.shift()!);
          ended++;
        }
        rig.run(pauseMs);
      }
      rig.run(26 * HOUR_MS);
      const texts = rig.texts.flat().map((text) => text.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d /, ""));
      assert.equal(new Set(texts).size, texts.length, "something is told twice");
      const left = rig.messages.reduce((sum, { message: { more } }) => sum + more, 0);
      if (left > 0) return;
      assert.equal(texts.filter((text) => text.includes("is over")).length, ended);
    }),
    { numRuns: 40 },
  );
});
