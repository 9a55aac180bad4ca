/** The configuration file read again: what is taken, what is refused, what the log says of it. */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import type { Config } from "../../lib/config/schema.ts";
import { readConfigFile } from "../../lib/config/file.ts";
import { readConfig } from "../../lib/config/read.ts";
import { CannotListen } from "../../lib/net/miners/listeners.ts";
import { setLogLevel } from "../../lib/observe/log.ts";
import { Reloader } from "../../lib/app/reload.ts";
import { LogCapture } from "../support/log_capture.ts";
import { until } from "../support/test_proxy.ts";

const START = { pools: [["a.example", 1800, "alice"]] };

/** A reloader of a file in a folder of its own. */
class Rig implements AsyncDisposable {
  readonly applied: Config[] = [];
  readonly reloader: Reloader;
  readonly path: string;
  readonly #folder: string;
  /** What applying throws next. */
  failure: Error | undefined;
  /** Applying waits for this. */
  pause: Promise<void> = Promise.resolve();
  /** How often a configuration started to be applied. */
  started = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.path = `${folder}/agent.jsonc`;
    const start = readConfig(JSON.stringify(START));
    assert.ok(start.ok);
    this.reloader = new Reloader({
      path: this.path,
      read: () => readConfigFile(this.path),
      config: start.config,
      time: systemTime,
      apply: async (config) => {
        this.started++;
        await this.pause;
        if (this.failure !== undefined) throw this.failure;
        this.applied.push(config);
      },
      applyLog: (config) => setLogLevel("agent", config.log.level),
    });
  }

  static async create(): Promise<Rig> {
    return new Rig(await Deno.makeTempDir());
  }

  async write(config: unknown): Promise<void> {
    await Deno.writeTextFile(this.path, JSON.stringify(config, undefined, 2));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

Deno.test("a change of the log level is logged if the old or the new level allows it", async () => {
  await using rig = await Rig.create();
  using log = new LogCapture();
  for (const [before, after] of [["info", "error"], ["error", "info"]]) {
    await rig.write({ ...START, log: { level: after } });
    await rig.reloader.reload();
    assert.equal(log.take()[0], `info: Setting log.level: "${before}" → "${after}"`);
  }
});

Deno.test("each change is one line of the log, and the configuration is applied", async () => {
  await using rig = await Rig.create();
  using log = new LogCapture();
  await rig.write({ ...START, fixed_worker_name: "rig", advanced: { io_engine: "deno" } });
  const result = await rig.reloader.reload();
  assert.ok(result.ok);
  assert.equal(result.changes.length, 2);
  assert.equal(rig.applied[0]!.fixed_worker_name, "rig");
  assert.equal(rig.applied[0]!.advanced.io_engine, "auto", "what needs a restart stays");
  const lines = log.take();
  assert.equal(lines.length, 3, lines.join("\n"));
  assert.match(
    lines[0]!,
    /Setting fixed_worker_name: "" → "rig", for miners that connect from now on$/,
  );
  assert.match(
    lines[1]!,
    /Setting advanced\.io_engine: "auto" → "deno", only after a restart: until then btcagent keeps the old value$/,
  );
  assert.match(lines[2]!, /read again: 2 settings changed$/);

  const again = await rig.reloader.reload();
  assert.ok(again.ok);
  assert.deepEqual(again.changes.map(({ key }) => key), ["advanced.io_engine"], "still to come");
});

Deno.test("an unchanged file changes nothing, and one line says so", async () => {
  await using rig = await Rig.create();
  using log = new LogCapture();
  await rig.write(START);
  assert.deepEqual(await rig.reloader.reload(), { ok: true, changes: [] });
  const lines = log.take();
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /nothing changed$/);
});

Deno.test("a file with mistakes is rejected, and each mistake is a log line with its place", async () => {
  await using rig = await Rig.create();
  using log = new LogCapture();
  await rig.write({ ...START, agent_listen_port: "none", multi_user_mod: true });
  const result = await rig.reloader.reload();
  assert.ok(!result.ok);
  assert.deepEqual(result.problems.map(({ path }) => path), [
    "agent_listen_port",
    "multi_user_mod",
  ]);
  assert.deepEqual(rig.applied, []);
  const lines = log.take().join("\n");
  assert.match(lines, /agent\.jsonc:\d+:\d+ {2}agent_listen_port: found/);
  assert.match(lines, /agent\.jsonc:\d+:\d+ {2}multi_user_mod: found/);
  assert.match(lines, /keeping the current configuration/);
  const { done, failed, lastWentWell } = rig.reloader.history;
  assert.deepEqual([done, failed, lastWentWell], [0, 1, false]);
});

Deno.test("if the file is gone, the reload fails and gives the reason", async () => {
  await using rig = await Rig.create();
  using _log = new LogCapture();
  const result = await rig.reloader.reload();
  assert.ok(!result.ok);
  assert.match(result.reason, /cannot read the configuration .*agent\.jsonc/);
});

Deno.test("a pipe in place of the file is reported at once, not waited for", async () => {
  await using rig = await Rig.create();
  using _log = new LogCapture();
  await new Deno.Command("mkfifo", { args: [rig.path] }).output();
  const result = await rig.reloader.reload();
  assert.ok(!result.ok);
  assert.match(result.reason, /agent\.jsonc: it is a named pipe, wanted a file/);
});

Deno.test("after the end nothing is read any more, and a reload under way is applied", async () => {
  await using rig = await Rig.create();
  using log = new LogCapture();
  await rig.write({ ...START, fixed_worker_name: "one" });
  const pause = Promise.withResolvers<void>();
  rig.pause = pause.promise;
  const first = rig.reloader.reload();
  await until(() => rig.started === 1, "the first is being applied");
  const late = rig.reloader.reload();
  const ended = rig.reloader.end();
  pause.resolve();
  await ended;
  assert.equal(rig.applied.length, 1);
  assert.equal((await first).ok, true);
  const stopping = { ok: false, reason: "btcagent is stopping", problems: [] };
  assert.deepEqual(await late, stopping);
  assert.deepEqual(await rig.reloader.reload(), stopping);
  assert.equal(rig.applied.length, 1);
  log.take();
});

Deno.test("a configuration that could not be applied is tried again completely", async () => {
  await using rig = await Rig.create();
  using _log = new LogCapture();
  await rig.write({ ...START, fixed_worker_name: "rig" });
  rig.failure = new CannotListen("Cannot listen here");
  const result = await rig.reloader.reload();
  assert.deepEqual(result, { ok: false, reason: "Cannot listen here", problems: [] });
  rig.failure = new TypeError("a fault");
  assert.equal((await rig.reloader.reload()).ok, false);
  rig.failure = undefined;
  const last = await rig.reloader.reload();
  assert.ok(last.ok);
  assert.equal(last.changes.length, 1);
  const { done, failed, lastWentWell } = rig.reloader.history;
  assert.deepEqual([done, failed, lastWentWell], [1, 2, true]);
});

Deno.test("several requests during a reload cause one more reload, which reads the file again", async () => {
  await using rig = await Rig.create();
  using _log = new LogCapture();
  await rig.write({ ...START, fixed_worker_name: "one" });
  const pause = Promise.withResolvers<void>();
  rig.pause = pause.promise;
  const first = rig.reloader.reload();
  await until(() => rig.started === 1, "the first is being applied");
  await rig.write({ ...START, fixed_worker_name: "two" });
  const others = [rig.reloader.reload(), rig.reloader.reload(), rig.reloader.reload()];
  pause.resolve();
  await Promise.all([first, ...others]);
  assert.deepEqual(rig.applied.map((config) => config.fixed_worker_name), ["one", "two"]);
  assert.equal(rig.reloader.history.done, 2);
});
