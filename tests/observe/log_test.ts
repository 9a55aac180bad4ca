/**
 * The log: what lines look like, how many there may be, and that it never gets in the way.
 *
 * LogTape is set up once for a whole process, so each test starts the log and stops it again.
 */

import assert from "node:assert/strict";
import { mock } from "node:test";
import {
  areaLog,
  type LogOptions,
  type LogTarget,
  startLog,
  stopLog,
} from "../../lib/observe/log.ts";

const NOON = Date.UTC(2026, 10, 22, 12, 0, 0, 7);

const decoder = new TextDecoder("utf-8", { fatal: true });
const log = areaLog("pool");

/** A file that takes everything, or what `take` says. */
class FakeFile implements LogTarget {
  readonly #bytes: number[] = [];
  take: (bytes: Uint8Array) => Promise<number> = (bytes) => Promise.resolve(bytes.length);

  async write(bytes: Uint8Array): Promise<number> {
    const count = await this.take(bytes);
    for (const byte of bytes.subarray(0, count)) this.#bytes.push(byte);
    return count;
  }

  get text(): string {
    return decoder.decode(Uint8Array.from(this.#bytes));
  }

  get lines(): string[] {
    const lines = this.text.split("\n");
    assert.equal(lines.pop(), "", "the last line is whole");
    return lines;
  }
}

/** Runs `body` with the log going to `targets` and time standing at noon. */
async function logging(
  options: Partial<Omit<LogOptions, "targets">>,
  targets: readonly LogTarget[],
  body: () => void | Promise<void>,
): Promise<void> {
  mock.timers.enable({ apis: ["Date", "setInterval"], now: NOON });
  try {
    await startLog({ level: "info", format: "text", ...options, targets });
    await body();
  } finally {
    await stopLog();
    mock.timers.reset();
  }
}

/** The lines that `body` brings about. */
async function linesOf(
  options: Partial<Omit<LogOptions, "targets">>,
  body: () => void | Promise<void>,
): Promise<string[]> {
  const file = new FakeFile();
  await logging(options, [file], body);
  return file.lines;
}

async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

Deno.test("a line for people has time, level, area and message in columns", async () => {
  const lines = await linesOf({ level: "debug" }, () => {
    log.info("Pool {pool} connected in {ms} ms", { pool: "a:1", ms: 12 });
    areaLog("mux").warn("Careful");
    areaLog("agent").error("Cannot do {what}: {error}", {
      what: "it",
      error: new Error("no disk"),
    });
    areaLog("miner").debug("Detail");
  });
  assert.deepEqual(lines, [
    "2026-11-22 12:00:00.007 info    pool   Pool a:1 connected in 12 ms",
    "2026-11-22 12:00:00.007 warning mux    Careful",
    "2026-11-22 12:00:00.007 error   agent  Cannot do it: no disk",
    "2026-11-22 12:00:00.007 debug   miner  Detail",
  ]);
});

Deno.test("a line for programs is one JSON object with the values beside the message", async () => {
  const lines = await linesOf({ format: "json" }, () => {
    log.info("Pool {pool} lost: {error}", { pool: "a:1", error: new Error("reset"), number: 3 });
  });
  assert.deepEqual(lines.map((line) => JSON.parse(line)), [{
    time: "2026-11-22T12:00:00.007Z",
    level: "info",
    area: "pool",
    message: "Pool a:1 lost: reset",
    pool: "a:1",
    error: "reset",
    number: 3,
  }]);
});

Deno.test("a value cannot pass for the time, level, area or message of its line", async () => {
  const [line] = await linesOf({ format: "json" }, () => {
    log.info("{message}", { time: "never", level: "fatal", area: "bank", message: "hello", x: 1 });
  });
  assert.deepEqual(JSON.parse(line!), {
    time: "2026-11-22T12:00:00.007Z",
    level: "info",
    area: "pool",
    message: "hello",
    x: 1,
  });
});

Deno.test("control characters of a peer reach neither terminal nor line structure", async () => {
  const nasty = "a\nb\r\x1b[2J\x00\x7f\x9b31m\tz";
  const write = () => log.info("Found {text}", { text: nasty });
  assert.deepEqual(await linesOf({}, write), [
    "2026-11-22 12:00:00.007 info    pool   Found a?b??[2J???31m?z",
  ]);
  const [json] = await linesOf({ format: "json" }, write);
  // deno-lint-ignore no-control-regex -- these must not be there
  assert.doesNotMatch(json!, /[\x00-\x1f\x7f-\x9f]/);
  assert.equal(JSON.parse(json!).text, nasty, "the value itself is kept, escaped");
  assert.equal(JSON.parse(json!).message, "Found a?b??[2J???31m?z");
});

for (
  const [level, expected] of [
    ["debug", ["debug", "info", "warning", "error"]],
    ["info", ["info", "warning", "error"]],
    ["warning", ["warning", "error"]],
    ["error", ["error"]],
  ] as const
) {
  Deno.test(`at level ${level} nothing less severe is written`, async () => {
    const lines = await linesOf({ level, format: "json" }, () => {
      log.debug("d");
      log.info("i");
      log.warn("w");
      log.error("e");
    });
    assert.deepEqual(lines.map((line) => JSON.parse(line).level), expected);
  });
}

Deno.test("of one kind of line 100 pass in 10 s; how many were left out is said behind them", async () => {
  const lines = await linesOf({}, async () => {
    for (let i = 1; i <= 250; i++) log.info("Miner {miner} out", { miner: i });
    log.info("Another kind");
    mock.timers.tick(9999);
    log.info("Miner {miner} out", { miner: "too early" });
    mock.timers.tick(1);
    log.info("Miner {miner} out", { miner: "again" });
    log.info("Miner {miner} out", { miner: "and again" });
    mock.timers.tick(10_000);
    log.info("Miner {miner} out", { miner: "later" });
    await settled();
  });
  const messages = lines.map((line) =>
    line.slice("2026-11-22 12:00:00.007 info    pool   ".length)
  );
  assert.deepEqual(
    messages.slice(0, 100),
    Array.from({ length: 100 }, (_, i) => `Miner ${i + 1} out`),
  );
  assert.deepEqual(messages.slice(100), [
    "Another kind",
    "(151 more lines like this were left out) Miner too early out",
    "Miner again out",
    "Miner and again out",
    "Miner later out",
  ]);
});

Deno.test("what was left out is said when the window is over, or at the end, without a next one", async () => {
  const after = await linesOf({}, async () => {
    for (let i = 1; i <= 150; i++) log.info("Miner {miner} in", { miner: i });
    mock.timers.tick(20_000);
    await settled();
    log.info("Later");
  });
  assert.match(after.at(-2)!, /\(50 more lines like this were left out\) Miner 150 in$/);
  assert.equal(after.length, 102);

  const atTheEnd = await linesOf({}, () => {
    for (let i = 1; i <= 150; i++) log.info("Miner {miner} in", { miner: i });
  });
  assert.match(atTheEnd.at(-1)!, /\(50 more lines like this were left out\) Miner 150 in$/);
});

Deno.test("a clock that is set back does not silence the log", async () => {
  const lines = await linesOf({}, () => {
    for (let i = 0; i < 200; i++) log.info("Tick");
    mock.timers.setTime(NOON - 3_600_000);
    log.info("Tick");
  });
  assert.equal(lines.length, 102);
});

Deno.test("every target gets every line, and one that fails or stalls costs the others nothing", async () => {
  const [good, full, stuck] = [new FakeFile(), new FakeFile(), new FakeFile()];
  full.take = () => Promise.reject(new Error("No space left on device (os error 28)"));
  const release = Promise.withResolvers<void>();
  stuck.take = (bytes) => release.promise.then(() => bytes.length);
  await logging({}, [full, stuck, good], async () => {
    for (let i = 0; i < 5; i++) {
      log.info("Line {i}", { i });
      await settled();
      assert.equal(good.lines.length, i + 1);
    }
    assert.equal(full.text, "");
    assert.equal(stuck.text, "");
    release.resolve();
  });
  assert.equal(stuck.text, good.text);
});

Deno.test("a disk that has room again is told how many lines are missing", async () => {
  for (const format of ["text", "json"] as const) {
    const file = new FakeFile();
    await logging({ format }, [file], async () => {
      file.take = () => Promise.reject(new Error("No space left on device (os error 28)"));
      log.info("One");
      log.info("Two");
      await settled();
      log.info("Three");
      await settled();
      file.take = (bytes) => Promise.resolve(bytes.length);
      log.info("Four");
    });
    const [four, note, ...more] = file.lines;
    assert.match(four!, /Four/);
    assert.match(note!, /\(3 log lines were lost: they could not be written\)/);
    assert.deepEqual(more, []);
    if (format === "json") assert.equal(JSON.parse(note!).level, "warning");
  }
});

for (
  const [how, take] of [
    ["throws instead of rejecting", () => {
      throw new Error("bad file descriptor");
    }],
    ["takes nothing and says so", () => Promise.resolve(0)],
  ] as const
) {
  Deno.test(`a target that ${how} is tried again with the next line`, async () => {
    const file = { text: "", broken: true };
    const target: LogTarget = {
      write(bytes) {
        if (file.broken) return take();
        file.text += decoder.decode(bytes);
        return Promise.resolve(bytes.length);
      },
    };
    await logging({}, [target], async () => {
      log.info("Lost");
      await settled();
      file.broken = false;
      log.info("Found");
    });
    assert.match(file.text, /Found\n.*\(1 log lines were lost/);
  });
}

Deno.test("a target that takes a few bytes at a time gets whole lines, in order", async () => {
  const file = new FakeFile();
  let turn = 0;
  file.take = (bytes) => Promise.resolve(Math.min(bytes.length, 1 + turn++ % 7));
  await logging({}, [file], async () => {
    for (let i = 0; i < 20; i++) {
      log.info("Line {i} ☃", { i });
      if (i % 3 === 0) await settled();
    }
  });
  assert.deepEqual(
    file.lines.map((line) => line.replace(/^.*Line/, "Line")),
    Array.from({ length: 20 }, (_, i) => `Line ${i} ☃`),
  );
});

Deno.test("lines for a target that stands still are bounded, and the loss is said", async () => {
  const file = new FakeFile();
  const release = Promise.withResolvers<void>();
  file.take = (bytes) => release.promise.then(() => bytes.length);
  await logging({}, [file], async () => {
    log.info("First");
    await settled();
    // As many kinds as lines, so that the rate is not what bounds them.
    for (let i = 0; i < 12_000; i++) log.info(`Kind ${i}`);
    release.resolve();
  });
  assert.equal(file.lines.length, 1 + 10_000 + 1);
  assert.match(file.lines.at(-1)!, /\(2000 log lines were lost/);
});

Deno.test("values that cannot be printed never throw at whoever logs", async () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  const values = [
    Object.create(null),
    { toString: () => assert.fail("asked") },
    { toJSON: () => assert.fail("asked") },
    cycle,
    10n,
    Symbol("s"),
    undefined,
    null,
    () => {},
  ];
  for (const format of ["text", "json"] as const) {
    const lines = await linesOf({ format }, () => {
      for (const value of values) log.info("Value {value}", { value });
      log.info("Still there");
    });
    assert.ok(lines.some((line) => line.includes("Still there")));
  }
});

Deno.test("a place in a message that was given no value is seen to be missing", async () => {
  const [line] = await linesOf({}, () => log.info("Miner {miner} out: {reason}", { miner: "a" }));
  assert.match(line!, /Miner a out: undefined$/);
});

Deno.test("before the log is started, logging does nothing", () => {
  log.error("Nobody hears {what}", { what: "this" });
});

Deno.test("the log can be stopped and started again", async () => {
  for (const word of ["first", "second"]) {
    const lines = await linesOf({}, () => log.info(word));
    assert.equal(lines.length, 1);
    assert.ok(lines[0]!.endsWith(word));
  }
});

Deno.test("stopping waits for what is being written, but not for ever", async () => {
  const slow = new FakeFile();
  const release = Promise.withResolvers<void>();
  slow.take = (bytes) => release.promise.then(() => bytes.length);
  await startLog({ level: "info", format: "text", targets: [slow] });
  log.info("Goodbye");
  const stopped = stopLog();
  release.resolve();
  await stopped;
  assert.match(slow.text, /Goodbye/);

  const stuck = new FakeFile();
  stuck.take = () => new Promise(() => {});
  await startLog({ level: "info", format: "text", targets: [stuck] });
  log.info("Goodbye");
  await settled();
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const over = stopLog();
    mock.timers.tick(1000);
    await over;
  } finally {
    mock.timers.reset();
  }
});
