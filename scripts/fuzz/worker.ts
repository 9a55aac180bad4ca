/**
 * Runs one fuzz target in a thread of its own, so that an endless input is found: the thread writes
 * the number of the current input to {@linkcode Start.progress}.
 */

import { Dice, type FuzzTarget } from "./target.ts";
import { targetNamed } from "./targets.ts";

/** The settings of the thread. */
export interface Start {
  /** Name of the target. */
  readonly name: string;
  /** Seed of all inputs. */
  readonly seed: number;
  /** When to stop, on the clock of `Date.now()`. */
  readonly endsAt: number;
  /** When to stop in any case, in inputs. */
  readonly inputs: number;
  /** One number: the current input. */
  readonly progress: SharedArrayBuffer;
}

/** The thread's result: the end, or what was found at which input. */
export interface Outcome {
  /** How many inputs were run without a fault. */
  readonly inputs: number;
  /** What went wrong with the next one; `undefined` for nothing. */
  readonly fault?: string;
  /** How far inputs got, for people. */
  readonly summary?: string;
  /** Whether this one input shows the fault, or all inputs so far together. */
  readonly isInput: boolean;
}

/**
 * The number of inputs between two measurements of memory, and the growth allowed from the second
 * on.
 */
const INPUTS_PER_LOOK = 200_000;
const MAX_GROWTH_BYTES = 12 << 20;

/** Inputs between two reads of the clock. */
const INPUTS_PER_TURN = 500;

/** The thread's own side: the type checker treats every file as one of the main thread. */
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

/** Reports the end: no single input was at fault, but all together may be. */
function finished(inputs: number, { reached }: FuzzTarget): Outcome {
  const problem = reached?.problem;
  const summary = reached === undefined ? {} : { summary: reached.summary };
  return { inputs, isInput: false, ...summary, ...(problem && { fault: problem }) };
}

/** Returns the bytes in use after garbage collection. */
async function heapInUse(): Promise<number> {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  // Buffers outside the heap go a turn later.
  await new Promise((resolve) => setTimeout(resolve, 10));
  gc?.();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
