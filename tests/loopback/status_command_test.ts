/** `btcagent status` as people and monitors run it, before a real agent. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { agentEntry } from "../support/agent_entry.ts";
import { freePort } from "../support/free_port.ts";
import { commandOf, type Ending, Program } from "../support/program.ts";
import { StatusRig } from "../support/status_rig.ts";
import { until } from "../support/test_proxy.ts";

async function status(...args: readonly string[]): Promise<Ending> {
  await using program = new Program(["status", ...args]);
  return await program.ended();
}

const urlOf = (rig: StatusRig) => `http://127.0.0.1:${rig.server.address.port}`;

Deno.test("a farm that mines is well, its pool down is down, and both are told by the exit code", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using rig = new StatusRig([pool], { outage: { grace_seconds: 600 } });
  await using _farm = SimFarm.start({ port: rig.port, count: 5 });
  await until(() => rig.proxy.statistics().working === 5, "all are in");
  const well = await status("--url", urlOf(rig));
  assert.equal(well.stderr, "");
  assert.match(well.stdout, /^btcagent 1\.2\.3 at 127\.0\.0\.1:\d+, up \d+ s\nWELL +All 5 workers/);
  assert.match(well.stdout, /\nPools +1 {2}serving {2}127\.0\.0\.1:\d+ +5 miners, job/);
  assert.equal(well.code, 0);
  for (const line of well.stdout.split("\n")) assert.ok(line.length <= 80, line);

  const json = await status("--url", urlOf(rig), "--json");
  const report = JSON.parse(json.stdout);
  assert.deepEqual([report.state, report.findings, json.code], ["well", [], 0]);
  assert.equal(report.summary.miners.connected, 5);
  assert.equal(report.summary.process.open_files_limit, 12_345, "all that the agent says");
  assert.equal(report.pools[0].miners, 5);

  await pool.setFaults({ refuseConnections: true });
  pool.resetConnections();
  await until(() => rig.proxy.parts.watch.attention.outageSince !== undefined, "the outage");
  const down = await status("--url", urlOf(rig));
  assert.match(down.stdout, /\nDOWN +No pool serves for/);
  assert.equal(down.code, 2);
});

Deno.test("address and token come from the configuration, that of two that only reads", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  const tokens = { token: "all-1", read_token: "reading-1" };
  await using rig = new StatusRig([pool], { status: tokens });
  await using _farm = SimFarm.start({ port: rig.port, count: 1 });
  await until(() => rig.proxy.statistics().working === 1, "it is in");
  const folder = await Deno.makeTempDir();
  try {
    const listen = `0.0.0.0:${rig.server.address.port}`;
    await Deno.writeTextFile(`${folder}/token`, "reading-1\n");
    const write = (settings: object) =>
      Deno.writeTextFile(
        `${folder}/agent.jsonc`,
        JSON.stringify({ pools: [agentEntry(pool)], status: { listen, ...settings } }),
      );
    await write({ read_token_file: `${folder}/token` });
    assert.equal((await status("-c", `${folder}/agent.jsonc`)).code, 0);
    await write({ token: "another" });
    const wrong = await status("-c", `${folder}/agent.jsonc`);
    assert.match(wrong.stdout, /^DOWN: 127\.0\.0\.1:\d+ requires a token, or another one/);
    assert.equal(wrong.code, 2);
    const given = await status("-c", `${folder}/agent.jsonc`, "--token-file", `${folder}/token`);
    assert.equal(given.code, 0);
    const none = await status("--url", urlOf(rig), "--token-file", `${folder}/none`);
    assert.match(none.stdout, /^DOWN: cannot use --token-file .*: it does not exist|no such/i);
    assert.equal(none.code, 2);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a token from the environment is never shown, and who asks needs it only to be let in", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [port, secret] = [freePort(), "hush-from-the-environment"];
    const path = `${folder}/agent.jsonc`;
    const config = {
      agent_listen_ip: "127.0.0.1",
      agent_listen_port: freePort(),
      pools: [["127.0.0.1", freePort(), "me"]],
      status: { listen: `127.0.0.1:${port}`, token_env: "BTCAGENT_TEST_STATUS", control: true },
      notify: { channels: [{ type: "webhook", url_env: "BTCAGENT_TEST_HOOK" }] },
    };
    await Deno.writeTextFile(path, JSON.stringify(config));
    const variables = [
      `BTCAGENT_TEST_STATUS=${secret}`,
      `BTCAGENT_TEST_HOOK=http://127.0.0.1:${freePort()}/${secret}`,
    ];
    await using agent = new Program({ command: ["env", ...variables, ...commandOf(["-c", path])] });
    await agent.wrote("Alarms are sent to");
    const headers = { authorization: `Bearer ${secret}` };
    const url = `http://127.0.0.1:${port}/api/v1/`;
    const shown = await (await fetch(`${url}config`, { headers })).text();
    assert.match(shown, /BTCAGENT_TEST_STATUS/);
    const tested = await fetch(`${url}notify/test`, { method: "POST", headers });
    assert.match(await tested.text(), /the connection is refused/);

    // Its variables are those of a service: here they are not set.
    const asked = await status("-c", path);
    assert.match(asked.stdout, /^DOWN: 127\.0\.0\.1:\d+ requires a token, or another one/);
    await Deno.writeTextFile(`${folder}/token`, `${secret}\n`);
    const allowed = await status("-c", path, "--token-file", `${folder}/token`);
    assert.match(allowed.stdout, /^btcagent /, allowed.stdout);
    await using printed = new Program(["config", "--effective", "-c", path]);
    const { stdout, code } = await printed.ended();
    assert.equal(code, 0);
    assert.match(stdout, /"token_env": "BTCAGENT_TEST_STATUS"/);
    for (const text of [shown, asked.stdout, allowed.stdout, stdout, agent.output]) {
      assert.ok(!text.includes(secret), text);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an agent that does not answer, and what is no agent, is told with what to do", async () => {
  const { stdout, code } = await status("--url", `http://127.0.0.1:${freePort()}`);
  assert.match(stdout, /^DOWN: 127\.0\.0\.1:\d+ does not answer: .*btcagent is not running/);
  assert.equal(code, 2);
  const answers = ["not json", '{"some": "thing"}', `"${"x".repeat(3_000_000)}"`];
  for (const answer of answers) {
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      () => new Response(answer),
    );
    const other = await status("--url", `http://127.0.0.1:${server.addr.port}`, "--json");
    const { state, findings } = JSON.parse(other.stdout);
    assert.equal(state, "unreachable");
    assert.match(findings[0].text, /answers what no btcagent of this version does/);
    assert.equal(other.code, 2);
  }
});

Deno.test("top without a terminal says what to use instead", async () => {
  await using program = new Program(["top", "--url", "http://127.0.0.1:9"]);
  const { stdout, stderr, code } = await program.ended();
  assert.deepEqual([stdout, code], ["", 2]);
  assert.match(stderr, /top needs a terminal; for a file or a program use btcagent status/);
});
