/**
 * A connection to a pool of unknown kind: finds out the kind on one connection, then opens another
 * of that kind.
 */

import type { KindOfPool, PoolKind } from "../base/pool_kind.ts";
import { PoolFault } from "../base/violation.ts";
import type { Connection } from "../net/pools/connection.ts";
import { LineDecoder } from "../protocol/stratum/lines.ts";
import { decodePoolMessage, MAX_POOL_LINE_BYTES } from "../protocol/stratum/pool_message.ts";
import type {
  EndCause,
  PoolConnection,
  PoolConnectionOptions,
  PoolConnectionOwner,
  ReadyUpstream,
} from "./connection.ts";
import { causeOf, endReason, isClose } from "./end_reason.ts";
import type { FoundKinds, KindQuestion } from "./found_kinds.ts";
import { KindEvidence, kindQuestion } from "./kind_question.ts";

const READ_BUFFER_BYTES = 4 * 1024;

/** A pool sends less than this before its kind is clear: a few jobs of 40 KB. */
const MAX_BYTES = 512 * 1024;

/** What is needed to find out. */
export interface FindingOutParts {
  /** The kinds found so far; a new one is noted here. */
  readonly found: FoundKinds;
  /** Opens a connection of a kind. */
  readonly open: (kind: PoolKind, options: PoolConnectionOptions) => PoolConnection;
}

/** The stages of such a connection. */
type Stage =
  | { readonly kind: "asking"; readonly link: Connection | undefined }
  | { readonly kind: "found"; readonly inner: PoolConnection }
  | { readonly kind: "ended"; readonly inner: PoolConnection | undefined };

/** A connection that first asks for the kind, then stands for a connection of that kind. */
export class FindingOut implements PoolConnection, PoolConnectionOwner {
  readonly name: string;
  readonly #options: PoolConnectionOptions;
  readonly #parts: FindingOutParts;
  readonly #abort = new AbortController();
  readonly #question: Uint8Array;
  readonly #openedAt: number;
  readonly #evidence = new KindEvidence();
  #stage: Stage = { kind: "asking", link: undefined };
  #bytesRead = 0;
  #bytesWritten = 0;
  #isReady = false;
  #kind: KindOfPool = "unknown";
  #asked: KindQuestion | undefined;

  /** Starts dialling. */
  constructor(options: PoolConnectionOptions, parts: FindingOutParts) {
    this.name = options.name;
    this.#options = options;
    this.#parts = parts;
    this.#openedAt = options.now();
    const { version, account, password } = options;
    this.#question = new TextEncoder().encode(kindQuestion(version, account, password));
    const known = parts.found.of(options.address);
    if (known === undefined) this.#ask();
    else this.#open(known);
  }

  /** The kind, once it is found; `unknown` before. */
  get kind(): KindOfPool {
    return this.#kind;
  }

  get bytesRead(): number {
    return this.#bytesRead + (this.#inner?.bytesRead ?? 0);
  }

  get bytesWritten(): number {
    return this.#bytesWritten + (this.#inner?.bytesWritten ?? 0);
  }

  get waitingBytes(): number {
    return this.#inner?.waitingBytes ?? 0;
  }

  get messagesRead(): number {
    return this.#inner?.messagesRead ?? 0;
  }

  get messagesWritten(): number {
    return this.#inner?.messagesWritten ?? 0;
  }

  flush(): void {
    this.#inner?.flush();
  }

  tick(): void {
    if (this.#stage.kind === "found") return this.#stage.inner.tick();
    if (this.#stage.kind === "ended") return;
    const time = this.#options.now();
    this.#evidence.tick(time);
    if (this.#openIfFound()) return;
    const { handshakeTimeoutMs } = this.#options;
    if (time - this.#openedAt < handshakeTimeoutMs) return;
    const missing = this.#stage.link === undefined ? "a connection" : this.#evidence.waitingFor;
    this.#end(`no answer: waited ${handshakeTimeoutMs / 1000} s for ${missing}`);
  }

  close(): void {
    const stage = this.#stage;
    if (stage.kind === "ended") return;
    this.#stage = { kind: "ended", inner: this.#inner };
    this.#abort.abort();
    if (stage.kind === "found") stage.inner.close();
    else stage.link?.close();
  }

  ready(_inner: PoolConnection, upstream: ReadyUpstream): void {
    this.#isReady = true;
    this.#options.owner.ready(this, upstream);
  }

  ended(_inner: PoolConnection, reason: string, cause: EndCause): void {
    // The address may lead to another pool since its kind was found.
    if (!this.#isReady && cause === "refusal") this.#parts.found.forget(this.#options.address);
    this.#stage = { kind: "ended", inner: this.#inner };
    this.#options.owner.ended(this, reason, cause);
  }

  get #inner(): PoolConnection | undefined {
    return this.#stage.kind === "asking" ? undefined : this.#stage.inner;
  }

  /** A method of its own, because the compiler does not see that the stage changes. */
  #isAsking(): boolean {
    return this.#stage.kind === "asking";
  }

  async #ask(): Promise<void> {
    const { found } = this.#parts;
    const { dial, address } = this.#options;
    // One question is enough for all connections to an address.
    for (let other = found.asked(address); other !== undefined; other = found.asked(address)) {
      await other.over;
      if (!this.#isAsking()) return;
      const known = found.of(address);
      if (known !== undefined) return this.#open(known);
    }
    const question = this.#asked = found.ask(address);
    try {
      const link = await dial(address, this.#abort.signal, { bytes: this.#question });
      if (!this.#isAsking()) return link.close();
      this.#stage = { kind: "asking", link };
      this.#bytesWritten = this.#question.length;
      await this.#listen(link);
    } catch (error) {
      this.#lost(error);
    } finally {
      question.end();
    }
  }

  async #listen(link: Connection): Promise<void> {
    const buffer = new Uint8Array(READ_BUFFER_BYTES);
    const decoder = new LineDecoder(MAX_POOL_LINE_BYTES, PoolFault);
    while (this.#isAsking()) {
      const count = await link.read(buffer);
      if (!this.#isAsking()) return;
      if (count === null) return this.#closed("the pool closed the connection");
      this.#bytesRead += count;
      if (this.#bytesRead > MAX_BYTES) {
        throw new PoolFault(
          "too-much",
          `Cannot find out the protocol of this pool: it sent more than ${MAX_BYTES} bytes ` +
            `before that was clear`,
        );
      }
      decoder.push(buffer.subarray(0, count));
      for (let line = decoder.next(); line; line = decoder.next()) {
        if (line.length === 0) continue;
        this.#evidence.receive(decodePoolMessage(line), this.#options.now());
        if (this.#openIfFound()) return;
      }
    }
  }

  /** Takes a thrown error: only a connection that the pool closed says something about its kind. */
  #lost(error: unknown): void {
    if (!this.#isAsking()) return;
    if (isClose(error)) this.#closed(endReason(error));
    else this.#end(endReason(error), causeOf(error));
  }

  #closed(reason: string): void {
    this.#evidence.closed();
    if (!this.#openIfFound()) this.#end(reason);
  }

  #openIfFound(): boolean {
    const { kind } = this.#evidence;
    this.#asked?.sizeSeen(this.#evidence.sizeAt(this.#options.now()));
    if (kind === undefined || this.#stage.kind !== "asking") return false;
    this.#stage.link?.close();
    this.#parts.found.found(this.#options.address, kind);
    this.#options.connectsAgain?.();
    this.#open(kind);
    return true;
  }

  #open(kind: PoolKind): void {
    this.#kind = kind;
    const inner = this.#parts.open(kind, { ...this.#options, kind, owner: this });
    this.#stage = { kind: "found", inner };
  }

  #end(reason: string, cause: EndCause = "connection"): void {
    if (this.#stage.kind === "ended") return;
    this.close();
    this.#options.owner.ended(this, reason, cause);
  }
}
