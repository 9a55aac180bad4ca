/** The mux's rules for how many extranonce2 bytes miners get, in the form `check` needs; pure. */

import type { LayoutRules } from "../check/layouts.ts";
import { Layouts } from "../mux/layouts.ts";

/** The rules where `extranonce2_bytes` is `wanted`. */
export function layoutRules(wanted: number | undefined): LayoutRules {
  return {
    wanted,
    layoutOf: (sizes) => {
      const layouts = new Layouts({ poolIds: [...sizes.keys()], extranonce2Bytes: wanted });
      for (const [place, bytes] of sizes.entries()) layouts.learn(place, bytes);
      return layouts.layoutFor("");
    },
  };
}
