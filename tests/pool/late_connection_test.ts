/** Connections whose kind is still being loaded when they are opened. */

import assert from "node:assert/strict";
import type {
  EndCause,
  PoolConnection,
  PoolConnectionOptions,
  ReadyUpstream,
} from "../../lib/pool/connection.ts";
import { LateConnection } from "../../lib/pool/late_connection.ts";
import { turn } from "../support/fake_clock.ts";

type Open = (options: PoolConnectionOptions) => PoolConnection;

/** Opens one, and notes what becomes of it. */
class Rig {
  readonly loading = Promise.withResolvers<Open>();
  readonly heard: string[] = [];
  readonly told: string[] = [];
  readonly connection: LateConnection;
  inner: PoolConnectionOptions | undefined;

  constructor() {
    const owner = {
      ready: (connection: PoolConnection) => this.heard.push(`ready ${connection.name}`),
      ended: (connection: PoolConnection, reason: string, cause: EndCause) =>
        this.heard.push(`ended ${connection.name}: ${reason} (${cause})`),
    };
    const options = { name: "pool:3333 #1", owner } as unknown as PoolConnectionOptions;
    this.connection = new LateConnection(options, this.loading.promise);
  }

  async load(): Promise<void> {
    this.loading.resolve((options) => {
      this.inner = options;
      const tell = (what: string) => () => void this.told.push(what);
      const counts = { waitingBytes: 5, bytesRead: 7, bytesWritten: 11, messagesRead: 2 };
      const heard = { tick: tell("tick"), flush: tell("flush"), close: tell("close") };
      return { name: options.name, ...counts, messagesWritten: 3, ...heard };
    });
    await turn();
  }
}

Deno.test("once its files are loaded, it acts as the connection it stands for", async () => {
  const rig = new Rig();
  const { connection } = rig;
  connection.tick();
  assert.equal(connection.bytesRead, 0);
  await rig.load();
  connection.tick();
  connection.flush();
  assert.deepEqual(rig.told, ["tick", "flush"]);
  const { waitingBytes, bytesRead, bytesWritten, messagesRead, messagesWritten } = connection;
  assert.deepEqual(
    { waitingBytes, bytesRead, bytesWritten, messagesRead, messagesWritten },
    { waitingBytes: 5, bytesRead: 7, bytesWritten: 11, messagesRead: 2, messagesWritten: 3 },
  );
  const inner = {} as PoolConnection;
  rig.inner!.owner.ready(inner, {} as ReadyUpstream);
  rig.inner!.owner.ended(inner, "the pool closed the connection", "close");
  assert.deepEqual(rig.heard, [
    "ready pool:3333 #1",
    "ended pool:3333 #1: the pool closed the connection (close)",
  ]);
});

Deno.test("a connection closed before its files are loaded never opens", async () => {
  const rig = new Rig();
  rig.connection.close();
  await rig.load();
  assert.equal(rig.inner, undefined);
  assert.deepEqual(rig.heard, []);
});

Deno.test("files that cannot be read, as after an upgrade, end it with a reason", async () => {
  const rig = new Rig();
  rig.loading.reject(new TypeError("Module not found"));
  await turn();
  assert.deepEqual(rig.heard, [
    "ended pool:3333 #1: btcagent cannot load its own files for this kind of pool: " +
    "Module not found (connection)",
  ]);
});
