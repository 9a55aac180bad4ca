/**
 * What was found out of pools whose kind nobody said, by address: for the life of the process, so
 * that a pool which was mistaken for another kind is asked again at the next start.
 */

import { formatAddress } from "../base/peer_address.ts";
import type { PoolAddress } from "../net/pools/connection.ts";
import { areaLog } from "../observe/log.ts";
import type { PoolKind } from "./connection.ts";

const log = areaLog("pool");

const PROTOCOL: Readonly<Record<PoolKind, string>> = {
  agent: "the agent protocol",
  stratum: "Stratum, so all shares go up under one name",
};

/** The kinds found. One for all accounts of the process. */
export class FoundKinds {
  readonly #kinds = new Map<string, PoolKind>();
  readonly #said = new Set<string>();

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

  /** The pool did not go on as it was taken for: it is to be found out again. */
  forget(address: PoolAddress): void {
    this.#kinds.delete(keyOf(address));
  }
}

function keyOf({ host, port, usesTls }: PoolAddress): string {
  return `${host.toLowerCase()} ${port} ${usesTls === true}`;
}
