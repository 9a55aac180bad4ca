/**
 * The kinds of pools that btcagent found out, by address. They are kept only while the process
 * runs, so that a pool whose kind was mistaken is asked again at the next start.
 */

import type { PoolKind } from "../base/pool_kind.ts";
import { formatAddress } from "../base/peer_address.ts";
import type { PoolAddress } from "../net/pools/connection.ts";
import { areaLog } from "../observe/log.ts";

const log = areaLog("pool");

const PROTOCOL: Readonly<Record<PoolKind, string>> = {
  agent: "the agent protocol",
  stratum: "Stratum: it sees one worker, unless its entry sets `workers`",
  sv2: "Stratum V2",
};

/** A question for a pool's kind, which also learns its extranonce2 size. */
export class KindQuestion {
  /** The size, as soon as it is known; `undefined` if the pool does not give it. */
  readonly size: Promise<number | undefined>;
  /** Resolves when the question has ended. */
  readonly over: Promise<void>;
  readonly #size: (bytes: number | undefined) => void;
  readonly #end: () => void;

  /** `end` is called when it is over. */
  constructor(end: () => void) {
    const size = Promise.withResolvers<number | undefined>();
    const over = Promise.withResolvers<void>();
    this.size = size.promise;
    this.over = over.promise;
    this.#size = size.resolve;
    this.#end = () => {
      end();
      size.resolve(undefined);
      over.resolve();
    };
  }

  /** Takes what is known of the size; `undefined` if nothing yet. The first size counts. */
  sizeSeen(bytes: number | undefined): void {
    if (bytes !== undefined) this.#size(bytes);
  }

  /** Ends the question. Call this once. */
  end(): void {
    this.#end();
  }
}

/** The kinds found. One for all accounts of the process. */
export class FoundKinds {
  readonly #kinds = new Map<string, PoolKind>();
  readonly #said = new Set<string>();
  /** The last open question to each address. */
  readonly #questions = new Map<string, KindQuestion>();

  /** The kind found at an address; `undefined` if it is not known yet. */
  of(address: PoolAddress): PoolKind | undefined {
    return this.#kinds.get(keyOf(address));
  }

  /** A pool showed what it speaks. */
  found(address: PoolAddress, kind: PoolKind): void {
    const key = keyOf(address);
    this.#kinds.set(key, kind);
    if (this.#said.has(`${key} ${kind}`)) return;
    this.#said.add(`${key} ${kind}`);
    log.info("Pool {pool} speaks {protocol}", {
      pool: formatAddress({ hostname: address.host, port: address.port }),
      protocol: PROTOCOL[kind],
    });
  }

  /** A connection begins to ask. */
  ask(address: PoolAddress): KindQuestion {
    const key = keyOf(address);
    const question = new KindQuestion(() => {
      if (this.#questions.get(key) === question) this.#questions.delete(key);
    });
    this.#questions.set(key, question);
    return question;
  }

  /** The open question to an address; `undefined` for none. */
  asked(address: PoolAddress): KindQuestion | undefined {
    return this.#questions.get(keyOf(address));
  }

  /** The pool does not behave like the kind that was found: it will be asked again. */
  forget(address: PoolAddress): void {
    this.#kinds.delete(keyOf(address));
  }
}

function keyOf({ host, port, usesTls }: PoolAddress): string {
  return `${host.toLowerCase()} ${port} ${usesTls === true}`;
}
