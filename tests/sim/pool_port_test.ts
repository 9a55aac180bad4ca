import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { PoolPort } from "../../lib/sim/pool_port.ts";

const hostname = "127.0.0.1";

Deno.test("a port that could not be listened on can be tried again", async () => {
  const sockets: Socket[] = [];
  const other = Deno.listen({ hostname, port: 0 });
  const port = new PoolPort(hostname, (other.addr as Deno.NetAddr).port, (socket) => {
    sockets.push(socket);
    socket.end();
  });
  await assert.rejects(port.listen());
  other.close();
  await port.listen();
  const connection = await Deno.connect({ hostname, port: port.port });
  assert.equal(await connection.read(new Uint8Array(1)), null);
  assert.equal(sockets.length, 1);
  connection.close();
  port.close();
});
