/**
 * Runs one fuzz target in a thread of its own, so that an input that never ends is found out: it
 * shows which input it is at where {@linkcode Start.progress} says.
 */

import { Dice, type FuzzTarget } from "./target.ts";
import { targetNamed } from "./targets.ts";

/** What the thread is told. */
export interface Start {
  /** Of the target. */
  readonly name: string;
  /** Of all inputs. */
  readonly seed: number;
  /** When to stop, on the clock of `Date.now()`. */
  readonly endsAt: number;
  /** When to stop in any case, in inputs. */
  readonly inputs: number;
  /** One number: the input under way. */
  readonly progress: SharedArrayBuffer;
}

/** What it tells: the end, or what was found at which input. */
export interface Outcome {
  /** How many inputs were run without a fault. */
  readonly inputs: number;
  /** What went wrong with the next one; `undefined` for nothing. */
  readonly fault?: string;
  /** How far inputs got, for people. */
  readonly summary?: string;
  /** Whether it is that one input's fault, or of all so far. */
  readonly isInput: boolean;
}

/** Memory is looked at so often, in inputs, and may grow by so much from the second look on. */
const INPUTS_PER_LOOK = 200_000;
const MAX_GROWTH_BYTES = 12 << 20;

/** Inputs between looks at the clock. */
const INPUTS_PER_TURN = 500;

/** The thread's own side of it: the checker takes every file for one of the main thread. */
const thread = self as unknown as {
  onmessage: (event: MessageEvent<Start>) => void;
  postMessage(outcome: Outcome): void;
};

thread.onmessage = async ({ data }: MessageEvent<Start>) => {
  thread.postMessage(await fuzz(data));
};

async function fuzz({ name, seed, endsAt, inputs, progress }: Start): Promise<Outcome> {
  const target = targetNamed(name)!;
  // Most inputs end in an error, and most of its cost is its stack.
  Error.stackTraceLimit = 4;
  const at = new Int32Array(progress);
  let unhandled: unknown;
  self.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    unhandled = event.reason;
  });
  let leastHeap = Infinity;
  for (let i = 0; i < inputs; i++) {
    Atomics.store(at, 0, i);
    try {
      const running = target.run(target.generate(new Dice(seed, i)));
      if (running !== undefined) await running;
      if (unhandled !== undefined) throw unhandled;
    } catch (error) {
      return { inputs: i, fault: String((error as Error).stack ?? error), isInput: true };
    }
    if (i % INPUTS_PER_TURN === 0) {
      await new Promise((resolve) => setTimeout(resolve));
      if (Date.now() >= endsAt) return finished(i + 1, target);
    }
    if (i % INPUTS_PER_LOOK === INPUTS_PER_LOOK - 1) {
      const heap = await heapInUse();
      if (heap - leastHeap > MAX_GROWTH_BYTES) {
        const fault = `Memory in use grew from ${leastHeap} to ${heap} bytes`;
        return { inputs: i, fault, isInput: false };
      }
      leastHeap = Math.min(leastHeap, heap);
    }
  }
  return finished(inputs, target);
}

/** No input was at fault; all together may be. */
function finished(inputs: number, { reached }: FuzzTarget): Outcome {
  const problem = reached?.problem;
  const summary = reached === undefined ? {} : { summary: reached.summary };
  return { inputs, isInput: false, ...summary, ...(problem && { fault: problem }) };
}

/** Bytes that are still needed after everything else has been given back. */
async function heapInUse(): Promise<number> {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  // Buffers outside the heap go a turn later.
  await new Promise((resolve) => setTimeout(resolve, 10));
  gc?.();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
