/** Farms that move between pools that allow version rolling and one that knows nothing of it. */

import assert from "node:assert/strict";
import { FIRMWARE, FIRMWARE_NAMES, type FirmwareName } from "../../lib/sim/firmware.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { LogCapture } from "../support/log_capture.ts";
import { MovingFarm, troubleOf } from "../support/moving_farm.ts";
import { until } from "../support/test_proxy.ts";

const EASY = 2 ** -20;
const ALL_BITS = 0x1fffe000;

/** Told that no bits may roll they roll on: what they find then is refused here. */
const STUBBORN: readonly FirmwareName[] = ["braiins", "avalon", "nerdqaxe"];

/** Which of them asks for version rolling at all. */
const rolls = (name: FirmwareName) =>
  FIRMWARE[name].messages.some(({ method }) => method === "mining.configure");

Deno.test("miners of every firmware move between pools with and without version rolling, and back", async () => {
  using log = new LogCapture();
  const options = { difficulty: EASY, vardiff: "fixed", jobIntervalMs: 2_000 } as const;
  await using agent = await SimPool.start({ difficulty: EASY, jobIntervalMs: 2_000 });
  // Its jobs have a bit that others may roll.
  const version = "20004000";
  await using plain = await SimStratumPool.start({
    ...options,
    like: "nomp",
    extranonce2Size: 8,
    version,
  });
  await using rolling = await SimStratumPool.start({ ...options, like: "ckpool", version });
  await using moving = new MovingFarm(
    [{ pool: agent }, { pool: plain, size: 8 }, { pool: rolling, size: 8 }],
    { count: 2 * FIRMWARE_NAMES.length },
  );
  const { proxy, farm } = moving;
  const rollers = farm.miners.filter(({ firmware }) => rolls(firmware));
  const stubborn = farm.miners.filter(({ firmware }) => STUBBORN.includes(firmware));
  const told = () => new Set(rollers.map(({ work }) => work?.versionMask));
  const states = () =>
    new Map([...proxy.proxy.view.miners()].map(({ user, rolling }) => [user, rolling]));

  await moving.minesAt(0, 100);
  moving.assertSameExtranonces();
  assert.deepEqual(told(), new Set([ALL_BITS]));
  await moving.moveTo(1, 100);
  assert.deepEqual(told(), new Set([0]));
  await until(
    () => stubborn.every(({ user }) => states().get(user) === "cannot_narrow"),
    "those that cannot narrow are known",
  );
  const lines = log.take().filter((line) => line.includes("cannot narrow"));
  assert.equal(lines.length, stubborn.length, lines.join("\n"));
  for (const { user } of stubborn) {
    assert.ok(lines.some((line) => line.includes(user)), `${user} is named`);
  }
  const masks = [ALL_BITS, 0, ALL_BITS & ~parseInt(version, 16)];
  for (const place of [0, 2, 1, 2, 0, 1, 0]) {
    await moving.moveTo(place, 100);
    moving.assertSameExtranonces();
    assert.deepEqual(told(), new Set([masks[place]]));
  }
  await moving.minesAt(0, 500);
  for (const { user, firmware } of farm.miners) {
    const state = states().get(user);
    const isStubborn = STUBBORN.includes(firmware);
    assert.equal(state, isStubborn ? "cannot_narrow" : rolls(firmware) ? "rolling" : "never", user);
  }
  await moving.closeBooks();
  assert.deepEqual(troubleOf(farm.miners), []);
  assert.ok(proxy.statistics().shares.refusedVersionMask >= 20 * stubborn.length);
  assert.equal(agent.statistics().rejected, 0);
  assert.equal(plain.statistics().rejected, 0, "bits change the hash a pool without them finds");
  assert.equal(rolling.statistics().rejected, 0);
});
