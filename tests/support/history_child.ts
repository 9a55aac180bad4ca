/**
 * A process that keeps a history, for tests that take the ground from under it. Arguments: the path,
 * how many steps to write or "run", and perhaps "unprivileged". It prints a line for each step.
 */

import { finished } from "../../lib/base/steps.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { DAY_MS } from "../../lib/observe/history/axis.ts";
import { STEP_MS } from "../../lib/observe/history/steps.ts";
import { HistoryStore } from "../../lib/observe/history/store.ts";
import { MIDNIGHT, step, sum, worker } from "./history_rig.ts";

const [path = "", what, who] = Deno.args;

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** For root no file is read-only. */
function becomeNobody(): void {
  if (Deno.uid() !== 0) return;
  const libc = Deno.dlopen("libc.so.6", { setuid: { parameters: ["u32"], result: "i32" } });
  if (libc.symbols.setuid(65_534) !== 0) throw new Error("Cannot become another user");
  libc.close();
}

if (who === "unprivileged") becomeNobody();
let wall = MIDNIGHT;
const { store, notes } = HistoryStore.open(path, {
  days: 2,
  eventsDays: 365,
  now: systemTime.now,
  wallNow: () => wall,
  say: (sentence) => say(`said ${sentence}`),
});
for (const note of notes) say(`note ${note}`);
if (store === undefined) Deno.exit(0);
wall = Math.max(wall, store.figures.to ?? 0);
const workers = Array.from({ length: 400 }, (_, i) => worker(`rig${i}`));
// "run": until it is killed. Else that many steps.
const end = what === "run" ? Infinity : wall + Number(what) * STEP_MS;
for (; wall < end; wall += STEP_MS) {
  // The number of the step, so that whoever reads it knows what it must be.
  const number = (wall - MIDNIGHT) / STEP_MS;
  finished(store.write(step(wall, { farm: sum({ good: number }), workers })));
  // Packs and deletes often.
  finished(store.upkeep(wall + STEP_MS + (number % 10 === 9 ? DAY_MS : 0)));
  say(`${store.figures.state} ${number}`);
}
store.close();
say("closed");
