/**
 * One miner's connection, as far as lines go: bytes in, lines of answers out.
 *
 * Answers go out in the order of the requests, those of one chunk in one write. Between a request
 * and its answer nothing else is sent, since the next line is taken for the answer
 * (stratum.md "Order"). What the lines say is session.ts.
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
 * A line counts as one request for each of these bytes: those of firmware are shorter, and 8 KB of
 * JSON take a hundred times as long to read as a share.
 */
const REQUEST_BYTES = 256;

/** What a miner has ever sent: nothing, bytes that make no request, or a request. */
export const HEARD = { nothing: 0, bytes: 1, request: 2 } as const;

/** What all miners' lines share. */
export interface LineContext {
  /** Where its socket is. */
  readonly sockets: MinerSockets;
  /** Where line decoders come from, which says how long a line may be. */
  readonly decoders: SpareDecoders;
  /** How often a miner may send a line; `undefined` for as often as it likes. */
  readonly requestRate: Rate | undefined;
  /** When the chunk under way was read, in whole milliseconds of real time. */
  readonly readAt: number;
  /** How long nobody was here to read before that, in milliseconds; see base/rate.ts. */
  readonly awayMs: number;
}

/**
 * See the head of this file. What a session is built upon, not a part it has: with ten thousand
 * miners that would be ten thousand objects more.
 */
export abstract class LineSession<Context extends LineContext> {
  /** Its socket. */
  readonly handle: number;
  /** Where it came from. */
  readonly from: PeerAddress;
  /**
   * When it connected, and when it last sent anything: whole milliseconds, monotonic. Any other
   * number would be an object of its own.
   */
  readonly connectedAt: number;
  /** Updated by its owner with every chunk. */
  lastActiveAt: number;
  /** What it shares with all others. */
  protected readonly context: Context;
  /** What it has ever sent; see {@linkcode HEARD}. */
  heard: number = HEARD.nothing;
  /** Whether it has left: nothing it sent is looked at any more. */
  protected isOver = false;
  /** Only in the middle of a line. */
  #cutLine: LineDecoder | undefined;
  /** When it may send its whole burst of lines again; see base/rate.ts. */
  #restedAt = 0;
  /** Lines to send when the chunk under way has been read, each with LF; `undefined` for no chunk. */
  #outgoing: string | undefined;

  /** A miner that just connected. */
  constructor(context: Context, handle: number, from: PeerAddress, now: number) {
    this.context = context;
    this.handle = handle;
    this.from = from;
    this.connectedAt = this.lastActiveAt = now;
  }

  /**
   * Takes bytes from the socket; the view is not kept.
   *
   * @throws MinerFault when they break the protocol.
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

  /** The beginning of a line whose end has not come; `undefined` between two lines. */
  get unfinishedLine(): Uint8Array | undefined {
    return this.#cutLine?.unfinished;
  }

  /** Takes one line, without its end. @throws MinerFault when it breaks the protocol. */
  protected abstract receiveLine(line: Uint8Array): void;

  /** Gives what was put off and may be answered now: read ahead of what comes in. */
  protected abstract takeHeldLines(): readonly Uint8Array[];

  /** Answers a request; one with id null gets none (stratum.md "Lines, ids, answers"). */
  protected reply(id: RequestId, resultJson: string): void {
    if (id !== null) this.send(formatReply(id, resultJson));
  }

  /** Answers a request with an error; one with id null gets no answer. */
  protected refuse(id: RequestId, code: number, text: string = errorText(code)): void {
    if (id !== null) this.send(formatErrorReply(id, code, text));
  }

  /** A handshake is answered even with id null, as the pool does: no miner can work without. */
  protected handshakeReply(id: RequestId, resultJson: string): void {
    this.send(formatReply(id, resultJson));
  }

  /** Answers a handshake with an error, even with id null. */
  protected refuseHandshake(id: RequestId, code: number, text: string = errorText(code)): void {
    this.send(formatErrorReply(id, code, text));
  }

  /** Sends a line behind all before it: at once, or with the answers to the chunk under way. */
  protected send(text: string): void {
    if (this.#outgoing !== undefined) this.#outgoing += text + "\n";
    else this.context.sockets.send(this.handle, encodeLine(text));
  }

  /** Sends what the chunk under way has brought so far. */
  protected flush(): void {
    const text = this.#outgoing;
    if (!text) return;
    this.#outgoing = "";
    this.context.sockets.send(this.handle, encoder.encode(text));
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
    // TLS and its like may send no line end for as long as nobody answers.
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
