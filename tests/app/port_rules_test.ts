/** Which rules for difficulties hold at which port. */

import assert from "node:assert/strict";
import { PortRules } from "../../lib/app/port_rules.ts";
import { vardiffRules } from "../../lib/mux/vardiff_rules.ts";

const USUAL = { shares_per_minute: 20, minimum: 64, fixed: 1024, suggest_to_pool: false };
const MAIN = { hostname: "0.0.0.0", port: 3333 };

function listen(port: number, vardiff?: { readonly minimum?: number; readonly fixed?: number }) {
  return { address: "0.0.0.0", port, ...vardiff === undefined ? {} : { vardiff } };
}

Deno.test("a port without its own settings has the common ones", () => {
  const rules = new PortRules({ vardiff: USUAL, listen: [listen(3334), listen(3335, {})] });
  const usual = vardiffRules({ sharesPerMinute: 20, minimum: 64, fixed: 1024 });
  for (const port of [3333, 3334, 3335, 9]) {
    assert.deepEqual(rules.of({ ...MAIN, port }), usual);
  }
});

Deno.test("a port's own settings apply to it alone", () => {
  const rules = new PortRules({ vardiff: USUAL, listen: [listen(3334, { fixed: 8 })] });
  const port = { ...MAIN, port: 3334 };
  assert.deepEqual(
    rules.of(port),
    vardiffRules({ sharesPerMinute: 20, minimum: 64, fixed: 8 }),
  );
  assert.equal(rules.of(port), rules.of(port));
  assert.ok(rules.of(MAIN).isFixed);
});

Deno.test("difficulty bounds of a port replace a fixed difficulty that is set for all", () => {
  const rules = new PortRules({ vardiff: USUAL, listen: [listen(3334, { minimum: 4096 })] });
  const found = rules.of({ ...MAIN, port: 3334 });
  assert.deepEqual([found.lowest, found.highest, found.isFixed], [12, 31, false]);
});
