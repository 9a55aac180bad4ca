/**
 * Recognizes configurations of other programs, and says what to write instead; pure.
 */

import type { Located, Member } from "./document.ts";
import { plainValue } from "./document.ts";
import { type Problem, quote } from "./problem.ts";

/** How many pools an example shows. */
const MAX_SHOWN_POOLS = 4;

/** What to do about keys of other agents. */
const FOREIGN_KEYS: Readonly<Record<string, string>> = {
  // As in the pools of cgminer and its relatives.
  pass: 'write "password"',
  hashrate_split: "this build cannot split the hashrate yet: remove it and run one btcagent " +
    "for each sub-account, each with its own ports",
};

/** What to do about the unknown key `name`; `undefined` if no other agent has it. */
export function hintForForeignKey(name: string): string | undefined {
  return Object.hasOwn(FOREIGN_KEYS, name) ? FOREIGN_KEYS[name] : undefined;
}

/** The one problem of a file that is another program's; `undefined` if it may be ours. */
export function foreignFile(root: Located): Problem | undefined {
  if (root.kind !== "object") return undefined;
  const account = memberOf(root.members, "account");
  const pools = memberOf(root.members, "pools")?.content;
  const isSmartAgent = account?.content.kind === "list" && pools?.kind === "list" &&
    pools.items.length > 0 && pools.items.every(({ kind }) => kind === "object");
  if (!isSmartAgent) return undefined;
  const { line, column } = account.at;
  const names = account.content.items.map((item) => textOf(plainValue(item), "name"));
  const hasMany = names.length > 1;
  const more = hasMany
    ? `; it splits the hashrate among ${names.length} sub-accounts, which this build cannot do ` +
      "yet: run one btcagent for each, with its own ports"
    : "";
  return {
    line,
    column,
    path: "account",
    found: "a configuration of Poolin's SmartAgent",
    wanted: "one of btcagent",
    hint: 'write "pools": ' + poolsFor(pools.items.map(plainValue), names[0]) +
      ' in place of "account", "account_mode" and "pools", and in place of ' +
      '"offline_disconnect_delay_sec" "outage": {"grace_seconds": 30}' + more,
  };
}

/** The same pools as entries of ours, the first few. */
function poolsFor(pools: readonly unknown[], account = ""): string {
  const entries = pools.slice(0, MAX_SHOWN_POOLS).map((pool) => {
    const port = (pool as { readonly port?: unknown } | null)?.port;
    const shownPort = typeof port === "number" ? String(port) : "PORT";
    return `[${quote(textOf(pool, "address") ?? "HOST")}, ${shownPort}, ${quote(account)}]`;
  });
  return `[${entries.join(", ")}${pools.length > MAX_SHOWN_POOLS ? ", …" : ""}]`;
}

function textOf(value: unknown, key: string): string | undefined {
  const found = (value as Readonly<Record<string, unknown>> | null)?.[key];
  return typeof found === "string" ? found : undefined;
}

function memberOf(members: readonly Member[], key: string): Member | undefined {
  return members.findLast(({ name }) => name === key);
}
