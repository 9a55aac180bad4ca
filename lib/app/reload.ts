/**
 * Reloads the configuration file while miners mine: checks it first, logs each changed key, and
 * applies it without a restart.
 */

import { counted } from "../base/counted.ts";
import { AttendedTimeout } from "../base/attended_timeout.ts";
import type { Time } from "../base/clock.ts";
import { type Change, difference, withoutRestart } from "../config/difference.ts";
import type { ConfigFile } from "../config/file.ts";
import { formatRemark, type Problem, type Remark } from "../config/problem.ts";
import type { Config } from "../config/schema.ts";
import { CannotUseCertificate } from "../net/tls/certificate_files.ts";
import { CannotListen } from "../net/miners/listeners.ts";
import { reportFault } from "../observe/fault.ts";
import { areaLog, logLevels } from "../observe/log.ts";
import { LOG_LEVELS } from "../observe/log_record.ts";

/** What is reloaded, and how. */
export interface ReloaderOptions {
  /** The file, for the log. */
  readonly path: string;
  /** Reads the file. */
  readonly read: () => Promise<ConfigFile>;
  /** The configuration that the program started with. */
  readonly config: Config;
  /** Real time. */
  readonly time: Time;
  /**
   * Applies a configuration.
   *
   * @throws CannotListen when a new address cannot be listened on; then nothing has changed.
   * @throws CannotUseCertificate when a certificate cannot be used; then, too, nothing has changed.
   */
  readonly apply: (config: Config) => Promise<void>;
  /** Applies it to the log, which may then show more lines or fewer. */
  readonly applyLog?: (config: Config) => void;
}

/** The result of a reload. */
export type ReloadResult =
  | { readonly ok: true; readonly changes: readonly Change[] }
  | {
    readonly ok: false;
    /** Why the old configuration is kept. */
    readonly reason: string;
    /** What is wrong in the file; empty if it could not be read or applied. */
    readonly problems: readonly Problem[];
  };

/** How often the file was reloaded, with what results. */
export interface ReloadHistory {
  /** How often it was applied. */
  readonly done: number;
  /** How often the old configuration was kept. */
  readonly failed: number;
  /** When it was last tried, in milliseconds since 1970; `undefined` for never. */
  readonly lastAt: number | undefined;
  /** Whether the last reload succeeded; true before the first. */
  readonly lastWentWell: boolean;
}

const WHEN: Readonly<Record<Change["takesEffect"], string>> = {
  now: "",
  new_miners: ", for miners that connect from now on",
  new_connections: ", for pool connections made from now on",
  restart: ", only after a restart: until then btcagent keeps the old value",
  never: ", which has no effect",
};

const log = areaLog("agent");

/** The longest wait at a stop for a reload that hangs, in milliseconds. */
const END_TIMEOUT_MS = 2_000;

const STOPPING: ReloadResult = { ok: false, reason: "btcagent is stopping", problems: [] };

/** Reloads one configuration file, one reload at a time, and remembers the results. */
export class Reloader {
  readonly #options: ReloaderOptions;
  #config: Config;
  #current: Promise<unknown> = Promise.resolve();
  /** The reload that waits for the running one; all requests meanwhile share it. */
  #next: Promise<ReloadResult> | undefined;
  #isEnded = false;
  #history: ReloadHistory = { done: 0, failed: 0, lastAt: undefined, lastWentWell: true };

  /** Nothing is read yet. */
  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  /** The reloads so far. */
  get history(): ReloadHistory {
    return this.#history;
  }

  /** Reads the file and applies it, one reload at a time. Never rejects. */
  reload(): Promise<ReloadResult> {
    return this.#next ??= this.#current.then(() => {
      this.#next = undefined;
      const reload = this.#reload();
      this.#current = reload;
      return reload;
    });
  }

  /** Starts no more reloads. Resolves when the running one is done, or hangs. */
  async end(): Promise<void> {
    this.#isEnded = true;
    const limit = Promise.withResolvers<void>();
    const timer = new AttendedTimeout(this.#options.time, END_TIMEOUT_MS, limit.resolve);
    await Promise.race([this.#current, limit.promise]);
    timer.cancel();
  }

  async #reload(): Promise<ReloadResult> {
    if (this.#isEnded) return STOPPING;
    let result: ReloadResult;
    try {
      result = await this.#readAndApply();
    } catch (error) {
      reportFault(log, error);
      result = { ok: false, reason: "A fault of btcagent itself; the log has it", problems: [] };
    }
    const { done, failed } = this.#history;
    this.#history = {
      done: done + (result.ok ? 1 : 0),
      failed: failed + (result.ok ? 0 : 1),
      lastAt: this.#options.time.wallNow(),
      lastWentWell: result.ok,
    };
    return result;
  }

  async #readAndApply(): Promise<ReloadResult> {
    const { apply, read } = this.#options;
    const file = await read();
    if (!file.ok) {
      for (const problem of file.message.split("\n")) log.error("{problem}", { problem });
      return this.#kept("The configuration cannot be used", file.problems, file.message);
    }
    if (this.#isEnded) return STOPPING;
    const before = this.#config;
    const changes = difference(before, file.config);
    const config = withoutRestart(before, file.config);
    try {
      await apply(config);
    } catch (error) {
      if (!(error instanceof CannotListen || error instanceof CannotUseCertificate)) throw error;
      log.error("{problem}", { problem: error.message });
      return this.#kept(error.message, []);
    }
    this.#config = config;
    // Logged under the old levels or the new ones, whichever show it.
    const isHeard = LOG_LEVELS.indexOf(logLevels().agent) <= LOG_LEVELS.indexOf("info");
    if (!isHeard) this.#options.applyLog?.(config);
    this.#tell(changes, file.remarks);
    if (isHeard) this.#options.applyLog?.(config);
    return { ok: true, changes };
  }

  #tell(changes: readonly Change[], remarks: readonly Remark[]): void {
    const { path } = this.#options;
    for (const { key, before, after, takesEffect } of changes) {
      // The log never sums up lines that differ in a value named `path`.
      const values = { path: key, before, after, when: WHEN[takesEffect] };
      const line = "Setting {path}: {before} → {after}{when}";
      if (takesEffect === "restart") log.warn(line, values);
      else log.info(line, values);
    }
    if (changes.length > 0) {
      for (const remark of remarks) {
        const text = formatRemark(path, remark);
        if (remark.kind === "warning") log.warn("{text}", { text });
      }
    }
    log.info("Configuration {path} read again: {count}", {
      path,
      count: countChanges(changes.length),
    });
  }

  #kept(reason: string, problems: readonly Problem[], details?: string): ReloadResult {
    log.error("Reload of {path} failed: keeping the current configuration", {
      path: this.#options.path,
    });
    // Without places in the file, the details are all that can be reported.
    const isDetailed = problems.length === 0 && details !== undefined;
    return { ok: false, reason: isDetailed ? `${reason}: ${details}` : reason, problems };
  }
}

/** The number of changed settings in words. */
export function countChanges(count: number): string {
  return count === 0 ? "nothing changed" : `${counted(count, "setting")} changed`;
}
