/**
 * What was found out of pools whose kind nobody said, by address: for the life of the process, so
 * that a pool which was mistaken for another kind is asked again at the next start.
 */

import type { PoolKind } from "../base/pool_kind.ts";
import { formatAddress } from "../base/peer_address.ts";
import type { PoolAddress } from "../net/pools/connection.ts";
import { areaLog } from "../observe/log.ts";

const log = areaLog("pool");

const PROTOCOL: Readonly<Record<PoolKind, string>> = {
  agent: "the agent protocol",
  stratum: "Stratum, so it sees one worker unless its entry sets `workers`",
};

/** A connection that asks a pool for its kind, and hears its extranonce2 size with it. */
export class KindQuestion {
  /** Whether it is for nothing else, and another connection may wait for what it finds. */
  readonly isProbe: boolean;
  /** The size, as soon as it is there; `undefined` if the pool does not say it. */
  readonly size: Promise<number | undefined>;
  /** Resolves when nothing more is heard. */
  readonly over: Promise<void>;
  readonly #size: (bytes: number | undefined) => void;
  readonly #end: () => void;

  /** `end` is called when it is over. */
  constructor(isProbe: boolean, end: () => void) {
    const size = Promise.withResolvers<number | undefined>();
    const over = Promise.withResolvers<void>();
    this.isProbe = isProbe;
    this.size = size.promise;
    this.over = over.promise;
    this.#size = size.resolve;
    this.#end = () => {
      end();
      size.resolve(undefined);
      over.resolve();
    };
  }

  /** What is known of the size; `undefined` for nothing yet. The first one counts. */
  sizeSeen(bytes: number | undefined): void {
    if (bytes !== undefined) this.#size(bytes);
  }

  /** It asks no more. To be called once. */
  end(): void {
    this.#end();
  }
}

/** The kinds found. One for all accounts of the process. */
export class FoundKinds {
  readonly #kinds = new Map<string, PoolKind>();
  readonly #said = new Set<string>();
  /** The last question of each address that is not over. */
  readonly #questions = new Map<string, KindQuestion>();

  /** What was found at an address; `undefined` if it is to be found out. */
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
  ask(address: PoolAddress, isProbe: boolean): KindQuestion {
    const key = keyOf(address);
    const question = new KindQuestion(isProbe, () => {
      if (this.#questions.get(key) === question) this.#questions.delete(key);
    });
    this.#questions.set(key, question);
    return question;
  }

  /** What is being asked at an address; `undefined` for nothing. */
  asked(address: PoolAddress): KindQuestion | undefined {
    return this.#questions.get(keyOf(address));
  }

  /** The pool did not go on as it was taken for: it is to be found out again. */
  forget(address: PoolAddress): void {
    this.#kinds.delete(keyOf(address));
  }
}

function keyOf({ host, port, usesTls }: PoolAddress): string {
  return `${host.toLowerCase()} ${port} ${usesTls === true}`;
}
