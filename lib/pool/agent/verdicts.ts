/**
 * The pool's status codes as verdicts: one object for each code, so that a share allocates none.
 */

import { ACCEPTED, type Verdict } from "../../mux/verdict.ts";
import { minerStatus, verdictMeaning } from "../../protocol/agent/status.ts";
import { errorText } from "../../protocol/stratum/error_code.ts";

/** The pool chooses the codes: with more different codes than this, each share makes an object. */
const MOST_KNOWN = 256;

const known = new Map<number, Verdict>();

/** What a status in a verdict frame says. */
export function verdictOf(status: number): Verdict {
  let verdict = known.get(status);
  if (verdict === undefined) {
    verdict = read(status);
    if (known.size < MOST_KNOWN) known.set(status, verdict);
  }
  return verdict;
}

function read(status: number): Verdict {
  const meaning = verdictMeaning(status);
  if (meaning === "accepted") return ACCEPTED;
  const code = minerStatus(status);
  return {
    kind: "rejected",
    reason: meaning,
    code,
    text: errorText(code),
    poolCode: status,
    poolText: errorText(status),
  };
}
