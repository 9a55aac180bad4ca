/** What CI's script says at the end, with tasks that end in every way. */

import assert from "node:assert/strict";

const SCRIPT = new URL("../../.ci/run", import.meta.url).pathname;

/** Runs the script with an `npx` that does this for each task, and no packages available. */
async function runWith(tasks: string): Promise<{ code: number; lines: string[] }> {
  const folder = await Deno.makeTempDir();
  try {
    const npx = `#!/bin/sh\ntask=$4\ncase $task in\n${tasks}\nesac\n`;
    await Deno.writeTextFile(`${folder}/npx`, npx, { mode: 0o755 });
    await Deno.writeTextFile(`${folder}/apt-get`, "#!/bin/sh\nexit 100\n", { mode: 0o755 });
    const { code, stdout } = await new Deno.Command(SCRIPT, {
      env: { PATH: `${folder}:/usr/bin:/bin`, CHROMIUM: "no-such-browser" },
      stderr: "null",
    }).output();
    return { code, lines: new TextDecoder().decode(stdout).trimEnd().split("\n") };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const GOOD = `
verify | chaos) ;;
test) printf 'a ... ignored (1ms)\\nok | 20 passed | 0 failed | 1 ignored (3s)\\n' ;;
test:*) echo 'ok | 3 passed (2 steps) | 0 failed (1s)' ;;
`;

for (
  const [what, tasks, last, code] of [
    ["all is well", "", "31 passed, 0 failed", 0],
    [
      "tests fail",
      "test:package) echo 'FAILED | 1 passed | 2 failed (1s)'; exit 1 ;;",
      "29 passed, 2 failed",
      1,
    ],
    [
      "tests do not even start",
      "test) echo 'error: Type error'; exit 1 ;;",
      "11 passed, 1 failed",
      1,
    ],
    ["the checks fail", "verify) exit 1 ;;", "30 passed, 1 failed", 1],
    ["chaos finds something", "chaos) exit 1 ;;", "30 passed, 1 failed", 1],
  ] as const
) {
  Deno.test(`CI where ${what} says "${last}" on its last line and ends with ${code}`, async () => {
    const { code: ended, lines } = await runWith(tasks + GOOD);
    assert.equal(lines.at(-1), last, lines.join("\n"));
    assert.equal(ended, code);
  });
}

Deno.test("CI names what it could not install and the tests that were ignored", async () => {
  const { lines } = await runWith(GOOD);
  assert.ok(lines.includes("chromium cannot be installed: its tests are ignored"));
  assert.deepEqual(lines.slice(-3), [
    "Not run here, and not counted:",
    "a ... ignored (1ms)",
    "31 passed, 0 failed",
  ]);
});
