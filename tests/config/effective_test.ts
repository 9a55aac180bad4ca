/** A configuration as it was understood: complete, readable again, and without secrets. */

import assert from "node:assert/strict";
import { effectiveConfig } from "../../lib/config/effective.ts";
import { readConfig } from "../../lib/config/read.ts";
import type { Config } from "../../lib/config/schema.ts";

function configOf(text: string): Config {
  const result = readConfig(text);
  assert.ok(result.ok, JSON.stringify(result));
  return result.config;
}

const TEXTS = {
  "the example": Deno.readTextFileSync("conf/agent.example.jsonc"),
  "the least there can be": '{ "pools": [["[::1]", 1, "a"]] }',
  "one in multi-user mode": '{ "multi_user_mode": true, "pools": [["pool.test", 1]] }',
  "one with a proxy and unusual keys": `{
    "pools": [["pool.test", 1, "a"]], "proxy": ["system", "socks5://127.0.0.1:1080"],
    "use_iocp": true, "submit_response_from_server": false,
    "advanced": { "message_queue_size": { "miner_session": 5 } },
    "tls": { "ca_file": "x.pem" }, "limits": { "max_miners": 5, "allow": ["10.0.0.0/8"] }
  }`,
};
for (const [name, text] of Object.entries(TEXTS)) {
  Deno.test(`the effective form of ${name}, read again, means the same`, () => {
    const config = configOf(text);
    assert.deepEqual(configOf(JSON.stringify(effectiveConfig(config))), config);
  });
}

Deno.test("the effective form masks the token and proxies' logins, and can still be read", () => {
  const config = configOf(`{
    "pools": [["pool.test", 1, "a"]],
    "status": { "token": "hush-hush" },
    "proxy": ["socks5://joe:p@ss@h1:1080", " joe:pw@h2:8080", "http://joe@[::1]:3128", "h3:1"]
  }`);
  const effective = effectiveConfig(config);
  assert.deepEqual(effective.proxy, [
    "socks5://***:***@h1:1080",
    "***:***@h2:8080",
    "http://***:***@[::1]:3128",
    "h3:1",
  ]);
  const text = JSON.stringify(effective);
  assert.doesNotMatch(text, /hush|joe|pw|p@ss/);
  assert.equal(configOf(text).status.token, "***");
});
