/** How the log tells the time: as the clock on the wall does, and with the offset that says so. */

import assert from "node:assert/strict";
import { formatLocalTime, startOfLocalDay } from "../../lib/observe/local_time.ts";

const MODULE = new URL("../../lib/observe/local_time.ts", import.meta.url).href;

/** The same in a process of its own, in another time zone. */
async function inZone(
  zone: string,
  timestamps: readonly number[],
  what: "formatLocalTime" | "startOfLocalDay" = "formatLocalTime",
): Promise<readonly string[]> {
  const code = `const { ${what} } = await import(${JSON.stringify(MODULE)});
    for (const at of ${JSON.stringify(timestamps)}) console.log(${what}(at));`;
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", code],
    env: { TZ: zone, NO_COLOR: "1" },
  }).output();
  assert.ok(success);
  return new TextDecoder().decode(stdout).trim().split("\n");
}

Deno.test("a time is read back as the same moment, whatever the time zone here is", () => {
  for (const timestamp of [0, 951_782_400_001, Date.UTC(2026, 6, 1, 23, 59, 59, 999)]) {
    const shown = formatLocalTime(timestamp);
    assert.match(shown, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [+-]\d\d:\d\d$/);
    const [date, time, offset] = shown.split(" ");
    assert.equal(Date.parse(`${date}T${time}${offset}`), timestamp);
  }
});

Deno.test("times are local, with the offset of their own moment: winter, summer, half hours", async () => {
  const winter = Date.UTC(2026, 0, 15, 12, 0, 0, 7);
  const summer = Date.UTC(2026, 6, 15, 12, 0, 0, 7);
  assert.deepEqual(await inZone("Europe/Berlin", [winter, summer]), [
    "2026-01-15 13:00:00.007 +01:00",
    "2026-07-15 14:00:00.007 +02:00",
  ]);
  assert.deepEqual(await inZone("America/St_Johns", [winter]), ["2026-01-15 08:30:00.007 -03:30"]);
  assert.deepEqual(await inZone("Asia/Kathmandu", [winter]), ["2026-01-15 17:45:00.007 +05:45"]);
  assert.deepEqual(await inZone("UTC", [winter]), ["2026-01-15 12:00:00.007 +00:00"]);
});

Deno.test("the hour that comes twice in autumn can be told apart", async () => {
  const first = Date.UTC(2026, 9, 25, 0, 30);
  assert.deepEqual(await inZone("Europe/Berlin", [first, first + 3_600_000]), [
    "2026-10-25 02:30:00.000 +02:00",
    "2026-10-25 02:30:00.000 +01:00",
  ]);
});

Deno.test("a day begins at local midnight, also on days with an hour more or less", async () => {
  const days = [
    ["2026-01-15T12:00:00+01:00", "2026-01-15T00:00:00+01:00"],
    ["2026-03-29T12:00:00+02:00", "2026-03-29T00:00:00+01:00"],
    ["2026-10-25T23:59:59+01:00", "2026-10-25T00:00:00+02:00"],
    ["2026-10-25T00:00:00+02:00", "2026-10-25T00:00:00+02:00"],
  ].map(([at, begins]) => [Date.parse(at!), Date.parse(begins!)] as const);
  const begun = await inZone("Europe/Berlin", days.map(([at]) => at), "startOfLocalDay");
  assert.deepEqual(begun.map(Number), days.map(([, begins]) => begins));
});

Deno.test("where a day begins without a midnight, it begins with its first moment", async () => {
  // Chile goes from 23:59:59 to 01:00:00.
  const noon = Date.parse("2026-09-06T12:00:00-03:00");
  const [begun] = await inZone("America/Santiago", [noon], "startOfLocalDay");
  assert.equal(Number(begun), Date.parse("2026-09-06T01:00:00-03:00"));
});

Deno.test("a day has begun at most 25 hours ago", () => {
  const now = Date.UTC(2026, 6, 1, 23, 59);
  const ms = now - startOfLocalDay(now);
  assert.ok(ms >= 0 && ms <= 25 * 3_600_000);
});
