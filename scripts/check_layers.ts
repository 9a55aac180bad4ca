/**
 * Holds the code to "who may import whom": one direction only, no cycles.
 *
 * Reads the module graph of main.ts and of every file in lib and scripts, so that a file nothing
 * imports yet is held to it, too. Type-only and dynamic imports count like any other. Prints one
 * line per violation and exits with 1; says nothing if there are none. Run it at the top of the
 * repository: `deno task layers`.
 */

/** Files of the repository, relative to its top, and the files each one imports. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/** What the mux has for its two sides to name. */
const DOWNSTREAM = [
  "lib/mux/downstream.ts",
  "lib/mux/upstream.ts",
  "lib/mux/verdict.ts",
  "lib/mux/terms.ts",
];
const UPSTREAM = [
  "lib/mux/upstream.ts",
  "lib/mux/upstreams.ts",
  "lib/mux/verdict.ts",
  "lib/mux/terms.ts",
];

/** How counts of pools add up: the sums of the pools' side are made there, too. */
const POOL_SUMS = ["lib/mux/books/pool_counts.ts", "lib/mux/books/traffic.ts"];

/**
 * What each layer may import besides itself: folders, without those in them that have a row, or
 * single files. A layer is a folder; of two that hold a file, the inner one. A file that has a row of its own is
 * held to its own row alone.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "lib/base": [],
  // An address may carry a pool's authority key, whose form belongs to Stratum V2.
  "lib/config": ["lib/base", "lib/protocol/sv2/authority_key.ts"],
  "lib/bitcoin": ["lib/base"],
  "lib/observe": ["lib/base"],
  "lib/protocol/stratum": ["lib/base"],
  "lib/protocol/agent": ["lib/base", "lib/protocol/stratum"],
  "lib/protocol/proxy": ["lib/base"],
  "lib/protocol/sv2": ["lib/base", "lib/bitcoin/sha256.ts"],
  // Apart, so that reading an address or a message never loads the libraries of the handshake.
  "lib/protocol/sv2/noise": ["lib/base", "lib/protocol/sv2"],
  "lib/net": ["lib/base", "lib/observe"],
  "lib/host": ["lib/base", "lib/observe", "lib/net/libc"],
  "lib/mux": ["lib/base", "lib/bitcoin", "lib/observe", "lib/protocol/stratum"],
  "lib/miner": [
    "lib/base",
    "lib/observe",
    "lib/protocol/stratum",
    "lib/net/miners",
    ...DOWNSTREAM,
  ],
  "lib/pool": [
    "lib/base",
    "lib/bitcoin",
    "lib/observe",
    "lib/protocol/stratum",
    "lib/net/pools",
    ...UPSTREAM,
    ...POOL_SUMS,
  ],
  // What opens connections of every kind of pool.
  "lib/pool/kinds.ts": [
    "lib/base",
    "lib/pool",
    "lib/pool/agent",
    "lib/pool/stratum",
    "lib/pool/sv2",
    "lib/protocol",
    ...UPSTREAM,
  ],
  "lib/pool/stratum": [
    "lib/base",
    "lib/bitcoin",
    "lib/observe",
    "lib/protocol/stratum",
    "lib/net/pools",
    "lib/pool",
    ...UPSTREAM,
  ],
  "lib/pool/sv2": [
    "lib/base",
    "lib/bitcoin",
    "lib/observe",
    "lib/protocol/stratum",
    "lib/protocol/sv2",
    "lib/protocol/sv2/noise",
    "lib/net/pools",
    "lib/pool",
    ...UPSTREAM,
  ],
  "lib/pool/agent": [
    "lib/base",
    "lib/bitcoin",
    "lib/observe",
    "lib/protocol/stratum",
    "lib/protocol/agent",
    "lib/net/pools",
    "lib/pool",
    ...UPSTREAM,
  ],
  "lib/workers": ["lib/base"],
  "lib/sim": ["lib/base", "lib/bitcoin", "lib/protocol", "lib/net"],
  "lib/check": [
    "lib/base",
    "lib/bitcoin",
    "lib/config",
    "lib/protocol",
    "lib/net",
    "lib/pool",
    "lib/pool/agent",
    "lib/pool/stratum",
    "lib/pool/sv2",
  ],
  // Values of miners are handed in, and values of workers looked at: lib/app joins.
  "lib/cli": ["lib/base", "lib/config"],
  "lib/terminal": ["lib/base"],
  "lib/app": ["lib"],
  // The status server sees values of the farm alone, and none of the parts they come from.
  "lib/app/status_source.ts": [
    "lib/base",
    "lib/config",
    "lib/observe",
    "lib/app/farm_view.ts",
    "lib/app/reload.ts",
    "lib/app/status_shapes.ts",
  ],
  "lib/app/status_shapes.ts": [
    "lib/base",
    "lib/observe",
    "lib/mux/books",
    "lib/workers",
    "lib/app/farm_view.ts",
    "lib/app/reload.ts",
  ],
  "main.ts": ["lib/app", "lib/base", "lib/cli", "lib/config"],
  "scripts": ["lib", "tests"],
};

/** Files that only these places may import, whatever else they may. */
const MAY_BE_IMPORTED_BY: Readonly<Record<string, readonly string[]>> = {
  // Everything else is handed its time. The simulators are where tests begin.
  "lib/base/system_time.ts": ["main.ts", "lib/sim", "scripts"],
};

/** Every import that goes where it must not, then every cycle; a sentence each. */
export function violations(imports: Imports): string[] {
  const found: string[] = [];
  for (const [file, targets] of imports) {
    for (const target of targets) {
      const reason = refusal(file, target);
      if (reason !== undefined) found.push(`${file} must not import ${target}: ${reason}`);
    }
  }
  const cycles = findCycles(imports).map((cycle) => `Cycle of imports: ${cycle.join(" -> ")}`);
  return [...found.sort(), ...cycles];
}

/** Why `file` must not import `target`; `undefined` if it may. */
function refusal(file: string, target: string): string | undefined {
  if (/\.jsonc?$/.test(target) || file.startsWith("tests/")) return undefined;
  const layer = layerOf(file);
  if (layer === undefined) return `no layer in the table of ${TABLE} holds ${file}`;
  const importers = MAY_BE_IMPORTED_BY[target];
  if (importers !== undefined && !importers.some((place) => isIn(file, place))) {
    return `only ${importers.join(", ")} and tests may`;
  }
  const allowed = MAY_IMPORT[layer]!;
  const mayImport = layerOf(target) === layer ||
    allowed.some((place) => isIn(target, place) && !isOfAnother(target, place));
  if (mayImport) return undefined;
  return `${layer} imports ${allowed.length === 0 ? "none of ours" : `only ${allowed.join(", ")}`}`;
}

const TABLE = "scripts/check_layers.ts";

/** Whether `target`, in `place`, is in an inner row, which has to be allowed by itself. */
function isOfAnother(target: string, place: string): boolean {
  const inner = layerOf(target);
  return inner !== undefined && inner !== place && isIn(inner, place) && !WHOLE.has(place);
}

/** Allowed with all rows that are in them. */
const WHOLE: ReadonlySet<string> = new Set(["lib", "lib/protocol", "tests"]);

/** The innermost row of the table that a file is in. */
function layerOf(file: string): string | undefined {
  return Object.keys(MAY_IMPORT)
    .filter((place) => isIn(file, place))
    .sort((a, b) => b.length - a.length)[0];
}

function isIn(file: string, place: string): boolean {
  return file === place || file.startsWith(`${place}/`);
}

/** Each cycle among files once, as the path around it from its first file in name order. */
function findCycles(imports: Imports): string[][] {
  const cycles = new Map<string, string[]>();
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string) => {
    const start = path.indexOf(file);
    if (start >= 0) {
      const around = path.slice(start);
      const first = around.indexOf(around.toSorted()[0]!);
      const cycle = [...around.slice(first), ...around.slice(0, first)];
      cycles.set(cycle.join(), [...cycle, cycle[0]!]);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const target of imports.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of [...imports.keys()].sort()) visit(file);
  return [...cycles.values()];
}

/** As much of `deno info --json` as is needed. */
interface ModuleGraph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly code?: { readonly specifier?: string; readonly error?: string };
      readonly type?: { readonly specifier?: string; readonly error?: string };
    }[];
  }[];
}

/**
 * The imports among files under `top`, a `file://` address that ends with a slash.
 * Imports of packages are left out.
 *
 * @throws {Error} for a module that is missing or does not parse
 */
export function importsOf(graph: ModuleGraph, top: string): Imports {
  const imports = new Map<string, string[]>();
  for (const { specifier, error, dependencies } of graph.modules) {
    if (!specifier.startsWith(top)) continue;
    if (error !== undefined) throw new Error(`Cannot read ${specifier}: ${error}`);
    const targets = (dependencies ?? []).flatMap(({ code, type }) =>
      [code?.specifier, type?.specifier].filter((target) => target !== undefined)
    );
    const ours = targets.filter((target) => target.startsWith(top));
    imports.set(
      specifier.slice(top.length),
      [...new Set(ours.map((target) => target.slice(top.length)))],
    );
  }
  return imports;
}

/** The module graph of `files`, which are relative to the file address `top`. */
async function graphOf(files: readonly string[], top: string): Promise<ModuleGraph> {
  // One made-up module that imports them all, so that one run is enough.
  const source = files.map((file) => `import ${JSON.stringify(top + file)};`).join("");
  const { success, stdout, stderr } = await new Deno.Command("deno", {
    args: ["info", "--json", `data:application/typescript,${encodeURIComponent(source)}`],
  }).output();
  if (!success) {
    throw new Error(`Cannot read the module graph: ${new TextDecoder().decode(stderr)}`);
  }
  return JSON.parse(new TextDecoder().decode(stdout)) as ModuleGraph;
}

function* typescriptFiles(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* typescriptFiles(path);
    else if (entry.name.endsWith(".ts")) yield path;
  }
}

if (import.meta.main) {
  const top = new URL("..", import.meta.url).href;
  const root = new URL("..", import.meta.url).pathname;
  const files = [
    "main.ts",
    ...typescriptFiles(`${root}lib`),
    ...typescriptFiles(`${root}scripts`),
  ].map((path) => path.replace(root, ""));
  const graph = await graphOf(files, top);
  const found = violations(importsOf(graph, top));
  // deno-lint-ignore no-console -- a script speaks on the terminal
  for (const line of found) console.error(line);
  if (found.length > 0) Deno.exit(1);
}
