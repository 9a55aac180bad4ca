/** Clients that ask the status server as much as they can: miners hardly notice. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import type { HammerCounts, HammerOrder } from "../support/hammer.ts";
import { LogCapture } from "../support/log_capture.ts";
import { RawMiner } from "../support/raw_miner.ts";
import { StatusRig } from "../support/status_rig.ts";
import { PATIENT_LIMITS, until } from "../support/test_proxy.ts";

const MINERS = 500;
const SHARES = 40;

/** How long shares of `miner` wait for their answers, in milliseconds, ascending. */
async function answerTimes(miner: RawMiner): Promise<number[]> {
  const times: number[] = [];
  const [, job] = /"mining\.notify","params":\["([^"]+)"/.exec(miner.lines.join("\n"))!;
  for (let i = 0; i < SHARES; i++) {
    const id = 1000 + i;
    const nonce = i.toString(16).padStart(8, "0");
    const sentAt = performance.now();
    const params = JSON.stringify(["demo.probe", job, "00000000", "60000000", nonce]);
    await miner.send(`{"id":${id},"method":"mining.submit","params":${params}}\n`);
    const isAnswer = (line: string) => line.includes(`"id":${id},`);
    await miner.until(() => miner.lines.some(isAnswer), `the answer to share ${i}`);
    times.push(performance.now() - sentAt);
  }
  return times.sort((a, b) => a - b);
}

Deno.test("shares are answered in time while clients ask for every miner without a pause", async () => {
  using log = new LogCapture();
  await using pool = await SimPool.start({ proofOfWork: false });
  await using rig = new StatusRig([pool], {
    limits: PATIENT_LIMITS,
    advanced: { share_batch_window_ms: 0 },
    status: { worker_series_max: 65_535 },
  });
  await using _farm = SimFarm.start({ port: rig.port, count: MINERS });
  await until(() => rig.proxy.statistics().working === MINERS, "all are in");
  await using miner = await RawMiner.connect(rig.port);
  await miner.send('{"id":1,"method":"mining.subscribe","params":[]}\n');
  await miner.send('{"id":2,"method":"mining.authorize","params":["demo.probe","x"]}\n');
  await miner.until(() => miner.lines.some((line) => line.includes("mining.notify")), "a job");

  const worker = new Worker(new URL("../support/hammer.ts", import.meta.url), { type: "module" });
  const base = `http://127.0.0.1:${rig.server.address.port}`;
  const paths = ["miners?limit=1000", "miners?limit=1000&sort=-hashrate&q=rig", "miner-table"];
  const urls = [...paths.map((path) => `${base}/api/v1/${path}`), `${base}/metrics`];
  const order: HammerOrder = { urls, clients: 8 };
  worker.postMessage(order);
  await until(
    () => log.take().some((line) => /has used up its time budget/.test(line)),
    "a word",
  );

  const times = await answerTimes(miner);
  // Probes are answered all the while.
  const probe = await rig.fetch("/healthz");
  await probe.body?.cancel();
  assert.equal(probe.status, 200);
  const counts = await new Promise<HammerCounts>((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage("stop");
  });
  worker.terminate();
  const median = times[SHARES >> 1]!;
  assert.ok(median < 50, `half of the shares waited over ${median} ms`);
  assert.ok((counts[503] ?? 0) > 0, JSON.stringify(counts));
  assert.deepEqual(Object.keys(counts).filter((status) => !["200", "503"].includes(status)), []);
});
