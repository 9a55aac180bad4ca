/**
 * Real servers that farms mined through, with us in between: what we did then we do now, and every
 * share of it is worth what the server said.
 */

import assert from "node:assert/strict";
import { headerOf, merkleRoot } from "../../../lib/bitcoin/header.ts";
import { difficultyOf, networkTarget, targetOf } from "../../../lib/bitcoin/target.ts";
import { LogCapture } from "../../support/log_capture.ts";
import { StratumReplay } from "../../support/stratum_replay.ts";
import { SESSIONS_WITH_US, type SessionWithUs } from "../../protocol/sessions_with_us.ts";

/** A submit with what the server knew and said about it. */
interface JudgedShare {
  readonly id: number;
  readonly isAccepted: boolean;
  /** How long the server took, in milliseconds. */
  readonly tookMs: number;
  /** By code or words; empty if it was accepted. */
  readonly refusal: string;
  /** What its header comes to, hashed here the slow way. */
  readonly difficulty: number;
  readonly isBlock: boolean;
  /** Difficulties from the one before that of its job to the newest when it was judged. */
  readonly difficulties: readonly number[];
  /** Whether its job is for a height that is over. */
  readonly isOld: boolean;
}

interface Job {
  readonly params: readonly string[];
  readonly branches: readonly string[];
  readonly change: number;
}

/** Reads a session in the plainest way. */
function sharesOf({ events }: SessionWithUs): JudgedShare[] {
  const difficulties: number[] = [];
  const jobs = new Map<string, Job>();
  const submits = new Map<number, { readonly params: readonly string[]; readonly atMs: number }>();
  const shares: JudgedShare[] = [];
  let extranonce1 = "";
  let height = "";
  const said = events.flatMap(({ atMs, lines }) => lines.map((line) => ({ atMs, line })));
  for (const { atMs, line } of said) {
    const { id, method, params, result, error } = JSON.parse(line);
    if (method === "mining.set_difficulty") difficulties.push(params[0]);
    else if (method === "mining.submit") submits.set(id, { params, atMs });
    else if (method === "mining.notify") {
      // A job that comes before the first difficulty has that one.
      const change = Math.max(0, difficulties.length - 1);
      jobs.set(params[0], { params, branches: params[4], change });
      height = params[1];
    } else if (id === 2 && method === undefined) extranonce1 = result[1];
    else if (submits.has(id)) {
      const submit = submits.get(id)!;
      const [, jobId, room, ntime, nonce, bits] = submit.params;
      const { params: job, branches, change } = jobs.get(jobId!)!;
      const header = headerIn(job, branches, extranonce1 + room!, [ntime!, nonce!, bits ?? "0"]);
      const difficulty = difficultyOf(header);
      shares.push({
        id,
        isAccepted: result === true,
        tookMs: atMs - submit.atMs,
        refusal: JSON.stringify(error),
        difficulty,
        isBlock: targetOf(difficulty) <= networkTarget(parseInt(job[6]!, 16))!,
        difficulties: difficulties.slice(Math.max(0, change - 1)),
        isOld: job[1] !== height,
      });
    }
  }
  return shares;
}

function headerIn(
  [, prevHash, coinbase1, coinbase2, , version, bits]: readonly string[],
  branches: readonly string[],
  extranonces: string,
  rolled: readonly string[],
): Uint8Array {
  const [ntime, nonce, versionBits] = rolled.map((hex) => parseInt(hex, 16));
  const root = merkleRoot(Uint8Array.fromHex(coinbase1 + extranonces + coinbase2), branches);
  const wide = (hex: string) => hex.padStart(8, "0");
  const fields = { version: wide(version!), prevHash: prevHash!, bits: wide(bits!) };
  return headerOf(fields, root, ntime!, nonce!, versionBits!);
}

for (const session of SESSIONS_WITH_US) {
  const { server, books } = session;
  const shares = sharesOf(session);

  Deno.test(`A farm's session with ${server} goes as it went, byte for byte`, async () => {
    using log = new LogCapture();
    const replay = new StratumReplay(session);
    await replay.run();
    assert.deepEqual(replay.written, replay.expected);
    const found = [...replay.fates.values()].map(({ id, isAccepted }) => ({ id, isAccepted }));
    // These servers mostly take milliseconds: after half a second a miner is told true.
    const isLate = ({ tookMs }: JudgedShare) => tookMs > 500;
    const recorded = shares.map((share) => ({
      id: share.id,
      isAccepted: share.isAccepted || isLate(share),
    }));
    const byId = (a: { readonly id: number }, b: { readonly id: number }) => a.id - b.id;
    assert.deepEqual(found.sort(byId), recorded.sort(byId));
    const { submitted, accepted, contradicted, earlyRejected } = replay.mux.books.shares;
    assert.deepEqual({ submitted, accepted, contradicted, earlyRejected }, {
      submitted: shares.length,
      accepted: books.accepted,
      contradicted: 0,
      earlyRejected: shares.filter((share) => !share.isAccepted && isLate(share)).length,
    });
    const blocks = log.take().filter((line) => line.includes("Block found"));
    assert.equal(blocks.length, books.blocks);
  });

  Deno.test(`Every share that ${server} judged hashes to what it was paid for`, () => {
    let credited = 0;
    for (const { id, isAccepted, refusal, difficulty, difficulties, isBlock, isOld } of shares) {
      if (isAccepted) {
        const paid = books.paid(id);
        credited += paid;
        assert.ok(difficulties.includes(paid), `share ${id} is paid ${paid} of ${difficulties}`);
        // Some take blocks whatever the difficulty.
        assert.ok(difficulty >= paid || isBlock, `share ${id}: ${difficulty}, paid ${paid}`);
        continue;
      }
      // All others are races: at a new block, or at a new difficulty.
      assert.match(refusal, /^\[2[13],/, `share ${id}`);
      assert.ok(isOld || difficulty < Math.max(...difficulties), `share ${id}: ${refusal}`);
    }
    assert.ok(Math.abs(credited / books.credited - 1) < 1e-9, `${credited}`);
    assert.equal(shares.filter(({ isAccepted }) => isAccepted).length, books.accepted);
    assert.equal(shares.filter(({ isAccepted }) => !isAccepted).length, books.rejected);
    assert.equal(shares.filter(({ isBlock, isOld }) => isBlock && !isOld).length, books.blocks);
  });

  Deno.test(`The session with ${server} has all that a session should have`, () => {
    const lines = session.events.flatMap((event) => event.lines.map((line) => JSON.parse(line)));
    const count = (method: string) => lines.filter((line) => line.method === method).length;
    assert.ok(count("mining.notify") >= 5);
    assert.ok(count("mining.set_difficulty") >= 2);
    assert.ok(books.accepted >= 30);
    assert.ok(books.blocks >= 1);
    assert.ok(shares.some(({ isOld, isAccepted }) => isOld && !isAccepted));
  });
}
