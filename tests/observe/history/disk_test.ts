import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { finished } from "../../../lib/base/steps.ts";
import { DAY_MS } from "../../../lib/observe/history/axis.ts";
import { SCHEMA_VERSION, UPGRADES } from "../../../lib/observe/history/schema.ts";
import { STEP_MS } from "../../../lib/observe/history/steps.ts";
import { cause, days, HistoryRig, MIDNIGHT, step, sum, worker } from "../../support/history_rig.ts";

const CHILD = new URL("../../support/history_child.ts", import.meta.url).pathname;

/** The arguments that run the child. */
function childArgs(...args: readonly string[]): string[] {
  return ["run", "--no-check", "--quiet", "--allow-all", CHILD, ...args];
}

/** Runs the child to its end. @returns the lines that it printed. */
async function child(...args: readonly string[]): Promise<string[]> {
  const command = new Deno.Command(Deno.execPath(), { args: childArgs(...args) });
  const { stdout, stderr } = await command.output();
  const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
  assert.equal(new TextDecoder().decode(stderr), "", lines.join("\n"));
  return lines;
}

/** Runs the child until it has written some steps, then kills it. */
async function killedChild(path: string, afterSteps: number): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: childArgs(path, "run"),
    stdout: "piped",
  });
  const process = command.spawn();
  let lines = 0;
  for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
    lines += text.split("\n").length - 1;
    if (lines >= afterSteps) break;
  }
  process.kill("SIGKILL");
  await process.status;
}

Deno.test("a process that is killed while it writes costs no step that it had written", async () => {
  using rig = new HistoryRig();
  for (const steps of [1, 7, 20, 45, 90]) {
    await killedChild(rig.path, steps);
    const store = rig.open();
    assert.deepEqual(rig.said, []);
    const to = store.figures.to!;
    const rows = finished(store.sums({ kind: "farm" }, MIDNIGHT, to, STEP_MS));
    // Each step has its own number: none is missing, twice or of another time.
    rows.forEach(({ at, good }) => assert.equal((at - MIDNIGHT) / STEP_MS, good));
    assert.equal(rows.at(-1)!.good - rows[0]!.good, rows.length - 1);
    assert.equal(
      finished(store.worker("alice", "rig7", MIDNIGHT, to, STEP_MS))!.length,
      rows.length,
    );
    store.close();
    using database = new DatabaseSync(rig.path);
    assert.equal(database.prepare("PRAGMA integrity_check").get()!["integrity_check"], "ok");
  }
});

Deno.test("a file that is full costs steps and one sentence, and works again with more room", () => {
  using rig = new HistoryRig();
  const store = rig.open({ maxBytes: 300_000 });
  const workers = Array.from({ length: 2_000 }, (_, i) => worker(`rig${i}`));
  for (let i = 0; i < 60; i++) rig.write(store, { workers });
  assert.equal(store.figures.state, "full");
  assert.ok(store.figures.dropped > 30);
  assert.equal(rig.said.length, 1, rig.said.join("\n"));
  assert.match(rig.said[0]!, /database or disk is full/);
  const kept = finished(store.sums({ kind: "farm" }, ...days(0, 1), STEP_MS)).length;
  assert.equal(kept, store.figures.writes);
  store.close();
  const larger = rig.open();
  rig.write(larger, { workers });
  assert.equal(larger.figures.state, "working");
  assert.equal(finished(larger.sums({ kind: "farm" }, ...days(0, 1), STEP_MS)).length, kept + 1);
});

Deno.test("a disk that refuses to write more costs steps and one sentence", async () => {
  using rig = new HistoryRig();
  // A greatest length of files, of 400 KB; without the signal that would end the process.
  const command = new Deno.Command("bash", {
    args: [
      "-c",
      'trap "" XFSZ; ulimit -f 400; exec "$@"',
      "bash",
      Deno.execPath(),
      ...childArgs(rig.path, "300"),
    ],
    env: { DENO_NO_UPDATE_CHECK: "1" },
  });
  const { stdout } = await command.output();
  const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
  assert.equal(lines.at(-1), "closed");
  assert.equal(lines.filter((line) => line.startsWith("said Cannot write")).length, 1);
  assert.match(lines.at(-2)!, /^(full|failing) /);
  const store = rig.open();
  assert.ok(finished(store.sums({ kind: "farm" }, ...days(0, 9), STEP_MS)).length > 1);
  rig.wall = store.figures.to!;
  rig.write(store);
  assert.equal(store.figures.state, "working");
});

Deno.test("a folder that cannot be written to costs the history and one sentence", async () => {
  using rig = new HistoryRig();
  Deno.mkdirSync(`${rig.folder}/sealed`);
  Deno.chmodSync(rig.folder, 0o755);
  Deno.chmodSync(`${rig.folder}/sealed`, 0o555);
  const lines = await child(`${rig.folder}/sealed/history.sqlite`, "3", "unprivileged");
  assert.equal(lines.length, 1);
  assert.match(
    lines[0]!,
    /^note Cannot keep a history in .*sealed\/history.sqlite: .*[Pp]ermission/,
  );
});

Deno.test("a file that cannot be written to costs the history and one sentence", async () => {
  using rig = new HistoryRig();
  const store = rig.open();
  rig.write(store);
  store.close();
  Deno.chmodSync(rig.folder, 0o777);
  Deno.chmodSync(rig.path, 0o444);
  Deno.chmodSync(`${rig.path}.lock`, 0o666);
  const before = Deno.readFileSync(rig.path);
  const lines = await child(rig.path, "3", "unprivileged");
  assert.equal(lines.length, 1, lines.join("\n"));
  assert.match(lines[0]!, /^note Cannot keep a history in .*: .*[Pp]ermission/);
  assert.deepEqual(Deno.readFileSync(rig.path), before);
});

Deno.test("a missing folder is made, for its owner only, and so is the file", () => {
  using rig = new HistoryRig();
  const path = `${rig.folder}/deep/er/history.sqlite`;
  const store = rig.tryToOpen({}, path)!;
  assert.equal(Deno.statSync(`${rig.folder}/deep/er`).mode! & 0o777, 0o700);
  for (const end of ["", "-wal", ".lock"]) {
    assert.equal(Deno.statSync(path + end).mode! & 0o777, 0o600, end);
  }
  store.close();
});

Deno.test("a file of random bytes is set aside, which is said, and a history is started", () => {
  using rig = new HistoryRig();
  const bytes = crypto.getRandomValues(new Uint8Array(50_000));
  Deno.writeFileSync(rig.path, bytes);
  const store = rig.open();
  assert.equal(rig.said.length, 1);
  const aside = /it is (\S+\.damaged-20270301000000) now/.exec(rig.said[0]!)?.[1];
  assert.deepEqual(Deno.readFileSync(aside!), bytes);
  rig.write(store);
  assert.equal(store.figures.state, "working");
});

Deno.test("damage in the head of a database, and a file cut short, are set aside too", () => {
  for (
    const damage of [
      (bytes: Uint8Array) => bytes.subarray(0, 4096 * 3),
      (bytes: Uint8Array) => bytes.subarray(0, 150),
      (bytes: Uint8Array) => bytes.fill(0xee, 100, 4096),
      (bytes: Uint8Array) => bytes.fill(0xee, 4096),
    ]
  ) {
    using rig = new HistoryRig();
    const first = rig.open();
    const workers = Array.from({ length: 500 }, (_, i) => worker(`rig${i}`));
    for (let i = 0; i < 20; i++) rig.write(first, { workers });
    first.close();
    Deno.writeFileSync(rig.path, damage(Deno.readFileSync(rig.path)));
    const store = rig.open();
    assert.equal(rig.said.length, 1, `${damage}: ${rig.said}`);
    rig.write(store);
    assert.equal(store.figures.state, "working");
    assert.equal(finished(store.sums({ kind: "farm" }, ...days(0, 9), STEP_MS)).length, 1);
  }
});

Deno.test("damage that is found later is set aside, and the history goes on in a new file", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  const workers = Array.from({ length: 500 }, (_, i) => worker(`rig${i}`));
  rig.writeUntil(store, MIDNIGHT + DAY_MS + STEP_MS, () => ({ workers }));
  store.close();
  const bytes = Deno.readFileSync(rig.path);
  const again = rig.open();
  // Behind its back: everything after the first pages, as a bad sector would.
  using file = Deno.openSync(rig.path, { write: true });
  file.seekSync(20 * 4096, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(bytes.length - 20 * 4096).fill(0xee));
  // SQLite notices it when it reads there.
  assert.deepEqual([...again.workers(...days(0, 1))], []);
  assert.ok(rig.said.some((line) => line.includes("is damaged")), rig.said.join("\n"));
  rig.write(again, { workers });
  assert.equal(again.figures.state, "working");
});

Deno.test("of damaged files the newest two are kept", () => {
  using rig = new HistoryRig();
  for (let i = 0; i < 5; i++) {
    Deno.writeFileSync(rig.path, new Uint8Array([0, i, 255]));
    rig.wall += 60_000;
    rig.open().close();
  }
  const kept = [...Deno.readDirSync(rig.folder)].filter(({ name }) => name.includes(".damaged-"));
  assert.deepEqual(kept.map(({ name }) => name.slice(-6)).sort(), ["000400", "000500"]);
});

Deno.test("a database of a newer version is refused with words and left as it is", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  rig.write(store);
  store.close();
  rig.change(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  const before = Deno.readFileSync(rig.path);
  assert.equal(rig.tryToOpen(), undefined);
  assert.match(rig.said[0]!, /a newer btcagent wrote it/);
  assert.deepEqual(Deno.readFileSync(rig.path), before);
});

Deno.test("a database of another program, and a text, are refused and left as they are", () => {
  using rig = new HistoryRig();
  rig.change("CREATE TABLE customers(name TEXT)");
  const before = Deno.readFileSync(rig.path);
  assert.equal(rig.tryToOpen(), undefined);
  assert.match(rig.said[0]!, /database of another program/);
  assert.deepEqual(Deno.readFileSync(rig.path), before);
  const text = '{ "pools": [] }\n';
  Deno.writeTextFileSync(rig.path, text);
  assert.equal(rig.tryToOpen(), undefined);
  assert.match(rig.said[1]!, /it is a text/);
  assert.equal(Deno.readTextFileSync(rig.path), text);
});

Deno.test("a database of version 1 is upgraded and keeps what it has", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  rig.writeUntil(store, MIDNIGHT + DAY_MS + STEP_MS);
  store.close();
  // As version 1 was: what came with the second step of the schema is not there.
  rig.change("DROP TABLE cause_hour", "DROP TABLE learned", "PRAGMA user_version = 1");
  const upgraded = rig.open();
  assert.deepEqual(rig.said, []);
  assert.equal(finished(upgraded.sums({ kind: "farm" }, ...days(0, 2), STEP_MS)).length, 145);
  rig.write(upgraded, { causes: [cause()], farm: sum({ good: 1 }) });
  assert.equal(finished(upgraded.causes(...days(0, 2))).length, 1);
  upgraded.close();
  using database = new DatabaseSync(rig.path);
  assert.equal(database.prepare("PRAGMA user_version").get()!["user_version"], SCHEMA_VERSION);
});

Deno.test("every step of the schema is taken from an empty database on", () => {
  using database = new DatabaseSync(":memory:");
  for (const statement of UPGRADES.flat()) database.exec(statement);
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  assert.equal(tables.length, 9);
});

Deno.test("a second process on the same file says so and keeps no history", async () => {
  using rig = new HistoryRig();
  const store = rig.open();
  rig.write(store);
  const lines = await child(rig.path, "3");
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /^note Cannot keep a history in .*: another btcagent keeps/);
  store.close();
  assert.equal((await child(rig.path, "3")).at(-1), "closed");
});

Deno.test("a folder, a link and a pipe in its place are refused with words", async () => {
  using rig = new HistoryRig();
  const cases = [
    ["a folder", () => Deno.mkdirSync(rig.path)],
    ["a symbolic link", () => Deno.symlinkSync(`${rig.folder}/elsewhere`, rig.path)],
    [
      "a named pipe",
      async () => void await new Deno.Command("mkfifo", { args: [rig.path] }).output(),
    ],
  ] as const;
  for (const [kind, make] of cases) {
    await make();
    assert.equal(rig.tryToOpen(), undefined, kind);
    assert.ok(rig.said.at(-1)!.endsWith(`it is ${kind}, wanted a file`), rig.said.at(-1));
    Deno.removeSync(rig.path);
  }
});

Deno.test("a file that was removed while it was written is started again, which is said", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  rig.write(store);
  for (const end of ["", "-wal", "-shm"]) Deno.removeSync(rig.path + end);
  rig.write(store);
  assert.equal(rig.said.length, 1);
  assert.match(rig.said[0]!, /was removed or replaced/);
  assert.equal(finished(store.sums({ kind: "farm" }, ...days(0, 1), STEP_MS)).length, 1);
  assert.equal(Deno.statSync(rig.path).isFile, true);
});

Deno.test("while another process writes, a step waits for a later turn", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  rig.write(store);
  const other = new DatabaseSync(rig.path);
  other.exec("BEGIN IMMEDIATE");
  const writing = store.write(step(rig.wall));
  for (let turn = 0; turn < 40; turn++) assert.equal(writing.next().done, false);
  other.exec("ROLLBACK");
  other.close();
  finished(writing);
  assert.equal(finished(store.sums({ kind: "farm" }, ...days(0, 1), STEP_MS)).length, 2);
  assert.deepEqual(rig.said, []);
});
