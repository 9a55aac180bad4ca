/**
 * What it means when a pool sends nothing of any known protocol: the row for talks of every kind;
 * pure.
 */

import type { KindOfPool } from "../base/pool_kind.ts";
import type { Conversation } from "../pool/conversation.ts";
import type { PoolContext } from "./pool_context.ts";
import type { Row } from "./report.ts";

/** How a talk without any message ended. */
export interface DeadEnd {
  /** Whether the pool closed it, it broke, or the time ran out. */
  readonly end: Conversation["end"];
  /** The first byte that came. */
  readonly firstByte: number | undefined;
  /** The first line of no known protocol, in double quotes; `undefined` for none. */
  readonly said: string | undefined;
}

/** The first byte of a TLS alert, the only answer of a TLS server to plain text. */
const TLS_ALERT = 0x15;

/** The words for a pool, by the kind that the list says. */
interface Words {
  /** What it does not speak. */
  readonly none: string;
  /** What turns on TLS for it. */
  readonly tls: string;
  /** The same as advice. */
  readonly setTls: string;
  /** What else it may speak. */
  readonly other: string;
}

const WORDS: Readonly<Record<KindOfPool, Words>> = {
  agent: {
    none: "no agent protocol",
    tls: "btcagent+tls://",
    setTls: "write its address with btcagent+tls://",
    other: " or ordinary Stratum (stratum+tcp://)",
  },
  stratum: {
    none: "no Stratum",
    tls: "stratum+ssl://",
    setTls: "write its address with stratum+ssl://",
    other: ", agents (btcagent+tcp://), or Stratum V2 (stratum2+tcp://)",
  },
  // It encrypts itself: the peer's TLS does not help.
  sv2: {
    none: "no Stratum V2",
    tls: "stratum+ssl://",
    setTls: "it may be a port for Stratum V1: write its address with stratum+ssl://",
    other: " or ordinary Stratum (stratum+tcp://)",
  },
  unknown: {
    none: "no pool",
    tls: "pool_use_tls",
    setTls: "set pool_use_tls to true",
    other: "",
  },
};

/** The row for a talk that ended like this, `connectMs` after the attempt began. */
export function deadEndRow(
  subject: string,
  { end, firstByte, said }: DeadEnd,
  connectMs: number,
  { kind, usesTls, timeoutSeconds }: PoolContext,
): Row {
  const { none, tls, setTls, other } = WORDS[kind];
  const failure = (found: string, advice: string): Row => ({
    level: "failure",
    subject,
    found,
    advice,
  });
  if (firstByte === TLS_ALERT) return failure(`${none}: it speaks TLS`, setTls);
  const isBarred = "whether the pool blocks this address";
  if (said !== undefined) {
    return failure(`${none}: it answers ${said}`, `check the port, and ${isBarred}`);
  }
  if (end === "broken") {
    return failure(
      `connected in ${connectMs} ms, then the connection broke before the pool sent anything`,
      "check the network on the way, or try again",
    );
  }
  const wantsOther = usesTls ? [] : [`whether it wants TLS (${tls})${other}`];
  return end === "closed"
    ? failure(
      `connected in ${connectMs} ms, then the pool closed it at once without sending anything`,
      checks([...wantsOther, isBarred]),
    )
    : failure(
      `connected in ${connectMs} ms, then silence for ${timeoutSeconds} s`,
      checks(wantsOther),
    );
}

/** How an unfinished talk ended. */
export function waitedFor(
  end: Conversation["end"],
  { timeoutSeconds }: Pick<PoolContext, "timeoutSeconds">,
): string {
  if (end === "timeout") return `waited ${timeoutSeconds} s`;
  return end === "broken" ? "the connection broke" : "it closed";
}

/** As in `check the port, whether …, and whether …`. */
function checks(more: readonly string[]): string {
  const all = ["check the port", ...more];
  return all.map((each, i) => i > 0 && i === all.length - 1 ? `and ${each}` : each).join(", ");
}
