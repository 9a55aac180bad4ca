/** Whose the files of a history are. */

import assert from "node:assert/strict";
import { Place } from "../../../lib/observe/history/place.ts";

const NOBODY = 65_534;

const folder = Deno.makeTempDirSync();
const isRoot = Deno.statSync(folder).uid === 0;
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

Deno.test({
  name: "a history that root creates belongs to the owner of its folder, who goes on with it",
  ignore: !isRoot,
  fn() {
    Deno.chownSync(folder, NOBODY, NOBODY);
    const place = Place.take(`${folder}/history.sqlite`);
    assert.equal(place.look(), "new");
    place.release();
    for (const name of ["history.sqlite", "history.sqlite.lock"]) {
      const { uid, gid, mode } = Deno.statSync(`${folder}/${name}`);
      assert.deepEqual([uid, gid, mode! & 0o777], [NOBODY, NOBODY, 0o600], name);
    }
  },
});
