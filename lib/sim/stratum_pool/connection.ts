/**
 * One accepted socket of the simulated Stratum pool: bytes in, lines to its session, lines out.
 */

import type { Socket } from "node:net";
import { MinerFault } from "../../base/violation.ts";
import { LineDecoder } from "../../protocol/stratum/lines.ts";
import { encodeLine } from "../../protocol/stratum/message.ts";
import { PoolSocket } from "../pool_socket.ts";
import { PoolClient, type PoolContext } from "./client.ts";
import type { PoolServer, PoolSession } from "./personality.ts";

/** The longest line; no real server accepts more. */
const MAX_LINE_BYTES = 1 << 20;
/** A connection is reset when output is stuck for this long. */
const WRITE_TIMEOUT_MS = 120_000;

/** One connection. Tests see it through `SimStratumPool`. */
export class StratumPoolConnection {
  /** Its side of the conversation. */
  readonly session: PoolSession;
  readonly #context: PoolContext;
  readonly #socket: PoolSocket;
  readonly #decoder = new LineDecoder(MAX_LINE_BYTES, MinerFault);
  readonly #text = new TextDecoder();

  /** `changed` is called after each event, `closed` once at the end. */
  constructor(
    socket: Socket,
    number: number,
    context: PoolContext,
    server: PoolServer,
    events: { readonly changed: () => void; readonly closed: () => void },
  ) {
    this.#context = context;
    context.ledger.count("connections");
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
          this.client.ended();
          this.session.closed();
          events.closed();
        },
      },
      WRITE_TIMEOUT_MS,
      context.settings.time,
    );
    const link = {
      send: (text: string) => this.#sendLine(text),
      close: () => this.#socket.finish(),
    };
    const client = new PoolClient(number, socket.remoteAddress ?? "", link, context);
    this.session = server.open(client);
  }

  /** What is known about the client. */
  get client(): PoolClient {
    return this.session.client;
  }

  /** Applies the fault switches that act by themselves. */
  faultsChanged(): void {
    this.#socket.faultsChanged();
  }

  /** Sends raw bytes. */
  send(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  /** Closes with FIN, after `lastBytes` if there are any. */
  finish(lastBytes?: Uint8Array): void {
    this.client.ended();
    this.#socket.finish(lastBytes);
  }

  /** Closes with RST. */
  reset(): void {
    this.client.ended();
    this.#socket.reset();
  }

  #receive(bytes: Uint8Array): void {
    const { maxInputBytes } = this.#context.settings;
    if (this.client.isClosed) return;
    if (maxInputBytes > 0 && this.#decoder.unfinished.length + bytes.length > maxInputBytes) {
      return this.client.closeFor("flood");
    }
    try {
      this.#decoder.push(bytes);
      for (let line = this.#decoder.next(); line; line = this.#decoder.next()) {
        if (line.length > 0) this.session.receive(this.#text.decode(line));
        if (this.client.isClosed) return;
      }
    } catch (error) {
      if (!(error instanceof MinerFault)) throw error;
      return this.client.closeFor("flood");
    }
    this.session.readEnded();
  }

  #sendLine(text: string): void {
    this.#socket.send(encodeLine(text));
  }
}
