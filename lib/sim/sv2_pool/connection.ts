/**
 * One accepted socket of the simulated Stratum V2 pool: the handshake, sealed frames in and out, and
 * the faults of bytes.
 */

import type { Socket } from "node:net";
import { MinerFault, ProtocolViolation } from "../../base/violation.ts";
import {
  type AgentMessage,
  decodeAgentMessage,
  encodeAgentMessage,
} from "../../protocol/sv2/agent_message.ts";
import {
  CHANNEL_MESSAGE_BIT,
  type Frame,
  FRAME_HEADER_BYTES,
  writeFrameHeader,
} from "../../protocol/sv2/frame.ts";
import { ACT1_BYTES, ACT2, ActReader } from "../../protocol/sv2/noise/acts.ts";
import { FrameOpener } from "../../protocol/sv2/noise/frame_opener.ts";
import { FrameSealer } from "../../protocol/sv2/noise/frame_sealer.ts";
import { answerAct1 } from "../../protocol/sv2/noise/responder.ts";
import { sealedFrameBytes } from "../../protocol/sv2/noise/sealed_frame.ts";
import { encodePoolMessage, type KnownPoolMessage } from "../../protocol/sv2/pool_message.ts";
import { PoolSocket } from "../pool_socket.ts";
import type { Sv2PoolContext } from "./context.ts";
import type { Sv2BadBehaviour } from "./ledger.ts";
import { Sv2Session } from "./session.ts";
import { shareBytes } from "./share_desk.ts";

/** First bytes by which pools with several protocols on a port tell HTTP, TLS and Stratum V1. */
const TAKEN_FIRST_BYTES: ReadonlySet<number> = new Set([0x0a, 0x0d, 0x16, 0x20, 0x47, 0x50, 0x7b]);
/** Of them, those of HTTP. */
const HTTP_FIRST_BYTES: ReadonlySet<number> = new Set([0x47, 0x50]);
const HTTP_ANSWER = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
/** What a pool of Stratum V1 answers to act 1. */
const LINE_ANSWER = '{"id":null,"result":null,"error":[-32700,"Parse error",null]}\n';
/** A connection is reset when output is stuck for this long. */
const WRITE_TIMEOUT_MS = 120_000;
const GROUP_FIELD_BYTES = 4;

const MESSAGES_FOR_CHANNELS: ReadonlySet<AgentMessage["kind"]> = new Set(
  ["updateChannel", "closeChannel", "submitSharesExtended"] as const,
);

const text = new TextEncoder();

/** The two directions, once the handshake is over. */
interface Transport {
  readonly opener: FrameOpener;
  readonly sealer: FrameSealer;
}

/** One connection. Tests see it through `SimSv2Pool`. */
export class Sv2PoolConnection {
  /** Its side of the conversation. */
  readonly session: Sv2Session;
  /** Frames sent so far. */
  framesSent = 0;
  readonly #context: Sv2PoolContext;
  readonly #socket: PoolSocket;
  readonly #act1 = new ActReader(ACT1_BYTES);
  #transport: Transport | undefined;
  #isOver = false;
  #isStalled = false;
  #hasBytes = false;
  #lastByteAtMs: number;

  /** `changed` is called after each event, `closed` once at the end. */
  constructor(
    socket: Socket,
    number: number,
    context: Sv2PoolContext,
    events: { readonly changed: () => void; readonly closed: () => void },
  ) {
    this.#context = context;
    context.ledger.count("connections");
    this.#lastByteAtMs = context.settings.time.now();
    this.session = new Sv2Session(number, {
      send: (message) => this.#sendMessage(message),
      close: () => this.finish(),
    }, context);
    this.#socket = new PoolSocket(
      socket,
      () => context.faults(),
      {
        received: (bytes) => {
          this.#receive(bytes);
          events.changed();
        },
        sending: () => {},
        closed: () => {
          this.#end();
          events.closed();
        },
      },
      WRITE_TIMEOUT_MS,
      context.settings.time,
    );
  }

  /** Applies the fault switches that act by themselves. */
  faultsChanged(): void {
    this.#socket.faultsChanged();
  }

  /** Closes a connection that has been idle for too long. */
  tick(): void {
    const { idleMs, time } = this.#context.settings;
    if (idleMs === 0 || this.#isOver || time.now() - this.#lastByteAtMs < idleMs) return;
    this.#closeFor("idle", `nothing for ${idleMs} ms`);
  }

  /** Sends a plain frame, header included, sealed. Does nothing before the handshake is over. */
  sendFrame(plain: Uint8Array): void {
    // What is sealed must be sent: the other side counts.
    if (this.#transport === undefined || this.#isOver || this.#context.faults().isSilent) return;
    const sealed = new Uint8Array(sealedFrameBytes(plain.length));
    this.#transport.sealer.seal(plain, new DataView(sealed.buffer), 0);
    const { flippedBit } = this.#context.faults();
    if (flippedBit?.frame === this.framesSent) {
      const at = flippedBit.byte < 0 ? sealed.length + flippedBit.byte : flippedBit.byte;
      sealed[at % sealed.length]! ^= 1;
    }
    this.framesSent++;
    this.#socket.send(sealed);
  }

  /** Sends bytes as they are. */
  sendRaw(bytes: Uint8Array): void {
    if (!this.#isOver) this.#socket.send(bytes);
  }

  /** Closes with FIN, after `lastBytes` if there are any. */
  finish(lastBytes?: Uint8Array): void {
    this.#end();
    this.#socket.finish(lastBytes);
  }

  /** Closes with RST. */
  reset(): void {
    this.#end();
    this.#socket.reset();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.session.ended();
    this.#transport?.opener.erase();
    this.#transport?.sealer.erase();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#context.ledger.count("bytesIn", bytes.length);
    this.#lastByteAtMs = this.#context.settings.time.now();
    if (this.#transport !== undefined) this.#receiveSealed(bytes, this.#transport);
    else if (!this.#isStalled) this.#receiveAct1(bytes);
  }

  #receiveAct1(bytes: Uint8Array): void {
    const { sharesPort } = this.#context.settings;
    if (!this.#hasBytes) {
      this.#hasBytes = true;
      const first = bytes[0]!;
      if (TAKEN_FIRST_BYTES.has(first)) {
        this.session.bad("takenFirstByte", `0x${first.toString(16)}`);
        if (sharesPort) {
          return this.finish(HTTP_FIRST_BYTES.has(first) ? text.encode(HTTP_ANSWER) : undefined);
        }
      }
      if (bytes.length < ACT1_BYTES) {
        this.session.bad("splitAct1", `${bytes.length} bytes at first`);
        if (sharesPort) return this.finish();
      }
    }
    const rest = this.#act1.push(bytes);
    const { act } = this.#act1;
    if (act === undefined) return;
    if (rest.length > 0) return this.#closeFor("earlyBytes", `${rest.length} bytes`);
    this.#answer(act);
  }

  #answer(act1: Uint8Array): void {
    const { act2: fault } = this.#context.faults();
    this.#isStalled = fault !== undefined;
    if (fault === "none") return;
    if (fault === "text") return this.sendRaw(text.encode(LINE_ANSWER));
    const { act2, keys } = answerAct1(act1, this.#context.authority.identity());
    if (fault === "half") return this.sendRaw(act2.subarray(0, ACT2.bytes / 2));
    if (fault === "garbled") act2[ACT2.static]! ^= 1;
    this.sendRaw(act2);
    if (fault !== undefined) return;
    this.#context.ledger.count("handshakes");
    this.#transport = {
      opener: new FrameOpener(keys.fromInitiator, MinerFault),
      sealer: new FrameSealer(keys.fromResponder),
    };
  }

  #receiveSealed(bytes: Uint8Array, { opener }: Transport): void {
    try {
      opener.push(bytes);
      for (let frame = opener.next(); frame !== undefined; frame = opener.next()) {
        this.#context.ledger.count("framesIn");
        this.#receiveFrame(frame);
        if (this.#isOver) return;
      }
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      return this.#closeFor(error.code === "bad-seal" ? "badSeal" : "malformed", error.message);
    }
    this.session.readEnded();
  }

  #receiveFrame(frame: Frame): void {
    const message = decodeAgentMessage(frame);
    if (message.kind !== "unknown") {
      const hasBit = (frame.extensionType & CHANNEL_MESSAGE_BIT) !== 0;
      if (hasBit !== MESSAGES_FOR_CHANNELS.has(message.kind)) {
        this.session.bad("wrongBit", message.kind);
      }
      const extra = frame.payload.length - payloadBytes(message);
      if (extra > 0) this.session.bad("leftOverBytes", `${extra} in ${message.kind}`);
    }
    this.session.receive(message);
  }

  #sendMessage(message: KnownPoolMessage): void {
    const { faults, settings } = this.#context;
    const { hasWrongBits, leftOverBytes } = faults();
    const isShort = message.kind === "openExtendedMiningChannelSuccess" && !settings.hasGroupField;
    const plain = encodePoolMessage(message);
    if (!hasWrongBits && leftOverBytes === 0 && !isShort) return this.sendFrame(plain);
    this.sendFrame(
      changed(plain, hasWrongBits, leftOverBytes - (isShort ? GROUP_FIELD_BYTES : 0)),
    );
  }

  #closeFor(kind: Sv2BadBehaviour, note: string): void {
    this.session.bad(kind, note);
    this.finish();
  }
}

function payloadBytes(message: AgentMessage): number {
  return message.kind === "submitSharesExtended"
    ? shareBytes(message)
    : encodeAgentMessage(message).length - FRAME_HEADER_BYTES;
}

/** The frame with its bit for channels turned round, and longer or shorter by some bytes. */
function changed(plain: Uint8Array, isBitTurned: boolean, moreBytes: number): Uint8Array {
  const frame = new Uint8Array(plain.length + moreBytes);
  frame.set(plain.subarray(0, frame.length));
  const view = new DataView(frame.buffer);
  const extensionType = view.getUint16(0, true) ^ (isBitTurned ? CHANNEL_MESSAGE_BIT : 0);
  writeFrameHeader(view, 0, extensionType, view.getUint8(2), frame.length - FRAME_HEADER_BYTES);
  return frame;
}
