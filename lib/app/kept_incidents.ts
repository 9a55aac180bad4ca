/**
 * The incidents people were told of, in memory and, where a history is kept, in its file.
 */

import { ALARM_KINDS } from "../base/alarm_kind.ts";
import type { KeptHistory } from "../observe/history/kept_history.ts";
import type { LastingKind } from "../observe/notify/endings.ts";
import type { IncidentMemory, ToldIncident } from "../observe/notify/incident_memory.ts";

/** What they are kept as: `kind subject`, and when it began in milliseconds since 1970. */
const INCIDENTS = "incident";

/** Kept of one that is over, and of one whose beginning is not known. */
const OVER = 0;
const UNKNOWN = 1;

/** Longer keys would be cut. */
const MAX_KEY = 300;

/** Remembers incidents. */
export class KeptIncidents implements IncidentMemory {
  readonly #store: (() => KeptHistory | undefined) | undefined;
  readonly #open: Map<string, number>;

  /** Reads what is kept in `store`, which may be open later, if at all. */
  constructor(store: (() => KeptHistory | undefined) | undefined) {
    this.#store = store;
    const kept = store?.()?.learned(INCIDENTS) ?? new Map<string, number>();
    this.#open = new Map([...kept].filter(([key, since]) => since !== OVER && isKey(key)));
  }

  get open(): readonly ToldIncident[] {
    return [...this.#open].map(([key, since]) => ({
      kind: kindOf(key) as LastingKind,
      subject: key.slice(key.indexOf(" ") + 1),
      since: since === UNKNOWN ? undefined : since,
    }));
  }

  started({ kind, subject, since }: ToldIncident): void {
    this.#note(`${kind} ${subject}`, since ?? UNKNOWN);
  }

  ended({ kind, subject }: Pick<ToldIncident, "kind" | "subject">): void {
    this.#note(`${kind} ${subject}`, OVER);
  }

  #note(key: string, since: number): void {
    if (since === OVER) this.#open.delete(key);
    else this.#open.set(key, since);
    if (key.length <= MAX_KEY) this.#store?.()?.learn(INCIDENTS, key, Math.round(since));
  }
}

/** Whether this version knows what it is about; another one may have written it. */
function isKey(key: string): boolean {
  const kind = kindOf(key);
  return kind !== "block" && ALARM_KINDS.some((known) => known === kind);
}

function kindOf(key: string): string {
  const space = key.indexOf(" ");
  return space < 0 ? "" : key.slice(0, space);
}
