/** Local difficulty: each rule by itself, and what holds whatever happens. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { RememberedDifficulties } from "../../lib/mux/remembered_difficulties.ts";
import {
  BYTES_PER_MINER,
  MOST_BRAKE_STEPS,
  type Newcomer,
  NO_BRAKE,
  Vardiff,
} from "../../lib/mux/vardiff.ts";
import { type VardiffRules, vardiffRules } from "../../lib/mux/vardiff_rules.ts";

const MINUTE_MS = 60_000;
const HIGH = 2 ** 40;
const RULES = vardiffRules();

const ASIC: Newcomer = { name: "farm.1", clientAgent: "cgminer/4.11.1", suggestion: undefined };
const UNKNOWN: Newcomer = { name: "farm.2", clientAgent: "", suggestion: undefined };
const NERD: Newcomer = {
  name: "farm.3",
  clientAgent: "NerdMinerV2/V1.8.3",
  suggestion: 0.00015,
};

/** One miner, whose shares come as evenly as they can. */
class Bench {
  readonly vardiff: Vardiff;
  place: number;
  /** What it was last told. */
  difficulty: number;
  /** Whether a share asked for a job out of turn, since the last job. */
  isUrgent = false;
  now = 5_000_000;
  ceiling: number;
  rules: VardiffRules;
  brake = NO_BRAKE;
  /** Of a share that is under way. */
  #part = 0;

  constructor(newcomer: Newcomer, { ceiling = HIGH, rules = RULES, vardiff = new Vardiff() } = {}) {
    this.vardiff = vardiff;
    this.ceiling = ceiling;
    this.rules = rules;
    this.place = vardiff.take(newcomer, this.now);
    this.difficulty = this.job();
  }

  job(): number {
    this.isUrgent = false;
    const { place, now, ceiling, rules, brake } = this;
    return this.difficulty = this.vardiff.atJob(place, now, ceiling, rules, brake);
  }

  /** Does `perMinute` of difficulty, with a job each half minute. @returns each difficulty told. */
  mine(perMinute: number, minutes: number): readonly number[] {
    const told: number[] = [];
    for (let halves = 0; halves < 2 * minutes; halves++) {
      this.#part += perMinute / 2 / this.difficulty;
      const shares = Math.floor(this.#part);
      this.#part -= shares;
      this.share(shares, MINUTE_MS / 2);
      told.push(this.job());
    }
    return told;
  }

  /** This many shares in `ms`. */
  share(shares: number, ms: number, difficulty: number = this.difficulty): void {
    for (let i = 1; i <= shares; i++) {
      const { vardiff, place, now, rules } = this;
      if (vardiff.share(place, difficulty, now + ms * i / shares, rules)) this.isUrgent = true;
    }
    this.now += ms;
  }
}

Deno.test("a miner that fits keeps its difficulty for days", () => {
  for (const rate of [6, 10, 19]) {
    const told = new Bench(ASIC).mine(rate * 65_536, 2880);
    assert.deepEqual([...new Set(told)], [65_536], `${rate} a minute`);
  }
});

Deno.test("the difficulty follows the work of a miner, in powers of two, into the band", () => {
  for (let work = 1; work < 2 ** 31; work *= 3.3) {
    const bench = new Bench(UNKNOWN);
    bench.mine(10 * work, 90);
    const rate = 10 * work / bench.difficulty;
    assert.ok(rate >= 4.5 && rate <= 20.5, `${rate} a minute`);
    assert.ok(Number.isInteger(Math.log2(bench.difficulty)));
  }
});

Deno.test("nothing changes but at a job", () => {
  const bench = new Bench(ASIC);
  bench.share(1000, 1000);
  assert.equal(bench.isUrgent, true);
  bench.share(1, 1000);
  assert.equal(bench.difficulty, 65_536);
  assert.ok(bench.job() > 65_536);
  assert.equal(bench.job(), bench.difficulty, "the shares were counted");
});

Deno.test("three times the aim is raised after 50 shares, no sooner", () => {
  const bench = new Bench(ASIC);
  bench.share(49, 49 * 2000);
  assert.equal(bench.job(), 65_536);
  bench.share(1, 2000);
  assert.equal(bench.isUrgent, false);
  assert.equal(bench.job(), 65_536 * 4);
});

Deno.test("a flood is raised at once by all that is wanted, and asks for a job out of turn", () => {
  const bench = new Bench(UNKNOWN);
  // 1000 times the aim.
  bench.share(10, 1);
  assert.equal(bench.isUrgent, false, "ten may be luck within the second of a read");
  bench.share(190, 1140);
  assert.equal(bench.isUrgent, true);
  assert.equal(bench.job(), 16_384 * 1024);
});

Deno.test("less than half the aim is lowered after 5 minutes", () => {
  const bench = new Bench(ASIC);
  assert.deepEqual(bench.mine(2 * 65_536, 5).slice(-2), [65_536, 65_536 / 4]);
});

Deno.test("an unknown miner's difficulty falls by sixteenths while no share comes", () => {
  const bench = new Bench(UNKNOWN);
  const told = [16_384, 1024, 64, 4, 1, 1];
  for (const difficulty of told) {
    assert.equal(bench.difficulty, difficulty);
    bench.mine(0, 5);
  }
});

Deno.test("silence counts for a sixteenth at most, however many shares are wanted", () => {
  const bench = new Bench(UNKNOWN, { rules: vardiffRules({ sharesPerMinute: 60 }) });
  bench.mine(0, 5);
  assert.equal(bench.difficulty, 1024);
});

Deno.test("any aim is reached", () => {
  for (const sharesPerMinute of [1, 4, 20, 60]) {
    const bench = new Bench(ASIC, { rules: vardiffRules({ sharesPerMinute }) });
    bench.mine(2 ** 20, 600);
    const rate = 2 ** 20 / bench.difficulty;
    assert.ok(rate > 0.45 * sharesPerMinute && rate < 2.1 * sharesPerMinute, `${rate}`);
  }
});

Deno.test("a fast kind of miner does not fall below 1,024 without a share, and does with one", () => {
  const bench = new Bench(ASIC);
  bench.mine(0, 60);
  assert.equal(bench.difficulty, 1024);
  bench.mine(100, 90);
  assert.ok(bench.difficulty <= 16, `${bench.difficulty}`);
});

Deno.test("a miner that found shares and dies falls by a sixteenth at most", () => {
  const bench = new Bench(ASIC);
  bench.mine(10 * 65_536, 60);
  assert.deepEqual([...new Set(bench.mine(0, 600))], [65_536, 16_384, 4096]);
  // Now that it lives again silence counts once more.
  bench.share(1, 1000);
  bench.job();
  bench.mine(0, 60);
  assert.ok(bench.difficulty < 4096);
});

Deno.test("a miner that was silent before it left is remembered by what it did before", () => {
  const bench = new Bench(ASIC);
  bench.mine(40 * 65_536, 20);
  const before = bench.difficulty;
  bench.mine(0, 30);
  assert.ok(bench.difficulty < before);
  bench.vardiff.give(bench.place, ASIC.name, bench.now);
  assert.equal(new Bench(ASIC, { vardiff: bench.vardiff }).difficulty, before);
});

Deno.test("a worker comes back with what it had, for an hour", () => {
  const vardiff = new Vardiff();
  const bench = new Bench(UNKNOWN, { vardiff });
  bench.mine(10 * 2 ** 20, 30);
  assert.equal(bench.difficulty, 2 ** 20);
  vardiff.give(bench.place, UNKNOWN.name, bench.now);
  const back = (later: number) => {
    const place = vardiff.take(UNKNOWN, bench.now + later);
    const difficulty = vardiff.atJob(place, bench.now + later, HIGH, RULES);
    vardiff.give(place, "another", bench.now + later);
    return difficulty;
  };
  assert.equal(back(59 * MINUTE_MS), 2 ** 20);
  assert.equal(back(62 * MINUTE_MS), 16_384);
});

Deno.test("a worker whose difficulty was only guessed is not remembered", () => {
  const remembered = new RememberedDifficulties();
  const bench = new Bench(UNKNOWN, { vardiff: new Vardiff(remembered) });
  bench.mine(0, 20);
  bench.vardiff.give(bench.place, UNKNOWN.name, bench.now);
  assert.equal(remembered.size, 0);
});

Deno.test("a miner that comes at another's place has nothing of it", () => {
  const bench = new Bench(NERD);
  bench.share(500, 1000);
  bench.vardiff.give(bench.place, NERD.name, bench.now);
  const next = new Bench(ASIC, { vardiff: bench.vardiff });
  assert.equal(next.place, bench.place);
  assert.equal(next.difficulty, 65_536);
  assert.deepEqual([...new Set(next.mine(10 * 65_536, 60))], [65_536]);
});

Deno.test("the pool's difficulty is the ceiling, rounded down, and beats every floor", () => {
  const told = (newcomer: Newcomer, ceiling: number, rules = RULES) =>
    new Bench(newcomer, { ceiling, rules }).difficulty;
  assert.equal(told(ASIC, 10_000), 8192);
  assert.equal(told(ASIC, 8192), 8192);
  assert.equal(told(ASIC, 0.3), 0.25);
  assert.equal(told(ASIC, 1e-6), 2 ** -20);
  assert.equal(told({ ...ASIC, suggestion: 2 ** 20 }, 1000), 512);
  assert.equal(told({ ...ASIC, clientAgent: "NiceHash/1.0.0" }, 100_000), 65_536);
  assert.equal(told(ASIC, 1000, vardiffRules({ minimum: 4096 })), 512);
  assert.equal(told(ASIC, 1000, vardiffRules({ fixed: 4096 })), 512);
});

Deno.test("under a low ceiling a miner is known to be faster, and rises with the ceiling", () => {
  const bench = new Bench(UNKNOWN, { ceiling: 64 });
  assert.deepEqual([...new Set(bench.mine(10 * 2 ** 18, 10))], [64]);
  bench.ceiling = 4096;
  assert.equal(bench.job(), 4096);
  bench.ceiling = HIGH;
  assert.equal(bench.job(), 2 ** 18);
  bench.ceiling = 0.5;
  assert.equal(bench.job(), 0.5);
});

Deno.test("no job out of turn is asked for where the pool's difficulty is in the way", () => {
  const bench = new Bench(UNKNOWN, { ceiling: 64 });
  bench.share(200 * 16_384 / 64, 1000);
  assert.equal(bench.isUrgent, false);
  bench.ceiling = HIGH;
  assert.ok(bench.job() > 16_384);
});

Deno.test("no miner falls below 1 by itself, nor below the minimum that is set", () => {
  for (const minimum of [1, 128, 2 ** -10]) {
    const bench = new Bench(UNKNOWN, { rules: vardiffRules({ minimum }) });
    bench.mine(0, 120);
    assert.equal(bench.difficulty, minimum);
  }
});

Deno.test("no miner rises above the maximum", () => {
  const bench = new Bench(ASIC, { rules: vardiffRules({ maximum: 100_000 }) });
  bench.mine(1e9, 30);
  assert.equal(bench.difficulty, 65_536);
  bench.share(100, 10);
  assert.equal(bench.isUrgent, false);
});

Deno.test("a fixed difficulty stays, whatever comes or is suggested", () => {
  const bench = new Bench({ ...ASIC, suggestion: 4 }, { rules: vardiffRules({ fixed: 2048 }) });
  bench.mine(1e9, 10);
  bench.mine(0, 60);
  assert.equal(bench.difficulty, 2048);
  bench.vardiff.suggest(bench.place, ASIC.clientAgent, 2 ** 20);
  assert.equal(bench.job(), 2048);
});

Deno.test("other settings hold from the next job on", () => {
  const bench = new Bench(ASIC);
  bench.rules = vardiffRules({ minimum: 2 ** 20 });
  assert.equal(bench.job(), 2 ** 20);
  bench.rules = vardiffRules({ maximum: 512 });
  assert.equal(bench.job(), 512);
});

Deno.test("a suggestion is the floor, also below the minimum, and no more than that", () => {
  const nerd = new Bench(NERD);
  assert.equal(nerd.difficulty, 2 ** -13);
  nerd.mine(0, 60);
  assert.equal(nerd.difficulty, 2 ** -13);
  nerd.mine(100, 60);
  assert.ok(nerd.difficulty >= 8, `${nerd.difficulty}`);
});

Deno.test("a miner that suggests after it came starts by it if it found nothing yet", () => {
  const suggested = (newcomer: Newcomer, suggestion: number, before: (bench: Bench) => void) => {
    const bench = new Bench(newcomer);
    before(bench);
    bench.vardiff.suggest(bench.place, newcomer.clientAgent, suggestion);
    return bench.job();
  };
  const nothing = () => {};
  const works = (bench: Bench) => void bench.mine(10 * 16_384, 2);
  assert.equal(suggested(UNKNOWN, 0.00015, nothing), 2 ** -13);
  assert.equal(suggested(UNKNOWN, 1000, nothing), 512);
  assert.equal(suggested(UNKNOWN, 1000, works), 16_384);
  assert.equal(suggested(UNKNOWN, 100_000, works), 65_536);
  assert.equal(suggested(UNKNOWN, NaN, works), 16_384);
  assert.equal(suggested({ ...ASIC, clientAgent: "NiceHash/1.0.0" }, 1, works), 2 ** 19);
});

Deno.test("a suggestion that comes again and again changes nothing", () => {
  const bench = new Bench(NERD);
  for (let i = 0; i < 100; i++) {
    bench.vardiff.suggest(bench.place, NERD.clientAgent, 0.00015);
    bench.mine(10, 0.5);
  }
  assert.equal(bench.difficulty, 1);
});

Deno.test("silence without a pool does not lower a difficulty", () => {
  const bench = new Bench(ASIC);
  bench.mine(10 * 65_536, 30);
  bench.now += 20 * MINUTE_MS;
  assert.equal(bench.job(), 65_536, "no job came");
  bench.mine(0, 4.5);
  bench.vardiff.restart(bench.place, bench.now);
  bench.mine(0, 4.5);
  assert.equal(bench.difficulty, 65_536, "it came from elsewhere");
  bench.mine(0, 0.5);
  assert.equal(bench.difficulty, 16_384);
});

Deno.test("a share for an old job that was harder counts as one", () => {
  const bench = new Bench(UNKNOWN);
  bench.mine(0, 10);
  assert.equal(bench.difficulty, 64);
  bench.share(3, 1000, 16_384);
  assert.equal(bench.isUrgent, false);
  assert.equal(bench.job(), 64);
});

Deno.test("shares for old jobs that were easier count by their work", () => {
  const bench = new Bench(UNKNOWN);
  bench.share(1000, 1000);
  const { difficulty } = { difficulty: bench.job() };
  assert.ok(difficulty > 2 ** 20);
  bench.share(3000, 3000, 16_384);
  assert.equal(bench.isUrgent, false);
  assert.equal(bench.job(), difficulty);
});

Deno.test("the brake raises every difficulty above the ceiling, to a bound, and lets go", () => {
  const fast = new Bench(UNKNOWN, { ceiling: 64 });
  fast.mine(10 * 2 ** 18, 10);
  fast.brake = 11;
  assert.equal(fast.job(), 2 ** 11);
  fast.brake = 31;
  assert.equal(fast.job(), 2 ** (18 + MOST_BRAKE_STEPS));
  fast.brake = 5;
  assert.equal(fast.job(), 64, "the pool's is above it");
  fast.brake = 25;
  assert.equal(fast.job(), 2 ** 25);
  fast.mine(10 * 2 ** 18, 60);
  fast.brake = NO_BRAKE;
  assert.equal(fast.job(), 64);
  fast.ceiling = HIGH;
  assert.equal(fast.job(), 2 ** 18, "what comes under the brake is told from being slow");
});

Deno.test("luck under the brake does not raise a miner", () => {
  const bench = new Bench(UNKNOWN, { ceiling: 64 });
  bench.mine(10 * 2 ** 18, 10);
  bench.brake = 26;
  bench.job();
  // At the aim one share comes in 26 minutes.
  bench.share(3, 1000);
  bench.job();
  bench.brake = NO_BRAKE;
  bench.ceiling = HIGH;
  assert.equal(bench.job(), 2 ** 18);
});

Deno.test("a clock may pass 2^32 milliseconds at any time", () => {
  const bench = new Bench(ASIC);
  bench.now = 2 ** 32 - 90_000;
  bench.vardiff.restart(bench.place, bench.now);
  assert.deepEqual([...new Set(bench.mine(10 * 65_536, 30))], [65_536]);
  bench.now = 2 ** 33 - 0.25;
  bench.vardiff.restart(bench.place, bench.now);
  bench.mine(30 * 65_536, 3);
  assert.equal(bench.difficulty, 4 * 65_536);
});

Deno.test("10,000 miners take 300 KB and less, and keep what is theirs while more come", () => {
  const vardiff = new Vardiff();
  const places = Array.from({ length: 10_000 }, (_, i) => {
    const place = vardiff.take({ ...UNKNOWN, suggestion: 2 ** (i % 32) }, 0);
    vardiff.atJob(place, 0, HIGH, RULES);
    return place;
  });
  assert.equal(new Set(places).size, 10_000);
  assert.ok(vardiff.bytes >= 10_000 * BYTES_PER_MINER && vardiff.bytes <= 300_000);
  places.forEach((place, i) => {
    assert.equal(vardiff.atJob(place, 1000, HIGH, RULES), 2 ** (i % 32));
  });
});

Deno.test("whatever happens, each is told a power of two within all bounds", () => {
  const agents = ["", "cgminer/4.11.1", "bitaxe/BM1370", "NerdMinerV2/V1.8.3", "NiceHash/1.0.0"];
  const positive = fc.double({ min: -35, max: 45, noNaN: true }).map((log) => 2 ** log);
  const step = fc.oneof(
    fc.record({
      do: fc.constant("job" as const),
      ceiling: positive,
      brake: fc.integer({ min: -40, max: 40 }),
    }),
    fc.record({ do: fc.constant("share" as const), times: fc.nat({ max: 300 }), of: positive }),
    fc.record({ do: fc.constant("wait" as const), ms: fc.nat({ max: 1_000_000 }) }),
    fc.record({ do: fc.constant("suggest" as const), what: positive }),
    fc.record({ do: fc.constant("return" as const), ms: fc.nat({ max: 5_000_000 }) }),
  );
  const bound = fc.option(fc.integer({ min: -20, max: 31 }), { nil: undefined });
  fc.assert(
    fc.property(
      fc.constantFrom(...agents),
      bound,
      bound,
      fc.array(step, { maxLength: 60, size: "max" }),
      (clientAgent, low, high, steps) => {
        const minimum = low === undefined ? undefined : 2 ** Math.min(low, high ?? 31);
        const maximum = high === undefined ? undefined : 2 ** high;
        const rules = vardiffRules({ minimum, maximum });
        const vardiff = new Vardiff();
        const newcomer = { name: "farm.1", clientAgent, suggestion: undefined };
        let now = 1e6;
        let place = vardiff.take(newcomer, now);
        let suggestion: number | undefined;
        for (const step of steps) {
          if (step.do === "share") {
            for (let i = 0; i < step.times; i++) vardiff.share(place, step.of, now += 3, rules);
          } else if (step.do === "wait") now += step.ms;
          else if (step.do === "suggest") {
            suggestion = step.what;
            vardiff.suggest(place, clientAgent, step.what);
          } else if (step.do === "return") {
            vardiff.give(place, newcomer.name, now);
            suggestion = undefined;
            place = vardiff.take(newcomer, now += step.ms);
          } else {
            const { ceiling, brake } = step;
            const difficulty = vardiff.atJob(place, now, ceiling, rules);
            const exponent = Math.log2(difficulty);
            assert.ok(Number.isInteger(exponent));
            assert.ok(difficulty <= ceiling || difficulty === 2 ** -32, "the ceiling");
            assert.ok(difficulty <= 2 ** rules.highest, "the maximum");
            const floor = Math.min(
              2 ** rules.lowest,
              suggestion === undefined ? Infinity : Math.max(2 ** -20, suggestion),
              ceiling,
            );
            assert.ok(difficulty > floor / 2 || difficulty === 2 ** -32, "the floor");
            const braked = vardiff.atJob(place, now, ceiling, rules, brake);
            assert.ok(braked >= difficulty, "the brake");
            assert.ok(braked === difficulty || braked <= 2 ** brake, "no more than the brake");
            assert.ok(braked <= 2 ** 31);
            assert.equal(vardiff.atJob(place, now, ceiling, rules), difficulty);
          }
        }
      },
    ),
    { seed: 15, numRuns: 300 },
  );
});
