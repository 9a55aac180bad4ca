/**
 * The answers of ordinary Stratum pools to shares, as verdicts. Their codes and texts differ: an
 * answer is read by its code if that is clear, else by its text (pools.md "Verdicts").
 *
 * There is one object for each repeated answer, so that a share allocates none.
 */

import { printable } from "../../base/printable.ts";
import type { RejectReason } from "../../base/share_reasons.ts";
import { ACCEPTED, type Accepted, type Rejected } from "../../mux/verdict.ts";
import { ERROR_CODE, stratumError } from "../../protocol/stratum/error_code.ts";
import type { PoolAnswer } from "../../protocol/stratum/pool_message.ts";

/** Why a pool rejects a share; `ours` means that we did something wrong, not the share. */
type Fault = "stale" | "duplicate" | "lowDifficulty" | "versionMask" | "ours" | "other";

/**
 * Texts about version bits, whatever the code: DATUM uses 23 for them too, and such a refusal says
 * nothing about the difficulty.
 */
const OF_VERSION = /bad-version|version mask/i;

/** Codes that are clear. */
const BY_CODE: Readonly<Record<number, Fault>> = {
  21: "stale",
  22: "duplicate",
  23: "lowDifficulty",
  24: "ours",
  25: "ours",
};

/** The meaning of the texts of other codes; the first that fits counts. */
const BY_WORDS: readonly (readonly [RegExp, Fault])[] = [
  [/stale|job|unknown-work|not found/i, "stale"],
  [/dup/i, "duplicate"],
  [/difficulty|target|high-hash|h-not-zero/i, "lowDifficulty"],
  [/unauthor|mismatch|subscribed/i, "ours"],
];

/** How each is counted, and the code that miners get: none that makes firmware give up. */
const MEANING: Readonly<Record<Fault, readonly [RejectReason, number]>> = {
  stale: ["stale", ERROR_CODE.jobNotFound],
  duplicate: ["duplicate", ERROR_CODE.duplicate],
  lowDifficulty: ["lowDifficulty", ERROR_CODE.lowDifficulty],
  versionMask: ["versionMask", ERROR_CODE.unknown],
  ours: ["other", ERROR_CODE.unknown],
  other: ["other", ERROR_CODE.unknown],
};

/**
 * The pool chooses the texts: with more different answers than this, each share makes an object.
 */
const MOST_KNOWN = 256;

/** The longest part of a pool's text that is kept, in characters. */
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
    // Some pools put the share's own difficulty into the text: such a text never comes again.
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
