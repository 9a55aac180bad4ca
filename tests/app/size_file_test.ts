/** The file of sizes: whole at any time, never somebody else's, and never in the way. */

import assert from "node:assert/strict";
import { SizeFile } from "../../lib/app/size_file.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { LogCapture } from "../support/log_capture.ts";

const OURS = '{"btcagent_state":1,"extranonce2_bytes":{"pool.example:3333":4}}\n';
const NEWS = new Map([["a:1", 6], ["[fd00::7]:2", 4]]);

async function inFolder(act: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await act(`${folder}/state.json`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is read from a file with this text, what the log says, and what is there after a write. */
async function after(text: string | Uint8Array) {
  using log = new LogCapture();
  let read: ReadonlyMap<string, number> = new Map();
  let left = "";
  await inFolder(async (path) => {
    await Deno.writeFile(path, typeof text === "string" ? new TextEncoder().encode(text) : text);
    const file = new SizeFile(path, systemTime);
    read = await file.read();
    file.write(NEWS);
    await file.end();
    left = await Deno.readTextFile(path);
  });
  return { read: [...read], said: log.take(), left };
}

Deno.test("what was written can be read again, and no other file is left in the folder", async () => {
  await inFolder(async (path) => {
    const deep = path.replace("state.json", "not/there/yet.json");
    const file = new SizeFile(deep, systemTime);
    assert.deepEqual([...await file.read()], []);
    file.write(new Map([["a:1", 5]]));
    file.write(new Map([["a:1", 7]]));
    file.write(NEWS);
    await file.end();
    assert.deepEqual([...await new SizeFile(deep, systemTime).read()], [...NEWS]);
    const folder = deep.replace("/yet.json", "");
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["yet.json"]);
  });
});

Deno.test("a file of ours is read without a log line", async () => {
  const { read, said } = await after(OURS);
  assert.deepEqual([read, said], [[["pool.example:3333", 4]], []]);
});

for (
  const [name, text] of [
    ["cut off", OURS.slice(0, 40)],
    ["with sizes that are none", OURS.replace(":4", ":99")],
    ["with texts for sizes", OURS.replace(":4", ':"4"')],
    ["with a list", '{"btcagent_state":1,"extranonce2_bytes":[4]}'],
    ["with zeros behind", OURS + "\0".repeat(100)],
  ] as const
) {
  Deno.test(`a damaged file of ours, ${name}, costs one line and is written again`, async () => {
    const { read, said, left } = await after(text);
    assert.deepEqual(read, []);
    assert.equal(said.length, 1, said.join("\n"));
    assert.match(said[0]!, /^warning: Cannot use state_file .*: it is damaged/);
    assert.match(left, /"a:1":6/);
  });
}

Deno.test("a damaged file of ours is whole again even if no pool has anything to remember", async () => {
  await inFolder(async (path) => {
    await Deno.writeTextFile(path, OURS.slice(0, 40));
    using log = new LogCapture();
    const file = new SizeFile(path, systemTime);
    await file.read();
    await file.end();
    assert.equal(log.take().length, 1);
    assert.deepEqual([...await new SizeFile(path, systemTime).read()], []);
    assert.deepEqual(log.take(), []);
  });
});

Deno.test("an empty file, as a crash may leave it, is overwritten without a log line", async () => {
  const { read, said, left } = await after("");
  assert.deepEqual([read, said], [[], []]);
  assert.match(left, /"a:1":6/);
});

for (
  const [name, text] of [
    ["a configuration", '{ "pools": [["h", 1, "a"]] } // mine'],
    ["other JSON", "{}"],
    ["no text", new Uint8Array([0, 255, 254])],
    ["too long", "x".repeat(64 * 1024 + 1)],
    ["too long and ours", OURS + " ".repeat(64 * 1024)],
  ] as const
) {
  Deno.test(`a file that is ${name} is never written over`, async () => {
    const { read, said, left } = await after(text);
    assert.deepEqual(read, []);
    assert.equal(said.length, 1);
    assert.match(said[0]!, /^warning: Cannot (use|read) state_file .*set state_file to one/);
    assert.ok(!left.includes("a:1"));
  });
}

Deno.test("a file that cannot be written costs one log line, however often it is tried", async () => {
  using log = new LogCapture();
  await inFolder(async (path) => {
    await Deno.writeTextFile(path, OURS);
    const file = new SizeFile(`${path}/under/a/file`, systemTime);
    for (let i = 0; i < 3; i++) {
      file.write(NEWS);
      await file.end();
    }
    const said = log.take();
    assert.equal(said.length, 1, said.join("\n"));
    assert.match(said[0]!, /^warning: Cannot write state_file/);
  });
});

Deno.test("a link with the name of the temporary file is not followed", async () => {
  await inFolder(async (path) => {
    const victim = `${path}.victim`;
    await Deno.writeTextFile(victim, "mine");
    await Deno.symlink(victim, `${path}.new`);
    const file = new SizeFile(path, systemTime);
    file.write(NEWS);
    await file.end();
    assert.equal(await Deno.readTextFile(victim), "mine");
    assert.match(await Deno.readTextFile(path), /"a:1":6/);
  });
});
