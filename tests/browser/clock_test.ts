/** The charts of the live page while the agent's clock is set, in a real Chromium. */

import assert from "node:assert/strict";
import { browserTest, Look } from "./browser.ts";
import { FakeFarm } from "./fake_farm.ts";
import { FarmServer } from "./farm_server.ts";

/** The parts of a chart's width between which its line is drawn. */
const LINE_ENDS = `(() => {
  const canvas = document.querySelectorAll(".chart canvas")[1];
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--green");
  probe.fillRect(0, 0, 1, 1);
  const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
  const xs = [];
  for (let at = 0; at < data.length; at += 4) {
    const off = Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) +
      Math.abs(data[at + 2] - blue);
    if (off < 60 && data[at + 3] > 200) xs.push(at / 4 % width);
  }
  return [Math.min(...xs) / width, Math.max(...xs) / width];
})()`;

browserTest(
  "charts keep what they have when the agent's clock is set: from 1970, then an hour back",
  async () => {
    let ahead = 0;
    await using server = new FarmServer(new FakeFarm(20), {
      wallNow: () => performance.now() + ahead,
    });
    await using look = await Look.at(server.url, { expected: /Canvas2D/ });
    const { page } = look;
    const samples = async () => {
      const response = await fetch(`${server.url}api/v1/history`);
      return (await response.json()).hour.length as number;
    };
    const isDrawn = async () => {
      const [from, to] = await page.evaluate(LINE_ENDS) as [number, number];
      return to > from && to > 0.8;
    };
    let wanted = 2;
    for (const set of [0, Date.now() + 31_536_000_000, Date.now() - 3_600_000]) {
      ahead = set;
      while (await samples() < wanted) await page.waitForTimeout(200);
      const deadline = performance.now() + 20_000;
      while (!await isDrawn()) {
        assert.ok(performance.now() < deadline, `nothing is drawn ${set} ms ahead`);
        await page.waitForTimeout(200);
      }
      wanted++;
    }
  },
);
