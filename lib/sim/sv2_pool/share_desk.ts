/**
 * Where the shares of one connection are judged, booked and answered.
 */

import { TLV_HEADER_BYTES, WORKER_NAMES_EXTENSION } from "../../protocol/sv2/worker_name.ts";
import type { Timer } from "../../base/clock.ts";
import type { SubmitSharesExtended } from "../../protocol/sv2/share.ts";
import { difficultyOfTarget, type Sv2Channel } from "./channel.ts";
import type { SessionLink, Sv2PoolContext } from "./context.ts";
import { judgeSv2Share, type Sv2Verdict } from "./judge.ts";
import type { Sv2BadBehaviour } from "./ledger.ts";

const MAX_NAME_BYTES = 32;
const strictText = new TextDecoder("utf-8", { fatal: true });

/** The session whose shares come here. */
interface Submitter {
  readonly number: number;
  readonly extensions: readonly number[];
  bad(kind: Sv2BadBehaviour, note: string): void;
}

/** The desk of one connection. */
export class ShareDesk {
  readonly #session: Submitter;
  readonly #link: SessionLink;
  readonly #context: Sv2PoolContext;
  readonly #timers = new Set<Timer>();
  /** Errors that wait for the next acknowledgement. */
  #lateErrors: (() => void)[] = [];

  /** Judges the shares of `session`. */
  constructor(session: Submitter, link: SessionLink, context: Sv2PoolContext) {
    this.#session = session;
    this.#link = link;
    this.#context = context;
  }

  /** Takes a share, for a channel that is open or not. */
  submit(share: SubmitSharesExtended, channel: Sv2Channel | undefined): void {
    const { ledger, faults } = this.#context;
    ledger.count("submits");
    const name = this.#nameOf(share, channel);
    const bad = (kind: Sv2BadBehaviour) => this.#session.bad(kind, described(share));
    const sequenceProblem = channel?.takeSequence(share.sequenceNumber);
    if (sequenceProblem !== undefined) bad(sequenceProblem);
    if (faults().isDeafToShares) return ledger.count("ignored");
    const verdict = this.#verdictOf(share, channel, bad);
    if (verdict.kind === "refused" || channel === undefined) {
      return this.#refuse(share, name, verdict.kind === "refused" ? verdict.code : "");
    }
    if (verdict.kind === "broken") {
      ledger.count("ignored");
      return this.#link.close();
    }
    const { target, isBlock } = verdict;
    const difficulty = difficultyOfTarget(target);
    ledger.accepted(this.#session.number, name, { target, difficulty, isBlock });
    const waiting = channel.accepted(share.sequenceNumber, difficulty);
    if (waiting >= this.#context.settings.acksEvery || isBlock) this.acknowledge(channel);
  }

  /** Acknowledges what a channel has accepted so far. */
  acknowledge(channel: Sv2Channel): void {
    if (this.#context.faults().neverAcknowledge) return;
    const accepted = channel.takeUnacknowledged();
    if (accepted === undefined) return;
    const errors = this.#lateErrors;
    this.#lateErrors = [];
    this.#answer(() => {
      const { ledger } = this.#context;
      ledger.count("acknowledgements");
      ledger.count("acknowledged", accepted.fresh);
      ledger.count("acknowledgedDifficulty", accepted.freshDifficulty);
      this.#link.send({
        kind: "submitSharesSuccess",
        channelId: channel.id,
        lastSequenceNumber: accepted.last,
        acceptedCount: accepted.count,
        sharesSum: Math.floor(accepted.difficulty),
      });
      for (const send of errors) send();
    });
  }

  /** Cancels answers that are yet to be sent. */
  stop(): void {
    for (const timer of this.#timers) this.#context.settings.time.clear(timer);
    this.#timers.clear();
  }

  #verdictOf(
    share: SubmitSharesExtended,
    channel: Sv2Channel | undefined,
    bad: (kind: Sv2BadBehaviour) => void,
  ): Sv2Verdict {
    const { settings, faults } = this.#context;
    const { refuseShares } = faults();
    if (channel === undefined) return { kind: "refused", code: "invalid-channel-id" };
    if (refuseShares !== undefined) return { kind: "refused", code: refuseShares };
    if (!channel.jobs.wasGiven(share.jobId)) bad("foreignJob");
    const job = channel.jobs.get(share.jobId);
    return judgeSv2Share(share, job, settings, settings.time.now(), bad);
  }

  #refuse({ channelId, sequenceNumber }: SubmitSharesExtended, name: string, code: string): void {
    const { ledger, faults } = this.#context;
    ledger.rejected(this.#session.number, name, code);
    const send = () => {
      ledger.count("errors");
      this.#link.send({ kind: "submitSharesError", channelId, sequenceNumber, errorCode: code });
    };
    if (faults().lateErrors) this.#lateErrors.push(send);
    else this.#answer(send);
  }

  #answer(send: () => void): void {
    const { verdictDelayMs } = this.#context.faults();
    if (verdictDelayMs === 0) return send();
    const timer = this.#context.settings.time.after(verdictDelayMs, () => {
      this.#timers.delete(timer);
      send();
    });
    this.#timers.add(timer);
  }

  /** The name a share is booked to. */
  #nameOf({ workerName }: SubmitSharesExtended, channel: Sv2Channel | undefined): string {
    const identity = channel?.userIdentity ?? "";
    const isAgreed = this.#session.extensions.includes(WORKER_NAMES_EXTENSION);
    if (workerName === undefined) {
      if (isAgreed) this.#session.bad("missingName", identity);
      return identity;
    }
    if (!isAgreed) {
      this.#session.bad("foreignName", workerName.toHex());
      return identity;
    }
    const text = textIn(workerName);
    if (text === undefined || workerName.length === 0 || workerName.length > MAX_NAME_BYTES) {
      this.#session.bad("badName", workerName.toHex());
    }
    return text ?? workerName.toHex();
  }
}

/** Bytes of a share's payload, without bytes that do not belong to it. */
export function shareBytes({ extranonce, workerName }: SubmitSharesExtended): number {
  const nameBytes = workerName === undefined ? 0 : TLV_HEADER_BYTES + workerName.length;
  return 25 + extranonce.length + nameBytes;
}

function described({ sequenceNumber, jobId, extranonce, ntime, version }: SubmitSharesExtended) {
  return `share ${sequenceNumber} for job ${jobId}, extranonce ${extranonce.toHex()}, ` +
    `time ${ntime}, version ${version.toString(16)}`;
}

function textIn(bytes: Uint8Array): string | undefined {
  try {
    return strictText.decode(bytes);
  } catch {
    return undefined;
  }
}
