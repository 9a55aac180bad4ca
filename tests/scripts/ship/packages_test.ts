/** What packages are made from, as far as it can be told without building one. */

import assert from "node:assert/strict";
import settings from "../../../deno.json" with { type: "json" };
import { buildOptions } from "../../../scripts/ship/build_options.ts";
import { writeChecksums } from "../../../scripts/ship/checksums.ts";
import { PLATFORMS } from "../../../scripts/ship/platforms.ts";
import { fetchTarball, NoRuntime } from "../../../scripts/ship/runtime.ts";
import { START_FLAGS } from "../../../scripts/ship/start_flags.ts";
import { fill, settleModes } from "../../../scripts/ship/tree.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the flags of all shipped forms are exactly those of the start task", () => {
  const command = ` deno run ${START_FLAGS.join(" ")} main.ts`;
  assert.ok(settings.tasks.start.command.endsWith(command), settings.tasks.start.command);
  assert.ok(START_FLAGS.includes("--no-prompt"));
  assert.ok(!START_FLAGS.some((flag) => /^--(allow-all|allow-run|allow-net=)/.test(flag)));
});

Deno.test("a template with an unknown name is an error", () => {
  assert.equal(fill("a @B@ c@D_E@", { B: "1", D_E: "2" }), "a 1 c2");
  assert.throws(() => fill("@OTHER@", {}), /@OTHER@/);
});

Deno.test("the build commands take a folder and a platform, and nothing else", () => {
  const built = (...args: string[]) => {
    const options = buildOptions(args);
    return options && [options.out, ...options.platforms.map(({ name }) => name)];
  };
  assert.deepEqual(built()?.slice(1), ["x86_64", "aarch64"]);
  assert.deepEqual(built("--out", "/x", "--only", "aarch64"), ["/x", "aarch64"]);
  for (const wrong of [["x"], ["--out"], ["--only", "mips"], ["--only"], ["--out", "/x", "y"]]) {
    assert.equal(built(...wrong), undefined, wrong.join(" "));
  }
});

Deno.test("a runtime that is not the pinned one is refused, with its file and both checksums", async () => {
  await inFolder(async (folder) => {
    const { runtime } = PLATFORMS[0]!;
    const path = `${folder}/deno-linux-x64-glibc-${runtime.version}.tgz`;
    await Deno.writeTextFile(path, "something else");
    await assert.rejects(fetchTarball(runtime, folder), (error: unknown) => {
      assert.ok(error instanceof NoRuntime);
      assert.ok(error.message.includes(path) && error.message.includes(runtime.integrity));
      return true;
    });
  });
});

Deno.test("a runtime that is present and correct needs no network", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/scope-name-1.0.0.tgz`;
    await Deno.writeTextFile(path, "abc");
    // FIPS 180-4's example for "abc", in base64.
    const integrity = "sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9" +
      "RU1EI2Q86A4qmslPpUyknw==";
    const tarball = { name: "@scope/name", version: "1.0.0", integrity };
    assert.equal(await fetchTarball(tarball, folder), path);
  });
});

Deno.test("SHA256SUMS lists what was built, in order, and nothing else", async () => {
  await inFolder(async (folder) => {
    for (const name of ["btcagent_1_b.deb", "btcagent-1-a.tar.gz", "SHA256SUMS", "other"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "abc");
    }
    await Deno.mkdir(`${folder}/btcagent-folder`);
    const sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const wanted = `${sum}  btcagent-1-a.tar.gz\n${sum}  btcagent_1_b.deb\n`;
    assert.equal(await writeChecksums(folder), wanted);
    assert.equal(await Deno.readTextFile(`${folder}/SHA256SUMS`), wanted);
    await Deno.remove(`${folder}/btcagent_1_b.deb`);
    await Deno.remove(`${folder}/btcagent-1-a.tar.gz`);
    assert.equal(await writeChecksums(folder), "");
    await assert.rejects(Deno.stat(`${folder}/SHA256SUMS`), Deno.errors.NotFound);
  });
});

Deno.test("modes do not depend on the umask", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/a`, { mode: 0o700 });
    await Deno.writeTextFile(`${folder}/a/text`, "", { mode: 0o600 });
    await Deno.writeTextFile(`${folder}/a/script`, "", { mode: 0o711 });
    await settleModes(folder);
    const modes = ["a", "a/text", "a/script"].map((path) =>
      (Deno.statSync(`${folder}/${path}`).mode! & 0o777).toString(8)
    );
    assert.deepEqual(modes, ["755", "644", "755"]);
  });
});

Deno.test("the package's scripts and the launcher are sh", async () => {
  const ship = new URL("../../../scripts/ship/", import.meta.url).pathname;
  for (const script of ["debian/postinst", "debian/prerm", "debian/postrm", "launcher.sh"]) {
    const { code, stderr } = await new Deno.Command("sh", { args: ["-n", ship + script] }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
  }
});
