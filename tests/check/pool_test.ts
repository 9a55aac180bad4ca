/** What is said of pools that are well, and of those with something wrong. */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import type { PoolAddress } from "../../lib/net/pools/connection.ts";
import type { PoolFaults } from "../../lib/sim/pool_faults.ts";
import type { SimPoolOptions } from "../../lib/sim/pool_settings.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { checkPool, type CheckSettings } from "../support/check_rig.ts";
import {
  LOGIN_IN_ADDRESS,
  saying,
  SECRETS,
  silent,
  startProxy,
  TestPool,
} from "../support/dialling.ts";
import { freePort } from "../support/free_port.ts";
import { LoopbackServer, type Serve } from "../support/loopback_server.ts";
import { handshakeLines, notifyLine } from "../support/pool_lines.ts";
import { fingerprint, serverCertificate } from "../support/test_certificates.ts";

const GOOD = 'ok directly: speaks the agent protocol, accepts sub-account "acc"; ' +
  "connected in N ms, logged in after N ms, first job after N ms";
const WORK = "ok work: version mask 1fffe000, extranonce2 of 8 bytes, difficulty 1";

const AS_STRATUM =
  "write its address with stratum+tcp:// to mine there as an ordinary pool, or ask your " +
  "pool for its BTCAgent address and port";

/** A short wait for what is not going to come; generous to a slow machine otherwise. */
const SHORT_MS = 3_000;

function linesToText(lines: readonly string[]): string {
  return lines.map((line) => line + "\n").join("");
}

async function withPool(
  options: SimPoolOptions,
  faults: Partial<PoolFaults>,
  test: (pool: SimPool, address: PoolAddress) => Promise<void>,
): Promise<void> {
  const pool = await SimPool.start(options);
  try {
    pool.setFaults(faults);
    await test(pool, { host: pool.hostname, port: pool.port });
  } finally {
    await pool.stop();
  }
}

interface PoolCase {
  readonly name: string;
  readonly options?: SimPoolOptions;
  readonly faults?: Partial<PoolFaults>;
  readonly settings?: CheckSettings;
  readonly isUsable: boolean;
  /** All lines but the clock's. */
  readonly lines: readonly string[];
}

const POOLS: PoolCase[] = [
  {
    name: "a pool for agents is well",
    isUsable: true,
    lines: [GOOD, "ok grants: verrol, subres", WORK],
  },
  {
    name: "without a sub-account the login is not tried, and that is said",
    settings: { account: undefined },
    isUsable: true,
    lines: [
      "ok directly: speaks the agent protocol; connected in N ms",
      "ok grants: verrol, subres",
      "note login: not tried, so version mask, difficulty and jobs are not known: sub-accounts come from the miners' names -> try one with --account NAME",
    ],
  },
  {
    name: "a refused sub-account comes with the pool's words",
    faults: { refuseAuthorize: true },
    isUsable: false,
    lines: [
      'failure directly: speaks the agent protocol, but: Cannot authorize as sub-account "acc": ' +
      'the pool answers [29, "Invalid username"] -> check the sub-account\'s name at the pool',
    ],
  },
  {
    name: "a pool without verrol costs ASICBoost",
    faults: { hasNoVerrol: true },
    isUsable: true,
    lines: [
      GOOD,
      "warning grants: subres -> without verrol, miners cannot roll versions (ASICBoost): ask your pool",
      "warning work: version mask 00000000, extranonce2 of 8 bytes, difficulty 1 -> " +
      "miners cannot roll versions (ASICBoost) here: ask your pool",
    ],
  },
  {
    name: "a pool without subres is worth a note",
    faults: { hasNoSubres: true },
    isUsable: true,
    lines: [
      GOOD,
      "note grants: verrol -> without subres, miners do not hear which shares are rejected",
      WORK,
    ],
  },
  {
    name: "a pool without subres is warned of where verdicts were asked for",
    faults: { hasNoSubres: true },
    settings: { wantsVerdicts: true },
    isUsable: true,
    lines: [
      GOOD,
      "warning grants: verrol -> without subres, miners do not hear which shares are rejected",
      WORK,
    ],
  },
  {
    name: "a pool that does not roll versions is told by its mask",
    faults: { versionMask: 0 },
    isUsable: true,
    lines: [
      GOOD,
      "ok grants: verrol, subres",
      "warning work: version mask 00000000, extranonce2 of 8 bytes, difficulty 1 -> " +
      "miners cannot roll versions (ASICBoost) here: ask your pool",
    ],
  },
  {
    name: "a wrong size of extranonce2 is told",
    faults: { extranonce2Size: 4 },
    isUsable: false,
    lines: [
      "failure directly: no agent protocol: it answers as an ordinary Stratum V1 pool (its " +
      "extranonce2 has 4 bytes, wanted 8) -> " +
      AS_STRATUM,
    ],
  },
  {
    name: "a pool without work is waited for, and told",
    options: { hasWork: false },
    settings: { timeoutMs: SHORT_MS },
    isUsable: false,
    lines: [
      "failure directly: speaks the agent protocol, but waited 3 s before it sent work -> " +
      "it may have no work at the moment: try again, or ask your pool",
    ],
  },
  {
    name: "a pool that falls silent in the middle is told by what was still to come",
    faults: { maxAnswers: 3 },
    settings: { timeoutMs: SHORT_MS },
    isUsable: false,
    lines: [
      "failure directly: speaks the agent protocol, but waited 3 s before it sent " +
      "the authorize answer -> try again, or ask your pool",
    ],
  },
];
for (const { name, options, faults, settings, isUsable, lines } of POOLS) {
  Deno.test(`${name}; no miner is registered and nothing submitted`, async () => {
    await withPool(options ?? {}, faults ?? {}, async (pool, address) => {
      const checked = await checkPool(address, settings);
      assert.deepEqual(checked.lines.filter((line) => !line.includes(" clock: ")), lines);
      assert.equal(checked.isUsable, isUsable);
      assert.equal(pool.registeredNames.size, 0);
      assert.equal(pool.statistics().submits, 0);
    });
  });
}

const CLOCKS: [seconds: number, line: RegExp][] = [
  [0, /^ok clock: \d+ s (?:behind|ahead of) the pool's newest job \(block \d+\)$/],
  [
    500,
    /^warning clock: this machine's clock is (?:4|5)\d\d s behind the pool's newest job -> set/,
  ],
  [-500, /^warning clock: this machine's clock is 5\d\d s ahead of the pool's newest job -> set/],
];
for (const [seconds, line] of CLOCKS) {
  Deno.test(`a pool whose clock is ${seconds} s off is told as this machine's clock`, async () => {
    const time = { ...systemTime, wallNow: () => Date.now() + seconds * 1000 };
    await withPool({ time }, {}, async (_, address) => {
      const { lines } = await checkPool(address);
      assert.match(lines.at(-1)!, line);
    });
  });
}

const STRANGERS: [name: string, serve: Serve, line: string][] = [
  [
    "an ordinary Stratum V1 pool that refuses the question",
    saying('{"id":"caps","result":null,"error":[20,"Not supported.",null]}\n'),
    "failure directly: no agent protocol: it answers as an ordinary Stratum V1 pool (it does not " +
    "answer agent.get_capabilities with its capabilities) -> " +
    AS_STRATUM,
  ],
  [
    "an ordinary Stratum V1 pool that ignores the question",
    saying('{"id":"conf","result":{"version-rolling":true,"version-rolling.mask":"1fffe000"}}\n'),
    "failure directly: no agent protocol: it answers as an ordinary Stratum V1 pool (it does not answer agent.get_capabilities) -> " +
    AS_STRATUM,
  ],
  [
    "a silent port",
    silent,
    "failure directly: connected in N ms, then silence for 3 s -> " +
    "check the port, and whether it wants TLS (btcagent+tls://) or ordinary Stratum (stratum+tcp://)",
  ],
  [
    "a port that closes at once",
    () => Promise.resolve(),
    "failure directly: connected in N ms, then the pool closed it at once without sending anything -> check the " +
    "port, whether it wants TLS (btcagent+tls://) or ordinary Stratum (stratum+tcp://), and whether the pool blocks this address",
  ],
  [
    "a web server",
    saying("HTTP/1.1 400 Bad Request\r\n\r\n"),
    'failure directly: no agent protocol: Cannot read a line: found "HTTP/1.1 400 Bad Request", ' +
    "wanted a JSON object -> check the port, and ask your pool for its BTCAgent address",
  ],
];
for (const [name, serve, line] of STRANGERS) {
  Deno.test(`${name} is told for what it is`, async () => {
    await using server = new LoopbackServer(serve);
    const { lines, isUsable } = await checkPool(server.address, { timeoutMs: SHORT_MS });
    assert.deepEqual(lines, [line]);
    assert.equal(isUsable, false);
  });
}

for (
  const { bytes, line } of [
    { bytes: 255, line: undefined },
    {
      bytes: 256,
      line: "note coinbase: the newest job's has 256 bytes, more than some miners accept: " +
        "NerdMiner (255 bytes) -> if you have such miners, choose a pool with fewer payouts in its coinbase",
    },
    {
      bytes: 731,
      line: "warning coinbase: the newest job's has 731 bytes, more than some miners accept: " +
        "NerdMiner (255 bytes), NiceHash (500 bytes), Antminers with stock firmware (730 bytes) -> " +
        "if you have such miners, choose a pool with fewer payouts in its coinbase",
    },
    {
      bytes: 20_000,
      line: "failure directly: speaks the agent protocol, but: Cannot give a job of this pool to " +
        "miners: its line would have 40227 bytes, at most 32768 are allowed, which is more than any firmware accepts -> choose another pool, or ask yours for fewer payouts in the coinbase",
    },
  ]
) {
  Deno.test(`a coinbase of ${bytes} bytes is ${line === undefined ? "nothing to tell" : "told"}`, async () => {
    const job = JSON.parse(notifyLine());
    // Beside part 2: 4 bytes of part 1, 4 of the pool's extranonce1, 8 of the miner's own.
    job.params[3] = "00".repeat(bytes - 16);
    const serve = saying(linesToText(handshakeLines().with(6, JSON.stringify(job))));
    await using server = new LoopbackServer(serve);
    const { lines } = await checkPool(server.address, { timeoutMs: SHORT_MS });
    const found = lines.filter((found) => /coinbase/.test(found));
    assert.deepEqual(found, line === undefined ? [] : [line]);
  });
}

Deno.test("a port nobody listens on is told as such", async () => {
  const { lines } = await checkPool({ host: "127.0.0.1", port: freePort() });
  assert.deepEqual(lines, [
    "failure directly: Connection refused (os error 111) -> nothing listens there: check host and port",
  ]);
});

Deno.test("a name that does not exist is told, whatever else is", async () => {
  const { lines, isUsable } = await checkPool({ host: "no..such..pool", port: 1 });
  assert.match(lines[0]!, /^failure name: cannot be looked up: .* -> check the name, and this/);
  assert.equal(isUsable, false);
});

Deno.test("each address of a name is connected to", async () => {
  await withPool({}, {}, async (pool) => {
    const { lines } = await checkPool({ host: "localhost", port: pool.port });
    assert.ok(lines.includes("ok address: 127.0.0.1 connects in N ms"), lines.join("\n"));
    assert.ok(lines.includes(GOOD));
  });
});

Deno.test("a port with TLS is told to one who speaks none, and the other way around", async () => {
  await using pool = await TestPool.start();
  const plain = await checkPool(pool.terminator.address);
  assert.deepEqual(plain.lines, [
    "failure directly: no agent protocol: it speaks TLS -> write its address with btcagent+tls://",
  ]);
  const tls = await checkPool(pool.address, { usesTls: true, timeoutMs: SHORT_MS });
  assert.match(
    tls.lines[0]!,
    /^failure directly: .*TLS.* -> .* write stratum\+tcp:\/\/ in place of/,
  );
});

Deno.test("the certificate of a pool is shown with the days it has left", async () => {
  await using pool = await TestPool.start();
  const { lines, isUsable } = await checkPool(pool.terminator.address, { usesTls: true });
  assert.ok(isUsable);
  assert.deepEqual(lines.slice(0, 2), [
    GOOD,
    "ok certificate: of btcagent test pool, signed by btcagent test authority: N days left",
  ]);
});

Deno.test("of a certificate that is signed by itself the fingerprint is shown, which lets it in", async () => {
  await using pool = await TestPool.start("self_signed");
  const sha256 = await fingerprint("self_signed");
  const { lines, isUsable } = await checkPool(pool.terminator.address, { usesTls: true });
  assert.equal(isUsable, false);
  assert.deepEqual(lines, [
    "failure directly: the pool's certificate is signed by itself, like that of an authority -> " +
    "put its SHA-256 fingerprint in tls.certificate_sha256 (btcagent check shows it)",
    `ok certificate: of btcagent test self_signed, signed by itself, SHA-256 ${sha256}: N days left`,
  ]);
  const tls = { isVerified: true, caFile: undefined, pins: [sha256] };
  const pinned = await checkPool(pool.terminator.address, { usesTls: true, tls });
  assert.ok(pinned.isUsable, pinned.lines.join("\n"));
});

Deno.test("an expired certificate is shown, with what the handshake said to it", async () => {
  await using pool = new LoopbackServer(silent, serverCertificate("expired"));
  const { lines } = await checkPool(pool.address, { usesTls: true });
  assert.deepEqual(lines, [
    "failure directly: the pool's certificate is not in force -> " +
    "check this machine's clock, or have the certificate renewed, or let in just this one with " +
    "tls.certificate_sha256 and advanced.tls_skip_certificate_verify",
    "failure certificate: of btcagent test expired, signed by btcagent test authority: " +
    "expired N days ago -> renew it, or ask its owner to",
  ]);
});

Deno.test("a certificate of an unknown authority is told by the way, not by its days", async () => {
  await using pool = await TestPool.start();
  const tls = { isVerified: true, caFile: undefined, pins: [] };
  const { lines, isUsable } = await checkPool(pool.terminator.address, { usesTls: true, tls });
  assert.equal(isUsable, false);
  assert.match(lines[0]!, /signed by no authority known here.* -> .*tls\.ca_file/);
  assert.match(lines[1]!, /^ok certificate: /);
});

Deno.test("every proxy is tried, named without its password, and the direct way if it is used", async () => {
  await using pool = await TestPool.start();
  const routes = { [`127.0.0.1:${pool.address.port}`]: pool.address };
  await using socks = startProxy("socks5", routes, true);
  await using http = startProxy("http", {}, false);
  const proxies = [`socks5://${LOGIN_IN_ADDRESS}@${socks.hostPort}`, `http://${http.hostPort}`];
  for (const triesDirectAfter of [false, true]) {
    const { rows, lines, isUsable } = await checkPool(pool.address, { proxies, triesDirectAfter });
    assert.ok(isUsable);
    assert.doesNotMatch(JSON.stringify(rows), SECRETS);
    assert.equal(lines[0], GOOD.replace("directly", "through socks5://***@HERE"));
    assert.equal(
      lines[1],
      "failure through http://HERE: it cannot reach the pool (HTTP 502) -> " +
        "check host and port, and whether a firewall is in the way",
    );
    assert.equal(lines.includes(GOOD), triesDirectAfter);
  }
});

Deno.test("where only proxies are used, no name is looked up here and nothing dialled directly", async () => {
  await using pool = await TestPool.start();
  await using proxy = startProxy("http", pool.routes, false);
  const proxies = [`http://${proxy.hostPort}`];
  const { lines, isUsable } = await checkPool({ host: "pool.test", port: 3333 }, { proxies });
  assert.ok(isUsable);
  assert.deepEqual(lines.filter((line) => /name|address|directly/.test(line)), []);
});
