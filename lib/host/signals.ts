/**
 * Every signal that people, terminals, init systems and timers send, and what each is for.
 *
 * Those that are not here keep what the system does with them: they suspend and continue a process,
 * report its own faults, or do nothing.
 */

/** What a signal asks for. */
export type SignalKind = "stop" | "reload" | "ignored";

/** Of a signal: what it asks for. */
export const SIGNALS: Readonly<Partial<Record<Deno.Signal, SignalKind>>> = {
  SIGINT: "stop",
  SIGTERM: "stop",
  SIGQUIT: "stop",
  // A UPS, or a container that is shut down.
  SIGPWR: "stop",
  // Past its limit of CPU time a process has little of it left.
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

/** Calls `heard` for every one of {@linkcode SIGNALS}; those this system has not are left out. */
export function listenForSignals(heard: (signal: Deno.Signal, kind: SignalKind) => void): void {
  for (const [name, kind] of Object.entries(SIGNALS)) {
    const signal = name as Deno.Signal;
    try {
      Deno.addSignalListener(signal, () => heard(signal, kind));
    } catch (error) {
      // Windows has Ctrl+C and Ctrl+Break only; some are for Linux.
      if (!(error instanceof TypeError)) throw error;
    }
  }
}
