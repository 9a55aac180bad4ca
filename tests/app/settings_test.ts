/** What the parts of the proxy are told, out of the configuration. */

import assert from "node:assert/strict";
import { readConfig } from "../../lib/config/read.ts";
import { accountsSettings, mostPoolConnections } from "../../lib/app/settings.ts";

function configOf(settings: Readonly<Record<string, unknown>>) {
  const result = readConfig(JSON.stringify({ pools: [["a", 1, "demo"]], ...settings }));
  assert.ok(result.ok, JSON.stringify(result));
  return result.config;
}

for (
  const [name, settings, wanted] of [
    ["one account: in use, spare, one being opened", {}, 3],
    [
      "several in use",
      { advanced: { pool_connection_number_per_subaccount: 5 } },
      7,
    ],
    [
      "proxies that race",
      { use_proxy: true, proxy: ["socks5://a:1", "http://b:2"] },
      2 + 3,
    ],
    [
      "1,000 accounts: no more are opened at a time than connects allow",
      { multi_user_mode: true },
      2025,
    ],
    [
      "1,000 accounts through proxies",
      { multi_user_mode: true, use_proxy: true, proxy: ["socks5://a:1"] },
      2050,
    ],
  ] as const
) {
  Deno.test(`connections to pools, ${name}: ${wanted}`, () => {
    assert.equal(mostPoolConnections(configOf(settings)), wanted);
  });
}

Deno.test("no more accounts open than open files allow, and it is said why", () => {
  const config = configOf({ multi_user_mode: true });
  const bound = (openFiles: number | undefined) => accountsSettings(config, openFiles);
  assert.equal(bound(undefined).maxAccounts, 1000);
  assert.equal(bound(1 << 20).maxAccounts, 1000);
  assert.equal(bound(1 << 20).accountsBound, "limits.max_accounts");
  // A quarter of 4,096 less the program's own 128 and 25 being opened, two for each account.
  assert.equal(bound(4096).maxAccounts, Math.floor((1024 - 128 - 25) / 2));
  assert.match(bound(4096).accountsBound, /open files.*LimitNOFILE=/);
  assert.ok(bound(64).maxAccounts >= 1);
});
