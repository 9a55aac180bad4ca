/**
 * One connection as a personality of the simulated Stratum pool sees it: what it was sent, and
 * functions to send to it and to count what it does. The personality decides when to use them.
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

/** Jobs remembered for one connection. */
const KEPT_JOBS = 2_000;
/** How long shares for jobs before a change of difficulty may arrive, in milliseconds. */
const CHANGE_MS = 10_000;
/** The highest difficulty. */
const MAX_DIFFICULTY = 2 ** 40;

/** A job as it was sent to this connection. */
export interface GivenJob {
  /** The job as it was sent, without its clean flag. */
  readonly job: Job;
  /** The extranonce1 at that time. */
  readonly extranonce1: string;
  /** Bytes of extranonce2 at that time. */
  readonly extranonce2Size: number;
  /** The version bits allowed at that time. */
  readonly versionMask: number;
  /** The connection's difficulty at that time. */
  readonly difficulty: number;
}

/** The way to send to a client. */
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
  /** The current fault switches. */
  faults(): StratumPoolFaults;
}

/** One connection. Its plain fields belong to its session. */
export class PoolClient {
  /** Counts from 1. */
  readonly number: number;
  /** Its IP address. */
  readonly address: string;
  /** When it connected. */
  readonly openedAtMs: number;
  /** Empty before subscribe. */
  extranonce1 = "";
  /** The size in the answer to subscribe; later the one of `set_extranonce`. */
  extranonce2Size: number;
  /** The last name it authorized. */
  name = "";
  /** Whether subscribe was answered. */
  isSubscribed = false;
  /** The current difficulty, as the pool counts it. */
  difficulty: number;
  /** Version bits it may roll. */
  versionMask: number = VERSION_MASK;
  /** Whether it was told these version bits. */
  hasAgreedVersions = false;
  /** When the last share arrived that counts as activity. */
  lastShareAtMs: number;
  readonly #link: ClientLink;
  readonly #context: PoolContext;
  readonly #given = new Map<string, GivenJob>();
  readonly #answers = new Set<Timer>();
  #line = "";
  #told: number | undefined;
  #changedAtMs = -Infinity;
  #isAuthorized = false;
  #isClosed = false;

  /** Describes a new connection. */
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

  /** The current fault switches. */
  get faults(): StratumPoolFaults {
    return this.#context.faults();
  }

  /** Whether it may send shares. */
  get isAuthorized(): boolean {
    return this.#isAuthorized;
  }

  /** Sets whether it may send shares. */
  set isAuthorized(isAuthorized: boolean) {
    if (isAuthorized === this.#isAuthorized) return;
    this.#isAuthorized = isAuthorized;
    this.#context.ledger.count("authorizedNow", isAuthorized ? 1 : -1);
  }

  /** Whether either side has closed it. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Notes the line that is being answered. */
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
    const { lateByMs } = this.faults;
    if (lateByMs === Infinity) return;
    if (answerDelayMs === 0 && lateByMs === 0) return this.send(line);
    const timer = time.after(lateByMs + this.#context.random() * answerDelayMs, () => {
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

  /** Notes that the connection has ended. */
  ended(): void {
    this.#isClosed = true;
    this.isAuthorized = false;
    for (const timer of this.#answers) this.time.clear(timer);
    this.#answers.clear();
  }

  /** Counts bad behaviour. */
  bad(kind: BadBehaviour): void {
    this.#context.ledger.bad(this.number, kind, this.#line);
  }

  /** Counts bad behaviour, and closes. */
  closeFor(kind: BadBehaviour): void {
    if (this.#isClosed) return;
    this.bad(kind);
    this.close();
  }

  /** Counts a request that this pool does not know. */
  unknown(): void {
    this.#context.ledger.count("unknownRequests");
  }

  /** Notes that an authorize for `name` is answered with true. */
  named(name: string): void {
    this.name = name;
    this.#context.ledger.count("namesTaken");
  }

  /** Counts a submit. */
  submitted(): void {
    this.#context.ledger.count("submits");
  }

  /** Counts an accepted share for `name`, with the difficulty it was judged by. */
  accepted(name: string, difficulty: number, proof: Proof): void {
    const { ledger } = this.#context;
    ledger.accepted(this.number, name, difficulty, proof.isBlock);
    if (this.time.now() - this.#changedAtMs < CHANGE_MS) ledger.count("acceptedInChange");
  }

  /** Counts a refused share of `name`. */
  refused(name: string, { reason, bad }: Refusal): void {
    this.#context.ledger.rejected(this.number, name, reason);
    if (bad !== undefined) this.bad(bad);
  }

  /** Returns the difficulty nearest to `wanted` that the pool gives. */
  bounded(wanted: number): number {
    return Math.min(MAX_DIFFICULTY, Math.max(this.settings.minDifficulty, wanted));
  }

  /** Sends the current difficulty, in a `line` of the server's own spelling if it has one. */
  tellDifficulty(
    line: string = formatNotification("mining.set_difficulty", JSON.stringify([this.difficulty])),
  ): void {
    const { ledger } = this.#context;
    ledger.count("difficultiesTold");
    if (this.#told !== undefined && this.#told !== this.difficulty) {
      ledger.count("difficultyChanges");
      this.#changedAtMs = this.time.now();
    }
    this.#told = this.difficulty;
    this.send(line);
  }

  /** Whether `limitMs` have passed since `sinceMs`; a limit of 0 is none. */
  isLate(sinceMs: number, limitMs: number): boolean {
    return limitMs > 0 && this.time.now() - sinceMs >= limitMs;
  }

  /** Returns the parameters of `mining.notify` for a job, and remembers the job as sent now. */
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

  /** Returns the job that was sent under this id. */
  given(jobId: string): GivenJob | undefined {
    return this.#given.get(jobId);
  }

  /** Sends another extranonce1 and size, which apply from the next job on. */
  setExtranonce(extranonce1: string, extranonce2Size: number): void {
    this.extranonce1 = extranonce1;
    this.extranonce2Size = extranonce2Size;
    const params = `["${extranonce1}",${extranonce2Size}]`;
    this.send(formatNotification("mining.set_extranonce", params));
  }

  /** Sends other version bits, which apply from the next job on. */
  setVersionMask(mask: number): void {
    this.versionMask = mask;
    this.send(formatNotification("mining.set_version_mask", `["${formatHex32(mask)}"]`));
  }
}
