/** Reading configuration files: what is accepted, what is filled in, what is said of mistakes. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { DEFAULTS } from "../support/alarm_farm.ts";
import { CONFIG_OUTLINE } from "../../lib/config/outline.ts";
import { configuredPools } from "../../lib/config/pools.ts";
import { formatProblems, formatRemark } from "../../lib/config/problem.ts";
import { MAX_CONFIG_LENGTH, readConfig } from "../../lib/config/read.ts";
import type { Config } from "../../lib/config/schema.ts";
import { CPP_AGENT_CONF, GO_AGENT_CONF } from "./agent_conf_files.ts";

const POOLS = '"pools": [["pool.example", 1800, "me"]]';

/** The lines an operator sees for `text`, without the last one that counts. */
function report(text: string): string[] {
  const result = readConfig(text);
  assert.ok(!result.ok, "expected problems");
  return formatProblems("a.jsonc", result.problems).split("\n").slice(0, -1);
}

/** The only line for a file that is in order but for `setting`. */
function reportOn(setting: string): string {
  const lines = report(`{${setting}, ${POOLS}}`);
  assert.equal(lines.length, 1, lines.join("\n"));
  return lines[0]!;
}

function accept(text: string): Config {
  const result = readConfig(text);
  assert.ok(result.ok, result.ok ? "" : formatProblems("a.jsonc", result.problems));
  return result.config;
}

Deno.test("a file with only pools gets every default", () => {
  assert.deepEqual(accept(`{${POOLS}}`), {
    multi_user_mode: false,
    agent_type: "btc",
    always_keep_downconn: false,
    disconnect_when_lost_asicboost: true,
    use_ip_as_worker_name: false,
    ip_worker_name_format: "{1}x{2}x{3}x{4}",
    fixed_worker_name: "",
    agent_listen_ip: "0.0.0.0",
    agent_listen_port: 3333,
    listen: [],
    proxy: [],
    use_proxy: true,
    direct_connect_with_proxy: false,
    direct_connect_after_proxy: true,
    pool_use_tls: false,
    pools: [["pool.example", 1800, "me"]],
    http_debug: { enable: false, listen: "127.0.0.1:9999" },
    advanced: {
      pool_connection_dial_timeout_seconds: 15,
      fake_job_notify_interval_seconds: 30,
      bitcoin_default_version_mask: 0x1fffe000,
      reuse_port: false,
      share_batch_window_ms: 40,
      io_engine: "auto",
    },
    tls: { certificate_sha256: [] },
    limits: {
      login_timeout_seconds: 10,
      idle_timeout_seconds: 600,
      max_line_bytes: 8192,
      max_accounts: 1000,
      new_accounts_per_minute_per_ip: 10,
      max_connections_per_ip: 0,
      new_connections_per_second_per_ip: 0,
      max_requests_per_second: 100,
      ban_after_violations: 20,
      ban_seconds: 60,
      allow: [],
      deny: [],
    },
    vardiff: { shares_per_minute: 10, minimum: 1, suggest_to_pool: false },
    verify: "off",
    outage: { grace_seconds: 30 },
    failover: {
      return_after_seconds: 180,
      no_job_seconds: 180,
      all_refused_seconds: 60,
      no_verdict_seconds: 60,
      leave_on_payout_change: false,
    },
    status: { token: "", read_token: "", control: false, worker_series_max: 0 },
    workers: { remember_hours: 24 },
    history: { path: "", days: 30, events_days: 365 },
    notify: { ...DEFAULTS, farm_name: "btcagent", channels: [] },
    log: {
      level: "info",
      levels: {},
      format: "text",
      max_file_bytes: 10_000_000,
      max_files: 5,
    },
  });
});

Deno.test("keys that mean something when left out stay absent, and false when set to false", () => {
  const absent = accept(`{${POOLS}}`);
  assert.ok(!("submit_response_from_server" in absent));
  assert.ok(!("tls_skip_certificate_verify" in absent.advanced));
  assert.ok(!("pool_connection_number_per_subaccount" in absent.advanced));
  assert.ok(!("pool_connection_read_timeout_seconds" in absent.advanced));
  assert.ok(!("extranonce2_bytes" in absent));
  assert.ok(!("maximum" in absent.vardiff) && !("fixed" in absent.vardiff));
  const set = accept(`{"submit_response_from_server": false, ${POOLS}}`);
  assert.equal(set.submit_response_from_server, false);
});

Deno.test("comments, trailing commas and a byte order mark are fine", () => {
  const config = accept(`\uFEFF// mine\r\n{ /* here */ ${POOLS}, "log": {"level": "debug",}, }`);
  assert.equal(config.log.level, "debug");
});

Deno.test("agent_type is read without regard to case", () => {
  assert.equal(accept(`{"agent_type": "BTC", ${POOLS}}`).agent_type, "btc");
});

Deno.test("an IPv6 pool may be written with or without brackets", () => {
  const config = accept('{"pools": [["[2001:db8::1]", 1, "me"], ["2001:db8::2", 1, "me"]]}');
  assert.deepEqual(configuredPools(config).map(({ host }) => host), ["2001:db8::1", "2001:db8::2"]);
});

Deno.test("a file with three mistakes has all three reported in order, with line and column", () => {
  const text = `{
  // Miners connect here.
  "agent_listen_port": 333333,
  "pools": [
    ["us.ss.btc.com", "70000", "me"]
  ],
  "advanced": { "pool_conection_dial_timeout_seconds": 15 }
}`;
  const result = readConfig(text);
  assert.ok(!result.ok);
  assert.equal(
    formatProblems("conf/agent.jsonc", result.problems),
    "conf/agent.jsonc:3:24  agent_listen_port: found 333333, wanted a port number 1..65535\n" +
      'conf/agent.jsonc:5:23  pools[0][1]: found "70000", wanted a port number 1..65535\n' +
      'conf/agent.jsonc:7:17  advanced.pool_conection_dial_timeout_seconds: found the unknown key "pool_conection_dial_timeout_seconds", wanted a known key of advanced; did you mean "pool_connection_dial_timeout_seconds"?\n' +
      "3 problems in conf/agent.jsonc",
  );
});

const MISTAKES: [setting: string, line: string][] = [
  [
    '"agnet_type": "btc"',
    'a.jsonc:1:2  agnet_type: found the unknown key "agnet_type", wanted a known key; did you mean "agent_type"?',
  ],
  [
    '"grace_seconds": 1',
    'a.jsonc:1:2  grace_seconds: found the unknown key "grace_seconds", wanted a known key; did you mean "grace_seconds" in "outage": { }?',
  ],
  [
    '"limits": {"agent_type": "btc"}',
    'a.jsonc:1:13  limits.agent_type: found the unknown key "agent_type", wanted a known key of limits; it belongs at the top of the file',
  ],
  [
    '"zzz": 1',
    'a.jsonc:1:2  zzz: found the unknown key "zzz", wanted a known key',
  ],
  [
    '"use_proxy": true, "use_proxy": true',
    "a.jsonc:1:21  use_proxy: found the same key again, wanted each key once; it is already set in line 1, column 2",
  ],
  [
    '"agent_type": "eth"',
    'a.jsonc:1:16  agent_type: found "eth" (a string), wanted "btc"; so far, this build supports only Bitcoin',
  ],
  [
    '"use_proxy": "yes"',
    'a.jsonc:1:15  use_proxy: found "yes" (a string), wanted true or false; write true',
  ],
  [
    '"use_proxy": off',
    'a.jsonc:1:15  use_proxy: found "off" (a word without quotes), wanted true or false; write false',
  ],
  [
    '"proxy": None',
    "a.jsonc:1:11  proxy: found a string, wanted a list of at most 32 proxy addresses; " +
    "write null, or leave it out",
  ],
  ['"use_proxy": 1', "a.jsonc:1:15  use_proxy: found 1, wanted true or false; write true"],
  [
    '"agent_listen_port": 1.5',
    "a.jsonc:1:23  agent_listen_port: found 1.5, wanted a port number 1..65535",
  ],
  [
    '"agent_listen_port": 1e999',
    "a.jsonc:1:23  agent_listen_port: found 1e999, wanted a port number 1..65535",
  ],
  [
    '"limits": {"deny": ["fd00::/8", "10.0.0.0/33"]}',
    'a.jsonc:1:34  limits.deny[1]: found "10.0.0.0/33" (a string), wanted a network such as "10.0.0.0/8" or "fd00::/8", or an IP address',
  ],
  [
    '"agent_listen_proxy_protocol": {"trusted": []}',
    "a.jsonc:1:45  agent_listen_proxy_protocol.trusted: found a list of 0, wanted a list of 1..256 networks",
  ],
  [
    '"agent_listen_proxy_protocol": {}',
    "a.jsonc:1:33  agent_listen_proxy_protocol.trusted: found nothing, wanted a list of 1..256 networks",
  ],
  [
    '"listen": [{"address": "::", "port": 1, "proxy_protocol": {"trusted": ["haproxy"]}}]',
    'a.jsonc:1:73  listen[0].proxy_protocol.trusted[0]: found "haproxy" (a string), wanted a network such as "10.0.0.0/8" or "fd00::/8", or an IP address',
  ],
  [
    '"limits": {"allow": "10.0.0.0/8"}',
    'a.jsonc:1:22  limits.allow: found "10.0.0.0/8" (a string), wanted a list of at most 256 networks',
  ],
  [
    '"limits": {"allow": [10]}',
    'a.jsonc:1:23  limits.allow[0]: found 10, wanted a network such as "10.0.0.0/8", at most 64 characters',
  ],
  [
    '"limits": []',
    "a.jsonc:1:12  limits: found a list of 0, wanted an object in { }",
  ],
  [
    '"listen": [null]',
    "a.jsonc:1:13  listen[0]: found null, wanted an object in { }",
  ],
  [
    '"hashrate_split": []',
    'a.jsonc:1:2  hashrate_split: found the unknown key "hashrate_split", wanted a known key; this build cannot split the hashrate yet: remove it and run one btcagent for each sub-account, each with its own ports',
  ],
  [
    '"advanced": {"share_batch_window_ms": 1001}',
    "a.jsonc:1:40  advanced.share_batch_window_ms: found 1001, wanted a number of milliseconds 0..1000",
  ],
  [
    '"log": {"level": "loud"}',
    'a.jsonc:1:19  log.level: found "loud" (a string), wanted "debug", "info", "warning" or "error"',
  ],
  [
    '"tls": {"certificate_sha256": ["12:34"]}',
    'a.jsonc:1:33  tls.certificate_sha256[0]: found "12:34" (a string), wanted a SHA-256 fingerprint: 64 hex digits, with or without colons',
  ],
  [
    '"tls": {"ca_file": ""}',
    'a.jsonc:1:21  tls.ca_file: found "" (a string), wanted the path of a file',
  ],
  [
    '"proxy": ["system", "socks5://me:secret@host"]',
    'a.jsonc:1:22  proxy[1]: found an address without a port, wanted "system" or an address such as "socks5://user:password@host:1080"',
  ],
  [
    '"proxy": ["ftp://me:secret@host:1"]',
    'a.jsonc:1:12  proxy[0]: found an unknown kind of proxy before ://, wanted "system" or an address such as "socks5://user:password@host:1080"; socks5, http and https are known',
  ],
  [
    '"proxy": ["socks5://me:secret@host:1", 1]',
    "a.jsonc:1:41  proxy[1]: found 1, wanted the address of a proxy, at most 1024 characters",
  ],
  [
    '"proxy": "socks5://me:secret@host:1"',
    "a.jsonc:1:11  proxy: found a string, wanted a list of at most 32 proxy addresses",
  ],
];
for (const [setting, line] of MISTAKES) {
  Deno.test(`${setting} is one problem, said in one line`, () => {
    assert.equal(reportOn(setting), line);
  });
}

Deno.test("a list of pools has each of its mistakes reported", () => {
  const text = `{ "pools": [
    ["stratum+tcp://pool.example:1", 1, "me"],
    ["pool.example:3333", 0, "a b"],
    ["pool.example", 1],
    ["pool.example", 1, ""],
    ["ssl://pool.example/", 1, "me "],
    ["pool.example ", 1, "m\u200be"],
    ["p\u043eol.example", 1, "me"],
    ["pool.example"],
    {}
  ] }`;
  const host = 'wanted a host name or IP address such as "us.ss.btc.com"';
  const account =
    "wanted the name of your sub-account at this pool; it may be left out only in multi-user mode";
  assert.deepEqual(report(text), [
    `a.jsonc:2:6  pools[0][0]: found "stratum+tcp://pool.example:1" (a string), ${host}; write only the name, "pool.example", without stratum+tcp://; the port is the pool's second item`,
    `a.jsonc:3:6  pools[1][0]: found "pool.example:3333" (a string), ${host}; write "pool.example"; the port is the pool's second item`,
    "a.jsonc:3:27  pools[1][1]: found 0, wanted a port number 1..65535",
    'a.jsonc:3:30  pools[1][2]: found "a b" (a string), wanted a sub-account name without spaces, at most 64 characters',
    `a.jsonc:4:5  pools[2][2]: found nothing, ${account}`,
    `a.jsonc:5:25  pools[3][2]: found "" (a string), ${account}`,
    `a.jsonc:6:6  pools[4][0]: found "ssl://pool.example/" (a string), ${host}; write only the name, "pool.example", without ssl://; for TLS set pool_use_tls to true`,
    `a.jsonc:6:32  pools[4][2]: found "me " (a string), wanted a sub-account name without spaces, at most 64 characters; remove the blanks around it`,
    `a.jsonc:7:6  pools[5][0]: found "pool.example " (a string), ${host}; remove the blanks around it`,
    `a.jsonc:7:26  pools[5][2]: found "m\\u200be" (a string), wanted a sub-account name without spaces, at most 64 characters; this is the invisible character U+200B: delete it, or write an ordinary space`,
    `a.jsonc:8:6  pools[6][0]: found "p\u043eol.example" (a string), ${host}; \u043e is U+043E, not a letter of this alphabet: type it again`,
    "a.jsonc:9:5  pools[7][1]: found nothing, wanted a port number 1..65535",
    'a.jsonc:10:5  pools[8].url: found nothing, wanted the address of a pool such as "stratum+tcp://pool.example:3333"',
    "a.jsonc:10:5  pools[8].user: found nothing, wanted the name to mine as at this pool; it may be left out only in multi-user mode",
  ]);
});

Deno.test("of a repeated key the last value is the one that is judged", () => {
  assert.deepEqual(report(`{"agent_listen_port": 1, "agent_listen_port": 0, ${POOLS}}`), [
    "a.jsonc:1:26  agent_listen_port: found the same key again, wanted each key once; it is already set in line 1, column 2",
    "a.jsonc:1:47  agent_listen_port: found 0, wanted a port number 1..65535",
  ]);
});

Deno.test("sub-accounts may be missing only where multi-user mode is asked for", () => {
  const paths = (mode: string) => {
    const result = readConfig(`{"multi_user_mode": ${mode}, "pools": [["h", 1]]}`);
    return result.ok ? [] : result.problems.map(({ path }) => path);
  };
  assert.deepEqual(paths("false"), ["pools[0][2]"]);
  assert.deepEqual(paths("true"), []);
  assert.deepEqual(paths("1"), ["multi_user_mode"]);
});

Deno.test("a file without pools, with none, or with too many is refused", () => {
  const wanted =
    'wanted a list of 1..64 pools, each [host, port, sub-account] or { "url": …, "user": … }';
  assert.deepEqual(report("{}"), [`a.jsonc:1:1  pools: found nothing, ${wanted}`]);
  assert.deepEqual(report('{"pools": []}'), [`a.jsonc:1:11  pools: found a list of 0, ${wanted}`]);
  const many = JSON.stringify({ pools: Array(65).fill(["h", 1, "me"]) });
  assert.deepEqual(report(many), [`a.jsonc:1:10  pools: found a list of 65, ${wanted}`]);
});

Deno.test("proxies of every kind are accepted as they stand", () => {
  const proxy = ["socks5://me:secret@h:1", "http://[2001:db8::1]:3128", "https://h:443", "system"];
  assert.deepEqual(accept(JSON.stringify({ proxy, pools: [["h", 1, "me"]] })).proxy, proxy);
});

Deno.test("proxies that are switched off are kept and need no address", () => {
  const config = accept(`{"use_proxy": false, "proxy": ["socks5://h"], ${POOLS}}`);
  assert.deepEqual(config.proxy, ["socks5://h"]);
});

Deno.test("fingerprints come out as 64 lower-case digits, however they were written", () => {
  const plain = "0123456789abcdef".repeat(4);
  const withColons = plain.toUpperCase().replace(/..(?=.)/g, "$&:");
  const tls = { certificate_sha256: [plain, withColons] };
  const config = accept(JSON.stringify({ tls, pools: [["h", 1, "me"]] }));
  assert.deepEqual(config.tls.certificate_sha256, [plain, plain]);
});

const TRUST: [settings: Record<string, unknown>, remarks: string[]][] = [
  [{ advanced: { tls_skip_certificate_verify: true } }, []],
  [{ pool_use_tls: true }, []],
  [{ pool_use_tls: true, advanced: { tls_skip_certificate_verify: false } }, []],
  [
    { pool_use_tls: true, advanced: { tls_skip_certificate_verify: true } },
    ["warning: Anyone on the network path can pose as the pool; remove this to verify certificates"],
  ],
  [
    {
      pool_use_tls: true,
      tls: { certificate_sha256: ["00".repeat(32)] },
      advanced: { tls_skip_certificate_verify: true },
    },
    [],
  ],
  [
    { proxy: ["https://h:1"], advanced: { tls_skip_certificate_verify: true } },
    [
      "warning: Anyone on the network path can pose as the proxy; remove this to verify certificates",
    ],
  ],
  [
    { proxy: ["https://h:1"], use_proxy: false, advanced: { tls_skip_certificate_verify: true } },
    [],
  ],
  [
    {
      agent_listen_proxy_protocol: { trusted: ["10.0.0.0/8", "::1", "203.0.113.0/24", "fd00::/8"] },
    },
    [],
  ],
  ...["0.0.0.0/0", "::/0", "203.0.0.0/16", "2001:db8::/48"].map((
    network,
  ): [Record<string, unknown>, string[]] => [
    { listen: [{ address: "::", port: 1, proxy_protocol: { trusted: [network] } }] },
    [
      "warning: Everybody there can pretend to be any miner, so limits and names by address are " +
      "worth nothing; list only your load balancers",
    ],
  ]),
  [
    { tls: { certificate_sha256: ["00".repeat(32)] } },
    [
      "warning: Without effect: no pool in the list uses TLS, so none shows a certificate",
    ],
  ],
];
for (const [settings, remarks] of TRUST) {
  const names = JSON.stringify(settings).replace(/(?:00){32}/, "…");
  Deno.test(`${names} has ${remarks.length === 0 ? "no remark" : "a warning"}`, () => {
    const result = readConfig(JSON.stringify({ ...settings, pools: [["h", 1, "me"]] }));
    assert.ok(result.ok);
    assert.deepEqual(result.remarks.map(({ kind, text }) => `${kind}: ${text}`), remarks);
  });
}

Deno.test("the bounds of every number are accepted and what is beyond them is not", () => {
  let seen = 0;
  const walk = (outline: typeof CONFIG_OUTLINE, path: string[]) => {
    for (const [key, inner] of outline.keys ?? []) walk(inner, [...path, key]);
    const bounds = / (\d+)\.\.(\d+)$/.exec(outline.wanted);
    if (!bounds) return;
    seen++;
    const text = (value: number) => {
      const setting = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
      return JSON.stringify({ ...(setting as object), pools: [["h", 1, "me"]] });
    };
    const [min, max] = [Number(bounds[1]), Number(bounds[2])];
    accept(text(min));
    accept(text(max));
    for (const wrong of [min - 1, max + 1, min + 0.5]) assert.equal(report(text(wrong)).length, 1);
  };
  walk(CONFIG_OUTLINE, []);
  assert.ok(seen >= 15, `only ${seen} numbers were seen`);
});

Deno.test("the untouched file of the Go agent loads in multi-user mode", () => {
  const config = accept(GO_AGENT_CONF);
  assert.equal(config.multi_user_mode, true);
});

Deno.test("the Go agent's file in single-user mode loads and means what it meant", () => {
  const result = readConfig(GO_AGENT_CONF.replace('_mode": true', '_mode": false'));
  assert.ok(result.ok);
  const { config } = result;
  assert.equal(config.submit_response_from_server, false);
  assert.equal(config.advanced.pool_connection_number_per_subaccount, 5);
  assert.equal(config.advanced.tls_skip_certificate_verify, true);
  assert.equal(config.advanced.bitcoin_default_version_mask, 0x1fffe000);
  assert.deepEqual(
    result.remarks.map(({ kind, path }) => `${kind} ${path}`),
    [
      "warning pools[0][2]",
      "warning pools[1][2]",
      "warning pools[2][2]",
      "notice http_debug.enable",
      "notice advanced.message_queue_size",
    ],
  );
});

Deno.test("the C++ agent's file loads, with notices for what is ignored", () => {
  const result = readConfig(CPP_AGENT_CONF);
  assert.ok(result.ok);
  assert.deepEqual(result.config.pools[1], ["us.ss.btc.com", 443, "YourSubAccountName"]);
  assert.equal(
    formatRemark("f", result.remarks[0]!),
    "f:1:281  use_iocp: Ignored; it is an option of the C++ agent",
  );
});

Deno.test("an unsafe or useless choice is obeyed with a remark", () => {
  const result = readConfig(
    `{"use_ip_as_worker_name": true, "ip_worker_name_format": "rig", "http_debug": {"enable": true, "listen": "0.0.0.0:9999"}, ${POOLS}}`,
  );
  assert.ok(result.ok);
  assert.deepEqual(result.remarks.map(({ kind, path }) => `${kind} ${path}`), [
    "warning ip_worker_name_format",
    "warning http_debug.listen",
  ]);
});

Deno.test("the example file loads, and says nothing but that its sub-account is a placeholder", () => {
  const result = readConfig(Deno.readTextFileSync("conf/agent.example.jsonc"));
  assert.ok(
    result.ok,
    result.ok ? "" : formatProblems("conf/agent.example.jsonc", result.problems),
  );
  const kinds = new Set(result.remarks.map(({ kind, path }) => `${kind} ${path.slice(0, 5)}`));
  assert.deepEqual([...kinds], ["warning pools"]);
});

Deno.test("the example file names every key, and its values are the defaults", () => {
  const text = Deno.readTextFileSync("conf/agent.example.jsonc");
  const example = accept(text);
  const { $schema: _, ...settings } = example;
  assert.deepEqual(settings, accept(JSON.stringify({ pools: example.pools })));
  const walk = (outline: typeof CONFIG_OUTLINE) => {
    for (const [key, inner] of outline.keys ?? []) {
      assert.ok(text.includes(key), `${key} is not explained`);
      if (key !== "message_queue_size") walk(inner);
    }
  };
  walk(CONFIG_OUTLINE);
});

Deno.test("a default version mask other than the usual one is ignored with a notice", () => {
  const remarksOf = (mask: number) => {
    const result = readConfig(`{${POOLS}, "advanced": {"bitcoin_default_version_mask": ${mask}}}`);
    assert.ok(result.ok);
    return result.remarks.map(({ path }) => path);
  };
  assert.deepEqual(remarksOf(0x1fffe000), []);
  assert.deepEqual(remarksOf(0), ["advanced.bitcoin_default_version_mask"]);
});

Deno.test("the history is a file that nothing else writes", () => {
  const settings = { pools: [["h", 1, "me"]], history: { path: "log/farm" } };
  accept(JSON.stringify({ ...settings, state_file: "log/sizes", pid_file: "log/pid" }));
  for (const key of ["state_file", "pid_file"]) {
    assert.deepEqual(
      report(JSON.stringify({ ...settings, [key]: "log/farm" })).map((line) => line.slice(14)),
      [`history.path: found "log/farm" (a string), wanted another file than ${key}`],
    );
  }
});

Deno.test("a file that is too long is refused unread", () => {
  const [line] = report(`{${POOLS}}${" ".repeat(MAX_CONFIG_LENGTH)}`);
  assert.match(line!, /wanted a configuration file of at most 1048576$/);
});

Deno.test("a report cannot smuggle control characters or passwords to the terminal", () => {
  const key = "\u001b[2J\u009b\u202e";
  const text = JSON.stringify({ [key]: 1, pools: [["http://me:secret@h\u001b", 1, "me"]] });
  const lines = report(text).join("");
  // deno-lint-ignore no-control-regex -- they are what is looked for
  assert.doesNotMatch(lines, /[\u0000-\u001f\u007f-\u009f\u202e]|secret/);
});

Deno.test("any text gives a configuration or problems inside the file, and never throws", () => {
  const fragment = fc.constantFrom(
    ...'{ } [ ] , : " \\ / // /* */ \n \r\n \uFEFF true null -1 1e9 0x1'.split(" "),
    '"pools"',
    '"limits"',
    '"__proto__"',
    '"constructor"',
    '["h", 1, "me"]',
  );
  const anyText = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.json(),
    fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join("")),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => new TextDecoder().decode(bytes)),
  );
  fc.assert(fc.property(anyText, stays), { seed: 2, numRuns: 3000 });
});

Deno.test("any values under known keys give a configuration or problems inside the file", () => {
  const known = [...CONFIG_OUTLINE.keys!.keys(), "__proto__", "toString"];
  const settings = fc.dictionary(fc.constantFrom(...known), fc.jsonValue({ maxDepth: 3 }));
  fc.assert(fc.property(settings, (value) => stays(JSON.stringify(value))), {
    seed: 2,
    numRuns: 2000,
  });
});

function stays(text: string) {
  const lines = text.split(/\r\n|[\r\n]/);
  const result = readConfig(text);
  if (result.ok) return;
  assert.ok(result.problems.length > 0);
  for (const { line, column } of result.problems) {
    assert.ok(line >= 1 && line <= lines.length, `line ${line}`);
    // One more than the end: between \r and \n is a place too.
    assert.ok(column >= 1 && column <= lines[line - 1]!.length + 2, `column ${line}:${column}`);
  }
}

Deno.test("extreme texts are problems too: deep nesting, long strings, many keys", () => {
  const extremes = [
    "[".repeat(10_000),
    "[".repeat(10_000) + "]".repeat(10_000),
    '{"a":'.repeat(10_000) + "1" + "}".repeat(10_000),
    JSON.stringify("x".repeat(1_000_000)),
    JSON.stringify({ ["k".repeat(1_000_000)]: 1 }),
    JSON.stringify(Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`key${i}`, i]))),
  ];
  for (const text of extremes) {
    const result = readConfig(text);
    assert.ok(!result.ok);
    assert.ok(formatProblems("f", result.problems).length < 20_000);
  }
});

for (
  const [entry, expected] of [
    ['{"address": "::", "port": 1, "tls": {"cert_file": "c"}}', "tls.key_file: found nothing,"],
    ['{"address": "::", "port": 1, "tls": {"key_file": "k"}}', "tls.cert_file: found nothing,"],
    [
      '{"address": "::", "port": 1, "tls": "c.pem"}',
      'tls: found "c.pem" (a string), wanted an obj',
    ],
    [
      '{"address": "::", "port": 1, "tls": {"cert_file": "", "key_file": "k"}}',
      'tls.cert_file: found "" (a string), wanted the path of a file',
    ],
    [
      '{"address": "::", "port": 1, "tsl": 1}',
      'tsl: found the unknown key "tsl", wanted a known key',
    ],
    [
      '{"address": "::", "port": 1, "tls": {"cert_file": "c", "key_file": "k", "keyfile": 1}}',
      'tls.keyfile: found the unknown key "keyfile", wanted a known key of listen[0].tls; did you ' +
      'mean "key_file"?',
    ],
    ['{"address": "::", "port": 1, "port": 2}', "port: found the same key again, wanted each key"],
  ] as const
) {
  Deno.test(`the listen entry ${entry} is told apart from one in order`, () => {
    const line = reportOn(`"listen": [${entry}]`);
    assert.ok(line.includes(`listen[0].${expected}`), line);
  });
}

Deno.test("a file of nothing but unknown keys costs no hints beyond the lines that are printed", () => {
  const keys = Array.from({ length: 1000 }, (_, i) => `"agnet_type${i % 7}": 1`);
  const result = readConfig(`{${keys.join(", ")}, ${POOLS}}`);
  assert.ok(!result.ok);
  assert.equal(result.problems.length, 1000);
  assert.equal(result.problems.filter(({ hint }) => hint !== undefined).length, 50);
});
