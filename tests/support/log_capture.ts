/**
 * The log as a list of lines, for tests of what an operator gets to read.
 */

import { configureSync, type LogRecord, resetSync } from "@logtape/logtape";

/** Collects what btcagent logs until it is disposed of: `using log = new LogCapture()`. */
export class LogCapture {
  readonly #records: LogRecord[] = [];

  /** From here on, whatever was set up before is replaced. */
  constructor() {
    configureSync({
      reset: true,
      sinks: { list: (record: LogRecord) => void this.#records.push(record) },
      loggers: [
        { category: ["btcagent"], lowestLevel: "debug", sinks: ["list"] },
        { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["list"] },
      ],
    });
  }

  /** `level: message` of each record since the last look. */
  take(): string[] {
    return this.#records.splice(0).map(({ level, message }) => `${level}: ${message.join("")}`);
  }

  [Symbol.dispose](): void {
    resetSync();
  }
}
