/** What the shells complete, asked of the shells themselves. */

import assert from "node:assert/strict";
import { SHELLS } from "../../lib/cli/command.ts";
import { COMMANDS } from "../../lib/cli/commands.ts";
import { completionScript } from "../../lib/cli/completions.ts";

/** Runs `program` on a file with `script`, with more arguments behind it. */
async function run(program: string, args: readonly string[], script: string): Promise<string> {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, script);
    const { code, stdout, stderr } = await new Deno.Command(program, { args: [...args, file] })
      .output();
    assert.equal(new TextDecoder().decode(stderr), "");
    assert.equal(code, 0);
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(file);
  }
}

function hasProgram(name: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/${name}`).isFile;
    } catch {
      return false;
    }
  });
}

/** What bash offers for the last word of `line`, in `folder`. */
async function offered(line: string, folder = "/"): Promise<string[]> {
  const words = `btcagent ${line}`.split(" ");
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const output = await run(
    "bash",
    [],
    `cd ${folder}\n${completionScript("bash")}
COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}
_btcagent
printf '%s\\n' "\${COMPREPLY[@]}"`,
  );
  return output.split("\n").filter((word) => word !== "");
}

const LINES: [line: string, words: string][] = [
  ["s", "status simulate"],
  ["status --t", "--token-file"],
  ["d", "demo"],
  ["--c", "--config"],
  ["demo ", "--seconds --miners --kind --faults --help --version"],
  ["demo --m", "--miners"],
  ["demo --miners 5 --s", "--seconds"],
  ["demo --miners ", ""],
  ["demo --miners=", ""],
  ["simulate ", "pool miners"],
  ["simulate pool --p", "--port"],
  ["simulate miners --c", "--connect --count"],
  ["simulate miners --f", "--faults"],
  ["completions ", "bash zsh fish --help --version"],
  ["config --e", "--example --effective"],
  ["-c x d", ""],
  ["help de", "demo"],
  ["no such thing ", ""],
];
for (const [line, words] of LINES) {
  Deno.test(`bash completes "btcagent ${line}" with ${words || "nothing"}`, async () => {
    assert.deepEqual(await offered(line), words.split(" ").filter((word) => word !== ""));
  });
}

Deno.test("bash completes every command", async () => {
  const words = (await offered("")).filter((word) => !word.startsWith("-"));
  assert.deepEqual(words, [...new Set(COMMANDS.map(({ name }) => name.split(" ")[0]))]);
});

Deno.test("bash completes files behind -c and folders behind -l, blanks and all", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/my logs`);
    await Deno.writeTextFile(`${folder}/my.jsonc`, "");
    assert.deepEqual((await offered("-c m", folder)).sort(), ["my logs", "my.jsonc"]);
    assert.deepEqual((await offered("config --config = my.", folder)).sort(), ["my.jsonc"]);
    assert.deepEqual(await offered("-l m", folder), ["my logs"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (const shell of SHELLS) {
  Deno.test({
    name: `${shell} takes its completion script`,
    ignore: !hasProgram(shell),
    fn: async () => {
      assert.equal(await run(shell, ["-n"], completionScript(shell)), "");
    },
  });

  Deno.test(`the script for ${shell} names every option of every command`, () => {
    const script = completionScript(shell);
    for (const { names: [name] } of COMMANDS.flatMap(({ options }) => options)) {
      assert.match(script, new RegExp(`(?:--|-l )${name}\\b`), name);
    }
  });
}

Deno.test({
  name: "fish completes options and words of the command they belong to",
  ignore: !hasProgram("fish"),
  fn: async () => {
    const asked = ["si", "simulate ", "demo --m", "completions ", "--c"]
      .map((line) => `complete -C 'btcagent ${line}'`).join("; echo; ");
    const home = await Deno.makeTempDir();
    try {
      const output = await run(
        "env",
        [`HOME=${home}`, "fish", "--no-config"],
        `${completionScript("fish")}\n${asked}`,
      );
      const words = output.split("\n\n").map((part) =>
        part.trim().split("\n").map((row) => row.split("\t")[0]).sort().join(" ")
      );
      assert.deepEqual(words, ["simulate", "miners pool", "--miners", "bash fish zsh", "--config"]);
    } finally {
      await Deno.remove(home, { recursive: true });
    }
  },
});
