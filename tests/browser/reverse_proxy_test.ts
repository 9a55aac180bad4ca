/** The live page under a path of a reverse proxy, in a real Chromium. */

import assert from "node:assert/strict";
import { until } from "../support/test_proxy.ts";
import { browserTest, Look } from "./browser.ts";
import { FakeFarm } from "./fake_farm.ts";
import { FarmServer } from "./farm_server.ts";
import { PathProxy } from "./path_proxy.ts";

browserTest(
  "under a path of a reverse proxy all of it works: live, one miner, changes, a token for each",
  async () => {
    const farm = new FakeFarm(5);
    await using one = new FarmServer(farm, { token: "s3cret", control: true });
    await using two = new FarmServer(new FakeFarm(7), { token: "other" });
    await using proxy = new PathProxy({ "/farm1": one.url, "/farm2": two.url });
    await using look = await Look.at(proxy.url("/farm1"), { expected: /401/ });
    const { page } = look;
    await page.getByLabel("Token", { exact: true }).fill("s3cret");
    await page.keyboard.press("Enter");
    await look.sees(".count", "5 workers");
    await look.sees(".status .chip", "Mining");
    assert.ok(await page.evaluate("document.querySelector('.brand img').naturalWidth > 0"));
    farm.log.push({ ...farm.log[0]!, number: 2, message: "Look here" });
    await look.sees(".events .message", "Look here");
    await page.getByRole("button", { name: "Prefer pool.example:3333" }).click();
    await until(() => farm.pinned === 1, "the pool is preferred");
    await page.getByRole("link", { name: "rig2" }).click();
    await look.sees(".one-page h2", "rig2");
    assert.match(page.url(), /\/farm1\/#\/workers\/2$/);
    await page.reload();
    await look.sees(".one-page h2", "rig2");

    await page.goto(proxy.url("/farm2"));
    await page.getByLabel("Token", { exact: true }).fill("other");
    await page.keyboard.press("Enter");
    await look.sees(".count", "7 workers");
    await page.goto(proxy.url("/farm1"));
    await look.sees(".count", "5 workers");
    assert.deepEqual(proxy.strays.filter((path) => path !== "/favicon.ico"), []);
  },
);
