/**
 * A simulated miner: it connects over TCP with the handshake of a real firmware, really hashes or
 * submits at a set rate, and checks everything it is sent.
 */

import type { Random, Time, Timer } from "../base/clock.ts";
import { parseHex32 } from "../base/hex.ts";
import { systemTime } from "../base/system_time.ts";
import { PoolFault } from "../base/violation.ts";
import { registeredNames } from "../protocol/agent/names.ts";
import { splitUserName } from "../protocol/stratum/worker_name.ts";
import { FIRMWARE, type Firmware, type FirmwareName } from "./firmware.ts";
import { dialTcp, tryTls } from "./miner_dial.ts";
import {
  type AnsweredShare,
  MinerDialogue,
  type MinerShare,
  type ShareAnswer,
} from "./miner_dialogue.ts";
import { addTo, type MinerCounts, type MinerStatistics, newMinerCounts } from "./miner_ledger.ts";
import { type MinerConnection, MinerSocket } from "./miner_socket.ts";
import { seededRandom } from "./seeded_random.ts";
import { assertNone, ServerFaults } from "./server_faults.ts";
import { addToChecksum } from "./share_checksum.ts";
import { type MinerMode, ShareSource } from "./share_source.ts";
import type { SimMinerOptions } from "./sim_miner_options.ts";
import { Ticker } from "./ticker.ts";
import { type Conduct, HEALTHY } from "./trouble.ts";
import { Watch } from "./watch.ts";
import { WorkScheduler } from "./work_scheduler.ts";

/** The shortest pause before a reconnect "at once", in milliseconds, so that others get time. */
const LEAST_PAUSE_MS = 20;
/** How long firmware that gave up works for another pool. */
const ELSEWHERE_SECONDS = 60;
const LOGIN_PATIENCE = 50;

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
  readonly #random: Random;
  readonly #conduct: Conduct;
  readonly #watch: Watch;
  readonly #faults = new ServerFaults();
  readonly #counts: MinerCounts = newMinerCounts();
  readonly #running: Promise<void>;
  #socket: MinerSocket | undefined;
  #dialogue: MinerDialogue | undefined;
  readonly #source: ShareSource;
  #previousSession: string | undefined;
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
    this.#conduct = options.conduct ?? HEALTHY;
    this.#ticker = Ticker.of(time);
    this.#watch = options.watch ?? new Watch(time);
    this.#random = seededRandom(options.seed ?? 1);
    this.#source = new ShareSource({
      time,
      random: this.#random,
      scheduler: options.scheduler ?? WorkScheduler.of(time),
      conduct: this.#conduct,
      sendsStale: this.#kind.sendsStale,
      work: () => this.work,
      submit: (share) => this.submit(share),
    });
    this.#source.setMode(options.mode ?? { kind: "idle" });
    this.#running = this.#run();
  }

  /** Starts a miner; it connects at once. */
  static start(options: SimMinerOptions): SimMiner {
    return new SimMiner(options);
  }

  /** What the server did wrong, in words: the first 50 of `statistics().faults`. */
  get faults(): readonly string[] {
    return this.#faults.read();
  }

  /** The faults that were not read, each with the miner's name and kind. */
  get unseenFaults(): readonly string[] {
    return this.#faults.unseen.map((fault) => this.named(fault));
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
      hashes: this.#source.hashes,
      waitingNow: this.#dialogue?.waitingShares ?? 0,
      rejectedByCode: new Map(this.#counts.rejectedByCode),
      unsoundByCode: new Map(this.#counts.unsoundByCode),
    };
  }

  /** Changes how it gets its shares. */
  setMode(mode: MinerMode): void {
    this.#source.setMode(mode);
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
    this.#source.stop();
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

  /** For the ticker: something waited for may be overdue, or the miner may leave. */
  tick(nowMs: number): void {
    this.#dialogue?.tick();
    if (nowMs - (this.#workSinceMs ?? Infinity) < this.#conduct.staysMs) return;
    this.#hasStrayed = true;
    void this.disconnect();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.#serveOneConnection();
      const pauseMs = this.#pauseMs();
      if (this.#isStopped || pauseMs === Infinity) return;
      await this.#rest(pauseMs);
    }
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
      work: (work, previous) => {
        this.#workSinceMs ??= this.#ticker.now();
        this.#source.gotWork(work, previous);
      },
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
    this.#faults.add(fault);
  }

  #ended(dialogue: MinerDialogue): void {
    if (!this.#isAuthorized) this.#failures++;
    this.#counts.unanswered += dialogue.waitingShares;
    this.#previousSession = dialogue.session ?? this.#previousSession;
    this.#workSinceMs = undefined;
    this.#socket = undefined;
    this.#dialogue = undefined;
    this.#isAuthorized = false;
    this.#source.lostWork();
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
