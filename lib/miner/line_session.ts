/**
 * The line layer of one miner's connection: bytes come in, lines with answers go out.
 *
 * Answers go out in the order of the requests, those of one chunk in one write. Nothing else is
 * sent between a request and its answer, because firmware takes the next line for the answer
 * (stratum.md "Order"). session.ts handles the content of the lines.
 */

import type { MinerSockets } from "../net/miners/engine.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import type { Rate } from "../base/rate.ts";
import { isHopeless } from "../base/foreign_speech.ts";
import type { LineDecoder } from "../protocol/stratum/lines.ts";
import { errorText } from "../protocol/stratum/error_code.ts";
import type { RequestId } from "../protocol/stratum/request_id.ts";
import { encodeLine, formatErrorReply, formatReply } from "../protocol/stratum/message.ts";
import { MinerFault } from "../base/violation.ts";
import { foreignLine } from "./foreign_line.ts";
import type { SpareDecoders } from "./spare_decoders.ts";

/**
 * A line counts as one request for each block of this many bytes: firmware's lines are shorter, and
 * 8 KB of JSON take a hundred times as long to parse as a share.
 */
const REQUEST_BYTES = 256;

/** What a miner has sent so far: nothing, bytes without a request, or a request. */
export const HEARD = { nothing: 0, bytes: 1, request: 2 } as const;

/** State that all sessions share. */
export interface LineContext {
  /** The miners' sockets. */
  readonly sockets: MinerSockets;
  /** Lends line decoders; also says how long a line may be. */
  readonly decoders: SpareDecoders;
  /** How often a miner may send a line; `undefined` for no limit. */
  readonly requestRate: Rate | undefined;
  /** When the current chunk was read, in whole milliseconds of real time. */
  readonly readAt: number;
  /** How long this process was away before that, in milliseconds; see base/rate.ts. */
  readonly awayMs: number;
}

/**
 * Turns bytes into lines and sends answers. A session extends it instead of holding one: with ten
 * thousand miners that would be ten thousand more objects.
 */
export abstract class LineSession<Context extends LineContext> {
  /** Its socket. */
  readonly handle: number;
  /** Where it came from. */
  readonly from: PeerAddress;
  /**
   * When it connected, in whole milliseconds, monotonic, like `lastActiveAt`. A fraction would be
   * stored as an object.
   */
  readonly connectedAt: number;
  /** When it last sent anything; the owner updates it with every chunk. */
  lastActiveAt: number;
  /** State shared with all other sessions. */
  protected readonly context: Context;
  /** What it has sent so far; see {@linkcode HEARD}. */
  heard: number = HEARD.nothing;
  /** Whether it has ended: further lines are ignored. */
  protected isOver = false;
  /** Its own decoder while it is in the middle of a line. */
  #cutLine: LineDecoder | undefined;
  /** When its whole burst of lines is available again; see base/rate.ts. */
  #restedAt = 0;
  /** Lines to send after the current chunk, each with LF; `undefined` outside a chunk. */
  #outgoing: string | undefined;

  /** A miner that just connected. */
  constructor(context: Context, handle: number, from: PeerAddress, now: number) {
    this.context = context;
    this.handle = handle;
    this.from = from;
    this.connectedAt = this.lastActiveAt = now;
  }

  /**
   * Receives bytes from the socket; the view is not kept.
   *
   * @throws MinerFault if they break the protocol.
   */
  receive(bytes: Uint8Array): void {
    if (this.heard === HEARD.nothing && bytes.length > 0) this.heard = HEARD.bytes;
    this.#outgoing = "";
    try {
      for (const line of this.takeHeldLines()) {
        this.receiveLine(line);
        if (this.isOver) return;
      }
      this.#receiveLines(bytes);
    } finally {
      this.flush();
      this.#outgoing = undefined;
    }
  }

  /** The beginning of a line that has not ended yet; `undefined` between two lines. */
  get unfinishedLine(): Uint8Array | undefined {
    return this.#cutLine?.unfinished;
  }

  /** Receives one line without its end. @throws MinerFault if it breaks the protocol. */
  protected abstract receiveLine(line: Uint8Array): void;

  /** Returns held lines that may be answered now; they are read before new ones. */
  protected abstract takeHeldLines(): readonly Uint8Array[];

  /** Answers a request; id null gets no answer (stratum.md "Lines, ids, answers"). */
  protected reply(id: RequestId, resultJson: string): void {
    if (id !== null) this.send(formatReply(id, resultJson));
  }

  /** Answers a request with an error; id null gets no answer. */
  protected refuse(id: RequestId, code: number, text: string = errorText(code)): void {
    if (id !== null) this.send(formatErrorReply(id, code, text));
  }

  /**
   * Answers a handshake request even with id null, as pools do: no miner can work without this
   * answer.
   */
  protected handshakeReply(id: RequestId, resultJson: string): void {
    this.send(formatReply(id, resultJson));
  }

  /** Answers a handshake request with an error, even with id null. */
  protected refuseHandshake(id: RequestId, code: number, text: string = errorText(code)): void {
    this.send(formatErrorReply(id, code, text));
  }

  /** Sends a line in order: at once, or with the answers to the current chunk. */
  protected send(text: string): void {
    if (this.#outgoing !== undefined) this.#outgoing += text + "\n";
    else this.context.sockets.send(this.handle, encodeLine(text));
  }

  /** Sends the answers to the current chunk so far. */
  protected flush(): void {
    const text = this.#outgoing;
    if (!text) return;
    this.#outgoing = "";
    this.context.sockets.send(this.handle, encoder.encode(text));
  }

  /** Announces news to its socket, after everything sent so far. */
  protected tell(): void {
    this.flush();
    this.context.sockets.tell(this.handle);
  }

  #receiveLines(bytes: Uint8Array): void {
    const { decoders } = this.context;
    const lines = this.#cutLine ?? decoders.take();
    this.#cutLine = undefined;
    lines.push(bytes);
    for (let line = lines.next(); line; line = lines.next()) {
      this.#countRequest(line.length);
      if (line.length > 0) this.receiveLine(line);
      if (this.isOver) return;
    }
    if (!lines.isInsideLine) return decoders.give(lines);
    const { unfinished } = lines;
    // TLS and similar protocols send no line end until they get an answer.
    if (isHopeless(unfinished)) throw foreignLine(unfinished);
    this.#cutLine = lines;
  }

  #countRequest(bytes: number): void {
    const { requestRate, readAt, awayMs } = this.context;
    if (requestRate === undefined) return;
    const count = bytes <= REQUEST_BYTES ? 1 : Math.ceil(bytes / REQUEST_BYTES);
    const restedAt = requestRate.take(this.#restedAt, readAt, awayMs, count);
    if (restedAt === undefined) {
      throw new MinerFault(
        "too-many-requests",
        "Cannot take more requests: it sends more a second than limits.max_requests_per_second",
      );
    }
    this.#restedAt = restedAt;
  }
}

const encoder = new TextEncoder();
