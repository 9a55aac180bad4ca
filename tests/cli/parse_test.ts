/** What command lines mean, and what is said of those that mean nothing. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { MINER_FAULTS } from "../../lib/cli/command.ts";
import { demoFaults } from "../../lib/cli/faults.ts";
import { parseArguments } from "../../lib/cli/parse.ts";

const RUN = {
  kind: "run",
  configPath: undefined,
  pools: undefined,
  logDir: undefined,
  notices: [],
};
const GIVEN = {
  urls: ["stratum+tcp://pool.example:3333"],
  user: "bc1qme",
  password: undefined,
  passwordFile: undefined,
};
const STATUS = {
  kind: "status",
  configPath: undefined,
  url: undefined,
  tokenFile: undefined,
} as const;
const CHECK = {
  kind: "check",
  configPath: undefined,
  logDir: undefined,
  account: undefined,
  asJson: false,
};
const POOL = {
  host: "127.0.0.1",
  port: 8888,
  difficulty: 0.00001,
  jobIntervalSeconds: 30,
  proofOfWork: true,
  accounts: undefined,
  isCaseSensitive: false,
  hiddenDifficulty: undefined,
  speaks: { kind: "agent" },
};
const MINERS = {
  host: "127.0.0.1",
  port: 3333,
  count: 50,
  rate: undefined,
  user: "demo",
  faults: [],
};
const DEMO = {
  kind: "demo",
  seconds: undefined,
  miners: 50,
  pools: "agent",
  faults: demoFaults(50),
} as const;

const MEANINGS: [line: string, command: unknown][] = [
  ["", RUN],
  ["run", RUN],
  ["-c agent_conf.json -l log", { ...RUN, configPath: "agent_conf.json", logDir: "log" }],
  ["run -c x", { ...RUN, configPath: "x" }],
  ["-c=x=y", { ...RUN, configPath: "x=y" }],
  ["--c x", { ...RUN, configPath: "x" }],
  ["--config x --log-dir y", { ...RUN, configPath: "x", logDir: "y" }],
  ["-config=x -log_dir=y", { ...RUN, configPath: "x", logDir: "y" }],
  ["-c x -c y", { ...RUN, configPath: "y" }],
  ["run --pool stratum+tcp://pool.example:3333 --user bc1qme", { ...RUN, pools: GIVEN }],
  ["--user=bc1qme --pool=stratum+tcp://pool.example:3333", { ...RUN, pools: GIVEN }],
  [
    "run --pool stratum+tcp://pool.example:3333 --pool [::1]:25 --user bc1qme --password=-d=1 -l log",
    {
      ...RUN,
      pools: { ...GIVEN, urls: [...GIVEN.urls, "[::1]:25"], password: "-d=1" },
      logDir: "log",
    },
  ],
  [
    "run --pool stratum+tcp://pool.example:3333 --user bc1qme --password-file secret",
    { ...RUN, pools: { ...GIVEN, passwordFile: "secret" } },
  ],
  ["run --pool nonsense -h", { kind: "help", topic: "run" }],
  ["-h", { kind: "help", topic: undefined }],
  ["--help", { kind: "help", topic: undefined }],
  ["help", { kind: "help", topic: undefined }],
  ["help demo", { kind: "help", topic: "demo" }],
  ["demo -help", { kind: "help", topic: "demo" }],
  ["run -c x -h", { kind: "help", topic: "run" }],
  ["simulate -h", { kind: "help", topic: "simulate" }],
  ["simulate pool -h", { kind: "help", topic: "simulate pool" }],
  ["simulate miners --help", { kind: "help", topic: "simulate miners" }],
  ["help simulate", { kind: "help", topic: "simulate" }],
  ["help simulate pool", { kind: "help", topic: "simulate pool" }],
  ["help simulate -h", { kind: "help", topic: undefined }],
  ["-V", { kind: "version" }],
  ["-version", { kind: "version" }],
  ["version", { kind: "version" }],
  ["reload", { kind: "reload", configPath: undefined }],
  ["reload -c x", { kind: "reload", configPath: "x" }],
  ["notify --test", { kind: "notify", configPath: undefined }],
  ["notify --test -c x", { kind: "notify", configPath: "x" }],
  ["notify -h", { kind: "help", topic: "notify" }],
  ["reload -h", { kind: "help", topic: "reload" }],
  ["status", { ...STATUS, asJson: false }],
  ["status -c x --json", { ...STATUS, configPath: "x", asJson: true }],
  [
    "status --url http://10.0.0.5:9999 --token-file t",
    { ...STATUS, url: "http://10.0.0.5:9999/", tokenFile: "t", asJson: false },
  ],
  [
    "top --url https://host/farm1",
    { ...STATUS, kind: "top", url: "https://host/farm1", intervalSeconds: 2 },
  ],
  ["top --interval 30 -c x", { ...STATUS, kind: "top", configPath: "x", intervalSeconds: 30 }],
  ["top -h", { kind: "help", topic: "top" }],
  ["check", CHECK],
  [
    "check -c x -l log --account a --json",
    { ...CHECK, configPath: "x", logDir: "log", account: "a", asJson: true },
  ],
  ["check -c x -h", { kind: "help", topic: "check" }],
  ["history", { kind: "history", what: "show", configPath: undefined }],
  ["history -c a.jsonc", { kind: "history", what: "show", configPath: "a.jsonc" }],
  ["history vacuum -c a.jsonc", { kind: "history", what: "vacuum", configPath: "a.jsonc" }],
  ["history purge alice.rig7", {
    kind: "history",
    what: "purge",
    worker: "alice.rig7",
    configPath: undefined,
  }],
  ["history purge -rig7 -c a.jsonc", {
    kind: "history",
    what: "purge",
    worker: "-rig7",
    configPath: "a.jsonc",
  }],
  ["history export causes --days 7", {
    kind: "history",
    what: "export",
    table: "causes",
    days: 7,
    configPath: undefined,
  }],
  ["history export workers", {
    kind: "history",
    what: "export",
    table: "workers",
    days: undefined,
    configPath: undefined,
  }],
  ["history purge --help", { kind: "help", topic: "history" }],
  ["config --example", { kind: "config", what: "example", configPath: undefined }],
  ["config --schema", { kind: "config", what: "schema", configPath: undefined }],
  ["config -c x --effective", { kind: "config", what: "effective", configPath: "x" }],
  ["config -h", { kind: "help", topic: "config" }],
  ["completions fish", { kind: "completions", shell: "fish" }],
  ["completions -h", { kind: "help", topic: "completions" }],
  ["completions zsh -h", { kind: "help", topic: "completions" }],
  ["demo", DEMO],
  ["demo --seconds 20 --miners=7", { ...DEMO, seconds: 20, miners: 7, faults: [] }],
  ["demo --kind mixed", { ...DEMO, pools: "mixed" }],
  ["simulate pool", { kind: "simulate", what: "pool", options: POOL }],
  [
    "simulate pool --host :: --port 1 --difficulty 1e-6 --job-interval-seconds .5 --no-proof-of-work",
    {
      kind: "simulate",
      what: "pool",
      options: {
        host: "::",
        port: 1,
        difficulty: 1e-6,
        jobIntervalSeconds: 0.5,
        proofOfWork: false,
        accounts: undefined,
        isCaseSensitive: false,
        hiddenDifficulty: undefined,
        speaks: { kind: "agent" },
      },
    },
  ],
  ["simulate pool --kind agent", { kind: "simulate", what: "pool", options: POOL }],
  [
    "simulate pool --kind stratum",
    {
      kind: "simulate",
      what: "pool",
      options: {
        ...POOL,
        speaks: {
          kind: "stratum",
          like: "ckpool",
          hasFixedDifficulty: false,
          blockIntervalSeconds: undefined,
        },
      },
    },
  ],
  [
    "simulate pool --kind stratum --like nomp --fixed-difficulty --block-interval-seconds 9.5",
    {
      kind: "simulate",
      what: "pool",
      options: {
        ...POOL,
        speaks: {
          kind: "stratum",
          like: "nomp",
          hasFixedDifficulty: true,
          blockIntervalSeconds: 9.5,
        },
      },
    },
  ],
  [
    "simulate pool --kind sv2",
    {
      kind: "simulate",
      what: "pool",
      options: {
        ...POOL,
        speaks: {
          kind: "sv2",
          like: "sri",
          hasFixedDifficulty: false,
          blockIntervalSeconds: undefined,
        },
      },
    },
  ],
  [
    "simulate pool --kind sv2 --like braiins --fixed-difficulty --accounts alice",
    {
      kind: "simulate",
      what: "pool",
      options: {
        ...POOL,
        accounts: ["alice"],
        speaks: {
          kind: "sv2",
          like: "braiins",
          hasFixedDifficulty: true,
          blockIntervalSeconds: undefined,
        },
      },
    },
  ],
  [
    "simulate pool --accounts alice,Bob_2 --case-sensitive --nicehash-forced 524288",
    {
      kind: "simulate",
      what: "pool",
      options: {
        ...POOL,
        accounts: ["alice", "Bob_2"],
        isCaseSensitive: true,
        hiddenDifficulty: 524288,
      },
    },
  ],
  ["simulate miners", { kind: "simulate", what: "miners", options: MINERS }],
  [
    "simulate miners --connect [::1]:25 --count 3 --rate 0.1 --user me",
    {
      kind: "simulate",
      what: "miners",
      options: { host: "::1", port: 25, count: 3, rate: 0.1, user: "me", faults: [] },
    },
  ],
  [
    "simulate miners --count 40 --faults dead=12,flapping=6,gaps=22",
    {
      kind: "simulate",
      what: "miners",
      options: {
        ...MINERS,
        count: 40,
        faults: [
          { trouble: "dead", count: 12 },
          { trouble: "flapping", count: 6 },
          { trouble: "gaps", count: 22 },
        ],
      },
    },
  ],
  ["simulate miners --faults none", { kind: "simulate", what: "miners", options: MINERS }],
  ["demo --faults none", { ...DEMO, faults: [] }],
  ["demo --faults weak=50", { ...DEMO, faults: [{ trouble: "weak", count: 50 }] }],
];
for (const [line, command] of MEANINGS) {
  Deno.test(`"btcagent ${line}" means ${JSON.stringify(command)}`, () => {
    assert.deepEqual(parseArguments(words(line)), command);
  });
}

const MISUSES: [line: string, message: string][] = [
  ["--pool h:1", "Option --pool needs --user NAME: the address or account to mine for"],
  ["--user me", "Option --user is for a pool of the command line; add --pool URL"],
  ["-c x --password=p", "Option --password is for a pool of the command line; add --pool URL"],
  [
    "--pool h:1 --user me -c x",
    "Options --pool and --config exclude each other: put the pool into the configuration, or " +
    "leave the configuration out",
  ],
  [
    "--pool h:1 --user me --password p --password-file f",
    "Say --password or --password-file, not both",
  ],
  [
    "--pool h:1 --pool stratum+tcp://h --user me",
    'Option --pool is "stratum+tcp://h", must be the address of a pool such as ' +
    '"stratum+tcp://pool.example:3333"; add the port; 3333 is usual: "stratum+tcp://h:3333"',
  ],
  [
    "--pool stratum+tcp://me:hunter2@h:1 --user me",
    "Option --pool is an address with a user in it, must be the address of a pool such as " +
    '"stratum+tcp://pool.example:3333"; give the name with --user, and the password with ' +
    "--password-file or --password",
  ],
  [
    "--pool h:1 --user me\u0007",
    'Option --user is "me\\u0007", must be a name without spaces, at most 128 characters',
  ],
  [
    "--pool h:1 --user me --pasword=hunter2",
    'Unknown option "--pasword=***"; did you mean --password?',
  ],
  ["--conifg x", 'Unknown option "--conifg"; did you mean --config?'],
  ["-x", 'Unknown option "-x"'],
  ["demo --second=5", 'Unknown option "--second=5"; did you mean --seconds?'],
  ["demo -c x", 'Unknown option "-c"'],
  ["-c", 'Option "-c" needs a value: -c FILE'],
  ["-c -l log", 'Option "-c" needs a value: -c FILE'],
  ["-c=", "Option --config needs a value, found none"],
  ["-v", 'Option "-v" needs a value: -v N; for the version, use -V'],
  ["dmeo", 'Unknown command "dmeo"; did you mean demo?'],
  ["a.jsonc", 'Unknown command "a.jsonc"; a configuration is named with -c a.jsonc'],
  ["-c x y", 'Unexpected argument "y"; options begin with -'],
  ["--", 'Unexpected argument "--"; options begin with -'],
  [
    "help smulate",
    'There is no help on "smulate", only on run, check, status, top, reload, config, notify, history, demo, simulate and completions; ' +
    "did you mean simulate?",
  ],
  [
    "help simulate poo",
    'There is no help on "simulate poo", only on run, check, status, top, reload, config, notify, history, demo, simulate and completions; ' +
    "did you mean simulate pool?",
  ],
  ["help demo x", 'Unexpected argument "x"; options begin with -'],
  ["config", "Say one of --example, --schema and --effective: which is to be printed"],
  [
    "config --schema --example",
    "Say one of --example, --schema and --effective: which is to be printed",
  ],
  ["completions", "Say for which shell: bash, zsh or fish"],
  ["completions ksh", "Say for which shell: bash, zsh or fish"],
  ["completions --ksh", 'Unknown option "--ksh"'],
  ["simulate", "Nothing to simulate; say pool or miners first"],
  ["simulate --port 1", "Nothing to simulate; say pool or miners first"],
  ["simulate miner", 'Cannot simulate "miner", only pool or miners; did you mean miners?'],
  ["top --interval 0.5", 'Option --interval is "0.5", must be a number 1..600'],
  ["top --interval 601", 'Option --interval is "601", must be a number 1..600'],
  ["demo --seconds -5", 'Option --seconds is "-5", must be a number 1..31536000'],
  [
    "demo --kind mixd",
    'Option --kind is "mixd", must be one of agent, stratum, sv2, mixed; did you mean mixed?',
  ],
  ["demo --seconds 0x10", 'Option --seconds is "0x10", must be a number 1..31536000'],
  ["demo --miners 1.5", 'Option --miners is "1.5", must be a whole number 1..65535'],
  ["demo --miners 65536", 'Option --miners is "65536", must be a whole number 1..65535'],
  [
    "simulate pool --accounts alice,,bob",
    'Option --accounts has "", must be names of sub-accounts, as in alice,bob',
  ],
  [
    "simulate pool --accounts alice.rig1",
    'Option --accounts has "alice.rig1", must be names of sub-accounts, as in alice,bob',
  ],
  [
    "simulate pool --kind stratum --like ckpol",
    'Option --like is "ckpol", must be one of ckpool, nomp, public, datum, narrow6; ' +
    "did you mean ckpool?",
  ],
  [
    "simulate pool --kind sv2 --like ckpool",
    'Option --like is "ckpool", must be one of sri, blitzpool, braiins',
  ],
  [
    "simulate pool --kind sv2 --case-sensitive",
    "Option --case-sensitive is for --kind agent only",
  ],
  [
    "simulate pool --kind v2",
    'Option --kind is "v2", must be one of agent, stratum, sv2; did you mean sv2?',
  ],
  ["simulate pool --like nomp", "Option --like is for --kind stratum and sv2 only"],
  [
    "simulate pool --kind stratum --like datum --accounts alice",
    "Option --accounts is not for --like datum, which accepts every name",
  ],
  [
    "simulate pool --kind stratum --no-proof-of-work",
    "Option --no-proof-of-work is for --kind agent only",
  ],
  [
    "simulate pool --nicehash-forced 0",
    'Option --nicehash-forced is "0", must be a number 1e-12..1000000000000000',
  ],
  [
    "simulate miners --faults dead=12,flaping=1",
    'Option --faults has "flaping=1", must be a list as in dead=12,weak=10, each one of dead, ' +
    "flapping, refused, weak, silent, gaps with a number from 1; or none; did you mean flapping?",
  ],
  [
    "simulate miners --faults weak",
    'Option --faults has "weak", must be a list as in dead=12,weak=10, each one of dead, ' +
    "flapping, refused, weak, silent, gaps with a number from 1; or none",
  ],
  [
    "simulate miners --faults weak=0,dead=1",
    'Option --faults has "weak=0", must be a list as in dead=12,weak=10, each one of dead, ' +
    "flapping, refused, weak, silent, gaps with a number from 1; or none",
  ],
  [
    "simulate miners --count 40 --faults dead=40,weak=1",
    "Option --faults has faults for 41 miners, and --count is 40; raise --count or lower them",
  ],
  [
    "demo --miners 5 --faults dead=6",
    "Option --faults has faults for 6 miners, and --miners is 5; raise --miners or lower them",
  ],
  [
    "demo --faults weak=2,weak=3",
    "Option --faults has weak twice; give it once, with the sum",
  ],
  ["history purge", "Say which worker to purge: btcagent history purge WORKER"],
  ["history export", "Say what to export: workers, farm or causes"],
  ["history export miners", "Say what to export: workers, farm or causes"],
  ["history vacuum now", 'Cannot understand "now" after vacuum'],
  ["history purge a b", 'Unexpected argument "b"; options begin with -'],
  ["history export farm x", 'Cannot understand "x" after "farm"'],
  ["history --days 3", "Option --days is for history export only"],
  [
    "history vacum",
    'Cannot do "vacum" with a history, only vacuum, purge and export; did you mean vacuum?',
  ],
  [
    "simulate miners --connect localhost",
    'Option --connect is "localhost", must be HOST:PORT, as in 127.0.0.1:3333',
  ],
  [
    "simulate miners --connect h:65536",
    'Option --connect is "h:65536", must be HOST:PORT, as in 127.0.0.1:3333',
  ],
];
for (const [line, message] of MISUSES) {
  Deno.test(`"btcagent ${line}" is told: ${message}`, () => {
    assert.deepEqual(parseArguments(words(line)), { kind: "misuse", message });
  });
}

Deno.test("a demo shows every fault where that leaves most miners in order, a small one none", () => {
  for (const miners of [1, 11, 12, 20, 50, 65_535]) {
    const faults = demoFaults(miners);
    assert.deepEqual(faults.map(({ trouble }) => trouble), miners < 12 ? [] : MINER_FAULTS);
    assert.ok(faults.reduce((sum, { count }) => sum + count, 0) <= miners / 2, `${miners}`);
  }
});

Deno.test("start scripts of the Go agent keep working, with a notice for each ignored flag", () => {
  const flags =
    "-alsologtostderr -logtostderr=true -stderrthreshold=INFO -v 2 -vmodule=a=1 -log_backtrace_at=f:1";
  assert.deepEqual(parseArguments(words(`${flags} -c=agent_conf.json`)), {
    ...RUN,
    configPath: "agent_conf.json",
    notices: [
      "alsologtostderr",
      "logtostderr",
      "stderrthreshold",
      "v",
      "vmodule",
      "log_backtrace_at",
    ]
      .map((flag) => `Option -${flag} is ignored: the log goes to the terminal anyway`),
  });
});

Deno.test("any arguments mean something or are told why not, and nothing throws", () => {
  const part = fc.constantFrom(
    ..."- -- -c --c= =x demo simulate pool miners help -h --port 1 -1 1e9 --connect [::]:1".split(
      " ",
    ),
  );
  const argument = fc.oneof(part, fc.string({ unit: "binary" }));
  fc.assert(
    fc.property(fc.array(argument, { maxLength: 6 }), (argv) => {
      const command = parseArguments(argv);
      if (command.kind !== "misuse") return;
      // deno-lint-ignore no-control-regex -- they must not reach the terminal
      assert.doesNotMatch(command.message, /[\u0000-\u001f\u007f-\u009f]/);
      assert.ok(command.message.length < 250);
    }),
    { seed: 2, numRuns: 2000 },
  );
});

function words(line: string): string[] {
  return line.split(" ").filter((word) => word !== "");
}
