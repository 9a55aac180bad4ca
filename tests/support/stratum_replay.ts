/**
 * A recorded connection to a real server, lived through once more: a session of ours and a
 * multiplexer hear what the server said, and miners hand in the shares they handed in then.
 */

import assert from "node:assert/strict";
import { parseHex32 } from "../../lib/base/hex.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { ContradictionLog } from "../../lib/mux/contradiction_log.ts";
import { ShareCounter } from "../../lib/mux/books/ledger.ts";
import type { Downstream, Seat, ShareReceipt } from "../../lib/mux/downstream.ts";
import type { Share } from "../../lib/protocol/stratum/share.ts";
import { Multiplexer } from "../../lib/mux/multiplexer.ts";
import { RememberedDifficulties } from "../../lib/mux/remembered_difficulties.ts";
import { type ExtranonceLayout, WIDEST_LAYOUT } from "../../lib/mux/terms.ts";
import { vardiffRules } from "../../lib/mux/vardiff_rules.ts";
import type { ReadyUpstream } from "../../lib/pool/connection.ts";
import type { StratumError } from "../../lib/protocol/stratum/error_code.ts";
import type { RequestId } from "../../lib/protocol/stratum/request_id.ts";
import type { SessionWithUs, WireEvent } from "../protocol/sessions_with_us.ts";
import { FakeClock, turn } from "./fake_clock.ts";
import { StratumRig } from "./stratum_rig.ts";

/** As often as sessions are looked after. */
const TICK_MS = 250;

/** What miners have where a pool leaves four bytes. */
const NARROW_LAYOUT: ExtranonceLayout = { extranonce1Bytes: 1, extranonce2Bytes: 3 };

/** A submit taken apart. */
interface Submit {
  readonly id: number;
  readonly params: readonly string[];
}

/** What a share of a miner came to. */
export interface Fate {
  /** The id of the submit that carried it. */
  readonly id: number;
  /** Whether the miner was told that it is good; `undefined` as long as nothing was said. */
  isAccepted: boolean | undefined;
}

/** A miner that is told nothing but what became of its shares. */
class RecordedMiner implements Downstream {
  readonly origin = 0;
  readonly sessionId: number;
  readonly handle: number;
  readonly layout: ExtranonceLayout;
  readonly port = { hostname: "0.0.0.0", port: 3333 };
  readonly suggestedDifficulty: undefined;
  readonly worker;
  readonly #fates: ReadonlyMap<RequestId, Fate>;
  seat: Seat | undefined;

  constructor(
    sessionId: number,
    layout: ExtranonceLayout,
    fates: ReadonlyMap<RequestId, Fate>,
  ) {
    this.sessionId = this.handle = sessionId;
    this.layout = layout;
    this.worker = { sessionId, account: "", name: `rig${sessionId}`, clientAgent: "" };
    this.#fates = fates;
  }

  admit(): void {}

  turnAway(_answer: StratumError, reason: string): void {
    assert.fail(reason);
  }

  shareChecked({ id }: Share, receipt: ShareReceipt): void {
    if (receipt !== "waiting") this.#end(id, receipt === "taken");
  }

  acceptShare(id: RequestId): void {
    this.#end(id, true);
  }

  rejectShare(id: RequestId): void {
    this.#end(id, false);
  }

  disconnect(reason: string): void {
    assert.fail(reason);
  }

  #end(id: RequestId, isAccepted: boolean): void {
    const fate = this.#fates.get(id)!;
    assert.equal(fate.isAccepted, undefined, `share ${id} is answered twice`);
    fate.isAccepted = isAccepted;
  }
}

/** Replays a recorded session. */
export class StratumReplay {
  readonly #recorded: SessionWithUs;
  readonly #clock = new FakeClock();
  readonly #rig: StratumRig;
  readonly #fates = new Map<number, Fate>();
  readonly #miners = new Map<number, RecordedMiner>();
  /** The number of ours that stands for each of the pool's jobs. */
  readonly #numbers = new Map<string, number>();
  #nextNumber = 1000;
  readonly mux: Multiplexer;
  /** Lines that we wrote, and those that were recorded. */
  readonly written: string[] = [];
  readonly expected: string[] = [];

  constructor(recorded: SessionWithUs) {
    this.#recorded = recorded;
    const { now } = this.#clock;
    this.mux = new Multiplexer({
      counter: new ShareCounter(0x10000),
      fanout: { tell: () => {} },
      contradictions: new ContradictionLog(now),
      nextJobNumber: () => this.#nextNumber++,
      sizeFound: () => {},
      vardiff: {
        rules: () => vardiffRules({ minimum: 2 ** -20 }),
        remembered: new RememberedDifficulties(),
      },
      releaseSession: () => {},
      now,
      realNow: now,
      timers: systemTime,
      isNamedByMiners: false,
      graceMs: Infinity,
    });
    const { mux } = this;
    const numbers = this.#numbers;
    // Notes what stands for which job of the pool.
    const jobArrived: Multiplexer["jobArrived"] = (upstream, job) => {
      numbers.set(job.id, this.#nextNumber);
      mux.jobArrived(upstream, job);
    };
    this.#rig = new StratumRig({
      account: recorded.user,
      version: versionIn(recorded),
      now,
      rateClock: { realNow: now, awayMs: () => 0 },
      mux: new Proxy(mux, {
        get: (target, key) => {
          if (key === "jobArrived") return jobArrived;
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      }),
      owner: {
        ready: (_connection, upstream) => this.#ready(upstream, jobArrived),
        ended: (_connection, reason) => assert.fail(reason),
      },
    });
  }

  /** What became of each share, by the id of its submit. */
  get fates(): ReadonlyMap<number, Fate> {
    return this.#fates;
  }

  /** Lives through all of it. */
  async run(): Promise<void> {
    await this.#rig.connect();
    this.written.push(...this.#rig.opening);
    let passed = 0;
    for (const event of this.#recorded.events) {
      for (; passed < event.atMs; passed += TICK_MS) await this.#pass(TICK_MS);
      if (event.isOurs) await this.#handIn(event);
      else await this.#rig.say(...event.lines);
      this.written.push(...await this.#rig.lines());
    }
    this.#rig.session.close();
    // Its turns may not be over.
    await turn();
  }

  async #pass(ms: number): Promise<void> {
    this.#clock.advance(ms);
    this.#rig.session.tick();
    this.mux.tick();
    await turn();
  }

  #ready(upstream: ReadyUpstream, jobArrived: Multiplexer["jobArrived"]): void {
    this.mux.upstreamReady(upstream);
    jobArrived(upstream, upstream.latestJob);
    this.mux.moved(undefined, upstream);
    const { bytes, offset, idBytes } = upstream.terms.extranonce;
    const layout = bytes >= 8 ? WIDEST_LAYOUT : NARROW_LAYOUT;
    for (const { params } of this.#submits()) {
      const sessionId = parseInt(params[2]!.slice(2 * offset, 2 * (offset + idBytes)), 16);
      if (this.#miners.has(sessionId)) continue;
      const miner = new RecordedMiner(sessionId, layout, this.#fates);
      this.#miners.set(sessionId, miner);
      miner.seat = this.mux.join(miner);
      miner.seat!.takeNews();
    }
  }

  *#submits(): Generator<Submit> {
    for (const { isOurs, lines } of this.#recorded.events) {
      if (isOurs) yield* lines.map(submitIn).filter((submit) => submit !== undefined);
    }
  }

  /** Lines that we sent: those of shares follow when miners find them. */
  async #handIn({ lines }: WireEvent): Promise<void> {
    for (const line of lines) {
      this.expected.push(line);
      const submit = submitIn(line);
      if (submit !== undefined) this.#submit(submit);
    }
    await turn();
  }

  #submit({ id, params }: Submit): void {
    const [, poolJobId, room, ntime, nonce, bits] = params;
    const width = room!.length;
    const isWide = width >= 16;
    const miner = this.#miners.get(parseInt(isWide ? room!.slice(4, 8) : room!.slice(0, 2), 16))!;
    const { extranonce2Bytes } = miner.layout;
    this.#fates.set(id, { id, isAccepted: undefined });
    const receipt = miner.seat!.submit({
      id,
      jobId: this.#numbers.get(poolJobId!)!,
      extranonce2: parseInt(isWide ? room!.slice(8, 16) : room!.slice(2, 8), 16),
      extranonce2Digits: 2 * extranonce2Bytes,
      ntime: parseHex32(ntime!)!,
      nonce: parseHex32(nonce!)!,
      versionBits: bits === undefined ? 0 : parseHex32(bits)!,
      hasVersionBits: bits !== undefined,
    });
    assert.equal(receipt, "checking", `share ${id} is not hashed`);
  }
}

function submitIn(line: string): Submit | undefined {
  const { id, method, params } = JSON.parse(line);
  return method === "mining.submit" ? { id, params } : undefined;
}

/** What we called ourselves then. */
function versionIn({ events }: SessionWithUs): string {
  for (const line of events.flatMap(({ lines }) => lines)) {
    const { method, params } = JSON.parse(line);
    if (method === "mining.subscribe") return String(params[0]).replace("btcagent/", "");
  }
  throw new Error("no subscribe in it");
}
