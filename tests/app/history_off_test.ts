/** A program that keeps no history loads nothing for it. */

import assert from "node:assert/strict";

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

/** What belongs to a history that is kept, or to its answers. */
const OF_HISTORY =
  /^node:sqlite$|\/lib\/(?:observe\/history\/|observe\/status\/history_|app\/(?:open_history|history_keeper|step_|kept_causes|learned_before)|workers\/worker_steps)/;

/** The modules of the program, with what each one imports. */
async function modulesOf(root: string): Promise<readonly Module[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", root],
    stderr: "null",
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).modules;
}

/** All that is loaded together with `root`: whatever is not imported dynamically. */
function loadedWith(root: string, modules: readonly Module[]): Set<string> {
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const loaded = new Set<string>();
  const waiting = [modules.find(({ specifier }) => specifier.endsWith(`/${root}`))!.specifier];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (loaded.has(next)) continue;
    loaded.add(next);
    for (const { code, isDynamic } of bySpecifier.get(next)?.dependencies ?? []) {
      if (code?.specifier !== undefined && !isDynamic) waiting.push(code.specifier);
    }
  }
  return loaded;
}

Deno.test("without history.path no part of the history is loaded", async () => {
  const modules = await modulesOf("main.ts");
  const all = modules.map(({ specifier }) => specifier).filter((one) => OF_HISTORY.test(one));
  assert.ok(all.includes("node:sqlite"), "it would be found");
  for (
    const root of ["lib/app/run.ts", "lib/observe/status/server.ts", "lib/app/status_source.ts"]
  ) {
    const loaded = [...loadedWith(root, modules)];
    assert.ok(loaded.length > 20);
    assert.deepEqual(loaded.filter((one) => OF_HISTORY.test(one)), [], root);
  }
});
