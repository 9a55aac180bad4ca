/**
 * The names of workers on one connection: each is authorized once and then named in its shares,
 * unless the pool shows that it accepts only one name.
 *
 * Some pools accept no share at all after they refused one name, and some use only the last name
 * (pools.md "Workers"). So the first worker is tried alone, and after any refusal no share is sent
 * until the pool has accepted the configured user again.
 */

import { Allowance } from "../../base/allowance.ts";
import type { Now } from "../../base/clock.ts";
import type { Worker } from "../../mux/upstream.ts";
import type { Rejected } from "../../mux/verdict.ts";
import { quote } from "../../protocol/stratum/message.ts";
import type { PoolAnswer } from "../../protocol/stratum/pool_message.ts";
import { authorizeRequest, FIRST_LOGIN_ID, submitAs } from "../../protocol/stratum/pool_request.ts";
import { refusalInWords } from "./handshake.ts";
import { type NamedWorker, NamedWorkers } from "./named_workers.ts";
import type { Outgoing } from "./outgoing.ts";
import { workerUser } from "./worker_names.ts";
import type { WorkersAtPools, WorkersPlace } from "./workers_at_pools.ts";

/**
 * One worker is authorized per this time in the long run, in milliseconds, and a number at once.
 */
const LOGIN_EVERY_MS = 100;
const LOGIN_BURST = 3;

/** No more workers are authorized while this number has no answer: new names may never end. */
export const MOST_UNANSWERED = 100;

/**
 * A pool that does not answer the first worker for this long, but sends other messages, accepts one
 * name only.
 */
export const FIRST_ANSWER_MS = 3_000;

/**
 * If the pool does not accept the configured user again within this time, the connection is given
 * up.
 */
export const USER_ANSWER_MS = 5_000;

/** What {@linkcode WorkerLogins} works with. */
export interface WorkerLoginsParts extends WorkersPlace {
  /** The password for every name. A secret. */
  readonly password: string;
  /** What is known about pools and names. */
  readonly atPools: WorkersAtPools;
  /** Where requests and shares are sent. */
  readonly outgoing: Pick<Outgoing, "sendLine" | "requestLine" | "hold" | "resume" | "rename">;
  /** Monotonic, in milliseconds. */
  readonly now: Now;
  /** Ends the connection for this reason. */
  readonly end: (reason: string) => void;
}

/** What the pool does with names. */
type Stage =
  /** Workers are authorized; it is not certain that this works until `isProven`. */
  | { readonly kind: "each"; readonly workers: NamedWorkers; isProven: boolean }
  /** No share is sent until the pool has accepted the user again. */
  | { readonly kind: "restoring"; readonly id: number; readonly since: number }
  /** Every share is sent under the user. */
  | { readonly kind: "one" };

/** Authorizes the workers of one connection, and names them. */
export class WorkerLogins {
  readonly #parts: WorkerLoginsParts;
  readonly #userJson: string;
  readonly #rate = new Allowance(LOGIN_EVERY_MS, LOGIN_BURST);
  #stage: Stage = { kind: "each", workers: new NamedWorkers(), isProven: false };
  /** Workers whose answer has not come, by the id of the request. */
  readonly #asked = new Map<number, NamedWorker>();
  #nextId = FIRST_LOGIN_ID;
  /** The id of the request that last authorized the user; later requests have higher ids. */
  #userId = FIRST_LOGIN_ID - 1;
  #firstAskedAt = Infinity;
  #heardAt = -Infinity;

  /** The handshake has authorized the user. */
  constructor(parts: WorkerLoginsParts) {
    this.#parts = parts;
    this.#userJson = JSON.stringify(parts.user);
  }

  /** A miner works here. */
  enter({ sessionId, name }: Worker): void {
    if (this.#stage.kind !== "each") return;
    const { user } = this.#parts;
    const seenAs = workerUser(user, name);
    // The user is already authorized, and some pools refuse a name the second time.
    if (seenAs !== user) this.#stage.workers.enter(sessionId, seenAs);
  }

  /** A miner stops working here. */
  leave(sessionId: number): void {
    if (this.#stage.kind === "each") this.#stage.workers.leave(sessionId);
  }

  /** The name that this miner's shares are sent under, as JSON text. */
  nameOf(sessionId: number): string {
    const worker = this.#stage.kind === "each" ? this.#stage.workers.of(sessionId) : undefined;
    return worker?.isAuthorized ? worker.json : this.#userJson;
  }

  /** Everything that the pool sent until `time` has been handled. */
  heard(time: number): void {
    this.#heardAt = time;
  }

  /** Call this several times a second. */
  tick(): void {
    const stage = this.#stage;
    const time = this.#parts.now();
    switch (stage.kind) {
      case "each":
        return this.#lookAfter(stage, time);
      case "restoring":
        if (time - stage.since < USER_ANSWER_MS) return;
        return this.#notRestored(`left it unanswered for ${USER_ANSWER_MS / 1000} s`);
      case "one":
        return;
      default:
        stage satisfies never;
    }
  }

  /**
   * Handles the answer to a request, if the request was sent from here. @returns whether it was.
   */
  answered(answer: PoolAnswer): boolean {
    const { id } = answer;
    if (id === undefined || id < FIRST_LOGIN_ID || id >= this.#nextId) return false;
    const stage = this.#stage;
    if (stage.kind === "restoring" && id === stage.id) {
      if (answer.result === true) this.#restored();
      else this.#notRestored(`answered ${refusalInWords(answer.error)}`);
      return true;
    }
    const worker = this.#asked.get(id);
    this.#asked.delete(id);
    if (answer.result !== true) {
      const name = worker === undefined ? "a worker" : `worker ${worker.json}`;
      // Answers from before the pool accepted the user again do no harm.
      if (id > this.#userId) this.#refused(`refused ${name}: ${refusalInWords(answer.error)}`);
    } else if (worker !== undefined && stage.kind === "each") {
      worker.isAuthorized = true;
      stage.isProven = true;
      this.#parts.atPools.tookWorker(this.#parts, JSON.parse(worker.json));
    }
    return true;
  }

  /**
   * The pool refused a share for its name or our login.
   *
   * @returns whether the workers' names may be the cause; then they are no longer used.
   */
  shareRefused({ poolCode, poolText }: Rejected): boolean {
    if (this.#stage.kind === "restoring") return true;
    if (this.#nextId - 1 <= this.#userId) return false;
    this.#refused(`refused a share: ${poolCode} ${quote(poolText)}`);
    return true;
  }

  #lookAfter(stage: Extract<Stage, { kind: "each" }>, time: number): void {
    const { atPools, poolId, outgoing } = this.#parts;
    // Another connection may have found this out. Names authorized here stay valid.
    if (atPools.isOne(poolId)) return this.#backToOne();
    if (!stage.isProven && this.#isSilent(time)) {
      const seconds = FIRST_ANSWER_MS / 1000;
      atPools.tookNone(this.#parts, `left the first one unanswered for ${seconds} s`);
      return this.#backToOne();
    }
    for (;;) {
      const worker = stage.workers.next;
      const isFirst = this.#firstAskedAt === Infinity;
      if (worker === undefined || this.#asked.size >= MOST_UNANSWERED) return;
      if (isFirst ? atPools.isAsked(poolId, time) : !stage.isProven) return;
      if (!this.#rate.take(time)) return;
      if (!outgoing.requestLine(this.#request(worker.json))) return;
      stage.workers.asked(worker);
      this.#asked.set(this.#nextId++, worker);
      if (!isFirst) continue;
      this.#firstAskedAt = time;
      atPools.asked(poolId, time);
    }
  }

  /**
   * Whether the pool left the first worker unanswered. On a slow line nothing at all would come;
   * messages that do come would come after the answer.
   */
  #isSilent(time: number): boolean {
    return time - this.#firstAskedAt >= FIRST_ANSWER_MS && this.#heardAt > this.#firstAskedAt;
  }

  #request(nameJson: string): string {
    return authorizeRequest(this.#nextId, nameJson, JSON.stringify(this.#parts.password));
  }

  /** After a refusal: the pool may accept no more shares, or count them for another name. */
  #refused(what: string): void {
    const { atPools, outgoing, now } = this.#parts;
    atPools.tookNone(this.#parts, what);
    outgoing.hold();
    this.#backToOne();
    outgoing.sendLine(this.#request(this.#userJson));
    this.#userId = this.#nextId++;
    this.#stage = { kind: "restoring", id: this.#userId, since: now() };
  }

  /** Names no worker any more, not even in shares that still wait. */
  #backToOne(): void {
    this.#stage = { kind: "one" };
    this.#asked.clear();
    this.#parts.outgoing.rename((submit) => submitAs(submit, this.#userJson));
  }

  #restored(): void {
    this.#stage = { kind: "one" };
    this.#parts.outgoing.resume();
  }

  #notRestored(what: string): void {
    this.#parts.end(
      `the pool refused a worker's name, then the user's own, ${this.#userJson}: it ${what}`,
    );
  }
}
