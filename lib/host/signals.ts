/**
 * Every signal that people, terminals, init systems and timers send, and what each one asks for.
 *
 * All other signals keep their default effect: they suspend and continue a process, report its own
 * faults, or do nothing.
 */

/** What a signal asks for. */
export type SignalKind = "stop" | "reload" | "ignored";

/** What each signal asks for. */
export const SIGNALS: Readonly<Partial<Record<Deno.Signal, SignalKind>>> = {
  SIGINT: "stop",
  SIGTERM: "stop",
  SIGQUIT: "stop",
  // A UPS, or a container that is shut down.
  SIGPWR: "stop",
  // A process past its limit of CPU time has little time left.
  SIGXCPU: "stop",
  SIGHUP: "reload",
  // Other programs open their log again; this one has no need to.
  SIGUSR1: "ignored",
  SIGUSR2: "ignored",
  SIGALRM: "ignored",
  SIGVTALRM: "ignored",
  SIGPROF: "ignored",
  SIGIO: "ignored",
  SIGSTKFLT: "ignored",
  // Writing past the limit of file sizes then fails as it does on a full disk.
  SIGXFSZ: "ignored",
};

/** Calls `heard` for each of {@linkcode SIGNALS} that this system has. */
export function listenForSignals(heard: (signal: Deno.Signal, kind: SignalKind) => void): void {
  for (const [name, kind] of Object.entries(SIGNALS)) {
    const signal = name as Deno.Signal;
    try {
      Deno.addSignalListener(signal, () => heard(signal, kind));
    } catch (error) {
      // Windows has only Ctrl+C and Ctrl+Break; some signals exist only on Linux.
      if (!(error instanceof TypeError)) throw error;
    }
  }
}
