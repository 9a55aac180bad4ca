/** Pools in a configuration file, in their two forms: what is read, refused, and shown of them. */

import assert from "node:assert/strict";
import { difference } from "../../lib/config/difference.ts";
import { effectiveConfig } from "../../lib/config/effective.ts";
import { readConfigFile } from "../../lib/config/file.ts";
import { configOfPools } from "../../lib/config/given_pools.ts";
import { configuredPools } from "../../lib/config/pools.ts";
import { formatProblems, formatRemark } from "../../lib/config/problem.ts";
import { readConfig } from "../../lib/config/read.ts";
import type { Config } from "../../lib/config/schema.ts";
import { formatAuthorityKey, parseAuthorityKey } from "../../lib/protocol/sv2/authority_key.ts";

const URL = "stratum+tcp://pool.example:3333";

function accept(config: unknown): Config {
  const result = readConfig(JSON.stringify(config));
  assert.ok(result.ok, result.ok ? "" : formatProblems("f", result.problems));
  return result.config;
}

/** The lines that an operator sees, without the last one that counts. */
function report(text: string): string[] {
  const result = readConfig(text);
  assert.ok(!result.ok, "expected problems");
  return formatProblems("f", result.problems).split("\n").slice(0, -1);
}

function remarks(config: unknown): string[] {
  const result = readConfig(JSON.stringify(config));
  assert.ok(result.ok, result.ok ? "" : formatProblems("f", result.problems));
  return result.remarks.map((remark) => `${remark.kind} ${formatRemark("f", remark)}`);
}

/** A folder with these files, for as long as `use` takes. */
async function withFiles(
  files: Readonly<Record<string, string | Uint8Array>>,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(`${folder}/${name}`, bytes);
    }
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("one list mixes both forms and every kind", () => {
  const config = accept({
    pools: [
      ["old.example", 1800, "farm"],
      { url: URL, user: "bc1q.rig", password: "" },
      { url: "btcagent+tls://[::1]:443", user: "farm" },
      { url: "pool.example:25", user: "me" },
    ],
  });
  assert.deepEqual(configuredPools(config), [
    {
      host: "old.example",
      port: 1800,
      kind: "unknown",
      usesTls: false,
      authorityKey: undefined,
      account: "farm",
      password: "x",
      workers: "one",
      minersPerConnection: undefined,
    },
    {
      host: "pool.example",
      port: 3333,
      kind: "stratum",
      usesTls: false,
      authorityKey: undefined,
      account: "bc1q.rig",
      password: "",
      workers: "one",
      minersPerConnection: undefined,
    },
    {
      host: "::1",
      port: 443,
      kind: "agent",
      usesTls: true,
      authorityKey: undefined,
      account: "farm",
      password: "x",
      workers: "one",
      minersPerConnection: undefined,
    },
    {
      host: "pool.example",
      port: 25,
      kind: "unknown",
      usesTls: false,
      authorityKey: undefined,
      account: "me",
      password: "x",
      workers: "one",
      minersPerConnection: undefined,
    },
  ]);
});

Deno.test("pool_use_tls is for entries without a scheme alone", () => {
  const pools = [["h", 1, "a"], { url: "h:1", user: "a" }, { url: URL, user: "a" }];
  const config = accept({ pool_use_tls: true, pools });
  assert.deepEqual(configuredPools(config).map(({ usesTls }) => usesTls), [true, true, false]);
});

Deno.test("every mistake in every entry is reported, with line and column and no password", () => {
  const lines = report(`{ "pools": [
    { "url": "stratum+tcp://me:hunter2@h:1", "user": "me" },
    { "url": "stratum+tcp://h", "user": "a b", "password": "hunter2\\n" },
    { "url": 7, "user": 8, "password": 9001, "password_file": "" },
    { "user": "", "pass": "hunter2" },
    { "url": "h:1", "user": "me", "password": "hunter2", "password_file": "p" },
    "stratum+tcp://h:1",
    { "url": "h:1", "url": "h:2", "user": "me" }
  ], "vardiff": { "minimum": 4, "maximum": 2, "fixed": 0 }, "extranonce2_bytes": 8 }`);
  const url = 'the address of a pool such as "stratum+tcp://pool.example:3333"';
  const user =
    "wanted the name to mine as at this pool; it may be left out only in multi-user mode";
  const fixed = "a difficulty from 2^-32 (0.00000000023) to 2^31 (2147483648)";
  assert.deepEqual(lines, [
    `f:2:14  pools[0].url: found an address with a user in it, wanted ${url}; put the name into "user" and the password into "password" or "password_file"`,
    `f:3:14  pools[1].url: found "stratum+tcp://h", wanted ${url}; add the port; 3333 is usual: "stratum+tcp://h:3333"`,
    'f:3:41  pools[1].user: found "a b" (a string), wanted a name without spaces, at most 128 characters',
    "f:3:60  pools[1].password: found a string, wanted one line of at most 256 characters",
    `f:4:14  pools[2].url: found 7, wanted ${url}`,
    "f:4:25  pools[2].user: found 8, wanted a name without spaces, at most 128 characters",
    "f:4:40  pools[2].password: found a number, wanted one line of at most 256 characters",
    'f:4:63  pools[2].password_file: found "" (a string), wanted the path of a file',
    `f:5:5  pools[3].url: found nothing, wanted ${url}`,
    `f:5:15  pools[3].user: found "" (a string), ${user}`,
    'f:5:19  pools[3].pass: found the unknown key "pass", wanted a known key of pools[3]; write "password"',
    "f:6:75  pools[4].password_file: found a second password, wanted password or password_file, not both",
    'f:7:5  pools[5]: found "stratum+tcp://h:1" (a string), wanted [host, port, sub-account] or { "url": …, "user": … }',
    "f:8:21  pools[6].url: found the same key again, wanted each key once; it is already set in line 8, column 7",
    "f:9:44  vardiff.maximum: found 2, wanted at least vardiff.minimum, 4",
    `f:9:56  vardiff.fixed: found 0, wanted ${fixed}`,
    "f:9:82  extranonce2_bytes: found 8, wanted a number of bytes 2..4",
  ]);
});

Deno.test("an address too long to be one is told so once", () => {
  const url = `me:hunter2@${"h".repeat(600)}:1`;
  const lines = report(JSON.stringify({ pools: [{ url, user: "me" }] }));
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /pools\[0\]\.url: found a string, wanted the address of a pool/);
});

Deno.test("in multi-user mode a user may be left out, and one that is given is said to be ignored", () => {
  const pools = [{ url: URL }, { url: URL, user: "me" }, ["h", 1, "me"]];
  assert.deepEqual(remarks({ multi_user_mode: true, pools }), [
    "notice f:1:124  pools[1].user: Ignored in multi-user mode: the user is the part of a miner's name before the dot",
  ]);
  const lines = report(JSON.stringify({ pools }));
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /pools\[0\]\.user: found nothing/);
});

Deno.test("a dot in the user is warned of only where the pool cuts the name there", () => {
  const user = "farm.rig";
  assert.deepEqual(remarks({ pools: [{ url: URL, user }] }), []);
  const [warning] = remarks({ pools: [{ url: "btcagent+tcp://h:1", user }] });
  assert.match(
    warning!,
    /^warning .*pools\[0\]\.user: Agent pools use only the part before the dot/,
  );
});

Deno.test("a certificate's fingerprint has its effect where any pool is spoken to in TLS", () => {
  const tls = { certificate_sha256: ["00".repeat(32)] };
  assert.deepEqual(remarks({ tls, pools: [{ url: "stratum+ssl://h:1", user: "me" }] }), []);
  for (const pool_use_tls of [false, true]) {
    const [said, ...more] = remarks({ tls, pool_use_tls, pools: [{ url: URL, user: "me" }] });
    assert.match(said!, /Without effect: no pool in the list uses TLS/);
    assert.deepEqual(more, []);
  }
  const advanced = { tls_skip_certificate_verify: true };
  const [warning] = remarks({ advanced, pools: [{ url: "stratum+ssl://h:1", user: "me" }] });
  assert.match(warning!, /can pose as the pool/);
});

Deno.test("the effective form shows no password, and can be read again", () => {
  const config = accept({
    pools: [{ url: URL, user: "me", password: "hunter2" }, { url: URL, user: "me" }],
  });
  const effective = effectiveConfig(config);
  assert.deepEqual(effective.pools, [
    { url: URL, user: "me", password: "***" },
    { url: URL, user: "me" },
  ]);
  assert.deepEqual(accept(effective).pools, effective.pools);
});

Deno.test("a file's password is read without its line end, and read again; it is shown nowhere", async () => {
  await withFiles({ secret: "hunter2 \r\n" }, async (folder) => {
    const path = `${folder}/agent.jsonc`;
    const pool = { url: URL, user: "me", password_file: `${folder}/secret` };
    await Deno.writeTextFile(path, JSON.stringify({ pools: [pool, pool] }));
    const before = await readConfigFile(path);
    assert.ok(before.ok, before.ok ? "" : before.message);
    const passwords = configuredPools(before.config).map(({ password }) => password);
    assert.deepEqual(passwords, ["hunter2 ", "hunter2 "]);
    assert.deepEqual(effectiveConfig(before.config).pools, [pool, pool]);
    await Deno.writeTextFile(`${folder}/secret`, "hunter3");
    const after = await readConfigFile(path);
    assert.ok(after.ok);
    assert.equal(configuredPools(after.config)[0]!.password, "hunter3");
    const changes = difference(before.config, after.config);
    assert.deepEqual(changes.map(({ key, takesEffect }) => `${key} ${takesEffect}`), [
      "pools[0] now",
      "pools[1] now",
    ]);
    assert.doesNotMatch(JSON.stringify([changes, before.remarks]), /hunter/);
  });
});

Deno.test("a password that changes is seen to change and not shown", () => {
  const config = (password: string) => accept({ pools: [{ url: URL, user: "me", password }] });
  const [change, ...more] = difference(config("hunter2"), config("hunter3"));
  assert.deepEqual(more, []);
  const shown = `{"url":"${URL}","user":"me","password":"***"}`;
  assert.deepEqual(change, { key: "pools[0]", before: shown, after: shown, takesEffect: "now" });
});

const UNUSABLE: [name: string, content: string | Uint8Array, trouble: RegExp][] = [
  ["an empty one", "\n", /: it is empty, wanted/],
  ["one of two lines", "hunter2\nhunter3\n", /: it has more than one line, or control characters,/],
  ["one with a long line", "hunter2".repeat(50), /: its line has 350 characters, at most 256/],
  ["a long one", new Uint8Array(5000), /: it has 5000 bytes, wanted at most 4096/],
];
for (const [name, content, trouble] of UNUSABLE) {
  Deno.test(`a password file that is ${name} is a problem, and nothing of it is shown`, async () => {
    await withFiles({ secret: content }, async (folder) => {
      const path = `${folder}/agent.jsonc`;
      const pool = { url: URL, user: "me", password_file: `${folder}/secret` };
      await Deno.writeTextFile(path, JSON.stringify({ pools: [pool] }));
      const file = await readConfigFile(path);
      assert.ok(!file.ok);
      assert.match(file.message, /:1:\d+ {2}pools\[0\]\.password_file: found ".*secret": /);
      assert.match(file.message, trouble);
      assert.doesNotMatch(file.message, /hunter/);
      const given = { urls: [URL], user: "me", password: undefined };
      const run = await configOfPools({ ...given, passwordFile: `${folder}/secret` });
      assert.ok(!run.ok);
      assert.match(run.message, trouble);
      assert.doesNotMatch(run.message, /hunter/);
    });
  });
}

Deno.test("a password file that is missing is reported beside every other problem", async () => {
  await withFiles({}, async (folder) => {
    const path = `${folder}/agent.jsonc`;
    const pools = [{ url: URL, user: "me", password_file: `${folder}/none` }, { url: "h" }];
    await Deno.writeTextFile(path, JSON.stringify({ pools, agent_listen_port: 0 }));
    const file = await readConfigFile(path);
    assert.ok(!file.ok);
    assert.deepEqual(file.problems.map(({ path }) => path), [
      "pools[0].password_file",
      "pools[1].user",
      "pools[1].url",
      "agent_listen_port",
    ]);
    assert.match(file.problems[0]!.found, /^".*none": No such file/);
  });
});

Deno.test("pools of the command line stand for a configuration with every default", async () => {
  await withFiles({ secret: "hunter2\n" }, async (folder) => {
    const urls = [URL, "btcagent+tcp://h:1"];
    const given = { urls, user: "me", password: undefined, passwordFile: `${folder}/secret` };
    const file = await configOfPools(given);
    assert.ok(file.ok, file.ok ? "" : file.message);
    assert.deepEqual([file.path, file.base, file.remarks], [`--pool ${URL}`, "", []]);
    const pools = configuredPools(file.config);
    assert.deepEqual(
      pools.map(({ kind, account, password }) => `${kind} ${account} ${password}`),
      ["stratum me hunter2", "agent me hunter2"],
    );
    const { pools: _, ...rest } = file.config;
    const { pools: __, ...defaults } = accept({ pools: [["h", 1, "me"]] });
    assert.deepEqual(rest, defaults);
  });
});

Deno.test("what a pool sees of workers is set for each; at an agent pool it has no effect, and that is said", () => {
  const ways = { workers: "each", miners_per_connection: 50 } as const;
  const stratum = { url: URL, user: "me", ...ways };
  const [pool] = configuredPools(accept({ pools: [stratum] }));
  assert.deepEqual([pool!.workers, pool!.minersPerConnection], ["each", 50]);
  assert.deepEqual(remarks({ pools: [stratum] }), []);
  const said = remarks({ pools: [{ ...stratum, url: "btcagent+tcp://pool.example:1800" }] });
  assert.equal(said.length, 2);
  for (const line of said) assert.match(line, /^notice .*Without effect: with the agent protocol/);
});

Deno.test("another number of workers or miners than there is is refused with what is wanted", () => {
  const pool = { url: URL, user: "me", workers: "many", miners_per_connection: 0 };
  const said = report(JSON.stringify({ pools: [pool] }));
  assert.match(said.join("\n"), /pools\[0\]\.workers.*wanted "one", "each" or "connection"/);
  assert.match(
    said.join("\n"),
    /pools\[0\]\.miners_per_connection.*wanted a number of miners 1\.\.65535/,
  );
});

Deno.test("at a port no bound may cross those of all, unless both are its own", () => {
  const pools = [{ url: URL, user: "me" }];
  const at = (port: number, vardiff: unknown) => ({ address: "0.0.0.0", port, vardiff });
  const vardiff = { minimum: 64, maximum: 1024 };
  accept({ pools, vardiff, listen: [at(1, { minimum: 1024 }), at(2, { minimum: 1, maximum: 2 })] });
  const listen = [at(1, { minimum: 2048 }), at(2, { maximum: 32 })];
  assert.deepEqual(
    report(JSON.stringify({ pools, vardiff, listen })).map((line) => line.slice(9)),
    [
      "listen[0].vardiff.minimum: found 2048, wanted at most vardiff.maximum, 1024",
      "listen[1].vardiff.maximum: found 32, wanted at least vardiff.minimum, 64",
    ],
  );
});

const KEY = "9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh";
const V2 = `stratum2+tcp://pool.example:3336/${KEY}`;
const V2_WITHOUT_KEY = "stratum2+tcp://pool.example:3336";

Deno.test("a Stratum V2 pool is written like the others, with its key in the address", () => {
  const url = V2;
  const config = accept({ pool_use_tls: true, pools: [{ url, user: "farm", workers: "each" }] });
  const key = parseAuthorityKey(KEY);
  assert.ok(key.ok);
  assert.deepEqual(configuredPools(config), [{
    host: "pool.example",
    port: 3336,
    kind: "sv2",
    usesTls: false,
    authorityKey: key.key.toHex(),
    account: "farm",
    password: "x",
    workers: "each",
    minersPerConnection: undefined,
  }]);
  assert.deepEqual(remarks({ pools: [{ url, user: "farm", miners_per_connection: 100 }] }), []);
});

Deno.test("without its key a Stratum V2 pool is refused, and both ways out are named", () => {
  const pools = [{ url: V2_WITHOUT_KEY, user: "me" }, {
    url: V2_WITHOUT_KEY,
    user: "me",
    insecure: false,
  }];
  const lines = report(JSON.stringify({ pools }));
  assert.equal(lines.length, 2);
  for (const line of lines) {
    assert.equal(
      line.replace(/^.*?\.url/, "url"),
      'url: found "stratum2+tcp://pool.example:3336" (a string), wanted the pool\'s authority key ' +
        "at its end: stratum2+tcp://host:port/KEY; the pool publishes it; without it nothing " +
        "proves that this is the pool. For a pool on your own machine or network, " +
        '"insecure": true connects without proof',
    );
  }
});

Deno.test("a pool without proof is accepted with insecure, and every start warns of it", () => {
  const pools = [{ url: V2_WITHOUT_KEY, user: "me", insecure: true }];
  assert.equal(configuredPools(accept({ pools }))[0]!.authorityKey, undefined);
  const [warning, ...more] = remarks({ pools });
  assert.deepEqual(more, []);
  assert.match(
    warning!,
    /^warning .*pools\[0\]\.insecure: INSECURE: its address has no authority key, so nothing proves/,
  );
});

Deno.test("a wrong key is refused also where no proof is wanted", () => {
  const url = `${V2_WITHOUT_KEY}/${KEY.slice(1)}`;
  const lines = report(JSON.stringify({ pools: [{ url, user: "me", insecure: true }] }));
  assert.equal(lines.length, 1);
  assert.match(
    lines[0]!,
    /pools\[0\]\.url: found an authority key of 50 characters, wanted 51 characters$/,
  );
});

const WITHOUT_EFFECT: [what: string, pool: object, key: string, text: RegExp][] = [
  ["insecure beside a key", { url: V2, insecure: true }, "insecure", /the address has the pool's/],
  ["insecure at a Stratum V1 pool", { url: URL, insecure: true }, "insecure", /only Stratum V2/],
  [
    "insecure without a scheme",
    { url: "h:1", insecure: true },
    "insecure",
    /only Stratum V2 pools/,
  ],
  [
    "insecure at an agent pool",
    { url: "btcagent+tcp://h:1", insecure: true },
    "insecure",
    /only Stratum V2 pools/,
  ],
  ["a password at a Stratum V2 pool", { url: V2, password: "x" }, "password", /no passwords/],
];
for (const [what, pool, key, text] of WITHOUT_EFFECT) {
  Deno.test(`${what} has no effect, and that is said`, () => {
    const [notice, ...more] = remarks({ pools: [{ ...pool, user: "me" }] });
    assert.deepEqual(more, []);
    assert.match(notice!, new RegExp(`^notice .*pools\\[0\\]\\.${key}: Without effect: `));
    assert.match(notice!, text);
  });
}

Deno.test("a Stratum V2 pool cannot have a connection for every worker", () => {
  const pools = [{ url: V2, user: "me", workers: "connection" }];
  const lines = report(JSON.stringify({ pools }));
  assert.equal(lines.length, 1);
  assert.match(
    lines[0]!,
    /workers: found "connection" \(a string\), wanted "one" or "each" at a Stratum V2 pool; all/,
  );
});

Deno.test("another key, or none, is a change of the pool that takes effect at once", () => {
  const config = (pool: object) => accept({ pools: [{ user: "me", ...pool }] });
  const other = formatAuthorityKey(
    Uint8Array.fromHex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"),
  );
  for (
    const after of [{ url: `${V2_WITHOUT_KEY}/${other}` }, { url: V2_WITHOUT_KEY, insecure: true }]
  ) {
    const [change, ...more] = difference(config({ url: V2 }), config(after));
    assert.deepEqual(more, []);
    assert.deepEqual([change!.key, change!.takesEffect], ["pools[0]", "now"]);
  }
});

Deno.test("a Stratum V2 address in the old form is refused with the form to write", () => {
  const [line] = report(JSON.stringify({ pools: [["stratum2+tcp://pool.example", 3336, "me"]] }));
  assert.match(line!, /write \{ "url": "stratum2\+tcp:\/\/host:port\/AUTHORITY_KEY", "user": … \}/);
});
