/** Runs every example of lib/protocol/proxy/proxy.md, cut at every byte. */

import assert from "node:assert/strict";
import { formatAddress } from "../../../lib/base/peer_address.ts";
import { readProxyHeader } from "../../../lib/protocol/proxy/header.ts";
import { blocksIn, readPage } from "../../docs/pages.ts";

const page = readPage("lib/protocol/proxy/proxy.md");

for (const { language, text } of blocksIn(page)) {
  const [body, source] = text.split("\n= ") as [string, string];
  const bytes = language === "v1"
    ? new TextEncoder().encode(body.replace("↵", "\r\n"))
    : Uint8Array.fromHex(body.replaceAll(/\s/g, ""));

  Deno.test(`proxy.md: "${body.slice(0, 70).replaceAll("\n", " ")}" is for ${source}`, () => {
    for (let cut = 0; cut < bytes.length; cut++) {
      assert.equal(readProxyHeader(bytes.subarray(0, cut)), undefined, `cut at byte ${cut}`);
    }
    for (const rest of ["", '{"id":1}\n', "\r\n"]) {
      const header = readProxyHeader(
        Uint8Array.from([...bytes, ...new TextEncoder().encode(rest)]),
      );
      assert.equal(header?.length, bytes.length);
      assert.equal(header.source ? formatAddress(header.source) : "the balancer", source);
    }
  });
}

Deno.test("proxy.md: every example is of a kind that is run", () => {
  const kinds = new Set(blocksIn(page).map(({ language }) => language));
  assert.deepEqual(kinds, new Set(["v1", "v2"]));
});
