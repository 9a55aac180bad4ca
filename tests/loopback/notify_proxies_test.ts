/** Alarms through the proxies of a farm that reaches the internet only by them. */

import assert from "node:assert/strict";
import { channelsOf, openWays } from "../../lib/app/notifier.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { Notifications, type TestResult } from "../../lib/observe/notify/notifications.ts";
import { momentAt } from "../support/alarm_farm.ts";
import { freePort } from "../support/free_port.ts";
import { AUTHORITY_FILE, serverCertificate } from "../support/test_certificates.ts";
import { configOf } from "../support/test_proxy.ts";
import { TunnelProxy } from "../support/tunnel_proxies.ts";
import { Webhook } from "../support/webhook.ts";

/** A name that only the proxies know. */
const HOST = "pool.test";

/** The test message's way through these settings. */
async function tested(
  url: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<TestResult> {
  const config = configOf([], {
    pools: [["h", 1, "me"]],
    tls: { ca_file: AUTHORITY_FILE },
    use_proxy: true,
    direct_connect_with_proxy: false,
    direct_connect_after_proxy: false,
    notify: { channels: [{ type: "webhook", url }] },
    ...settings,
  });
  const notifications = new Notifications({
    settings: config.notify,
    startedAt: momentAt(0),
    time: systemTime,
  });
  const channels = channelsOf(config);
  notifications.setChannels({ channels, ways: await openWays(config) });
  const [result] = await notifications.test(undefined);
  notifications.stop();
  return result!;
}

function secureHook(): Webhook {
  return new Webhook(0, serverCertificate("pool"));
}

function routesTo(hook: Webhook) {
  return { [`${HOST}:443`]: { host: "127.0.0.1", port: hook.port } };
}

for (const kind of ["socks5", "http"] as const) {
  Deno.test(`a message goes through a ${kind} proxy, which looks the name up`, async () => {
    await using hook = secureHook();
    await using tunnel = TunnelProxy[kind]({ routes: routesTo(hook) });
    const proxy = [`${kind}://${tunnel.hostPort}`];
    const { ok, answer } = await tested(`https://${HOST}/topic`, { proxy });
    assert.deepEqual([ok, answer], [true, "HTTP 200: ok"]);
    assert.deepEqual(tunnel.asked, [`${HOST}:443`]);
    assert.equal(hook.received[0]!.path, "/topic");
  });

  Deno.test(`a ${kind} proxy gets its user and password, and no message shows them`, async () => {
    await using hook = secureHook();
    const login = "farm:p@ss:word";
    await using tunnel = TunnelProxy[kind]({ login, routes: routesTo(hook) });
    const right = await tested(`https://${HOST}/`, {
      proxy: [`${kind}://${login}@${tunnel.hostPort}`],
    });
    assert.ok(right.ok, right.answer);
    const wrong = await tested(`https://${HOST}/`, {
      proxy: [`${kind}://farm:secretword@${tunnel.hostPort}`],
    });
    assert.equal(wrong.ok, false);
    assert.doesNotMatch(wrong.answer, /secretword/);
    const said =
      `the proxy does not accept user and password, through the proxy ${tunnel.hostPort}`;
    assert.equal(wrong.answer, said);
    assert.equal(hook.received.length, 1);
  });
}

Deno.test("the next proxy is tried if the first is gone, and directly only where pools are, too", async () => {
  await using hook = secureHook();
  await using tunnel = TunnelProxy.socks5({ routes: routesTo(hook) });
  const gone = `socks5://127.0.0.1:${freePort()}`;
  const second = await tested(`https://${HOST}/`, {
    proxy: [gone, `socks5://${tunnel.hostPort}`],
  });
  assert.ok(second.ok, second.answer);

  const url = `https://127.0.0.1:${hook.port}/`;
  const none = await tested(url, { proxy: [gone] });
  assert.match(none.answer, /^the proxy is not reachable, through the proxy 127\.0\.0\.1:\d+$/);
  assert.equal(hook.received.length, 1);
  const direct = await tested(url, { proxy: [gone], direct_connect_after_proxy: true });
  assert.ok(direct.ok, direct.answer);
  const unused = await tested(url, { proxy: [gone], use_proxy: false });
  assert.ok(unused.ok, unused.answer);
});

Deno.test("a receiver whose certificate nobody trusts is refused through a proxy as well", async () => {
  await using hook = new Webhook(0, serverCertificate("self_signed"));
  await using tunnel = TunnelProxy.http({ routes: routesTo(hook) });
  const proxy = [`http://${tunnel.hostPort}`];
  const { ok, answer } = await tested(`https://${HOST}/`, { proxy });
  assert.deepEqual([ok, answer], [
    false,
    `its certificate is not accepted, through the proxy ${tunnel.hostPort}`,
  ]);
  assert.equal(hook.received.length, 0);
});

Deno.test("a proxy that cannot reach the receiver is told from one that is gone", async () => {
  await using tunnel = TunnelProxy.http({ routes: {} });
  const { answer } = await tested(`https://${HOST}/`, { proxy: [`http://${tunnel.hostPort}`] });
  assert.equal(answer, `the proxy cannot connect to it, through the proxy ${tunnel.hostPort}`);
});
