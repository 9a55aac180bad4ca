/**
 * All servers that a simulated Stratum pool can play.
 */

import { CkpoolServer } from "./ckpool.ts";
import { CkpoolSession } from "./ckpool_session.ts";
import { DatumServer } from "./datum.ts";
import { DatumSession } from "./datum_session.ts";
import { NompServer } from "./nomp.ts";
import { NompSession } from "./nomp_session.ts";
import type { PoolServer } from "./personality.ts";
import { PublicServer } from "./public_pool.ts";
import { PublicSession } from "./public_session.ts";
import type { StratumPoolSettings } from "./settings.ts";

/** Makes the server that `like` names. */
export function serverOf(settings: StratumPoolSettings): PoolServer {
  switch (settings.like) {
    case "ckpool":
    case "ckpool-reasons":
    case "narrow6": {
      const background = new CkpoolServer(settings);
      return { background, open: (client) => new CkpoolSession(client, background) };
    }
    case "nomp": {
      const background = new NompServer(settings);
      return { background, open: (client) => new NompSession(client, background) };
    }
    case "public": {
      const background = new PublicServer(settings);
      return { background, open: (client) => new PublicSession(client, background) };
    }
    case "datum": {
      const background = new DatumServer(settings);
      return { background, open: (client) => new DatumSession(client, background) };
    }
  }
}
