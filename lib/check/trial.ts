/**
 * One attempt to reach a pool, directly or through one proxy, and to talk to it.
 */

import { AttendedTimeout } from "../base/attended_timeout.ts";
import type { Now, Time } from "../base/clock.ts";
import type { Connection, PoolAddress } from "../net/pools/connection.ts";
import type { KindOfPool } from "../base/pool_kind.ts";
import { readTlsPolicy, type TlsSettings } from "../net/tls/policy.ts";
import { openTrusted, type Way } from "../net/pools/way.ts";
import { type Certificate, fetchCertificate } from "./certificate.ts";
import { askKind, type KindTalk } from "./kind_talk.ts";
import { askWithin, openWithin } from "./limited_attempt.ts";
import { type StratumTalk, talkStratum } from "./stratum_talk.ts";
import type { Sv2Talk, Sv2Wishes } from "./sv2_talk.ts";
import { type Talk, talk, type TalkOptions } from "./talk.ts";

/** What tries need. */
export interface TrialOptions extends Pick<TalkOptions, "introduction"> {
  /** What the pool speaks; `unknown` to find out. */
  readonly kind: KindOfPool;
  /** The password at a Stratum pool. A secret: only the pool gets it. */
  readonly password: string;
  /** As `extranonce2_bytes`. */
  readonly extranonce2Bytes: number | undefined;
  /** The version of btcagent. */
  readonly version: string;
  /** Whether TLS is spoken to the pool. */
  readonly usesTls: boolean;
  /** TLS settings for the pool and for https proxies. */
  readonly tls: TlsSettings;
  /** For connection and talk together, in milliseconds. */
  readonly timeoutMs: number;
  /** Monotonic time, to judge the pool by. */
  readonly now: Now;
  /** For time-outs, and for the dates of certificates and jobs. */
  readonly time: Time;
}

/** The talk with a pool, by the kind that was assumed. */
export type Spoken =
  | { readonly kind: "agent"; readonly talk: Talk }
  | {
    readonly kind: "stratum";
    readonly talk: StratumTalk;
    /** Whether this kind is not certain. */
    readonly isGuess: boolean;
  }
  | {
    readonly kind: "sv2";
    readonly talk: Sv2Talk;
    /** Whether something that is no Stratum V2 pool speaks ordinary Stratum there. */
    readonly speaksV1: boolean;
  }
  /** It was only asked for its kind, and its answers do not show it. */
  | { readonly kind: "unknown"; readonly talk: KindTalk };

/** The result of an attempt: why there was no connection, or the talk on it. */
export type Outcome<T extends Spoken = Spoken> =
  | { readonly problem: string }
  | {
    readonly problem: undefined;
    /** How long it took to connect, including tunnel and TLS, in milliseconds. */
    readonly connectMs: number;
    readonly spoken: T;
  };

/** A try. */
export interface Trial {
  /** The way's name. */
  readonly way: string;
  /** What came of it. */
  readonly outcome: Outcome;
  /** The certificate of the pool, if it was asked for one and has one. */
  readonly certificate: Certificate | undefined;
}

/** Tries it. Never throws. */
export async function tryWay(
  way: Way,
  address: PoolAddress,
  options: TrialOptions,
): Promise<Trial> {
  const [certificate, outcome] = await Promise.all([
    options.usesTls ? certificateOf(way, address, options) : undefined,
    talkByKind(way, address, options),
  ]);
  return { way: way.name, outcome, certificate };
}

/** How long it takes only to connect to `address`, or why that fails. */
export async function tryAddress(
  address: PoolAddress,
  { now, time, timeoutMs }: Pick<TrialOptions, "now" | "time" | "timeoutMs">,
): Promise<{ readonly ms: number } | { readonly problem: string }> {
  const startedAt = now();
  const policy = { isVerified: true, caCerts: [], pins: [] };
  const result = await openWithin(
    time,
    timeoutMs,
    (attempt) => openTrusted({ name: "", proxy: undefined }, address, false, policy, attempt),
  );
  if (result.problem !== undefined) return { problem: result.problem };
  result.value.close();
  return { ms: now() - startedAt };
}

/**
 * Asks for the kind first if it is not known, and then talks in that kind, as a running proxy does:
 * some pools close the connection on an agent's question, and block an address that repeats it.
 */
async function talkByKind(way: Way, address: PoolAddress, options: TrialOptions): Promise<Outcome> {
  if (options.kind === "agent") return await talkAsAgent(way, address, options);
  if (options.kind === "stratum") return await talkAsMiner(way, address, options, false);
  if (options.kind === "sv2") return await talkAsSv2(way, address, options);
  const { introduction: { account: user }, version, password, now, time } = options;
  const asked = await connectAnd(way, address, options, async (connection, signal) => {
    const talk = await askKind(connection, { version, user, password, now, time, signal });
    return { kind: "unknown", talk } as const;
  });
  if (asked.problem !== undefined) return asked;
  const { kind, isGuess } = asked.spoken.talk;
  if (kind === "agent") return await talkAsAgent(way, address, options);
  if (kind === "stratum") return await talkAsMiner(way, address, options, isGuess);
  return asked;
}

async function talkAsAgent(
  way: Way,
  address: PoolAddress,
  options: TrialOptions,
): Promise<Outcome> {
  const { introduction, now, time: { wallNow } } = options;
  return await connectAnd(way, address, options, async (connection, signal) => ({
    kind: "agent",
    talk: await talk(connection, { introduction, now, wallNow, signal }),
  }));
}

async function talkAsMiner(
  way: Way,
  address: PoolAddress,
  options: TrialOptions,
  isGuess: boolean,
): Promise<Outcome> {
  const { introduction: { account: user }, version, password, extranonce2Bytes, now, time } =
    options;
  return await connectAnd(way, address, options, async (connection, signal) => ({
    kind: "stratum",
    talk: await talkStratum(connection, {
      version,
      user,
      password,
      extranonce2Bytes,
      now,
      time,
      signal,
    }),
    isGuess,
  }));
}

/** Talks Stratum V2; again, if the pool does not accept all that btcagent would like. */
async function talkAsSv2(
  way: Way,
  address: PoolAddress,
  options: TrialOptions,
): Promise<Outcome> {
  const { introduction: { account: user }, version, extranonce2Bytes, now, time } = options;
  const { talkSv2 } = await import("./sv2_talk.ts");
  const talk = (wishes: Sv2Wishes) =>
    connectAnd(way, address, options, async (connection, signal) => ({
      kind: "sv2" as const,
      talk: await talkSv2(connection, wishes, {
        address,
        version,
        user,
        extranonce2Bytes,
        now,
        time,
        signal,
      }),
      speaksV1: false,
    }));
  let wishes: Sv2Wishes = { wantsRolling: true, wantsNames: true };
  for (;;) {
    const outcome = await talk(wishes);
    if (outcome.problem !== undefined) return outcome;
    const { refusedWish, proof, fault } = outcome.spoken.talk;
    if (refusedWish !== undefined && wishes[refusedWish]) {
      wishes = { ...wishes, [refusedWish]: false };
      continue;
    }
    // A pool that showed a key but could not prove it speaks Stratum V2.
    if (proof !== undefined || (fault !== undefined && fault.code !== "not-stratum-2")) {
      return outcome;
    }
    const nobody = { ...options, introduction: { ...options.introduction, account: undefined } };
    const asMiner = await talkAsMiner(way, address, nobody, false);
    const speaksV1 = asMiner.problem === undefined && asMiner.spoken.kind === "stratum" &&
      asMiner.spoken.talk.messages > 0;
    return { ...outcome, spoken: { ...outcome.spoken, speaksV1 } };
  }
}

/** Connects and talks, both within the time there is. */
async function connectAnd<T extends Spoken>(
  way: Way,
  address: PoolAddress,
  { usesTls, tls, timeoutMs, now, time }: TrialOptions,
  converse: (connection: Connection, signal: AbortSignal) => Promise<T>,
): Promise<Outcome<T>> {
  const startedAt = now();
  const opened = await openWithin(
    time,
    timeoutMs,
    async (attempt) => await openTrusted(way, address, usesTls, await readTlsPolicy(tls), attempt),
  );
  const connectMs = now() - startedAt;
  if (opened.problem !== undefined) return { problem: opened.problem };
  const controller = new AbortController();
  const leftMs = Math.max(0, timeoutMs - connectMs);
  const timer = new AttendedTimeout(time, leftMs, () => controller.abort());
  const spoken = await converse(opened.value, controller.signal);
  timer.cancel();
  return { problem: undefined, connectMs, spoken };
}

function certificateOf(
  way: Way,
  address: PoolAddress,
  { tls, time, timeoutMs }: TrialOptions,
): Promise<Certificate | undefined> {
  // A failure here is not reported: the connection that counts reports it.
  return askWithin(
    time,
    timeoutMs,
    async (attempt) => await fetchCertificate(way, address, await readTlsPolicy(tls), attempt),
  );
}
