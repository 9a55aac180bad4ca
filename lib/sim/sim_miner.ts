/**
 * A simulated miner: it connects over TCP with the handshake of a real firmware, really hashes or
 * submits at a set rate, and checks everything it is sent.
 */

import type { Random, Time, Timer, Timers } from "../base/clock.ts";
import { parseHex32 } from "../base/hex.ts";
import { systemTime } from "../base/system_time.ts";
import { PoolFault } from "../base/violation.ts";
import { registeredNames } from "../protocol/agent/names.ts";
import { splitUserName } from "../protocol/stratum/worker_name.ts";
import { FIRMWARE, type Firmware, type FirmwareName } from "./firmware.ts";
import { Grinder, ShareMaker } from "./grinder.ts";
import {
  type AnsweredShare,
  MinerDialogue,
  type MinerShare,
  type MinerWork,
  type ShareAnswer,
} from "./miner_dialogue.ts";
import { addTo, type MinerCounts, type MinerStatistics, newMinerCounts } from "./miner_ledger.ts";
import { type MinerConnection, MinerSocket } from "./miner_socket.ts";
import { seededRandom } from "./seeded_random.ts";
import { addToChecksum } from "./share_checksum.ts";
import { Ticker } from "./ticker.ts";
import { TLS_HELLO } from "./tls_hello.ts";
import { type Conduct, HEALTHY } from "./trouble.ts";
import { Watch } from "./watch.ts";
import { WorkScheduler } from "./work_scheduler.ts";

/** The shortest pause before a reconnect "at once", in milliseconds, so that others get time. */
const LEAST_PAUSE_MS = 20;
/** How long firmware that gave up works for another pool. */
const ELSEWHERE_SECONDS = 60;
/** How long a server may take to refuse TLS or to speak it, in milliseconds. */
const TLS_TIMEOUT_MS = 1_000;
const LOGIN_PATIENCE = 50;
/** How long a clean job takes from the socket to the last chip. */
const STALE_MS = 100;
const MAX_KEPT_FAULTS = 50;
const SHOWN_FAULTS = 5;

/** How a miner gets its shares. */
export type MinerMode =
  | {
    /** It really hashes, at the difficulty it was sent. */
    readonly kind: "hash";
  }
  | {
    /** It submits shares without hashing, whether or not they are answered. */
    readonly kind: "rate";
    /** Shares per second; may be a fraction. */
    readonly sharesPerSecond: number;
  }
  | {
    /** It submits nothing of its own accord. */
    readonly kind: "idle";
  };

/** The settings of a miner. */
export interface SimMinerOptions {
  /** Where to connect to; 127.0.0.1 if not given. */
  readonly hostname?: string;
  /** The port to connect to. */
  readonly port: number;
  /** The firmware it behaves like; `cgminer` if not given. */
  readonly firmware?: FirmwareName;
  /** What to authorize as: `account.worker`. */
  readonly user: string;
  /** The password; `x` if not given. */
  readonly password?: string;
  /** Where shares come from; `idle` if not given. */
  readonly mode?: MinerMode;
  /** Its trouble; none if not given. */
  readonly conduct?: Conduct;
  /**
   * Whether to reconnect when the server ends the connection or makes it useless; false if not
   * given. After a connection that the miner ended out of impatience it always reconnects.
   */
  readonly reconnects?: boolean;
  /** How many times sooner than the real firmware it connects again; 1 if not given. */
  readonly haste?: number;
  /**
   * How many times longer than the real firmware it waits for its login; 50 if not given, since
   * simulations share their processors and some firmware waits little more than a second.
   */
  readonly loginPatience?: number;
  /**
   * The value of difficulty 1 in this simulation, below which firmware reports a fault; no limit if
   * not given.
   */
  readonly difficultyUnit?: number;
  /**
   * Called at each job: whether a job that is not clean is a fault within 5 s of the one before;
   * always if not given. For servers that stand still, or whose clock jumps.
   */
  readonly mindsPace?: () => boolean;
  /**
   * The time between the bytes it sends until it is authorized, in milliseconds; 0, at once, if not
   * given.
   */
  readonly dribbleMs?: number;
  /** The seed of all its random choices; 1 if not given. */
  readonly seed?: number;
  /** The clock and timers; the system's if not given. */
  readonly time?: Time;
  /**
   * The scheduler that gives it turns to hash; one for all miners on the same time if not given.
   */
  readonly scheduler?: WorkScheduler;
  /** Gets its changes and serves `until()`; its own if not given. */
  readonly watch?: Watch;
  /** How to connect; `Deno.connect` if not given. */
  readonly dial?: (hostname: string, port: number) => Promise<MinerConnection>;
}

/** One simulated miner. Made by {@linkcode SimMiner.start}, ended by `stop()`. */
export class SimMiner {
  /** What it authorizes as. */
  readonly user: string;
  /** The name under which a pool should know it. */
  readonly workerName: string;
  /** Its kind. */
  readonly firmware: FirmwareName;
  readonly #options: SimMinerOptions;
  readonly #time: Time;
  readonly #ticker: Ticker;
  readonly #scheduler: WorkScheduler;
  readonly #random: Random;
  readonly #conduct: Conduct;
  readonly #startedAtMs: number;
  readonly #watch: Watch;
  readonly #faults: string[] = [];
  /** How many of the faults were read. */
  #seenFaults = 0;
  readonly #counts: MinerCounts = newMinerCounts();
  readonly #running: Promise<void>;
  #socket: MinerSocket | undefined;
  #dialogue: MinerDialogue | undefined;
  readonly #grinder: Grinder;
  readonly #shareMaker: ShareMaker;
  #previousSession: string | undefined;
  /** Work of the previous job, for which one more share may be found. */
  #staleWork: MinerWork | undefined;
  #staleUntilMs = 0;
  #mode: MinerMode;
  #isAuthorized = false;
  #hasTriedTls = false;
  /** Whether it ended its last connection because nothing arrived. */
  #isImpatient = false;
  /** When its connection first gave it work, by the ticker; `undefined` for not yet. */
  #workSinceMs: number | undefined;
  /** Whether it ended its last connection by its conduct. */
  #hasStrayed = false;
  /** Failed attempts in a row. */
  #failures = 0;
  /** Turns that it may still use to hash. */
  #turnsDue = 0;
  #rateStartMs: number | undefined;
  #rateSubmitted = 0;
  #isStopped = false;
  #wake: (() => void) | undefined;
  #wakeTimer: Timer | undefined;

  private constructor(options: SimMinerOptions) {
    this.#options = options;
    this.user = options.user;
    this.workerName = registeredNames("", splitUserName(options.user).workerName).workerName;
    this.firmware = options.firmware ?? "cgminer";
    const time = options.time ?? systemTime;
    this.#time = time;
    this.#startedAtMs = time.now();
    this.#conduct = options.conduct ?? HEALTHY;
    this.#ticker = Ticker.of(time);
    this.#scheduler = options.scheduler ?? WorkScheduler.of(time);
    this.#watch = options.watch ?? new Watch(time);
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
    this.#seenFaults = this.#faults.length;
    return this.#faults;
  }

  /** The faults that were not read, each with the miner's name and kind. */
  get unseenFaults(): readonly string[] {
    return this.#faults.slice(this.#seenFaults).map((fault) => this.named(fault));
  }

  /** Adds the miner's name and kind to a fault. */
  named(fault: string): string {
    return `${this.user} (${this.firmware}): ${fault}`;
  }

  /** Whether authorize was answered with true on this connection. */
  get isAuthorized(): boolean {
    return this.#isAuthorized;
  }

  /** Its latest work on this connection; `undefined` before the first job. */
  get work(): MinerDialogue["work"] {
    return this.#dialogue?.work;
  }

  /** Returns the current counts. */
  statistics(): MinerStatistics {
    return {
      ...this.#counts,
      miners: 1,
      connectedNow: this.#socket === undefined ? 0 : 1,
      workingNow: this.#isAuthorized && this.work !== undefined ? 1 : 0,
      hashes: this.#grinder.hashes,
      waitingNow: this.#dialogue?.waitingShares ?? 0,
      rejectedByCode: new Map(this.#counts.rejectedByCode),
      unsoundByCode: new Map(this.#counts.unsoundByCode),
    };
  }

  /** Changes how it gets its shares. */
  setMode(mode: MinerMode): void {
    this.#mode = mode;
    this.#rateStartMs = undefined;
    this.#staleWork = undefined;
    this.#grinder.setWork(this.work);
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

  /**
   * Ends the connection as if the miner's cable were pulled; the miner reconnects if `reconnects`
   * is set.
   */
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

  /** Ends the connection, and settles when nothing of the miner runs any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#scheduler.remove(this);
    this.#time.clear(this.#wakeTimer);
    this.#wake?.();
    await this.#socket?.close();
    await this.#running;
  }

  /**
   * Like `stop()`.
   * @throws Error (rejects) if there are faults that were not read.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    assertNone(this.unseenFaults);
  }

  /**
   * For the scheduler: computes up to `maxHashes` hashes; returns `false` when there is nothing to
   * hash.
   */
  hash(maxHashes: number): boolean {
    if (this.work?.isWorked !== true || !this.#isAtWork(this.#time.now())) return false;
    this.#turnsDue += this.#conduct.part;
    if (this.#turnsDue < 1) return false;
    this.#turnsDue--;
    const share = this.#grinder.grind(maxHashes);
    if (share !== undefined) this.submit(this.#conduct.spoil(share));
    if (this.#staleWork !== undefined) {
      this.#staleWork = undefined;
      this.#grinder.setWork(this.work);
    }
    return true;
  }

  /** For the ticker: something waited for may be overdue, or the miner may leave. */
  tick(nowMs: number): void {
    this.#dialogue?.tick();
    if (nowMs - (this.#workSinceMs ?? Infinity) < this.#conduct.staysMs) return;
    this.#hasStrayed = true;
    void this.disconnect();
  }

  /** For the scheduler: submits what is due at this time. */
  submitDue(nowMs: number): void {
    const mode = this.#mode;
    const { work } = this;
    if (work?.isWorked !== true || mode.kind !== "rate" || !this.#isAtWork(nowMs)) {
      this.#rateStartMs = undefined;
      return;
    }
    const sharesPerSecond = mode.sharesPerSecond * this.#conduct.part;
    if (this.#rateStartMs === undefined) {
      // Begins within one interval, at random, so that a farm's miners do not submit in step.
      this.#rateStartMs = nowMs - this.#random() * 1000 / sharesPerSecond;
      this.#rateSubmitted = 0;
    }
    const due = Math.floor((nowMs - this.#rateStartMs) / 1000 * sharesPerSecond);
    for (; this.#rateSubmitted < due; this.#rateSubmitted++) {
      const staleWork = nowMs < this.#staleUntilMs ? this.#staleWork : undefined;
      this.submit(this.#conduct.spoil(this.#shareMaker.make(staleWork ?? work)));
      this.#staleWork = undefined;
    }
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.#serveOneConnection();
      const pauseMs = this.#pauseMs();
      if (this.#isStopped || pauseMs === Infinity) return;
      await this.#rest(pauseMs);
    }
  }

  /** Whether it looks for shares by its conduct. */
  #isAtWork(nowMs: number): boolean {
    return this.#conduct.works(nowMs - this.#startedAtMs);
  }

  async #serveOneConnection(): Promise<void> {
    const { hostname = "127.0.0.1", port, dial = dialTcp, dribbleMs = 0 } = this.#options;
    let connection: MinerConnection;
    try {
      if (this.#kind.triesTls && !this.#hasTriedTls) {
        this.#hasTriedTls = true;
        await tryTls(await dial(hostname, port), this.#time);
      }
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
    this.#isImpatient = this.#hasStrayed = false;
    const socket = new MinerSocket(connection, dribbleMs, this.#time);
    this.#socket = socket;
    this.#counts.connections++;
    const dialogue = this.#begin(socket, `${hostname}:${port}`);
    this.#ticker.add(this);
    try {
      await socket.readLines((line) => {
        dialogue.receive(line);
        this.#watch.changed();
      });
    } catch (error) {
      if (!(error instanceof PoolFault)) throw error;
      this.#fault(error.message);
    }
    this.#ticker.remove(this);
    if (!socket.isClosed) this.#counts.lostConnections++;
    await socket.close();
    this.#ended(dialogue);
  }

  #begin(socket: MinerSocket, server: string): MinerDialogue {
    const identity = {
      user: this.user,
      password: this.#options.password ?? "x",
      server,
      previousSession: this.#previousSession,
    };
    const dialogue = new MinerDialogue(this.#kind, identity, {
      send: (line) => socket.send(line),
      authorized: () => {
        this.#isAuthorized = true;
        this.#failures = 0;
        socket.hurry();
      },
      work: (work, previous) => this.#gotWork(work, previous),
      job: (isClean) => {
        this.#counts.jobs++;
        if (isClean) this.#counts.cleanJobs++;
        this.#counts.lastJobAtMs = this.#time.now();
      },
      answered: (share, answer) => this.#answered(share, answer),
      fault: (fault) => this.#fault(fault),
      leave: (reason) => {
        if (reason === "told") this.#counts.toldToReconnect++;
        else this.#counts.givenUp++;
        // After a server it cannot work with it does not retry at once.
        if (reason === "fault") this.#isAuthorized = false;
        this.#isImpatient = reason === "silence";
        socket.close();
      },
    }, {
      now: this.#ticker.now,
      loginPatience: this.#options.loginPatience ?? LOGIN_PATIENCE,
      difficultyUnit: this.#options.difficultyUnit ?? 0,
      arrival: this.#ticker.arrival,
      mindsPace: this.#options.mindsPace ?? (() => true),
    });
    this.#dialogue = dialogue;
    dialogue.begin();
    this.#watch.changed();
    return dialogue;
  }

  /** Much firmware still sends what it finds for the old job while a clean one reaches its chips. */
  #gotWork(work: MinerWork, previous: MinerWork | undefined): void {
    this.#workSinceMs ??= this.#ticker.now();
    if (this.#kind.sendsStale && work.job.isClean && previous?.isWorked) {
      this.#staleWork = previous;
      this.#staleUntilMs = this.#time.now() + STALE_MS;
    } else {
      this.#staleWork = undefined;
      this.#grinder.setWork(work);
    }
  }

  #answered(share: AnsweredShare, answer: ShareAnswer): void {
    if (answer !== "accepted") {
      this.#counts.rejected++;
      addTo(this.#counts.rejectedByCode, answer, 1);
      if (!share.isSound) addTo(this.#counts.unsoundByCode, answer, 1);
      return;
    }
    this.#counts.accepted++;
    this.#counts.acceptedChecksum = addToChecksum(this.#counts.acceptedChecksum, this.workerName, {
      ...share,
      // Left-aligned, as frames of the agent protocol carry a shorter extranonce2.
      extranonce2: parseHex32(share.extranonce2.padEnd(8, "0").slice(0, 8)) ?? 0,
    });
  }

  #fault(fault: string): void {
    this.#counts.faults++;
    if (this.#faults.length < MAX_KEPT_FAULTS) this.#faults.push(fault);
  }

  #ended(dialogue: MinerDialogue): void {
    if (!this.#isAuthorized) this.#failures++;
    this.#counts.unanswered += dialogue.waitingShares;
    this.#previousSession = dialogue.session ?? this.#previousSession;
    this.#staleWork = undefined;
    this.#workSinceMs = undefined;
    this.#socket = undefined;
    this.#dialogue = undefined;
    this.#isAuthorized = false;
    this.#grinder.setWork(undefined);
    this.#watch.changed();
  }

  get #kind(): Firmware {
    return FIRMWARE[this.firmware];
  }

  /**
   * Returns the wait before its next connection, in milliseconds; `Infinity` if there will be none.
   */
  #pauseMs(): number {
    if (this.#hasStrayed) return this.#conduct.awayMs;
    if (!(this.#options.reconnects || this.#isImpatient)) return Infinity;
    const { closedPauseSeconds, failedPauseSeconds: [least, most], attempts } = this.#kind;
    let seconds = this.#failures === 0
      ? closedPauseSeconds
      : least + this.#random() * (most - least);
    if (this.#failures >= attempts) {
      seconds = ELSEWHERE_SECONDS;
      this.#failures = 0;
    }
    return Math.max(LEAST_PAUSE_MS, seconds * 1000 / (this.#options.haste ?? 1));
  }

  #rest(pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#wakeTimer = this.#time.after(pauseMs, resolve);
    });
  }
}

/**
 * Checks that there are no faults.
 * @throws Error that names the first ones.
 */
export function assertNone(faults: readonly string[]): void {
  if (faults.length === 0) return;
  const some = faults.slice(0, SHOWN_FAULTS).join("; ");
  throw new Error(`Faults of a server that nobody has looked at (${faults.length}): ${some}`);
}

/** Sends a TLS hello and waits until the server closes the connection or answers. */
async function tryTls(connection: MinerConnection, timers: Timers): Promise<void> {
  const timer = timers.after(TLS_TIMEOUT_MS, () => connection.close());
  try {
    await connection.write(TLS_HELLO);
    await connection.read(new Uint8Array(1));
  } catch {
    // The server closed it, as any port without TLS does.
  }
  timers.clear(timer);
  try {
    connection.close();
  } catch {
    // Closed by the timer.
  }
}

async function dialTcp(hostname: string, port: number): Promise<MinerConnection> {
  const connection = await Deno.connect({ hostname, port });
  connection.setNoDelay();
  return connection;
}
