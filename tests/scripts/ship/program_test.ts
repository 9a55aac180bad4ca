/** The program as it is shipped: what an error in it says of its place. */

import assert from "node:assert/strict";
import { bundleProgram, ENTRY } from "../../../scripts/ship/program.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** Has the program's start fail where it reads its command line. */
const PLANT = `
  Object.defineProperty(Deno, "args", {
    get() {
      throw new Error("planted");
    },
  });
  await import("./program/${ENTRY}");
`;

Deno.test("a fault of the shipped program names files and lines of the sources", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await bundleProgram(`${folder}/program`);
    await Deno.writeTextFile(`${folder}/plant.js`, PLANT);
    const { stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-read", `${folder}/plant.js`],
      env: { NO_COLOR: "1" },
    }).output();
    const said = new TextDecoder().decode(stderr);
    const place = /\/program\/((?:lib\/|main)\S*\.ts):(\d+):/;
    const [, path, line] = place.exec(said) ?? [];
    assert.ok(path !== undefined && line !== undefined, said);
    const text = (await Deno.readTextFile(ROOT + path)).split("\n")[Number(line) - 1];
    assert.match(text!, /Deno\.args/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("source maps name nothing of the machine that built them", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await bundleProgram(folder);
    const maps = [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".map"));
    assert.ok(maps.length > 10);
    for (const { name } of maps) {
      const { sources, sourcesContent } = JSON.parse(await Deno.readTextFile(`${folder}/${name}`));
      assert.equal(sourcesContent, undefined);
      for (const source of sources) {
        assert.match(source, /^(?:main\.ts|deno\.json|(?:lib|conf|npm)\/)/);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
