/**
 * How an operator controls a running program: by signals, by closing the terminal, or by ending the
 * program that started it.
 */

import type { Time } from "../base/clock.ts";
import { keepInspectorClosed } from "../host/inspector_signal.ts";
import { Processes } from "../host/processes.ts";
import { listenForSignals, type SignalKind } from "../host/signals.ts";
import { type Loss, StarterWatch } from "../host/starters.ts";
import { SAME_SIGNAL_MS, StopRequest } from "../host/stop_request.ts";
import { Terminal } from "../host/terminal.ts";
import { areaLog } from "../observe/log.ts";

const log = areaLog("agent");

/** How {@linkcode Operator} is set up. */
export interface OperatorOptions {
  /** Ends the program at once. */
  readonly exit: () => void;
  /** Real time. */
  readonly time: Time;
  /** Whether SIGHUP reloads; if not, it stops the program. */
  readonly reloads: boolean;
}

/** Listens from its construction on, so that early signals count. */
export class Operator {
  readonly #options: OperatorOptions;
  readonly #terminal = new Terminal();
  readonly #stopAsked = Promise.withResolvers<void>();
  readonly #request: StopRequest;
  #reload: (() => void) | undefined;
  /** A SIGHUP came before there was anything to reload. */
  #isReloadDue = false;
  #starters: StarterWatch | undefined;
  #hasInspector = false;

  /** Listens. */
  constructor(options: OperatorOptions) {
    this.#options = options;
    this.#request = new StopRequest({
      now: options.time.now,
      stop: this.#stopAsked.resolve,
      exit: options.exit,
    });
    listenForSignals((signal, kind) => this.#heard(signal, kind));
  }

  /** Call this once there is a log: also watches the programs that started this one. */
  async begin(): Promise<void> {
    this.#hasInspector = !await keepInspectorClosed();
    this.#starters = await StarterWatch.begin(Processes.load(), Deno.ppid, {
      time: this.#options.time,
      lost: (loss) => this.#lost(loss),
    });
  }

  /** Resolves when the program should stop, also if that was requested before this call. */
  stop(): Promise<void> {
    return this.#stopAsked.promise;
  }

  /** Calls `reload` whenever the operator asks for a reload. */
  onReload(reload: () => void): void {
    this.#reload = reload;
    if (this.#isReloadDue) reload();
    this.#isReloadDue = false;
  }

  #heard(signal: Deno.Signal, kind: SignalKind): void {
    switch (kind) {
      case "stop":
        return this.#request.make();
      case "reload":
        return this.#hangUp();
      case "ignored":
        if (signal === "SIGUSR1" && this.#hasInspector) return warnOfInspector();
        // It cannot know which of the two it was: see host/inspector_signal.ts.
        log.info("{signal} ignored: send SIGHUP to reload the configuration, SIGTERM to stop", {
          signal: signal === "SIGALRM" ? "SIGUSR1 or SIGALRM" : signal,
        });
    }
  }

  #hangUp(): void {
    this.#starters?.hungUp();
    if (!this.#options.reloads) return this.#request.make();
    if (this.#request.isMade) {
      log.info("SIGHUP ignored: btcagent is stopping");
    } else if (this.#terminal.isGone()) {
      log.warn(
        "The terminal of btcagent was closed: stopping. To keep it running, start it " +
          "with nohup",
      );
      this.#request.make();
    } else this.#askForReload();
  }

  #askForReload(): void {
    if (this.#reload === undefined) this.#isReloadDue = true;
    else this.#reload();
  }

  #lost({ kind, command }: Loss): void {
    if (this.#request.isMade) return;
    const pid = Deno.pid;
    switch (kind) {
      case "stop":
        log.warn("The program that started btcagent has ended ({command}): stopping", { command });
        return this.#request.make();
      case "reload":
        if (!this.#options.reloads) return this.#request.make();
        log.warn(
          "The program that started btcagent has ended ({command}) and can no longer pass on " +
            "signals: reloading, as for SIGHUP; mining goes on. To stop, send SIGTERM to process " +
            "{pid}",
          { command, pid },
        );
        return this.#askForReload();
      case "stay":
        log.warn(
          "The program that started btcagent has ended ({command}) after SIGHUP: mining goes " +
            "on. To stop, send SIGTERM to process {pid}",
          { command, pid },
        );
    }
  }
}

/** When another stop signal ends the program, in seconds after the first. */
export const SECOND_SIGNAL_SECONDS: number = SAME_SIGNAL_MS / 1000;

function warnOfInspector(): void {
  log.warn(
    "SIGUSR1 made Deno open its inspector on 127.0.0.1:9229, where any user of this machine " +
      "can run code in this process: restart btcagent, and send it only SIGHUP or SIGTERM",
  );
}
