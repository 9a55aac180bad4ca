/** Nobody is judged by the absence of btcagent: paused and starved for seconds, on real sockets. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { agentEntry } from "../support/agent_entry.ts";
import { freePort } from "../support/free_port.ts";
import { assertNobodyLost } from "../support/nobody_lost.ts";
import { Program } from "../support/program.ts";
import { RawMiner } from "../support/raw_miner.ts";

/** Time-outs short enough to end within a pause that a test can wait for. */
const TIMEOUT_SECONDS = 3;
const PAUSE_MS = 6_000;

/** The shortest there is. */
const IDLE_SECONDS = 10;

/** A configuration with short time-outs everywhere, in a folder that goes away with the test. */
async function withConfig(
  pools: readonly SimPool[],
  engine: string,
  test: (path: string, port: number, statusPort: number) => Promise<void>,
): Promise<void> {
  const [port, statusPort] = [freePort(), freePort()];
  const folder = await Deno.makeTempDir();
  try {
    const config = {
      agent_listen_ip: "127.0.0.1",
      agent_listen_port: port,
      pools: pools.map((pool) => agentEntry(pool)),
      limits: {
        login_timeout_seconds: TIMEOUT_SECONDS,
        idle_timeout_seconds: IDLE_SECONDS,
        max_requests_per_second: 20,
      },
      status: { listen: `127.0.0.1:${statusPort}` },
      advanced: {
        io_engine: engine,
        pool_connection_dial_timeout_seconds: TIMEOUT_SECONDS,
        pool_connection_read_timeout_seconds: TIMEOUT_SECONDS,
      },
    };
    await Deno.writeTextFile(`${folder}/agent.jsonc`, JSON.stringify(config));
    await test(`${folder}/agent.jsonc`, port, statusPort);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function passes(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Of all miners here: what stands still keeps no pace of jobs that is theirs. */
const NO_PACE = { mindsPace: () => false };

/** Stops the process for a while, as a snapshot of its machine does. */
async function pause(program: Program, ms: number): Promise<void> {
  program.signal("SIGSTOP");
  await passes(ms);
  program.signal("SIGCONT");
}

for (const engine of ["libc", "deno"]) {
  Deno.test(`a pause twice as long as every time-out loses no pool, no miner and no share (${engine})`, async () => {
    // Verdicts come in the middle of the pause.
    const behaviour = { proofOfWork: false, verdictDelayMs: PAUSE_MS / 2, jobIntervalMs: 1_000 };
    await using first = await SimPool.start(behaviour);
    await using second = await SimPool.start(behaviour);
    await withConfig([first, second], engine, async (path, port) => {
      await using program = new Program(["-c", path]);
      await program.wrote("serves miners");
      await using farm = SimFarm.start({
        ...NO_PACE,
        port,
        count: 20,
        mode: { kind: "rate", sharesPerSecond: 10 },
      });
      await farm.until(() => farm.statistics().waitingNow >= 200);
      await second.until(() => second.statistics().authorizedNow === 1);
      await pause(program, PAUSE_MS);
      const { submitted } = farm.statistics();
      await farm.until(() => farm.statistics().submitted >= submitted + 400);
      farm.setMode({ kind: "idle" });
      await farm.until(() => farm.statistics().waitingNow === 0);
      assertNobodyLost(program.output);
      assert.match(program.output, /stood still for [56]\.\d s/);
      const found = farm.statistics();
      assert.equal(found.accepted, found.submitted, "every share was accepted");
      assert.equal(found.lostConnections, 0);
      assert.deepEqual(farm.faults, []);
    });
  });
}

Deno.test("a farm starved for a while keeps its pools; one that is really silent is still left", async () => {
  await using first = await SimPool.start({ proofOfWork: false, jobIntervalMs: 1_000 });
  await using second = await SimPool.start({ proofOfWork: false, jobIntervalMs: 1_000 });
  await withConfig([first, second], "auto", async (path, port) => {
    await using program = new Program(["-c", path]);
    await program.wrote("serves miners");
    await using farm = SimFarm.start({
      ...NO_PACE,
      port,
      count: 5,
      mode: { kind: "rate", sharesPerSecond: 5 },
    });
    await farm.until(() => farm.statistics().accepted >= 5);
    await second.until(() => second.statistics().authorizedNow === 1);
    for (let round = 0; round < 8; round++) {
      await pause(program, 1_000);
      await passes(20);
    }
    const { accepted } = farm.statistics();
    await farm.until(() => farm.statistics().accepted >= accepted + 25);
    assertNobodyLost(program.output);

    await first.setFaults({ isSilent: true });
    await program.wrote("lost (serving): silent");
    await farm.until(() => farm.statistics().accepted >= accepted + 50);
    assert.equal(farm.statistics().lostConnections, 0);
  });
});

Deno.test("a pool's handshake and a miner's login that end during a pause are in time", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await pool.setFaults({ authorizeDelayMs: TIMEOUT_SECONDS * 500 });
  await withConfig([pool], "auto", async (path, port) => {
    await using program = new Program(["-c", path]);
    await pool.until(() => pool.statistics().connectionsNow > 0);
    await using miner = await RawMiner.connect(port);
    const pausing = pause(program, PAUSE_MS);
    await miner.send('{"id":1,"method":"mining.subscribe","params":["test/1"]}\n');
    await miner.send('{"id":2,"method":"mining.authorize","params":["demo.rig1","x"]}\n');
    await pausing;
    await miner.until(
      () => miner.lines.some((line) => line.includes('"method":"mining.notify"')),
      "a job",
    );
    assertNobodyLost(program.output);
  });
});

Deno.test("what miners and clients sent during a pause is in time, and no flood", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await withConfig([pool], "auto", async (path, port, statusPort) => {
    await using program = new Program(["-c", path]);
    await program.wrote("serves miners");
    await using miner = await RawMiner.connect(port);
    await miner.send('{"id":1,"method":"mining.subscribe","params":["test/1"]}\n');
    await miner.send('{"id":2,"method":"mining.authorize","params":["demo.rig1","x"]}\n');
    await miner.until(
      () => miner.lines.some((line) => line.includes('"method":"mining.notify"')),
      "a job",
    );
    // It has 10 s for the head of a request.
    await using client = await RawMiner.connect(statusPort);
    await client.send("GET /healthz HTTP/1.1\r\n");
    const pausing = pause(program, IDLE_SECONDS * 1_000 + 1_000);
    // In 11 s: within 20 a second and the burst of 100, but not within the burst alone.
    const pings = Array.from(
      { length: 200 },
      (_, i) => `{"id":${i + 10},"method":"mining.ping"}\n`,
    );
    await miner.send(pings.join(""));
    await client.send("Host: localhost\r\n\r\n");
    await pausing;
    await miner.until(() => miner.lines.some((line) => line.includes('"id":209')), "answers");
    await client.until(() => client.lines.length > 0, "an answer");
    assert.match(client.lines[0]!, /^HTTP\/1.1 200/);
    assertNobodyLost(program.output);
  });
});
