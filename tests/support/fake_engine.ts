/**
 * An engine without sockets: everything sent arrives in order and at once.
 */

import assert from "node:assert/strict";
import type { Crowd, Engine, MinerEvents, SlowPeer } from "../../lib/net/miners/engine.ts";
import type { PeerAddress } from "../../lib/base/peer_address.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The far end of one connection. */
interface FakePeer {
  /** What was sent to it and not yet looked at. */
  text: string;
  isClosed: boolean;
}

/** An engine without sockets; code under test listens through {@linkcode FakeEngine.listen}. */
export class FakeEngine implements Engine {
  readonly address: PeerAddress = { hostname: "127.0.0.1", port: 3333 };
  bytesWritten = 0;
  /** Every handle the owner closed, in order. */
  readonly closedByOwner: number[] = [];
  /** How often it was swept. */
  sweeps = 0;
  /** Whether new connections are still let in. */
  isAccepting = true;
  /** Whether what peers send is still read. */
  isReading = true;
  isStopped = false;
  /** By handle: the bytes a peer still takes; the next byte drops it, as a slow peer. */
  readonly room: Map<number, number> = new Map();
  /** Whether peers do not take their last bytes. */
  areSlow = false;
  /** Those that the owner closed and that have not taken theirs. */
  readonly lingering: Set<number> = new Set();
  readonly #peers = new Map<number, FakePeer>();
  readonly #freeHandles: number[] = [];
  #nextHandle = 0;
  #events: MinerEvents | undefined;

  /** Starts "listening". */
  readonly listen = (events: MinerEvents): Engine => {
    this.#events = events;
    return this;
  };

  /** A connection comes in. Returns its handle, or `undefined` if it was turned away. */
  connect(from: PeerAddress = { hostname: "10.0.0.7", port: 4001 }): number | undefined {
    assert.ok(this.isAccepting, "nobody accepts any more");
    // Like the real one, it reuses the handle that was freed last.
    const handle = this.#freeHandles.pop() ?? this.#nextHandle++;
    this.#peers.set(handle, { text: "", isClosed: false });
    if (this.#events!.opened(handle, from, this.address)) return handle;
    this.#peers.delete(handle);
    this.#freeHandles.push(handle);
    return undefined;
  }

  /** Bytes come in. Like a socket's, the buffer is spoilt right after. */
  receive(handle: number, bytes: Uint8Array | string): void {
    if (!this.isOpen(handle) || !this.isReading) return;
    const buffer = typeof bytes === "string" ? encoder.encode(bytes) : bytes.slice();
    this.#events!.received(handle, buffer);
    buffer.fill(0xee);
  }

  /** The peer disconnects. */
  hangUp(handle: number, reason = "it closed the connection"): void {
    if (this.isOpen(handle)) this.#gone(handle, reason);
  }

  /** The peer takes too little and is closed for it. */
  dropSlow(handle: number, slow: SlowPeer): void {
    if (this.isOpen(handle)) this.#gone(handle, "too slow", slow);
  }

  /** Nobody can be accepted for now. */
  failToAccept(error: unknown): void {
    this.#events!.acceptFailed(error);
  }

  /** Whether the connection is still there. */
  isOpen(handle: number): boolean {
    return this.#peers.get(handle)?.isClosed === false;
  }

  /** The lines a peer was sent since the last look; anything but whole lines is a failure. */
  takeLines(handle: number): string[] {
    const peer = this.#peers.get(handle);
    if (peer === undefined || peer.text === "") return [];
    const lines = peer.text.split("\n");
    assert.equal(lines.pop(), "", "what is sent ends with LF");
    peer.text = "";
    return lines;
  }

  send(handle: number, bytes: Uint8Array): void {
    const peer = this.#peers.get(handle);
    if (peer === undefined || peer.isClosed) return;
    assert.ok(bytes.length > 0, "nothing is never sent");
    const room = this.room.get(handle);
    if (room !== undefined && bytes.length > room) {
      this.#gone(handle, `too slow: ${bytes.length} bytes wait for it`);
      return;
    }
    if (room !== undefined) this.room.set(handle, room - bytes.length);
    this.#take(peer, bytes);
  }

  tell(handle: number): void {
    const peer = this.#peers.get(handle);
    if (peer?.isClosed !== false) return;
    const bytes = this.#events!.news(handle);
    if (bytes !== undefined) this.#take(peer, bytes);
  }

  #take(peer: FakePeer, bytes: Uint8Array): void {
    peer.text += decoder.decode(bytes);
    this.bytesWritten += bytes.length;
  }

  tellAll(crowd: Crowd): void {
    for (const handle of crowd.handles()) this.tell(handle);
  }

  close(handle: number): boolean {
    const peer = this.#peers.get(handle);
    if (peer === undefined || peer.isClosed) return true;
    peer.isClosed = true;
    this.closedByOwner.push(handle);
    if (this.areSlow) this.lingering.add(handle);
    else this.#freeHandles.push(handle);
    return !this.areSlow;
  }

  abort(handle: number): void {
    if (this.lingering.has(handle)) this.letGo(handle);
    else this.close(handle);
  }

  /** A peer that was closed has taken its last bytes, or its time for that is over. */
  letGo(handle: number): void {
    assert.ok(this.lingering.delete(handle), "it was not being closed");
    this.#freeHandles.push(handle);
    this.#events!.ended(handle);
  }

  sweep(): void {
    this.sweeps++;
  }

  stopAccepting(): Promise<void> {
    this.isAccepting = false;
    return Promise.resolve();
  }

  stopReading(): void {
    this.isReading = false;
  }

  stop(): Promise<void> {
    void this.stopAccepting();
    this.isStopped = true;
    for (const peer of this.#peers.values()) peer.isClosed = true;
    return Promise.resolve();
  }

  #gone(handle: number, reason: string, slow?: SlowPeer): void {
    this.#peers.get(handle)!.isClosed = true;
    this.room.delete(handle);
    this.#freeHandles.push(handle);
    this.#events!.closed(handle, reason, slow);
  }
}
