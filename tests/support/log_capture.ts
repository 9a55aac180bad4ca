/**
 * The log as a list of lines, for tests of what an operator gets to read.
 */

import { LOG_AREAS, type LogEvent, messageOf } from "../../lib/observe/log_record.ts";
import { logLevels, receiveLog, setLogLevel } from "../../lib/observe/log.ts";

/** Collects what btcagent logs until it is disposed of: `using log = new LogCapture()`. */
export class LogCapture {
  readonly #events: LogEvent[] = [];
  readonly #levels = logLevels();

  /** From here on everything comes here, and nothing goes anywhere else. */
  constructor() {
    setLogLevel(undefined, "debug");
    receiveLog((event) => this.#events.push(event));
  }

  /** `level: message` of each event since the last look. */
  take(): string[] {
    return this.#events.splice(0).map((event) => `${event.level}: ${messageOf(event)}`);
  }

  [Symbol.dispose](): void {
    receiveLog(undefined);
    for (const area of LOG_AREAS) setLogLevel(area, this.#levels[area]);
  }
}
