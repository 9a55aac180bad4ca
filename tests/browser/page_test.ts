/** The live page as a whole, in a real Chromium. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { SharesSchema } from "../../lib/observe/status/count_shapes.ts";
import { sampleOf } from "../support/fake_status.ts";
import { StatusRig } from "../support/status_rig.ts";
import { until } from "../support/test_proxy.ts";
import { browserTest, Look } from "./browser.ts";
import { FakeFarm } from "./fake_farm.ts";
import { FarmServer } from "./farm_server.ts";
import { troubledFarm } from "./troubled_farm.ts";

browserTest(
  "a real farm: totals, charts and events move by themselves, and an outage is said",
  async () => {
    await using pool = await SimPool.start({ difficulty: 0.00001 });
    await using rig = new StatusRig([pool]);
    await using farm = SimFarm.start({ port: rig.port, count: 20, mode: { kind: "hash" } });
    await using look = await Look.at(`http://127.0.0.1:${rig.server.address.port}/`);
    await look.sees(".tile:nth-of-type(2) b", "20");
    await look.sees(".status .chip", "Mining");
    await look.sees(".pools .chip", "Serves");
    await look.sees(".count", "20 workers");
    await farm.until(() => farm.statistics().accepted >= 3, 30_000);
    await look.sees(".ends", /Accepted by the pool the pool counts them[1-9]/);
    await look.sees(".tile:nth-of-type(3)", /^Lost0 ?% of the work/);
    rig.events.add({ timestamp: Date.now(), level: "warning", area: "pool", message: "Look here" });
    await look.sees(".events .message", "Look here");
    // Two samples of 10 s make a line.
    await look.page.getByRole("img", { name: /^Working miners: now 20/ }).waitFor({
      timeout: 30_000,
    });

    await pool.setFaults({ refuseConnections: true });
    pool.resetConnections();
    await until(() => !rig.view.health().serving, "the outage");
    await look.sees(".status .chip", "No pool serves");
    await look.sees(".banner", /^No pool answers/);
    await look.sees(".pools .reason", /\S/);
    await look.sees(".tile:nth-of-type(1) .figure", /^0 ?H\/s no pool since/);
  },
);

browserTest("a Stratum pool is called one, and what is kept there is explained", async () => {
  const farm = new FakeFarm(5, [{ shares: { ...sampleOf(SharesSchema), kept: 77 } }]);
  Object.assign(farm, { kind: "stratum", kept: 12_345, contradicted: 2, outgrown: 3 });
  await using server = new FarmServer(farm);
  await using look = await Look.at(server.url);
  await look.sees(".pools .kind", "Stratum · extranonce2 of 6 bytes");
  await look.sees(".tile:nth-of-type(2)", /Miners had to reconnect 3 times/);
  await look.sees(".pools .below", "12,345 kept");
  await look.sees(".pools-card .note", /^Kept: good for its miner, below the pool's difficulty/);
  await look.sees(".pools .reason", /contradict our own check: 2\. Ask the pool/);
  await look.sees(".ends", /Kept here .* credited, not sent12,345/);
  await look.page.goto(`${server.url}#/miners/00000000`);
  await look.sees(".miner-page", /Kept: below the pool's difficulty, credited, not sent\s*77/);
});

browserTest("connections of single workers are summed up below their pool's miners", async () => {
  const farm = new FakeFarm(5);
  Object.assign(farm, { kind: "stratum", workerConnections: { ready: 1_980, opening: 20 } });
  await using server = new FarmServer(farm);
  await using look = await Look.at(server.url, { viewport: { width: 1024, height: 800 } });
  await look.sees(".pools .below", "Worker connections: 1,980 ready, 20 opening");
  assert.equal(await look.page.evaluate("document.documentElement.scrollWidth"), 1024);
});

browserTest("what is odd about a pool's jobs is shown with it", async () => {
  const farm = new FakeFarm(5);
  Object.assign(farm.jobs, { payout_changes: 1, behind_seconds: 90, empty_job_seconds: 59 });
  await using server = new FarmServer(farm);
  await using look = await Look.at(server.url);
  await look.sees(".pools .reason:nth-of-type(1)", /did not pay an output .*: 1\. See the log/);
  await look.sees(".pools .reason:nth-of-type(2)", /^Worked on an old block: 1/);
  assert.equal(await look.page.locator(".pools .reason").count(), 2, "59 s are no news");
});

browserTest("an agent pool is called one, and nothing is said of what is kept", async () => {
  await using server = new FarmServer(new FakeFarm(5));
  await using look = await Look.at(server.url, { viewport: { width: 380, height: 800 } });
  await look.sees(".pools .kind", "agent protocol");
  assert.equal(await look.page.locator(".pools-card .note").isVisible(), false);
  assert.equal(await look.page.locator(".pools .below").count(), 0);
});

browserTest("when the agent is gone the page says so, and goes on when it is back", async () => {
  await using look = await (async () => {
    await using first = new FarmServer(new FakeFarm(5));
    const look = await Look.at(first.url, { expected: /ERR_|Failed to load/ });
    await look.sees(".count", "5 workers");
    return look;
  })();
  await look.sees(".banner", /^No answer from btcagent/);
  const port = Number(new URL(look.page.url()).port);
  await using _second = new FarmServer(new FakeFarm(7), { port });
  await look.sees(".count", "7 workers");
  assert.equal(await look.page.locator(".banner").isVisible(), false);
  await look.sees(".tile:nth-of-type(2) b", "7");
});

browserTest(
  "the token is asked for once, kept for this tab only, and a wrong one is refused",
  async () => {
    await using server = new FarmServer(new FakeFarm(5), { token: "s3cret" });
    await using look = await Look.at(server.url, { expected: /401/ });
    const { page } = look;
    await page.getByLabel("Token", { exact: true }).fill("wrong");
    await page.keyboard.press("Enter");
    await look.sees("dialog .wrong", "Wrong token");
    await page.getByLabel("Token", { exact: true }).fill("s3cret");
    await page.getByRole("button", { name: "Show" }).click();
    await look.sees(".count", "5 workers");
    await page.reload();
    await look.sees(".count", "5 workers");
    assert.equal(await page.locator("dialog").count(), 0);
    assert.doesNotMatch(await page.evaluate("JSON.stringify(localStorage)") as string, /s3cret/);
  },
);

browserTest("the switch to Chinese is remembered, and a Chinese browser needs none", async () => {
  await using server = new FarmServer(new FakeFarm(5));
  await using look = await Look.at(server.url);
  await look.page.getByRole("button", { name: "切换到中文" }).click();
  await look.sees(".count", "5 个矿工");
  await look.page.reload();
  await look.sees("#workers-title", "矿工");
  assert.equal(await look.page.locator("html").getAttribute("lang"), "zh-CN");
  await look.page.getByRole("button", { name: "Switch to English" }).click();
  await look.sees("#workers-title", "Workers");
  await using chinese = await Look.at(server.url, { locale: "zh-CN" });
  await chinese.sees("#pools-title", "矿池");
});

browserTest(
  "dark and light follow the system until one is chosen, which is remembered",
  async () => {
    await using server = new FarmServer(new FakeFarm(5));
    await using look = await Look.at(server.url, { colorScheme: "dark" });
    const ground = () => look.page.evaluate("getComputedStyle(document.body).backgroundColor");
    assert.equal(await ground(), "rgb(13, 17, 23)");
    await look.page.getByRole("button", { name: "Colours: auto" }).click();
    await look.page.getByRole("button", { name: "Colours: light" }).waitFor();
    assert.equal(await ground(), "rgb(244, 246, 248)");
    await look.page.reload();
    await look.page.getByRole("button", { name: "Colours: light" }).waitFor();
    assert.equal(await ground(), "rgb(244, 246, 248)");
  },
);

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(
    `axe finds no fault in ${colorScheme}: whole page, trouble, one miner, token`,
    async () => {
      const farm = new FakeFarm(12, [
        { state: "joining", condition: null, worker_id: null },
        { worker: "", user: "", id: null },
      ]);
      farm.log.push({ ...farm.log[0]!, number: 2, level: "warning", message: "A warning" });
      farm.log.push({ ...farm.log[0]!, number: 3, level: "error", message: "An error" });
      await using server = new FarmServer(farm);
      await using look = await Look.at(server.url, { colorScheme });
      await look.sees(".count", "12 workers");
      assert.deepEqual(await look.faults(), []);
      farm.reason = "No pool answers";
      await look.sees(".banner", "No pool answers");
      assert.deepEqual(await look.faults(), []);
      await look.page.goto(`${server.url}#/miners/00000006`);
      await look.sees(".facts", /rig7/);
      assert.deepEqual(await look.faults(), []);

      await using troubled = new FarmServer(troubledFarm());
      await using seen = await Look.at(troubled.url, { colorScheme });
      await seen.sees(".count", "2,012 workers");
      await seen.sees(".sentence", /lost/);
      assert.deepEqual(await seen.faults(), []);
      await seen.page.getByLabel("Group by").selectOption("subnet");
      await seen.page.getByRole("button", { name: "10.0.0.0/24" }).first().click();
      assert.deepEqual(await seen.faults(), []);
      for (const id of [1, 17, 34, 2_003]) {
        await seen.page.goto(`${troubled.url}#/workers/${id}`);
        await seen.sees(".one-page .facts", /Subnet10/);
        assert.deepEqual(await seen.faults(), []);
      }

      await using locked = new FarmServer(farm, { token: "s3cret" });
      await using asked = await Look.at(locked.url, { colorScheme, expected: /401/ });
      await asked.page.getByLabel("Token", { exact: true }).waitFor();
      assert.deepEqual(await asked.faults(), []);
    },
  );
}

browserTest("all can be done with the keyboard, and focus is where it is expected", async () => {
  await using server = new FarmServer(new FakeFarm(200));
  await using look = await Look.at(server.url);
  await look.sees(".count", "200 workers");
  const { page } = look;
  const focused = () =>
    page.evaluate(`document.activeElement.textContent || document.activeElement.id`);
  const tabTo = async (text: string) => {
    for (let presses = 0; presses < 40; presses++) {
      await page.keyboard.press("Tab");
      if (await focused() === text) return;
    }
    assert.fail(`Tab does not lead to ${text}`);
  };
  await tabTo("24 hours");
  await page.keyboard.press("Space");
  assert.equal(
    await page.getByRole("button", { name: "24 hours" }).first().getAttribute("aria-pressed"),
    "true",
  );
  await tabTo("search");
  await page.keyboard.type("rig19");
  await look.sees(".count", "11 of 200 workers");
  await tabTo("Worker");
  await page.keyboard.press("Enter");
  await look.sees(".workers tr.worker a", "rig19");
  await page.keyboard.press("Enter");
  await look.sees(".workers tr.worker a", "rig199");
  await tabTo("rig199");
  await page.keyboard.press("Enter");
  await look.sees(".one-page h2", "rig199");
  assert.equal(await focused(), "rig199");
  await page.keyboard.press("Tab");
  await page.goBack();
  await look.sees(".count", "11 of 200 workers");
});

browserTest("from 320 to 3,840 pixels wide nothing has to be scrolled sideways", async () => {
  const long = "x".repeat(120);
  const farm = new FakeFarm(300, [{ worker: long, client_agent: long, user: long }]);
  farm.reason = `No pool answers; ${long}`;
  farm.log.push({ ...farm.log[0]!, number: 2, message: long });
  await using server = new FarmServer(farm);
  await using look = await Look.at(server.url);
  await look.sees(".count", "300 workers");
  const { page } = look;
  const widths = async () => {
    for (const width of [320, 400, 768, 1024, 1440, 1920, 3840]) {
      await page.setViewportSize({ width, height: 800 });
      assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
    }
  };
  await widths();
  await page.goto(`${server.url}#/miners/00000000`);
  await look.sees(".one-page h2", long);
  await widths();
});
