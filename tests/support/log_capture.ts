/**
 * The log as a list of lines, for tests of what an operator gets to read.
 */

import { LOG_AREAS, type LogRecord, messageOf } from "../../lib/observe/log_record.ts";
import { logLevels, receiveLog, setLogLevel } from "../../lib/observe/log.ts";

/** Collects what btcagent logs until it is disposed of: `using log = new LogCapture()`. */
export class LogCapture {
  readonly #records: LogRecord[] = [];
  readonly #levels = logLevels();

  /** From here on everything comes here, and nothing goes anywhere else. */
  constructor() {
    setLogLevel(undefined, "debug");
    receiveLog((record) => this.#records.push(record));
  }

  /** `level: message` of each record since the last look. */
  take(): string[] {
    return this.#records.splice(0).map((record) => `${record.level}: ${messageOf(record)}`);
  }

  [Symbol.dispose](): void {
    receiveLog(undefined);
    for (const area of LOG_AREAS) setLogLevel(area, this.#levels[area]);
  }
}
