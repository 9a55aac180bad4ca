/**
 * Text of a configuration file ↔ a tree that knows where each value stands.
 *
 * The text is JSON with comments and, where a list or object ends, a comma too
 * many. Reading never throws: what cannot be read is one problem, said in plain
 * words. The parser's own errors name only a token, so the order of tokens is
 * checked here first; that also bounds nesting before anything recurses.
 */

import { parse, type Token, tokenize, type ValueNode } from "@humanwhocodes/momoa";
import { LineMap, type Position } from "./line_map.ts";
import { type Problem, quote } from "./problem.ts";

/** Deeper than any setting, and shallow enough for recursion. */
const MAX_DEPTH = 32;

/** A value and where it stands. */
export type Located =
  | {
    readonly kind: "scalar";
    readonly at: Position;
    readonly value: string | number | boolean | null;
    /** As written in the file. */
    readonly source: string;
  }
  | { readonly kind: "list"; readonly at: Position; readonly items: readonly Located[] }
  | { readonly kind: "object"; readonly at: Position; readonly members: readonly Member[] };

/** One `name: content` of an object; names may repeat. */
export interface Member {
  /** The key, unescaped. */
  readonly name: string;
  /** Where the key stands. */
  readonly at: Position;
  /** What it is set to. */
  readonly content: Located;
}

/** What `readDocument` gives: the tree, or why there is none. */
export type DocumentResult =
  | { readonly ok: true; readonly root: Located }
  | { readonly ok: false; readonly problem: Problem };

/** Reads `text`, with or without a byte order mark. */
export function readDocument(text: string): DocumentResult {
  const bare = text.replace(/^\uFEFF/, "");
  const stop = findStop(bare);
  // Not the parser's own lines and columns: it does not count lines within comments.
  const lines = new LineMap(bare);
  if (stop) {
    const { line, column } = lines.at(stop.offset);
    const { offset: _, ...rest } = stop;
    return { ok: false, problem: { line, column, path: "", ...rest } };
  }
  const { body } = parse(bare, { mode: "jsonc", allowTrailingCommas: true });
  return { ok: true, root: locate(body, bare, lines) };
}

/** The value of a tree as plain data; of a repeated key, the last counts. */
export function plainValue(located: Located): unknown {
  switch (located.kind) {
    case "scalar":
      return located.value;
    case "list":
      return located.items.map(plainValue);
    case "object":
      // fromEntries defines; assigning would let a key "__proto__" change the object.
      return Object.fromEntries(
        located.members.map(({ name, content }) => [name, plainValue(content)]),
      );
  }
}

function locate(node: ValueNode, text: string, lines: LineMap): Located {
  const at = lines.at(node.loc.start.offset);
  switch (node.type) {
    case "Object":
      return {
        kind: "object",
        at,
        members: node.members.map(({ name, value }) => ({
          name: name.type === "String" ? name.value : name.name,
          at: lines.at(name.loc.start.offset),
          content: locate(value, text, lines),
        })),
      };
    case "Array":
      return {
        kind: "list",
        at,
        items: node.elements.map(({ value }) => locate(value, text, lines)),
      };
    case "Null":
      return { kind: "scalar", at, value: null, source: "null" };
    case "String":
    case "Boolean":
    case "Number":
      return {
        kind: "scalar",
        at,
        value: node.value,
        source: text.slice(at.offset, node.loc.end.offset),
      };
    default:
      throw new TypeError(`Cannot read a ${node.type}: JSON has none`);
  }
}

/** What may come next; `step` leads from one to another. */
type Expected = "value" | "valueOrClose" | "keyOrClose" | "colon" | "commaOrClose" | "end";

/** Where and why a text cannot be read any further. */
interface Stop {
  readonly offset: number;
  readonly found: string;
  readonly wanted: string;
  readonly hint?: string;
}

/** Why `text` cannot be parsed, or `undefined` if it can. */
function findStop(text: string): Stop | undefined {
  const whole = tokensOf(text);
  if ("tokens" in whole) return brokenString(whole.tokens, text) ?? outOfOrder(whole.tokens, text);

  // Something is no token. What comes before it may be out of order already.
  const { offset } = whole;
  const before = tokensOf(text.slice(0, offset));
  if ("tokens" in before) {
    return brokenString(before.tokens, text) ?? outOfOrder(before.tokens, text, offset);
  }
  return { offset, found: foundAt(text, offset), wanted: wantedInside(text, offset) };
}

/** The tokens of `text`, or where it cannot be cut into any. */
function tokensOf(text: string): { tokens: Token[] } | { offset: number } {
  try {
    return { tokens: tokenize(text, { mode: "jsonc" }) };
  } catch (error) {
    return { offset: (error as Partial<Position>).offset ?? 0 };
  }
}

/** What the tokenizer lets pass: a string over several lines. */
function brokenString(tokens: readonly Token[], text: string): Stop | undefined {
  for (const { type, loc } of tokens) {
    if (type !== "String") continue;
    const { offset } = loc.start;
    const [line, more] = text.slice(offset + 1, loc.end.offset).split(/[\r\n]/, 2);
    if (line === undefined || more === undefined) continue;
    return { offset, found: `${quote(line)} going on in the next line`, wanted: 'a closing "' };
  }
  return undefined;
}

/**
 * The first token out of order, or nested too deep. With `end`, what stands there
 * is no token; it is out of order whatever comes before it.
 */
function outOfOrder(tokens: readonly Token[], text: string, end?: number): Stop | undefined {
  const open: ("}" | "]")[] = [];
  let expected: Expected = "value";
  for (const { type, loc: { start: { offset } } } of tokens) {
    if (type === "LineComment" || type === "BlockComment") continue;
    const next = step(expected, type, open);
    if (next === undefined) return stopAt(text, offset, expected, open);
    if (open.length > MAX_DEPTH) {
      const found = `brackets in brackets ${open.length} deep`;
      return { offset, found, wanted: `at most ${MAX_DEPTH}` };
    }
    expected = next;
  }
  if (end !== undefined) return stopAt(text, end, expected, open);
  return expected === "end" ? undefined : stopAt(text, text.trimEnd().length, expected, open);
}

/** What may follow `type` where `expected` was; `undefined` if it may not stand there. */
function step(
  expected: Expected,
  type: Token["type"],
  open: ("}" | "]")[],
): Expected | undefined {
  const isValueDue = expected === "value" || expected === "valueOrClose";
  switch (type) {
    case "LBrace":
      if (!isValueDue) return undefined;
      open.push("}");
      return "keyOrClose";
    case "LBracket":
      if (!isValueDue) return undefined;
      open.push("]");
      return "valueOrClose";
    case "RBrace":
    case "RBracket": {
      const mayClose = expected.endsWith("OrClose");
      if (!mayClose || open.at(-1) !== (type === "RBrace" ? "}" : "]")) return undefined;
      open.pop();
      return afterValue(open);
    }
    case "Colon":
      return expected === "colon" ? "value" : undefined;
    case "Comma":
      if (expected !== "commaOrClose") return undefined;
      return open.at(-1) === "}" ? "keyOrClose" : "valueOrClose";
    case "String":
      if (expected === "keyOrClose") return "colon";
      return isValueDue ? afterValue(open) : undefined;
    default:
      return isValueDue ? afterValue(open) : undefined;
  }
}

function afterValue(open: readonly string[]): Expected {
  return open.length === 0 ? "end" : "commaOrClose";
}

function stopAt(
  text: string,
  offset: number,
  expected: Expected,
  open: readonly string[],
): Stop {
  const wanted = {
    value: "a value",
    valueOrClose: "a value or ]",
    keyOrClose: "a key in double quotes or }",
    colon: "a colon",
    commaOrClose: `a comma or ${open.at(-1)}`,
    end: "nothing more",
  }[expected];
  const hint = hintFor(text.slice(offset, offset + 40), expected);
  return { offset, found: foundAt(text, offset), wanted, ...(hint && { hint }) };
}

function hintFor(rest: string, expected: Expected): string | undefined {
  if (rest.startsWith("'")) return "write strings in double quotes";
  if (/^x[\da-f]/i.test(rest)) return "write numbers in decimal";
  if (expected === "commaOrClose") {
    return /^["[{\w]/.test(rest) ? "is a comma missing before it?" : undefined;
  }
  if (expected !== "value" && expected !== "valueOrClose") return undefined;
  if (/^(?:true|false|null)\b/i.test(rest)) return "write true, false and null in lower case";
  if (/^[-+.\d]/.test(rest)) return "write numbers as in 12 or 0.5";
  return /^\p{L}/u.test(rest) ? "write text in double quotes" : undefined;
}

/** Quotes the word at `offset`. */
function foundAt(text: string, offset: number): string {
  const rest = text.slice(offset, offset + 200);
  if (rest.trim() === "") return "the end of the file";
  const string = /^"((?:[^"\\\r\n]|\\.)*)"/u.exec(rest)?.[1];
  return quote(string ?? /^(?:[\w.+-]+|.)/su.exec(rest)?.[0] ?? rest);
}

/** What is missing where the text stops making sense within a token. */
function wantedInside(text: string, offset: number): string {
  if (offset >= text.length) return 'the end of what was begun: a closing " or */';
  if (text.slice(Math.max(0, offset - 5), offset + 1).includes("\\")) {
    return "an escape that JSON knows; write \\\\ for one backslash";
  }
  return "the rest of a value";
}
