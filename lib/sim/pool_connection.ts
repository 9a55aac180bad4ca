/**
 * One agent's connection to the simulated pool: lines and frames in, answers, jobs and verdicts
 * out. As the real pool does, it keeps a submit index and says nothing about what it drops
 * (agent.md "What the pool drops without a word").
 */

import type { Socket } from "node:net";
import type { Time, Timer } from "../base/clock.ts";
import { COMMAND } from "../protocol/agent/frame.ts";
import {
  decodeAgentFrame,
  encodeSetDifficulty,
  encodeVerdict,
  type Register,
  type Submit,
} from "../protocol/agent/message.ts";
import { formatDifficulty } from "../protocol/stratum/difficulty.ts";
import { notifyParams } from "../protocol/stratum/job.ts";
import { PoolStreamDecoder } from "../protocol/agent/stream.ts";
import type { RequestId } from "../protocol/stratum/request_id.ts";
import { ERROR_CODE } from "../protocol/stratum/error_code.ts";
import {
  encodeLine,
  formatErrorReply,
  formatNotification,
  formatReply,
} from "../protocol/stratum/message.ts";
import { MinerFault } from "../base/violation.ts";
import type { PoolContext } from "./pool_context.ts";
import type { PoolFaults } from "./pool_faults.ts";
import { PoolHandshake } from "./pool_handshake.ts";
import { SentJobs, type Work } from "./pool_jobs.ts";
import type { PoolCounter } from "./pool_ledger.ts";
import { readPoolLine } from "./pool_line.ts";
import { PoolJudge } from "./pool_judge.ts";
import { PoolSocket } from "./pool_socket.ts";
import { PoolWorker, PoolWorkers } from "./pool_workers.ts";

/** The pool reads nothing before this many bytes have arrived. */
const LEAST_BYTES = 4;
/** The beginning of the first line of a connection that comes through a proxy. */
const PROXY_LINE = new TextEncoder().encode("PROXY ");

/** One connection. Tests see it through `SimPool`. */
export class PoolConnection {
  /** The upstream session id: extranonce1 of this connection, 32 bits. */
  readonly extranonce1: number;
  readonly #context: PoolContext;
  readonly #time: Time;
  readonly #faults: () => PoolFaults;
  readonly #socket: PoolSocket;
  readonly #decoder = new PoolStreamDecoder(
    MinerFault,
    Number.MAX_SAFE_INTEGER,
    LEAST_BYTES,
  );
  readonly #handshake: PoolHandshake;
  readonly #jobs: SentJobs;
  readonly #judge: PoolJudge;
  readonly #workers = new PoolWorkers();
  readonly #onClosed: () => void;
  #account = "";
  #answers = 0;
  #handshakeTimer: Timer | undefined;
  readonly #authorizeTimers = new Set<Timer>();
  #authorizedAtMs = 0;
  #hasDrifted = false;
  #isJammed = false;
  #hasLine = false;

  /** `faults` returns the current switches of this connection. */
  constructor(
    socket: Socket,
    extranonce1: number,
    context: PoolContext,
    faults: () => PoolFaults,
    onClosed: () => void,
  ) {
    this.#onClosed = onClosed;
    this.extranonce1 = extranonce1;
    this.#context = context;
    this.#time = context.settings.time;
    this.#faults = () => {
      const now = faults();
      const { maxAnswers } = now;
      return maxAnswers !== undefined && this.#answers >= maxAnswers
        ? { ...now, isSilent: true }
        : now;
    };
    this.#handshake = new PoolHandshake(extranonce1, context.settings.versionMask, this.#faults);
    this.#jobs = new SentJobs(extranonce1, context.settings.maxJobLifetimeMs);
    this.#socket = new PoolSocket(
      socket,
      this.#faults,
      {
        received: (bytes) => this.#receive(bytes),
        sending: (byteCount) => this.#count("bytesOut", byteCount),
        closed: () => this.#closed(),
      },
      context.settings.writeTimeoutMs,
      this.#time,
    );
    this.#judge = new PoolJudge(context, {
      faults: this.#faults,
      wantsVerdicts: () => this.#handshake.wantsVerdicts,
      versionMask: () => this.#handshake.versionMask,
      sendVerdict: (index, status) => this.sendVerdict(index, status),
    });
    this.#count("connections");
    this.#count("connectionsNow");
    this.#awaitBytes();
    const { greeting } = this.#faults();
    if (greeting !== undefined) this.#socket.send(greeting);
  }

  /** Whether authorize has been answered with true. */
  get isAuthorized(): boolean {
    return this.#handshake.isAuthorized;
  }

  /** The sub-account, lower-case unless case matters; empty before authorize. */
  get account(): string {
    return this.#account;
  }

  /** The workers registered. */
  get workers(): Iterable<PoolWorker> {
    return this.#workers.all();
  }

  /** Applies the fault switches that act by themselves. */
  faultsChanged(): void {
    this.#socket.faultsChanged();
  }

  /** Sends raw bytes. */
  send(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  /** Sends a verdict, even if no share waits for it; it is not counted. */
  sendVerdict(index: number, status: number): void {
    this.#sendFrame(encodeVerdict(index, status));
  }

  /** Closes with RST. */
  reset(): void {
    this.#socket.reset();
  }

  /** Closes with FIN, after `lastBytes` if there are any. */
  finish(lastBytes?: Uint8Array): void {
    this.#socket.finish(lastBytes);
  }

  /**
   * Sends work under the next job id, with the difficulties that begin with it: JSON
   * `mining.set_difficulty`, then frames by ascending exponent, then `mining.notify`.
   */
  sendWork(work: Work): void {
    if (!this.isAuthorized) return;
    const isFirst = this.#jobs.sent === 0;
    const { settings } = this.#context;
    const now = this.#time.wallNow();
    if (isFirst) {
      this.#sendDifficulty(settings.difficulty);
    } else if (!this.#hasDrifted && now - this.#authorizedAtMs >= settings.driftAfterMs) {
      this.#hasDrifted = true;
      this.#sendDifficulty(settings.minDifficulty);
    }
    const changes = this.#workers.difficultiesFor(this.#jobs.sent, now, this.#context);
    for (const { exponent, sessionIds } of changes) {
      this.#sendFrame(encodeSetDifficulty(exponent, sessionIds));
    }
    const isClean = isFirst || work.job.isClean;
    const sent = this.#jobs.add(work, isClean, now);
    const params = JSON.stringify(notifyParams(work.job, String(sent.id), isClean));
    this.#sendLine(formatNotification("mining.notify", params));
  }

  #sendDifficulty(difficulty: number): void {
    this.#sendLine(
      formatNotification("mining.set_difficulty", `[${formatDifficulty(difficulty)}]`),
    );
  }

  #receive(bytes: Uint8Array): void {
    this.#count("bytesIn", bytes.length);
    this.#count("readsIn");
    if (this.#handshakeTimer !== undefined) this.#awaitBytes();
    if (!this.#isJammed) {
      this.#decoder.push(bytes);
      try {
        for (let piece = this.#decoder.next(); piece; piece = this.#decoder.next()) {
          if (piece.kind === "frame") this.#receiveFrame(piece.bytes);
          else this.#receiveLine(piece.bytes);
        }
      } catch (error) {
        if (!(error instanceof MinerFault)) throw error;
        // The real pool reads nothing more of such a connection, and leaves it open.
        this.#isJammed = true;
        this.#count("jammedConnections");
      }
    }
    this.#context.changed();
  }

  #receiveLine(line: Uint8Array): void {
    const isFirst = !this.#hasLine;
    this.#hasLine = true;
    if (isFirst && this.#context.settings.takesProxyLine && startsWith(line, PROXY_LINE)) return;
    this.#count("linesIn");
    const message = readPoolLine(line);
    if (message === undefined) return this.#count("badLines");
    const { lines, isFatal, authorize } = message.kind === "request"
      ? this.#handshake.answer(message)
      : this.#handshake.refuse(message.id);
    if (isFatal) this.#count("fatalCapabilities");
    for (const line of lines) this.#sendLine(line);
    if (lines.length > 0) this.#answers++;
    if (authorize !== undefined) this.#authorizeLater(authorize.id, authorize.account);
  }

  #authorizeLater(id: RequestId, account: string): void {
    const { authorizeDelayMs } = this.#faults();
    if (authorizeDelayMs === 0) return this.#authorize(id, account);
    const timer = this.#time.after(authorizeDelayMs, () => {
      this.#authorizeTimers.delete(timer);
      this.#authorize(id, account);
      this.#context.changed();
    });
    this.#authorizeTimers.add(timer);
  }

  #authorize(id: RequestId, name: string): void {
    const { accounts, caseSensitiveAccounts } = this.#context.settings;
    const account = caseSensitiveAccounts ? name : name.toLowerCase();
    if (this.isAuthorized) {
      this.#sendLine(formatErrorReply(id, ERROR_CODE.notSubscribed));
    } else if (
      account === "" || this.#faults().refuseAuthorize ||
      accounts?.some((known) =>
          (caseSensitiveAccounts ? known : known.toLowerCase()) === account
        ) ===
        false
    ) {
      this.#sendLine(formatErrorReply(id, ERROR_CODE.invalidUsername));
    } else {
      this.#sendLine(formatReply(id, "true"));
      this.#account = account;
      this.#authorizedAtMs = this.#time.wallNow();
      this.#handshake.authorized();
      this.#count("authorizedNow");
      this.#time.clear(this.#handshakeTimer);
      this.#handshakeTimer = undefined;
      const work = this.#context.work();
      if (work !== undefined) this.sendWork(work);
    }
    this.#answers++;
  }

  #receiveFrame(frame: Uint8Array): void {
    this.#count("framesIn");
    if (!this.isAuthorized || !this.#handshake.isAgent) return this.#count("ignoredFrames");
    // A pool without the capability does not know the two frames that carry version bits.
    if (this.#faults().hasNoVerrol && hasVersionBits(frame[1]!)) {
      return this.#count("unknownFrames");
    }
    const message = decodeAgentFrame(frame);
    switch (message?.kind) {
      case "register":
        return this.#register(message);
      case "unregister":
        if (this.#workers.remove(message.sessionId)) this.#count("workersNow", -1);
        return;
      case "submit":
        return this.#submit(message);
      case undefined:
        return this.#count(droppedFrameCounter(frame[1]!));
      default:
        message satisfies never;
    }
  }

  #register({ sessionId, clientAgent, workerName }: Register): void {
    const { difficulty } = this.#context.settings;
    const worker = new PoolWorker(
      sessionId,
      clientAgent,
      workerName,
      difficulty,
      this.#time.wallNow(),
    );
    if (!this.#workers.add(worker)) return this.#count("repeatedRegisters");
    this.#count("workersNow");
    this.#context.registered(worker);
  }

  #submit(submit: Submit): void {
    const worker = this.#workers.find(submit.sessionId);
    if (worker === undefined) return this.#count("unregisteredSubmits");
    const sent = this.#jobs.find(submit.jobId);
    this.#judge.take(worker, sent, {
      ...submit,
      ntime: submit.ntime || sent?.work.ntime || 0,
    });
  }

  #sendLine(text: string): void {
    if (this.#socket.send(encodeLine(text))) this.#count("linesOut");
  }

  #sendFrame(frame: Uint8Array): void {
    if (this.#socket.send(frame)) this.#count("framesOut");
  }

  /** Resets the connection if too much time passes without a byte before authorize. */
  #awaitBytes(): void {
    this.#time.clear(this.#handshakeTimer);
    const { handshakeTimeoutMs } = this.#context.settings;
    this.#handshakeTimer = this.#time.after(handshakeTimeoutMs, () => {
      this.#count("handshakeTimeouts");
      this.#socket.reset();
    });
  }

  #closed(): void {
    this.#handshakeTimer = void this.#time.clear(this.#handshakeTimer);
    for (const timer of this.#authorizeTimers) this.#time.clear(timer);
    this.#judge.close();
    this.#count("connectionsNow", -1);
    if (this.isAuthorized) this.#count("authorizedNow", -1);
    this.#count("workersNow", -this.#workers.count);
    this.#onClosed();
  }

  #count(name: PoolCounter, amount = 1): void {
    this.#context.ledger.count(name, amount);
  }
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, at) => bytes[at] === byte);
}

function hasVersionBits(command: number): boolean {
  return command === COMMAND.submitWithVersion || command === COMMAND.submitWithTimeAndVersion;
}

/** Returns the counter for a frame that the pool drops, by its command. */
function droppedFrameCounter(command: number): PoolCounter {
  switch (command) {
    case COMMAND.register:
      return "droppedRegisters";
    case COMMAND.submit:
    case COMMAND.submitWithTime:
    case COMMAND.submitWithVersion:
    case COMMAND.submitWithTimeAndVersion:
      return "wrongLengthSubmits";
    default:
      return "unknownFrames";
  }
}
