/**
 * The rules for the difficulties of miners, by the port they connected to: those of the whole
 * configuration, and what an entry of `listen` has otherwise.
 */

import type { PeerAddress } from "../base/peer_address.ts";
import type { Config } from "../config/schema.ts";
import { type DifficultySettings, vardiffAt } from "../config/vardiff.ts";
import { type VardiffRules, vardiffRules } from "../mux/vardiff_rules.ts";

/** All of one configuration. */
export class PortRules {
  readonly #usual: VardiffRules;
  /** Of ports that have their own, by address. */
  readonly #own: ReadonlyMap<string, VardiffRules>;
  /** The same once they were asked for: ten thousand miners ask at every job. */
  readonly #found = new WeakMap<PeerAddress, VardiffRules>();

  /** What a configuration that was read says. */
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

  /** Of miners that connected to this port, which is the same object each time. */
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
