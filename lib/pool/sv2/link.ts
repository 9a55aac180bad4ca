/**
 * A sealed connection in use, and how it is closed.
 */

import type { Timers } from "../../base/clock.ts";
import type { Connection } from "../../net/pools/connection.ts";
import { encodeAgentMessage } from "../../protocol/sv2/agent_message.ts";
import type { FrameOpener } from "../../protocol/sv2/noise/frame_opener.ts";
import type { FrameSealer } from "../../protocol/sv2/noise/frame_sealer.ts";
import type { PacedOutgoing } from "../outgoing.ts";
import type { Outstanding } from "./outstanding.ts";

/** The last message of a connection is written within this time, or not at all, in milliseconds. */
const FAREWELL_MS = 1_000;

/** A sealed connection, and what goes out on it. */
export interface Link {
  /** The connection itself. */
  readonly connection: Connection;
  /** Seals what we send. */
  readonly sealer: FrameSealer;
  /** Opens what the pool sends. */
  readonly opener: FrameOpener;
  /** The shares that were sent. */
  readonly outstanding: Outstanding;
  /** Everything that we send. */
  readonly outgoing: PacedOutgoing;
}

/** Closes a connection at once, and overwrites its keys. */
export function closeLink({ connection, outgoing, sealer, opener }: Link): void {
  outgoing.stop();
  connection.close();
  sealer.erase();
  opener.erase();
}

/** Closes the channel, then the connection: a pool may count open channels. */
export function closeChannel(
  link: Link,
  channelId: number,
  timers: Pick<Timers, "after" | "clear">,
): void {
  let isClosed = false;
  const close = () => {
    timers.clear(deadline);
    if (!isClosed) closeLink(link);
    isClosed = true;
  };
  const deadline = timers.after(FAREWELL_MS, close);
  const farewell = encodeAgentMessage({
    kind: "closeChannel",
    channelId,
    reasonCode: "shutdown",
  });
  link.outgoing.finish(farewell, close);
}
