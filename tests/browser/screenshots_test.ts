/**
 * Pictures of the live page, as the README shows them: into the folder that SCREENSHOTS names, else
 * into one that is removed again.
 */

import assert from "node:assert/strict";
import { SAMPLE_COLUMNS } from "../../lib/observe/chart_samples.ts";
import { seededRandom } from "../../lib/sim/seeded_random.ts";
import { browserTest, Look } from "./browser.ts";
import type { FakeFarm } from "./fake_farm.ts";
import { FakeHistory } from "./fake_history.ts";
import { FarmServer } from "./farm_server.ts";
import { troubledFarm } from "./troubled_farm.ts";

/** Smaller ones have nothing in them. */
const LEAST_BYTES = 20_000;

/** An hour of samples in which each mark is seen, and what it did to the farm. */
function hourOf(farm: FakeFarm): number[][] {
  const now = Date.now() / 1000;
  const random = seededRandom(17);
  const [failover] = farm.moments.filter(({ kind }) => kind === "failover");
  return Array.from({ length: 360 }, (_, place) => {
    const time = now - 10 * (359 - place);
    const onBackup = time >= failover!.time;
    // The miners on the way from one pool to the other.
    const isMoving = onBackup && time < failover!.time + 10;
    const dead = farm.workers().filter(({ gone_seconds: gone }) =>
      gone !== null && time > now - gone
    ).length;
    const hashrate = WHOLE - (onBackup ? REFUSED_ON_BACKUP : 0) - dead * EACH;
    const part = (isMoving ? 0.7 : 1) * (0.99 + 0.02 * random()) * hashrate / WHOLE;
    return [
      time,
      10,
      2_012 - dead,
      Math.round(3_300 * part),
      Math.round((onBackup ? 25 : 3) + 4 * random()),
      WHOLE * part * 10 / 2 ** 32,
      9_000 * part,
      2_400 + 200 * random(),
    ];
  });
}

/** What the farm did an hour ago, a miner of it, and those whose shares the backup refuses. */
const WHOLE = 2.011e17;
const EACH = 1.02e14;
const REFUSED_ON_BACKUP = 14 * EACH;

const PICTURES = [
  { name: "overview_light", width: 1440, height: 1120, colorScheme: "light" },
  { name: "phone_dark", width: 390, height: 844, colorScheme: "dark" },
] as const;

/** Saves what is seen under this name. */
async function savePicture(look: Look, name: string): Promise<void> {
  const folder = Deno.env.get("SCREENSHOTS") ?? await Deno.makeTempDir();
  const path = `${folder}/${name}.png`;
  await look.page.screenshot({ path });
  assert.ok((await Deno.stat(path)).size > LEAST_BYTES);
  if (folder !== Deno.env.get("SCREENSHOTS")) await Deno.remove(folder, { recursive: true });
}

for (const { name, width, height, colorScheme } of PICTURES) {
  browserTest(`a picture of a farm in trouble: ${name}`, async () => {
    const farm = troubledFarm();
    FakeHistory.of(farm);
    await using server = new FarmServer(farm);
    await using look = await Look.at(server.url, { viewport: { width, height }, colorScheme });
    const { page } = look;
    const history = {
      columns: [...SAMPLE_COLUMNS],
      hour: hourOf(farm),
      day: [],
      marks: farm.marks().slice(),
    };
    await page.route(/\/api\/v1\/history$/, (route) => route.fulfill({ json: history }));
    await page.reload();
    await look.sees(".count", "2,012 workers");
    await look.sees(".sentence", /lost/);
    await page.locator(".chart .axis", { hasText: "axis from" }).first().waitFor({
      state: "attached",
    });
    await savePicture(look, name);
  });
}

browserTest("a picture of a worker's month: worker_month_light", async () => {
  const farm = troubledFarm();
  FakeHistory.of(farm);
  await using server = new FarmServer(farm);
  await using look = await Look.at(`${server.url}#/workers/40`, {
    viewport: { width: 1440, height: 500 },
  });
  await look.sees(".span-line", /Missing 1 d/);
  await look.sees(".one-page .chip", "Working");
  await savePicture(look, "worker_month_light");
});
