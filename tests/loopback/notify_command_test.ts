/** `btcagent notify --test`, as an operator runs it: with the permissions of the start task. */

import assert from "node:assert/strict";
import { freePort } from "../support/free_port.ts";
import { commandOf, Program } from "../support/program.ts";
import { Webhook } from "../support/webhook.ts";

/** The program's answer for these channels, with `NAME=value` in its environment. */
async function answerFor(channels: readonly unknown[], ...variables: readonly string[]) {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/agent.json`;
    const notify = { farm_name: "Farm 7", channels };
    await Deno.writeTextFile(path, JSON.stringify({ pools: [["h", 1, "me"]], notify }));
    await using program = new Program({
      command: ["env", ...variables, ...commandOf(["notify", "--test", "-c", path])],
    });
    return await program.ended();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("notify --test sends to each channel, says what came back, and ends with 1 or 0", async () => {
  await using hook = new Webhook();
  const variable = `BTCAGENT_HOOK=${hook.url("/topsecret")}`;
  const good = { type: "webhook", url_env: "BTCAGENT_HOOK", format: "slack" };
  const gone = { type: "webhook", url: `http://127.0.0.1:${freePort()}/topsecret` };
  const taken = await answerFor([good], variable);
  assert.equal(taken.code, 0, taken.stderr);
  assert.match(taken.stdout, /^ok {6}slack 127\.0\.0\.1:\d+: HTTP 200: ok\n$/);
  assert.match(hook.bodies[0].text, /^Farm 7: test message\nThis is a test: alarms of btcagent/);
  const failed = await answerFor([good, gone], variable);
  assert.equal(failed.code, 1);
  assert.match(failed.stdout, /\nfailed {2}json 127\.0\.0\.1:\d+: the connection is refused\n$/);
  assert.ok(!(failed.stdout + failed.stderr).includes("topsecret"));
});

Deno.test("notify --test without a channel says so and ends with 1, a wrong one with 2", async () => {
  const none = await answerFor([]);
  assert.equal(none.code, 1);
  assert.match(none.stdout, /^No channel to send to: notify\.channels of \S+ is empty\n$/);
  const wrong = await answerFor([{ type: "webhook" }]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /channels\[0\]\.url: found nothing/);
});
