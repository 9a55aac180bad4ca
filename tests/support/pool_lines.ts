/** What the real pool says to an agent, line by line (agent.md "Handshake"). */

const encoder = new TextEncoder();

export const PREV_HASH = "ab".repeat(32);

/** The lines of the pool, without their ends. */
export const POOL_LINES = {
  caps: '{"id":"caps","result":{"capabilities":["verrol","subres"]}}',
  conf:
    '{"id":"conf","result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}',
  mask: '{"id":null,"method":"mining.set_version_mask","params":["1fffe000"]}',
  sub:
    '{"id":"sub","result":[[["mining.set_difficulty","01000000"],["mining.notify","01000000"]],"0100002a",8],"error":null}',
  auth: '{"id":"auth","result":true,"error":null}',
  difficulty: '{"id":null,"method":"mining.set_difficulty","params":[16384]}',
  verdicts: '{"id":"verdicts","result":{"capabilities":["verrol","subres"]}}',
} as const;

/** A `mining.notify` line. */
export function notifyLine(
  jobId: unknown = "0",
  isClean = true,
  ntime = "650d1b20",
): string {
  const params = [
    jobId,
    PREV_HASH,
    "01000000",
    "ffffffff",
    ["cd".repeat(32)],
    "20000000",
    "1d00ffff",
    ntime,
    isClean,
  ];
  return JSON.stringify({ id: null, method: "mining.notify", params });
}

/** All that the pool says until an agent is ready. */
export function handshakeLines(difficulty = 16384, jobId = "0"): string[] {
  const { caps, conf, mask, sub, auth, verdicts } = POOL_LINES;
  const first = `{"id":null,"method":"mining.set_difficulty","params":[${difficulty}]}`;
  return [caps, conf, mask, sub, auth, first, notifyLine(jobId), verdicts];
}

/** Lines as bytes, each with its LF. */
export function linesToBytes(lines: readonly string[]): Uint8Array {
  return encoder.encode(lines.map((line) => line + "\n").join(""));
}
