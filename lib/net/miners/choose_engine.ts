/**
 * Which engine serves the miners: the lean one where it can be had, else the portable one.
 */

import { startDenoEngine } from "./deno_engine.ts";
import type { Engine, ListenOptions } from "./engine.ts";
import { startLibcEngine } from "../libc/engine.ts";

/** The engines there are: on Linux through the C library, or anywhere through Deno alone. */
export type EngineKind = "libc" | "deno";

/** An engine that runs. */
export interface StartedEngine {
  /** The engine. */
  readonly engine: Engine;
  /** Which it is. */
  readonly kind: EngineKind;
  /** Why it is not the lean one, if that was left open; a clause for the log. */
  readonly reason?: string;
}

/**
 * Starts listening with the engine wanted; `auto` takes libc where it runs, else deno. No
 * permission is asked for: what is not granted is not used.
 *
 * @throws LibcUnavailable when `libc` is wanted and cannot be had
 * @throws what `Deno.listen` throws: the port is taken, the address not ours
 */
export function startEngine(
  wanted: EngineKind | "auto",
  options: ListenOptions,
): StartedEngine {
  if (wanted === "deno") return { engine: startDenoEngine(options), kind: "deno" };
  try {
    return { engine: startLibcEngine(options), kind: "libc" };
  } catch (error) {
    if (wanted === "libc") throw error;
    // If it was the port, this one says so as well.
    const reason = error instanceof Error ? error.message : String(error);
    return { engine: startDenoEngine(options), kind: "deno", reason };
  }
}
