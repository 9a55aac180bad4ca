/**
 * Recorded sessions of real Stratum servers, played again to the simulated ones: the same lines go
 * in, and every line that comes out must be the recorded one, letter by letter. What no protocol
 * settles (jobs, extranonce1s, session ids) is taken from the recording, so that its shares are
 * shares here, too; what happened at the server by itself (a job, a lost node) happens when the
 * recording says so.
 */

import assert from "node:assert/strict";
import { type Job, parseNotify } from "../../../lib/protocol/stratum/job.ts";
import { seededRandom } from "../../../lib/sim/seeded_random.ts";
import { PoolClient, type PoolContext } from "../../../lib/sim/stratum_pool/client.ts";
import { NO_STRATUM_FAULTS } from "../../../lib/sim/stratum_pool/faults.ts";
import { StratumPoolLedger } from "../../../lib/sim/stratum_pool/ledger.ts";
import { serverOf } from "../../../lib/sim/stratum_pool/personalities.ts";
import type { PoolServer, PoolSession } from "../../../lib/sim/stratum_pool/personality.ts";
import {
  type StratumPoolOptions,
  stratumPoolSettings,
} from "../../../lib/sim/stratum_pool/settings.ts";
import { TemplateMaker } from "../../../lib/sim/stratum_pool/template.ts";
import {
  messageOf,
  received,
  type RecordedLine,
  type RecordedMessage,
  type RecordedSession,
} from "../../protocol/stratum_vectors.ts";
import { FakeTime } from "../../support/fake_time.ts";

/** One server, and a connection to it that the recording is played to. */
export class Replay {
  readonly ledger = new StratumPoolLedger();
  readonly server: PoolServer;
  readonly time: FakeTime;
  readonly client: PoolClient;
  readonly #recorded: readonly RecordedLine[];
  readonly #session: PoolSession;
  readonly #maker: TemplateMaker;
  readonly #jobs: readonly Job[];
  #made = 0;
  #isRewriting = false;
  #isClosed = false;
  #isNodeGone = false;
  /** Lines that came out and were not compared yet. */
  readonly #out: string[] = [];
  #atMs = 0;

  constructor(recorded: RecordedSession, options: StratumPoolOptions) {
    this.#recorded = recorded.writes;
    this.#jobs = jobsIn(recorded);
    this.time = new FakeTime(wallStartOf(recorded));
    const extranonce1s = subscribesIn(recorded).map(({ extranonce1 }) => extranonce1);
    const sessions = subscribesIn(recorded).map(({ session }) => session);
    const settings = stratumPoolSettings({
      difficulty: firstDifficultyIn(recorded) ?? 0.001,
      minDifficulty: 1e-7,
      vardiff: "fixed",
      time: this.time,
      rewrite: {
        job: (made) => this.#isRewriting ? this.#jobs[this.#made++] ?? made : made,
        extranonce1: (made) => extranonce1s.shift() ?? made,
        // NOMP has one for all subscribes of a connection.
        session: (made) => sessions.shift() ?? made,
      },
      ...options,
    });
    const context: PoolContext = {
      settings,
      ledger: this.ledger,
      random: seededRandom(1),
      faults: () => ({ ...NO_STRATUM_FAULTS, isNodeGone: this.#isNodeGone }),
    };
    this.#maker = new TemplateMaker(seededRandom(1), settings.version, settings.bits);
    this.server = serverOf(settings);
    // Where a first job is only as clean as its template, that one came with a block.
    const isByTemplate = settings.like === "nomp" || settings.like === "public";
    if (isByTemplate && this.#jobs[0]?.isClean) this.#template(true);
    this.#isRewriting = true;
    const link = {
      send: (line: string) => void this.#out.push(line),
      close: () => this.#isClosed = true,
    };
    this.#template(true);
    this.client = new PoolClient(1, "192.0.2.1", link, context);
    this.#session = this.server.open(this.client);
  }

  /** Plays it all, or what stands from `from` up to `to`; rejects the first that differs. */
  play(from: number = 0, to: number = this.#recorded.length): void {
    for (const [index, { at, way, text }] of this.#recorded.slice(from, to).entries()) {
      this.advanceTo(at);
      if (way === ">") {
        this.#triggerBeforeAnswer(from + index);
        this.send(text);
      } else if (way === "<") {
        this.expect(text);
      } else {
        assert.deepEqual([this.#isClosed, this.#out], [true, []], `closed after ${at} s`);
      }
    }
    if (to < this.#recorded.length) return;
    assert.deepEqual(this.#out, [], "nothing more is said");
    assert.equal(this.#isClosed, this.#recorded.some(({ way }) => way === "closed"));
  }

  /** Moves the time to this number of seconds after the connection. */
  advanceTo(seconds: number): void {
    const atMs = Math.max(this.#atMs, Math.round(seconds * 1000));
    this.time.advance(atMs - this.#atMs);
    this.#atMs = atMs;
    if (!this.#isClosed) this.#session.tick();
  }

  /** Lines of one read. */
  send(text: string): void {
    for (const line of text.split("\n")) {
      if (!this.#isClosed && line !== "") this.#session.receive(line);
    }
    if (!this.#isClosed) this.#session.readEnded();
  }

  /** Forgets the answers to these requests, which were left out of the recording. */
  dropAnswers(isLeftOut: (id: number) => boolean): void {
    const kept = this.#out.filter((line) => {
      const id = messageOf(line)?.id;
      return typeof id !== "number" || !isLeftOut(id);
    });
    this.#out.splice(0, Infinity, ...kept);
  }

  /** The next line must be this one; what the server says by itself is brought about. */
  expect(line: string): void {
    if (this.#out.length === 0) this.#trigger(line);
    assert.equal(this.#out.shift(), line);
  }

  /** A job that came before the answer of the request at `index` came by itself. */
  #triggerBeforeAnswer(index: number): void {
    const request = messageOf(this.#recorded[index]!.text);
    if (request?.method !== "mining.submit") return;
    for (const { way, text } of this.#recorded.slice(index + 1)) {
      const message = messageOf(text);
      if (way !== "<" || message?.id === request.id) return;
      if (message?.method === "mining.notify" && this.#isNew(message)) this.#trigger(text);
    }
  }

  #isNew({ params }: RecordedMessage): boolean {
    return this.#jobs.findIndex(({ id }) => id === params![0]) >= this.#made;
  }

  #trigger(line: string): void {
    const message = messageOf(line);
    switch (message?.method) {
      case "mining.notify":
        return this.#template(message.params!.at(-1) === true);
      case "mining.set_difficulty": {
        this.#session.setDifficulty(message.params![0] as number);
        // Said with the next job, where it is not said at once.
        if (this.#out.length === 0) this.#template(false);
        return;
      }
      case "mining.ping":
        this.#isNodeGone = true;
        return this.#session.nodeGone();
    }
  }

  #template(isNewBlock: boolean): void {
    const template = this.#maker.next(isNewBlock, this.time.wallNow(), this.time.now());
    this.server.background.templateChanged(template);
    this.#session?.announce();
  }
}

/** Every job of a recording once, in order. */
function jobsIn(recorded: RecordedSession): Job[] {
  const jobs = new Map<string, Job>();
  for (const message of messagesOf(recorded)) {
    if (message.method !== "mining.notify") continue;
    const job = parseNotify(message.params!);
    if (!jobs.has(job.id)) jobs.set(job.id, job);
  }
  return [...jobs.values()];
}

/** The time at the start, by the first job that came later by itself, or else the first job. */
function wallStartOf(recorded: RecordedSession): number {
  const [first, second] = jobsIn(recorded);
  const said = recorded.writes.find(({ text }) =>
    second !== undefined && text.includes(`["${second.id}"`)
  );
  const time = parseInt((second ?? first)?.ntime ?? "6b0d7542", 16);
  return (time - (said?.at ?? 0)) * 1000;
}

function subscribesIn(recorded: RecordedSession): { extranonce1: string; session: string }[] {
  return messagesOf(recorded).flatMap(({ result }) => {
    if (!Array.isArray(result)) return [];
    const [subscriptions, extranonce1] = result as [string[][], string];
    return [{ extranonce1, session: subscriptions[0]![1]! }];
  });
}

function firstDifficultyIn(recorded: RecordedSession): number | undefined {
  const told = messagesOf(recorded).find(({ method }) => method === "mining.set_difficulty");
  return told?.params?.[0] as number | undefined;
}

function messagesOf(recorded: RecordedSession): RecordedMessage[] {
  return received(recorded).map(messageOf).filter((message) => message !== undefined);
}
