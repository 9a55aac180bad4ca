/** BlockOrder: who still works on a block that other pools have left. */

import assert from "node:assert/strict";
import { BlockOrder, LONGEST_BLOCK_MS } from "../../lib/pool/block_order.ts";

const POOLS = ["a", "b", "c", "d", "e"] as const;

class World {
  readonly order = new BlockOrder();
  time = 0;
  /** What was found when pools went on, such as `b 2` for one that was 2 seconds behind. */
  readonly followed: string[] = [];

  /** Jobs such as `a1 b1 a2`: a pool's letter and its previous hash, one a second. */
  jobs(text: string): this {
    for (const [pool, ...hash] of text.split(" ")) {
      this.time += 1_000;
      const poolId = POOLS.indexOf(pool as typeof POOLS[number]);
      const { order, time } = this;
      const behindMs = order.jobCame(poolId, pool!, hash.join(""), time);
      if (behindMs > 0) this.followed.push(`${pool} ${behindMs / 1000}`);
    }
    return this;
  }

  /** The pools that are behind, and since when. */
  get behind(): string {
    return this.#apart(true);
  }

  /** Those that may be as well as the pool that left them. */
  get undecided(): string {
    return this.#apart(false);
  }

  #apart(isSure: boolean): string {
    const found = POOLS.map((pool, id) => [pool, this.order.leftBehind(id, this.time)] as const);
    return found.flatMap(([pool, left]) =>
      left === undefined || left.isSure !== isSure
        ? []
        : [`${pool} since ${left.name} at ${left.at / 1000}`]
    ).join(", ");
  }
}

Deno.test("when two pools are on different blocks, it is unknown which is right until one follows", () => {
  const world = new World().jobs("a1 b1 a2 a2 b1");
  assert.deepEqual([world.behind, world.undecided], ["", "b since a at 3"]);
  world.jobs("b2");
  assert.deepEqual([world.behind, world.undecided], ["", ""]);
  assert.deepEqual(world.followed, ["b 3"]);
});

Deno.test("a pool is behind while more pools have moved on to the same block than are at its block", () => {
  const world = new World().jobs("a1 b1 c1 a2");
  assert.deepEqual([world.behind, world.undecided], ["", "b since a at 4, c since a at 4"]);
  world.jobs("b2");
  assert.deepEqual([world.behind, world.undecided], ["c since a at 4", ""]);
  world.jobs("c2");
  assert.deepEqual([world.behind, world.followed], ["", ["b 1", "c 2"]]);
});

Deno.test("blocks that no other pool has never make other pools look behind", () => {
  const world = new World().jobs("a1 b1 c1");
  for (let block = 2; block < 40; block++) {
    // Made up before each block that all get, and made up again.
    world.jobs(`cx${block} cy${block} a${block} c${block} b${block} cz${block} c${block}`);
    assert.equal(world.behind, "");
    world.jobs("a" + block);
  }
  assert.ok(world.followed.every((text) => text === "b 2" || text === "c 1"), `${world.followed}`);
});

Deno.test("two pools that make up the same blocks are outvoted by three", () => {
  const world = new World().jobs("a1 b1 c1 d1 e1");
  for (let block = 2; block < 9; block++) {
    world.jobs(`dx${block} ex${block}`);
    assert.equal(world.behind, "");
    world.jobs(`d${block} e${block} a${block} b${block} c${block}`);
  }
});

Deno.test("a pool that stays on a block for longer than blocks take is behind", () => {
  const world = new World().jobs("a1 b1 a2 a3 a4");
  assert.equal(world.behind, "");
  world.time += LONGEST_BLOCK_MS;
  assert.equal(world.behind, "b since a at 3");
});

Deno.test("the first pool to leave a block for one that others have is the one that counts", () => {
  assert.equal(new World().jobs("a1 b1 c1 a2 b2 ax").behind, "c since a at 4");
});

Deno.test("two blocks of one height are not behind each other", () => {
  const world = new World().jobs("a1 b1 c1 d1 a2 b3 c2 d3");
  assert.deepEqual([world.behind, world.undecided], ["", ""]);
  world.jobs("a4 b4 c4 d4");
  assert.deepEqual([world.behind, world.undecided], ["", ""]);
  assert.deepEqual(world.followed, ["c 2", "d 2", "c 2", "d 2"], "each those of its own");
});

Deno.test("a pool that returns to a block withdraws its claim", () => {
  assert.equal(new World().jobs("a1 b1 a2 a1").undecided, "");
  assert.equal(new World().jobs("a1 b1 a2 a1 a3").undecided, "b since a at 5");
});

Deno.test("a pool that connects with an old block is behind at once", () => {
  assert.equal(new World().jobs("a1 c1 a2 c2 b1").behind, "b since a at 3");
});

Deno.test("pools of different coins, and a pool alone, are never behind", () => {
  for (const jobs of ["a1 b7 a2 b8 a3 a4 b9", "a1 a2 a3"]) {
    const world = new World().jobs(jobs);
    assert.deepEqual([world.behind, world.undecided, world.followed], ["", "", []]);
  }
});

Deno.test("many blocks of one pool push out only its own old blocks", () => {
  const world = new World();
  for (let block = 0; block < 1_000; block++) world.jobs(`a${block}`);
  assert.equal(world.jobs("b3").undecided, "");
  assert.equal(world.jobs("b990").undecided, "b since a at 992");
  world.jobs("c1 d1 c2");
  for (let block = 0; block < 1_000; block++) world.jobs(`a${block}`);
  assert.match(world.undecided, /d since c/);
});
