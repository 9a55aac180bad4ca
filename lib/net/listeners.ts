/**
 * Several listening ports as one: every engine's handles are woven into one row of numbers.
 */

import {
  type Engine,
  type EngineEvents,
  formatAddress,
  type MinerSockets,
  type PeerAddress,
  type Replaceable,
} from "./engine.ts";
import { LibcUnavailable } from "./libc.ts";

/** Starts an engine on one address. */
export type StartEngine = (address: PeerAddress, events: EngineEvents) => Engine;

/** An address could not be listened on; the message says why and what to do. */
export class CannotListen extends Error {
  /** The class's own name. */
  override readonly name = "CannotListen";
}

/** Sockets of miners on all addresses. */
export class Listeners implements MinerSockets {
  readonly #engines: Engine[] = [];

  /**
   * Listens on every address.
   *
   * @throws CannotListen for the first that cannot be; those before it are closed again.
   */
  constructor(addresses: readonly PeerAddress[], start: StartEngine, events: EngineEvents) {
    const count = addresses.length;
    addresses.forEach((address, i) => {
      try {
        this.#engines.push(start(address, {
          opened: (handle, from) => events.opened(handle * count + i, from),
          received: (handle, bytes) => events.received(handle * count + i, bytes),
          closed: (handle, reason, slow) => events.closed(handle * count + i, reason, slow),
          acceptFailed: (error) => events.acceptFailed(error),
          broadcastSent: (ms) => events.broadcastSent?.(ms),
        }));
      } catch (error) {
        // Nobody has connected yet, so there is nothing to wait for.
        for (const engine of this.#engines) void engine.stop();
        throw new CannotListen(listenProblem(error, address), { cause: error });
      }
    });
  }

  /** Where miners connect to; the ports are the real ones where 0 was asked for. */
  get addresses(): readonly PeerAddress[] {
    return this.#engines.map((engine) => engine.address);
  }

  send(handle: number, bytes: Uint8Array): void {
    this.#engineOf(handle).send(this.#inner(handle), bytes);
  }

  sendLatest(handle: number, message: Replaceable): void {
    this.#engineOf(handle).sendLatest(this.#inner(handle), message);
  }

  broadcast(handles: readonly number[], message: Replaceable): void {
    if (this.#engines.length === 1) return this.#engines[0]!.broadcast(handles, message);
    const inner: number[][] = this.#engines.map(() => []);
    for (const handle of handles) inner[handle % inner.length]!.push(this.#inner(handle));
    inner.forEach((own, i) => {
      if (own.length > 0) this.#engines[i]!.broadcast(own, message);
    });
  }

  close(handle: number): void {
    this.#engineOf(handle).close(this.#inner(handle));
  }

  sweep(): void {
    for (const engine of this.#engines) engine.sweep();
  }

  stopAccepting(): void {
    for (const engine of this.#engines) engine.stopAccepting();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#engines.map((engine) => engine.stop()));
  }

  #engineOf(handle: number): Engine {
    return this.#engines[handle % this.#engines.length]!;
  }

  #inner(handle: number): number {
    return Math.floor(handle / this.#engines.length);
  }
}

/** What an operator is told when listening failed: what is in the way and what to do. */
function listenProblem(error: unknown, address: PeerAddress): string {
  const where = `Cannot listen for miners on ${formatAddress(address)}`;
  if (error instanceof Deno.errors.AddrInUse) {
    return `${where}: another program has this port, perhaps another agent; stop it, or set ` +
      "another agent_listen_port";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return `${where}: this machine has no such address; set agent_listen_ip to one of its own, ` +
      "or to 0.0.0.0 for all";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `${where}: not allowed; ports below 1024 need extra rights, so set agent_listen_port ` +
      "to a higher one";
  }
  if (error instanceof LibcUnavailable) {
    return `${where} with the libc engine: ${error.message}; or set advanced.io_engine to "auto"`;
  }
  const found = error instanceof Error ? error.message : String(error);
  return `${where}: ${found}; check agent_listen_ip and agent_listen_port`;
}
