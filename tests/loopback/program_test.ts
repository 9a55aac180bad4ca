/** The program as a user meets it: arguments, configuration, ports, signals, exit codes. */

import assert from "node:assert/strict";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { freePort } from "../support/free_port.ts";
import { commandOf, MAIN, Program, START_FLAGS } from "../support/program.ts";
import { until } from "../support/test_proxy.ts";

/** A configuration for these pools on a free port, in a folder that goes away with the test. */
async function withConfig(
  config: string,
  test: (path: string, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/agent.jsonc`, config);
    await test(`${folder}/agent.jsonc`, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function configFor(pool: { port: number }, port: number): string {
  return `{ "agent_listen_ip": "127.0.0.1", "agent_listen_port": ${port},
    "pools": [{ "url": "btcagent+tcp://127.0.0.1:${pool.port}", "user": "demo" }] }`;
}

Deno.test("--help and --version answer on stdout and exit 0", async () => {
  for (const [option, text] of [["--help", "Usage"], ["--version", "btcagent "]] as const) {
    await using program = new Program([option]);
    const { code, stdout, stderr } = await program.ended();
    assert.equal(code, 0);
    assert.ok(stdout.includes(text), stdout);
    assert.equal(stderr, "");
  }
});

Deno.test("an unknown option exits 2 and names the nearest one", async () => {
  await using program = new Program(["--confg", "x"]);
  const { code, stderr } = await program.ended();
  assert.equal(code, 2);
  assert.match(stderr, /--config/);
});

Deno.test("a configuration with three mistakes shows all three and exits 2", async () => {
  const config = `{
    "agent_listen_port": "none",
    "multi_user_mod": false,
    "pools": [["127.0.0.1", 70000, "demo"]]
  }`;
  await withConfig(config, async (path) => {
    await using program = new Program(["-c", path]);
    const { code, stderr } = await program.ended();
    assert.equal(code, 2);
    const places = [...stderr.matchAll(/agent\.jsonc:(\d+):\d+ /g)].map((match) => match[1]);
    assert.deepEqual(places, ["2", "3", "4"], stderr);
    assert.match(stderr, /multi_user_mode/);
  });
});

Deno.test("a configuration that does not parse says where and exits 2", async () => {
  await withConfig('{ "pools": [', async (path) => {
    await using program = new Program(["-c", path]);
    const { code, stderr } = await program.ended();
    assert.equal(code, 2);
    assert.match(stderr, /agent\.jsonc:1:\d+/);
  });
});

Deno.test("without any configuration it says what to copy and exits 2", async () => {
  const folder = await Deno.makeTempDir();
  await using program = new Program([], folder);
  const { code, stderr } = await program.ended();
  assert.equal(code, 2);
  assert.match(stderr, /conf\/agent\.example\.jsonc/);
  await Deno.remove(folder);
});

Deno.test("a port in use is reported with the key that changes it; exit 1", async () => {
  const other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await withConfig(configFor({ port: 1 }, other.addr.port), async (path) => {
    await using program = new Program(["-c", path]);
    const { code, stderr } = await program.ended();
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${other.addr.port}: another program`));
    assert.match(stderr, /agent_listen_port/);
  });
  other.close();
});

Deno.test("it logs listening, pool connected and stopping, once each, and exits 0 on SIGTERM", async () => {
  await using pool = await SimPool.start();
  await withConfig(configFor(pool, freePort()), async (path, folder) => {
    await using program = new Program(["-c", path, "-l", "log", "-alsologtostderr"], folder);
    await program.wrote("serves miners");
    program.signal("SIGTERM");
    const { code, stderr } = await program.ended();
    assert.equal(code, 0, stderr);
    for (const text of ["Listening for miners on 127.0.0.1:", "#1 connected", "Stopped"]) {
      assert.equal(stderr.split(text).length, 2, `${text} in:\n${stderr}`);
    }
    assert.equal(await Deno.readTextFile(`${folder}/log/btcagent.log`), stderr);
  });
});

Deno.test("a log folder that cannot be used stops nothing; it is reported, and the log is whole later", async () => {
  await using pool = await SimPool.start();
  await withConfig(configFor(pool, freePort()), async (path, folder) => {
    await Deno.writeTextFile(`${folder}/log`, "in the way");
    await using program = new Program(["-c", path, "-l", "log"], folder);
    await program.wrote("serves miners");
    assert.match(program.output, /error {3}agent {2}Cannot write the log to \S+btcagent\.log: /);
    await Deno.remove(`${folder}/log`);
    await program.wrote("btcagent.log again; lines lost: 0");
    program.signal("SIGTERM");
    const { code, stderr } = await program.ended();
    assert.equal(code, 0, stderr);
    assert.equal(await Deno.readTextFile(`${folder}/log/btcagent.log`), stderr);
  });
});

Deno.test("a remark on the configuration says once that it is a warning", async () => {
  await using pool = await SimPool.start();
  const config = configFor(pool, freePort()).replace(
    "{",
    '{ "use_iocp": true, "status": {"listen": ""},',
  )
    .replace('"pools"', '"tls": { "certificate_sha256": ["' + "ab".repeat(32) + '"] }, "pools"');
  await withConfig(config, async (path) => {
    await using program = new Program(["-c", path]);
    await program.wrote("serves miners");
    const remarks = program.output.split("\n").filter((line) => line.includes(`${path}:`));
    assert.match(remarks[1]!, / warning agent {2}\S+ {2}tls\.certificate_sha256: Without effect/);
    assert.match(remarks[0]!, / info {4}agent {2}\S+ {2}use_iocp: Ignored/);
    assert.equal(remarks.length, 2);
  });
});

Deno.test("the log may be anywhere the user may write, by any path, as under the Go agent's unit", async () => {
  await using pool = await SimPool.start();
  await withConfig(configFor(pool, freePort()), async (path, folder) => {
    await Deno.mkdir(`${folder}/disk`);
    await Deno.symlink(`${folder}/disk`, `${folder}/link`);
    for (
      const logDir of [`${folder}/new/log`, "../" + folder.replace(/.*\//, "") + "/up", "link"]
    ) {
      await using program = new Program(["-c", path, "-l", logDir], folder);
      await program.wrote("serves miners");
      program.signal("SIGTERM");
      const { code, stderr } = await program.ended();
      assert.equal(code, 0, stderr);
      const log = logDir.startsWith("/") ? logDir : `${folder}/${logDir}`;
      assert.equal(await Deno.readTextFile(`${log}/btcagent.log`), stderr);
    }
    assert.ok((await Deno.stat(`${folder}/disk/btcagent.log`)).isFile);
  });
});

Deno.test("a log folder that Deno may not write to is named with what to do; exit 1", async () => {
  await withConfig(configFor({ port: 1 }, freePort()), async (path) => {
    const command = [Deno.execPath(), "run", "--no-check", "--no-prompt", "--allow-read", MAIN];
    await using program = new Program({ command: [...command, "-c", path, "-l", `${path}-log`] });
    const { code, stderr } = await program.ended();
    assert.equal(code, 1);
    assert.match(
      stderr,
      /cannot write the log to \S+-log: .*deno task start.*--allow-write=\S+-log/,
    );
  });
});

Deno.test("the start task may use the network, read, write its log and its process id, and nothing else unnamed", () => {
  const allowed = START_FLAGS.filter((flag) => /^--allow-|^-A/.test(flag)).map((flag) =>
    flag.split("=", 2)
  );
  const names = (list = "") => list.split(",");
  for (const [flag, list] of allowed) {
    switch (flag) {
      case "--allow-net":
      case "--allow-read":
        break;
      case "--allow-write":
        // -l, pid_file: wherever its user may write.
        assert.equal(list, undefined);
        break;
      case "--allow-env":
        for (const name of names(list)) {
          assert.match(name, /^(\w+_proxy|NOTIFY_SOCKET|WATCHDOG_USEC|INIT_CWD)$/i);
        }
        break;
      case "--allow-ffi":
        for (const name of names(list)) assert.match(name, /^\/.*\/libc\.so\.6$/);
        break;
      default:
        assert.fail(`${flag} is not needed`);
    }
  }
  assert.ok(START_FLAGS.includes("--no-prompt"), "what is missing is never asked for");
});

Deno.test("SIGINT stops it in order, too", async () => {
  await using pool = await SimPool.start();
  await withConfig(configFor(pool, freePort()), async (path) => {
    await using program = new Program(["-c", path]);
    await program.wrote("serves miners");
    program.signal("SIGINT");
    const { code, stderr } = await program.ended();
    assert.equal(code, 0);
    assert.match(stderr, /Stopped/);
  });
});

Deno.test("a pool whose extranonce2 is not 8 bytes is refused as no agent pool", async () => {
  await using pool = await SimPool.start();
  await pool.setFaults({ extranonce2Size: 4 });
  await withConfig(configFor(pool, freePort()), async (path) => {
    await using program = new Program(["-c", path]);
    await program.wrote("does not speak the agent protocol");
    assert.match(program.output, /refused: .*extranonce2 has 4 bytes, wanted 8/);
  });
});

Deno.test("a pool that refuses the sub-account is logged with its words", async () => {
  await using pool = await SimPool.start({ accounts: ["somebody"] });
  await withConfig(configFor(pool, freePort()), async (path) => {
    await using program = new Program(["-c", path]);
    await program.wrote('Cannot authorize as sub-account "demo"');
    assert.match(program.output, /\[29, "Invalid username"\]/);
  });
});

Deno.test("a second signal, a second later, ends it at once without waiting for verdicts", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await pool.setFaults({ dropEveryNthVerdict: 1 });
  const port = freePort();
  await withConfig(configFor(pool, port), async (path) => {
    await using program = new Program(["-c", path]);
    await program.wrote("serves miners");
    await using miner = SimMiner.start({
      port,
      user: "demo.a",
      mode: { kind: "rate", sharesPerSecond: 50 },
    });
    await pool.until(() => pool.statistics().submits > 0);
    assert.equal(miner.isAuthorized, true);
    program.signal("SIGTERM");
    await program.wrote("Stopping");
    const ended = program.ended();
    const since = performance.now();
    const again = setInterval(() => {
      try {
        program.signal("SIGTERM");
      } catch (error) {
        // It has ended, and its output is still to be read.
        if (!(error instanceof TypeError)) throw error;
      }
    }, 20);
    const { code, stderr } = await ended.finally(() => clearInterval(again));
    assert.equal(code, 0);
    assert.ok(performance.now() - since > 900, "the first second is one signal");
    assert.doesNotMatch(stderr, /Stopped/);
  });
});

Deno.test("SIGHUP puts a changed configuration into force; one with mistakes, or none, changes nothing", async () => {
  await using first = await SimPool.start({ proofOfWork: false });
  await using second = await SimPool.start({ proofOfWork: false, serverNumber: 2 });
  const [port, added] = [freePort(), freePort()];
  await withConfig(configFor(first, port), async (path) => {
    await using program = new Program(["-c", path]);
    await program.wrote("serves miners");
    const mode = { kind: "rate", sharesPerSecond: 10 } as const;
    await using miner = SimMiner.start({ port, user: "demo.a", mode });
    await first.until(() => first.workers().length === 1);

    program.signal("SIGHUP");
    await program.wrote("read again: nothing changed");

    const changed = configFor(second, port)
      .replace("{", `{ "listen": [{ "address": "127.0.0.1", "port": ${added} }],`);
    await Deno.writeTextFile(path, changed);
    program.signal("SIGHUP");
    await program.wrote("read again: 2 settings changed");
    assert.match(program.output, /Setting listen\[0\]: nothing → /);
    assert.match(program.output, /Setting pools\[0\]: .* → /);
    await second.until(() => second.workers().length === 1);
    await using late = SimMiner.start({ port: added, user: "demo.b" });
    await second.until(() => second.workers().length === 2);

    await Deno.writeTextFile(path, changed.replace('"demo"', "true"));
    program.signal("SIGHUP");
    await program.wrote("pools[0].user: found true");
    await program.wrote("keeping the current configuration");
    await Deno.remove(path);
    program.signal("SIGHUP");
    await program.wrote("cannot read the configuration");

    const { accepted } = miner.statistics();
    await miner.until(() => miner.statistics().accepted >= accepted + 10);
    assert.equal(miner.statistics().lostConnections, 0);
    await late.until(() => late.isAuthorized);
    program.signal("SIGTERM");
    const { code } = await program.ended();
    assert.equal(code, 0);
  });
});

function textAt(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}

Deno.test("btcagent reload finds the running program by its pid_file, which is removed at the end", async () => {
  await using pool = await SimPool.start();
  const config = configFor(pool, freePort()).replace("{", '{ "pid_file": "log/agent.pid",');
  await withConfig(config, async (path, folder) => {
    const reload = async () => {
      await using program = new Program(["reload", "-c", path], folder);
      return await program.ended();
    };
    const missing = await reload();
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /log\/agent\.pid is not there/);

    await using program = new Program(["-c", path], folder);
    await program.wrote("serves miners");
    // Written while miners are served already.
    const written = () => textAt(`${folder}/log/agent.pid`);
    await until(() => written() === `${program.pid}\n`, "its process id");
    const { code, stdout } = await reload();
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`SIGHUP to process ${program.pid};`));
    await program.wrote("read again: nothing changed");

    await Deno.writeTextFile(path, config.replace('"demo"', "true"));
    const wrong = await reload();
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /pools\[0\]\.user: found true/);
    await Deno.writeTextFile(path, config);
    program.signal("SIGTERM");
    await program.ended();
    await assert.rejects(Deno.stat(`${folder}/log/agent.pid`), Deno.errors.NotFound);

    // One that crashed left it, and its id is now somebody else's.
    const other = new Deno.Command("sleep", { args: ["600"] }).spawn();
    await Deno.writeTextFile(`${folder}/log/agent.pid`, `${other.pid}\n`);
    const stale = await reload();
    assert.equal(stale.code, 1);
    assert.match(stale.stderr, /has ended without removing it; no btcagent runs with it/);
    other.kill("SIGTERM");
    assert.equal((await other.status).signal, "SIGTERM", "SIGHUP would have ended it before");
  });
});

Deno.test("reload signals no other program than btcagent, even if it holds the file", async () => {
  await withConfig(configFor({ port: 1 }, 1), async (path, folder) => {
    const pidFile = `${folder}/agent.pid`;
    await Deno.writeTextFile(path, `{ "pid_file": "${pidFile}", "pools": [["h", 1, "a"]] }`);
    await Deno.writeTextFile(pidFile, `${Deno.pid}\n`);
    using file = await Deno.open(pidFile);
    assert.ok(await file.tryLock(true));
    await using program = new Program(["reload", "-c", path]);
    const { code, stderr } = await program.ended();
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`process ${Deno.pid}, which \\S+ names, is not btcagent`));
  });
});

Deno.test("a second agent with the same pid_file says so and leaves it to the first", async () => {
  await using pool = await SimPool.start();
  const pidFile = '{ "pid_file": "log/agent.pid", "status": { "listen": "" },';
  const first = configFor(pool, freePort()).replace("{", pidFile);
  await withConfig(first, async (path, folder) => {
    await using program = new Program(["-c", path], folder);
    await program.wrote("serves miners");
    await Deno.writeTextFile(path, configFor(pool, freePort()).replace("{", pidFile));
    await using second = new Program(["-c", path], folder);
    await second.wrote("another btcagent, holds it");
    await second.wrote("serves miners");
    assert.match(
      second.output,
      new RegExp(`pid_file log/agent.pid: process ${program.pid}, another btcagent, holds it`),
    );
    second.signal("SIGTERM");
    await second.ended();
    assert.equal(await Deno.readTextFile(`${folder}/log/agent.pid`), `${program.pid}\n`);
  });
});

Deno.test("a task started in a folder below reads its paths from there", async () => {
  await using pool = await SimPool.start();
  await withConfig(configFor(pool, freePort()), async (path, folder) => {
    await Deno.mkdir(`${folder}/sub`);
    await Deno.rename(path, `${folder}/sub/mine.jsonc`);
    const task = { tasks: { start: commandOf([]).map((word) => `'${word}'`).join(" ") } };
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(task));
    // A task runner that these tests themselves were started by has set it already.
    const runner = ["env", "-u", "INIT_CWD", Deno.execPath(), "task", "start"];
    const deno = (...args: string[]) => ({ command: [...runner, ...args] });
    const sub = `${folder}/sub`;
    {
      await using program = new Program(deno("-c", "mine.jsonc", "-l", "log"), sub);
      await program.wrote("serves miners");
      program.signal("SIGTERM");
      assert.equal((await program.ended()).code, 0);
      assert.match(program.output, /starts with \S+\/sub\/mine\.jsonc/);
      assert.ok((await Deno.stat(`${sub}/log/btcagent.log`)).isFile);
    }
    await using program = new Program(deno("-c", "other.jsonc"), sub);
    const { code, stderr } = await program.ended();
    assert.equal(code, 2);
    assert.ok(stderr.includes(`it was looked for in ${folder} and ${sub}`), stderr);
  });
});
