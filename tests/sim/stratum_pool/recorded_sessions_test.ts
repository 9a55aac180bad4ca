import assert from "node:assert/strict";
import type { Like, StratumPoolOptions } from "../../../lib/sim/stratum_pool/settings.ts";
import { type RecordedSession, SESSIONS } from "../../protocol/stratum_vectors.ts";
import { Replay } from "./recorded_session.ts";

const LIKE: Readonly<Record<string, Like>> = {
  "ckpool-lhr": "ckpool",
  "ckpool (skaisser)": "ckpool-reasons",
  "node-stratum-pool": "nomp",
  "public-pool": "public",
  "datum": "datum",
};

/** What the recorded servers were set to where it shows. */
const OPTIONS: Partial<Record<Like, StratumPoolOptions>> = {
  nomp: { accounts: ["alice"] },
  public: { difficulty: 16384 },
  datum: { difficultyUnit: 1 },
};

/** Recordings of a proxy between miners and a pool: no pool behaves so. */
const NOT_PLAYED = ["ckproxy (lhr)", "ckproxy (lhr, one-line repair)"];

/** Where requests or answers were left out of a recording: what is done about them. */
const WITH_GAPS: Readonly<Record<string, (replay: Replay, session: RecordedSession) => void>> = {
  // Submits 104 to 150 count the nonce up.
  "node-stratum-pool: ban": (replay, { writes }) => {
    const submit = writes[6]!.text;
    replay.play(0, 8);
    for (let id = 104; id <= 151; id++) {
      const nonce = (id - 103).toString(16).padStart(8, "0");
      replay.send(submit.replace('"id":103', `"id":${id}`).replace(/"0{8}"\]/, `"${nonce}"]`));
    }
    replay.dropAnswers((id) => id > 103 && id < 151);
    replay.play(8);
    assert.equal(replay.server.background.admits("192.0.2.1"), false);
    assert.equal(replay.server.background.admits("192.0.2.2"), true);
    replay.advanceTo(700);
    assert.equal(replay.server.background.admits("192.0.2.1"), true);
  },
  // The address is refused before a byte is read: the server of the session before has that.
  "node-stratum-pool: after ban": () => {},
  // Of the shares that made the difficulty rise only the last is there, and not its job.
  "node-stratum-pool: difficulty changes": (replay, { writes }) => {
    const at = writes.findIndex(({ text }) => text.includes('"id":228'));
    replay.play(0, at);
    replay.play(at + 2);
    // All by the first difficulty, though two came after the second.
    assert.equal(replay.ledger.snapshot().difficulty, 0.00002 + 0.00002 + 0.00002);
  },
  // The answer to 104, and the job and the answers from then to 175.
  "public-pool: difficulty changes": (replay, { writes }) => {
    const at = writes.findIndex(({ text }) => text.includes('"id":175'));
    replay.play(0, at);
    replay.dropAnswers((id) => id === 104);
    replay.play(at + 2);
  },
  // A bad share every two seconds.
  "ckpool-lhr: continuous bad shares (submits and their answers left out after the first)": (
    replay,
    { writes },
  ) => {
    const bad = writes.findLastIndex(({ way }) => way === ">");
    const submit = writes[bad]!.text;
    replay.play(0, bad + 2);
    let seconds = writes[bad]!.at;
    for (let at = bad + 2; at < writes.length; at++) {
      for (; seconds + 2 <= writes[at]!.at; seconds += 2) {
        replay.advanceTo(seconds + 2);
        replay.send(submit.replace('"id":105', '"id":1000'));
        replay.dropAnswers((id) => id === 1000);
      }
      replay.play(at, at + 1);
    }
  },
};

for (const session of SESSIONS) {
  const { server, name } = session;
  if (NOT_PLAYED.includes(server)) continue;
  const like = LIKE[server]!;
  Deno.test(`${like} answers as the real one did: ${name}`, () => {
    const replay = new Replay(session, { like, ...OPTIONS[like] });
    const playWithGaps = WITH_GAPS[`${server}: ${name}`];
    if (playWithGaps === undefined) replay.play();
    else playWithGaps(replay, session);
  });
}

Deno.test("every named recording with gaps exists", () => {
  const names = new Set(SESSIONS.map(({ server, name }) => `${server}: ${name}`));
  assert.deepEqual(Object.keys(WITH_GAPS).filter((name) => !names.has(name)), []);
});
