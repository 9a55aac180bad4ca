/**
 * Files in the spelling of old agents, installers and editors (`cases/`): what each of them gets.
 * Those that an old agent took are taken, with a notice for each spelling that is not ours.
 */

import assert from "node:assert/strict";
import { formatProblems, formatRemark } from "../../lib/config/problem.ts";
import { readConfig } from "../../lib/config/read.ts";
import type { Config } from "../../lib/config/schema.ts";

const CASES = new URL("./cases/", import.meta.url);

const read = (name: string) => readConfig(Deno.readTextFileSync(new URL(name, CASES)));

/** Of the files that are taken: what is said, and what of their settings shows how they were read. */
const TAKEN: Readonly<Record<string, [remarks: string[], settings: Partial<Config>]>> = {
  "cpp_strings.json": [
    [
      "notice f:3:29  always_keep_downconn: Read as true; write it like this, without quotes",
      "notice f:5:26  agent_listen_port: Read as the number 3333; write it without quotes",
      "notice f:6:33  pools[0][1]: Read as the number 1800; write it without quotes",
    ],
    {
      always_keep_downconn: true,
      agent_listen_port: 3333,
      pools: [["us.ss.btc.com", 1800, "farm"]],
    },
  ],
  "empty_ip.json": [
    ['notice f:1:20  agent_listen_ip: Read as "0.0.0.0", every IPv4 address of this machine'],
    { agent_listen_ip: "0.0.0.0" },
  ],
  "go_case.json": [
    [
      "notice f:1:2  multi_user_mode: Accepted in this spelling; write the key in lower case",
      "notice f:1:27  agent_type: Accepted in this spelling; write the key in lower case",
      "notice f:1:100  pools: Accepted in this spelling; write the key in lower case",
    ],
    { multi_user_mode: true, pools: [["us.ss.btc.com", 1800, ""]] },
  ],
  "go_null.json": [
    [
      "notice f:1:88  proxy: Read null as a key that is left out; remove it",
      "notice f:1:162  advanced.message_queue_size: Read null as a key that is left out; remove it",
    ],
    { proxy: [] },
  ],
  "go_pool4.json": [
    [
      "notice f:1:93  pools[0][3]: Ignored, with everything after it: [host, port, sub-account] is a complete entry",
    ],
    { pools: [["us.ss.btc.com", 1800, "farm"]] },
  ],
  "huobi_v11.json": [
    ["notice f:2:19  agent_type: Read as text; write it in quotes"],
    { agent_type: "btc", agent_listen_port: 3330, submit_response_from_server: false },
  ],
};

/** Of the others: every line that is said. */
const REFUSED: Readonly<Record<string, string[]>> = {
  "dup.json": [
    "f:1:95  pools: found the same key again, wanted each key once; it is already set in line 1, column 55",
  ],
  "fullwidth_comma.json": [
    'f:1:29  found "，", wanted a comma or }; this is the character U+FF0C of another keyboard layout: write ,',
  ],
  "hash_comment.json": [
    'f:1:1  found "#", wanted a value; write comments as // or /* */',
  ],
  "listen_localhost.json": [
    'f:1:20  agent_listen_ip: found "localhost" (a string), wanted an IP address of this machine, or "0.0.0.0" for every IPv4 address; write "127.0.0.1" to let in only miners on this machine, "0.0.0.0" to let in all',
  ],
  "poolin_smartagent.json": [
    `f:2:4  account: found a configuration of Poolin's SmartAgent, wanted one of btcagent; write "pools": [["btc.ss.poolin.com", 443, "poolin"], ["btc.ss.poolin.com", 25, "poolin"]] in place of "account", "account_mode" and "pools", and in place of "offline_disconnect_delay_sec" "outage": {"grace_seconds": 30}`,
  ],
  "port0.json": [
    "f:1:81  pools[0][1]: found 70000, wanted a port number 1..65535",
    "f:1:144  pools[2][1]: found -1, wanted a port number 1..65535",
  ],
  "scheme.json": [
    'f:1:65  pools[0][0]: found "stratum+tcp://us.ss.btc.com" (a string), wanted a host name or IP address such as "us.ss.btc.com"; write only the name, "us.ss.btc.com", without stratum+tcp://',
    'f:1:109  pools[1][0]: found "us.ss.btc.com:1800" (a string), wanted a host name or IP address such as "us.ss.btc.com"; write "us.ss.btc.com"; the port is the pool\'s second item',
    'f:1:144  pools[2][0]: found "us.ss.btc.com " (a string), wanted a host name or IP address such as "us.ss.btc.com"; remove the blanks around it',
    'f:1:214  pools[4][0]: found "ssl://us.ss.btc.com/" (a string), wanted a host name or IP address such as "us.ss.btc.com"; write only the name, "us.ss.btc.com", without ssl://; for TLS set pool_use_tls to true',
    'f:1:242  pools[4][2]: found " farm" (a string), wanted a sub-account name without spaces, at most 64 characters; remove the blanks around it',
  ],
  "smart_quotes.json": [
    'f:1:2  found "“", wanted a key in double quotes or }; this is the typographic quotation mark U+201C: write "',
  ],
  "webeonic_split.json": [
    'f:6:5  hashrate_split: found the unknown key "hashrate_split", wanted a known key; this build cannot split the hashrate yet: remove it and run one btcagent for each sub-account, each with its own ports',
  ],
};

Deno.test("every case is judged here", () => {
  const names = [...Deno.readDirSync(CASES)].map(({ name }) => name).sort();
  assert.deepEqual(names, [...Object.keys(TAKEN), ...Object.keys(REFUSED)].sort());
});

for (const [name, [remarks, settings]] of Object.entries(TAKEN)) {
  Deno.test(`${name} is taken as the old agent took it, with a notice for each spelling`, () => {
    const result = read(name);
    assert.ok(result.ok, result.ok ? "" : formatProblems(name, result.problems));
    const said = result.remarks.map((remark) => `${remark.kind} ${formatRemark("f", remark)}`);
    assert.deepEqual(said, remarks);
    for (const [key, value] of Object.entries(settings)) {
      assert.deepEqual(result.config[key as keyof Config], value);
    }
  });
}

for (const [name, lines] of Object.entries(REFUSED)) {
  Deno.test(`${name} is refused with what to write`, () => {
    const result = read(name);
    assert.ok(!result.ok);
    assert.deepEqual(formatProblems("f", result.problems).split("\n").slice(0, -1), lines);
  });
}

/** One setting in a file that is in order otherwise. */
function withSetting(setting: string) {
  return readConfig(`{${setting}, "pools": [["h", 1, "me"]]}`);
}

const SPELLINGS: [setting: string, key: keyof Config, value: unknown][] = [
  ['"use_proxy": "False"', "use_proxy", false],
  ['"use_proxy": FALSE', "use_proxy", false],
  ['"use_proxy": " true "', "use_proxy", true],
  ['"AGENT_LISTEN_PORT": "3334"', "agent_listen_port", 3334],
  ['"HTTP_Debug": {"Enable": "true", "LISTEN": null}', "http_debug", {
    enable: true,
    listen: "127.0.0.1:9999",
  }],
  ['"fixed_worker_name": rig', "fixed_worker_name", "rig"],
  ['"fixed_worker_name": 17', "fixed_worker_name", "17"],
  ['"listen": [{"address": " ", "port": "1"}]', "listen", [{ address: "0.0.0.0", port: 1 }]],
  ['"pid_file": null', "pid_file", undefined],
  ['"outage": null', "outage", { grace_seconds: 30 }],
];
for (const [setting, key, value] of SPELLINGS) {
  Deno.test(`${setting} is taken with a notice`, () => {
    const result = withSetting(setting);
    assert.ok(result.ok, result.ok ? "" : formatProblems("f", result.problems));
    assert.deepEqual(result.config[key], value);
    assert.ok(result.remarks.some(({ kind }) => kind === "notice"));
  });
}

Deno.test("of a sub-account that is all digits, or null, nothing is lost", () => {
  const result = readConfig(
    '{"multi_user_mode": true, "pools": [[h, "1", 17], ["h", 1, null], ["h", 1, farm, 1, 2]]}',
  );
  assert.ok(result.ok);
  assert.deepEqual(result.config.pools, [["h", 1, "17"], ["h", 1, undefined], ["h", 1, "farm"]]);
  assert.equal(result.remarks.length, 6);
});

Deno.test("a key in two spellings is still one key twice", () => {
  const result = readConfig('{"pools": [["h", 1, "me"]], "Pools": [["i", 1, "me"]]}');
  assert.ok(!result.ok);
  assert.match(formatProblems("f", result.problems), /f:1:29 {2}pools: found the same key again/);
});

const LISTEN: [address: string, hint: string | undefined][] = [
  ["0.0.0.O", 'did you mean "0.0.0.0"?'],
  ["l27.0.0.1", 'did you mean "127.0.0.1"?'],
  ["192.168.001.010", 'did you mean "192.168.1.10"?'],
  ["192.168.1", "an IPv4 address has four numbers from 0 to 255"],
  ["192.168.1.256", "an IPv4 address has four numbers from 0 to 255"],
  ["0.0.0.0:3333", "write only the address; the port is agent_listen_port"],
  [":3333", "write only the address; the port is agent_listen_port"],
  ["*", 'write "0.0.0.0"'],
  ["stratum+tcp://0.0.0.0", "write only the address, without anything before or after it"],
  ["0,0,0,0", 'did you mean "0.0.0.0"?'],
  ["0.0.0.0 ", "remove the blanks around it"],
  ["agent.farm.example", undefined],
];
for (const [address, hint] of LISTEN) {
  Deno.test(`${JSON.stringify(address)} is no address to listen on, and what to write is said`, () => {
    for (
      const setting of [
        `"agent_listen_ip": ${JSON.stringify(address)}`,
        `"listen": [{"address": ${JSON.stringify(address)}, "port": 1}]`,
      ]
    ) {
      const result = withSetting(setting);
      assert.ok(!result.ok, setting);
      const [problem] = result.problems;
      assert.equal(result.problems.length, 1);
      const expected = setting.startsWith('"listen')
        ? hint?.replace("agent_listen_port", "port")
        : hint;
      assert.equal(problem!.hint, expected);
    }
  });
}

for (const address of ["0.0.0.0", "127.0.0.1", "::", "[::1]", "fe80::1%eth0", "2001:db8::7"]) {
  Deno.test(`${address} is an address to listen on`, () => {
    assert.ok(withSetting(`"agent_listen_ip": "${address}"`).ok);
  });
}

Deno.test("a sub-account with a worker behind its dot is obeyed, with a warning", () => {
  const result = readConfig('{"pools": [["h", 1, "farm.worker1"]]}');
  assert.ok(result.ok);
  assert.deepEqual(result.remarks.map(({ kind, text }) => `${kind} ${text}`), [
    'warning Agent pools use only the part before the dot, "farm", as the sub-account; worker names come from the miners',
  ]);
});

Deno.test("a SmartAgent file of several sub-accounts shows the first, and says that it cannot share out", () => {
  const text = JSON.stringify({
    account: [{ name: "a", weight: 1 }, { name: "b", weight: 2 }],
    pools: Array.from({ length: 9 }, () => ({ address: "h\u001b", port: "x" })),
  });
  const result = readConfig(text);
  assert.ok(!result.ok);
  const said = formatProblems("f", result.problems);
  assert.match(said, /\["h\\u001b", PORT, "a"\], …\] in place of/);
  assert.match(said, /among 2 sub-accounts, which this build cannot do yet/);
});
