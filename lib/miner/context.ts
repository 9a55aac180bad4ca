/**
 * What all miners' sessions share.
 */

import type { Mux } from "../mux/peers.ts";
import type { MinerSockets } from "../net/engine.ts";
import type { Rate } from "../net/rate.ts";
import { LineDecoder } from "../protocol/lines.ts";
import { MinerFault } from "../protocol/violation.ts";
import type { ReconnectPause } from "./asicboost.ts";
import type { LimitName } from "./limits.ts";
import type { MinerSession } from "./session.ts";
import type { WorkerNaming } from "./worker_naming.ts";

/** See the head of this file. */
export interface MinerContext {
  /** Where its socket is. */
  readonly sockets: MinerSockets;
  /** Where its shares go. */
  readonly mux: Mux;
  /** Where line decoders come from, which says how long a line may be. */
  readonly decoders: SpareDecoders;
  /** Texts that many miners have in common. */
  readonly commonTexts: CommonTexts;
  /** How often a miner may send a line; `undefined` for as often as it likes. */
  readonly requestRate: Rate | undefined;
  /** What the pool calls workers. */
  readonly naming: WorkerNaming;
  /** When a miner that lost ASICBoost may be sent away; `undefined` for never. */
  readonly reconnectPause: ReconnectPause | undefined;
  /** What `client.get_version` answers. */
  readonly version: string;
  /** Lets a session that was admitted read the lines it held back. */
  resume(session: MinerSession): void;
  /**
   * Ends a session from the inside: its owner forgets it and closes the socket. `limit` is the
   * bound that was reached, if it was one.
   */
  end(session: MinerSession, reason: string, limit?: LimitName): void;
}

/** One is in use at a time, but for those of miners in the middle of a line. */
const MOST_SPARES = 4;

/**
 * Line decoders that stand between two lines. Nearly every chunk holds whole lines, so a miner has
 * one of its own only while it is in the middle of a line.
 */
export class SpareDecoders {
  /** Longest line taken, in bytes. */
  readonly maxLineBytes: number;
  readonly #spares: LineDecoder[] = [];

  /** For lines of at most so many bytes. */
  constructor(maxLineBytes: number) {
    this.maxLineBytes = maxLineBytes;
  }

  /** One that stands between two lines. */
  take(): LineDecoder {
    return this.#spares.pop() ?? new LineDecoder(this.maxLineBytes, MinerFault);
  }

  /** Takes back one that stands between two lines; it may be from before the limit was changed. */
  give(decoder: LineDecoder): void {
    const isOfUse = decoder.maxLineBytes === this.maxLineBytes;
    if (isOfUse && this.#spares.length < MOST_SPARES) this.#spares.push(decoder);
  }
}

/** So many different texts are kept; further ones are everybody's own. */
const MOST_TEXTS = 1024;

/** Texts of which thousands of miners send the same few: each is kept once. */
export class CommonTexts {
  readonly #texts = new Map<string, string>();

  /** `text`, as it was first seen. */
  of(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size < MOST_TEXTS) this.#texts.set(text, text);
    return text;
  }
}
