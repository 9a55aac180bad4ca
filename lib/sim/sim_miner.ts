/**
 * A simulated miner: connects over TCP with the handshake of a real firmware, hashes for real or
 * submits at a set rate, and checks everything it is sent.
 */

import { monotonicNow } from "../base/clock.ts";
import { parseHex32 } from "../base/hex.ts";
import { PoolFault } from "../protocol/violation.ts";
import { registeredNames, splitUserName } from "../protocol/worker_name.ts";
import { FIRMWARE, type FirmwareName } from "./firmware.ts";
import { Grinder, ShareMaker } from "./grinder.ts";
import { MinerDialogue, type MinerShare, type ShareAnswer } from "./miner_dialogue.ts";
import { type MinerCounts, type MinerStatistics, newMinerCounts } from "./miner_ledger.ts";
import { type MinerConnection, MinerSocket } from "./miner_socket.ts";
import { type Random, seededRandom } from "./seeded_random.ts";
import { addToChecksum } from "./share_checksum.ts";
import { Watch } from "./watch.ts";
import { SHARED_SCHEDULER, type WorkScheduler } from "./work_scheduler.ts";

const FIRST_RECONNECT_MS = 50;
const MAX_RECONNECT_MS = 5_000;
const MAX_KEPT_FAULTS = 50;

/** How a miner comes by its shares. */
export type MinerMode =
  | {
    /** It really hashes, at the difficulty it is told. */
    readonly kind: "hash";
  }
  | {
    /** It submits shares without a hash behind them, whether or not they are answered. */
    readonly kind: "rate";
    /** How many a second; fractions are fine. */
    readonly sharesPerSecond: number;
  }
  | {
    /** It submits nothing of its own accord. */
    readonly kind: "idle";
  };

/** What a miner is to be and do. */
export interface SimMinerOptions {
  /** Where to connect to; 127.0.0.1 if not given. */
  readonly hostname?: string;
  /** The port to connect to. */
  readonly port: number;
  /** Which handshake and manners; `cgminer` if not given. */
  readonly firmware?: FirmwareName;
  /** What to authorize as: `account.worker`. */
  readonly user: string;
  /** The password; `x` if not given. */
  readonly password?: string;
  /** Where shares come from; `idle` if not given. */
  readonly mode?: MinerMode;
  /** Whether to connect again when the connection ends; false if not given. */
  readonly reconnects?: boolean;
  /** Until authorized, sends one byte every so many milliseconds; 0, at once, if not given. */
  readonly dribbleMs?: number;
  /** Of all it does by chance; 1 if not given. */
  readonly seed?: number;
  /** Whose turns it hashes in; one for the process if not given. */
  readonly scheduler?: WorkScheduler;
  /** Who is told of changes; `until()` asks it. Its own if not given. */
  readonly watch?: Watch;
  /** How to connect; `Deno.connect` if not given. */
  readonly dial?: (hostname: string, port: number) => Promise<MinerConnection>;
}

/** One simulated miner. Made by {@linkcode SimMiner.start}, ended by `stop()`. */
export class SimMiner {
  /** What it authorizes as. */
  readonly user: string;
  /** The name a pool should know it by. */
  readonly workerName: string;
  /** Its kind. */
  readonly firmware: FirmwareName;
  readonly #options: SimMinerOptions;
  readonly #scheduler: WorkScheduler;
  readonly #random: Random;
  readonly #watch: Watch;
  readonly #faults: string[] = [];
  readonly #counts: MinerCounts = newMinerCounts();
  readonly #running: Promise<void>;
  #socket: MinerSocket | undefined;
  #dialogue: MinerDialogue | undefined;
  readonly #grinder: Grinder;
  readonly #shareMaker: ShareMaker;
  #previousExtranonce1: string | undefined;
  #mode: MinerMode;
  #isAuthorized = false;
  #failures = 0;
  #rateStartMs: number | undefined;
  #rateSubmitted = 0;
  #isStopped = false;
  #wake: (() => void) | undefined;
  #wakeTimer: ReturnType<typeof setTimeout> | undefined;

  private constructor(options: SimMinerOptions) {
    this.#options = options;
    this.user = options.user;
    this.workerName = registeredNames("", splitUserName(options.user).workerName).workerName;
    this.firmware = options.firmware ?? "cgminer";
    this.#scheduler = options.scheduler ?? SHARED_SCHEDULER;
    this.#watch = options.watch ?? new Watch();
    this.#random = seededRandom(options.seed ?? 1);
    this.#grinder = new Grinder(this.#random);
    this.#shareMaker = new ShareMaker(this.#random);
    this.#mode = options.mode ?? { kind: "idle" };
    this.setMode(this.#mode);
    this.#running = this.#run();
  }

  /** Starts a miner; it connects at once. */
  static start(options: SimMinerOptions): SimMiner {
    return new SimMiner(options);
  }

  /** What the server did wrong, in words: the first 50 of `statistics().faults`. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  /** Whether authorize was answered with true on this connection. */
  get isAuthorized(): boolean {
    return this.#isAuthorized;
  }

  /** What it was told last on this connection; `undefined` before the first job. */
  get work(): MinerDialogue["work"] {
    return this.#dialogue?.work;
  }

  /** Counts of this moment. */
  statistics(): MinerStatistics {
    return {
      ...this.#counts,
      miners: 1,
      connectedNow: this.#socket === undefined ? 0 : 1,
      workingNow: this.#isAuthorized && this.work !== undefined ? 1 : 0,
      hashes: this.#grinder.hashes,
      waitingNow: this.#dialogue?.waitingShares ?? 0,
      rejectedByCode: new Map(this.#counts.rejectedByCode),
    };
  }

  /** Comes by its shares another way from now on. */
  setMode(mode: MinerMode): void {
    this.#mode = mode;
    this.#rateStartMs = undefined;
    this.#scheduler.remove(this);
    if (this.#isStopped) return;
    if (mode.kind === "hash") this.#scheduler.addHashing(this);
    if (mode.kind === "rate") this.#scheduler.addSubmitting(this);
  }

  /** Submits any share. Without a connection nothing happens. */
  submit(share: MinerShare): void {
    if (this.#dialogue === undefined) return;
    this.#counts.submitted++;
    this.#dialogue.submit(share);
  }

  /** Sends any line, such as one no firmware sends. Without a connection nothing happens. */
  send(line: string): void {
    this.#socket?.send(line);
  }

  /** Ends the connection as if the miner's cable were pulled; it reconnects if it does so. */
  async disconnect(): Promise<void> {
    await this.#socket?.close();
  }

  /**
   * Settles as soon as `condition`, asked after everything that happens here, is true.
   *
   * @throws Error (rejects) when it is still false after `timeoutMs`, 60,000 if not given.
   */
  until(condition: () => boolean, timeoutMs?: number): Promise<void> {
    return this.#watch.until(condition, timeoutMs);
  }

  /** Ends the connection and settles when nothing of the miner runs any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#scheduler.remove(this);
    clearTimeout(this.#wakeTimer);
    this.#wake?.();
    await this.#socket?.close();
    await this.#running;
  }

  /** As `stop()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** For the scheduler: computes up to so many hashes; `false` when there is nothing to hash. */
  hash(maxHashes: number): boolean {
    if (this.work === undefined) return false;
    const share = this.#grinder.grind(maxHashes);
    if (share !== undefined) this.submit(share);
    return true;
  }

  /** For the scheduler: submits what is due at this time. */
  submitDue(nowMs: number): void {
    const mode = this.#mode;
    const { work } = this;
    if (work === undefined || mode.kind !== "rate") {
      this.#rateStartMs = undefined;
      return;
    }
    if (this.#rateStartMs === undefined) {
      // Begins within one interval, at random, so that a farm's miners do not submit in step.
      this.#rateStartMs = nowMs - this.#random() * 1000 / mode.sharesPerSecond;
      this.#rateSubmitted = 0;
    }
    const due = Math.floor((nowMs - this.#rateStartMs) / 1000 * mode.sharesPerSecond);
    for (; this.#rateSubmitted < due; this.#rateSubmitted++) {
      this.submit(this.#shareMaker.make(work));
    }
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.#serveOneConnection();
      if (this.#isStopped || !this.#options.reconnects) return;
      await this.#rest();
    }
  }

  async #serveOneConnection(): Promise<void> {
    const { hostname = "127.0.0.1", port, dial = dialTcp, dribbleMs = 0 } = this.#options;
    let connection: MinerConnection;
    try {
      connection = await dial(hostname, port);
    } catch {
      this.#counts.failedConnections++;
      this.#failures++;
      this.#watch.changed();
      return;
    }
    if (this.#isStopped) {
      connection.close();
      return;
    }
    const socket = new MinerSocket(connection, dribbleMs);
    this.#socket = socket;
    this.#counts.connections++;
    const dialogue = this.#begin(socket, `${hostname}:${port}`);
    try {
      await socket.readLines((line) => {
        dialogue.receive(line);
        this.#watch.changed();
      });
    } catch (error) {
      if (!(error instanceof PoolFault)) throw error;
      this.#fault(error.message);
    }
    if (!socket.isClosed) this.#counts.lostConnections++;
    await socket.close();
    this.#ended(dialogue);
  }

  #begin(socket: MinerSocket, server: string): MinerDialogue {
    const identity = {
      user: this.user,
      password: this.#options.password ?? "x",
      server,
      previousExtranonce1: this.#previousExtranonce1,
    };
    const dialogue = new MinerDialogue(FIRMWARE[this.firmware], identity, {
      send: (line) => socket.send(line),
      authorized: () => {
        this.#isAuthorized = true;
        this.#failures = 0;
        socket.hurry();
      },
      work: (work) => this.#grinder.setWork(work),
      job: (isClean) => {
        this.#counts.jobs++;
        if (isClean) this.#counts.cleanJobs++;
        this.#counts.lastJobAtMs = monotonicNow();
      },
      answered: (share, answer) => this.#answered(share, answer),
      fault: (fault) => this.#fault(fault),
      leave: (reason) => {
        if (reason === "told") this.#counts.toldToReconnect++;
        socket.close();
      },
    });
    this.#dialogue = dialogue;
    dialogue.begin();
    this.#watch.changed();
    return dialogue;
  }

  #answered(share: MinerShare, answer: ShareAnswer): void {
    if (answer !== "accepted") {
      this.#counts.rejected++;
      const { rejectedByCode } = this.#counts;
      rejectedByCode.set(answer, (rejectedByCode.get(answer) ?? 0) + 1);
      return;
    }
    this.#counts.accepted++;
    this.#counts.acceptedChecksum = addToChecksum(this.#counts.acceptedChecksum, this.workerName, {
      ...share,
      extranonce2: parseHex32(share.extranonce2.slice(-8)) ?? 0,
    });
  }

  #fault(fault: string): void {
    this.#counts.faults++;
    if (this.#faults.length < MAX_KEPT_FAULTS) this.#faults.push(fault);
  }

  #ended(dialogue: MinerDialogue): void {
    if (!this.#isAuthorized) this.#failures++;
    this.#counts.unanswered += dialogue.waitingShares;
    this.#previousExtranonce1 = dialogue.extranonce1 ?? this.#previousExtranonce1;
    this.#socket = undefined;
    this.#dialogue = undefined;
    this.#isAuthorized = false;
    this.#grinder.setWork(undefined);
    this.#watch.changed();
  }

  /** Waits before the next connection: longer after each failure, and somewhat by chance. */
  #rest(): Promise<void> {
    const longest = Math.min(FIRST_RECONNECT_MS * 2 ** this.#failures, MAX_RECONNECT_MS);
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#wakeTimer = setTimeout(resolve, longest * (0.5 + this.#random() / 2));
    });
  }
}

async function dialTcp(hostname: string, port: number): Promise<MinerConnection> {
  const connection = await Deno.connect({ hostname, port });
  connection.setNoDelay();
  return connection;
}
