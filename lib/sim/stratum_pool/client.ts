/**
 * One connection as a personality of the simulated Stratum pool sees it: what it was given, and the
 * way to speak to it and to count what it does. Which of it is used when is the personality's.
 */

import type { Random, Time, Timer } from "../../base/clock.ts";
import { formatHex32 } from "../../base/hex.ts";
import { type Job, notifyParams } from "../../protocol/stratum/job.ts";
import { formatNotification } from "../../protocol/stratum/message.ts";
import type { StratumPoolFaults } from "./faults.ts";
import type { BadBehaviour, StratumPoolLedger } from "./ledger.ts";
import type { Proof } from "./proof.ts";
import type { Refusal } from "./refusal.ts";
import { type StratumPoolSettings, VERSION_MASK } from "./settings.ts";

/** Given jobs remembered of one connection. */
const KEPT_JOBS = 2_000;
/** No difficulty is higher. */
const MAX_DIFFICULTY = 2 ** 40;

/** A job as this connection got it. */
export interface GivenJob {
  /** The job as it was sent, but for its clean flag. */
  readonly job: Job;
  /** The extranonce1 that counted then. */
  readonly extranonce1: string;
  /** Bytes of extranonce2 that counted then. */
  readonly extranonce2Size: number;
  /** The version bits that were allowed then. */
  readonly versionMask: number;
  /** The connection's difficulty then. */
  readonly difficulty: number;
}

/** How a client is reached. */
export interface ClientLink {
  /** Sends a line, without its LF. */
  send(line: string): void;
  /** Closes with FIN. */
  close(): void;
}

/** What all connections of a pool share. */
export interface PoolContext {
  /** How the pool is to behave. */
  readonly settings: StratumPoolSettings;
  /** Where everything is counted. */
  readonly ledger: StratumPoolLedger;
  /** For the order of answers. */
  readonly random: Random;
  /** The switches as they stand. */
  faults(): StratumPoolFaults;
}

/** One connection. Its plain fields belong to its session. */
export class PoolClient {
  /** Counts from 1. */
  readonly number: number;
  /** Its IP address. */
  readonly address: string;
  /** When it came. */
  readonly openedAtMs: number;
  /** Empty before subscribe. */
  extranonce1 = "";
  /** What subscribe is answered with; later what `set_extranonce` said. */
  extranonce2Size: number;
  /** What it authorized as last. */
  name = "";
  /** Whether subscribe was answered. */
  isSubscribed = false;
  /** The difficulty of this moment, as the pool counts it. */
  difficulty: number;
  /** Version bits it may roll. */
  versionMask: number = VERSION_MASK;
  /** Whether it was told so. */
  hasAgreedVersions = false;
  /** When its last share came that counts against idleness. */
  lastShareAtMs: number;
  readonly #link: ClientLink;
  readonly #context: PoolContext;
  readonly #given = new Map<string, GivenJob>();
  readonly #answers = new Set<Timer>();
  #line = "";
  #isAuthorized = false;
  #isClosed = false;

  /** For a connection that has just come. */
  constructor(number: number, address: string, link: ClientLink, context: PoolContext) {
    this.number = number;
    this.address = address;
    this.#link = link;
    this.#context = context;
    const { settings } = context;
    this.difficulty = settings.difficulty;
    this.extranonce2Size = context.faults().extranonce2Size ?? settings.extranonce2Size;
    this.openedAtMs = this.lastShareAtMs = settings.time.now();
  }

  /** How the pool is to behave. */
  get settings(): StratumPoolSettings {
    return this.#context.settings;
  }

  /** The pool's time. */
  get time(): Time {
    return this.#context.settings.time;
  }

  /** The switches as they stand. */
  get faults(): StratumPoolFaults {
    return this.#context.faults();
  }

  /** Whether it may send shares. */
  get isAuthorized(): boolean {
    return this.#isAuthorized;
  }

  /** May it send shares? */
  set isAuthorized(isAuthorized: boolean) {
    if (isAuthorized === this.#isAuthorized) return;
    this.#isAuthorized = isAuthorized;
    this.#context.ledger.count("authorizedNow", isAuthorized ? 1 : -1);
  }

  /** Whether either side has closed it. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** This line is being answered. */
  reading(line: string): void {
    this.#line = line;
    this.#context.ledger.count("linesIn");
  }

  /** Sends a line, without its LF. */
  send(line: string): void {
    if (!this.#isClosed) this.#link.send(line);
  }

  /** Sends the answer to a share, without its LF, at once or a little later. */
  answer(line: string): void {
    const { time, answerDelayMs } = this.settings;
    if (answerDelayMs === 0) return this.send(line);
    const timer = time.after(this.#context.random() * answerDelayMs, () => {
      this.#answers.delete(timer);
      this.send(line);
    });
    this.#answers.add(timer);
  }

  /** The pool closes it. */
  close(): void {
    if (this.#isClosed) return;
    this.ended();
    this.#link.close();
  }

  /** It is over. */
  ended(): void {
    this.#isClosed = true;
    this.isAuthorized = false;
    for (const timer of this.#answers) this.time.clear(timer);
    this.#answers.clear();
  }

  /** Takes what it does amiss. */
  bad(kind: BadBehaviour): void {
    this.#context.ledger.bad(this.number, kind, this.#line);
  }

  /** Takes what it does amiss, and closes. */
  closeFor(kind: BadBehaviour): void {
    if (this.#isClosed) return;
    this.bad(kind);
    this.close();
  }

  /** A request this pool does not know. */
  unknown(): void {
    this.#context.ledger.count("unknownRequests");
  }

  /** An authorize for `name` is answered with true. */
  named(name: string): void {
    this.name = name;
    this.#context.ledger.count("namesTaken");
  }

  /** A submit came. */
  submitted(): void {
    this.#context.ledger.count("submits");
  }

  /** A share counts for `name`, by the difficulty it was judged by. */
  accepted(name: string, difficulty: number, proof: Proof): void {
    this.#context.ledger.accepted(this.number, name, difficulty, proof.isBlock);
  }

  /** A share of `name` is refused. */
  refused(name: string, { reason, bad }: Refusal): void {
    this.#context.ledger.rejected(this.number, name, reason);
    if (bad !== undefined) this.bad(bad);
  }

  /** The difficulty nearest to `wanted` that the pool gives. */
  bounded(wanted: number): number {
    return Math.min(MAX_DIFFICULTY, Math.max(this.settings.minDifficulty, wanted));
  }

  /** Says the difficulty of this moment, in a `line` of the server's own spelling if it has one. */
  tellDifficulty(
    line: string = formatNotification("mining.set_difficulty", JSON.stringify([this.difficulty])),
  ): void {
    this.#context.ledger.count("difficultiesTold");
    this.send(line);
  }

  /** Whether `limitMs` have passed since `sinceMs`; a limit of 0 is none. */
  isLate(sinceMs: number, limitMs: number): boolean {
    return limitMs > 0 && this.time.now() - sinceMs >= limitMs;
  }

  /** The parameters of `mining.notify` for a job, which is remembered as given now. */
  give(job: Job, isClean: boolean): string {
    this.#given.delete(job.id);
    this.#given.set(job.id, {
      job,
      extranonce1: this.extranonce1,
      extranonce2Size: this.extranonce2Size,
      versionMask: this.versionMask,
      difficulty: this.difficulty,
    });
    if (this.#given.size > KEPT_JOBS) {
      for (const id of this.#given.keys()) {
        this.#given.delete(id);
        break;
      }
    }
    return JSON.stringify(notifyParams(job, job.id, isClean));
  }

  /** The job this connection was given under this id. */
  given(jobId: string): GivenJob | undefined {
    return this.#given.get(jobId);
  }

  /** Says another extranonce1 and size, which count from the next job on. */
  setExtranonce(extranonce1: string, extranonce2Size: number): void {
    this.extranonce1 = extranonce1;
    this.extranonce2Size = extranonce2Size;
    const params = `["${extranonce1}",${extranonce2Size}]`;
    this.send(formatNotification("mining.set_extranonce", params));
  }

  /** Says other version bits, which count from the next job on. */
  setVersionMask(mask: number): void {
    this.versionMask = mask;
    this.send(formatNotification("mining.set_version_mask", `["${formatHex32(mask)}"]`));
  }
}
