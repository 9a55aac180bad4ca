/** Each kind of simulated miner does what its original was seen, or read, to do. */

import assert from "node:assert/strict";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";
import { crc16 } from "../../lib/sim/crc16.ts";
import { FIRMWARE, FIRMWARE_NAMES, type FirmwareName } from "../../lib/sim/firmware.ts";
import {
  type DialogueOptions,
  MinerDialogue,
  type MinerWork,
} from "../../lib/sim/miner_dialogue.ts";
import type { Job } from "../../lib/protocol/stratum/job.ts";
import { difficultyLine, JOB, notifyLine } from "./stratum_server.ts";

interface Sent {
  readonly id: number | string | null;
  readonly method: string;
  readonly params: readonly unknown[];
}

interface LoginOptions {
  readonly mask?: string | false;
  readonly extranonce2Size?: number;
  readonly difficultyUnit?: number;
  readonly mindsPace?: () => boolean;
}

/** One miner of a kind and all it did, at a time of its own. */
class Miner {
  readonly sent: Sent[] = [];
  readonly faults: string[] = [];
  readonly left: string[] = [];
  readonly works: MinerWork[] = [];
  readonly answers: [boolean, unknown][] = [];
  readonly dialogue: MinerDialogue;
  now = 0;
  /** How late lines are read, in milliseconds, at most. */
  late = 0;
  #jobs = 0;

  constructor(kind: FirmwareName, options: DialogueOptions = {}) {
    this.dialogue = new MinerDialogue(FIRMWARE[kind], {
      user: "a.b",
      password: "x",
      server: "h:1",
      previousSession: "5e55",
    }, {
      send: (line) => this.sent.push(JSON.parse(line)),
      authorized: () => {},
      work: (work) => this.works.push(work),
      job: () => {},
      answered: ({ isSound }, answer) => this.answers.push([isSound, answer]),
      fault: (fault) => this.faults.push(fault),
      leave: (reason) => this.left.push(reason),
    }, {
      now: () => this.now,
      arrival: () => ({ sinceMs: this.now - this.late, untilMs: this.now }),
      ...options,
    });
    this.dialogue.begin();
  }

  /** One that got through its first messages at a good server. */
  static loggedIn(kind: FirmwareName, options: LoginOptions = {}): Miner {
    const { mask = "1fffe000", extranonce2Size = 4, ...others } = options;
    const miner = new Miner(kind, others);
    for (let at = 0; at < miner.sent.length && miner.left.length === 0; at++) {
      const { id, method } = miner.sent[at]!;
      if (id === null) continue;
      miner.line({ id, result: resultOf(method, mask, extranonce2Size), error: null });
    }
    return miner;
  }

  get last(): MinerWork {
    return this.works.at(-1)!;
  }

  line(message: unknown): void {
    this.dialogue.receive(JSON.stringify(message));
  }

  difficulty(difficulty: number): void {
    this.dialogue.receive(difficultyLine(difficulty));
  }

  mask(mask: string): void {
    this.line({ id: null, method: "mining.set_version_mask", params: [mask] });
  }

  /** Another job, after as much time as every firmware bears. */
  job(changes: Partial<Job> = {}): void {
    if (this.#jobs > 0) this.pass(5);
    this.jobAtOnce(changes);
  }

  jobAtOnce(changes: Partial<Job> = {}): void {
    const n = ++this.#jobs;
    const ntime = (0x650d1b20 + n).toString(16);
    this.dialogue.receive(notifyLine({ ...JOB, id: `j${n}`, ntime, isClean: n === 1, ...changes }));
  }

  /** Seconds go by. */
  pass(seconds: number): void {
    this.now = Math.round(this.now + seconds * 1000);
    this.dialogue.tick();
  }

  share(versionBits = 0, extranonce2 = "00000001"): Sent {
    const { job } = this.last;
    this.dialogue.submit({ jobId: job.id, extranonce2, ntime: 1, nonce: 0x2a, versionBits });
    return this.sent.at(-1)!;
  }
}

function resultOf(method: string, mask: string | false, extranonce2Size: number): unknown {
  switch (method) {
    case "mining.configure":
      return mask === false
        ? { "version-rolling": false }
        : { "version-rolling": true, "version-rolling.mask": mask };
    case "mining.subscribe":
      return [
        [["mining.set_difficulty", "aa"], ["mining.notify", "bb"]],
        "00000007",
        extranonce2Size,
      ];
    default:
      return true;
  }
}

function working(kind: FirmwareName, options: LoginOptions = {}): Miner {
  const miner = Miner.loggedIn(kind, options);
  miner.difficulty(1024);
  miner.job();
  return miner;
}

for (const kind of FIRMWARE_NAMES) {
  Deno.test(`${kind} finds no fault in a server that does everything right`, () => {
    const miner = working(kind);
    for (let n = 0; n < 20; n++) {
      miner.pass(30);
      if (n % 5 === 2) miner.difficulty(2 ** n);
      miner.job({ isClean: n % 7 === 0 });
    }
    assert.deepEqual([miner.faults, miner.left], [[], []]);
    assert.equal(miner.last.job.id, "j21");
    const sent = miner.share();
    miner.line({
      id: sent.id,
      result: null,
      error: [ERROR_CODE.jobNotFound, "Job not found (=stale)", null],
    });
    assert.deepEqual(miner.answers, [[true, 21]]);
  });
}

/** At what a job is worked before which 1, then 4, were told, and the job after it. */
const STACKED: Readonly<Record<FirmwareName, readonly [number, number]>> = {
  antminer: [4, 4],
  s9: [4, 4],
  whatsminer: [1, 4],
  braiins: [4, 4],
  avalon: [1, 4],
  cgminer: [1, 4],
  bfgminer: [4, 4],
  cpuminer: [4, 4],
  bitaxe: [4, 4],
  nerdqaxe: [4, 4],
  nerdminer: [4, 4],
  nicehash: [4, 4],
};
for (const kind of FIRMWARE_NAMES) {
  const [first, second] = STACKED[kind];
  Deno.test(`${kind} works a job before which 1 and 4 were told at ${first}, the next at ${second}`, () => {
    const miner = working(kind);
    miner.difficulty(1);
    miner.difficulty(4);
    miner.job();
    assert.equal(miner.last.difficulty, first);
    miner.job();
    assert.equal(miner.last.difficulty, second);
    assert.deepEqual(miner.faults, ["a second difficulty came before one job"]);
  });
}

Deno.test("the first difficulty may be sent alone before another comes with the first job", () => {
  const miner = Miner.loggedIn("cgminer");
  miner.difficulty(4);
  miner.difficulty(16);
  miner.job();
  assert.deepEqual([miner.faults, miner.last.difficulty], [[], 4]);
});

Deno.test("a difficulty holds from the next job on, for a NerdMiner at once", () => {
  for (const kind of FIRMWARE_NAMES) {
    const miner = working(kind);
    miner.difficulty(64);
    assert.equal(miner.last.difficulty, kind === "nerdminer" ? 64 : 1024, kind);
    miner.job();
    assert.equal(miner.last.difficulty, 64, kind);
  }
});

for (
  const [kind, difficulty] of [
    ["s9", 0.5],
    ["braiins", 0.5],
    ["nerdqaxe", 0.5],
    ["nerdqaxe", 2 ** 32],
  ] as const
) {
  Deno.test(`${kind} cannot work at ${difficulty}`, () => {
    const miner = Miner.loggedIn(kind, { difficultyUnit: 1 });
    miner.difficulty(difficulty);
    assert.match(miner.faults.join(), /is none this firmware can work at/);
  });
}

/** Seconds without a line after which each kind reconnects. */
const SILENCE: Readonly<Record<FirmwareName, number | undefined>> = {
  antminer: 90,
  s9: 90,
  whatsminer: 90,
  braiins: 60,
  avalon: 90,
  cgminer: 90,
  bfgminer: 120,
  cpuminer: 120,
  bitaxe: undefined,
  nerdqaxe: undefined,
  nerdminer: undefined,
  nicehash: undefined,
};
for (const kind of FIRMWARE_NAMES) {
  const seconds = SILENCE[kind];
  Deno.test(`${kind} reconnects ${seconds ? `after ${seconds} s` : "never"} without a line, and says so after 45`, () => {
    const miner = working(kind);
    miner.pass(44.9);
    assert.deepEqual(miner.faults, []);
    miner.pass(0.1);
    miner.pass(0.1);
    assert.deepEqual(miner.faults, ["no line for 45 s"]);
    if (seconds === undefined) {
      miner.pass(500);
      assert.deepEqual(miner.left, []);
    } else {
      miner.pass(seconds - 45.2);
      assert.deepEqual(miner.left, []);
      miner.pass(0.1);
      assert.deepEqual(miner.left, ["silence"]);
    }
  });
}

Deno.test("any line ends the silence, even an answer to a share", () => {
  const miner = working("braiins");
  for (let n = 0; n < 5; n++) {
    miner.pass(40);
    const { id } = miner.share(0, "00000000");
    miner.line({ id, result: true, error: null });
  }
  assert.deepEqual([miner.faults, miner.left], [[], []]);
});

Deno.test("a NerdMiner reconnects after ten minutes without a job, whatever else it is sent", () => {
  const miner = working("nerdminer");
  for (let n = 0; n < 19; n++) {
    miner.pass(31);
    const { id } = miner.sent.at(-1)!;
    miner.line({ id, result: true, error: null });
  }
  assert.deepEqual(miner.left, []);
  miner.pass(11);
  assert.deepEqual(miner.left, ["silence"]);
});

Deno.test("a NerdMiner repeats its wish for a difficulty every 30 s", () => {
  const miner = working("nerdminer");
  const before = miner.sent.length;
  for (let n = 0; n < 4; n++) miner.pass(15);
  assert.deepEqual(miner.sent.slice(before).map(({ method, params }) => [method, params]), [
    ["mining.suggest_difficulty", [0.00015]],
    ["mining.suggest_difficulty", [0.00015]],
  ]);
});

for (const [kind, seconds] of [["nerdminer", 1.2], ["cpuminer", 30], ["cgminer", 60]] as const) {
  Deno.test(`${kind} waits ${seconds} s for the answer to subscribe`, () => {
    const miner = new Miner(kind);
    miner.pass(seconds - 0.1);
    assert.deepEqual(miner.left, []);
    miner.pass(0.1);
    assert.deepEqual([miner.left, miner.faults], [["silence"], []]);
  });
}

Deno.test("Braiins OS gives the whole login, its first difficulty included, five seconds", () => {
  const late = Miner.loggedIn("braiins");
  late.pass(4.9);
  assert.deepEqual(late.left, []);
  late.pass(0.1);
  assert.deepEqual([late.left, late.faults], [["silence"], []]);
  const told = Miner.loggedIn("braiins");
  told.difficulty(1);
  told.pass(10);
  assert.deepEqual(told.left, []);
});

/** What each kind that asks for version rolling does when it is refused. */
const REFUSED: readonly [FirmwareName, "gives up" | "goes on" | "rolls all the same"][] = [
  ["antminer", "goes on"],
  ["whatsminer", "gives up"],
  ["braiins", "gives up"],
  ["avalon", "gives up"],
  ["bitaxe", "rolls all the same"],
  ["nerdqaxe", "rolls all the same"],
];
for (const [kind, does] of REFUSED) {
  for (const mask of [false, "00000000"] as const) {
    Deno.test(`${kind} ${does} when the answer to configure is ${mask}`, () => {
      const miner = Miner.loggedIn(kind, { mask });
      assert.deepEqual(miner.left, does === "gives up" ? ["fault"] : []);
      assert.match(miner.faults.join(), /configure was answered without a mask/);
      if (does === "gives up") return;
      miner.difficulty(1);
      miner.job();
      const rolls = does === "rolls all the same";
      assert.equal(miner.last.rolledMask, rolls ? 0x1fffe000 : 0);
      const { id, params } = miner.share(rolls ? 0x2000 : 0);
      assert.equal(params.length, rolls ? 6 : 5);
      miner.line({
        id,
        result: null,
        error: [ERROR_CODE.versionMask, "Invalid version mask", null],
      });
      assert.deepEqual(miner.answers, [[!rolls, 33]], "whose fault it is");
    });
  }
}

Deno.test("Braiins OS gives up any mask but 1fffe000", () => {
  assert.deepEqual(Miner.loggedIn("braiins", { mask: "1fff0000" }).left, ["fault"]);
});

/** What is rolled after configure said 1fffe000 and later this mask, and how many parameters. */
const LATER: readonly [FirmwareName, mask: string, rolled: number, params: number][] = [
  ["bitaxe", "00ffe000", 0x00ffe000, 6],
  ["bitaxe", "00000000", 0, 6],
  ["whatsminer", "00ffe000", 0x00ffe000, 6],
  ["whatsminer", "00000000", 0, 5],
  ["antminer", "00000000", 0, 5],
  ["nerdqaxe", "00ffe000", 0x1fffe000, 6],
  ["nerdqaxe", "00000000", 0x1fffe000, 6],
  ["braiins", "00000000", 0x1fffe000, 6],
  ["avalon", "00ffe000", 0x00ffe000, 6],
  ["avalon", "000f0000", 0x1fffe000, 6],
  ["avalon", "00000000", 0x1fffe000, 5],
];
for (const [kind, mask, rolled, count] of LATER) {
  Deno.test(`${kind} told mask ${mask} later rolls ${rolled.toString(16)} from the next job on`, () => {
    const miner = working(kind);
    miner.mask(mask);
    assert.equal(miner.last.rolledMask, 0x1fffe000);
    miner.job();
    assert.equal(miner.last.rolledMask, rolled);
    const { params } = miner.share(0, "00000000");
    assert.equal(params.length, count);
    assert.deepEqual(miner.faults, []);
  });
}

Deno.test("a mask nobody asked for is a fault", () => {
  const miner = working("cpuminer");
  miner.mask("1fffe000");
  assert.deepEqual(miner.faults, ["a version mask came that nobody asked for"]);
});

/** The sizes of extranonce2 with which each kind works, of 1 to 9; others it refuses or sits idle. */
const SIZES: Readonly<Record<FirmwareName, readonly number[]>> = {
  antminer: [2, 3, 4, 5, 6, 7, 8],
  s9: [2, 3, 4, 5, 6, 7, 8],
  whatsminer: [2, 3, 4, 5, 6, 7, 8],
  braiins: [1, 2, 3, 4, 5, 6, 7, 8, 9],
  avalon: [3, 4, 5, 6, 7, 8],
  cgminer: [2, 3, 4, 5, 6, 7, 8],
  bfgminer: [1, 2, 3, 4, 5, 6, 7, 8, 9],
  cpuminer: [1, 2, 3, 4, 5, 6, 7, 8, 9],
  bitaxe: [1, 2, 3, 4, 5, 6, 7, 8, 9],
  nerdqaxe: [1, 2, 3, 4, 5, 6, 7, 8, 9],
  nerdminer: [1, 2, 3, 4, 5, 6, 7, 8, 9],
  nicehash: [4, 5, 6, 7, 8],
};
for (const kind of FIRMWARE_NAMES) {
  Deno.test(`${kind} works with extranonce2 sizes ${SIZES[kind].join(", ")}`, () => {
    const works = [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((extranonce2Size) => {
      const miner = Miner.loggedIn(kind, { extranonce2Size });
      miner.difficulty(1);
      miner.job();
      return miner.works.at(-1)?.isWorked;
    });
    assert.deepEqual(works, SIZES[kind]);
  });
}

Deno.test("an Avalon with two bytes of extranonce2 logs in, stays, and does no work", () => {
  const miner = working("avalon", { extranonce2Size: 2 });
  assert.deepEqual([miner.left, miner.last.isWorked], [[], false]);
});

Deno.test("an Avalon mistakes a new job for an old one whose id has the same CRC-16", () => {
  // Two ids of one CRC, found by counting.
  const seen = new Map<number, string>();
  let twins: [string, string] | undefined;
  for (let n = 0; twins === undefined; n++) {
    const id = (n * 7919).toString(36);
    const other = seen.get(crc16(id));
    if (other !== undefined) twins = [other, id];
    seen.set(crc16(id), id);
  }
  for (const [kind, isTaken] of [["avalon", false], ["cgminer", true]] as const) {
    const miner = working(kind);
    miner.job({ id: twins[0] });
    miner.job();
    miner.job({ id: twins[1] });
    assert.equal(miner.last.job.id === twins[1], isTaken);
    assert.equal(miner.faults.length, isTaken ? 0 : 1);
  }
  assert.equal(crc16("123456789"), 0x31c3);
});

Deno.test("a Bitaxe drops a job whose id it knows unless it is clean, cpuminer the id it works on", () => {
  for (
    const [kind, isClean, isTaken] of [
      ["bitaxe", false, false],
      ["bitaxe", true, true],
      ["cpuminer", true, false],
      ["cgminer", false, true],
    ] as const
  ) {
    const miner = working(kind);
    miner.job({ id: "j1", isClean });
    assert.equal(miner.works.length === 2, isTaken, kind);
    assert.equal(miner.faults[0], "the id of job j1 came before");
  }
});

Deno.test("a job sent again under another id is a fault, but not with another time", () => {
  const miner = working("bitaxe");
  const { ntime } = miner.last.job;
  miner.job({ ntime, isClean: true });
  assert.deepEqual(miner.faults, [
    "job j2 is job j1 again: the same headers are searched again",
  ]);
  miner.job({ isClean: true });
  assert.equal(miner.faults.length, 1);
});

for (const kind of FIRMWARE_NAMES) {
  Deno.test(`${kind} minds a job 4 s after another, unless a clean one is among them`, () => {
    const miner = working(kind);
    miner.jobAtOnce();
    miner.pass(5);
    miner.jobAtOnce();
    miner.jobAtOnce({ isClean: true });
    miner.jobAtOnce({ isClean: true });
    miner.jobAtOnce();
    assert.deepEqual(miner.faults, []);
    miner.pass(3.9);
    miner.jobAtOnce();
    const fault = "job j7 came 3900 ms after the one before: some firmware tolerates one in 5 s";
    assert.deepEqual(miner.faults, [fault]);
  });
}

Deno.test("a job that was read late may have arrived earlier by the same time", () => {
  const miner = working("s9");
  miner.late = 2_000;
  miner.jobAtOnce();
  miner.late = 0;
  miner.pass(2);
  miner.jobAtOnce();
  assert.deepEqual(miner.faults, []);
  miner.pass(2);
  miner.jobAtOnce();
  assert.match(miner.faults.join(), /^job j4 came 2000 ms after/);
});

Deno.test("the pace of jobs is no fault, and does not affect the next, while it is not checked", () => {
  let isMinded = false;
  const miner = working("s9", { mindsPace: () => isMinded });
  miner.jobAtOnce();
  miner.jobAtOnce();
  isMinded = true;
  miner.jobAtOnce();
  assert.deepEqual(miner.faults, []);
  miner.jobAtOnce();
  assert.equal(miner.faults.length, 1);
});

Deno.test("an unknown message ends the connection of Braiins OS, others only note it", () => {
  const lines: readonly [unknown, RegExp][] = [
    [{ id: null, method: "mining.ping", params: [] }, /ping is a message that some firmware/],
    [{ id: null, method: "client.show_message", params: ["x"] }, /show_message is a message/],
    [{ id: null, method: "mining.set_extranonce", params: ["00", 4] }, /set_extranonce is a mess/],
    [{ id: 9, result: null, error: [21, "x"] }, /no list of three/],
    [{ id: 9, result: null, error: [21, "x", { more: 1 }] }, /third member/],
    [{ id: 9, result: null, error: [21, "überholt", null] }, /not ASCII/],
    [{ id: 9, result: null, error: null }, /neither a result nor an error/],
  ];
  for (const [line, fault] of lines) {
    for (const kind of ["braiins", "cgminer"] as const) {
      const miner = working(kind);
      miner.line(line);
      assert.match(miner.faults.join(), fault);
      assert.deepEqual(miner.left, kind === "braiins" ? ["fault"] : []);
    }
  }
});

Deno.test("client.reconnect without a host is obeyed by some and ignored by others", () => {
  const obeying = FIRMWARE_NAMES.filter((kind) => {
    const miner = working(kind);
    miner.line({ id: null, method: "client.reconnect", params: [] });
    assert.deepEqual(miner.faults, []);
    return miner.left[0] === "told";
  });
  const deaf = FIRMWARE_NAMES.filter((kind) => !obeying.includes(kind));
  assert.deepEqual(deaf, ["cpuminer", "nerdqaxe", "nerdminer"]);
});

Deno.test("a line longer than any firmware takes is a fault", () => {
  const miner = working("cgminer");
  miner.job({ coinbase2: "00".repeat(17_000) });
  assert.match(miner.faults.join(), /^a line of \d{5} characters$/);
});

Deno.test("a NerdMiner cuts a coinbase over 255 bytes: all its shares are wrong, by its own fault", () => {
  for (const [bytes, isSound] of [[100, true], [250, false]] as const) {
    const miner = working("nerdminer");
    miner.job({ coinbase2: "00".repeat(bytes) });
    const { id } = miner.share();
    miner.line({ id, result: null, error: [ERROR_CODE.lowDifficulty, "Low difficulty", null] });
    assert.deepEqual(miner.answers, [[isSound, 23]]);
  }
});

Deno.test("a NerdMiner writes its nonce without leading zeros, a Bitaxe its bits though none rolled", () => {
  assert.equal(working("nerdminer").share().params[4], "2a");
  assert.equal(working("bitaxe").share().params[5], "00000000");
  assert.equal(working("cgminer").share().params.length, 5);
});

Deno.test("cpuminer gives all shares one id, and takes answers in the order they come", () => {
  const miner = working("cpuminer");
  assert.deepEqual([miner.share().id, miner.share().id], [4, 4]);
  miner.line({ id: 4, result: true, error: null });
  assert.equal(miner.dialogue.waitingShares, 1);
  miner.line({ id: 4, result: null, error: [ERROR_CODE.duplicate, "Duplicate share", null] });
  assert.deepEqual(miner.answers, [[true, "accepted"], [true, 22]]);
  miner.line({ id: 4, result: true, error: null });
  assert.match(miner.faults.join(), /no request of this miner/);
});

Deno.test("a Bitaxe tells its wish for a difficulty only when authorize was answered", () => {
  const miner = new Miner("bitaxe");
  assert.deepEqual(miner.sent.map(({ id }) => id), [1, 2, 3]);
  miner.line({ id: 1, result: resultOf("mining.configure", "1fffe000", 4), error: null });
  miner.line({ id: 2, result: resultOf("mining.subscribe", "1fffe000", 4), error: null });
  assert.equal(miner.sent.length, 3);
  miner.line({ id: 3, result: true, error: null });
  assert.equal(miner.sent.at(-1)!.method, "mining.suggest_difficulty");
});

Deno.test("a miner reconnects with the session id it was sent, not with its extranonce1", () => {
  const miner = Miner.loggedIn("cgminer");
  assert.deepEqual(miner.sent[0]!.params, ["cgminer/4.12.0", "5e55"]);
  assert.equal(miner.dialogue.session, "bb");
});
