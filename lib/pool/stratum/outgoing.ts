/**
 * What goes to an ordinary Stratum pool on one connection, as lines of text.
 */

import type { Now } from "../../base/clock.ts";
import type { Connection } from "../../net/pools/connection.ts";
import { encodeLine } from "../../protocol/stratum/message.ts";
import { type OutgoingEvents, PacedOutgoing, type Wire } from "../outgoing.ts";

/** Pools close the connection on floods: NOMP on 10,240 bytes at once. */
const LINES: Wire = {
  maxUnheardBytes: 8_000,
  sizeOf: ({ length }) => length,
  append: (outbox, line) => outbox.append(line),
};

const decoder = new TextDecoder();

/** The text that was encoded as `line`. */
function decodeLine(line: Uint8Array): string {
  return decoder.decode(line.subarray(0, -1));
}

/** Everything that one connection sends, except the opening. */
export class Outgoing extends PacedOutgoing {
  /** As for {@linkcode PacedOutgoing}. */
  constructor(
    connection: Pick<Connection, "write">,
    opening: { readonly bytes: number; readonly messages: number },
    now: Now,
    events: OutgoingEvents,
  ) {
    super(LINES, connection, opening, now, events);
  }

  /** Writes a line that is no submit. */
  sendLine(text: string): void {
    this.send(encodeLine(text));
  }

  /** See {@linkcode PacedOutgoing.request}. */
  requestLine(text: string): boolean {
    return this.request(encodeLine(text));
  }

  /** See {@linkcode PacedOutgoing.submit}. */
  submitLine(serial: number, text: string, isBlock: boolean): boolean {
    return this.submit(serial, encodeLine(text), isBlock);
  }

  /** Changes the text of submits that have not been sent yet. */
  rename(change: (text: string) => string): void {
    this.change((line) => encodeLine(change(decodeLine(line))));
  }
}
