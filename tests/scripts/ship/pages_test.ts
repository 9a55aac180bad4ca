/** The pages of a package, and that no link in them leads nowhere. */

import assert from "node:assert/strict";
import { linkedWithin, placePages } from "../../../scripts/ship/pages.ts";
import { filesUnder, placeConf } from "../../../scripts/ship/tree.ts";
import { brokenLinks } from "../../docs/pages.ts";

Deno.test("a link within the package is kept, and follows a page that has another place there", () => {
  const files = new Set([
    "README.md",
    "conf/docs/pools.md",
    "conf/docs/seen_by_pools.md",
    "copyright",
  ]);
  const elsewhere = {
    "lib/pool/seen_by_pools.md": "conf/docs/seen_by_pools.md",
    LICENSE: "copyright",
  };
  const linked = (text: string, page: string) => linkedWithin(text, page, files, elsewhere);
  assert.equal(linked("[a](conf/docs/pools.md#b)", "README.md"), "[a](conf/docs/pools.md#b)");
  assert.equal(
    linked("[a](lib/pool/seen_by_pools.md)", "README.md"),
    "[a](conf/docs/seen_by_pools.md)",
  );
  assert.equal(
    linked("[a](../../lib/pool/seen_by_pools.md)", "conf/docs/pools.md"),
    "[a](seen_by_pools.md)",
  );
  assert.equal(linked("[a](../../README.md)", "lib/pool/seen_by_pools.md"), "[a](../../README.md)");
  assert.equal(linked("[MIT](LICENSE)", "README.md"), "[MIT](copyright)");
  assert.equal(linked("[a](#b) [c](https://d)", "README.md"), "[a](#b) [c](https://d)");
  assert.equal(linked("[a](conf)", "README.md"), "[a](conf)");
});

Deno.test("a link that leads out of the package is reduced to its text", () => {
  const linked = (text: string) =>
    linkedWithin(text, "conf/docs/pools.md", new Set(["README.md"]), {});
  assert.equal(
    linked("see [`c.ts`](../../lib/c.ts), [b](../../README.md)"),
    "see `c.ts`, [b](../../README.md)",
  );
  assert.equal(linked("![a picture](x.png)"), "a picture");
});

Deno.test("every link and picture on the pages of a package leads to a file of the package", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await placeConf(folder);
    await placePages(folder, { "CHANGELOG.md": "CHANGELOG.md.gz", LICENSE: "copyright" });
    const files = await filesUnder(folder);
    for (
      const page of [
        "README.md",
        "conf/docs/install.md",
        "conf/docs/api.md",
        "conf/docs/zh/install.md",
      ]
    ) {
      assert.ok(files.includes(page), page);
    }
    const others = ["CHANGELOG.md.gz", "copyright"];
    const pages = new Map(
      files.map((file) => [
        file,
        file.endsWith(".md") ? Deno.readTextFileSync(`${folder}/${file}`) : "",
      ]),
    );
    for (const file of others) pages.set(file, "");
    assert.deepEqual(brokenLinks(pages), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
