/**
 * A plugin of `deno lint`: no code in lib or main.ts uses the runtime's rules of languages and
 * countries. Their tables take up to 5 MB of memory at the first use (scripts/bench/README), and
 * output that an operator's programs read must not depend on the country.
 *
 * The page runs in browsers and is exempt, and so are the local times of the log.
 */

/** Runs in browsers. */
const PAGE = "lib/observe/status/page/";

/** Names that are reported wherever they stand. */
const NAMES = new Set([
  "Intl",
  "localeCompare",
  "normalize",
  "toLocaleDateString",
  "toLocaleLowerCase",
  "toLocaleString",
  "toLocaleTimeString",
  "toLocaleUpperCase",
]);

const top = new URL("..", import.meta.url).pathname;

function isHeldToIt(filename: string): boolean {
  const path = filename.startsWith(top) ? filename.slice(top.length) : filename;
  return path === "main.ts" || path.startsWith("lib/") && !path.startsWith(PAGE);
}

const plugin: Deno.lint.Plugin = {
  name: "btcagent-locales",
  rules: {
    "no-locales": {
      create(context) {
        if (!isHeldToIt(context.filename)) return {};
        const report = (node: Deno.lint.Node, name: string) =>
          context.report({
            node,
            message: `${name} loads the runtime's tables of languages: write the text without it`,
            hint: "Numbers and names are written alike everywhere; order texts with < and >",
          });
        return {
          Identifier(node) {
            if (NAMES.has(node.name)) report(node, node.name);
          },
          MemberExpression({ computed, property }) {
            if (!computed || property.type !== "Literal") return;
            const name = String(property.value);
            if (NAMES.has(name)) report(property, name);
          },
        };
      },
    },
  },
};

export default plugin;
