/**
 * What it means when a pool's answers do not show its protocol; pure.
 */

import { deadEndRow, waitedFor } from "./dead_end.ts";
import type { KindTalk } from "./kind_talk.ts";
import type { PoolContext } from "./pool_context.ts";
import { type Row, rowOfError } from "./report.ts";

const SAY_IT =
  "write its address with stratum+tcp:// or btcagent+tcp:// if you know its protocol, " +
  "or ask your pool";

/** The row about a try that only asked for the pool's kind. */
export function undecidedRow(
  subject: string,
  talk: KindTalk,
  connectMs: number,
  context: PoolContext,
): Row {
  const { end, fault, messages, waitingFor } = talk;
  if (fault !== undefined) return rowOfError("failure", subject, fault.message, SAY_IT);
  if (messages === 0) return deadEndRow(subject, talk, connectMs, context);
  const waited = waitedFor(end, context);
  return {
    level: "failure",
    subject,
    found: `answers, but ${waited} before it sent ${waitingFor}`,
    advice: SAY_IT,
  };
}
