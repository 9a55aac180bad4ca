/**
 * A plugin of `deno lint`: no code in lib or main.ts takes time or random numbers from the system
 * itself. Both are handed in as a `Time` (lib/base/clock.ts), so that the whole program also runs
 * on a made-up one.
 *
 * Promises and `queueMicrotask` take no time and are allowed.
 */

/** The one file that may, relative to the top of the repository. */
const SYSTEM_TIME = "lib/base/system_time.ts";

/** The page runs in browsers and gets no `Time`. */
const PAGE = "lib/observe/status/page/";

/** Names that are always reported, each with the part of a `Time` to use instead. */
const INSTEAD = {
  setTimeout: "after",
  setInterval: "every",
  setImmediate: "nextTurn",
  clearTimeout: "clear",
  clearInterval: "clear",
  clearImmediate: "clear",
  performance: "now",
  hrtime: "now",
  Temporal: "wallNow",
  getRandomValues: "random",
  randomUUID: "random",
  randomBytes: "random",
  randomFill: "random",
  randomFillSync: "random",
  randomInt: "random",
} as const;

/** The same for members of globals that are otherwise allowed. */
const MEMBERS = {
  Date: ["now", "wallNow"],
  Math: ["random", "random"],
  AbortSignal: ["timeout", "after"],
} as const;

/** Modules that offer nothing else. */
const MODULES = /^(?:node:)?(?:timers|timers\/promises|perf_hooks)$/;

const top = new URL("..", import.meta.url).pathname;

function isHeldToIt(filename: string): boolean {
  const path = filename.startsWith(top) ? filename.slice(top.length) : filename;
  const isOurs = path === "main.ts" || path.startsWith("lib/");
  return isOurs && path !== SYSTEM_TIME && !path.startsWith(PAGE);
}

function isKeyOf<Key extends string>(
  table: Readonly<Record<Key, unknown>>,
  name: unknown,
): name is Key {
  return typeof name === "string" && Object.hasOwn(table, name);
}

/** Whether the name of a global in {@linkcode MEMBERS} stands where only its other parts are used. */
function isHarmless(node: Deno.lint.Identifier, forbidden: string): boolean {
  const { parent } = node;
  switch (parent.type) {
    case "TSTypeReference":
      return true;
    case "MemberExpression":
      return parent.object === node && !parent.computed &&
        parent.property.type === "Identifier" && parent.property.name !== forbidden;
    case "NewExpression":
      // Of `new Date()` it is the empty list that asks for the time.
      return parent.callee === node && parent.arguments.length > 0;
    default:
      return false;
  }
}

const plugin: Deno.lint.Plugin = {
  name: "btcagent",
  rules: {
    "handed-in-time": {
      create(context) {
        if (!isHeldToIt(context.filename)) return {};
        const report = (node: Deno.lint.Node, found: string, part?: string) =>
          context.report({
            node,
            message: `${found} is the system's own: use ${
              part === undefined ? "" : `${part} of `
            }a Time that is handed in`,
            hint: "Take a Time, or the part of it that is needed, as a parameter or an option " +
              "(lib/base/clock.ts). main.ts and tests start with systemTime",
          });
        const module = (source: Deno.lint.StringLiteral | Deno.lint.Expression | null) => {
          if (source?.type !== "Literal" || !MODULES.test(String(source.value))) return;
          report(source, String(source.value));
        };
        return {
          Identifier(node) {
            const { name, parent } = node;
            // Of an import both names are Identifiers, also where it is one word.
            if (parent.type === "ImportSpecifier" && parent.imported !== node) return;
            if (isKeyOf(INSTEAD, name)) return report(node, name, INSTEAD[name]);
            if (!isKeyOf(MEMBERS, name)) return;
            const [member, part] = MEMBERS[name];
            if (!isHarmless(node, member)) report(node, `${name}.${member}`, part);
          },
          MemberExpression({ computed, property }) {
            if (!computed || property.type !== "Literal") return;
            const { value } = property;
            if (isKeyOf(INSTEAD, value)) report(property, value, INSTEAD[value]);
          },
          ImportDeclaration: ({ source }) => module(source),
          ExportNamedDeclaration: ({ source }) => module(source),
          ExportAllDeclaration: ({ source }) => module(source),
          ImportExpression: ({ source }) => module(source),
        };
      },
    },
  },
};

export default plugin;
