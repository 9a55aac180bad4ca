/**
 * Every recorded session of a real server, replayed to a session of ours: it gets ready, is refused
 * or waits, exactly where the recorded one would have.
 */

import assert from "node:assert/strict";
import { CONFIGURE_WAIT_MS } from "../../../lib/pool/stratum/handshake.ts";
import { LogCapture } from "../../support/log_capture.ts";
import { StratumRig } from "../../support/stratum_rig.ts";
import { messageOf, type RecordedSession, SESSIONS } from "../../protocol/stratum_vectors.ts";

/** Ids of ours for the first request of each method. */
const OUR_ID: Readonly<Record<string, number>> = {
  "mining.configure": 1,
  "mining.subscribe": 2,
  "mining.suggest_difficulty": 3,
  "mining.authorize": 4,
};

/** What came, with our ids in the place of the recorder's; submits count from 5. */
function asOurs({ lines }: RecordedSession): string[] {
  const ours = new Map<string, number>();
  const asked = new Set<string>();
  let submits = 0;
  const came: string[] = [];
  for (const { way, text } of lines) {
    if (way === ">") {
      const { id, method } = messageOf(text) ?? {};
      if (method === undefined) continue;
      const known = asked.has(method) ? undefined : OUR_ID[method];
      asked.add(method);
      const next = method === "mining.submit" ? 5 + submits++ : known ?? 100_000 + asked.size;
      ours.set(JSON.stringify(id), next);
    } else if (way === "<") {
      const message = messageOf(text);
      const id = message === undefined || message.method !== undefined
        ? undefined
        : ours.get(JSON.stringify(message.id));
      const was = JSON.stringify(message?.id);
      came.push(id === undefined ? text : text.replace(`"id":${was}`, `"id":${id}`));
    }
  }
  return came;
}

/** What must become of it, read from the lines in the plainest way. */
function outcome(came: readonly string[]): "ready" | "refused" | "waits" | "reconnects" {
  const messages = came.map(messageOf).filter((message) => message !== undefined);
  let [isSubscribed, isAuthorized, hasJob] = [false, false, false];
  for (const { id, method, result } of messages) {
    if (method === "client.reconnect" && !(isSubscribed && isAuthorized)) return "reconnects";
    if (method === "mining.notify") hasJob = true;
    if (method !== undefined) continue;
    if (id === 2 && Array.isArray(result)) isSubscribed = true;
    if (id === 4 && result === true) isAuthorized = true;
    if (id === 4 && result !== true) return "refused";
  }
  return isSubscribed && isAuthorized && hasJob ? "ready" : "waits";
}

const readyAt = new Set<string>();

for (const session of SESSIONS) {
  const { server, name } = session;
  const came = asOurs(session);
  const expected = outcome(came);
  if (expected === "ready") readyAt.add(server.replace(/ckproxy.*/, "ckproxy"));

  Deno.test(`The session "${name}" with ${server} ${expected} as it did`, async () => {
    using _log = new LogCapture();
    const rig = new StratumRig();
    await rig.connect();
    for (const line of came) {
      await rig.say(line);
      if (line.includes('"id":4,') || line.includes('"id":4}')) await rig.pass(CONFIGURE_WAIT_MS);
    }
    await rig.pass(CONFIGURE_WAIT_MS);
    const reason = rig.events.endReason;
    switch (expected) {
      case "ready": {
        assert.ok(rig.events.upstream !== undefined, reason);
        const asksReconnect = came.some((line) => line.includes("client.reconnect"));
        assert.equal(reason !== undefined, asksReconnect, reason);
        const { bytes, idBytes } = rig.upstream.terms.extranonce;
        assert.equal(idBytes, bytes === 4 ? 1 : 2);
        break;
      }
      case "refused":
        assert.equal(rig.events.endCause, "accountRefusal");
        break;
      default:
        assert.equal(rig.events.upstream, undefined);
        assert.equal(reason, undefined);
    }
    rig.session.close();
  });
}

Deno.test("A session with each of the servers gets ready", () => {
  assert.deepEqual([...readyAt].sort(), [
    "ckpool (skaisser)",
    "ckpool-lhr",
    "ckproxy",
    "datum",
    "node-stratum-pool",
    "public-pool",
  ]);
});

Deno.test("The difficulties, masks and jobs of the recorded sessions come out in order", async () => {
  const session = SESSIONS.find(({ server, name }) =>
    server === "ckpool-lhr" && name === "difficulty changes"
  )!;
  const rig = new StratumRig();
  await rig.connect();
  for (const line of asOurs(session)) await rig.say(line);
  // Nothing was asked of configure here.
  assert.equal(rig.events.upstream, undefined);
  rig.session.close();
  const configured = new StratumRig();
  await configured.connect();
  await configured.say(
    '{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"}}',
  );
  for (const line of asOurs(session)) await configured.say(line);
  const seen = configured.events.all.map((event) =>
    "job" in event
      ? `job ${event.job.slice(-1)}${event.isClean ? " clean" : ""}`
      : "poolDifficulty" in event
      ? `difficulty ${event.poolDifficulty}${event.isAlone ? " alone" : ""}`
      : "verdict" in event
      ? `verdict ${event.verdict} ${event.status}`
      : Object.keys(event)[0]
  );
  assert.deepEqual(seen.slice(0, 12), [
    "ready",
    "difficulty 0.002 alone",
    "verdict 0 1798084231",
    "job 2",
    "verdict 1 1798084231",
    "job 3",
    "verdict 2 23",
    "verdict 3 1798084231",
    "difficulty 0.0006000000000000001 alone",
    "verdict 4 1798084231",
    "job 4",
    "verdict 5 1798084231",
  ]);
  configured.session.close();
});
