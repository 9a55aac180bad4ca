/** Pools over fake connections that serve, refuse, hang or reject the login, as the test says. */

import type { ListedPool } from "../../lib/pool/settings.ts";
import { turn } from "./fake_clock.ts";
import { FakeConnection } from "./fake_connection.ts";
import { type DialCall, FakeDial } from "./fake_dial.ts";
import { handshakeLines, linesToBytes } from "./pool_lines.ts";

/** What a pool does with a connection. */
export type Mood =
  /** Shakes hands and sends a job. */
  | "serves"
  /** Refuses the connection. */
  | "refuses"
  /** Does not answer the dial. */
  | "hangs"
  /** Accepts the connection and says nothing. */
  | "is silent"
  /** Refuses the sub-account. */
  | "denies";

/**
 * After this number of dials no pool answers any more: code that dials without a pause must not
 * hang a test.
 */
const MAX_DIALS = 3000;

/** An open connection, as its pool sees it. */
export interface PoolLink {
  readonly pool: number;
  readonly connection: FakeConnection;
  /** The number of its dial, from 1. */
  readonly dial: number;
}

export class FakePools {
  readonly fakeDial = new FakeDial();
  readonly moods: Mood[];
  /** What a pool sends until the handshake is done. */
  handshake: (pool: number) => readonly string[] = () => handshakeLines();
  readonly #links: PoolLink[] = [];
  /** The pool of every dial. */
  readonly dialled: number[] = [];

  constructor(...moods: Mood[]) {
    this.moods = moods;
    this.fakeDial.onCall = (call) => this.#answer(call);
  }

  /** The pool list. */
  get entries(): ListedPool[] {
    return this.moods.map((_, i) => ({
      poolId: i,
      host: `pool${i}`,
      port: 3333,
      account: "alice",
      kind: "agent",
      password: "",
      usesTls: false,
      workers: "one",
      minersPerConnection: undefined,
    }));
  }

  /** The connections that are open. */
  get links(): readonly PoolLink[] {
    return this.#links.filter(({ connection }) => !connection.isClosed);
  }

  /** The pools of the connections that are open, in order. */
  get connected(): number[] {
    return this.links.map(({ pool }) => pool).sort((a, b) => a - b);
  }

  /** The connection of this dial, counted from 1. */
  linkOf(dial: number): PoolLink {
    return this.#links.find((link) => link.dial === dial)!;
  }

  /** Dials under way. */
  get pendingDials(): number {
    return this.fakeDial.calls.filter(({ isOver }) => !isOver).length;
  }

  /** Breaks the newest or all connections of a pool. */
  async lose(pool: number, count = Infinity): Promise<void> {
    const error = new Deno.errors.ConnectionReset("Connection reset by peer (os error 104)");
    for (const link of this.links.filter((one) => one.pool === pool).slice(-count)) {
      link.connection.fail(error);
    }
    await turn();
  }

  /** Sends a line on every connection, as pools do at least every 30 s. */
  keepTalking(): void {
    for (const { connection } of this.links) connection.deliver([0x0a]);
  }

  #answer(call: DialCall): void {
    const pool = Number(call.address.host.replace("pool", ""));
    this.dialled.push(pool);
    const dial = this.dialled.length;
    const mood = this.moods[pool]!;
    if (mood === "hangs" || this.dialled.length > MAX_DIALS) return;
    queueMicrotask(() => {
      if (call.isOver) return;
      if (mood === "refuses") {
        call.refuse(new Deno.errors.ConnectionRefused("Connection refused (os error 111)"));
        return;
      }
      const connection = new FakeConnection();
      this.#links.push({ pool, connection, dial });
      call.answer(connection);
      if (mood === "serves") connection.deliver(linesToBytes(this.handshake(pool)));
      if (mood === "denies") {
        const refusal = '{"id":"auth","result":null,"error":[29,"Invalid username",null]}';
        connection.deliver(linesToBytes([...handshakeLines().slice(0, 4), refusal]));
      }
    });
  }
}
