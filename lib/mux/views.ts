/**
 * The views of one connection's jobs: one for each layout and lane in use.
 */

import {
  type ExtranonceLayout,
  type ExtranonceRoom,
  laneOf,
  type Padding,
  paddingFor,
} from "./terms.ts";

/** One object for each padding, so that a line made for it serves every miner that needs it. */
export class Views {
  readonly #room: ExtranonceRoom;
  readonly #views = new Map<number, Padding | undefined>();

  /** The views into this room. */
  constructor(room: ExtranonceRoom) {
    this.#room = room;
  }

  /** A miner's view of jobs; `undefined` if its layout does not fit. */
  of(layout: ExtranonceLayout, sessionId: number): Padding | undefined {
    const { extranonce1Bytes, extranonce2Bytes } = layout;
    const key = (extranonce1Bytes << 4 | extranonce2Bytes) << 8 | laneOf(sessionId, layout);
    if (!this.#views.has(key)) this.#views.set(key, paddingFor(this.#room, layout, sessionId));
    return this.#views.get(key);
  }
}
