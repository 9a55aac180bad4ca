/** Stopping under load loses nothing. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { LogCapture } from "../support/log_capture.ts";
import { Program } from "../support/program.ts";
import { RawMiner } from "../support/raw_miner.ts";
import { withBatchingConfig } from "../support/batching_config.ts";
import { Stopwatch } from "../../lib/sim/stopwatch.ts";
import { TestProxy, unjudged, until } from "../support/test_proxy.ts";

/** The agent's books as its last line has them. */
function lastBooks(stderr: string): Record<string, number> {
  const line = stderr.split("\n").find((each) => each.includes("Stopped: "));
  assert.ok(line !== undefined, stderr);
  const [received, refused, outage, kept, submitted, accepted, rejected, assumed, unanswered] = [
    ...line.slice(line.indexOf("Stopped: ")).matchAll(/\d+/g),
  ].map(Number);
  assert.equal(received, refused! + outage! + kept! + submitted!);
  return { received, submitted, accepted, rejected, assumed, unanswered } as Record<string, number>;
}

for (const hasNoSubres of [false, true]) {
  // So few that what they gather does not fill a segment by itself when they leave.
  const count = hasNoSubres ? 20 : 200;
  const verdicts = hasNoSubres ? "gives no verdicts" : "judges every share";
  Deno.test(`SIGTERM under load loses no share it had read, of a pool that ${verdicts}`, async () => {
    await using pool = await SimPool.start({ proofOfWork: false, verdictDelayMs: 300 });
    await pool.setFaults({ hasNoSubres });
    await withBatchingConfig(pool, async (path, port) => {
      await using program = new Program(["-c", path]);
      await program.wrote("serves miners");
      await using farm = SimFarm.start({
        port,
        count,
        mode: { kind: "rate", sharesPerSecond: 10 },
      });
      await farm.until(() => farm.statistics().accepted >= 20 * count);
      using stopwatch = new Stopwatch();
      program.signal("SIGTERM");
      const { code, stderr } = await program.ended();
      const tookMs = stopwatch.ms();
      assert.equal(code, 0);
      assert.ok(tookMs < 5_000, `the stop took ${tookMs} ms`);
      await pool.until(() => pool.statistics().connectionsNow === 0);
      await pool.until(() => pool.statistics().waitingNow === 0);

      const books = lastBooks(stderr);
      const judged = pool.statistics();
      assert.equal(books.received, books.submitted);
      assert.equal(books.submitted, judged.submits);
      assert.equal(books.unanswered, 0);
      assert.equal(books.assumed, hasNoSubres ? judged.submits : 0);
      assert.equal(books.accepted, hasNoSubres ? 0 : judged.accepted);
      assert.equal(books.rejected, hasNoSubres ? 0 : judged.rejected);
      assert.equal(judged.unregisteredSubmits, 0);
      await farm.until(() => farm.statistics().connectedNow === 0);
      const found = farm.statistics();
      assert.equal(found.accepted, judged.accepted, "every verdict reached its miner");
      assert.deepEqual(farm.faults, []);
    });
  });
}

for (const engine of ["libc", "deno"]) {
  Deno.test(`a stop while the pool stalls lets miners go soon, answered and in the books (${engine})`, async () => {
    await using pool = await SimPool.start({ proofOfWork: false });
    await withBatchingConfig(pool, async (path, port) => {
      await using program = new Program(["-c", path]);
      await program.wrote("serves miners");
      await using farm = SimFarm.start({
        port,
        count: 50,
        mode: { kind: "rate", sharesPerSecond: 4 },
      });
      await farm.until(() => farm.statistics().accepted >= 200);
      await pool.setFaults({ isSilent: true });
      await until(() => farm.statistics().waitingNow >= 200, "shares wait");
      using stopwatch = new Stopwatch();
      program.signal("SIGTERM");
      await farm.until(() => farm.statistics().connectedNow === 0);
      const tookMs = stopwatch.ms();
      assert.ok(tookMs < 3_000, `the last miner could go to its backup after ${tookMs} ms`);
      const { code, stderr } = await program.ended();
      assert.equal(code, 0);
      const books = lastBooks(stderr);
      assert.equal(
        books.submitted,
        books.accepted! + books.rejected! + books.assumed! + books.unanswered!,
      );
      const { submitted, accepted, rejected } = farm.statistics();
      assert.ok(books.received! <= submitted, `${books.received} of ${submitted} were read`);
      assert.equal(accepted + rejected, books.received, "every share that was read was answered");
      assert.deepEqual(farm.faults, []);
    }, engine);
  });
}

Deno.test("a stop lets each miner go as soon as its own shares are judged", async () => {
  await using pool = await SimPool.start({ proofOfWork: false, verdictDelayMs: 900 });
  await withBatchingConfig(pool, async (path, port) => {
    await using program = new Program(["-c", path]);
    await program.wrote("serves miners");
    const login = async (name: string) => {
      const miner = await RawMiner.connect(port);
      await miner.send('{"id":1,"method":"mining.subscribe","params":["test/1"]}\n');
      await miner.send(`{"id":2,"method":"mining.authorize","params":["demo.${name}","x"]}\n`);
      await miner.until(
        () => miner.lines.some((line) => line.includes('"method":"mining.notify"')),
        "a job",
      );
      return miner;
    };
    await using idle = await login("idle");
    await using busy = await login("busy");
    const notify = busy.lines.find((line) => line.includes('"method":"mining.notify"'))!;
    const [job, , , , , , , ntime] = JSON.parse(notify).params;
    await busy.send(
      `{"id":9,"method":"mining.submit","params":["x","${job}","00000001","${ntime}","00000007"]}\n`,
    );
    await pool.until(() => pool.statistics().submits === 1);
    program.signal("SIGTERM");
    await idle.ended();
    const answer = () => busy.lines.find((line) => line.includes('"id":9'));
    assert.equal(answer(), undefined, "its verdict is still to come");
    await busy.ended();
    assert.equal(JSON.parse(answer()!).result, true);
    assert.equal((await program.ended()).code, 0);
  });
});

Deno.test("a stop waits no longer for verdicts than it is told, and says how many are missing", async () => {
  using log = new LogCapture();
  await using pool = await SimPool.start({ proofOfWork: false });
  await using proxy = new TestProxy([pool]);
  await using farm = SimFarm.start({
    port: proxy.port,
    count: 20,
    mode: { kind: "rate", sharesPerSecond: 10 },
  });
  await farm.until(() => farm.statistics().accepted >= 20);
  await pool.setFaults({ dropEveryNthVerdict: 1 });
  await until(() => unjudged(proxy.statistics()) >= 20, "shares wait");
  using stopwatch = new Stopwatch();
  const since = performance.now();
  await proxy.proxy.stop(700);
  const waitedMs = performance.now() - since;
  const tookMs = stopwatch.ms();
  assert.match(log.take().join("\n"), /Stopping; shares without a verdict: \d\d+/);
  assert.ok(waitedMs >= 650, `the stop took ${waitedMs} ms`);
  assert.ok(tookMs < 1_500, `the stop took ${tookMs} ms`);
});
