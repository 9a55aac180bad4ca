/** The files of the log on a real disk: their sizes and number, and what happens to them. */

import assert from "node:assert/strict";
import { mock } from "node:test";
import { LogFile, type LogFileLimits } from "../../lib/observe/log_file.ts";

const encoder = new TextEncoder();

/** Runs `body` with a log in a folder that goes away with it. */
async function withLog(
  limits: LogFileLimits,
  body: (log: LogFile, folder: string) => Promise<void>,
): Promise<void> {
  const parent = await Deno.makeTempDir();
  const log = new LogFile(`${parent}/a/log`, limits);
  try {
    await body(log, log.directory);
  } finally {
    log.close();
    await Deno.remove(parent, { recursive: true });
  }
}

async function write(log: LogFile, ...lines: string[]): Promise<void> {
  for (const line of lines) await log.write(encoder.encode(`${line}\n`));
}

/** The files by name, with their lines. */
async function filesIn(folder: string): Promise<Record<string, string[]>> {
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  const texts = await Promise.all(names.map((name) => Deno.readTextFile(`${folder}/${name}`)));
  return Object.fromEntries(names.map((name, i) => [name, texts[i]!.split("\n").slice(0, -1)]));
}

const WIDE: LogFileLimits = { maxFileBytes: 1_000_000, maxFiles: 5 };
/** Room for two lines of three letters. */
const NARROW: LogFileLimits = { maxFileBytes: 8, maxFiles: 3 };

Deno.test("folders are made, and a restart adds to the file it finds", async () => {
  await withLog(WIDE, async (log, folder) => {
    await write(log, "one");
    log.close();
    const next = new LogFile(folder, WIDE);
    await write(next, "two");
    next.close();
    assert.deepEqual(await filesIn(folder), { "btcagent.log": ["one", "two"] });
  });
});

Deno.test({
  name: "a pipe in place of the log is named, not waited for",
  ignore: Deno.build.os === "windows",
  async fn() {
    await withLog(WIDE, async (log, folder) => {
      await Deno.mkdir(folder, { recursive: true });
      await new Deno.Command("mkfifo", { args: [log.path] }).output();
      await assert.rejects(write(log, "one"), /btcagent\.log is a pipe; remove it/);
      await Deno.remove(log.path);
      await write(log, "two");
      assert.deepEqual(await filesIn(folder), { "btcagent.log": ["two"] });
    });
  },
});

Deno.test("a file that would grow too long becomes the first of the older ones, up to a number", async () => {
  await withLog(NARROW, async (log, folder) => {
    await write(log, "111", "222", "333");
    assert.deepEqual(await filesIn(folder), {
      "btcagent.1.log": ["111", "222"],
      "btcagent.log": ["333"],
    });
    await write(log, "444", "555", "666", "777", "888", "999");
    assert.deepEqual(await filesIn(folder), {
      "btcagent.1.log": ["777", "888"],
      "btcagent.2.log": ["555", "666"],
      "btcagent.log": ["999"],
    });
  });
});

Deno.test("a restart counts what the file already has", async () => {
  await withLog(NARROW, async (log, folder) => {
    await write(log, "111", "222");
    log.close();
    const next = new LogFile(folder, NARROW);
    await write(next, "333");
    next.close();
    assert.deepEqual((await filesIn(folder))["btcagent.1.log"], ["111", "222"]);
  });
});

Deno.test("a line longer than a file may be has a file of its own", async () => {
  await withLog(NARROW, async (log, folder) => {
    await write(log, "a long line");
    assert.deepEqual(await filesIn(folder), { "btcagent.log": ["a long line"] });
    await write(log, "1", "as long again", "2");
    assert.deepEqual(await filesIn(folder), {
      "btcagent.1.log": ["as long again"],
      "btcagent.2.log": ["1"],
      "btcagent.log": ["2"],
    });
  });
});

Deno.test("limits that were changed hold at once, and files that are too many are removed", async () => {
  await withLog({ maxFileBytes: 4, maxFiles: 6 }, async (log, folder) => {
    await write(log, "111", "222", "333", "444", "555", "666");
    assert.equal(Object.keys(await filesIn(folder)).length, 6);
    log.limits = { maxFileBytes: 4, maxFiles: 2 };
    await write(log, "777");
    assert.deepEqual(await filesIn(folder), { "btcagent.1.log": ["666"], "btcagent.log": ["777"] });
  });
});

Deno.test("a file or folder that was removed is created again with the next line", async () => {
  await withLog(WIDE, async (log, folder) => {
    await write(log, "one");
    await Deno.remove(`${folder}/btcagent.log`);
    await write(log, "two");
    assert.deepEqual(await filesIn(folder), { "btcagent.log": ["two"] });
    await Deno.remove(`${folder}/..`, { recursive: true });
    await write(log, "three");
    assert.deepEqual(await filesIn(folder), { "btcagent.log": ["three"] });
  });
});

Deno.test("a file that logrotate moved or emptied is left to it", async () => {
  await withLog(NARROW, async (log, folder) => {
    await write(log, "111");
    await Deno.rename(`${folder}/btcagent.log`, `${folder}/moved`);
    await write(log, "222", "333");
    assert.deepEqual(await filesIn(folder), { "btcagent.log": ["222", "333"], moved: ["111"] });
    await Deno.truncate(`${folder}/btcagent.log`);
    await write(log, "444");
    assert.deepEqual(await filesIn(folder), { "btcagent.log": ["444"], moved: ["111"] });
    await Deno.rename(`${folder}/btcagent.log`, `${folder}/moved`);
    await Deno.writeTextFile(`${folder}/btcagent.log`, "new\n");
    await write(log, "555");
    assert.deepEqual(await filesIn(folder), { "btcagent.log": ["new", "555"], moved: ["444"] });
  });
});

Deno.test("a folder that became a file rejects, until it is mended", async () => {
  await withLog(WIDE, async (log, folder) => {
    await write(log, "one");
    await Deno.remove(folder, { recursive: true });
    await Deno.writeTextFile(folder, "in the way");
    await assert.rejects(write(log, "two"));
    await assert.rejects(write(log, "three"));
    await Deno.remove(folder);
    await write(log, "four");
    assert.deepEqual(await filesIn(folder), { "btcagent.log": ["four"] });
  });
});

Deno.test("a disk that becomes full in the middle of a line is left without that half", async () => {
  await withLog(WIDE, async (log, folder) => {
    await write(log, "one");
    const whole = Deno.FsFile.prototype.write;
    let calls = 0;
    mock.method(Deno.FsFile.prototype, "write", function (this: Deno.FsFile, bytes: Uint8Array) {
      return ++calls === 1
        ? whole.call(this, bytes.subarray(0, 2))
        : Promise.reject(new Error("full"));
    });
    try {
      await assert.rejects(write(log, "two"), /full/);
      assert.equal(calls, 2);
    } finally {
      mock.restoreAll();
    }
    await write(log, "three");
    assert.deepEqual(await filesIn(folder), { "btcagent.log": ["one", "three"] });
  });
});
