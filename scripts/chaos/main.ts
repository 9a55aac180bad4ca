/**
 * `deno task chaos --minutes N --seed S`: lets everything go wrong for a while, then checks what
 * must hold. One line for each claim; exit code 1 if one does not hold, 2 for wrong use.
 */

import { parseArgs } from "node:util";
import { findings } from "./invariants.ts";
import { KINDS, type Kinds } from "./kinds.ts";
import type { ChaosOptions } from "./outcome.ts";
import { runChaos } from "./run.ts";

/** The pools of a run without `--kinds`. */
const DEFAULT_KINDS: Kinds = "mixed";

const USAGE = `Usage: deno task chaos [--minutes N] [--seed S] [--miners N] [--kinds KINDS]

  --minutes N   how long things go wrong, fractions allowed; 1 if left out
  --seed S      a whole number; the same one makes the same things go wrong; 1 if left out
  --miners N    how many miners; 500 if left out
  --kinds KINDS what pools speak: agent, stratum, sv2 or mixed; ${DEFAULT_KINDS} if left out`;

const encoder = new TextEncoder();

function print(text: string): void {
  let bytes = encoder.encode(text + "\n");
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

/** Reads the command line; returns `undefined` for wrong use. */
function readOptions(args: readonly string[]): ChaosOptions | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        minutes: { type: "string", default: "1" },
        seed: { type: "string", default: "1" },
        miners: { type: "string", default: "500" },
        kinds: { type: "string", default: DEFAULT_KINDS },
      },
    });
    const [minutes, seed, miners] = [values.minutes, values.seed, values.miners].map(Number);
    const kinds = KINDS.find((known) => known === values.kinds);
    if (kinds === undefined || !(minutes! > 0) || !Number.isSafeInteger(seed) || !(miners! >= 30)) {
      return undefined;
    }
    const durationMs = minutes! * 60_000;
    return { durationMs, seed: seed!, miners: miners!, kinds, settleMs: 70_000 };
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
    (options.miners === 500 ? "" : ` --miners ${options.miners}`) +
    (options.kinds === DEFAULT_KINDS ? "" : ` --kinds ${options.kinds}`);
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
