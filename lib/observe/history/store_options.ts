/** What a history that is kept needs to know. */

import type { Now } from "../../base/clock.ts";
import type { Ages } from "./cleaning.ts";

/** How a history is kept. */
export interface HistoryStoreOptions extends Ages {
  /** Monotonic time. */
  readonly now: Now;
  /** Milliseconds since 1970. */
  readonly wallNow: Now;
  /** Gets a sentence for the log when trouble begins, and one when it ends. */
  readonly say: (sentence: string) => void;
  /** The greatest size of the file, in bytes; 1 GiB if it is left out. */
  readonly maxBytes?: number;
  /** The most workers in it; 65,535 if it is left out, as many as the program remembers. */
  readonly mostWorkers?: number;
}
