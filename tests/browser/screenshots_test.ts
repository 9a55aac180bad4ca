/**
 * Pictures of the live page, as the README shows them: into the folder that SCREENSHOTS names, else
 * into one that is removed again.
 */

import assert from "node:assert/strict";
import { SAMPLE_COLUMNS } from "../../lib/observe/history.ts";
import { browserTest, Look } from "./browser.ts";
import type { FakeFarm } from "./fake_farm.ts";
import { FarmServer } from "./farm_server.ts";
import { troubledFarm } from "./troubled_farm.ts";

/** Smaller ones have nothing in them. */
const LEAST_BYTES = 20_000;

/** An hour of samples: some noise, an outage, and 1 % less since the failover. */
function hourOf(farm: FakeFarm): number[][] {
  const now = Date.now() / 1000;
  return Array.from({ length: 360 }, (_, place) => {
    const time = now - 10 * (359 - place);
    const isLess = time > now - 2_400;
    const noise = 1 + 0.004 * Math.sin(place * 12.9898) + 0.003 * Math.sin(place * 78.233);
    const part = noise * (isLess ? 0.99 : 1);
    const work = farm.hashrate * part * 10 / 2 ** 32;
    const [accepted, rejected] = [Math.round(3_300 * part), isLess ? 20 : 3];
    return [time, 10, isLess ? 2_000 : 2_012, accepted, rejected, work, 9_000 * part, 2_500];
  });
}

const PICTURES = [
  { name: "overview_light", width: 1440, height: 1120, colorScheme: "light" },
  { name: "phone_dark", width: 390, height: 844, colorScheme: "dark" },
] as const;

for (const { name, width, height, colorScheme } of PICTURES) {
  browserTest(`a picture of a farm in trouble: ${name}`, async () => {
    const farm = troubledFarm();
    await using server = new FarmServer(farm);
    await using look = await Look.at(server.url, { viewport: { width, height }, colorScheme });
    const { page } = look;
    const history = {
      columns: [...SAMPLE_COLUMNS],
      hour: hourOf(farm),
      day: [],
      marks: farm.marks().slice(),
    };
    await page.route("**/api/v1/history", (route) => route.fulfill({ json: history }));
    await page.reload();
    await look.sees(".count", "2,012 workers");
    await look.sees(".sentence", /lost/);
    await page.locator(".chart .axis", { hasText: "axis from" }).first().waitFor({
      state: "attached",
    });
    const folder = Deno.env.get("SCREENSHOTS") ?? await Deno.makeTempDir();
    const path = `${folder}/${name}.png`;
    await page.screenshot({ path });
    assert.ok((await Deno.stat(path)).size > LEAST_BYTES);
    if (folder !== Deno.env.get("SCREENSHOTS")) await Deno.remove(folder, { recursive: true });
  });
}
