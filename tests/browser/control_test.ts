/** What may be changed from the live page, in a real Chromium. */

import assert from "node:assert/strict";
import { until } from "../support/test_proxy.ts";
import { browserTest, Look } from "./browser.ts";
import { FakeFarm } from "./fake_farm.ts";
import { FarmServer } from "./farm_server.ts";

browserTest(
  "with control and a token pools are preferred, miners disconnected, the file read again",
  async () => {
    const farm = new FakeFarm(5);
    await using server = new FarmServer(farm, { token: "s3cret", control: true });
    await using look = await Look.at(server.url, { expected: /401|422|404/ });
    const { page } = look;
    await page.getByLabel("Token", { exact: true }).fill("s3cret");
    await page.keyboard.press("Enter");

    await page.getByRole("button", { name: "Prefer pool.example:3333" }).click();
    await look.sees(".said", "Pool pool.example:3333 is pinned");
    await page.getByText("Preferred by hand").waitFor();
    assert.equal(farm.pinned, 1);
    await page.getByRole("button", { name: "Back to automatic" }).click();
    await until(() => farm.pinned === undefined, "no pool is preferred");

    await page.getByRole("button", { name: "Reload configuration" }).click();
    await look.sees(".said", "Read again\nlimits.max_miners: 1 → 2\nOnly after a restart: status");
    farm.badFile = "The file is wrong";
    await page.getByRole("button", { name: "Reload configuration" }).click();
    await look.sees(".said.wrong", "The file is wrong");

    await page.getByLabel("Log level").selectOption("debug");
    await until(() => farm.level === "debug", "the level is set");
    assert.deepEqual(await look.faults(), []);

    await page.getByRole("link", { name: "rig2" }).click();
    await page.getByRole("link", { name: "Connection 00000001" }).click();
    await page.getByRole("button", { name: "Disconnect" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    assert.equal(farm.miners().length, 5);
    await page.getByRole("button", { name: "Disconnect" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Disconnect" }).click();
    await page.getByText("This miner is not connected any more").waitFor();
    assert.equal(farm.miners().length, 4);
  },
);

browserTest("without control nothing that changes anything is on the page", async () => {
  await using server = new FarmServer(new FakeFarm(5), { token: "s3cret" });
  await using look = await Look.at(server.url, { expected: /401/ });
  await look.page.getByLabel("Token", { exact: true }).fill("s3cret");
  await look.page.keyboard.press("Enter");
  await look.sees(".count", "5 workers");
  assert.equal(await look.page.locator(".controls-card").isVisible(), false);
  assert.equal(await look.page.getByRole("button", { name: /Prefer/ }).count(), 0);
  await look.page.getByRole("link", { name: "rig2" }).click();
  await look.sees(".one-page h2", "rig2");
  assert.equal(await look.page.getByRole("button", { name: "Forget this worker" }).count(), 0);
  await look.page.getByRole("link", { name: "Connection 00000001" }).click();
  await look.page.locator(".miner-page .facts dd").first().waitFor();
  assert.equal(await look.page.getByRole("button", { name: "Disconnect" }).count(), 0);
});
