/**
 * Checks that the books of our agent, the pool and the miners agree on the shares at a pool that
 * hashes each.
 */

import type { MinersReport, PoolReport } from "./ends.ts";

type Counts = Readonly<Record<string, number>>;

/** The agent's counts of shares, named as in its status API. */
interface ShareCounts {
  readonly received: number;
  readonly refused: Counts;
  readonly kept: number;
  readonly submitted: number;
  readonly accepted: number;
  readonly rejected: Counts;
  readonly contradicted: number;
  readonly unanswered: Counts;
}

/** The agent's books. */
export interface AgentBooks {
  /** Of all shares. */
  readonly shares: ShareCounts;
  /** By pool: what it credits for the shares it accepted, by the agent's own sum. */
  readonly pools: readonly { readonly credited_difficulty: number }[];
}

/** The tolerance for sums of doubles in another order. */
const ROUNDING = 1e-9;

/** Reads the books of the agent that serves its status at this port of 127.0.0.1. */
export async function readBooks(port: number): Promise<AgentBooks> {
  const { shares } = await read(port, "summary") as Pick<AgentBooks, "shares">;
  const { pools } = await read(port, "upstreams") as Pick<AgentBooks, "pools">;
  return { shares, pools };
}

async function read(port: number, name: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/${name}`);
  if (!response.ok) throw new Error(`Cannot read ${name} of the agent: found ${response.status}`);
  return await response.json();
}

/**
 * Returns the contradictions between the books, one sentence each; call it once nothing is in
 * flight.
 */
export function bookProblems(
  { shares, pools }: AgentBooks,
  pool: PoolReport,
  miners: MinersReport,
): string[] {
  const { accepted, credited } = pool.judged!;
  const rejected = sum(shares.rejected);
  const pairs: readonly (readonly [what: string, agent: number, other: number])[] = [
    ["submits the pool got", shares.submitted, pool.shares],
    ["shares the pool accepted", shares.accepted, accepted],
    ["shares the pool refused", rejected, pool.shares - accepted],
    ["shares miners sent", shares.received, miners.sent],
    ["shares answered with true", shares.kept + shares.accepted, miners.accepted],
    ["shares answered with an error", sum(shares.refused) + rejected, miners.refused],
    ["shares without a verdict", sum(shares.unanswered), 0],
    ["shares good for us and refused", shares.contradicted, 0],
  ];
  const problems = pairs.filter(([, agent, other]) => agent !== other)
    .map(([what, agent, other]) => `${what}: ${agent} in the agent's books, ${other} by the other`);
  const ours = pools.reduce((all, { credited_difficulty }) => all + credited_difficulty, 0);
  if (Math.abs(ours - credited) > ROUNDING * credited) {
    problems.push(`the pool credits ${credited}, by the agent's books ${ours}`);
  }
  const { sent, accepted: good, refused, abandoned, misplaced } = miners;
  const unanswered = sent - good - refused - abandoned;
  if (unanswered > 0) problems.push(`shares never answered: ${unanswered}`);
  if (misplaced > 0) {
    problems.push(`answers at miners that no share waited for: ${misplaced}`);
  }
  if (pool.bad > 0) problems.push(`submits that the pool could not read: ${pool.bad}`);
  return problems;
}

/** Returns notes for readers of the figures. */
export function bookNotes({ shares }: AgentBooks): string[] {
  const { received, kept, submitted, accepted, refused, rejected } = shares;
  return [
    `of ${received} shares ${kept} were kept and ${submitted} submitted, ${accepted} of them ` +
    `accepted; refused here: ${reasonsOf(refused)}; by the pool: ${reasonsOf(rejected)}`,
  ];
}

function reasonsOf(counts: Counts): string {
  const found = Object.entries(counts).filter(([, count]) => count > 0);
  return found.map(([reason, count]) => `${count} ${reason}`).join(", ") || "none";
}

function sum(counts: Counts): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}
