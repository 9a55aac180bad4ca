/**
 * What ordinary Stratum pools say of shares, as verdicts. Their codes and words differ: each is
 * read by its code where that is clear, else by its words (pools.md "Verdicts").
 *
 * There is one object for each answer that comes again, so that a share allocates none.
 */

import { printable } from "../../base/printable.ts";
import type { RejectReason } from "../../base/share_reasons.ts";
import { ACCEPTED, type Accepted, type Rejected } from "../../mux/verdict.ts";
import { ERROR_CODE, stratumError } from "../../protocol/stratum/error_code.ts";
import type { PoolAnswer } from "../../protocol/stratum/pool_message.ts";

/** Why a pool rejects a share: `ours` is for what we did wrong, whatever the share. */
type Fault = "stale" | "duplicate" | "lowDifficulty" | "versionMask" | "ours" | "other";

/**
 * Of version bits, whatever the code: DATUM has 23 for them, too, and a share refused for those says
 * nothing of the difficulty.
 */
const OF_VERSION = /bad-version|version mask/i;

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
  versionMask: ["versionMask", ERROR_CODE.unknown],
  ours: ["other", ERROR_CODE.unknown],
  other: ["other", ERROR_CODE.unknown],
};

/** Words are the pool's to choose: beyond these many different answers each share makes an object. */
const MOST_KNOWN = 256;

/** No more of a pool's words is kept, in characters. */
const MAX_WORDS = 80;

/** The answer to a submit as a verdict, and whether it is our name or login that is refused. */
export type Judgement =
  | { readonly verdict: Accepted; readonly isOurFault: false }
  | { readonly verdict: Rejected; readonly isOurFault: boolean };

const TAKEN: Judgement = { verdict: ACCEPTED, isOurFault: false };

const known = new Map<string, Judgement>();

/** What the answer to a submit says: only `true` accepts. */
export function judgementOf({ result, error }: PoolAnswer): Judgement {
  if (result === true) return TAKEN;
  const code = error?.code;
  const words = (error?.text ?? "").slice(0, MAX_WORDS);
  const key = `${code ?? ""} ${words}`;
  let judgement = known.get(key);
  if (judgement === undefined) {
    judgement = read(code, words);
    // Some pools put the share's own difficulty into the words: those never come again.
    if (known.size < MOST_KNOWN && !/\d\.\d/.test(words)) known.set(key, judgement);
  }
  return judgement;
}

function read(code: number | undefined, words: string): Judgement {
  const fault = faultOf(code, words);
  const [reason, minerCode] = MEANING[fault];
  const verdict: Rejected = {
    kind: "rejected",
    reason,
    ...stratumError(minerCode),
    poolCode: code ?? minerCode,
    poolText: printable(words),
  };
  return { verdict, isOurFault: fault === "ours" };
}

/** What a pool means by a refusal. */
function faultOf(code: number | undefined, words: string): Fault {
  if (OF_VERSION.test(words)) return "versionMask";
  const byCode = code === undefined ? undefined : BY_CODE[code];
  return byCode ?? BY_WORDS.find(([pattern]) => pattern.test(words))?.[1] ?? "other";
}
