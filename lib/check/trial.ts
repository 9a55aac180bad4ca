/**
 * One try to reach a pool over one way and to talk to it.
 */

import { AttendedTimeout } from "../base/attended_timeout.ts";
import type { Now, Time } from "../base/clock.ts";
import type { PoolAddress } from "../net/pools/connection.ts";
import { readTlsPolicy, type TlsSettings } from "../net/tls/policy.ts";
import { openTrusted, type Way } from "../net/pools/way.ts";
import { type Certificate, fetchCertificate } from "./certificate.ts";
import { askWithin, openWithin } from "./limited_attempt.ts";
import { type Talk, talk, type TalkOptions } from "./talk.ts";

/** What tries need. */
export interface TrialOptions extends Pick<TalkOptions, "introduction"> {
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
  /** What was said on it. */
  readonly talk: Talk | undefined;
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
    connectAndTalk(way, address, options),
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

async function connectAndTalk(
  way: Way,
  address: PoolAddress,
  { usesTls, tls, timeoutMs, introduction, now, time }: TrialOptions,
): Promise<Omit<Trial, "certificate">> {
  const startedAt = now();
  const opened = await openWithin(
    time,
    timeoutMs,
    async (attempt) => await openTrusted(way, address, usesTls, await readTlsPolicy(tls), attempt),
  );
  const connectMs = now() - startedAt;
  if (opened.problem !== undefined) {
    return { way: way.name, connectMs: undefined, problem: opened.problem, talk: undefined };
  }
  const controller = new AbortController();
  const leftMs = Math.max(0, timeoutMs - connectMs);
  const timer = new AttendedTimeout(time, leftMs, () => controller.abort());
  const result = await talk(opened.value, {
    introduction,
    now,
    wallNow: time.wallNow,
    signal: controller.signal,
  });
  timer.cancel();
  return { way: way.name, connectMs, problem: undefined, talk: result };
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
