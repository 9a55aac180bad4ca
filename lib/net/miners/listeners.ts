/**
 * Makes several listening ports look like one: the handles of all engines become one row of
 * numbers.
 *
 * Ports can be added and removed. A removed port accepts no more, but its connections stay: its
 * engine is stopped when the last of them has ended.
 */

import { pause, type Timers } from "../../base/clock.ts";
import type { CertificateFiles } from "../tls/certificate_files.ts";
import type { Crowd, Engine, EngineEvents, MinerEvents, MinerSockets } from "./engine.ts";
import { formatAddress, type PeerAddress } from "../../base/peer_address.ts";
import { LibcUnavailable } from "../libc/library.ts";

/** Where to listen. */
export interface ListenAddress extends PeerAddress {
  /** The certificate, if the port has TLS. */
  readonly tls?: CertificateFiles | undefined;
  /** Networks whose connections begin with a PROXY header; `undefined` if none ever does. */
  readonly trusted?: readonly string[] | undefined;
}

/** Starts an engine on one address. */
export type StartEngine = (address: ListenAddress, events: EngineEvents) => Engine;

/** Cannot listen on an address; the message says why and what to do. */
export class CannotListen extends Error {
  /** The class's own name. */
  override readonly name = "CannotListen";
}

/** One listening port. */
interface Port {
  /** The address asked for; the engine knows the real port if that was 0. */
  readonly wanted: ListenAddress;
  readonly engine: Engine;
  /** The engine's handles → ours. */
  readonly handles: number[];
  /** The part of each crowd that is on this port. */
  readonly crowds: WeakMap<Crowd, Crowd>;
  connections: number;
  isAccepting: boolean;
  /** Set once the last connection of a removed port has ended. */
  stopping?: Promise<void>;
}

/** Miners' sockets on all addresses. */
export class Listeners implements MinerSockets {
  readonly #start: StartEngine;
  readonly #events: MinerEvents;
  readonly #timers: Timers;
  /** Ports that accept, in the order asked for, then removed ports that still have connections. */
  #ports: Port[] = [];
  /** Indexed by our handle: the port, and the engine's handle. */
  readonly #portOf: (Port | undefined)[] = [];
  readonly #innerOf: number[] = [];
  readonly #freeHandles: number[] = [];
  /** Bytes written by engines that were stopped. */
  #bytesWrittenBefore = 0;
  /** Whether all ports are closing. */
  #isClosing = false;

  /**
   * Listens on every address.
   *
   * @throws CannotListen for the first address that fails; the ports before it are closed again.
   */
  constructor(
    addresses: readonly ListenAddress[],
    start: StartEngine,
    events: MinerEvents,
    timers: Timers,
  ) {
    this.#timers = timers;
    this.#start = start;
    this.#events = events;
    this.#ports = this.#open(addresses);
  }

  /** Where miners connect to, with the real ports where 0 was asked for. */
  get addresses(): readonly PeerAddress[] {
    return this.#accepting().map(({ engine }) => engine.address);
  }

  get bytesWritten(): number {
    const running = this.#ports.reduce((sum, { engine }) => sum + engine.bytesWritten, 0);
    return this.#bytesWrittenBefore + running;
  }

  /** How many engines run, including those of removed ports. */
  get engines(): number {
    return this.#ports.length;
  }

  /**
   * Listens on these addresses from now on: opens new ports and stops accepting on others. No miner
   * is disconnected.
   *
   * @throws CannotListen for the first address that fails; then nothing changes.
   */
  async reconfigure(addresses: readonly ListenAddress[]): Promise<void> {
    const before = this.#accepting();
    const has = (port: Port) => addresses.some((address) => isSame(address, port.wanted));
    const kept = before.filter(has);
    const removed = before.filter((port) => !has(port));
    for (const port of removed) void this.#retire(port);
    if (removed.length > 0) await this.#portsAreFree();
    // No port is opened while all are closing.
    if (this.#isClosing) return;
    const isNew = (address: ListenAddress) => !kept.some(({ wanted }) => isSame(address, wanted));
    try {
      this.#ports.push(...this.#open(addresses.filter(isNew)));
      this.#sortAs(addresses);
    } catch (error) {
      // A port to be changed, for example to TLS, may have been reopened before another one failed.
      await this.#portsAreFree();
      if (this.#isClosing) throw error;
      this.#ports.push(...this.#open(removed.map(({ wanted }) => wanted)));
      this.#sortAs(before.map(({ wanted }) => wanted));
      throw error;
    }
  }

  // A miner may be lost with the first of several messages to it: calls with a void handle do
  // nothing, as with the engines themselves.

  send(handle: number, bytes: Uint8Array): void {
    this.#portOf[handle]?.engine.send(this.#innerOf[handle]!, bytes);
  }

  tell(handle: number): void {
    this.#portOf[handle]?.engine.tell(this.#innerOf[handle]!);
  }

  tellAll(crowd: Crowd): void {
    for (const port of this.#ports) {
      if (port.connections > 0) port.engine.tellAll(this.#crowdAt(port, crowd));
    }
  }

  /** The part of a crowd on one port: the same object each time for the same crowd. */
  #crowdAt(port: Port, crowd: Crowd): Crowd {
    let own = port.crowds.get(crowd);
    if (own === undefined) {
      own = {
        handles: () => {
          const inner: number[] = [];
          const handles = crowd.handles();
          // By index: `for…of` would make an object for each miner, with every job.
          for (let i = 0; i < handles.length; i++) {
            const handle = handles[i]!;
            if (this.#portOf[handle] === port) inner.push(this.#innerOf[handle]!);
          }
          return inner;
        },
        get isUrgent() {
          return crowd.isUrgent;
        },
      };
      port.crowds.set(crowd, own);
    }
    return own;
  }

  close(handle: number): boolean {
    const engine = this.#portOf[handle]?.engine;
    if (engine === undefined) return true;
    const isGone = engine.close(this.#innerOf[handle]!);
    if (isGone) this.#forget(handle);
    return isGone;
  }

  abort(handle: number): void {
    const port = this.#portOf[handle];
    port?.engine.abort(this.#innerOf[handle]!);
    // No event follows for a connection that was not being closed already.
    if (port !== undefined && this.#portOf[handle] === port) this.#forget(handle);
  }

  sweep(): void {
    for (const port of this.#ports) {
      port.engine.sweep();
      const { connections, engine: { arriving = 0 } } = port;
      if (!port.isAccepting && connections === 0 && arriving === 0) {
        port.stopping ??= port.engine.stop().then(() => {
          this.#ports = this.#ports.filter((other) => other !== port);
          this.#bytesWrittenBefore += port.engine.bytesWritten;
        });
      }
    }
  }

  async stopAccepting(): Promise<void> {
    this.#isClosing = true;
    await Promise.all(this.#accepting().map((port) => this.#retire(port)));
  }

  stopReading(): void {
    for (const { engine } of this.#ports) engine.stopReading();
  }

  async stop(): Promise<void> {
    this.#isClosing = true;
    await Promise.all(this.#ports.map(({ engine, stopping }) => stopping ?? engine.stop()));
  }

  #accepting(): Port[] {
    return this.#ports.filter((port) => port.isAccepting);
  }

  #sortAs(addresses: readonly ListenAddress[]): void {
    const place = ({ wanted }: Port) => addresses.findIndex((address) => isSame(address, wanted));
    this.#ports.sort((a, b) => place(a) - place(b));
  }

  #retire(port: Port): Promise<void> {
    port.isAccepting = false;
    return port.engine.stopAccepting();
  }

  #open(addresses: readonly ListenAddress[]): Port[] {
    const opened: Port[] = [];
    for (const address of addresses) {
      try {
        opened.push(this.#openOne(address));
      } catch (error) {
        // No miner has connected yet, so there is nothing to wait for.
        for (const { engine } of opened) void engine.stop();
        throw new CannotListen(listenProblem(error, address), { cause: error });
      }
    }
    return opened;
  }

  /** A closed port becomes free only when the accept under way has noticed. */
  #portsAreFree(): Promise<void> {
    return pause(this.#timers, 0);
  }

  #openOne(wanted: ListenAddress): Port {
    const handles: number[] = [];
    const events = this.#events;
    const engine = this.#start(wanted, {
      opened: (inner, from) => {
        const handle = this.#take(port, inner);
        // The engine does not report a connection that it closes itself here.
        const isWelcome = events.opened(handle, from, wanted);
        if (!isWelcome) this.#forget(handle);
        return isWelcome;
      },
      received: (inner, bytes) => events.received(handles[inner]!, bytes),
      closed: (inner, reason, slow) => {
        const handle = handles[inner]!;
        events.closed(handle, reason, slow);
        this.#forget(handle);
      },
      ended: (inner) => {
        const handle = handles[inner]!;
        this.#forget(handle);
        events.ended(handle);
      },
      acceptFailed: (error) => events.acceptFailed(error),
      news: (inner) => events.news(handles[inner]!),
      balancerLeft: (from, fault) => events.balancerLeft?.(from, fault),
      roundEnded: (ms) => events.roundEnded?.(ms),
    });
    const port: Port = {
      wanted,
      engine,
      handles,
      crowds: new WeakMap(),
      connections: 0,
      isAccepting: true,
    };
    return port;
  }

  #take(port: Port, inner: number): number {
    const handle = this.#freeHandles.pop() ?? this.#portOf.length;
    this.#portOf[handle] = port;
    this.#innerOf[handle] = inner;
    port.handles[inner] = handle;
    port.connections++;
    return handle;
  }

  #forget(handle: number): void {
    this.#portOf[handle]!.connections--;
    this.#portOf[handle] = undefined;
    this.#freeHandles.push(handle);
  }
}

/** Whether an open port serves both: which networks are trusted may change while it is open. */
function isSame(one: ListenAddress, other: ListenAddress): boolean {
  return (one.trusted === undefined) === (other.trusted === undefined) &&
    one.hostname === other.hostname && one.port === other.port &&
    one.tls?.cert_file === other.tls?.cert_file && one.tls?.key_file === other.tls?.key_file;
}

/** The message for the operator when listening for miners fails: the cause and what to do. */
export function listenProblem(error: unknown, address: PeerAddress): string {
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
