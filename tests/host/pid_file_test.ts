/** The pid file: whose it is, and that nothing else is written or removed. */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import { holderOf, PidFile } from "../../lib/host/pid_file.ts";

const take = (path: string) => PidFile.take(path, systemTime);

async function inFolder(test: (folder: string, path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder, `${folder}/run/agent.pid`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a pid file is made with the folders above it, found, and gone at the end", () =>
  inFolder(async (_, path) => {
    const file = await take(path);
    assert.equal(await Deno.readTextFile(path), `${Deno.pid}\n`);
    assert.equal(await holderOf(path), Deno.pid);
    await file.release();
    await assert.rejects(Deno.lstat(path), Deno.errors.NotFound);
    await assert.rejects(holderOf(path), Deno.errors.NotFound);
  }));

Deno.test("a second agent learns whose file it is, and does not change it", () =>
  inFolder(async (_, path) => {
    const first = await take(path);
    await assert.rejects(take(path), {
      name: "PidFileTaken",
      message: `process ${Deno.pid}, another btcagent, holds it`,
    });
    assert.equal(await holderOf(path), Deno.pid);
    await first.release();
    await (await take(path)).release();
  }));

Deno.test("the file of a crashed agent gets no signal and is taken over", () =>
  inFolder(async (folder, path) => {
    await Deno.mkdir(`${folder}/run`);
    // Longer than what replaces it, and a process that runs.
    await Deno.writeTextFile(path, "1          \n");
    await assert.rejects(holderOf(path), {
      name: "PidFileTaken",
      message: "process 1, which wrote it, has ended without removing it",
    });
    const file = await take(path);
    assert.equal(await Deno.readTextFile(path), `${Deno.pid}\n`);
    await file.release();
  }));

Deno.test("a symbolic link is neither followed nor replaced", () =>
  inFolder(async (folder) => {
    const [target, link] = [`${folder}/precious`, `${folder}/agent.pid`];
    for (const isThere of [false, true]) {
      if (isThere) await Deno.writeTextFile(target, "17\n");
      else await Deno.symlink(target, link);
      for (const use of [take, holderOf]) {
        await assert.rejects(() => use(link), {
          name: "PidFileTaken",
          message: "it is a symbolic link, wanted a file of its own",
        });
      }
    }
    assert.equal(await Deno.readTextFile(target), "17\n");
    assert.ok((await Deno.lstat(link)).isSymlink);
  }));

Deno.test("a file with other content is not overwritten", () =>
  inFolder(async (folder) => {
    for (const text of ['{ "pools": [] }', "12 34\n", "-1", "0", "1".repeat(40)]) {
      const path = `${folder}/agent.jsonc`;
      await Deno.writeTextFile(path, text);
      await assert.rejects(take(path), {
        message: "it contains something other than a process id",
      });
      await assert.rejects(holderOf(path), { message: "there is no process id in it" });
      assert.equal(await Deno.readTextFile(path), text);
    }
  }));

Deno.test("a folder or a pipe is named, and not waited for", () =>
  inFolder(async (folder) => {
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    for (const [path, kind] of [[folder, "a folder"], [`${folder}/pipe`, "a named pipe"]]) {
      for (const use of [take, holderOf]) {
        await assert.rejects(() => use(path!), {
          message: `it is ${kind}, wanted a file of its own`,
        });
      }
    }
  }));

Deno.test("a file that was replaced meanwhile is not removed at the end", () =>
  inFolder(async (_, path) => {
    const file = await take(path);
    await Deno.remove(path);
    await Deno.writeTextFile(path, "17\n");
    await file.release();
    assert.equal(await Deno.readTextFile(path), "17\n");
  }));
