/** The tokens of the status server, in the configuration or in files of their own. */

import assert from "node:assert/strict";
import { effectiveConfig } from "../../lib/config/effective.ts";
import { type ConfigFile, readConfigFile } from "../../lib/config/file.ts";
import { readConfig } from "../../lib/config/read.ts";
import { isLoopback, mayServe, statusAddress } from "../../lib/config/status_address.ts";

const POOLS = [["pool.test", 1, "a"]];

/** A configuration in a folder with these files, read as the program does. */
async function readWith(
  status: (folder: string) => Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>> = {},
): Promise<{ readonly file: ConfigFile; readonly folder: string }> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    const path = `${folder}/agent.jsonc`;
    await Deno.writeTextFile(path, JSON.stringify({ pools: POOLS, status: status(folder) }));
    return { file: await readConfigFile(path), folder };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("tokens are read from files, shown by their paths, and never by their text", async () => {
  const { file, folder } = await readWith((folder) => ({
    token_file: `${folder}/all`,
    read_token_file: `${folder}/reading`,
    listen: "0.0.0.0:9999",
    control: true,
  }), { all: "hush-all\n", reading: "hush-reading\r\n" });
  assert.ok(file.ok, file.ok ? "" : file.message);
  const { status } = file.config;
  assert.deepEqual([status.token, status.read_token], ["hush-all", "hush-reading"]);
  const shown = effectiveConfig(file.config).status;
  assert.equal(shown.token_file, `${folder}/all`);
  assert.doesNotMatch(JSON.stringify(shown), /hush/);
  assert.ok(readConfig(JSON.stringify(effectiveConfig(file.config))).ok);
});

Deno.test("a second token in the configuration is masked where it is shown", () => {
  const result = readConfig(JSON.stringify({ pools: POOLS, status: { read_token: "hush" } }));
  assert.ok(result.ok);
  assert.equal(effectiveConfig(result.config).status.read_token, "***");
});

Deno.test("the token that reads is enough for other machines to see the farm", () => {
  const status = { listen: "0.0.0.0:9999", read_token: "r" };
  const result = readConfig(JSON.stringify({ pools: POOLS, status }));
  assert.ok(result.ok);
  const address = statusAddress(result.config)!;
  assert.deepEqual([isLoopback(address), mayServe(address, result.config)], [false, true]);
});

for (
  const [what, status, wanted] of [
    [
      "changes with only the token that reads",
      { control: true, read_token: "r" },
      /status\.token:/,
    ],
    [
      "a token beside its file",
      { token: "a", token_file: "/no/such/file" },
      /status\.token_file: found a second token, wanted only one of token, token_file, token_env/,
    ],
    [
      "a file that is not there",
      { read_token_file: "/no/such/file" },
      /status\.read_token_file: found "\/no\/such\/file": .*wanted a readable file/,
    ],
    [
      "the same token twice",
      { token: "same-secret", read_token: "same-secret" },
      /status\.read_token: found the same token, wanted another/,
    ],
    [
      "a token in a file and in the environment",
      { read_token_file: "/no/such/file", read_token_env: "BTCAGENT_READ_TOKEN" },
      /status\.read_token_env: found a second token, wanted only one of read_token, read_token_file/,
    ],
    [
      "a variable that is not set",
      { token_env: "BTCAGENT_NOT_SET" },
      /status\.token_env: found "BTCAGENT_NOT_SET": it is not set, wanted a variable with the token/,
    ],
    [
      "a token in place of the name of its variable",
      { token_env: "same-secret" },
      /status\.token_env: found a string, wanted a name such as BTCAGENT_TOKEN/,
    ],
    [
      "two words",
      { read_token: "two words" },
      /status\.read_token: found a string, wanted at most/,
    ],
  ] as const
) {
  Deno.test(`the status server cannot have ${what}, and no secret is told`, async () => {
    const { file } = await readWith(() => status);
    assert.ok(!file.ok);
    assert.match(file.message, wanted);
    assert.doesNotMatch(file.message, /same-secret|two words/);
  });
}

Deno.test("a file with a text that no header can have is refused without its text", async () => {
  const { file } = await readWith((folder) => ({ token_file: `${folder}/t` }), {
    t: "hush hush\n",
  });
  assert.ok(!file.ok);
  assert.match(file.message, /its line is no token/);
  assert.doesNotMatch(file.message, /hush/);
});

Deno.test("tokens come from the environment, and are shown by the names of their variables", async () => {
  const variables = { BTCAGENT_TEST_ALL: "hush-all", BTCAGENT_TEST_READING: "hush-reading" };
  for (const [name, token] of Object.entries(variables)) Deno.env.set(name, token);
  const status = {
    token_env: "BTCAGENT_TEST_ALL",
    read_token_env: "BTCAGENT_TEST_READING",
    listen: "0.0.0.0:9999",
    control: true,
  };
  try {
    const { file } = await readWith(() => status);
    assert.ok(file.ok, file.ok ? "" : file.message);
    const { token, read_token: reading } = file.config.status;
    assert.deepEqual([token, reading], ["hush-all", "hush-reading"]);
    const shown = effectiveConfig(file.config).status;
    assert.equal(shown.token_env, "BTCAGENT_TEST_ALL");
    assert.doesNotMatch(JSON.stringify(shown), /hush/);

    Deno.env.set("BTCAGENT_TEST_READING", "hush-all");
    const same = await readWith(() => status);
    assert.ok(!same.file.ok);
    assert.match(same.file.message, /status\.read_token_env: found the same token/);
    assert.doesNotMatch(same.file.message, /hush/);
  } finally {
    for (const name of Object.keys(variables)) Deno.env.delete(name);
  }
});

Deno.test("who only asks about a service needs none of its variables", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/agent.jsonc`;
    const channels = [{ type: "webhook", url_env: "BTCAGENT_NOT_SET" }];
    const status = { token_env: "BTCAGENT_NOT_SET", listen: "0.0.0.0:9999" };
    await Deno.writeTextFile(path, JSON.stringify({ pools: POOLS, status, notify: { channels } }));
    const file = await readConfigFile(path, { mayLackVariables: true });
    assert.ok(file.ok, file.ok ? "" : file.message);
    assert.ok(mayServe(statusAddress(file.config)!, file.config));
    assert.ok(!(await readConfigFile(path)).ok);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
