/**
 * Hostile miners on real sockets, beside honest ones, with either engine: each is answered or
 * closed, with one log line, and nobody else notices.
 */

import assert from "node:assert/strict";
import { randomBelow, seededRandom } from "../../lib/sim/seeded_random.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { LogCapture } from "../support/log_capture.ts";
import { RawMiner } from "../support/raw_miner.ts";
import { assertSharesAddUp, TestProxy, until } from "../support/test_proxy.ts";

const ENGINES = ["deno", "libc"] as const;
const HONEST = 4;
const PRINTABLE = /^[\x20-\x7e…]*$/;

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function seededBytes(seed: number, length: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => randomBelow(random, 256));
}

const SUBSCRIBE = '{"id":1,"method":"mining.subscribe","params":["bench/1"]}\n';
const AUTHORIZE = '{"id":2,"method":"mining.authorize","params":["demo.hostile","x"]}\n';

/** What costs its sender the connection. */
const FATAL: Readonly<Record<string, Uint8Array>> = {
  "null": bytes("null\n"),
  "an array": bytes("[]\n"),
  "a number": bytes("1\n"),
  "a number no double holds": bytes("1e400\n"),
  "arrays nested 10,000 deep": bytes("[".repeat(10_000) + "]".repeat(10_000) + "\n"),
  "arrays nested 4,000 deep": bytes("[".repeat(4000) + "]".repeat(4000) + "\n"),
  "invalid UTF-8": bytes("\xff\xfe\xc3\x28\n"),
  "NUL bytes": bytes("\0".repeat(5000) + "\n"),
  "two byte order marks": bytes("\xef\xbb\xbf\xef\xbb\xbf{}\n"),
  "a 64 KB string": bytes(`{"id":1,"method":"${"x".repeat(65536)}"}\n`),
  "an id of 1 MB": bytes(`{"id":"${"x".repeat(1 << 20)}","method":"mining.ping"}\n`),
  "a line without end": bytes("x".repeat(20_000)),
  "a TLS hello": bytes("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + "\xaa\n".repeat(100)),
  "an HTTP request": bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
  "an RDP cookie": bytes("\x03\0\0\x13\x0e\xe0\0\0\0\0\0Cookie: mstshash=u\r\n"),
  "random bytes": seededBytes(2026, 500),
  "a PROXY header": bytes("PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n"),
  "garbage after logging in": bytes(SUBSCRIBE + AUTHORIZE + "\x1b[2J\x07\n"),
  "half a message, then another": bytes(SUBSCRIBE + '{"id":1,"met' + SUBSCRIBE),
};

/** Values of every type, for every place of every method. */
const VALUES = [
  "null",
  "true",
  "-1",
  "0.5",
  "1e400",
  "18446744073709551616",
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"123456789"',
  '"+1"',
  '"-1"',
  '" 1"',
  '"1 "',
  '"0x1"',
  "[]",
  "[[[]]]",
  "{}",
  '{"__proto__":{"id":9}}',
  '{"version-rolling.mask":5}',
];

const METHODS = [
  "mining.configure",
  "mining.subscribe",
  "mining.authorize",
  "mining.submit",
  "mining.extranonce.subscribe",
  "mining.suggest_difficulty",
  "mining.suggest_target",
  "mining.ping",
  "mining.multi_version",
  "client.get_version",
  "mining.notify",
  "no.such.method",
];

const GOOD_SHARE = [
  '"demo.hostile"',
  '"zzzz"',
  '"00000000"',
  '"650d1b20"',
  '"00000000"',
  '"00000000"',
];

/** A proxy with honest miners at work. */
class Farm implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly log: LogCapture;
  readonly pool: SimPool;
  readonly proxy: TestProxy;
  readonly honest: SimFarm;

  private constructor(pool: SimPool, engine: string) {
    this.log = this.#stack.use(new LogCapture());
    this.pool = this.#stack.use(pool);
    this.proxy = this.#stack.use(new TestProxy([pool], { advanced: { io_engine: engine } }));
    this.honest = this.#stack.use(SimFarm.start({
      port: this.proxy.port,
      count: HONEST,
      account: "demo",
      mode: { kind: "rate", sharesPerSecond: 20 },
    }));
  }

  static async start(engine: string): Promise<Farm> {
    const farm = new Farm(await SimPool.start({ proofOfWork: false }), engine);
    await farm.honest.until(() => farm.honest.statistics().accepted >= HONEST);
    farm.log.take();
    return farm;
  }

  /** Fails unless the honest miners lost nothing and nothing is left of anybody else. */
  async assertUnharmed(): Promise<void> {
    await until(() => this.proxy.statistics().connected === HONEST, "the hostile ones are gone");
    const before = this.honest.statistics().accepted;
    await this.honest.until(() => this.honest.statistics().accepted >= before + 2 * HONEST);
    this.honest.setMode({ kind: "idle" });
    await this.honest.until(() => this.honest.statistics().waitingNow === 0);
    const { submitted, accepted, lostConnections } = this.honest.statistics();
    assert.equal(accepted, submitted);
    assert.equal(lostConnections, 0);
    assert.deepEqual(this.honest.faults, []);
    await until(
      () => this.proxy.statistics().sessionIds === HONEST,
      "every session id of theirs is given back",
    );
    assertSharesAddUp(this.proxy.statistics());
    assert.equal(this.pool.statistics().unregisteredSubmits, 0);
    assert.equal(this.pool.statistics().wrongLengthSubmits, 0);
    const lines = this.log.take();
    assert.deepEqual(lines.filter((line) => line.startsWith("error")), []);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

for (const engine of ENGINES) {
  Deno.test(`${engine}: a sender of other protocols is disconnected with one harmless log line`, async () => {
    await using farm = await Farm.start(engine);
    const { proxy, log } = farm;
    for (const [name, hostile] of Object.entries(FATAL)) {
      await using miner = await RawMiner.connect(proxy.port);
      await miner.send(hostile);
      await miner.ended();
      const mine = () =>
        log.take().filter((line) => line.includes(`:${miner.port} disconnected: `));
      let lines: string[] = [];
      await until(() => (lines = [...lines, ...mine()]).length > 0, `a line about ${name}`);
      assert.equal(lines.length, 1, name);
      assert.match(lines[0]!, PRINTABLE);
      assert.ok(lines[0]!.length < 500, name);
      for (const answer of miner.lines) JSON.parse(answer);
    }
    const { limitCounts } = proxy.statistics();
    assert.equal(limitCounts.max_line_bytes, 4);
    assert.equal(limitCounts.protocol_violations, Object.keys(FATAL).length - 4);
    assert.equal(limitCounts.ban_after_violations, 0, "honest miners have the same address");
    await farm.assertUnharmed();
  });

  Deno.test(`${engine}: every type in every place of every method is answered in order`, async () => {
    await using farm = await Farm.start(engine);
    for (const login of ["", SUBSCRIBE, AUTHORIZE, SUBSCRIBE + AUTHORIZE]) {
      for (const method of METHODS) {
        // A share before the login is done ends its sender: see scenarios/share_before_login.txt.
        if (method === "mining.submit" && login !== SUBSCRIBE + AUTHORIZE) continue;
        const requests: string[] = [];
        const add = (params: string) =>
          requests.push(
            `{"id":${1000 + requests.length},"method":"${method}","params":${params}}\n`,
          );
        for (const value of VALUES) {
          add(value);
          const places = method === "mining.submit" ? GOOD_SHARE.length : 2;
          for (let place = 0; place < places; place++) {
            const params = method === "mining.submit" ? [...GOOD_SHARE] : ['"a"', '"b"'];
            params[place] = value;
            add(`[${params.join()}]`);
          }
        }
        await using miner = await RawMiner.connect(farm.proxy.port);
        await miner.send(login + requests.join(""));
        const answers = () =>
          miner.lines.map((line) => JSON.parse(line)).filter(({ id }) => id >= 1000);
        await miner.until(() => miner.isEnded || answers().length >= requests.length, method);
        assert.ok(!miner.isEnded, `${method} is no reason to close`);
        assert.deepEqual(answers().map(({ id }) => id), requests.map((_, i) => 1000 + i));
        for (const { result, error } of answers()) {
          assert.ok((result === null) !== (error === null));
        }
      }
    }
    await farm.assertUnharmed();
  });

  Deno.test(`${engine}: blank lines, drips and half-closed sockets harm no other miner`, async () => {
    await using farm = await Farm.start(engine);
    await using blank = await RawMiner.connect(farm.proxy.port);
    await using drip = await RawMiner.connect(farm.proxy.port);
    await blank.send("\r\n\n".repeat(200));
    for (const char of SUBSCRIBE) await drip.send(char);
    await drip.until(() => drip.lines.length === 1, "the answer");
    await blank.send('{"id":7,"method":"mining.ping"}\n');
    await blank.until(() => blank.lines.length === 1, "the answer");
    await blank[Symbol.asyncDispose]();
    await drip[Symbol.asyncDispose]();
    await farm.assertUnharmed();
  });
}

for (
  const [kind, line] of [["", '{"id":7,"method":"mining.ping"}\n'], ["blank ", "\n"]] as const
) {
  Deno.test(`more ${kind}lines than limits.max_requests_per_second end their sender, and only it`, async () => {
    for (const engine of ENGINES) {
      await using farm = await Farm.start(engine);
      await using miner = await RawMiner.connect(farm.proxy.port);
      await miner.send(line.repeat(3000));
      await miner.ended();
      assert.equal(farm.proxy.statistics().limitCounts.max_requests_per_second, 1);
      await farm.assertUnharmed();
    }
  });
}
