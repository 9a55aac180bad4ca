/** The help texts. */

import { DEFAULT_CONFIG_PATHS } from "../config/default_paths.ts";
import type { HelpTopic } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import {
  CHECK_OPTIONS,
  COMMON_OPTIONS,
  CONFIG_OPTIONS,
  DEMO_OPTIONS,
  MINERS_OPTIONS,
  type Option,
  POOL_OPTIONS,
  RELOAD_OPTIONS,
  RUN_OPTIONS,
} from "./options.ts";
import { VERSION } from "./version.ts";

const HELP: Readonly<Record<HelpTopic, () => string>> = {
  run: () =>
    `Joins miners to a pool: listens for miners, and carries their work over very
few connections to any Stratum pool, or to one that speaks btcpool's agent
protocol.

Usage
  btcagent [run] [options]
  btcagent run --pool stratum+tcp://pool.example:3333 --user ADDRESS

Options
${optionLines([...RUN_OPTIONS, ...COMMON_OPTIONS])}

  --pool needs no file: everything but the pools is then as a file without it
  would have it. Given more than once, the next pool serves while those before
  it do not answer; --user and the password are for all of them. A password on
  a command line can be seen by everybody on the machine: --password-file
  keeps it a secret.

  The Go agent's other flags, such as -alsologtostderr or -v=2, are accepted
  and ignored.

Files
  conf/agent.example.jsonc   every setting explained; copy it to begin
${DEFAULT_CONFIG_PATHS[0]!.padEnd(25).padStart(27)}  read if no -c is given
${DEFAULT_CONFIG_PATHS[1]!.padEnd(25).padStart(27)}  read if that is not there either

Signals
  SIGTERM, SIGINT, SIGQUIT   stop in order: shares on their way are still sent;
                             another one, a second later, stops at once
  SIGHUP                     read the configuration again

${EXIT_CODES}`,
  check: () =>
    `Reads the configuration, then does what mining will need and says what it finds:
looks up each pool, connects to it in every configured way, asks what it speaks
if the list does not say so, logs in and waits for a job; tries the ports to
listen on, the certificates and the limit of open files. No miner is registered,
and no share is sent. Without a name to log in with, as in multi-user mode
without --account, it judges what can be judged and says what was not tried.

Usage
  btcagent check [options]

Options
${optionLines([...CHECK_OPTIONS, ...COMMON_OPTIONS])}

Exit codes
  0  nothing in the way of mining; there may be warnings
  1  mining cannot work, as when no pool can be used or a port is taken
  2  wrong use, or something wrong in the configuration`,
  reload: () =>
    `Sends SIGHUP to the btcagent whose process id is in the pid_file of a
configuration, which it then reads again. With mistakes in it nothing is sent.

Usage
  btcagent reload [-c FILE]

Options
${optionLines([...RELOAD_OPTIONS, ...COMMON_OPTIONS])}

${EXIT_CODES}`,
  config: () =>
    `Prints a configuration, or what describes one. Of --effective the secrets are
masked; anything else in it can be read as a configuration again.

Usage
  btcagent config --example > conf/agent.jsonc
  btcagent config --schema
  btcagent config --effective [-c FILE]

Options
${optionLines([...CONFIG_OPTIONS, ...COMMON_OPTIONS])}

${EXIT_CODES}`,
  completions: () =>
    `Prints a script that lets a shell complete the commands and options of btcagent.

Usage
  btcagent completions bash > /etc/bash_completion.d/btcagent
  btcagent completions zsh > /usr/local/share/zsh/site-functions/_btcagent
  btcagent completions fish > ~/.config/fish/completions/btcagent.fish

Options
${optionLines(COMMON_OPTIONS)}

${EXIT_CODES}`,
  demo: () =>
    `A simulated pool, the proxy and simulated miners, all in one terminal, and the
live page of the farm, whose address it prints. Needs no configuration, and
nothing leaves this machine.

With --kind stratum the pool is an ordinary Stratum pool that behaves as ckpool
does; with --kind mixed there is one of each, and all miners move between them
every 5 seconds.

Usage
  btcagent demo [options]

Options
${optionLines([...DEMO_OPTIONS, ...COMMON_OPTIONS])}

Faults: of 12 miners or more the first have some unless --faults says otherwise,
so that the page has something to show
${FAULTS}

${EXIT_CODES}`,
  simulate: () =>
    `One side of the demo alone, to try the proxy or a configuration against.

Usage
  btcagent simulate pool [options]
  btcagent simulate miners [options]

Options of simulate pool
${optionLines(POOL_OPTIONS)}

Options of simulate miners
${optionLines(MINERS_OPTIONS)}

Faults: the first miners have them, in the order of the list
${FAULTS}

Example: each in a terminal of its own, with ["127.0.0.1", 8888, "demo"] in the
configuration's pools
  btcagent simulate pool --no-proof-of-work
  btcagent -c my.jsonc
  btcagent simulate miners --count 200

The same with a pool that speaks Stratum as ckpool does
  btcagent simulate pool --kind stratum --like ckpool

${EXIT_CODES}`,
};

const FAULTS = `  dead      works for a while, then goes and does not come back
  flapping  reconnects every few seconds
  refused   none of its shares counts: wrong version bits, old jobs, bad hashes
  weak      works at a fifth of the speed of the others
  silent    logs in, takes work, and sends nothing
  gaps      pauses for a minute at regular times, as a hidden fee does`;

const EXIT_CODES = `Exit codes
  0  stopped as asked
  1  failed, as when the port is taken
  2  wrong use, or something wrong in the configuration`;

/** The help on `topic`, or on the program as a whole; plain text, at most 80 columns. */
export function helpText(topic: HelpTopic | undefined): string {
  if (topic !== undefined) return HELP[topic]();
  return `btcagent ${VERSION}: many miners, very few connections to the pool

Usage
${usageLines()}

Options
${optionLines([...RUN_OPTIONS, ...COMMON_OPTIONS])}

Examples
  btcagent demo --seconds 30          half a minute of simulated mining
  btcagent check -c conf/agent.jsonc  see whether it will work
  btcagent -c conf/agent.jsonc        mine with your own configuration
  btcagent --pool stratum+tcp://pool.example:3333 --user ADDRESS
                                      mine without one
  btcagent -c agent_conf.json -l log  start as the Go agent is started

To begin, copy conf/agent.example.jsonc to conf/agent.jsonc and put your
sub-account into it. Ctrl+C or SIGTERM stops in order.

${EXIT_CODES}`;
}

/** Two columns: a command, and what it is for. `run` need not be said. */
function usageLines(): string {
  const rows = COMMANDS.map(({ name, about, options, words }) => {
    const parts = [name === "run" ? "[run]" : name, ...options.length > 0 ? ["[options]"] : []];
    if (words !== undefined) parts.push(name === "help" ? "[COMMAND]" : words.join("|"));
    return [`btcagent ${parts.join(" ")}`, about] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, about]) => `  ${left.padEnd(width)}  ${about}`).join("\n");
}

/** Two columns: an option with its short form, and what it is for. */
function optionLines(options: readonly Option[]): string {
  const rows = options.map(({ names: [long = "", short], value, about }) => {
    const left = `${short ? `-${short}, ` : "    "}--${long}${value ? ` ${value}` : ""}`;
    return [left, about] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, about]) => `  ${left.padEnd(width)}  ${about}`).join("\n");
}
