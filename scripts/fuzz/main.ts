/**
 * `deno task fuzz --target T --seconds N --seed S`: runs inputs against a part of the program until
 * the time is over or one of them shows a fault, which is written to tests/corpus, where `deno task
 * test` runs it from then on.
 *
 * Faults are a crash, a wrong answer, an input that takes longer than 10 s, and memory that grows.
 * Without `--target` all targets run, one after the other. Exit codes: 0 nothing was found, 1
 * something was, 2 wrong use.
 */

import { parseArgs } from "node:util";
import { Dice } from "./target.ts";
import { targetNamed, TARGETS } from "./targets.ts";
import type { Outcome, Start } from "./worker.ts";

/** The longest time for an input, in milliseconds; one that takes longer hangs. */
const HANG_MS = 10_000;

const CORPUS = new URL("../../tests/corpus/", import.meta.url);

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text + "\n"));
}

/** Runs one target; resolves to whether nothing was found. */
async function fuzz(start: Omit<Start, "progress">): Promise<boolean> {
  const progress = new SharedArrayBuffer(4);
  const startedAt = Date.now();
  const outcome = await outcomeOf({ ...start, progress });
  const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
  const { inputs, fault, isInput, summary } = outcome;
  say(
    `${start.name}: ${inputs} inputs in ${minutes} min, seed ${start.seed}${
      summary ? `: ${summary}` : ""
    }`,
  );
  if (fault === undefined) return true;
  say(`${start.name}: input ${inputs} of seed ${start.seed}: ${fault}`);
  if (isInput) {
    const folder = new URL(`${start.name}/`, CORPUS);
    await Deno.mkdir(folder, { recursive: true });
    const file = new URL(`seed${start.seed}_input${inputs}.bin`, folder);
    await Deno.writeFile(file, targetNamed(start.name)!.generate(new Dice(start.seed, inputs)));
    say(`${start.name}: written to ${file.pathname}`);
  }
  return false;
}

async function outcomeOf(start: Start): Promise<Outcome> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const at = new Int32Array(start.progress);
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  worker.onmessage = ({ data }: MessageEvent<Outcome>) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    resolve({ inputs: Atomics.load(at, 0), fault: event.message, isInput: true });
  };
  // The first input includes loading the program.
  let last = -1;
  const timer = setInterval(() => {
    const input = Atomics.load(at, 0);
    if (input === last) resolve({ inputs: input, fault: "It never ends", isInput: true });
    last = input;
  }, HANG_MS);
  worker.postMessage(start);
  const outcome = await promise;
  clearInterval(timer);
  worker.terminate();
  return outcome;
}

function wrongUse(problem: string): never {
  say(
    `${problem}\nUsage: deno task fuzz [--target T] [--seconds N] [--inputs N] [--seed S]\n` +
      `Targets: ${TARGETS.map(({ name }) => name).join(", ")}`,
  );
  Deno.exit(2);
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) wrongUse(`Cannot use --${name} ${text}, wanted a whole number`);
  return Number(text);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      target: { type: "string" },
      seconds: { type: "string", default: "30" },
      inputs: { type: "string", default: "1000000000" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
    },
  });
  if (values.target !== undefined && targetNamed(values.target) === undefined) {
    wrongUse(`Unknown target ${values.target}`);
  }
  const seconds = wholeNumber("seconds", values.seconds);
  const inputs = wholeNumber("inputs", values.inputs);
  const seed = wholeNumber("seed", values.seed);
  const names = values.target === undefined ? TARGETS.map(({ name }) => name) : [values.target];
  let isClean = true;
  for (const name of names) {
    const endsAt = Date.now() + seconds * 1000;
    if (!await fuzz({ name, seed, endsAt, inputs })) isClean = false;
  }
  Deno.exit(isClean ? 0 : 1);
}
