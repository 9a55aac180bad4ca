/** A client of a Stratum V2 pool that a test leads by the hand, and that finds real shares. */

import { systemTime } from "../../../lib/base/system_time.ts";
import { PoolFault } from "../../../lib/base/violation.ts";
import { merkleRoot } from "../../../lib/bitcoin/header.ts";
import { doubleSha256 } from "../../../lib/bitcoin/sha256.ts";
import { targetOfBytes } from "../../../lib/bitcoin/target.ts";
import { type AgentMessage, encodeAgentMessage } from "../../../lib/protocol/sv2/agent_message.ts";
import { parseAuthorityKey } from "../../../lib/protocol/sv2/authority_key.ts";
import type { OpenExtendedMiningChannelSuccess } from "../../../lib/protocol/sv2/channel.ts";
import type { NewExtendedMiningJob } from "../../../lib/protocol/sv2/job.ts";
import { ACT2, ActReader } from "../../../lib/protocol/sv2/noise/acts.ts";
import { drawKeyPair, type KeyPair } from "../../../lib/protocol/sv2/noise/curve.ts";
import { FrameOpener } from "../../../lib/protocol/sv2/noise/frame_opener.ts";
import { FrameSealer } from "../../../lib/protocol/sv2/noise/frame_sealer.ts";
import { Initiator, type Shaken } from "../../../lib/protocol/sv2/noise/initiator.ts";
import { sealedFrameBytes } from "../../../lib/protocol/sv2/noise/sealed_frame.ts";
import { decodePoolMessage, type PoolMessage } from "../../../lib/protocol/sv2/pool_message.ts";
import type { SubmitSharesExtended } from "../../../lib/protocol/sv2/share.ts";
import { Watch } from "../../../lib/sim/watch.ts";

/** A message of one kind. */
type Of<Kind extends PoolMessage["kind"]> = Extract<PoolMessage, { readonly kind: Kind }>;

/** A pool to connect to. */
interface Address {
  readonly port: number;
  readonly authorityKey: string;
}

/** How a share is to be made. */
export interface Wanted {
  /** What its hash must meet; the channel's target if not given. */
  readonly target?: bigint;
  /** What its hash must not meet. */
  readonly above?: bigint;
  readonly extranonce?: Uint8Array;
  readonly ntime?: number;
  readonly version?: number;
  readonly workerName?: string | Uint8Array;
  readonly sequenceNumber?: number;
  readonly channelId?: number;
  /** The prefix, if it is not the channel's. */
  readonly prefix?: Uint8Array;
}

export const USER = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4.rig1";
export const ANY_TARGET = new Uint8Array(32).fill(0xff);

/** The end of a hash's search: every test's target is met much sooner. */
const MAX_TRIES = 1_000_000;

export class Sv2Client {
  /** Everything that came, in order. */
  readonly messages: PoolMessage[] = [];
  isClosed = false;
  /** The channel, once it is open. */
  channel: OpenExtendedMiningChannelSuccess | undefined;
  readonly #conn: Deno.TcpConn;
  readonly #watch = new Watch(systemTime);
  #shaken: Shaken | undefined;
  #sealer: FrameSealer | undefined;
  #reading: Promise<void> | undefined;
  #sequence = 0;
  #extranonces = 0;
  #requests = 0;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async connect({ port }: { readonly port: number }): Promise<Sv2Client> {
    return new Sv2Client(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** A client whose handshake is over. @throws what the handshake throws (rejects). */
  static async shaken(
    pool: Address,
    { draw = drawKeyPair, wallTime = Date.now() }: { draw?: () => KeyPair; wallTime?: number } = {},
  ): Promise<Sv2Client> {
    const client = await Sv2Client.connect(pool);
    try {
      const initiator = new Initiator(draw);
      await client.write(initiator.act1);
      const act2 = await client.readAct2();
      if (act2 === undefined) throw new Error("closed before act 2");
      const parsed = parseAuthorityKey(pool.authorityKey);
      if (!parsed.ok) throw new Error(parsed.found);
      const trust = { authority: parsed.key, wallTime };
      client.#shaken = await initiator.readAct2(act2, trust, {
        after: (_, act) => {
          act();
          return 0;
        },
      });
      client.#sealer = new FrameSealer(client.#shaken.keys.fromInitiator);
      client.#reading = client.#read(client.#shaken.keys.fromResponder);
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** A client that has an open channel and a job. */
  static async ready(
    pool: Address,
    { flags = 4, extensions = [] as number[], user = USER, hashRate = 0, minSize = 8 } = {},
  ): Promise<Sv2Client> {
    const client = await Sv2Client.shaken(pool);
    await client.setUp(flags);
    if (extensions.length > 0) await client.extend(extensions);
    await client.open({ user, hashRate, minSize });
    await client.next("setNewPrevHash");
    return client;
  }

  /** What the pool's certificate says. */
  get certificate(): Shaken["certificate"] {
    return this.#shaken!.certificate;
  }

  async setUp(flags = 4): Promise<PoolMessage> {
    this.send({
      kind: "setupConnection",
      protocol: 0,
      minVersion: 2,
      maxVersion: 2,
      flags,
      endpointHost: "127.0.0.1",
      endpointPort: 3336,
      vendor: "test",
      hardwareVersion: "",
      firmware: "",
      deviceId: "",
    });
    return await this.next("setupConnectionSuccess", "setupConnectionError");
  }

  async extend(extensions: readonly number[]): Promise<PoolMessage> {
    this.send({
      kind: "requestExtensions",
      requestId: ++this.#requests,
      extensions: Uint16Array.from(extensions),
    });
    return await this.next("requestExtensionsSuccess", "requestExtensionsError");
  }

  async open(
    { user = USER, hashRate = 0, minSize = 8, maxTarget = ANY_TARGET } = {},
  ): Promise<PoolMessage> {
    this.send({
      kind: "openExtendedMiningChannel",
      requestId: ++this.#requests,
      userIdentity: user,
      nominalHashRate: hashRate,
      maxTarget,
      minExtranonceSize: minSize,
    });
    const answer = await this.next("openExtendedMiningChannelSuccess", "openMiningChannelError");
    if (answer.kind === "openExtendedMiningChannelSuccess") this.channel = answer;
    return answer;
  }

  /** Sends messages in one write. */
  send(...messages: readonly AgentMessage[]): void {
    this.sendFrames(...messages.map(encodeAgentMessage));
  }

  /** Sends plain frames, sealed, in one write. */
  sendFrames(...frames: readonly Uint8Array[]): void {
    const length = frames.reduce((sum, frame) => sum + sealedFrameBytes(frame.length), 0);
    const out = new DataView(new ArrayBuffer(length));
    let at = 0;
    for (const frame of frames) at = this.#sealer!.seal(frame, out, at);
    this.write(new Uint8Array(out.buffer)).catch(() => {});
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#conn.write(bytes);
  }

  /** Everything up to the end of act 2; `undefined` if the pool closes before. */
  async readAct2(): Promise<Uint8Array | undefined> {
    const reader = new ActReader(ACT2.bytes);
    for (;;) {
      const { act } = reader;
      if (act !== undefined) return act;
      const chunk = await this.readSome();
      if (chunk === undefined) return undefined;
      reader.push(chunk);
    }
  }

  /** What one read returns; `undefined` at the end. */
  async readSome(): Promise<Uint8Array | undefined> {
    const chunk = new Uint8Array(65_536);
    const count = await this.#conn.read(chunk).catch(() => null);
    return count === null ? undefined : chunk.subarray(0, count);
  }

  /** The first message of these kinds that was not brought before. */
  async next<Kind extends PoolMessage["kind"]>(...kinds: readonly Kind[]): Promise<Of<Kind>> {
    const isWanted = (message: PoolMessage): message is Of<Kind> =>
      (kinds as readonly string[]).includes(message.kind) && !this.#brought.has(message);
    await this.until(() => this.messages.some(isWanted) || this.isClosed);
    const found = this.messages.find(isWanted);
    if (found === undefined) throw new Error(`closed before ${kinds.join(" or ")}`);
    this.#brought.add(found);
    return found;
  }
  readonly #brought = new Set<PoolMessage>();

  all<Kind extends PoolMessage["kind"]>(kind: Kind): readonly Of<Kind>[] {
    return this.messages.filter((message): message is Of<Kind> => message.kind === kind);
  }

  /** The newest job. */
  get job(): NewExtendedMiningJob {
    return this.all("newExtendedMiningJob").at(-1)!;
  }

  /** Submits a share of a job, the newest if none is given, and brings the verdict on it. */
  async submit(wanted: Wanted = {}, job = this.job): Promise<PoolMessage> {
    this.send(this.share(wanted, job));
    return await this.next("submitSharesSuccess", "submitSharesError");
  }

  /** A share of a job, which takes the next sequence number. */
  share(wanted: Wanted = {}, job = this.job): SubmitSharesExtended {
    const channel = this.channel!;
    const { prevHash, minNtime, bits } = this.all("setNewPrevHash").at(-1)!;
    const target = wanted.target ?? targetOfBytes(channel.target);
    const ntime = wanted.ntime ?? job.minNtime ?? minNtime;
    const version = wanted.version ?? job.version;
    const extranonce = wanted.extranonce ?? this.#nextExtranonce(channel.extranonceSize);
    const coinbase = concat(
      job.coinbasePrefix,
      wanted.prefix ?? channel.extranoncePrefix,
      extranonce,
      job.coinbaseSuffix,
    );
    const header = new Uint8Array(80);
    const out = new DataView(header.buffer);
    out.setUint32(0, version, true);
    header.set(prevHash, 4);
    header.set(merkleRoot(stripped(coinbase), job.merklePath.map((hash) => hash.toHex())), 36);
    out.setUint32(68, ntime, true);
    out.setUint32(72, bits, true);
    const nonce = this.#search(header, target, wanted.above ?? -1n);
    return {
      kind: "submitSharesExtended",
      channelId: wanted.channelId ?? channel.channelId,
      sequenceNumber: wanted.sequenceNumber ?? this.#sequence++,
      jobId: job.jobId,
      nonce,
      ntime,
      version,
      extranonce,
      workerName: typeof wanted.workerName === "string"
        ? new TextEncoder().encode(wanted.workerName)
        : wanted.workerName,
    };
  }

  until(condition: () => boolean, timeoutMs = 10_000): Promise<void> {
    return this.#watch.until(condition, timeoutMs);
  }

  /** Settles when the pool has closed. */
  async closed(): Promise<void> {
    await this.until(() => this.isClosed);
  }

  close(): void {
    if (!this.isClosed) {
      this.isClosed = true;
      try {
        this.#conn.close();
      } catch {
        // It was closed by the other side.
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#reading;
  }

  #search(header: Uint8Array, target: bigint, above: bigint): number {
    const out = new DataView(header.buffer);
    for (let nonce = 0; nonce < MAX_TRIES; nonce++) {
      out.setUint32(76, nonce, true);
      const hash = targetOfBytes(doubleSha256(header));
      if (hash <= target && hash > above) return nonce;
    }
    throw new Error("Found no share");
  }

  #nextExtranonce(size: number): Uint8Array {
    const extranonce = new Uint8Array(size);
    new DataView(extranonce.buffer).setUint32(size - 4, this.#extranonces++);
    return extranonce;
  }

  async #read(key: Uint8Array): Promise<void> {
    const opener = new FrameOpener(key, PoolFault);
    for (;;) {
      const chunk = await this.readSome();
      if (chunk === undefined) break;
      opener.push(chunk);
      try {
        for (let frame = opener.next(); frame !== undefined; frame = opener.next()) {
          this.messages.push(decodePoolMessage(frame));
        }
      } catch (error) {
        if (!(error instanceof PoolFault)) throw error;
        break;
      }
      this.#watch.changed();
    }
    this.close();
    this.#watch.changed();
  }
}

/** The coinbase as it is hashed, if a pool has left its SegWit fields in. */
function stripped(coinbase: Uint8Array): Uint8Array {
  if (coinbase[4] !== 0 || coinbase[5] !== 1) return coinbase;
  const end = coinbase.length;
  return concat(
    coinbase.subarray(0, 4),
    coinbase.subarray(6, end - 38),
    coinbase.subarray(end - 4),
  );
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.fromHex(parts.map((part) => part.toHex()).join(""));
}
