/**
 * What is remembered of Stratum V2 pools while the process runs, for the next connections: which
 * close the connection over a question for extensions, and where one moved its clients to.
 */

import { formatAddress } from "../../base/peer_address.ts";
import { parseIpAddress } from "../../base/ip_address.ts";
import type { PoolAddress } from "../../net/pools/connection.ts";
import type { Reconnect } from "../../protocol/sv2/setup.ts";

/** A pool may move its clients once in this time, in milliseconds. */
const MOVE_EVERY_MS = 60_000;

/** No more pools are remembered. */
const MOST_POOLS = 1_000;

/** A host name, an IPv4 address, or an IPv6 address without brackets. */
const HOST = /^(?:[A-Za-z0-9_.-]+|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)$/;
const MAX_HOST_LENGTH = 255;

/** Where to go, or why not. */
export type MoveResult =
  | { readonly ok: true; readonly host: string; readonly port: number }
  | { readonly ok: false; readonly why: string };

/** The memory of one process. */
export class Sv2AtPools {
  readonly #withoutExtensions = new Set<string>();
  /** By the pool's number: when it was last followed, and the address of the next connection. */
  readonly #moves = new Map<number, { at: number; to: PoolAddress | undefined }>();

  /** Whether the pool may be asked for extensions. */
  mayAskExtensions(address: PoolAddress): boolean {
    return !this.#withoutExtensions.has(keyOf(address));
  }

  /** The pool closed the connection when it was asked. */
  closedOverExtensions(address: PoolAddress): void {
    if (this.#withoutExtensions.size < MOST_POOLS) this.#withoutExtensions.add(keyOf(address));
  }

  /**
   * A pool asks its clients to connect elsewhere. If they may, the next connection goes there; the
   * pool there has to have the same key.
   *
   * @param address where the pool is by the configuration.
   * @param time monotonic, in milliseconds.
   */
  move(
    poolId: number,
    address: PoolAddress,
    { newHost, newPort }: Reconnect,
    time: number,
  ): MoveResult {
    const host = newHost === "" ? address.host : newHost;
    const port = newPort === 0 ? address.port : newPort;
    const last = this.#moves.get(poolId);
    if (last !== undefined && time - last.at < MOVE_EVERY_MS) {
      return { ok: false, why: "it did so less than a minute ago" };
    }
    if (host.length > MAX_HOST_LENGTH || !HOST.test(host)) {
      return { ok: false, why: "that is no name or address of a host" };
    }
    // Nobody could tell whether that is the pool.
    if (address.authorityKey === undefined && host !== address.host) {
      return { ok: false, why: "without its authority key it may be somebody else who asks" };
    }
    // It could be this program, or another on this machine that the pool has no business with.
    if (isOwn(host) && !isOwn(address.host)) {
      return { ok: false, why: "that is this machine" };
    }
    this.#moves.set(poolId, { at: time, to: { ...address, host, port } });
    return { ok: true, host, port };
  }

  /** The address of the next connection to a pool: elsewhere once, if it asked for that. */
  takeAddress(poolId: number, address: PoolAddress): PoolAddress {
    const move = this.#moves.get(poolId);
    const to = move?.to;
    if (move === undefined || to === undefined) return address;
    move.to = undefined;
    // The operator may have changed the key since.
    return { ...address, host: to.host, port: to.port };
  }
}

/** Whether a host is this machine, or no machine at all. */
function isOwn(host: string): boolean {
  if (/^localhost\.?$/i.test(host) || /\.localhost\.?$/i.test(host)) return true;
  const bytes = parseIpAddress(host);
  if (bytes === undefined) return false;
  const v4 = bytes.length === 4 ? bytes : isMapped(bytes) ? bytes.subarray(12) : undefined;
  if (v4 !== undefined) return v4[0] === 127 || v4[0] === 0;
  return bytes.subarray(0, 15).every((byte) => byte === 0) && bytes[15]! <= 1;
}

/** Whether an IPv6 address stands for an IPv4 address. */
function isMapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 255 &&
    bytes[11] === 255;
}

function keyOf({ host, port }: PoolAddress): string {
  return formatAddress({ hostname: host.toLowerCase(), port });
}
