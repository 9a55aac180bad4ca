/** The program as a user meets it: arguments, configuration, ports, signals, exit codes. */

import assert from "node:assert/strict";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { freePort } from "../support/free_port.ts";
import { MAIN, Program, START_FLAGS } from "../support/program.ts";

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
    "pools": [["127.0.0.1", ${pool.port}, "demo"]] }`;
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

Deno.test("a port another program has is named with the key that changes it; exit 1", async () => {
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

Deno.test("a log folder that cannot be had stops nobody; it is said, and the log is whole later", async () => {
  await using pool = await SimPool.start();
  await withConfig(configFor(pool, freePort()), async (path, folder) => {
    await Deno.writeTextFile(`${folder}/log`, "in the way");
    await using program = new Program(["-c", path, "-l", "log"], folder);
    await program.wrote("serves miners");
    assert.match(program.output, /error {3}agent {2}Cannot write the log to \S+btcagent\.log: /);
    await Deno.remove(`${folder}/log`);
    await program.wrote("btcagent.log again; 0 lines were lost");
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

Deno.test("a log folder the start task may not write to is said with what to do; exit 1", async () => {
  await withConfig(configFor({ port: 1 }, freePort()), async (path) => {
    await using program = new Program(["-c", path, "--log-dir", `${path}-log`]);
    const { code, stderr } = await program.ended();
    assert.equal(code, 1);
    assert.match(stderr, /cannot write the log to \S+-log: .*--allow-write= in deno\.json/);
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
        assert.deepEqual(names(list), ["log", "/var/log/btcagent", "/run/btcagent"]);
        break;
      case "--allow-env":
        for (const name of names(list)) {
          assert.match(name, /^(\w+_proxy|NOTIFY_SOCKET|WATCHDOG_USEC)$/i);
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

Deno.test("a second signal ends it at once, without waiting for verdicts", async () => {
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
    program.signal("SIGTERM");
    const { code, stderr } = await program.ended();
    assert.equal(code, 0);
    assert.doesNotMatch(stderr, /Stopped/);
  });
});

Deno.test("SIGHUP puts a changed configuration into force; one with mistakes, or none, changes nothing", async () => {
  await using first = await SimPool.start({ proofOfWork: false });
  await using second = await SimPool.start({ proofOfWork: false });
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
    await program.wrote("pools[0][2]: found true");
    await program.wrote("The configuration stays as it was");
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

Deno.test("btcagent reload finds the running program by its pid_file, which goes with it", async () => {
  await using pool = await SimPool.start();
  const config = configFor(pool, freePort()).replace("{", '{ "pid_file": "log/agent.pid",');
  await withConfig(config, async (path) => {
    const folder = path.replace(/\/[^/]*$/, "");
    const reload = () =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-check", "-R", "--allow-run", MAIN, "reload", "-c", path],
        cwd: folder,
      }).output();
    const missing = await reload();
    assert.equal(missing.code, 1);
    assert.match(new TextDecoder().decode(missing.stderr), /log\/agent\.pid is not there/);

    await using program = new Program(["-c", path], folder);
    await program.wrote("serves miners");
    assert.equal(await Deno.readTextFile(`${folder}/log/agent.pid`), `${program.pid}\n`);
    const { code, stdout } = await reload();
    assert.equal(code, 0);
    assert.match(new TextDecoder().decode(stdout), new RegExp(`SIGHUP to process ${program.pid};`));
    await program.wrote("read again: nothing changed");

    await Deno.writeTextFile(path, config.replace('"demo"', "true"));
    const wrong = await reload();
    assert.equal(wrong.code, 2);
    assert.match(new TextDecoder().decode(wrong.stderr), /pools\[0\]\[2\]: found true/);
    await Deno.writeTextFile(path, config);
    program.signal("SIGTERM");
    await program.ended();
    await assert.rejects(Deno.stat(`${folder}/log/agent.pid`), Deno.errors.NotFound);

    await Deno.writeTextFile(`${folder}/log/agent.pid`, `${Deno.pid}\n`);
    const stranger = await reload();
    assert.equal(stranger.code, 1, "a process that is no btcagent is left alone");
    assert.match(new TextDecoder().decode(stranger.stderr), /is no btcagent/);
  });
});
