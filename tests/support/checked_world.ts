/** A multiplexer with connections whose shares are hashed here, and whose difficulties are ours. */

import type { ExtranonceLayout } from "../../lib/mux/terms.ts";
import { CheckedUpstream } from "./checked_upstream.ts";
import type { FakeDownstream } from "./fake_downstream.ts";
import { MuxWorld, poolJob } from "./mux_world.ts";

/** Nothing is a block, and everything that is not is a share. */
export const NO_BLOCKS = "03000001";

export class CheckedWorld extends MuxWorld {
  /** A connection that serves, and has a job. */
  serves(
    name: string,
    options: ConstructorParameters<typeof CheckedUpstream>[2] = {},
  ): CheckedUpstream {
    const upstream = new CheckedUpstream(name, this.mux, options);
    upstream.onEnter = ({ sessionId }) => {
      const miner = this.miners.findLast((one) => one.sessionId === sessionId)!;
      miner.moveTo(name, 0);
      // Each connection's jobs begin with its name.
      miner.place = { ...miner.place!, coinbase1: hex(name) };
    };
    this.mux.upstreamReady(upstream);
    this.jobOf(upstream, "1");
    this.mux.moved(undefined, upstream);
    return upstream;
  }

  jobOf(upstream: CheckedUpstream, id: string, isClean = true, bits = NO_BLOCKS): void {
    this.mux.jobArrived(upstream, { ...poolJob(id, isClean, hex(upstream.name)), bits });
  }

  /** A miner with a layout of its own. */
  joinWith(layout: ExtranonceLayout): FakeDownstream {
    this.layout = layout;
    return this.join();
  }

  /** A share; what its miner was answered in the turn in which it came. */
  async share(
    miner: FakeDownstream,
    jobId = miner.job.id,
    versionBits = 0,
  ): Promise<number | undefined> {
    const { id, receipt } = this.submit(miner, jobId, versionBits);
    await Promise.resolve();
    return typeof receipt === "number" ? receipt : miner.answers.get(id)?.[0];
  }
}

/** Text as a coinbase has it. */
export function hex(text: string): string {
  return Array.from(text, (char) => char.charCodeAt(0).toString(16)).join("");
}
