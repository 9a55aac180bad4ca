/**
 * Chooses the engine that serves the miners: the lean one where it is available, else the portable
 * one.
 */

import { startDenoEngine } from "./deno_engine.ts";
import type { Engine, ListenOptions } from "./engine.ts";
import { startLibcEngine } from "../libc/engine.ts";

/** The engines: `libc` uses the C library of Linux, `deno` runs anywhere. */
export type EngineKind = "libc" | "deno";

/** A running engine. */
export interface StartedEngine {
  /** The engine. */
  readonly engine: Engine;
  /** Its kind. */
  readonly kind: EngineKind;
  /** With `auto`: why it is not the lean one; a clause for the log. */
  readonly reason?: string;
}

/**
 * Starts listening with the engine `wanted`; `auto` means libc where it runs, else deno. Asks for
 * no permission: it uses only what is granted.
 *
 * @throws LibcUnavailable if `libc` is wanted and not available
 * @throws the errors of `Deno.listen`: the port is in use, or the address is not ours
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
    // If the port was the problem, this one fails with the same error.
    const reason = error instanceof Error ? error.message : String(error);
    return { engine: startDenoEngine(options), kind: "deno", reason };
  }
}
