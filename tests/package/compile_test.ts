/** `deno task compile` never leaves something that only looks compiled. */

import assert from "node:assert/strict";
import { outcome } from "../../scripts/ship/command.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Runs it for one platform with these variables; gives how it ended and what is in its folder. */
async function compile(platform: string, env: Record<string, string>) {
  const out = await Deno.makeTempDir();
  try {
    // Without the project's configuration, which would have Deno get all packages first.
    const deno = [Deno.execPath(), "run", "--allow-all", "--no-config"];
    const script = [`${ROOT}scripts/compile.ts`, "--out", out, "--only", platform];
    const ended = await outcome([...deno, ...script], { env });
    return { ...ended, left: [...Deno.readDirSync(out)].map(({ name }) => name) };
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

/** The offset of the processor's number in an ELF header, and the number of 64-bit ARM. */
const ELF_MACHINE = 18;
const AARCH64 = 0xb7;

for (const platform of ["x86_64", "aarch64"]) {
  Deno.test({
    name: `a denort for ${platform} that is a deno is found out: nothing is kept, exit 1`,
    ignore: Deno.build.arch !== "x86_64",
    async fn() {
      const deno = await Deno.makeTempFile();
      await Deno.copyFile(Deno.execPath(), deno);
      if (platform === "aarch64") {
        using file = await Deno.open(deno, { write: true });
        await file.seek(ELF_MACHINE, Deno.SeekMode.Start);
        await file.write(new Uint8Array([AARCH64, 0]));
      }
      const { code, stderr, left } = await compile(platform, { DENORT_BIN: deno });
      await Deno.remove(deno);
      assert.equal(code, 1, stderr);
      assert.ok(stderr.includes(`${deno} (DENORT_BIN) is a deno`), stderr);
      assert.deepEqual(left, []);
    },
  });
}

Deno.test({
  name: "DENORT_BIN of another machine is not used; without denort it says what to get, exit 3",
  ignore: Deno.build.arch !== "x86_64",
  async fn() {
    const cache = await Deno.makeTempDir();
    const nowhere = "http://127.0.0.1:9";
    const { code, stderr, left } = await compile("aarch64", {
      DENORT_BIN: Deno.execPath(),
      DENO_DIR: cache,
      HTTPS_PROXY: nowhere,
      https_proxy: nowhere,
    });
    const { deno } = Deno.version;
    assert.equal(code, 3, stderr);
    assert.ok(stderr.includes(`release/v${deno}/denort-aarch64-unknown-linux-gnu.zip`), stderr);
    assert.ok(stderr.includes(`${cache}/dl/release/v${deno}/`), stderr);
    assert.deepEqual(left, []);
    await Deno.remove(cache, { recursive: true });
  },
});
