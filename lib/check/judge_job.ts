/**
 * What a pool's newest job means to miners and to this machine; pure.
 */

import { type Job, jobTime } from "../protocol/stratum/job.ts";
import { heightOf } from "./coinbase_height.ts";
import type { Row } from "./report.ts";

/** Warn of this clock when a pool's newest job is this far ahead of it, in seconds. */
const WARN_BEHIND_SECONDS = 60;

/** Warn of this clock when it is this far ahead, in seconds: the newest job may be a minute old. */
const WARN_AHEAD_SECONDS = 120;

/** The largest coinbases that some miners accept, in bytes. */
const COINBASE_LIMITS: readonly { readonly miners: string; readonly most: number }[] = [
  { miners: "NerdMiner", most: 255 },
  { miners: "NiceHash", most: 500 },
  { miners: "Antminers with stock firmware", most: 730 },
  { miners: "Antminer S21, Braiins OS", most: 2_250 },
  { miners: "WhatsMiner, Bitaxe", most: 6_500 },
  { miners: "ePIC, VNish", most: 16_000 },
];

/**
 * The rows on a job.
 *
 * @param bytes The size of its whole coinbase.
 * @param cameAt This machine's clock when the job came, in milliseconds since 1970.
 */
export function jobRows(job: Job, bytes: number, cameAt: number): Row[] {
  return [...coinbaseRows(bytes), clockRow(cameAt / 1000 - jobTime(job), heightOf(job.coinbase1))];
}

/** A row only for a coinbase that is too large for some miners. */
function coinbaseRows(bytes: number): Row[] {
  const tooLargeFor = COINBASE_LIMITS.filter(({ most }) => bytes > most);
  if (tooLargeFor.length === 0) return [];
  const named = tooLargeFor.map(({ miners, most }) => `${miners} (${most} bytes)`).join(", ");
  return [{
    level: tooLargeFor.length === 1 ? "note" : "warning",
    subject: "coinbase",
    found: `the newest job's has ${bytes} bytes, more than some miners accept: ${named}`,
    advice: "if you have such miners, choose a pool with fewer payouts in its coinbase",
    values: { coinbase_bytes: bytes },
  }];
}

/** `ahead`: seconds by which this machine's clock is ahead of the newest job. */
function clockRow(ahead: number, height: number | undefined): Row {
  const seconds = Math.round(ahead);
  const values = { ahead_seconds: seconds, ...height === undefined ? {} : { height } };
  const subject = "clock";
  const advice = "set this machine's clock, as with NTP";
  if (ahead < -WARN_BEHIND_SECONDS) {
    const found = `this machine's clock is ${-seconds} s behind the pool's newest job`;
    return { level: "warning", subject, found, advice, values };
  }
  if (ahead > WARN_AHEAD_SECONDS) {
    const found = `this machine's clock is ${seconds} s ahead of the pool's newest job`;
    return { level: "warning", subject, found, advice, values };
  }
  const found = `${Math.abs(seconds)} s ${
    seconds < 0 ? "behind" : "ahead of"
  } the pool's newest job${height === undefined ? "" : ` (block ${height})`}`;
  return { level: "ok", subject, found, values };
}
