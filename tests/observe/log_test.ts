/** The log as a whole: which lines come, where to, and that it never gets in the way. */

import assert from "node:assert/strict";
import { mock } from "node:test";
import {
  areaLog,
  changeLog,
  logLevels,
  type LogLine,
  type LogOptions,
  setLogLevel,
  startLog,
  stopLog,
  wantsColour,
} from "../../lib/observe/log.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { formatLocalTime } from "../../lib/observe/local_time.ts";
import type { LogTarget } from "../../lib/observe/log_writer.ts";
import { FakeFile, noSpace, settled } from "../support/fake_file.ts";

const NOON = Date.UTC(2026, 10, 22, 12, 0, 0, 7);

const log = areaLog("pool");

type Settings = Partial<Omit<LogOptions, "targets">>;

/** Runs `body` with the log going to `targets` and the wall clock standing at noon. */
async function logging(
  options: Settings,
  targets: readonly LogTarget[],
  body: () => void | Promise<void>,
): Promise<void> {
  mock.timers.enable({ apis: ["Date", "setInterval", "setTimeout"], now: NOON });
  try {
    startLog({ level: "info", format: "text", ...options, time: systemTime, targets });
    await body();
  } finally {
    await stopLog();
    mock.timers.reset();
  }
}

/** The lines that `body` brings about. */
async function linesOf(
  options: Settings,
  body: () => void | Promise<void>,
): Promise<string[]> {
  const file = new FakeFile();
  await logging(options, [file], body);
  return file.lines;
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
    `${formatLocalTime(NOON)} info    pool   Pool a:1 connected in 12 ms`,
    `${formatLocalTime(NOON)} warning mux    Careful`,
    `${formatLocalTime(NOON)} error   agent  Cannot do it: no disk`,
    `${formatLocalTime(NOON)} debug   miner  Detail`,
  ]);
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

Deno.test("an area with a level of its own has that, the others the common one", async () => {
  const levels = { pool: "debug", miner: "error" } as const;
  const lines = await linesOf({ level: "warning", levels }, () => {
    assert.deepEqual(logLevels(), {
      agent: "warning",
      miner: "error",
      mux: "warning",
      pool: "debug",
    });
    areaLog("pool").debug("Written 1");
    areaLog("miner").warn("Not written");
    areaLog("agent").info("Not written");
    areaLog("agent").warn("Written 2");
  });
  assert.deepEqual(lines.map((line) => line.slice(-9)), ["Written 1", "Written 2"]);
});

Deno.test("levels change at run time, of one area or of all, also of a log made before", async () => {
  const lines = await linesOf({}, () => {
    log.debug("Not written");
    setLogLevel("pool", "debug");
    log.debug("Written 1");
    areaLog("miner").debug("Not written");
    setLogLevel(undefined, "error");
    log.warn("Not written");
    log.error("Written 2");
    assert.equal(logLevels().pool, "error");
  });
  assert.deepEqual(lines.map((line) => line.slice(-9)), ["Written 1", "Written 2"]);
});

Deno.test("a changed configuration changes levels and format of the running log", async () => {
  const lines = await linesOf({ levels: { miner: "debug" } }, () => {
    log.info("First");
    changeLog({ level: "warning", levels: { pool: "debug" }, format: "json" });
    areaLog("miner").info("Not written");
    log.debug("Second");
  });
  assert.equal(lines.length, 2);
  assert.match(lines[0]!, / First$/);
  assert.equal(JSON.parse(lines[1]!).message, "Second");
});

Deno.test("a storm of 10,000 miners that leave is 10 lines and a sum, with its cause", async () => {
  const heard: LogLine[] = [];
  const lines = await linesOf({ heard: (line) => heard.push(line) }, () => {
    const miner = areaLog("miner");
    for (let i = 0; i < 10_000; i++) {
      miner.info("Miner {miner} disconnected: {reason}", {
        miner: `a.${i}`,
        reason: "it was reset",
      });
    }
  });
  assert.equal(lines.length, 11);
  assert.match(lines[9]!, /Miner a\.9 disconnected: it was reset$/);
  assert.match(lines[10]!, / 9990 more in 1 s: Miner … disconnected: it was reset$/);
  assert.deepEqual(heard.map(({ message }) => message), lines.map((line) => line.slice(46)));
});

Deno.test("every target gets every line, and one that fails or stalls costs the others nothing", async () => {
  const [good, full, stuck] = [new FakeFile(), new FakeFile("full.log"), new FakeFile("stuck.log")];
  full.take = noSpace;
  const release = Promise.withResolvers<void>();
  stuck.take = (bytes) => release.promise.then(() => bytes.length);
  await logging({}, [full, stuck, good], async () => {
    for (let i = 0; i < 5; i++) {
      log.info("Line {i}", { i });
      await settled();
      assert.match(good.lines.join(), new RegExp(`Line ${i}`));
    }
    assert.equal(full.text, "");
    assert.equal(stuck.text, "");
    release.resolve();
  });
  assert.equal(stuck.text, good.text);
});

Deno.test("a full disk is said once on the terminal with what to do, whatever the level", async () => {
  const [terminal, file] = [new FakeFile(), new FakeFile("log/btcagent.log")];
  await logging({ level: "error" }, [terminal, file], async () => {
    file.take = noSpace;
    log.error("One");
    await settled();
    log.error("Two");
    mock.timers.tick(10_000);
    await settled();
    assert.deepEqual(terminal.lines.map((line) => line.slice(31)), [
      "error   pool   One",
      "error   agent  Cannot write the log to log/btcagent.log: No space left on device " +
      "(os error 28). Free disk space or repair the folder. Mining continues, log lines wait, " +
      "retrying every 10 s",
      "error   pool   Two",
    ]);
    file.take = (bytes) => Promise.resolve(bytes.length);
    mock.timers.tick(10_000);
    await settled();
    assert.match(
      terminal.lines.at(-1)!,
      /warning agent {2}The log is written to log\/btcagent\.log again; lines lost: 0$/,
    );
    assert.equal(terminal.lines.length, 4);
  });
  assert.equal(file.text, terminal.text, "the file has all of it, in the same order");
});

Deno.test("values that cannot be printed never throw when they are logged", async () => {
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
      for (const value of values) log.info("Value {value} {reason}", { value, reason: value });
      log.info("Still there");
    });
    assert.equal(lines.length, values.length + 1);
    assert.match(lines.at(-1)!, /Still there/);
  }
});

Deno.test("what is logged before the log is started goes nowhere, neither then nor later", async () => {
  const write = mock.method(Deno.stderr, "write", () => Promise.resolve(0));
  const writeSync = mock.method(Deno.stderr, "writeSync", () => 0);
  try {
    log.error("Nobody hears {what}", { what: "this" });
    await settled();
    assert.deepEqual([write.mock.callCount(), writeSync.mock.callCount()], [0, 0]);
  } finally {
    write.mock.restore();
    writeSync.mock.restore();
  }
  const lines = await linesOf({}, () => log.info("Somebody hears this"));
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /Somebody hears this/);
});

Deno.test("the log can be stopped and started again", async () => {
  for (const word of ["first", "second"]) {
    const lines = await linesOf({}, () => log.info(word));
    assert.equal(lines.length, 1);
    assert.ok(lines[0]!.endsWith(word));
  }
});

Deno.test("stopping waits for the write under way, but not forever", async () => {
  const slow = new FakeFile();
  const release = Promise.withResolvers<void>();
  slow.take = (bytes) => release.promise.then(() => bytes.length);
  startLog({ level: "info", format: "text", time: systemTime, targets: [slow] });
  log.info("Goodbye");
  const stopped = stopLog();
  release.resolve();
  await stopped;
  assert.match(slow.text, /Goodbye/);

  const stuck = new FakeFile();
  stuck.take = () => new Promise(() => {});
  startLog({ level: "info", format: "text", time: systemTime, targets: [stuck] });
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

Deno.test("colour is for terminals only, and not where NO_COLOR is set", () => {
  const terminal = { ...new FakeFile(), write: noSpace, isTerminal: () => true };
  assert.equal(wantsColour(terminal, false), true);
  assert.equal(wantsColour(terminal, true), false);
  assert.equal(wantsColour({ write: noSpace, isTerminal: () => false }, false), false);
  assert.equal(wantsColour(new FakeFile("a.log"), false), false);
});
