/** A seat that no mux keeps, for tests of the parts that seat miners. */

import { MinerSeat } from "../../lib/mux/seat.ts";
import { FakeDownstream } from "./fake_downstream.ts";

/** What the seat asks of its keeper, which it has none of. */
const NOBODY = {
  takeNews: () => undefined,
  askAgain: () => false,
  moveForMask: () => false,
  suggested: () => {},
  leave: () => {},
  take: () => "taken" as const,
};

export interface LooseSeat {
  readonly seat: MinerSeat;
  readonly miner: FakeDownstream;
}

/** A miner with this session id and its seat. */
export function looseSeat(sessionId: number, workerName?: string): LooseSeat {
  const miner = new FakeDownstream(sessionId, undefined, workerName);
  return { miner, seat: new MinerSeat(NOBODY, NOBODY, NOBODY, miner) };
}
