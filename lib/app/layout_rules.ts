/** The mux's rules for what miners get of pools' bytes, as `check` asks for them; pure. */

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
