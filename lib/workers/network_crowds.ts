/**
 * How many workers of each network are connected, and how many are gone and remembered.
 *
 * A device that logs in under ever new names, with a good share for each, would otherwise fill the
 * book, and hide the machines that are really missing among thousands that never were.
 */

import { subnetOf } from "../base/subnet.ts";

/** Remembered of a network beside as many as were connected at the same time. */
const SPARE = 16;

interface Crowd {
  connected: number;
  /** Most of them at the same time. */
  most: number;
  gone: number;
}

/** Counts workers by the network of their address. */
export class NetworkCrowds {
  readonly #crowds = new Map<string, Crowd>();

  /** A worker at this address has a connection. */
  connected(address: string): void {
    const crowd = this.#of(address);
    crowd.most = Math.max(crowd.most, ++crowd.connected);
  }

  /** It has none any more, or it has another address from now on. */
  disconnected(address: string): void {
    this.#of(address).connected--;
    this.#tidy(address);
  }

  /** It is remembered without a connection. */
  gone(address: string): void {
    this.#of(address).gone++;
  }

  /** It is back, or forgotten. */
  forgotten(address: string): void {
    this.#of(address).gone--;
    this.#tidy(address);
  }

  /** Whether more are gone from there than machines can be. */
  isCrowded(address: string): boolean {
    const { gone, most } = this.#of(address);
    return gone > most + SPARE;
  }

  #of(address: string): Crowd {
    const network = subnetOf(address);
    let crowd = this.#crowds.get(network);
    if (crowd === undefined) {
      this.#crowds.set(network, crowd = { connected: 0, most: 0, gone: 0 });
    }
    return crowd;
  }

  #tidy(address: string): void {
    const { connected, gone } = this.#of(address);
    if (connected === 0 && gone === 0) this.#crowds.delete(subnetOf(address));
  }
}
