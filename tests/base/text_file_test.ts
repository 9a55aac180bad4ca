/** Text files: read whole, and never further than they may be long. */

import assert from "node:assert/strict";
import { readTextFile } from "../../lib/base/text_file.ts";

async function withFile(content: Uint8Array, test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, content);
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

for (const length of [0, 1, 16_383, 16_384, 50_000]) {
  Deno.test(`a file of ${length} characters of three bytes is read whole, mark at its head and all`, async () => {
    const text = "\ufeff" + "€".repeat(length);
    const bytes = new TextEncoder().encode(text);
    await withFile(bytes, async (path) => {
      assert.equal(await readTextFile(path, bytes.length), text);
      await assert.rejects(readTextFile(path, bytes.length - 1), {
        name: "RangeError",
        message: `it has ${bytes.length} bytes, wanted at most ${bytes.length - 1}`,
      });
    });
  });
}

Deno.test("bytes that are no UTF-8 do no harm", async () => {
  await withFile(Uint8Array.of(0x61, 0xff, 0xe2, 0x82), async (path) => {
    assert.equal(await readTextFile(path, 4), "a\ufffd\ufffd");
  });
});

Deno.test("a folder, a device and a pipe without a writer are named at once, and not opened", async () => {
  const folder = await Deno.makeTempDir();
  const pipe = `${folder}/pipe`;
  const { success } = await new Deno.Command("mkfifo", { args: [pipe] }).output();
  assert.ok(success);
  for (
    const [path, found] of [[folder, "a folder"], ["/dev/zero", "a device"], [pipe, "a named pipe"]]
  ) {
    await assert.rejects(readTextFile(path!, 10), {
      name: "NoFile",
      message: `it is ${found}, wanted a file`,
    });
  }
  await Deno.remove(folder, { recursive: true });
});
