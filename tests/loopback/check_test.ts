/** `btcagent check` as an operator runs it: its table, its JSON and its exit codes. */

import assert from "node:assert/strict";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { agentEntry } from "../support/agent_entry.ts";
import { freePort } from "../support/free_port.ts";
import { type Ending, Program } from "../support/program.ts";
import { answersOf, StrictPool } from "../support/strict_pool.ts";

interface Plan {
  readonly ports: number[];
  readonly listenPort?: number;
  readonly args?: readonly string[];
  readonly more?: Readonly<Record<string, unknown>>;
}

/** Checks a configuration with pools on these ports of this machine. */
async function check({ ports, listenPort, args, more }: Plan): Promise<Ending> {
  const folder = await Deno.makeTempDir();
  try {
    const config = {
      agent_listen_ip: "127.0.0.1",
      agent_listen_port: listenPort ?? freePort(),
      status: { listen: "" },
      advanced: { pool_connection_dial_timeout_seconds: 5 },
      pools: ports.map((port) => ["127.0.0.1", port, "demo"]),
      ...more,
    };
    await Deno.writeTextFile(`${folder}/agent.jsonc`, JSON.stringify(config));
    await using program = new Program(["check", "-c", `${folder}/agent.jsonc`, ...args ?? []]);
    return await program.ended();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function withPool(test: (pool: SimPool) => Promise<void>): Promise<void> {
  const pool = await SimPool.start();
  try {
    await test(pool);
  } finally {
    await pool.stop();
  }
}

Deno.test("check: with everything in order it says so and exits 0", async () => {
  await withPool(async (pool) => {
    const { code, stdout, stderr } = await check({ ports: [pool.port] });
    assert.equal(stderr, "");
    assert.equal(code, 0, stdout);
    assert.match(stdout, /ok +directly +speaks the agent protocol, accepts sub-account "demo"/);
    assert.match(stdout, /\nAll is well\n$/);
    assert.equal(pool.registeredNames.size, 0);
  });
});

Deno.test("check: a list may mix kinds, its sizes are explained, and passwords stay secret", async () => {
  await withPool(async (agentPool) => {
    await using stratum = new StrictPool({ answers: answersOf(6) });
    await using found = new StrictPool({ answers: answersOf(8) });
    const pools = [
      {
        url: `stratum+tcp://127.0.0.1:${stratum.address.port}`,
        user: "bc1quser",
        password: "s3cr3t",
      },
      { url: `btcagent+tcp://127.0.0.1:${agentPool.port}`, user: "demo" },
      ["127.0.0.1", found.address.port, "other"],
    ];
    const { code, stdout } = await check({ ports: [], more: { pools } });
    assert.equal(code, 0, stdout);
    assert.match(stdout, /ok +directly +speaks Stratum, accepts user "bc1quser"/);
    assert.match(stdout, /ok +directly +speaks the agent protocol, accepts sub-account "demo"/);
    assert.match(stdout, /ok +directly +speaks Stratum, accepts user "other"/);
    assert.match(stdout, /note +kind +an ordinary Stratum pool, as its answers show/);
    assert.match(
      stdout,
      /Pools together\n +note +extranonce +bytes differ: pool 1 has 6, pool 2 has 8/,
    );
    assert.doesNotMatch(stdout, /s3cr3t/);
    assert.ok(stratum.heard.at(-1)!.includes('["bc1quser","s3cr3t"]'));

    const json = await check({ ports: [], more: { pools }, args: ["--json"] });
    assert.doesNotMatch(json.stdout, /s3cr3t/);
    const report = JSON.parse(json.stdout) as {
      readonly sections: readonly { readonly rows: readonly { readonly values?: object }[] }[];
    };
    const values = report.sections.flatMap(({ rows }) => rows.map((row) => row.values ?? {}));
    assert.ok(values.some((each) => "extranonce2_bytes" in each && each.extranonce2_bytes === 6));
  });
});

Deno.test("check: one of two pools is enough to exit 0, and the other is reported", async () => {
  await withPool(async (pool) => {
    const { code, stdout } = await check({ ports: [freePort(), pool.port] });
    assert.equal(code, 0, stdout);
    assert.match(stdout, /FAILED +directly +Connection refused/);
    assert.match(stdout, /\nMining can work, with 1 failure\n$/);
  });
});

Deno.test("check: without any usable pool it exits 1", async () => {
  const { code, stdout } = await check({ ports: [freePort()] });
  assert.equal(code, 1);
  assert.match(stdout, /\nMining cannot work: no pool can be used\n$/);
});

Deno.test("check: a port that something else has makes it exit 1", async () => {
  await withPool(async (pool) => {
    const { code, stdout } = await check({ ports: [pool.port], listenPort: pool.port });
    assert.equal(code, 1);
    assert.match(stdout, /FAILED +miners' port +Cannot listen .*another program has this port/);
  });
});

Deno.test("check: beside a running agent it names that, and exits 0", async () => {
  await withPool(async (pool) => {
    const listenPort = freePort();
    const folder = await Deno.makeTempDir();
    try {
      const config = {
        agent_listen_ip: "127.0.0.1",
        agent_listen_port: listenPort,
        status: { listen: "" },
        pools: [agentEntry(pool)],
      };
      await Deno.writeTextFile(`${folder}/agent.jsonc`, JSON.stringify(config));
      await using agent = new Program(["-c", `${folder}/agent.jsonc`]);
      await agent.wrote("Listening for miners");
      const { code, stdout } = await check({ ports: [pool.port], listenPort });
      assert.equal(code, 0, stdout);
      assert.match(
        stdout,
        /note +miners' port +127\.0\.0\.1:\d+ is already served by btcagent\/\S+$/m,
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
});

Deno.test("check: problems in the configuration exit 2, also in JSON", async () => {
  const more = { outage: { grace_seconds: -1 }, nonsense: 1 };
  const plain = await check({ ports: [1], more });
  assert.equal(plain.code, 2);
  assert.match(
    plain.stdout,
    /FAILED +file +\S+agent\.jsonc:1:\d+ +outage\.grace_seconds: found -1/,
  );
  assert.match(
    plain.stdout,
    /FAILED +file +\S+agent\.jsonc:1:\d+ +nonsense: found the unknown key/,
  );
  const { code, stdout } = await check({ ports: [1], more, args: ["--json"] });
  assert.equal(code, 2);
  assert.equal(JSON.parse(stdout).exit_code, 2);
});

Deno.test("check: in multi-user mode an account can be tried, and the JSON has the figures", async () => {
  await withPool(async (pool) => {
    const more = { multi_user_mode: true };
    const { code, stdout } = await check({
      ports: [pool.port],
      more,
      args: ["--json", "--account", "alice"],
    });
    const report = JSON.parse(stdout);
    assert.equal(code, 0, stdout);
    assert.equal(report.exit_code, 0);
    assert.deepEqual(report.stops, []);
    const [config, machine] = [report.sections[0], report.sections.at(-1)];
    assert.deepEqual([config.title, machine.title], ["Configuration", "This machine"]);
    const [direct] = report.sections[1].rows;
    assert.equal(direct.level, "ok");
    assert.match(direct.found, /accepts sub-account "alice"/);
    assert.equal(direct.values.usable, true);
    for (const name of ["connect_ms", "login_ms", "first_job_ms"]) {
      assert.ok(direct.values[name] >= 0, name);
    }
  });
});

Deno.test(
  "check: multi-user mode without an account: an ordinary pool is usable, extranonce2_bytes " +
    "counts",
  async () => {
    await using pool = new StrictPool({ answers: answersOf(4), passesOver: true });
    const more = { multi_user_mode: true, extranonce2_bytes: 2 };
    const { code, stdout } = await check({ ports: [pool.address.port], more });
    assert.equal(code, 0, stdout);
    assert.match(stdout, /note +kind +probably an ordinary Stratum pool/);
    assert.match(
      stdout,
      /note +login +not tried, so version mask, difficulty and jobs are not known/,
    );
    assert.match(stdout, /ok +extranonce +4 bytes: .*each miner rolls 2 of them/);
    assert.match(stdout, /\nAll is well\n$/);
  },
);
