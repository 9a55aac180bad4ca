/**
 * `deno task chaos --minutes N --seed S`: lets everything go wrong for a while, then checks what
 * must hold. One line for each claim; exit code 1 if one does not hold, 2 for wrong use.
 */

import { parseArgs } from "node:util";
import { findings } from "./invariants.ts";
import type { ChaosOptions } from "./outcome.ts";
import { runChaos } from "./run.ts";

const USAGE = `Usage: deno task chaos [--minutes N] [--seed S] [--miners N]

  --minutes N   how long things go wrong, fractions allowed; 1 if left out
  --seed S      a whole number; the same one makes the same things go wrong; 1 if left out
  --miners N    how many miners; 500 if left out`;

const encoder = new TextEncoder();

function print(text: string): void {
  let bytes = encoder.encode(text + "\n");
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

/** What the command line asks for; `undefined` for wrong use. */
function readOptions(args: readonly string[]): ChaosOptions | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        minutes: { type: "string", default: "1" },
        seed: { type: "string", default: "1" },
        miners: { type: "string", default: "500" },
      },
    });
    const [minutes, seed, miners] = [values.minutes, values.seed, values.miners].map(Number);
    if (!(minutes! > 0) || !Number.isSafeInteger(seed) || !(miners! >= 30)) return undefined;
    return { durationMs: minutes! * 60_000, seed: seed!, miners: miners!, settleMs: 70_000 };
  } catch {
    return undefined;
  }
}

async function main(): Promise<number> {
  const options = readOptions(Deno.args);
  if (options === undefined) {
    print(USAGE);
    return 2;
  }
  const minutes = options.durationMs / 60_000;
  const command = `deno task chaos --minutes ${minutes} --seed ${options.seed}` +
    (options.miners === 500 ? "" : ` --miners ${options.miners}`);
  print(command);
  const found = findings(await runChaos(options));
  for (const { holds, claim, figures } of found) {
    print(`${holds ? "holds " : "BROKEN"} ${claim}: ${figures}`);
  }
  const broken = found.filter(({ holds }) => !holds).length;
  if (broken === 0) return 0;
  print(`${broken} of ${found.length} claims do not hold; to see it again: ${command}`);
  return 1;
}

Deno.exit(await main());
