/** The help texts. */

import { DEFAULT_CONFIG_PATHS } from "../config/default_paths.ts";
import type { HelpTopic } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import {
  CHECK_OPTIONS,
  COMMON_OPTIONS,
  CONFIG_OPTIONS,
  DEMO_OPTIONS,
  HISTORY_OPTIONS,
  MINERS_OPTIONS,
  NOTIFY_OPTIONS,
  type Option,
  POOL_OPTIONS,
  RELOAD_OPTIONS,
  RUN_OPTIONS,
  STATUS_OPTIONS,
  TOP_OPTIONS,
} from "./options.ts";
import { VERSION } from "./version.ts";

const HELP: Readonly<Record<HelpTopic, () => string>> = {
  run: () =>
    `Joins miners to a pool: listens for miners, and carries their work over very
few connections to any Stratum pool, or to one of btcpool's agent protocol.

Usage
  btcagent [run] [options]

Options
${optionLines([...RUN_OPTIONS, ...COMMON_OPTIONS])}

  --pool needs no file. Given more than once, the next pool serves while those
  before it do not answer; --user and the password are for all of them.
  The flags of the Go agent's logger are accepted and ignored.

Examples
  btcagent -c conf/agent.jsonc -l log
  btcagent --pool stratum+tcp://pool.example:3333 --user ADDRESS

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
    `Reads the configuration, then tries what mining will need: connects to each pool
in every configured way, logs in and waits for a job; tries ports, certificates
and the limit of open files. Registers no miner, sends no share. In multi-user
mode it has no name to log in with, unless --account gives one.

Usage
  btcagent check [options]

Options
${optionLines([...CHECK_OPTIONS, ...COMMON_OPTIONS])}

Example
  btcagent check -c conf/agent.jsonc -l log

Exit codes
  0  nothing in the way of mining; there may be warnings
  1  mining cannot work, as when no pool can be used or a port is taken
  2  wrong use, or something wrong in the configuration`,
  status: () =>
    `Asks a running btcagent how its farm is: hashrate, pools, losses, and workers in
trouble by name, in one screen. The address and the token are those of the
configuration; of two tokens, the one that only reads.

Usage
  btcagent status [-c FILE | --url URL] [options]

Options
${optionLines([...STATUS_OPTIONS, ...COMMON_OPTIONS])}

Examples
  btcagent status -c conf/agent.jsonc
  btcagent status --url http://10.0.0.5:9999 --token-file farm.token

Exit codes
  0  all is well
  1  trouble, as when workers need attention, or the first pool is down
  2  no pool serves, btcagent does not answer, or wrong use`,
  top: () =>
    `Watches a running btcagent live, in this terminal. Changes nothing.

Options
${optionLines([...TOP_OPTIONS, ...COMMON_OPTIONS])}

Keys
  arrows, PgUp, PgDn  move                        t  only workers in trouble
  Enter, Esc          one worker, and back        p  pools
  f or /              find a name, an address     ?  all keys
  s                   sort by something else      q  quit

Examples
  btcagent top -c conf/agent.jsonc
  NO_COLOR=1 btcagent top --interval 10 --url http://10.0.0.5:9999

${EXIT_CODES}`,
  reload: () =>
    `Makes a running btcagent read its configuration again: sends SIGHUP to the
process whose id is in the pid_file of that configuration. If the configuration
has mistakes, nothing is sent.

Usage
  btcagent reload [-c FILE]

Options
${optionLines([...RELOAD_OPTIONS, ...COMMON_OPTIONS])}

Example
  btcagent reload -c conf/agent.jsonc

${EXIT_CODES}`,
  config: () =>
    `Prints a configuration, or what describes one. Of --effective the secrets are
masked; anything else in it can be read as a configuration again.

Usage
  btcagent config --example | --schema | --effective [-c FILE]

Options
${optionLines([...CONFIG_OPTIONS, ...COMMON_OPTIONS])}

Examples
  btcagent config --example > conf/agent.jsonc
  btcagent config --effective -c conf/agent.jsonc

${EXIT_CODES}`,
  notify: () =>
    `Sends a test message to each channel of notify.channels, from this machine, and
shows what came back: so you know that alarms will reach you.

Usage
  btcagent notify --test [-c FILE]

Options
${optionLines([...NOTIFY_OPTIONS, ...COMMON_OPTIONS])}

Example
  btcagent notify --test -c conf/agent.jsonc

Exit codes
  0  every channel took the message
  1  a channel did not, or there is none
  2  wrong use, or something wrong in the configuration`,
  history: () =>
    `What history.path of a configuration keeps, while btcagent runs or without it.

Usage
  btcagent history [-c FILE]                 show its size, span and contents
  btcagent history vacuum                    give free room back to the disk
  btcagent history purge WORKER              remove a worker and its name
  btcagent history export workers|farm|causes [--days N]
                                             write CSV to the terminal

Options
${optionLines([...HISTORY_OPTIONS, ...COMMON_OPTIONS])}

Examples
  btcagent history -c conf/agent.jsonc
  btcagent history purge alice.rig7
  btcagent history export workers --days 30 > workers.csv

${EXIT_CODES}`,
  completions: () =>
    `Prints a script that lets a shell complete the commands and options of btcagent.

Usage
  btcagent completions bash|zsh|fish

Options
${optionLines(COMMON_OPTIONS)}

Examples
  btcagent completions bash > /etc/bash_completion.d/btcagent
  btcagent completions zsh > /usr/local/share/zsh/site-functions/_btcagent
  btcagent completions fish > ~/.config/fish/completions/btcagent.fish

${EXIT_CODES}`,
  demo: () =>
    `A simulated pool, the proxy and simulated miners in one terminal, with their
live page. Needs no configuration, and nothing leaves this machine.

The pool of --kind stratum is an ordinary one that behaves as ckpool does, that
of --kind sv2 speaks Stratum V2; with --kind mixed there is one of each, and all
miners move every 5 seconds. Of 12 miners or more some have faults: see
btcagent help simulate miners.
Example: btcagent demo --kind mixed --seconds 30

Usage
  btcagent demo [options]

Options
${optionLines([...DEMO_OPTIONS, ...COMMON_OPTIONS])}

${EXIT_CODES}`,
  simulate: () =>
    `One side of the demo alone, to try the proxy or a configuration against.

Usage
  btcagent simulate pool [options]      see: btcagent help simulate pool
  btcagent simulate miners [options]    see: btcagent help simulate miners

Example: each in a terminal of its own, with ["127.0.0.1", 8888, "demo"] in the
configuration's pools
  btcagent simulate pool --no-proof-of-work
  btcagent -c my.jsonc
  btcagent simulate miners --count 200

${EXIT_CODES}`,
  "simulate pool": () =>
    `A simulated pool: of the agent protocol; a Stratum pool like ckpool, nomp,
public, datum or narrow6; or a Stratum V2 pool like sri, blitzpool or braiins.
Example: btcagent simulate pool --kind sv2 --like blitzpool

Options
${optionLines([...POOL_OPTIONS, ...COMMON_OPTIONS])}

${EXIT_CODES}`,
  "simulate miners": () =>
    `Simulated miners, with the handshakes of real firmware.
Example: btcagent simulate miners --count 200 --rate 0.1 --faults dead=3,weak=2

Options
${optionLines([...MINERS_OPTIONS, ...COMMON_OPTIONS])}

Faults: the first miners have them, in the order of the list
  dead      works for a while, then disconnects and does not come back
  flapping  reconnects every few seconds
  refused   none of its shares counts: wrong version bits, old jobs, bad hashes
  weak      works at a fifth of the speed of the others
  silent    logs in, takes work, and sends nothing
  gaps      pauses for a minute at regular times, as a hidden fee does

${EXIT_CODES}`,
};

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
  btcagent --pool URL --user ADDRESS  mine without one
  btcagent -c agent_conf.json -l log  start as the Go agent is started

${EXIT_CODES}`;
}

/** Two columns: a command, and what it is for. `run` need not be said. */
function usageLines(): string {
  const rows = COMMANDS.map(({ name, about, options, words }) => {
    const parts = [name === "run" ? "[run]" : name, ...options.length > 0 ? ["[options]"] : []];
    // What follows a command that has options as well is in its own help.
    if (words !== undefined && options.length === 0) {
      parts.push(name === "help" ? "[COMMAND]" : words.join("|"));
    }
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
