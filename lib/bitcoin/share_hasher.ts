/**
 * Hashes shares: coinbase, merkle root and header in one call of WebAssembly (scripts/wasm), also
 * four shares at once. It allocates nothing for a share.
 *
 * All state is one memory with four lanes, each for a share and its job. A result stays in its lane
 * until shares are hashed again. A job's bytes stay, too: for another share of the same job only
 * the differences are written.
 */

import { type CoinbaseParts, HEADER_BYTES, type HeaderFields } from "./header.ts";
import { HEADER, LANE, LANE_BYTES, LANES, TABLE } from "./share_memory.ts";
import { SCALAR_WASM, SIMD_WASM } from "./share_wasm.ts";
import { isAtMost } from "./target.ts";

/** The longest coinbase transaction accepted, in bytes. */
export const MAX_COINBASE_BYTES = 60_000;
/** The most merkle branches. */
export const MAX_BRANCHES = 32;
/** The most bytes between the coinbase parts. */
export const MAX_ROOM_BYTES = 32;

/** The parts of a job that the hashes of its shares depend on. */
export interface HashedJob extends CoinbaseParts, HeaderFields {
  /**
   * At most 32, with 64 hex digits each in memory order, starting with the coinbase's neighbour.
   */
  readonly merkleBranches: readonly string[];
}

/**
 * A job prepared by {@linkcode ShareHasher.prepare}: bytes instead of hex, about as large as the
 * job.
 */
export interface PreparedJob {
  /** The bytes for a lane, from {@linkcode LANE.job} on. */
  readonly bytes: Uint8Array;
  /** How many bytes of the coinbase each share supplies, 1 to 32. */
  readonly room: number;
  /** Their offset from the start of a lane. */
  readonly roomAt: number;
  /** Blocks of 64 bytes in the coinbase that are hashed for each share. */
  readonly blocks: number;
  /** Merkle branches. */
  readonly branches: number;
}

interface ScalarExports {
  readonly memory: WebAssembly.Memory;
  hash(lane: number): void;
  absorb(state: number, block: number, count: number): void;
  swap(at: number, count: number): void;
}

/** The start of a lane in memory; one more lane after the last is for preparing jobs. */
const laneAt = (lane: number) => LANE_BYTES * (lane + 1);
const SCRATCH = laneAt(LANES);
const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
/** From three shares it pays: four at once take as long as two one by one. */
const FEWEST_AT_ONCE = 3;

/** Hashes shares in four lanes. The whole program uses one, see {@linkcode shareHasher}. */
export class ShareHasher {
  readonly #exports: ScalarExports;
  readonly #hashAll: (() => void) | undefined;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #hashes: readonly Uint8Array[];
  readonly #hashWords: readonly Uint32Array[];
  /** The job in each lane. */
  readonly #resident: (PreparedJob | undefined)[] = Array.from({ length: LANES });

  /**
   * Starts the modules with their own memory. The program uses {@linkcode shareHasher} instead.
   *
   * @param hasSimd whether to hash four shares at once; the engine must support SIMD.
   */
  constructor(hasSimd: boolean) {
    this.#exports = start(SCALAR_WASM) as unknown as ScalarExports;
    const { memory } = this.#exports;
    this.#hashAll = hasSimd
      ? start(SIMD_WASM, { env: { memory } })["hashAll"] as () => void
      : undefined;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Uint32Array(memory.buffer);
    const lanes = Array.from({ length: LANES }, (_, lane) => laneAt(lane) + LANE.hash);
    this.#hashes = lanes.map((at) => new Uint8Array(memory.buffer, at, HASH_BYTES));
    this.#hashWords = lanes.map((at) => new Uint32Array(memory.buffer, at, 8));
  }

  /** Whether four shares are hashed at once. */
  get hasSimd(): boolean {
    return this.#hashAll !== undefined;
  }

  /**
   * Prepares a job for its shares, best when the first one comes. The lanes do not change.
   *
   * @param room the bytes between its coinbase parts, 1 to 32.
   * @throws {RangeError} for more bytes or branches than the limits above, or for a wrong length.
   * @throws {SyntaxError} for texts that are not hex.
   */
  prepare(job: HashedJob, room: number): PreparedJob {
    const length1 = job.coinbase1.length / 2;
    const length = length1 + room + job.coinbase2.length / 2;
    const branches = job.merkleBranches.length;
    checkRange("bytes between the coinbase parts", room, 1, MAX_ROOM_BYTES);
    checkRange("bytes of a coinbase", length, 1, MAX_COINBASE_BYTES);
    checkRange("merkle branches", branches, 0, MAX_BRANCHES);

    const bytes = this.#bytes;
    const coinbaseAt = SCRATCH + LANE.branch + branches * HASH_BYTES;
    const blocks = Math.ceil((length + 9) / BLOCK_BYTES);
    const end = coinbaseAt + blocks * BLOCK_BYTES;
    bytes.fill(0, SCRATCH, end);
    this.#writeHeader(job);
    for (const [i, branch] of job.merkleBranches.entries()) {
      this.#writeHex(branch, SCRATCH + LANE.branch + i * HASH_BYTES, HASH_BYTES);
    }
    this.#writeHex(job.coinbase1, coinbaseAt, length1);
    this.#writeHex(job.coinbase2, coinbaseAt + length1 + room, job.coinbase2.length / 2);
    bytes[coinbaseAt + length] = 0x80;
    this.#exports.swap(SCRATCH + LANE.branch, (end - SCRATCH - LANE.branch) / 4);
    this.#words[end / 4 - 1] = length * 8;

    const whole = Math.floor(length1 / BLOCK_BYTES);
    bytes.copyWithin(SCRATCH + LANE.midstate, TABLE.initial, TABLE.initial + HASH_BYTES);
    this.#exports.absorb(SCRATCH + LANE.midstate, coinbaseAt, whole);
    bytes.copyWithin(coinbaseAt, coinbaseAt + whole * BLOCK_BYTES, end);
    return {
      bytes: bytes.slice(SCRATCH + LANE.job, end - whole * BLOCK_BYTES),
      room,
      roomAt: coinbaseAt - SCRATCH + length1 % BLOCK_BYTES,
      blocks: blocks - whole,
      branches,
    };
  }

  /** Writes the header of a job without version, root, time and nonce, and its padding. */
  #writeHeader({ prevHash, bits }: HashedJob): void {
    const header = SCRATCH + LANE.header;
    // A lane holds each word with its bytes reversed, which is also how pools print these two
    // fields.
    this.#writeHex(prevHash, header + HEADER.prevHash, HASH_BYTES);
    this.#writeHex(bits, header + HEADER.bits, 4);
    this.#words[(header + HEADER_BYTES) / 4] = 0x80000000;
    this.#words[(header + 2 * BLOCK_BYTES) / 4 - 1] = HEADER_BYTES * 8;
  }

  /** Decodes hex directly into memory: temporary arrays would cost more than the job. */
  #writeHex(hex: string, at: number, bytes: number): void {
    checkRange("hex digits", hex.length, bytes * 2, bytes * 2);
    this.#bytes.subarray(at, at + bytes).setFromHex(hex);
  }

  /**
   * Puts a share into a lane, to be hashed by {@linkcode hashLanes}.
   *
   * @param lane 0 to 3.
   * @param room the bytes between the coinbase parts; those after the job's room are ignored.
   * @param ntime the header's time, an unsigned 32-bit number, as are the two others.
   * @param version the header's version, rolled bits included.
   * @throws {RangeError} for fewer bytes than the job was prepared for.
   */
  put(
    lane: number,
    job: PreparedJob,
    room: Uint8Array,
    ntime: number,
    nonce: number,
    version: number,
  ): void {
    if (room.length < job.room) {
      throw new RangeError(
        `Cannot hash a share: ${room.length} bytes between the coinbase parts, must be ${job.room}`,
      );
    }
    const at = laneAt(lane);
    if (this.#resident[lane] !== job) {
      this.#bytes.set(job.bytes, at + LANE.job);
      this.#resident[lane] = job;
    }
    const roomAt = at + job.roomAt;
    for (let i = 0; i < job.room; i++) this.#bytes[(roomAt + i) ^ 3] = room[i]!;
    const words = this.#words;
    words[(at + LANE.version) >> 2] = version;
    words[(at + LANE.ntime) >> 2] = ntime;
    words[(at + LANE.nonce) >> 2] = nonce;
    words[(at + LANE.blocks) >> 2] = job.blocks;
    words[(at + LANE.branches) >> 2] = job.branches;
  }

  /**
   * Hashes the shares in the first `count` lanes, 1 to 4; results in other lanes are lost. The
   * shares may be for any jobs: together they take as long as the one with the most blocks and the
   * one with the most branches.
   */
  hashLanes(count: number): void {
    if (count < FEWEST_AT_ONCE || this.#hashAll === undefined) {
      for (let lane = 0; lane < count; lane++) this.#exports.hash(laneAt(lane));
      return;
    }
    // Empty lanes take no steps.
    for (let lane = count; lane < LANES; lane++) {
      this.#words[(laneAt(lane) + LANE.blocks) >> 2] = 0;
      this.#words[(laneAt(lane) + LANE.branches) >> 2] = 0;
    }
    this.#hashAll();
  }

  /** Hashes one share, in lane 0: {@linkcode put} and {@linkcode hashLanes}; returns its hash. */
  hash(
    job: PreparedJob,
    room: Uint8Array,
    ntime: number,
    nonce: number,
    version: number,
  ): Uint8Array {
    this.put(0, job, room, ntime, nonce, version);
    this.#exports.hash(laneAt(0));
    return this.#hashes[0]!;
  }

  /**
   * The hash in a lane: 32 bytes in memory order, as a view that is valid until the lane is hashed
   * again.
   */
  hashIn(lane: number): Uint8Array {
    return this.#hashes[lane]!;
  }

  /**
   * The hash as 8 numbers, the least significant first, for {@linkcode isAtMost} and
   * `difficultyOfHash`.
   */
  wordsIn(lane: number): Uint32Array {
    return this.#hashWords[lane]!;
  }

  /** Whether the hash in a lane is at most `target`, from `targetWords`. */
  meets(lane: number, target: Uint32Array): boolean {
    return isAtMost(this.#hashWords[lane]!, target);
  }

  /** A copy of the 80-byte header of the share hashed in a lane. */
  headerIn(lane: number): Uint8Array {
    const at = laneAt(lane) + LANE.header;
    return Uint8Array.from({ length: HEADER_BYTES }, (_, i) => this.#bytes[(at + i) ^ 3]!);
  }
}

let loaded: ShareHasher | undefined;

/**
 * The program's share hasher, started at the first call. If the engine has no SIMD, it hashes
 * shares one by one.
 */
export function shareHasher(): ShareHasher {
  return loaded ??= new ShareHasher(WebAssembly.validate(Uint8Array.fromBase64(SIMD_WASM)));
}

function start(base64: string, imports: WebAssembly.Imports = {}): WebAssembly.Exports {
  const module = new WebAssembly.Module(Uint8Array.fromBase64(base64));
  return new WebAssembly.Instance(module, imports).exports;
}

function checkRange(what: string, found: number, from: number, to: number): void {
  if (Number.isInteger(found) && found >= from && found <= to) return;
  throw new RangeError(`Cannot prepare a job: ${what}: found ${found}, wanted ${from} to ${to}`);
}
