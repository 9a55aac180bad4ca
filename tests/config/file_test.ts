/** Where the configuration is found, and what is said when it is not. */

import assert from "node:assert/strict";
import { readConfigFile } from "../../lib/config/file.ts";
import { configuredPools } from "../../lib/config/pools.ts";
import { MAX_CONFIG_LENGTH } from "../../lib/config/read.ts";

async function withFile(text: string, test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("a file comes with its path, its configuration and what is worth saying", async () => {
  await withFile('{ "pools": [["h", 1, "a"]], "use_iocp": true }', async (path) => {
    const file = await readConfigFile(path);
    assert.ok(file.ok);
    assert.equal(file.path, path);
    assert.equal(configuredPools(file.config)[0]!.host, "h");
    assert.equal(file.remarks.length, 1);
  });
});

Deno.test("problems of a file come with its name and their places", async () => {
  await withFile('{\n "pools": []\n}', async (path) => {
    const file = await readConfigFile(path);
    assert.ok(!file.ok);
    assert.ok(file.message.startsWith(`${path}:2:`), file.message);
  });
});

Deno.test("a file that is too long is not even read", async () => {
  await withFile(" ".repeat(MAX_CONFIG_LENGTH + 1), async (path) => {
    const file = await readConfigFile(path);
    assert.ok(!file.ok);
    assert.match(
      file.message,
      /it has 1048577 bytes, wanted at most 1048576; name a readable file with -c$/,
    );
  });
});

Deno.test("a file that is not there is named, with what to do", async () => {
  const file = await readConfigFile("/no/such/file");
  assert.ok(!file.ok);
  assert.match(file.message, /^cannot read the configuration \/no\/such\/file: .*with -c$/);
});

Deno.test("what is no file is named with what it is, and nothing else is read in its place", async () => {
  const folder = await Deno.makeTempDir();
  const said = async (path: string) => {
    const file = await readConfigFile(path);
    return file.ok ? "read" : file.message.replace(folder, "");
  };
  await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
  await Deno.symlink(`${folder}/pipe`, `${folder}/link`);
  assert.equal(
    await said(`${folder}/link`),
    "cannot read the configuration /link: it is a named pipe, wanted a file; name a file with -c",
  );
  assert.match(await said(folder), /: it is a folder, wanted a file; name a file with -c$/);
  assert.match(await said("/dev/null"), /: it is a device, wanted a file; name a file with -c$/);
  await Deno.remove(folder, { recursive: true });
});
