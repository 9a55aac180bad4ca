/** Rules of vardiff: defaults, rounding, and what is refused. */

import assert from "node:assert/strict";
import { vardiffRules } from "../../lib/mux/vardiff_rules.ts";

Deno.test("without settings the aim is 10 shares a minute, at difficulties 1 to 2^31", () => {
  const rules = vardiffRules();
  assert.deepEqual(rules, { aimPerMs: 10 / 60_000, lowest: 0, highest: 31, isFixed: false });
});

Deno.test("bounds that are no powers of two leave the powers between them", () => {
  const { lowest, highest } = vardiffRules({ minimum: 1000, maximum: 5000 });
  assert.deepEqual([lowest, highest], [10, 12]);
});

Deno.test("where no power of two is between the bounds the maximum holds", () => {
  const { lowest, highest } = vardiffRules({ minimum: 600, maximum: 1000 });
  assert.deepEqual([lowest, highest], [9, 9]);
});

Deno.test("a maximum below the default minimum lowers that", () => {
  const { lowest, highest } = vardiffRules({ maximum: 0.3 });
  assert.deepEqual([lowest, highest], [-2, -2]);
});

Deno.test("a fixed difficulty is the largest power of two in it", () => {
  const { lowest, highest, isFixed } = vardiffRules({ fixed: 100_000, maximum: 4, minimum: 2 });
  assert.deepEqual([lowest, highest, isFixed], [16, 16, true]);
});

Deno.test("settings out of range are refused with words", () => {
  const refused = (settings: Parameters<typeof vardiffRules>[0], pattern: RegExp) =>
    assert.throws(() => vardiffRules(settings), pattern);
  refused({ sharesPerMinute: 0.5 }, /sharesPerMinute 0.5 .* must be 1 to 60/);
  refused({ sharesPerMinute: 61 }, /sharesPerMinute 61/);
  refused({ sharesPerMinute: NaN }, /sharesPerMinute NaN/);
  refused({ minimum: 2 ** -21 }, /minimum/);
  refused({ minimum: 8, maximum: 4 }, /maximum 4 .* must be 8 to/);
  refused({ maximum: 2 ** 32 }, /maximum/);
  refused({ fixed: 0 }, /fixed 0/);
  refused({ fixed: 2 ** -33 }, /fixed/);
  assert.equal(vardiffRules({ fixed: 2 ** -32 }).highest, -32);
});
