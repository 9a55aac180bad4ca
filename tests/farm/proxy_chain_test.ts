/** A farm behind two of our own proxies in a row. */

import { chainMines } from "../support/proxy_chain.ts";

Deno.test("100 miners hash for 30 s behind two proxies in a row, and all books agree", () =>
  chainMines({ miners: 100, seconds: 30, shares: 10 }));
