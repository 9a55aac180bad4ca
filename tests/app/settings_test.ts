/** What the parts of the proxy are told, out of the configuration. */

import assert from "node:assert/strict";
import { readConfig } from "../../lib/config/read.ts";
import {
  accountsSettings,
  difficultyFor,
  poolFiles,
  poolSettings,
} from "../../lib/app/settings.ts";
import { configuredPools } from "../../lib/config/pools.ts";
import { PoolIds } from "../../lib/pool/pool_ids.ts";

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
    assert.equal(poolFiles(configOf(settings)).connections, wanted);
  });
}

for (
  const [name, settings, minersPerConnection] of [
    ["agent pools hold every miner on one", { pools: [{ url: "btcagent+tcp://a:1", user: "u" }] }],
    [
      "a Stratum pool may have 4 bytes",
      {
        pools: [
          { url: "btcagent+tcp://a:1", user: "u" },
          { url: "stratum+tcp://b:2", user: "u" },
        ],
      },
      112,
    ],
    ["so may one whose kind is to be found out", {}, 112],
    ["miners that roll 2 bytes leave 2 for their ids", { extranonce2_bytes: 2 }],
    [
      "the operator wants fewer on one",
      {
        extranonce2_bytes: 2,
        pools: [
          { url: "stratum+tcp://a:1", user: "u", miners_per_connection: 50 },
          { url: "stratum+tcp://b:2", user: "u", miners_per_connection: 10 },
        ],
      },
      5,
    ],
  ] as const
) {
  Deno.test(`connections to pools as miners come: ${name}`, () => {
    assert.equal(
      poolFiles(configOf(settings)).minersPerConnection,
      minersPerConnection ?? Infinity,
    );
  });
}

Deno.test("no more accounts open than open files allow, and the reason is given", () => {
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

/** What the connections of `account` are told. */
function rosterOf(settings: Readonly<Record<string, unknown>>, account: string) {
  const config = configOf(settings);
  const pools = new PoolIds().of(configuredPools(config));
  return poolSettings(config, account, pools, () => Promise.reject(new Error("not dialled")));
}

Deno.test("each pool comes with its kind, name, password and whether TLS is spoken", () => {
  const { pools } = rosterOf({
    pool_use_tls: true,
    pools: [
      ["a", 1, "demo"],
      { url: "stratum+tcp://b:2", user: "bc1q.rig", password: "d=5" },
      { url: "btcagent+tls://c:3", user: "alice" },
      { url: "d:4", user: "bob" },
    ],
  }, "");
  const rows = pools.map(({ poolId, host, port, account, kind, password, usesTls }) =>
    [poolId, host, port, account, kind, password, usesTls].join(" ")
  );
  assert.deepEqual(rows, [
    "0 a 1 demo unknown x true",
    "1 b 2 bc1q.rig stratum d=5 false",
    "2 c 3 alice agent x true",
    "3 d 4 bob unknown x true",
  ]);
});

Deno.test("in multi-user mode the account of the miners is the user at every pool", () => {
  const pools = [["a", 1, "listed"], { url: "stratum+tcp://b:2", user: "listed" }];
  const roster = rosterOf({ multi_user_mode: true, pools }, "farm");
  assert.deepEqual(roster.pools.map(({ account }) => account), ["farm", "farm"]);
});

Deno.test("how long a pool may be silent depends on its kind unless the file says it", () => {
  const bound = (advanced: unknown) => rosterOf({ advanced }, "").connection.readTimeoutMs;
  assert.equal(bound({}), undefined);
  assert.equal(bound({ pool_connection_read_timeout_seconds: 7 }), 7000);
});

Deno.test("with suggest_to_pool a pool is asked for a share every 3.3 s from all miners together", () => {
  assert.equal(difficultyFor(undefined), undefined);
  assert.equal(difficultyFor(0), undefined);
  // 10,000 miners of 100 TH/s.
  assert.equal(Math.round(difficultyFor(1e18)! / 1e6), 768);
  assert.equal(configOf({}).vardiff.suggest_to_pool, false);
  assert.equal(configOf({ vardiff: { suggest_to_pool: true } }).vardiff.suggest_to_pool, true);
});
