/**
 * What ordinary Stratum pools say of shares, as verdicts. Their codes and words differ: each is
 * read by its code where that is clear, else by its words (pools.md "Verdicts").
 *
 * There is one object for each answer that comes again, so that a share allocates none.
 */

import { printable } from "../../base/printable.ts";
import type { RejectReason } from "../../base/share_reasons.ts";
import { ACCEPTED, type Rejected, type Verdict } from "../../mux/verdict.ts";
import { ERROR_CODE, stratumError } from "../../protocol/stratum/error_code.ts";
import type { PoolAnswer, PoolError } from "../../protocol/stratum/pool_message.ts";

/** Why a pool rejects a share: `ours` is for what we did wrong, whatever the share. */
export type Fault = "stale" | "duplicate" | "lowDifficulty" | "ours" | "other";

/** Codes that say all. */
const BY_CODE: Readonly<Record<number, Fault>> = {
  21: "stale",
  22: "duplicate",
  23: "lowDifficulty",
  24: "ours",
  25: "ours",
};

/** What the words of other codes say; the first that fits. */
const BY_WORDS: readonly (readonly [RegExp, Fault])[] = [
  [/stale|job|unknown-work|not found/i, "stale"],
  [/dup/i, "duplicate"],
  [/difficulty|target|high-hash|h-not-zero/i, "lowDifficulty"],
  [/unauthor|mismatch|subscribed/i, "ours"],
];

/** What each is counted as, and the code miners are answered with: none that makes firmware give up. */
const MEANING: Readonly<Record<Fault, readonly [RejectReason, number]>> = {
  stale: ["stale", ERROR_CODE.jobNotFound],
  duplicate: ["duplicate", ERROR_CODE.duplicate],
  lowDifficulty: ["lowDifficulty", ERROR_CODE.lowDifficulty],
  ours: ["other", ERROR_CODE.unknown],
  other: ["other", ERROR_CODE.unknown],
};

/** Words are the pool's to choose: beyond these many different answers each share makes an object. */
const MOST_KNOWN = 256;

/** No more of a pool's words is kept, in characters. */
const MAX_WORDS = 80;

const known = new Map<string, Rejected>();

/** The verdict in the answer to a submit: only `true` accepts. */
export function verdictOf({ result, error }: PoolAnswer): Verdict {
  if (result === true) return ACCEPTED;
  const { code, text } = error ?? { code: undefined, text: "" };
  const key = `${code ?? ""} ${text.slice(0, MAX_WORDS)}`;
  let verdict = known.get(key);
  if (verdict === undefined) {
    verdict = read(code, text);
    // Some pools put the share's own difficulty into the words: those never come again.
    if (known.size < MOST_KNOWN && !/\d\.\d/.test(text)) known.set(key, verdict);
  }
  return verdict;
}

/** What a pool means by a refusal. */
export function faultOf({ code, text }: PoolError): Fault {
  const byCode = code === undefined ? undefined : BY_CODE[code];
  return byCode ?? BY_WORDS.find(([pattern]) => pattern.test(text))?.[1] ?? "other";
}

function read(code: number | undefined, text: string): Rejected {
  const [reason, minerCode] = MEANING[faultOf({ code, text: text.slice(0, MAX_WORDS) })];
  return {
    kind: "rejected",
    reason,
    ...stratumError(minerCode),
    poolCode: code ?? minerCode,
    poolText: printable(text.slice(0, MAX_WORDS)),
  };
}
