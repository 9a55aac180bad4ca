/**
 * Keeps SIGUSR1 from opening Deno's inspector on 127.0.0.1:9229, where any user of this machine
 * could run code in this process. A listener does not prevent that: Deno's own handler is called,
 * too.
 *
 * So the C library sets another handler in place of the one they share: its own `alarm`, which may
 * run in a handler (signal-safety(7)) and takes one number, here that of the signal. Ten seconds
 * later a SIGALRM comes, and its listener logs it. Without the C library the inspector opens.
 */

import { LibcUnavailable, loadLibc } from "../net/libc/library.ts";

/** On x86_64 and aarch64. */
const SIGUSR1 = 10;

const SYMBOLS = {
  signal: { parameters: ["i32", "pointer"], result: "pointer", nonblocking: true },
  alarm: { type: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Whether the inspector stays closed. A listener for SIGUSR1 must be there already. */
export async function keepInspectorClosed(): Promise<boolean> {
  try {
    // Never closed: the handler is in this library.
    const { symbols } = loadLibc(SYMBOLS);
    await symbols.signal(SIGUSR1, symbols.alarm);
    return true;
  } catch (error) {
    if (error instanceof LibcUnavailable) return false;
    throw error;
  }
}
