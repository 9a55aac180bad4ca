/** Dialling under the test's control: each call waits until the test answers it. */

import type { Connection, Dial, PoolAddress } from "../../lib/net/pools/connection.ts";

/** One call. */
export interface DialCall {
  readonly address: PoolAddress;
  readonly signal: AbortSignal;
  /** What the dial is to write at once. */
  readonly opening: Uint8Array | undefined;
  /** Whether it was answered or aborted. */
  isOver: boolean;
  answer(connection: Connection): void;
  refuse(error: Error): void;
}

export class FakeDial {
  readonly calls: DialCall[] = [];
  /** Whether an abort is overlooked, as when the answer is on its way already. */
  isDeaf = false;
  /** Called with each new call. */
  onCall: (call: DialCall) => void = () => {};

  readonly dial: Dial = (address, signal, opening) => {
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    const call: DialCall = {
      address,
      signal,
      opening: opening?.bytes,
      isOver: signal.aborted,
      answer: (connection) => {
        call.isOver = true;
        resolve(connection);
      },
      refuse: (error) => {
        call.isOver = true;
        reject(error);
      },
    };
    signal.addEventListener("abort", () => {
      if (!this.isDeaf) call.refuse(signal.reason);
    });
    this.calls.push(call);
    this.onCall(call);
    return promise;
  };
}
