/**
 * The pool's end of a benchmark that speaks Stratum V2: one extended channel for each connection,
 * 8 bytes of extranonce, every share hashed and judged (hashing_pool.ts). Accepted shares are
 * acknowledged together, once for what one read brought.
 */

import { parseHex32 } from "../../lib/base/hex.ts";
import { MinerFault } from "../../lib/base/violation.ts";
import { loadShareHasher } from "../../lib/bitcoin/load_share_hasher.ts";
import { targetBytes, targetOf } from "../../lib/bitcoin/target.ts";
import { type Job, jobTime } from "../../lib/protocol/stratum/job.ts";
import { type AgentMessage, decodeAgentMessage } from "../../lib/protocol/sv2/agent_message.ts";
import { ACT1_BYTES, ActReader } from "../../lib/protocol/sv2/noise/acts.ts";
import { issueCertificate } from "../../lib/protocol/sv2/noise/certificate.ts";
import { drawKeyPair, xOnlyOf } from "../../lib/protocol/sv2/noise/curve.ts";
import { FrameOpener } from "../../lib/protocol/sv2/noise/frame_opener.ts";
import { FrameSealer } from "../../lib/protocol/sv2/noise/frame_sealer.ts";
import { answerAct1, type Identity } from "../../lib/protocol/sv2/noise/responder.ts";
import { sealedFrameBytes } from "../../lib/protocol/sv2/noise/sealed_frame.ts";
import { encodePoolMessage, type KnownPoolMessage } from "../../lib/protocol/sv2/pool_message.ts";
import type { SubmitSharesExtended } from "../../lib/protocol/sv2/share.ts";
import {
  type Client,
  DIFFICULTY,
  HashingPool,
  type Judgement,
  ROOM_BYTES,
} from "./hashing_pool.ts";
import { AUTHORITY_SECRET } from "./sv2_authority.ts";

const DAY_MS = 86_400_000;

const CODE: Readonly<Record<Exclude<Judgement, "accepted">, string>> = {
  unknownJob: "invalid-job-id",
  low: "difficulty-too-low",
  illegal: "invalid-share",
};

/** The one channel of a connection. */
const CHANNEL_ID = 1;

interface Sealed {
  readonly opener: FrameOpener;
  readonly sealer: FrameSealer;
}

interface Sv2Client extends Client {
  readonly act1: ActReader;
  /** `undefined` before act 2. */
  sealed: Sealed | undefined;
  /** The previous hash that it has. */
  prevHash: string;
}

class Sv2Pool extends HashingPool<Sv2Client> {
  readonly #identity = identity();

  protected override newClient(fd: number, count: number): Sv2Client {
    return {
      fd,
      act1: new ActReader(ACT1_BYTES),
      sealed: undefined,
      prefix: (0x65000000 + count).toString(16),
      prepared: new Map(),
      prevHash: "",
      isReady: false,
    };
  }

  protected override take(client: Sv2Client, bytes: Uint8Array): void {
    const rest = client.sealed === undefined ? this.#shakeHands(client, bytes) : bytes;
    const { sealed } = client;
    if (sealed === undefined) return;
    sealed.opener.push(rest);
    let accepted = 0;
    let last = 0;
    for (let frame = sealed.opener.next(); frame; frame = sealed.opener.next()) {
      const message = decodeAgentMessage(frame);
      if (message.kind === "submitSharesExtended") {
        if (!this.#isAccepted(client, message)) continue;
        accepted++;
        last = message.sequenceNumber;
      } else if (message.kind === "unknown") this.noteBad();
      else this.#answer(client, message);
    }
    if (accepted === 0) return;
    this.#send(client, {
      kind: "submitSharesSuccess",
      channelId: CHANNEL_ID,
      lastSequenceNumber: last,
      acceptedCount: accepted,
      sharesSum: 0,
    });
  }

  protected override tellJob(client: Sv2Client, number: number, job: Job): void {
    const isNewBlock = client.prevHash !== job.prevHash;
    this.#send(client, {
      kind: "newExtendedMiningJob",
      channelId: CHANNEL_ID,
      jobId: number,
      minNtime: isNewBlock ? undefined : jobTime(job),
      version: parseHex32(job.version)!,
      isVersionRollingAllowed: true,
      merklePath: job.merkleBranches.map((branch) => Uint8Array.fromHex(branch)),
      coinbasePrefix: Uint8Array.fromHex(job.coinbase1),
      coinbaseSuffix: Uint8Array.fromHex(job.coinbase2),
    });
    if (!isNewBlock) return;
    client.prevHash = job.prevHash;
    this.#send(client, {
      kind: "setNewPrevHash",
      channelId: CHANNEL_ID,
      jobId: number,
      prevHash: headerOrder(job.prevHash),
      minNtime: jobTime(job),
      bits: parseHex32(job.bits)!,
    });
  }

  /** @returns the bytes after act 1. */
  #shakeHands(client: Sv2Client, bytes: Uint8Array): Uint8Array {
    const rest = client.act1.push(bytes);
    const { act } = client.act1;
    if (act === undefined) return rest;
    const { act2, keys } = answerAct1(act, this.#identity);
    this.kernel.send(client.fd, act2);
    client.sealed = {
      opener: new FrameOpener(keys.fromInitiator, MinerFault),
      sealer: new FrameSealer(keys.fromResponder),
    };
    return rest;
  }

  #isAccepted(client: Sv2Client, share: SubmitSharesExtended): boolean {
    const { jobId, extranonce, ntime, nonce, version, sequenceNumber } = share;
    const judgement = this.judge(client, {
      jobNumber: jobId,
      room: extranonce,
      ntime,
      nonce,
      version: () => version,
    });
    if (judgement === "accepted") return true;
    this.#send(client, {
      kind: "submitSharesError",
      channelId: CHANNEL_ID,
      sequenceNumber,
      errorCode: CODE[judgement],
    });
    return false;
  }

  #answer(client: Sv2Client, message: AgentMessage): void {
    switch (message.kind) {
      case "setupConnection":
        return this.#send(client, { kind: "setupConnectionSuccess", usedVersion: 2, flags: 0 });
      case "openExtendedMiningChannel":
        this.#send(client, {
          kind: "openExtendedMiningChannelSuccess",
          requestId: message.requestId,
          channelId: CHANNEL_ID,
          target: targetBytes(targetOf(DIFFICULTY)),
          extranonceSize: ROOM_BYTES,
          extranoncePrefix: Uint8Array.fromHex(client.prefix),
          groupChannelId: 0,
        });
        client.isReady = true;
        return this.tellNewest(client);
      case "updateChannel":
      case "closeChannel":
        return;
      default:
        return this.noteBad();
    }
  }

  #send({ fd, sealed }: Sv2Client, message: KnownPoolMessage): void {
    const frame = encodePoolMessage(message);
    const bytes = new Uint8Array(sealedFrameBytes(frame.length));
    sealed!.sealer.seal(frame, new DataView(bytes.buffer), 0);
    this.kernel.send(fd, bytes);
  }
}

function identity(): Identity {
  const keys = drawKeyPair();
  const certificate = {
    version: 0,
    validFrom: Date.now() - DAY_MS,
    validTo: Date.now() + DAY_MS,
  };
  return {
    keys,
    certificate: issueCertificate(certificate, xOnlyOf(keys.encoded), AUTHORITY_SECRET),
  };
}

/** A previous hash of `mining.notify` as it stands in a header: its words turned round. */
function headerOrder(prevHash: string): Uint8Array {
  const bytes = Uint8Array.fromHex(prevHash);
  for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  return bytes;
}

if (import.meta.main) new Sv2Pool(await loadShareHasher()).run();
