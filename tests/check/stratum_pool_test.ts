/** What is said of ordinary Stratum pools that are well, and of those with something wrong. */

import assert from "node:assert/strict";
import { checkPool, type CheckSettings, PASSWORD } from "../support/check_rig.ts";
import { saying, silent, startProxy, TestPool } from "../support/dialling.ts";
import { freePort } from "../support/free_port.ts";
import { LoopbackServer, type Serve } from "../support/loopback_server.ts";
import { type Answers, answersOf, notifyText, StrictPool } from "../support/strict_pool.ts";
import { serverCertificate } from "../support/test_certificates.ts";

/** A short wait for what is not going to come; generous to a slow machine otherwise. */
const SHORT_MS = 4_500;

const GOOD = 'ok directly: speaks Stratum, accepts user "acc"; ' +
  "connected in N ms, authorized after N ms, first job after N ms";
const EIGHT = "ok extranonce: 8 bytes: one connection holds every miner (up to 65535); " +
  "each miner rolls 4 of them";
const MASK = "ok versions: mask 1fffe000";
const DIFFICULTY =
  "ok difficulty: 16384 at first: shares below it are kept here: credited, not sent";
const NOT_ROLLING = "warning versions: no version rolling -> " +
  "miners cannot roll versions (ASICBoost) here: ask your pool";
const KIND =
  "note kind: an ordinary Stratum pool, as its answers show: it sees one worker unless its entry " +
  "sets `workers` -> " +
  "write its address with stratum+tcp:// or stratum+ssl://, so that btcagent need not ask again";

const LOGIN = "note login: not tried, so version mask, difficulty and jobs are not known: " +
  "users come from the miners' names -> try one with --account NAME";

/** All lines but the clock's, which names the block. */
function withoutClock(lines: readonly string[]): string[] {
  return lines.filter((line) => !/^\w+ clock: /.test(line));
}

function checkStratum(pool: { readonly address: { host: string; port: number } }, more = {}) {
  const settings: CheckSettings = { kind: "stratum", ...more };
  return checkPool(pool.address, settings);
}

interface PoolCase {
  readonly name: string;
  readonly answers: Answers;
  readonly settings?: CheckSettings;
  readonly isUsable: boolean;
  readonly lines: readonly string[];
}

/** Answers without one, or with another. */
function but(bytes: number, more: Answers): Answers {
  return { ...answersOf(bytes), ...more };
}

const POOLS: PoolCase[] = [
  {
    name: "a pool that leaves 8 bytes is well",
    answers: answersOf(8),
    isUsable: true,
    lines: [GOOD, EIGHT, MASK, DIFFICULTY],
  },
  {
    name: "a pool that is to see every worker is said with what its figures are worth",
    answers: answersOf(8),
    settings: { workers: "each" },
    isUsable: true,
    lines: [
      GOOD,
      EIGHT,
      "note workers: each is to be seen, as acc.NAME: the log says whether the pool takes names, if " +
      "not it sees one worker; its figures of one worker are rough: with 50 miners on a connection, the figure of an hour is off by 22 % and a day by 4 %, with 1,000 miners on a connection, the figure of an hour is off by " +
      "96 % and a day by 20 %; those of btcagent are exact -> with miners_per_connection from 10 to 50, the pool's figures of a day are worth reading",
      MASK,
      DIFFICULTY,
    ],
  },
  {
    name: "of a pool that leaves 4 bytes one connection holds 240 miners",
    answers: answersOf(4),
    isUsable: true,
    lines: [
      GOOD,
      "note extranonce: 4 bytes: one connection holds 240 miners, and more are opened as they " +
      "come; each miner rolls 3 of them",
      MASK,
      DIFFICULTY,
    ],
  },
  {
    name: "a pool that never answers configure costs ASICBoost",
    answers: but(8, { "mining.configure": "" }),
    isUsable: true,
    lines: [GOOD, EIGHT, NOT_ROLLING, DIFFICULTY],
  },
  {
    name: "a pool that leaves 3 bytes cannot be shared by miners",
    answers: answersOf(3),
    isUsable: false,
    lines: [
      "failure directly: speaks Stratum, but: Cannot mine at this pool: it leaves 3 bytes for " +
      "extranonce2, wanted 4 to 16, so that miners can share a connection -> " +
      "use another pool, or another port of it",
    ],
  },
  {
    name: "a pool that leaves 1 byte cannot be shared either",
    answers: answersOf(1),
    isUsable: false,
    lines: [
      "failure directly: speaks Stratum, but: Cannot mine at this pool: it leaves 1 byte for " +
      "extranonce2, wanted 4 to 16, so that miners can share a connection -> " +
      "use another pool, or another port of it",
    ],
  },
  {
    name: "a refused user comes with the pool's words",
    answers: but(8, {
      "mining.authorize": '{"id":4,"result":false,"error":[24,"Unauthorized worker",null]}\n',
    }),
    isUsable: false,
    lines: [
      'failure directly: speaks Stratum, but: Cannot authorize as "acc": the pool answers ' +
      '24 "Unauthorized worker" -> check the user\'s name at the pool: some want a bitcoin address',
    ],
  },
  {
    name: "a pool without a job may have none at the moment",
    answers: but(8, { "mining.subscribe": '{"id":2,"result":[[],"0000002a",8],"error":null}\n' }),
    settings: { timeoutMs: SHORT_MS },
    isUsable: false,
    lines: [
      "failure directly: speaks Stratum, but waited 4.5 s before it sent a job -> " +
      "it may have no work at the moment: try again, or ask your pool",
    ],
  },
  {
    name: "plain words among the lines are passed over",
    answers: but(8, { "mining.configure": "Welcome\n" + answersOf(8)["mining.configure"] }),
    isUsable: true,
    lines: [GOOD, EIGHT, MASK, DIFFICULTY],
  },
];
for (const { name, answers, settings, isUsable, lines } of POOLS) {
  Deno.test(`${name}, and it hears nothing but its handshake`, async () => {
    await using pool = new StrictPool({ answers });
    const checked = await checkStratum(pool, settings);
    assert.deepEqual(withoutClock(checked.lines), lines);
    assert.equal(checked.isUsable, isUsable);
    assert.deepEqual(pool.methods, ["mining.configure", "mining.subscribe", "mining.authorize"]);
    assert.ok(pool.heard.at(-1)!.includes(`["acc","${PASSWORD}"]`));
  });
}

Deno.test("the height of the newest job's block is named, and an old job is the clock's fault", async () => {
  await using pool = new StrictPool({ answers: answersOf(8) });
  const { rows } = await checkStratum(pool);
  const clock = rows.find(({ subject }) => subject === "clock")!;
  assert.match(clock.found, /^\d+ s ahead of the pool's newest job \(block 900000\)$/);
  assert.equal(clock.values!["height"], 900_000);
  const subscribe = answersOf(8)["mining.subscribe"]!.replace(
    /\{"id":null,"method":"mining.notify.*\n/,
    "",
  );
  await using old = new StrictPool({
    answers: but(8, { "mining.subscribe": subscribe + notifyText(1_700_000_000) }),
  });
  const { lines } = await checkStratum(old);
  assert.match(lines.join("\n"), /warning clock: this machine's clock is \d+ s ahead/);
});

Deno.test("without a user nobody logs in, and that is said", async () => {
  await using pool = new StrictPool({ answers: answersOf(6) });
  const { lines, isUsable } = await checkStratum(pool, { account: undefined });
  assert.deepEqual(lines, [
    "ok directly: speaks Stratum; connected in N ms",
    "ok extranonce: 6 bytes: one connection holds every miner (up to 65535); " +
    "each miner rolls 4 of them",
    LOGIN,
  ]);
  assert.ok(isUsable);
  assert.deepEqual(pool.methods, ["mining.configure", "mining.subscribe"]);
});

const WANTS = "whether it wants TLS (stratum+ssl://), agents (btcagent+tcp://), or Stratum V2 " +
  "(stratum2+tcp://)";
const STRANGERS: [what: string, serve: Serve, line: string][] = [
  [
    "a web server",
    saying("HTTP/1.1 400 Bad Request\r\n\r\n"),
    'failure directly: no Stratum: it answers "HTTP/1.1 400 Bad Request" -> ' +
    "check the port, and whether the pool blocks this address",
  ],
  [
    "a pool that parts with words",
    async (conn) => {
      await conn.read(new Uint8Array(1000));
      await conn.write(new TextEncoder().encode("Invalid JSON, disconnecting"));
    },
    'failure directly: no Stratum: it answers "Invalid JSON, disconnecting" -> ' +
    "check the port, and whether the pool blocks this address",
  ],
  [
    "what speaks TLS",
    saying("\x15\x03\x01\x00\x02\x02\x28"),
    "failure directly: no Stratum: it speaks TLS -> write its address with stratum+ssl://",
  ],
  [
    "what closes",
    async (conn) => void await conn.read(new Uint8Array(1000)),
    "failure directly: connected in N ms, then the pool closed it at once without sending anything -> " +
    `check the port, ${WANTS}, and whether the pool blocks this address`,
  ],
  [
    "what is silent",
    silent,
    `failure directly: connected in N ms, then silence for 4.5 s -> check the port, and ${WANTS}`,
  ],
];
for (const [what, serve, line] of STRANGERS) {
  Deno.test(`${what} is no Stratum pool, and why is said`, async () => {
    await using server = new LoopbackServer(serve);
    const { lines, isUsable } = await checkStratum(server, { timeoutMs: SHORT_MS });
    assert.deepEqual(lines, [line]);
    assert.ok(!isUsable);
    await server.until(() => server.open === 0);
  });
}

Deno.test("a port nobody listens on is said, as of any pool", async () => {
  const { lines } = await checkPool({ host: "127.0.0.1", port: freePort() }, { kind: "stratum" });
  assert.match(lines[0]!, /^failure directly: Connection refused.*nothing listens there/);
});

Deno.test("a Stratum pool is reached through a proxy and over TLS as well", async () => {
  const certificate = serverCertificate("pool");
  await using pool = new StrictPool({ answers: answersOf(8), certificate });
  await using proxy = startProxy("socks5", { "pool.test:443": pool.address }, false);
  const { lines } = await checkPool({ host: "pool.test", port: 443 }, {
    kind: "stratum",
    usesTls: true,
    proxies: [`socks5://${proxy.hostPort}`],
  });
  assert.match(lines[0]!, /^ok through socks5:\/\/HERE: speaks Stratum, accepts user "acc";/);
  assert.match(lines[1]!, /^ok certificate: of btcagent test pool/);
  assert.ok(lines.includes(EIGHT));
});

Deno.test("a pool of unknown kind is asked once as agents ask, then spoken to in its own kind alone", async () => {
  await using pool = new StrictPool({ answers: answersOf(8) });
  const { lines, isUsable } = await checkStratum(pool, { kind: "unknown" });
  assert.deepEqual(withoutClock(lines), [GOOD, KIND, EIGHT, MASK, DIFFICULTY]);
  assert.ok(isUsable);
  assert.deepEqual(pool.methods, [
    "mining.subscribe",
    "agent.get_capabilities",
    "mining.configure",
    "mining.subscribe",
    "mining.authorize",
  ]);
});

Deno.test("without a user, a pool of unknown kind that ignores agents is judged as Stratum, but not as certain", async () => {
  await using pool = new StrictPool({ answers: answersOf(6), passesOver: true });
  const { lines, isUsable } = await checkStratum(pool, { kind: "unknown", account: undefined });
  assert.deepEqual(lines, [
    "ok directly: speaks Stratum; connected in N ms",
    "note kind: probably an ordinary Stratum pool: it does not answer the agent protocol's question, and only a login would make it certain -> try one with --account NAME, or write " +
    "its address with stratum+tcp:// or stratum+ssl://",
    "ok extranonce: 6 bytes: one connection holds every miner (up to 65535); " +
    "each miner rolls 4 of them",
    LOGIN,
  ]);
  assert.ok(isUsable);
  assert.ok(!pool.methods.includes("mining.authorize"));
});

Deno.test("a port without TLS is said where its address has stratum+ssl://, whatever the port does", async () => {
  const withoutTls: Serve[] = [
    silent,
    saying('{"id":null,"error":[20,"bad JSON",null]}\n'),
    async (conn) => void await conn.read(new Uint8Array(1000)),
  ];
  for (const serve of withoutTls) {
    await using server = new LoopbackServer(serve);
    const { lines } = await checkStratum(server, { usesTls: true, timeoutMs: 1_500 });
    assert.match(lines[0]!, /^failure directly: .*TLS.* -> use the pool's port for TLS, or speak/);
    assert.match(
      lines[0]!,
      /write stratum\+tcp:\/\/ in place of stratum\+ssl:\/\/, or set pool_use/,
    );
  }
});

Deno.test("extranonce2_bytes decides what miners get at a pool with 4 bytes", async () => {
  await using pool = new StrictPool({ answers: answersOf(4) });
  const { lines } = await checkStratum(pool, { extranonce2Bytes: 2 });
  assert.equal(
    lines[1],
    "ok extranonce: 4 bytes: one connection holds every miner (up to 65535); " +
      "each miner rolls 2 of them",
  );
});

Deno.test("a pool of unknown kind that speaks to agents is taken for an agent pool", async () => {
  await using pool = await TestPool.start();
  const { lines } = await checkStratum(pool, { kind: "unknown" });
  assert.match(lines[0]!, /^ok directly: speaks the agent protocol, accepts sub-account "acc"/);
  assert.ok(!lines.includes(KIND));
});

const UNDECIDED: [what: string, serve: Serve, line: string][] = [
  [
    "that is silent",
    silent,
    "failure directly: connected in N ms, then silence for 1.5 s -> " +
    "check the port, and whether it wants TLS (pool_use_tls)",
  ],
  [
    "that closes",
    async (conn) => void await conn.read(new Uint8Array(1000)),
    "failure directly: connected in N ms, then the pool closed it at once without sending anything -> check the " +
    "port, whether it wants TLS (pool_use_tls), and whether the pool blocks this address",
  ],
  [
    "that speaks TLS",
    saying("\x15\x03\x01\x00\x02\x02\x28"),
    "failure directly: no pool: it speaks TLS -> set pool_use_tls to true",
  ],
  [
    "that is a web server",
    saying("HTTP/1.1 400 Bad Request\r\n\r\n"),
    'failure directly: no pool: it answers "HTTP/1.1 400 Bad Request" -> ' +
    "check the port, and whether the pool blocks this address",
  ],
  [
    "that refuses to subscribe us",
    saying('{"id":1,"result":null,"error":[20,"no room",null]}\n'),
    "failure directly: Cannot find out the protocol of this pool: it answers subscribe with 20 " +
    '"no room" -> give its address as a URL with stratum+tcp:// or btcagent+tcp://',
  ],
  [
    "that answers no login",
    saying('{"id":1,"result":[[],"00",8],"error":null}\n'),
    "failure directly: answers, but waited 1.5 s before it sent the authorize answer -> write its address with stratum+tcp:// or btcagent+tcp:// if you know its protocol, or ask your pool",
  ],
];
for (const [what, serve, line] of UNDECIDED) {
  Deno.test(`of a pool of unknown kind ${what} nothing is decided, and why is said`, async () => {
    await using server = new LoopbackServer(serve);
    const settings = { kind: "unknown", timeoutMs: 1_500 } as const;
    const { lines, isUsable } = await checkStratum(server, settings);
    assert.deepEqual(lines, [line]);
    assert.ok(!isUsable);
    await server.until(() => server.open === 0);
  });
}
