/**
 * Keys that are known and have no effect in this version, where having no
 * effect would betray the operator. Each is refused until what it asks for is
 * built; then its line here is deleted, and nothing else needs to change.
 */

import type { Finding, RawConfig } from "./cross_checks.ts";

/** The settings of `raw` that ask for what is not built yet. */
export function notBuiltYet(raw: RawConfig): Finding[] {
  const findings: Finding[] = [];
  const refuse = (key: keyof RawConfig, wanted: string, what: string) => {
    findings.push({ path: [key], wanted, hint: `${what} is not built yet in this version` });
  };

  if (raw.multi_user_mode === true) refuse("multi_user_mode", "false", "multi-user mode");
  if (raw.always_keep_downconn === true) {
    refuse("always_keep_downconn", "false", "keeping miners on made-up jobs");
  }
  return findings;
}
