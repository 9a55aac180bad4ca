/**
 * Transcripts: a miner's conversation with the proxy as a text a stranger can read.
 *
 * What happens, one act a line:
 *
 * > {"id":1,…} the miner sends a line; `>` lines that follow at once, in one packet
 *     hang up                   the miner closes its connection
 *     wait 10 s                 time passes
 *     pool: up, mask 1fffe000, difficulty 16384, job 7
 *     pool: mask 1fffe000       …and the other three alone, once it is up; told with the next job
 *     pool: verdict 1798084231  on the oldest share without one
 *     pool: silent              shares from here on are assumed to be good
 *
 * and what follows from each act, all of it, in this order:
 *
 *     mux: …                    what the mux is asked
 *     < {"id":1,…}              what the miner is sent
 *     log: …                    what the operator reads
 *     closed                    the miner's connection is over
 *
 * `#` begins a comment. Running a transcript writes the second kind of line again and compares.
 */

import assert from "node:assert/strict";
import { type Cutting, everyCut } from "./any_cut.ts";
import { FakeMiners } from "./fake_miners.ts";
import { answerShare, type FakePool, type JobLines, shortJob } from "./fake_mux.ts";
import { LogCapture } from "./log_capture.ts";

const encoder = new TextEncoder();
const IS_EFFECT = /^(?:mux: |< |log: |closed$)/;

/** A transcript taken apart: acts with the comments and blank lines around them. */
type Step = { readonly verbatim: string } | { readonly packet: readonly string[] };

/**
 * Runs a transcript, its packets cut as `cut` says, and returns it with the effects it really had.
 */
export function replay(text: string, cut: (packet: Uint8Array) => readonly Uint8Array[]): string {
  using stage = new Stage();
  const lines: string[] = [];
  for (const step of stepsOf(text)) {
    if ("packet" in step) {
      const packet = encoder.encode(step.packet.map((line) => line + "\n").join(""));
      for (const chunk of cut(packet)) stage.send(chunk);
      lines.push(...step.packet.map((line) => `> ${line}`));
    } else {
      lines.push(step.verbatim);
      if (step.verbatim === "" || step.verbatim.startsWith("#")) continue;
      stage.act(step.verbatim);
    }
    lines.push(...stage.effects());
  }
  return lines.join("\n") + "\n";
}

/** Every way to cut the packets of a transcript that {@linkcode everyCut} knows, all alike. */
export function* waysToCut(text: string): Generator<[string, Parameters<typeof replay>[1]]> {
  const sizes = stepsOf(text).map((step) => "packet" in step ? step.packet.join("\n").length : 0);
  const longest = new Uint8Array(Math.max(...sizes) + 1);
  for (const { name, chunks } of everyCut(longest)) {
    yield [name, (packet) => cutLike(chunks, packet)];
  }
}

function cutLike(chunks: Cutting["chunks"], packet: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const { length } of chunks) {
    if (at < packet.length) pieces.push(packet.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

function stepsOf(text: string): Step[] {
  const steps: Step[] = [];
  let packet: string[] | undefined;
  for (const line of text.trimEnd().split("\n")) {
    if (IS_EFFECT.test(line)) continue;
    if (!line.startsWith("> ")) {
      packet = undefined;
      steps.push({ verbatim: line });
    } else if (packet === undefined) {
      packet = [line.slice(2)];
      steps.push({ packet });
    } else {
      packet.push(line.slice(2));
    }
  }
  return steps;
}

/** One miner that is just connected, and the world around it. */
class Stage {
  readonly #log = new LogCapture();
  readonly #world = new FakeMiners();
  readonly #miner = this.#world.connect();
  #judged = 0;
  #wasConnected = true;

  send(chunk: Uint8Array): void {
    this.#miner.sendBytes(chunk);
  }

  act(line: string): void {
    const [, seconds] = /^wait (\d+) s$/.exec(line) ?? [];
    if (seconds !== undefined) this.#world.wait(Number(seconds));
    else if (line === "hang up") this.#miner.hangUp();
    else if (line.startsWith("pool: ")) this.#actAsPool(line.slice("pool: ".length));
    else assert.fail(`No such act: ${line}`);
  }

  effects(): string[] {
    const lines = [
      ...this.#world.mux.takeCalls().filter((call) => call !== "lease").map((call) =>
        `mux: ${call}`
      ),
      ...this.#miner.takeLines().map((line) => `< ${line}`),
      ...this.#log.take().map((line) => `log: ${line}`),
    ];
    if (this.#wasConnected && !this.#miner.isConnected) lines.push("closed");
    this.#wasConnected = this.#miner.isConnected;
    return lines;
  }

  /** Disconnects the miner; nothing of it may be left. */
  [Symbol.dispose](): void {
    this.#miner.hangUp();
    this.#log[Symbol.dispose]();
    assert.equal(this.#world.mux.leased.size, 0, "session ids given back");
    assert.equal(this.#world.miners.counts.connected, 0);
  }

  #actAsPool(what: string): void {
    const { mux } = this.#world;
    const values = new Map(
      what.split(", ").map((part) => {
        const [name, value] = part.split(" ");
        return [name!, value];
      }),
    );
    const mask = hexValue(values.get("mask"));
    const difficulty = values.has("difficulty") ? Number(values.get("difficulty")) : undefined;
    const jobName = values.get("job");
    const job = jobName === undefined ? undefined : shortJob(jobName);
    const verdict = values.get("verdict");
    if (values.has("up")) {
      this.#beginToServe({ mask: mask!, difficulty: difficulty!, job });
    } else if (values.has("silent")) {
      mux.receipt = "taken";
    } else if (verdict !== undefined) {
      const share = mux.shares[this.#judged++]!;
      for (const miner of mux.seated.values()) answerShare(miner, share.id, Number(verdict));
    } else {
      this.#change(mask, difficulty, job);
    }
  }

  #beginToServe(pool: FakePool): void {
    const { mux } = this.#world;
    mux.pool = pool;
    for (const miner of mux.seated.values()) mux.serve(miner, pool);
  }

  #change(
    mask: number | undefined,
    difficulty: number | undefined,
    job: JobLines | undefined,
  ): void {
    const { mux } = this.#world;
    mux.pool = {
      ...mux.pool!,
      ...(mask !== undefined && { mask }),
      ...(difficulty !== undefined && { difficulty }),
      ...(job !== undefined && { job }),
    };
    mux.tell();
  }
}

function hexValue(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseInt(text, 16);
}
