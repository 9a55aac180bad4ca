/** A reader of the stream that comes back gets what it missed, or is told that it cannot. */

import assert from "node:assert/strict";
import * as v from "valibot";
import { systemTime } from "../../lib/base/system_time.ts";
import { RecentEvents } from "../../lib/observe/recent_events.ts";
import { StatusBounds } from "../../lib/observe/status/bounds.ts";
import { formatPosition, parsePosition, replayFor } from "../../lib/observe/status/resume.ts";
import type { EventShape } from "../../lib/observe/status/shapes.ts";
import { StatusStream } from "../../lib/observe/status/stream.ts";
import { MissedSchema } from "../../lib/observe/status/stream_shapes.ts";
import { Turns } from "../../lib/observe/status/turns.ts";
import { EventReader } from "../support/event_reader.ts";
import { FakeStatus } from "../support/fake_status.ts";
import { FakeTime } from "../support/fake_time.ts";
import { FarmServer } from "../browser/farm_server.ts";
import { FakeFarm } from "../browser/fake_farm.ts";

/** A line of the log with this number. */
const line = (number: number, message = `line ${number}`): EventShape => ({
  number,
  time: new Date(number).toISOString(),
  level: "info",
  area: "pool",
  message,
});

const lines = (from: number, to: number): EventShape[] =>
  Array.from({ length: to - from + 1 }, (_, place) => line(from + place));

const NOW = { run: "r1", line: 300, sample: 1000 };
const KEPT = lines(45, 300);

for (
  const [what, id, first, samples, missed] of [
    ["has everything", "r1.300.1000", undefined, 0, undefined],
    ["was away for a moment", "r1.298.999", 299, 1, undefined],
    ["has just all that is kept to catch up", "r1.44.640", 45, 360, undefined],
    ["was away too long", "r1.40.639", 45, 360, { reason: "away", events: 4, samples: 1 }],
    [
      "comes from another run",
      "r0.298.999",
      undefined,
      0,
      { reason: "restarted", events: null, samples: null },
    ],
    [
      "says what no event ever had",
      "1; DROP",
      undefined,
      0,
      { reason: "restarted", events: null, samples: null },
    ],
    ["is ahead of us", "r1.9999.9999", undefined, 0, undefined],
  ] as const
) {
  Deno.test(`a reader that ${what} gets what it missed`, () => {
    const replay = replayFor(id, NOW, KEPT, 360);
    assert.equal(replay.lines[0]?.number, first);
    if (first !== undefined) assert.equal(replay.lines.at(-1)!.number, 300);
    assert.equal(replay.samples, samples);
    assert.deepEqual(replay.missed, missed);
  });
}

Deno.test("long lines are replayed up to a bound, the last first, and the rest is said to be missed", () => {
  const kept = Array.from({ length: 256 }, (_, place) => line(place + 1, "🙂".repeat(500)));
  const now = { run: "r", line: 256, sample: 0 };
  const { lines, missed } = replayFor("r.0.0", now, kept, 0);
  const bytes = new TextEncoder().encode(JSON.stringify(lines)).length;
  assert.ok(bytes <= 128 * 1024 && bytes > 64 * 1024, `${bytes} bytes`);
  assert.equal(lines.at(-1)!.number, 256);
  assert.deepEqual(missed, { reason: "away", events: 256 - lines.length, samples: 0 });
});

Deno.test("the id of an event reads back as the position it was made of", () => {
  assert.deepEqual(parsePosition(formatPosition(NOW)), NOW);
  for (const id of ["", "r1", "r1.1", "r1.1.1.1", "R.1.1", "r.-1.1", `r.${"9".repeat(16)}.1`]) {
    assert.equal(parsePosition(id), undefined, id);
  }
});

/** Time passes in steps, so that answers that are made in turns are ready at their time. */
const STEP_MS = 10;

/** A stream over a log, on made-up time. */
class Rig {
  readonly time = new FakeTime();
  readonly log = new RecentEvents();
  readonly turns = new Turns(this.time);
  readonly stream: StatusStream;
  #logged = 0;

  constructor() {
    const fake = new FakeStatus();
    fake.events = () =>
      this.log.list().map(({ number, timestamp, level, area, message }) => ({
        number,
        time: new Date(timestamp).toISOString(),
        level,
        area,
        message,
      }));
    this.stream = new StatusStream({
      source: fake,
      control: undefined,
      turns: this.turns,
      bounds: new StatusBounds(this.time.now),
      time: this.time,
    });
    this.stream.start();
  }

  say(count: number): void {
    for (let i = 0; i < count; i++) {
      const message = `line ${++this.#logged}`;
      this.log.add({ timestamp: 1, level: "info", area: "pool", message });
    }
  }

  /** Watches from where `lastEventId` says. */
  async watch(lastEventId: string): Promise<EventReader> {
    const answer = this.stream.watch({ mayChange: false, lastEventId });
    return new EventReader(await this.#whileTimePasses(answer));
  }

  /** The next event of a kind, for which time passes. */
  next(reader: EventReader, kind: string): Promise<unknown> {
    return this.#whileTimePasses(reader.next(kind));
  }

  /** Lets time pass, and what waits for it run. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) await this.#step();
  }

  async #whileTimePasses<T>(wanted: Promise<T>): Promise<T> {
    let isHere = false;
    const here = wanted.finally(() => isHere = true);
    while (!isHere) await this.#step();
    return await here;
  }

  async #step(): Promise<void> {
    this.time.advance(STEP_MS);
    await new Promise<void>((resolve) => this.time.nextTurn(resolve));
  }

  [Symbol.dispose](): void {
    this.stream.stop();
    this.turns.stop();
  }
}

const messages = (events: unknown): string[] =>
  (events as EventShape[]).map(({ message }) => message);

Deno.test("a watcher that comes back has each line and sample once, over a break without any watcher", async () => {
  using rig = new Rig();
  rig.say(3);
  const first = await rig.watch("");
  await rig.next(first, "state");
  assert.equal(first.retryMs, 2000);
  rig.say(2);
  assert.deepEqual(messages(await rig.next(first, "events")), ["line 4", "line 5"]);
  const id = first.lastId;
  await first.close();
  rig.say(4);
  await rig.pass(20_100);
  const second = await rig.watch(id);
  assert.deepEqual(
    messages(await rig.next(second, "events")),
    ["line 6", "line 7", "line 8", "line 9"],
  );
  assert.ok(Array.isArray(await rig.next(second, "sample")));
  assert.ok(Array.isArray(await rig.next(second, "sample")));
  assert.equal(second.lastId, "", "were it cut here, it would ask for all of it again");
  await rig.next(second, "marks");
  assert.notEqual(second.lastId, "");
  await rig.next(second, "state");
  rig.say(1);
  assert.deepEqual(messages(await rig.next(second, "events")), ["line 10"]);
  await second.close();
});

Deno.test("a watcher that was away for more lines than are kept is told how many it missed", async () => {
  using rig = new Rig();
  rig.say(1);
  const first = await rig.watch("");
  await rig.next(first, "state");
  const id = first.lastId;
  await first.close();
  rig.say(300);
  const second = await rig.watch(id);
  const missed = v.parse(MissedSchema, await rig.next(second, "missed"));
  assert.deepEqual(missed, { reason: "away", events: 44, samples: 0 });
  assert.equal(messages(await rig.next(second, "events")).length, 256);
  await second.close();
});

Deno.test("a watcher that comes back over HTTP to a new run is told that it is one", async () => {
  let id = "";
  {
    await using server = new FarmServer(new FakeFarm(1));
    const events = new EventReader(await fetch(`${server.url}api/v1/stream`));
    await events.next("state");
    id = events.lastId;
    await events.close();
    const again = await fetch(`${server.url}api/v1/stream`, { headers: { "last-event-id": id } });
    const resumed = new EventReader(again);
    await resumed.next("marks");
    assert.equal(resumed.lastId, id);
    await resumed.close();
  }
  await using server = new FarmServer(new FakeFarm(1), {
    wallNow: () => systemTime.wallNow() + 1_000,
  });
  const headers = { "last-event-id": id };
  const events = new EventReader(await fetch(`${server.url}api/v1/stream`, { headers }));
  const missed = v.parse(MissedSchema, await events.next("missed"));
  assert.equal(missed.reason, "restarted");
  await events.close();
});
