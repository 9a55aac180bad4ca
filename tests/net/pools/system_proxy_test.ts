/** The proxy that "system" stands for. */

import assert from "node:assert/strict";
import { formatProxyAddress } from "../../../lib/base/proxy_address.ts";
import { systemProxy } from "../../../lib/net/pools/system_proxy.ts";

/** The proxy these variables name for `host:port`, formatted; `undefined` for none. */
function proxyFor(
  variables: Readonly<Record<string, string>>,
  host = "pool.example",
  port = 3333,
): string | undefined {
  const found = systemProxy((name) => variables[name], { host, port });
  return typeof found === "object" ? formatProxyAddress(found) : found;
}

Deno.test("an environment without proxies means none", () => {
  assert.equal(proxyFor({}), undefined);
  assert.equal(proxyFor({ ALL_PROXY: "", https_proxy: "" }), undefined);
});

const ORDER = [
  "ALL_PROXY",
  "all_proxy",
  "HTTPS_PROXY",
  "https_proxy",
  "HTTP_PROXY",
  "http_proxy",
];
for (const [i, name] of ORDER.entries()) {
  Deno.test(`${name} comes before ${ORDER.slice(i + 1).join(", ") || "nothing"}`, () => {
    const variables = ORDER.slice(i).map((name, rank) => [name, `http://proxy:${rank + 1}`]);
    assert.equal(proxyFor(Object.fromEntries(variables)), "http://proxy:1");
  });
}

Deno.test("a variable that is no address is said by its name, its content is not", () => {
  assert.equal(
    proxyFor({ HTTPS_PROXY: "me:secret@proxy" }),
    "cannot use the environment variable HTTPS_PROXY: found an address without a port, " +
      "wanted a proxy such as socks5://host:1080",
  );
});

const EXCEPTIONS: [noProxy: string, host: string, isDirect: boolean][] = [
  ["*", "pool.example", true],
  ["pool.example", "pool.example", true],
  ["POOL.example", "pool.EXAMPLE", true],
  ["example", "pool.example", true],
  [".example", "pool.example", true],
  ["*.example", "pool.example", true],
  ["ool.example", "pool.example", false],
  ["pool.example.com", "pool.example", false],
  ["other, pool.example", "pool.example", true],
  ["other pool.example", "pool.example", true],
  ["pool.example.", "pool.example", true],
  ["pool.example:3333", "pool.example", true],
  ["pool.example:443", "pool.example", false],
  [" , ,", "pool.example", false],
  [".", "pool.example", false],
  ["10.0.0.1", "10.0.0.1", true],
  ["10.0.0.1:3333", "10.0.0.1", true],
  ["10.0.0.1:1", "10.0.0.1", false],
  ["10.0.0.0/8", "10.255.0.1", true],
  ["10.0.0.0/8", "11.0.0.1", false],
  ["10.0.0.0/30", "10.0.0.3", true],
  ["10.0.0.0/30", "10.0.0.4", false],
  ["0.0.0.0/0", "10.0.0.4", true],
  ["10.0.0.0/", "10.0.0.0", false],
  ["10.0.0.0/x", "10.0.0.0", false],
  ["0.0.1", "10.0.0.1", false],
  ["2001:db8::/32", "2001:db8:1::1", true],
  ["2001:db8::/32", "2001:db9::1", false],
  ["2001:db8::/32", "10.0.0.1", false],
  ["[2001:db8::1]:3333", "2001:db8::1", true],
  ["[2001:db8::1]:1", "2001:db8::1", false],
  ["2001:DB8:0::1", "2001:db8::1", true],
];
for (const [noProxy, host, isDirect] of EXCEPTIONS) {
  Deno.test(`NO_PROXY "${noProxy}" ${isDirect ? "takes out" : "leaves"} ${host}`, () => {
    const expected = isDirect ? undefined : "http://proxy:1";
    for (const name of ["NO_PROXY", "no_proxy"]) {
      assert.equal(proxyFor({ ALL_PROXY: "http://proxy:1", [name]: noProxy }, host), expected);
    }
  });
}
