/** Lists of workers: which, in which order, and as a table for spreadsheets. */

import assert from "node:assert/strict";
import { finished } from "../../lib/base/steps.ts";
import { csvLine } from "../../lib/observe/status/csv.ts";
import { pickPage } from "../../lib/observe/status/list_query.ts";
import { parseMinerQuery } from "../../lib/observe/status/miner_query.ts";
import { MinerSchema, type MinerShape } from "../../lib/observe/status/miner_shapes.ts";
import { parseWorkerQuery } from "../../lib/observe/status/worker_query.ts";
import { WorkerSchema, type WorkerShape } from "../../lib/observe/status/worker_shapes.ts";
import { workerCsv } from "../../lib/observe/status/worker_table.ts";
import { seededRandom } from "../../lib/sim/seeded_random.ts";
import { sampleOf } from "../support/fake_status.ts";

const MODEL = sampleOf(WorkerSchema);

function worker(name: string, more: Partial<WorkerShape> = {}): WorkerShape {
  return { ...MODEL, worker: name, ...more };
}

function stateOf(state: WorkerShape["condition"]["state"]): Pick<WorkerShape, "condition"> {
  return { condition: { ...MODEL.condition, state } };
}

const FARM = [
  worker("b", { ...stateOf("working"), id: "10", subnet: "10.0.0.0/24", client_agent: "x/1" }),
  worker("a", { ...stateOf("working"), id: "9", hour: { good: 50, lost: 50 } }),
  worker("z", { ...stateOf("missing"), account: "ann", gone_seconds: 500, usual_hashrate: null }),
  worker("y", { ...stateOf("silent"), last_share_seconds: null, connects_hour: 0 }),
];

function names(query: string): string {
  const { rows } = finished(pickPage(FARM, parseWorkerQuery(new URLSearchParams(query))));
  return rows.map((row) => row.worker).join(" ");
}

Deno.test("the worst state comes first, then names in order", () => {
  assert.equal(names(""), "z y a b");
  assert.equal(names("sort=-trouble"), "b a y z");
});

Deno.test("workers are sorted by what is asked for, ids as numbers", () => {
  assert.equal(names("sort=id"), "a b z y");
  assert.match(names("sort=last_share"), / y$/);
  assert.match(names("sort=-gone"), /^z /);
  assert.equal(names("sort=-lost"), "a b z y");
  assert.match(names("sort=connects"), /^y /);
  assert.match(names("sort=usual_hashrate"), /^z /);
});

Deno.test("a page of thousands is what all of them in order have there", () => {
  const random = seededRandom(3);
  const farm = Array.from({ length: 6_000 }, (_, i) => {
    const good = Math.floor(50 * random());
    return worker(`rig${i}`, { id: String(i), hour: { good, lost: good } });
  });
  for (const [sort, direction] of [["lost", 1], ["-lost", -1]] as const) {
    const inOrder = farm.toSorted((a, b) => direction * (a.hour.lost - b.hour.lost));
    for (const [offset, limit] of [[0, 1], [0, 100], [950, 1_000], [5_990, 100], [9_000, 5]]) {
      const query = new URLSearchParams(`sort=${sort}&offset=${offset}&limit=${limit}`);
      const page = finished(pickPage(farm, parseWorkerQuery(query)));
      assert.equal(page.total, 6_000);
      assert.deepEqual(
        page.rows.map(({ id }) => id),
        inOrder.slice(offset, offset! + limit!).map(({ id }) => id),
        `${query}`,
      );
    }
  }
});

Deno.test("filters are exact, what is searched for is not", () => {
  assert.equal(names("state=silent"), "y");
  assert.equal(names("account=ann"), "z");
  assert.equal(names("subnet=10.0.0.0/24"), "b");
  assert.equal(names("client_agent=x/1"), "b");
  assert.equal(names("q=ANN"), "z");
  assert.equal(names("state=working&offset=1&limit=1"), "b");
});

Deno.test("what cannot be asked is refused with what can", () => {
  for (const query of ["state=dead", "sort=name", "limit=0", "limit=1001", "x=1", "q=a&q=b"]) {
    assert.throws(() => parseWorkerQuery(new URLSearchParams(query)), /wanted/, query);
  }
});

Deno.test("of miners, those whose shares are lost are found whether refused here or by the pool", () => {
  const shares = sampleOf(MinerSchema).shares;
  const none = (counts: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.keys(counts).map((reason) => [reason, 0]));
  const miner = (worker: string, refused: number, rejected: number, received: number) =>
    ({
      ...sampleOf(MinerSchema),
      worker,
      shares: {
        ...shares,
        received,
        refused: { ...none(shares.refused), stale: refused },
        rejected: { ...none(shares.rejected), stale: rejected },
      },
    }) as MinerShape;
  const miners = [miner("well", 1, 1, 1000), miner("here", 9, 0, 100), miner("pool", 0, 8, 10)];
  const inOrder = (sort: string) => {
    const query = parseMinerQuery(new URLSearchParams(`sort=${sort}`));
    return finished(pickPage(miners, query)).rows.map(({ worker }) => worker);
  };
  assert.deepEqual(inOrder("-rejected"), ["here", "pool", "well"]);
  assert.deepEqual(inOrder("-lost_part"), ["pool", "here", "well"]);
});

Deno.test("a cell that a spreadsheet would calculate is text, and quotes are doubled", () => {
  assert.equal(
    csvLine(["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "rig=1", -1, null, 'a"b', "a,b"]),
    `'=1+1,'+1,'-1,'@SUM(A1),'?x,'?x,rig=1,-1,,"a""b","a,b"\r\n`,
  );
});

Deno.test("the CSV has a line for each worker under the names of its columns", () => {
  const text = [...workerCsv([worker('=cmd|"x"'), ...FARM])].join("");
  const lines = text.split("\r\n");
  assert.equal(lines.length, FARM.length + 3);
  assert.match(lines[0]!, /^id,account,worker,state,reason,part,.*,went,about,observations$/);
  assert.match(lines[1]!, /,"'=cmd\|""x""",/);
  assert.equal(lines.at(-1), "");
});
