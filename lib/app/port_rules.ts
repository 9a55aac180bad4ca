/**
 * The rules for the difficulties of miners, by the port they connected to: those of `vardiff`,
 * changed by the `vardiff` of an entry in `listen`.
 */

import type { PeerAddress } from "../base/peer_address.ts";
import type { Config } from "../config/schema.ts";
import { type DifficultySettings, vardiffAt } from "../config/vardiff.ts";
import { type VardiffRules, vardiffRules } from "../mux/vardiff_rules.ts";

/** The rules of one configuration. */
export class PortRules {
  readonly #usual: VardiffRules;
  /** The rules of ports that have their own, by address. */
  readonly #own: ReadonlyMap<string, VardiffRules>;
  /** Rules that were looked up before: ten thousand miners ask at every job. */
  readonly #found = new WeakMap<PeerAddress, VardiffRules>();

  /** From a configuration that has been read. */
  constructor({ vardiff, listen }: Pick<Config, "vardiff" | "listen">) {
    this.#usual = rulesOf(vardiff);
    this.#own = new Map(
      listen.flatMap(({ address: hostname, port, vardiff: own }) =>
        own === undefined
          ? []
          : [[keyOf({ hostname, port }), rulesOf(vardiffAt(vardiff, own))] as const]
      ),
    );
  }

  /** The rules for miners that connected to this port, which is the same object each time. */
  of(port: PeerAddress): VardiffRules {
    if (this.#own.size === 0) return this.#usual;
    let rules = this.#found.get(port);
    if (rules === undefined) {
      rules = this.#own.get(keyOf(port)) ?? this.#usual;
      this.#found.set(port, rules);
    }
    return rules;
  }
}

function rulesOf({ shares_per_minute, minimum, maximum, fixed }: DifficultySettings): VardiffRules {
  return vardiffRules({ sharesPerMinute: shares_per_minute, minimum, maximum, fixed });
}

function keyOf({ hostname, port }: PeerAddress): string {
  return `${hostname} ${port}`;
}
