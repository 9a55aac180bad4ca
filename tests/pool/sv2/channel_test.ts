/** Channel: which job is worked on, and with what. */

import assert from "node:assert/strict";
import { Channel, JOBLESS_MS } from "../../../lib/pool/sv2/channel.ts";
import type { ActiveJob } from "../../../lib/pool/sv2/channel.ts";
import { channelOpened, target } from "../../support/sv2_rig.ts";
import {
  extendedJobMessage as job,
  NTIME,
  prevHashMessage as block,
} from "../../support/sv2_jobs.ts";

const OTHER_HASH = new Uint8Array(32).fill(0xee);

/** An open channel 7 of group 70, with what it noticed. */
function opened(): { readonly channel: Channel; readonly notices: string[] } {
  const notices: string[] = [];
  const channel = new Channel(channelOpened({ groupChannelId: 70 }), (why) => notices.push(why));
  return { channel, notices };
}

/** A job in short: its id, time, and whether it is clean. */
function short(news: unknown): string | undefined {
  if (typeof news !== "object" || news === null) return undefined;
  const { job: { id, ntime, isClean } } = news as ActiveJob;
  return `${id} at ${parseInt(ntime, 16) - NTIME}${isClean ? " clean" : ""}`;
}

Deno.test("A future job waits for its previous hash; then it is clean", () => {
  const { channel } = opened();
  assert.equal(channel.receive(job(), 0), undefined);
  assert.equal(short(channel.receive(block(), 0)), "1 at 0 clean");
});

Deno.test("A job with a time becomes active at once, on the previous hash of the moment", () => {
  const { channel } = opened();
  channel.receive(job(), 0);
  const first = channel.receive(block(), 0) as ActiveJob;
  const next = channel.receive(job({ jobId: 2, minNtime: NTIME + 30 }), 30_000) as ActiveJob;
  assert.equal(short(next), "2 at 30");
  assert.equal(next.job.prevHash, first.job.prevHash);
});

Deno.test("A job with a time before any previous hash is dropped and noticed", () => {
  const { channel, notices } = opened();
  assert.equal(channel.receive(job({ minNtime: NTIME }), 0), undefined);
  assert.match(notices[0]!, /before any previous hash/);
});

Deno.test("A new block voids all other future jobs", () => {
  const { channel, notices } = opened();
  channel.receive(job({ jobId: 1 }), 0);
  channel.receive(job({ jobId: 2 }), 0);
  channel.receive(block({ jobId: 1 }), 0);
  assert.equal(channel.receive(block({ jobId: 2, prevHash: OTHER_HASH }), 0), undefined);
  assert.match(notices[0]!, /job 2, which is unknown/);
});

Deno.test("A previous hash for an unknown job keeps what there is; the next job is taken", () => {
  const { channel, notices } = opened();
  channel.receive(job(), 0);
  channel.receive(block(), 0);
  assert.equal(channel.receive(block({ jobId: 99, prevHash: OTHER_HASH }), 1_000), undefined);
  assert.equal(notices.length, 1);
  assert.equal(channel.isJobless(1_000 + JOBLESS_MS - 1), false);
  assert.equal(channel.isJobless(1_000 + JOBLESS_MS), true, "all work is for nothing by now");
  const next = channel.receive(job({ jobId: 3, minNtime: NTIME }), 5_000) as ActiveJob;
  assert.equal(short(next), "3 at 0 clean");
  assert.equal(next.job.prevHash, "ee".repeat(32));
  assert.equal(channel.isJobless(100_000), false);
});

Deno.test("A future job that comes after its previous hash is worked on, at the time it is by now", () => {
  const { channel } = opened();
  assert.equal(channel.receive(block({ jobId: 5 }), 0), undefined);
  assert.equal(short(channel.receive(job({ jobId: 5 }), 2_900)), "5 at 2 clean");
});

Deno.test("A target counts for jobs that become active later", () => {
  const { channel } = opened();
  assert.equal(channel.difficulty, 1024);
  assert.equal(
    channel.receive(
      { kind: "setTarget", channelId: 7, target: target(2048) },
      0,
    ),
    "difficulty",
  );
  assert.equal(channel.difficulty, 2048);
  assert.equal(
    channel.receive({ kind: "setTarget", channelId: 7, target: target(2048) }, 0),
    undefined,
    "the same again is no news",
  );
});

Deno.test("Targets are compared as numbers: their first byte is the least", () => {
  const { channel } = opened();
  const easier = target(1024);
  easier[31] = 1;
  const harder = target(1024);
  harder.fill(0, 20);
  harder.fill(0xff, 0, 20);
  channel.receive({ kind: "setTarget", channelId: 7, target: easier }, 0);
  assert.ok(channel.difficulty < 1, "only the last byte grew, and it is the highest");
  channel.receive({ kind: "setTarget", channelId: 7, target: harder }, 0);
  assert.ok(channel.difficulty > 2 ** 40);
});

Deno.test("A target of 0 ends the connection", () => {
  const { channel } = opened();
  assert.throws(
    () => channel.receive({ kind: "setTarget", channelId: 7, target: new Uint8Array(32) }, 0),
    /target is 0/,
  );
});

Deno.test("A prefix counts for jobs that come later, not for future jobs that are there", () => {
  const { channel } = opened();
  channel.receive(job({ jobId: 1 }), 0);
  const extranoncePrefix = Uint8Array.fromHex("eeeeeeee");
  channel.receive({ kind: "setExtranoncePrefix", channelId: 7, extranoncePrefix }, 0);
  const first = channel.receive(block(), 0) as ActiveJob;
  assert.ok(first.job.coinbase1.endsWith("0a0b0c0d"));
  const next = channel.receive(job({ jobId: 2, minNtime: NTIME }), 0) as ActiveJob;
  assert.ok(next.job.coinbase1.endsWith("eeeeeeee"));
});

Deno.test("A prefix that is too long beside our bytes is noticed and not used", () => {
  const { channel, notices } = opened();
  const extranoncePrefix = new Uint8Array(25);
  channel.receive({ kind: "setExtranoncePrefix", channelId: 7, extranoncePrefix }, 0);
  assert.match(notices[0]!, /25 bytes/);
  channel.receive(job(), 0);
  assert.ok((channel.receive(block(), 0) as ActiveJob).job.coinbase1.endsWith("0a0b0c0d"));
});

Deno.test("Messages to our group count, messages to other channels are noticed", () => {
  const { channel, notices } = opened();
  channel.receive(job({ channelId: 70 }), 0);
  assert.equal(short(channel.receive(block({ channelId: 70 }), 0)), "1 at 0 clean");
  assert.equal(channel.receive(job({ channelId: 8, jobId: 2, minNtime: NTIME }), 0), undefined);
  assert.match(notices[0]!, /channel 8/);
});

Deno.test("A channel joins and leaves groups", () => {
  const { channel } = opened();
  const group = (groupChannelId: number, ...ids: readonly number[]) =>
    channel.receive(
      { kind: "setGroupChannel", groupChannelId, channelIds: Uint32Array.from(ids) },
      0,
    );
  group(80, 6, 7);
  assert.ok(channel.isFor(80));
  group(70, 6);
  assert.ok(!channel.isFor(70));
  assert.throws(() => group(7, 7), /number 7/);
});

Deno.test("A job whose version may not roll is clean, so that no older share counts for it", () => {
  const { channel } = opened();
  channel.receive(job(), 0);
  channel.receive(block(), 0);
  const fixed = channel.receive(
    job({ jobId: 2, minNtime: NTIME, isVersionRollingAllowed: false }),
    0,
  ) as ActiveJob;
  assert.deepEqual([fixed.isVersionRollingAllowed, fixed.job.isClean], [false, true]);
});

Deno.test("An insane job is dropped and noticed, and the one before it stays", () => {
  const { channel, notices } = opened();
  channel.receive(job(), 0);
  channel.receive(block(), 0);
  const insane = job({ jobId: 2, minNtime: NTIME, coinbaseSuffix: new Uint8Array(3) });
  assert.equal(channel.receive(insane, 0), undefined);
  assert.match(notices[0]!, /^job 2: /);
  assert.equal(channel.isJobless(1_000_000), false, "the job before is still good");
});

Deno.test("At most 32 future jobs are kept, the latest", () => {
  const { channel } = opened();
  for (let jobId = 0; jobId < 33; jobId++) channel.receive(job({ jobId }), 0);
  assert.equal(channel.receive(block({ jobId: 0 }), 0), undefined, "the oldest was dropped");
  for (let jobId = 0; jobId < 33; jobId++) channel.receive(job({ jobId }), 0);
  assert.equal(short(channel.receive(block({ jobId: 32 }), 0)), "32 at 0 clean");
});
