/** How much the history writes to the disk, as a file and its log show it. */

import assert from "node:assert/strict";
import { Checkpoints } from "../../../lib/observe/history/checkpoints.ts";
import { Database } from "../../../lib/observe/history/database.ts";

const HOUR_MS = 3_600_000;

/** A database with an empty log, and a row for each of four pages. */
function rig() {
  const folder = Deno.makeTempDirSync({ prefix: "btcagent-history-" });
  const path = `${folder}/history.sqlite`;
  const database = new Database(path, { now: () => 0, busyMs: 0 });
  for (const pragma of ["journal_mode = WAL", "synchronous = NORMAL", "wal_autocheckpoint = 0"]) {
    database.run(`PRAGMA ${pragma}`);
  }
  database.run("CREATE TABLE big(id INTEGER PRIMARY KEY, text TEXT)");
  for (let id = 0; id < 4; id++) database.run("INSERT INTO big VALUES (?, ?)", id, fullPage("a"));
  database.checkpoint("TRUNCATE");
  return {
    database,
    path,
    checkpoints: new Checkpoints(database, path, 0),
    [Symbol.dispose]: () => {
      database.close();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

/** A text that fills most of a page. */
function fullPage(letter: string): string {
  return letter.repeat(3_900);
}

const PAGE = 4_096;
const FRAME = PAGE + 24;

Deno.test("a page that is written three times between checkpoints goes to the file once", () => {
  using it = rig();
  const { database, checkpoints } = it;
  for (const letter of ["b", "c", "d"]) {
    database.run("UPDATE big SET text = ? WHERE id = 1", fullPage(letter));
  }
  checkpoints.run(HOUR_MS);
  assert.equal(checkpoints.bytesWritten, 3 * FRAME + PAGE);
  database.run("UPDATE big SET text = ? WHERE id = 2", fullPage("b"));
  checkpoints.run(2 * HOUR_MS);
  assert.equal(checkpoints.bytesWritten, 4 * FRAME + 2 * PAGE, "the log was begun again");
});

Deno.test("what a reader keeps from moving is counted when it is moved", () => {
  using it = rig();
  const { database, checkpoints, path } = it;
  database.run("UPDATE big SET text = ? WHERE id = 0", fullPage("b"));
  const reader = new Database(path, { now: () => 0, busyMs: 0 });
  reader.run("BEGIN");
  reader.number("SELECT count(*) FROM big");
  database.run("UPDATE big SET text = ? WHERE id = 0", fullPage("c"));
  database.run("UPDATE big SET text = ? WHERE id = 3", fullPage("b"));
  checkpoints.run(HOUR_MS);
  assert.equal(checkpoints.bytesWritten, 3 * FRAME + PAGE, "only what came before it");
  reader.run("COMMIT");
  reader.close();
  checkpoints.run(2 * HOUR_MS);
  assert.equal(checkpoints.bytesWritten, 3 * FRAME + 3 * PAGE);
});
