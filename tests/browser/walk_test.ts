/**
 * An operator's walk through 2,000 workers with trouble, in a real Chromium: everything is found
 * from the first screen in two clicks, and a calm farm is called calm.
 */

import assert from "node:assert/strict";
import { until } from "../support/test_proxy.ts";
import { browserTest, Look } from "./browser.ts";
import { FakeFarm } from "./fake_farm.ts";
import { FarmServer } from "./farm_server.ts";
import { troubledFarm } from "./troubled_farm.ts";

const NAMES = ".workers tbody tr.worker a";
const STATES = ".workers td.state .chip";

const TROUBLES = [
  { button: "12 machines missing", count: 12, state: "Missing for 25 min – had 102.0 TH/s" },
  {
    button: "14 refused",
    count: 14,
    state: "Refused: 100 % – version bits the pool does not allow",
  },
  { button: "6 flapping", count: 6, state: "Flapping: 30 logins in 1 h" },
  { button: "3 silent", count: 3, state: "No share for 14 min" },
  { button: "10 weak", count: 10, state: "Weak: 34 % of what it did" },
];

browserTest(
  "each trouble is a button on the first screen, and a second click opens one",
  async () => {
    const farm = troubledFarm();
    await using server = new FarmServer(farm);
    await using look = await Look.at(server.url, { viewport: { width: 1440, height: 900 } });
    const { page } = look;
    await look.sees(".count", "2,012 workers");
    await look.sees(".headline", "45 of 2,012 workers need attention");
    await look.sees(".cost", "Costs about 3.60 PH/s, 1.8 % of what is expected");
    for (const { button, count, state } of TROUBLES) {
      await page.evaluate("scrollTo(0, 0)");
      await page.getByRole("button", { name: button, exact: true }).click();
      await look.sees(".count", `${count} of 2,012 workers`);
      assert.ok((await look.texts(STATES)).includes(state), state);
      await page.locator(NAMES).first().click();
      await look.sees(".advice", /\S/);
      await page.goBack();
      await look.sees(".count", `${count} of 2,012 workers`);
    }
    assert.match(await page.title(), /^\(45\) btcagent/);
  },
);

browserTest("backup pool, outage and losses are statements of the first screen", async () => {
  await using server = new FarmServer(troubledFarm());
  await using look = await Look.at(server.url);
  await look.sees(
    ".statements",
    /backup\.example:3333 since .*, instead of pool\.example:3333: connection refused/,
  );
  await look.sees(".statements", /0\.5 % with version bits that are not allowed/);
  await look.sees(".statements", /Without any pool for 3 min today/);
  await look.sees(".status .chip", "Mining on a backup pool");
  await look.sees(".tile:nth-of-type(1)", /98 % of 202\.0 PH\/s, the median of 24 h/);
  await look.sees(".tile:nth-of-type(1)", /97 % of 205\.0 PH\/s, the nominal figure/);
  await look.sees(".link-tiles", /Uplink.*Verdicts/);
});

browserTest("a healthy farm gets one calm line that says what was looked at", async () => {
  const farm = new FakeFarm(2_020);
  Object.assign(farm.attention.losses, {
    hour: {
      good: 998_000,
      lost: 2_000,
      part: 0.002,
      lost_hashes: 1e18,
      sentence: "0.2 % lost: stale",
    },
  });
  await using server = new FarmServer(farm);
  await using look = await Look.at(server.url);
  await look.sees(
    ".headline",
    "2,020 workers, all working; 0.20 % of the work lost in the last hour",
  );
  assert.equal(
    await look.page.locator(".trouble:visible, .statements:visible, .cost:visible").count(),
    0,
  );
  await look.sees(".tile:nth-of-type(3)", /0\.2 % lost: stale/);
});

browserTest("in an outage no figure pretends: 0, since when, and what it was before", async () => {
  const farm = new FakeFarm(20);
  farm.reason = "No pool answers";
  farm.attention.outage.since = new Date(Date.now() - 400_000).toISOString();
  await using server = new FarmServer(farm);
  await using look = await Look.at(server.url);
  await look.sees(".headline", "No pool serves: nothing is mined");
  await look.sees(".tile:nth-of-type(1) .figure", /^0 H\/s no pool since \d\d:\d\d:\d\d$/);
  await look.sees(".tile:nth-of-type(1)", /expected: 102\.0 PH\/s/);
  await look.sees(".tile:nth-of-type(2) b", "0");
  assert.equal(await look.page.locator(".cost").isVisible(), false);
});

browserTest("a refused connection's own page says so too, and leads to its worker", async () => {
  await using server = new FarmServer(troubledFarm());
  await using look = await Look.at(`${server.url}#/workers/1`);
  const { page } = look;
  const state = "Refused: 100 % – version bits the pool does not allow";
  await look.sees(".one-page .chip", state);
  await page.getByRole("link", { name: "Connection 00000000" }).click();
  await look.sees(".miner-page .chip", state);
  await look.sees(".miner-page .advice", /Update its firmware/);
  await page.getByRole("link", { name: "All of this worker" }).click();
  await look.sees(".worker-page .facts", /Usual hashrate90\.0 TH\/s/);
});

browserTest("a missing worker says when and why it went, and can be forgotten", async () => {
  const farm = troubledFarm();
  await using server = new FarmServer(farm, { token: "s3cret", control: true });
  await using look = await Look.at(server.url, { expected: /401/ });
  const { page } = look;
  await page.getByLabel("Token", { exact: true }).fill("s3cret");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "12 machines missing" }).click();
  await page.getByRole("link", { name: "dead12", exact: true }).click();
  await look.sees(".facts", /Hashrate it had102\.0 TH\/s.*the miner closed the connection/);
  await page.getByRole("button", { name: "Forget this worker" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Forget", exact: true }).click();
  await until(() => farm.workers().length === 2_011, "it is forgotten");
  await page.getByRole("button", { name: "11 machines missing" }).waitFor();
});

browserTest("observations are shown as such, and a list of them is one choice away", async () => {
  await using server = new FarmServer(troubledFarm());
  await using look = await Look.at(server.url);
  const { page } = look;
  await look.sees(".count", "2,012 workers");
  await page.getByLabel("Show").selectOption("observed");
  await look.sees(".count", "2 of 2,012 workers");
  await look.sees(STATES, "Working · seen: gaps");
  await page.locator(NAMES).first().click();
  await look.sees(".observations", /Gaps No share for 2 minutes every 60 minutes/);
});

browserTest("groups have their own sums and open by a click or the keyboard", async () => {
  await using server = new FarmServer(troubledFarm());
  await using look = await Look.at(server.url);
  const { page } = look;
  await look.sees(".count", "2,012 workers");
  await page.getByLabel("Group by").selectOption("subnet");
  await look.sees(".workers tr.group .fold", "10.0.0.0/24");
  await look.sees(STATES, "33 of 256 in trouble");
  assert.equal((await look.texts(".workers tr.group .fold")).length, 8);
  assert.equal(await page.locator(NAMES + ":visible").count(), 0);
  const fold = page.getByRole("button", { name: "10.0.0.0/24" }).first();
  await fold.press("Enter");
  await look.sees(".workers tr.worker:not([hidden]) a", "rig14");
  assert.equal(await fold.getAttribute("aria-expanded"), "true");
  await fold.press("Enter");
  assert.equal(await fold.getAttribute("aria-expanded"), "false");
  await page.getByLabel("Group by").selectOption("software");
  await look.sees(".workers tr.group .fold", "bmminer/2.0.0");
});

browserTest(
  "causes are told for an hour and a day, and lead to the workers they name",
  async () => {
    await using server = new FarmServer(troubledFarm());
    await using look = await Look.at(server.url);
    const { page } = look;
    await look.sees(".causes-card .sentence", /0\.1 % stale, rejected by backup/);
    await look.sees(
      ".causes",
      /refused here: version bits the pool does not allow6,0900\.51 %1\.71 EH/,
    );
    await page.getByRole("button", { name: "All 8" }).click();
    await page.getByRole("button", { name: "10.0.7.0/24" }).waitFor();
    await page.getByRole("group", { name: "Stretch of time of the causes" })
      .getByRole("button", { name: "24 hours" }).click();
    await look.sees(
      ".causes-card .sentence",
      "0.6 % of the work of the last 24 hours was lost: 0.6 % stale, rejected by backup.example:3333",
    );
    await look.sees(".ends", /Kept here good for the miner, below the pool's difficulty/);
    await page.locator(".causes").getByRole("button", { name: "bmminer/2.0.0" }).click();
    await look.sees(".count", "671 of 2,012 workers");
  },
);

browserTest("workers and causes are saved as CSV, with a token too", async () => {
  for (const token of ["", "s3cret"]) {
    await using server = new FarmServer(new FakeFarm(5), { token });
    await using look = await Look.at(server.url, { expected: /401/ });
    const { page } = look;
    if (token !== "") {
      await page.getByLabel("Token", { exact: true }).fill(token);
      await page.keyboard.press("Enter");
    }
    await look.sees(".count", "5 workers");
    for (
      const [name, file] of [["Workers as CSV", "workers.csv"], ["Causes as CSV", "causes.csv"]]
    ) {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("link", { name: name! }).click(),
      ]);
      assert.equal(download.suggestedFilename(), file);
    }
  }
});

browserTest(
  "a token is kept in this browser only if that is ticked, and can be forgotten",
  async () => {
    await using server = new FarmServer(new FakeFarm(5), { token: "s3cret" });
    await using look = await Look.at(server.url, { expected: /401/ });
    const { page } = look;
    await page.getByLabel("Token", { exact: true }).fill("s3cret");
    await page.getByLabel("Remember it in this browser").check();
    await page.keyboard.press("Enter");
    await look.sees(".count", "5 workers");
    // As in another tab.
    await page.evaluate("sessionStorage.clear()");
    await page.reload();
    await look.sees(".count", "5 workers");
    await page.getByRole("button", { name: "Forget token" }).click();
    await page.getByLabel("Token", { exact: true }).waitFor();
    assert.doesNotMatch(await page.evaluate("JSON.stringify(localStorage)") as string, /s3cret/);
  },
);

browserTest(
  "a chart shows 1 % of a farm, says where its axis begins, and names its marks",
  async () => {
    const farm = troubledFarm();
    farm.moments.push({
      time: Date.now() / 1000 - 60,
      kind: "failover",
      about: "To backup.example:3333: no answer for 60 s",
    });
    await using server = new FarmServer(farm);
    await using look = await Look.at(server.url);
    await look.page.getByRole("img", { name: /backup\.example:3333: no answer for 60 s/ }).first()
      .waitFor();
    await look.sees(".chart:nth-of-type(2) .axis", /^axis from 1,9\d\d$/);
  },
);

browserTest("nothing is cut on a desk, a wall or a phone, in English or Chinese", async () => {
  await using server = new FarmServer(troubledFarm());
  for (const locale of ["en-GB", "zh-CN"]) {
    for (const [width, height] of [[1440, 1000], [2560, 1440], [390, 844]] as const) {
      await using look = await Look.at(server.url, { viewport: { width, height }, locale });
      const { page } = look;
      await look.sees(".count", /2,012/);
      await look.sees(".causes-card .sentence", /0[.]6/);
      const cut = `[...document.querySelectorAll(
        ".card, .workers thead th, .workers td.number, .workers td.state .chip, .workers .only-narrow",
      )].filter((one) => one.scrollWidth > one.clientWidth + 1 ||
          one.scrollHeight > one.clientHeight + 1 && one.matches(".only-narrow"))
        .map(({ className, textContent }) => className + ": " + textContent.slice(0, 80))`;
      assert.deepEqual(await page.evaluate(cut), [], `${locale} ${width}`);
      await page.goto(`${server.url}#/workers/1`);
      await look.sees(".one-page .chip", /100/);
      const wide = "document.documentElement.scrollWidth";
      assert.equal(await page.evaluate(wide), width, `a worker, ${locale} ${width}`);
    }
  }
});

browserTest(
  "a large window has the worst workers, pools and charts on its first screen",
  async () => {
    await using server = new FarmServer(troubledFarm());
    for (const [width, height] of [[1920, 1080], [2560, 1440]] as const) {
      await using look = await Look.at(server.url, { viewport: { width, height } });
      const { page } = look;
      await look.sees(".count", "2,012 workers");
      await look.sees(".causes-card .sentence", /0[.]6/);
      const inSight = (selector: string) =>
        page.evaluate(`[...document.querySelectorAll(${JSON.stringify(selector)})]
        .filter((one) => one.getBoundingClientRect().bottom <= innerHeight).length`);
      assert.ok(await inSight(".workers tbody tr:not(.spacer)") as number >= 5, `${width}`);
      assert.equal(await inSight(".pools tbody tr"), 2);
      assert.ok(await inSight(".chart") as number >= 2);
    }
  },
);

browserTest("on a phone trouble and pools come first, and one chart", async () => {
  await using server = new FarmServer(troubledFarm());
  await using look = await Look.at(server.url, { viewport: { width: 390, height: 844 } });
  const { page } = look;
  await look.sees(".count", "2,012 workers");
  const order = await page.evaluate(`[...document.querySelectorAll(".overview > :not([hidden])")]
    .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
    .slice(0, 2).map(({ className }) => className)`) as string[];
  assert.match(order.join(), /attention.*,.*pools-card/);
  assert.equal(await page.locator(".chart:visible").count(), 1);
  await page.getByLabel("Chart").selectOption({ label: "Working miners" });
  assert.equal(await page.locator(".chart:visible h3").textContent(), "Working miners");
});
