/** What systemd is told, over a real socket of its kind. */

import assert from "node:assert/strict";
import { mock } from "node:test";
import { systemTime } from "../../lib/base/system_time.ts";
import { ServiceManager, unixAddress } from "../../lib/host/service_manager.ts";
import { freePort } from "../support/free_port.ts";
import { LogCapture } from "../support/log_capture.ts";
import { START_FLAGS } from "../support/program.ts";

/** The text of the next datagram. */
async function next(socket: Deno.DatagramConn): Promise<string> {
  const [bytes] = await socket.receive();
  return new TextDecoder().decode(bytes);
}

Deno.test("systemd is told when it is ready, reloads and stops", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/notify`;
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  const manager = new ServiceManager({ socket: path, watchdog: undefined }, systemTime);
  manager.ready();
  assert.equal(await next(socket), "READY=1");
  manager.reloading();
  assert.equal(await next(socket), "RELOADING=1");
  manager.ready();
  assert.equal(await next(socket), "READY=1");
  manager.stopping();
  assert.equal(await next(socket), "STOPPING=1");
  manager.close();
  socket.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a reload that ends after the stop began does not take the stop back", () => {
  const told: string[] = [];
  const libc = {
    sendDatagram(_: Uint8Array, bytes: Uint8Array): number {
      told.push(new TextDecoder().decode(bytes));
      return bytes.length;
    },
    unload() {},
  };
  const manager = new ServiceManager({ socket: "/x", watchdog: undefined }, systemTime, libc);
  manager.ready();
  manager.reloading();
  manager.stopping();
  manager.reloading();
  manager.ready();
  manager.close();
  assert.deepEqual(told, ["READY=1", "RELOADING=1", "STOPPING=1"]);
});

Deno.test("signs of life go twice in the time the watchdog waits, until the end", () => {
  mock.timers.enable({ apis: ["setInterval"] });
  try {
    const told: string[] = [];
    const libc = {
      sendDatagram(_: Uint8Array, bytes: Uint8Array): number {
        told.push(new TextDecoder().decode(bytes));
        return bytes.length;
      },
      unload() {},
    };
    const manager = new ServiceManager({ socket: "/x", watchdog: "60000000" }, systemTime, libc);
    mock.timers.tick(60_000);
    assert.deepEqual(told, [], "not before it is ready");
    manager.ready();
    manager.ready();
    mock.timers.tick(60_000);
    assert.deepEqual(told, ["READY=1", "READY=1", "WATCHDOG=1", "WATCHDOG=1"]);
    manager.stopping();
    mock.timers.tick(30_000);
    assert.deepEqual(told.slice(4), ["STOPPING=1", "WATCHDOG=1"]);
    manager.close();
    mock.timers.tick(600_000);
    assert.equal(told.length, 6);
  } finally {
    mock.timers.reset();
  }
});

Deno.test("signs of life go on after one that failed, and trouble is logged once while it lasts", () => {
  using log = new LogCapture();
  mock.timers.enable({ apis: ["setInterval"] });
  try {
    const EMFILE = 24;
    let troubles = 2;
    const told: string[] = [];
    const libc = {
      sendDatagram(_: Uint8Array, bytes: Uint8Array): number {
        if (troubles-- > 0) return -EMFILE;
        told.push(new TextDecoder().decode(bytes));
        return bytes.length;
      },
      unload() {},
    };
    const manager = new ServiceManager({ socket: "/x", watchdog: "60000000" }, systemTime, libc);
    manager.ready();
    mock.timers.tick(90_000);
    assert.deepEqual(told, ["WATCHDOG=1", "WATCHDOG=1"]);
    assert.deepEqual(log.take().map((line) => /Too many open files/.test(line)), [true]);
    troubles = 1;
    mock.timers.tick(60_000);
    assert.equal(told.length, 3);
    assert.equal(log.take().length, 1, "trouble that came back is said again");
    manager.close();
  } finally {
    mock.timers.reset();
  }
});

Deno.test("an abstract socket's address begins with a zero byte and has no other", () => {
  assert.deepEqual([...unixAddress("@ab")!], [1, 0, 0, 97, 98]);
  assert.deepEqual([...unixAddress("/ab")!], [1, 0, 47, 97, 98]);
  for (const wrong of ["", "@", "ab", "/".repeat(109), "vsock:2:1"]) {
    assert.equal(unixAddress(wrong), undefined, wrong);
  }
});

Deno.test("without a service manager nothing is loaded and nothing is logged", () => {
  using log = new LogCapture();
  for (const socket of [undefined, ""]) {
    const manager = new ServiceManager({ socket, watchdog: "1000000" }, systemTime);
    manager.ready();
    manager.stopping();
    manager.close();
  }
  assert.deepEqual(log.take(), []);
});

Deno.test("a service manager that cannot be reached is logged once, and that is all", () => {
  using log = new LogCapture();
  const manager = new ServiceManager(
    { socket: "/nowhere/notify", watchdog: undefined },
    systemTime,
  );
  manager.ready();
  manager.stopping();
  manager.close();
  const lines = log.take();
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /Cannot report to the service manager.*Type=exec/);
});

Deno.test("the program tells it that it is ready only when miners can connect", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/notify`;
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  const config = {
    agent_listen_ip: "127.0.0.1",
    agent_listen_port: freePort(),
    pools: [["127.0.0.1", freePort(), "demo"]],
    status: { listen: "" },
  };
  await Deno.writeTextFile(`${folder}/agent.json`, JSON.stringify(config));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", ...START_FLAGS, "main.ts", "-c", `${folder}/agent.json`],
    env: { NOTIFY_SOCKET: path, WATCHDOG_USEC: "200000" },
    stderr: "null",
  }).spawn();
  assert.equal(await next(socket), "READY=1");
  (await Deno.connect({ hostname: "127.0.0.1", port: config.agent_listen_port })).close();
  assert.equal(await next(socket), "WATCHDOG=1");
  child.kill("SIGHUP");
  const told = new Set<string>();
  while (!told.has("READY=1")) told.add(await next(socket));
  assert.ok(told.has("RELOADING=1"));
  child.kill("SIGTERM");
  while (!told.has("STOPPING=1")) told.add(await next(socket));
  assert.equal((await child.status).code, 0);
  socket.close();
  await Deno.remove(folder, { recursive: true });
});
