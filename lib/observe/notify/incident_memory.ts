/**
 * Which incidents people were told of that are not over, so that a restart tells no beginning twice
 * and forgets no end.
 */

import type { LastingKind } from "./endings.ts";

/** An incident people were told of. */
export interface ToldIncident {
  /** What kind of thing. */
  readonly kind: LastingKind;
  /** Which of them. */
  readonly subject: string;
  /** When it began, in milliseconds since 1970; `undefined` if the clock was not set. */
  readonly since: number | undefined;
}

/** Remembers them. */
export interface IncidentMemory {
  /** Those whose beginning was told and whose end was not. */
  readonly open: readonly ToldIncident[];
  /** A beginning was told. */
  started(incident: ToldIncident): void;
  /** An end was told. */
  ended(incident: Pick<ToldIncident, "kind" | "subject">): void;
}
