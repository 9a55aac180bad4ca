import assert from "node:assert/strict";
import fc from "fast-check";
import { formatHex32 } from "../../lib/base/hex.ts";
import { headerOf, merkleRoot } from "../../lib/bitcoin/header.ts";
import { doubleSha256 } from "../../lib/bitcoin/sha256.ts";
import {
  type HashedJob,
  MAX_COINBASE_BYTES,
  ShareHasher,
  shareHasher,
} from "../../lib/bitcoin/share_hasher.ts";
import { LANES } from "../../lib/bitcoin/share_memory.ts";
import { targetWords } from "../../lib/bitcoin/target.ts";

/** A share with its job, as a pool and a miner would make it. */
interface Sample {
  readonly job: HashedJob;
  readonly room: Uint8Array;
  readonly ntime: number;
  readonly nonce: number;
  readonly version: number;
}

/** The header by obvious code, which knows neither midstates nor lanes. */
function slowHeader({ job, room, ntime, nonce, version }: Sample): Uint8Array {
  const coinbase = Uint8Array.fromHex(job.coinbase1 + room.toHex() + job.coinbase2);
  const root = merkleRoot(coinbase, job.merkleBranches);
  return headerOf({ ...job, version: formatHex32(version) }, root, ntime, nonce, 0);
}

function put(hasher: ShareHasher, lane: number, sample: Sample): void {
  const { job, room, ntime, nonce, version } = sample;
  hasher.put(lane, hasher.prepare(job, room.length), room, ntime, nonce, version);
}

function checkLane(hasher: ShareHasher, lane: number, sample: Sample): void {
  const header = slowHeader(sample);
  assert.equal(hasher.headerIn(lane).toHex(), header.toHex());
  assert.equal(hasher.hashIn(lane).toHex(), doubleSha256(header).toHex());
}

const word = fc.integer({ min: 0, max: 0xffffffff });
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytes.toHex());
/** Bytes made from a seed: 16 KB of generated ones would take most of the time. */
const part = (maxBytes: number) =>
  fc.record({ length: fc.nat({ max: maxBytes }), seed: word }).map(({ length, seed }) =>
    Uint8Array.from({ length }, (_, i) => Math.imul(seed + i, 0x9e3779b1) >>> 24).toHex()
  );
const samples = (maxPartBytes: number): fc.Arbitrary<Sample> =>
  fc.record({
    job: fc.record({
      coinbase1: part(maxPartBytes),
      coinbase2: part(maxPartBytes),
      merkleBranches: fc.array(hash, { maxLength: 32 }),
      version: word.map(formatHex32),
      prevHash: hash,
      bits: word.map(formatHex32),
    }),
    room: fc.uint8Array({ minLength: 1, maxLength: 32 }),
    ntime: word,
    nonce: word,
    version: word,
  });

const [SAMPLE] = fc.sample(samples(200), { numRuns: 1, seed: 1 }) as [Sample];

for (
  const [name, maxPartBytes, numRuns] of [["200 bytes", 200, 150], ["16 KB", 16384, 12]] as const
) {
  Deno.test(`batches of any jobs with coinbase parts of up to ${name} agree with plain code`, () => {
    const hashers = [shareHasher(), new ShareHasher(false)];
    fc.assert(
      fc.property(
        fc.array(samples(maxPartBytes), { minLength: 1, maxLength: LANES }),
        (batch) => {
          for (const hasher of hashers) {
            for (const [lane, sample] of batch.entries()) put(hasher, lane, sample);
            hasher.hashLanes(batch.length);
            for (const [lane, sample] of batch.entries()) checkLane(hasher, lane, sample);
          }
        },
      ),
      { numRuns },
    );
  });
}

Deno.test("coinbase parts of every length around a block agree with plain code", () => {
  const hasher = shareHasher();
  for (let before = 0; before <= 130; before++) {
    const batch = [1, 8, 16, 32].map((roomBytes, lane): Sample => ({
      ...SAMPLE,
      job: {
        ...SAMPLE.job,
        coinbase1: "5a".repeat(before),
        coinbase2: "c3".repeat((before * 7 + lane) % 131),
      },
      room: new Uint8Array(roomBytes).fill(before),
    }));
    for (const [lane, sample] of batch.entries()) put(hasher, lane, sample);
    hasher.hashLanes(LANES);
    for (const [lane, sample] of batch.entries()) checkLane(hasher, lane, sample);
    const { job, room, ntime, nonce, version } = batch[0]!;
    const found = hasher.hash(hasher.prepare(job, room.length), room, ntime, nonce, version);
    assert.equal(found.toHex(), doubleSha256(slowHeader(batch[0]!)).toHex());
  }
});

Deno.test("a lane that sees two jobs in turns mixes nothing up", () => {
  const hasher = shareHasher();
  const other = { ...SAMPLE, job: { ...SAMPLE.job, merkleBranches: [], coinbase2: "" } };
  const jobs = [SAMPLE, other].map((sample) => hasher.prepare(sample.job, sample.room.length));
  for (let turn = 0; turn < 6; turn++) {
    const which = [0, 0, 1, 0, 1, 1][turn]!;
    const sample = { ...[SAMPLE, other][which]!, ntime: turn, nonce: ~turn >>> 0 };
    const room = sample.room.map((byte) => byte + turn);
    hasher.hash(jobs[which]!, room, sample.ntime, sample.nonce, sample.version);
    checkLane(hasher, 0, { ...sample, room });
  }
});

Deno.test("preparing a job leaves the shares that wait in lanes alone", () => {
  const hasher = shareHasher();
  for (let lane = 0; lane < LANES; lane++) put(hasher, lane, { ...SAMPLE, nonce: lane });
  hasher.prepare({ ...SAMPLE.job, coinbase2: "ff".repeat(50_000) }, 8);
  hasher.hashLanes(LANES);
  for (let lane = 0; lane < LANES; lane++) checkLane(hasher, lane, { ...SAMPLE, nonce: lane });
});

Deno.test("lanes left over from a larger batch do not disturb a smaller one", () => {
  const hasher = shareHasher();
  const large = {
    ...SAMPLE,
    job: { ...SAMPLE.job, coinbase2: "ab".repeat(MAX_COINBASE_BYTES / 2) },
  };
  for (let lane = 0; lane < LANES; lane++) put(hasher, lane, large);
  hasher.hashLanes(LANES);
  for (let lane = 0; lane < 3; lane++) put(hasher, lane, SAMPLE);
  hasher.hashLanes(3);
  for (let lane = 0; lane < 3; lane++) checkLane(hasher, lane, SAMPLE);
  put(hasher, 3, large);
  hasher.hashLanes(4);
  checkLane(hasher, 2, SAMPLE);
  checkLane(hasher, 3, large);
});

Deno.test("a hash meets its own number as a target, and not the one below it", () => {
  const hasher = shareHasher();
  put(hasher, 0, SAMPLE);
  hasher.hashLanes(1);
  const own = BigInt("0x" + hasher.hashIn(0).toReversed().toHex());
  assert.ok(hasher.meets(0, targetWords(own)));
  assert.ok(!hasher.meets(0, targetWords(own - 1n)));
});

Deno.test("a prepared job takes little more than its bytes, whatever coinbase part 1 is", () => {
  const hasher = shareHasher();
  const job = { ...SAMPLE.job, coinbase1: "00".repeat(16_000), coinbase2: "00".repeat(100) };
  const { bytes } = hasher.prepare({ ...job, merkleBranches: [] }, 8);
  assert.ok(bytes.length <= 64 * 3 + 160, `${bytes.length} bytes`);
  assert.equal(bytes.buffer.byteLength, bytes.length);
});

Deno.test("jobs beyond the limits are refused, and shares with too little room", () => {
  const hasher = shareHasher();
  const job = { ...SAMPLE.job, coinbase1: "", coinbase2: "00".repeat(MAX_COINBASE_BYTES - 8) };
  const refused = (wrong: Partial<HashedJob>, room = 8) =>
    assert.throws(() => hasher.prepare({ ...job, ...wrong }, room), RangeError);
  hasher.prepare(job, 8);
  refused({ coinbase1: "00" });
  refused({}, 0);
  refused({}, 17);
  refused({ coinbase2: "" }, 1.5);
  refused({ merkleBranches: Array(33).fill("00".repeat(32)) });
  refused({ merkleBranches: ["00".repeat(31)] });
  refused({ prevHash: "00" });
  refused({ bits: "1d00ff" });
  assert.throws(() => hasher.prepare({ ...SAMPLE.job, coinbase1: "zz" }, 8), SyntaxError);
  assert.throws(() => hasher.prepare({ ...SAMPLE.job, coinbase1: "0", coinbase2: "0" }, 8));
  const prepared = hasher.prepare(SAMPLE.job, 8);
  assert.throws(() => hasher.put(0, prepared, new Uint8Array(7), 0, 0, 0), RangeError);
});
