/**
 * Ten hours of a farm of 10,000 workers under local difficulty, on a clock that is made up: how
 * often difficulties change, how well they fit, and how true the hashrates are.
 *
 * What is seen: 0.35 changes a day for a steady worker, 0.45 with those that come, go, halve and
 * die; 99.9 in 100 of the time within the band once settled, 99.5 in all; 10.4 shares a minute; a
 * worker's hashrate over an hour wrong by 2.7 in 100 in the median, 10.9 for one in 100, the farm's
 * by 0.07, as chance has it.
 */

import assert from "node:assert/strict";
import { Vardiff } from "../../lib/mux/vardiff.ts";
import { type VardiffRules, vardiffRules } from "../../lib/mux/vardiff_rules.ts";
import { seededRandom } from "../../lib/sim/seeded_random.ts";
import { poisson } from "../support/poisson.ts";

const WORKERS = 10_000;
const HOURS = 10;
const JOB_MS = 30_000;
const HOUR_MS = 3_600_000;
const HASHES = 2 ** 32;

/** What becomes of a worker in the ten hours. */
type Fate = "steady" | "halves" | "dies" | "flaps";

interface Worker {
  readonly name: string;
  readonly clientAgent: string;
  readonly suggestion: number | undefined;
  readonly fate: Fate;
  /** When it halves or dies. */
  readonly at: number;
  /** Hashes a second. */
  hashrate: number;
  place: number | undefined;
  difficulty: number;
  /** From here on its difficulty has had time to fit. */
  settledFrom: number;
  /** Work credited in the hour under way, and whether it hashed all of it. */
  work: number;
  isWhole: boolean;
}

interface Outcome {
  /** Of all changes of difficulty but a worker's first 15 minutes: a worker and day. */
  readonly changesADay: number;
  /** The same for workers that do nothing but hash. */
  readonly steadyChangesADay: number;
  /** Parts of time in which the shares expected a minute were ½ to 2 times the aim. */
  readonly inBand: number;
  /** The same without what follows within 15 minutes of a start or a change of hashrate. */
  readonly settledInBand: number;
  /** Mean shares a minute. */
  readonly sharesPerMinute: number;
  /** Errors of a worker's hashrate over an hour, as parts of it: the median, and of 99 in 100. */
  readonly medianError: number;
  readonly highError: number;
  /** The same of the whole farm, at most. */
  readonly farmError: number;
  readonly bytes: number;
  readonly ms: number;
}

Deno.test("ten hours of 10,000 workers: few changes, shares in the band, true hashrates", () => {
  const outcome = farm(vardiffRules(), seededRandom(7));
  const seen = JSON.stringify(outcome);
  assert.ok(outcome.steadyChangesADay < 0.5, seen);
  assert.ok(outcome.changesADay < 0.7, seen);
  assert.ok(outcome.inBand > 0.99, seen);
  assert.ok(outcome.settledInBand > 0.998, seen);
  assert.ok(outcome.sharesPerMinute > 7 && outcome.sharesPerMinute < 14, seen);
  assert.ok(outcome.medianError < 0.04 && outcome.highError < 0.12, seen);
  assert.ok(outcome.farmError < 0.001, seen);
  assert.ok(outcome.bytes <= 300_000, seen);
});

function newWorker(i: number, random: () => number): Worker {
  // Spread evenly over factors, from 0.5 to 300 TH/s.
  const hashrate = 0.5e12 * 600 ** random();
  const isSmall = hashrate < 8e12;
  const chance = random();
  const fate = chance < 0.05
    ? "halves"
    : chance < 0.07
    ? "dies"
    : chance < 0.12
    ? "flaps"
    : "steady";
  return {
    name: `farm.${i}`,
    clientAgent: isSmall ? "bitaxe/BM1370/v2.4.0" : i % 5 === 0 ? "unheard-of/1" : "cgminer/4.11.1",
    suggestion: isSmall && i % 2 === 0 ? 1000 : undefined,
    fate,
    at: (1 + 8 * random()) * HOUR_MS,
    hashrate,
    place: undefined,
    difficulty: 0,
    settledFrom: 0,
    work: 0,
    isWhole: false,
  };
}

function farm(rules: VardiffRules, random: () => number): Outcome {
  const started = performance.now();
  const vardiff = new Vardiff();
  const workers = Array.from({ length: WORKERS }, (_, i) => newWorker(i, random));
  const aim = rules.aimPerMs * JOB_MS;
  const settleMs = 15 * 60_000;
  let jobs = 0, settledJobs = 0, inBand = 0, settledInBand = 0, shares = 0;
  let changes = 0, changesJobs = 0, steadyChanges = 0, steadyJobs = 0;
  const errors: number[] = [];
  let farmError = 0;
  // A monotonic clock that is about to pass 2^32.
  const epoch = 2 ** 32 - 2 * HOUR_MS;
  for (let time = 0; time < HOURS * HOUR_MS; time += JOB_MS) {
    const now = epoch + time;
    for (const worker of workers) {
      if (worker.fate === "flaps") {
        // Gone for ten minutes of every two hours or so, each at a time of its own.
        const phase = (time + worker.at) % (2 * HOUR_MS);
        if (phase < 600_000 && worker.place !== undefined) {
          vardiff.give(worker.place, worker.name, now);
          worker.place = undefined;
          worker.isWhole = false;
        }
        if (phase < 600_000) continue;
      }
      if (worker.fate === "halves" && time >= worker.at && time < worker.at + JOB_MS) {
        worker.hashrate /= 2;
        worker.settledFrom = time + settleMs;
        worker.isWhole = false;
      }
      if (worker.fate === "dies" && time >= worker.at) {
        // It stays connected.
        worker.isWhole = false;
        vardiff.atJob(worker.place!, now, 2 ** 40, rules);
        continue;
      }
      if (worker.place === undefined) {
        worker.place = vardiff.take(worker, now);
        worker.settledFrom = time === 0 ? settleMs : time;
        worker.difficulty = 0;
      }
      const difficulty = vardiff.atJob(worker.place, now, 2 ** 40, rules);
      const isSettled = time >= worker.settledFrom;
      const isChange = worker.difficulty !== 0 && difficulty !== worker.difficulty;
      worker.difficulty = difficulty;
      const mean = worker.hashrate * JOB_MS / 1000 / HASHES / difficulty;
      const fits = mean >= aim / 2 && mean <= aim * 2;
      jobs++;
      if (fits) inBand++;
      if (time >= settleMs) {
        changesJobs++;
        if (isChange) changes++;
      }
      if (isSettled) {
        settledJobs++;
        if (fits) settledInBand++;
        if (worker.fate === "steady") {
          steadyJobs++;
          if (isChange) steadyChanges++;
        }
      }
      const count = poisson(mean, random);
      shares += count;
      worker.work += count * difficulty;
      for (let i = 0; i < count; i++) {
        vardiff.share(worker.place, difficulty, now + JOB_MS * (i + 1) / (count + 1), rules);
      }
    }
    if ((time + JOB_MS) % HOUR_MS !== 0) continue;
    let farmWork = 0, farmHashrate = 0;
    for (const worker of workers) {
      if (worker.isWhole) {
        const shown = worker.work * HASHES * 1000 / HOUR_MS;
        errors.push(Math.abs(shown / worker.hashrate - 1));
        farmWork += shown;
        farmHashrate += worker.hashrate;
      }
      worker.work = 0;
      const isDead = worker.fate === "dies" && time + JOB_MS >= worker.at;
      worker.isWhole = worker.place !== undefined && !isDead;
    }
    if (farmHashrate > 0) farmError = Math.max(farmError, Math.abs(farmWork / farmHashrate - 1));
  }
  errors.sort((a, b) => a - b);
  const days = JOB_MS / HOUR_MS / 24;
  return {
    changesADay: changes / (changesJobs * days),
    steadyChangesADay: steadyChanges / (steadyJobs * days),
    inBand: inBand / jobs,
    settledInBand: settledInBand / settledJobs,
    sharesPerMinute: shares / jobs / (JOB_MS / 60_000),
    medianError: errors[errors.length >> 1]!,
    highError: errors[Math.floor(errors.length * 0.99)]!,
    farmError,
    bytes: vardiff.bytes,
    ms: Math.round(performance.now() - started),
  };
}
