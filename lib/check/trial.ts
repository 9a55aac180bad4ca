/**
 * One try to reach a pool over one way and to talk to it.
 */

import { AttendedTimeout } from "../base/attended_timeout.ts";
import type { Now, Time } from "../base/clock.ts";
import type { Connection, PoolAddress } from "../net/pools/connection.ts";
import type { KindOfPool } from "../base/pool_kind.ts";
import { readTlsPolicy, type TlsSettings } from "../net/tls/policy.ts";
import { openTrusted, type Way } from "../net/pools/way.ts";
import { type Certificate, fetchCertificate } from "./certificate.ts";
import { askKind } from "./kind_talk.ts";
import { askWithin, openWithin } from "./limited_attempt.ts";
import { type StratumTalk, talkStratum } from "./stratum_talk.ts";
import { type Talk, talk, type TalkOptions } from "./talk.ts";

/** What tries need. */
export interface TrialOptions extends Pick<TalkOptions, "introduction"> {
  /** What the pool speaks; `unknown` to find out. */
  readonly kind: KindOfPool;
  /** What goes with the account at a Stratum pool. A secret: only the pool hears it. */
  readonly password: string;
  /** Of btcagent. */
  readonly version: string;
  /** Whether TLS is spoken to the pool. */
  readonly usesTls: boolean;
  /** For the pool and for proxies behind TLS. */
  readonly tls: TlsSettings;
  /** For connection and talk together, in milliseconds. */
  readonly timeoutMs: number;
  /** Monotonic time, to judge the pool by. */
  readonly now: Now;
  /** For time-outs, and for certificates and jobs, which have times of their own. */
  readonly time: Time;
}

/** What came of a try. */
export interface Trial {
  /** The way's name. */
  readonly way: string;
  /** Until there was a connection, tunnel and TLS included, in milliseconds. */
  readonly connectMs: number | undefined;
  /** Why there was none. */
  readonly problem: string | undefined;
  /** What was said on it, as an agent. */
  readonly talk: Talk | undefined;
  /** What was said on it, to an ordinary Stratum pool. */
  readonly stratum: StratumTalk | undefined;
  /** What the pool showed, if it was asked for one and had one. */
  readonly certificate: Certificate | undefined;
}

/** Tries it. Never throws. */
export async function tryWay(
  way: Way,
  address: PoolAddress,
  options: TrialOptions,
): Promise<Trial> {
  const [certificate, trial] = await Promise.all([
    options.usesTls ? certificateOf(way, address, options) : undefined,
    talkByKind(way, address, options),
  ]);
  return { ...trial, certificate };
}

/** How long it takes to connect to `address`, without a word, or why it cannot be done. */
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

type Spoken = Omit<Trial, "certificate">;

/** What is not known is asked first, on a connection of its own. */
async function talkByKind(
  way: Way,
  address: PoolAddress,
  options: TrialOptions,
): Promise<Spoken> {
  if (options.kind === "agent") return await talkAsAgent(way, address, options);
  if (options.kind === "stratum") return await talkAsMiner(way, address, options);
  // Beside it, not before: a silent pool is not waited for twice.
  const giveUp = new AbortController();
  const agent = talkAsAgent(way, address, options, giveUp.signal);
  const { introduction: { clientAgent, account: user }, password, now, time } = options;
  const { value: kind } = await connectAnd(
    way,
    address,
    options,
    (connection, signal) => askKind(connection, { clientAgent, user, password, now, time, signal }),
  );
  if (kind !== "stratum") return await agent;
  giveUp.abort();
  await agent;
  return await talkAsMiner(way, address, options);
}

async function talkAsAgent(
  way: Way,
  address: PoolAddress,
  options: TrialOptions,
  giveUp?: AbortSignal,
): Promise<Spoken> {
  const { introduction, now, time: { wallNow } } = options;
  const { value: talked, ...rest } = await connectAnd(
    way,
    address,
    options,
    (connection, signal) => talk(connection, { introduction, now, wallNow, signal }),
    giveUp,
  );
  return { ...rest, talk: talked, stratum: undefined };
}

async function talkAsMiner(
  way: Way,
  address: PoolAddress,
  options: TrialOptions,
): Promise<Spoken> {
  const { introduction: { account: user }, version, password, now, time } = options;
  const { value: stratum, ...rest } = await connectAnd(
    way,
    address,
    options,
    (connection, signal) => talkStratum(connection, { version, user, password, now, time, signal }),
  );
  return { ...rest, talk: undefined, stratum };
}

/** Connects and talks, both within the time there is or until `giveUp` aborts. */
async function connectAnd<T>(
  way: Way,
  address: PoolAddress,
  { usesTls, tls, timeoutMs, now, time }: TrialOptions,
  converse: (connection: Connection, signal: AbortSignal) => Promise<T>,
  giveUp?: AbortSignal,
): Promise<Pick<Trial, "way" | "connectMs" | "problem"> & { readonly value: T | undefined }> {
  const startedAt = now();
  const opened = await openWithin(
    time,
    timeoutMs,
    async (attempt) => await openTrusted(way, address, usesTls, await readTlsPolicy(tls), attempt),
  );
  const connectMs = now() - startedAt;
  if (opened.problem !== undefined) {
    return { way: way.name, connectMs: undefined, problem: opened.problem, value: undefined };
  }
  const controller = new AbortController();
  const leftMs = Math.max(0, timeoutMs - connectMs);
  const timer = new AttendedTimeout(time, leftMs, () => controller.abort());
  const end = () => controller.abort();
  giveUp?.addEventListener("abort", end);
  if (giveUp?.aborted) end();
  const value = await converse(opened.value, controller.signal);
  timer.cancel();
  giveUp?.removeEventListener("abort", end);
  return { way: way.name, connectMs, problem: undefined, value };
}

function certificateOf(
  way: Way,
  address: PoolAddress,
  { tls, time, timeoutMs }: TrialOptions,
): Promise<Certificate | undefined> {
  // Why there is none is said of the connection that counts.
  return askWithin(
    time,
    timeoutMs,
    async (attempt) => await fetchCertificate(way, address, await readTlsPolicy(tls), attempt),
  );
}
