/**
 * Text of a configuration file ↔ a tree that knows where each value stands.
 *
 * The text is JSON with comments and trailing commas. Reading never throws: if the text cannot be
 * read, the result is one problem in plain words. The order of tokens is checked first, which also
 * limits nesting before anything recurses.
 */

import { LineMap, type Position } from "./line_map.ts";
import { type Problem, quote } from "./problem.ts";
import { hintForStray, HOW_TO_COMMENT } from "./stray_characters.ts";
import {
  isBareWord,
  scalarOf,
  type Stop,
  strayQuote,
  type Token,
  type Tokens,
  tokensOf,
} from "./tokens.ts";

const HOW_TO_BEGIN = "the file is empty: btcagent config --example prints one to start with";

/** The deepest nesting: deeper than any setting, and shallow enough for recursion. */
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
  /** Its value. */
  readonly content: Located;
}

/** What `readDocument` gives: the tree, or why there is none. */
export type DocumentResult =
  | { readonly ok: true; readonly root: Located }
  | { readonly ok: false; readonly problem: Problem };

/** Reads `text`, with or without a byte order mark. */
export function readDocument(text: string): DocumentResult {
  if (isUtf16(text)) return { ok: false, problem: UTF_16 };
  const bare = text.replace(/^\uFEFF/, "");
  const cut = tokensOf(bare);
  const stop = findStop(bare, cut);
  const lines = new LineMap(bare);
  if (stop) {
    const { line, column } = lines.at(stop.offset);
    const { offset: _, ...rest } = stop;
    return { ok: false, problem: { line, column, path: "", ...rest } };
  }
  const tokens = cut.tokens.values();
  return { ok: true, root: locate(tokens.next().value!, tokens, lines) };
}

const UTF_16: Problem = {
  line: 1,
  column: 1,
  path: "",
  found: "a file in UTF-16",
  wanted: "one in UTF-8",
  hint: 'choose "UTF-8" as the encoding when you save it',
};

/**
 * Whether a text that was read as UTF-8 is UTF-16: its byte order mark is not valid UTF-8, and
 * every other byte of ordinary text is 0.
 */
function isUtf16(text: string): boolean {
  return /^(?:\ufffd\ufffd)?(?:[^\0]\0){2}|^(?:\ufffd\ufffd)?(?:\0[^\0]){2}/.test(text);
}

/** The value of a tree as plain data; if a key repeats, the last one counts. */
export function plainValue(located: Located): unknown {
  switch (located.kind) {
    case "scalar":
      return located.value;
    case "list":
      return located.items.map(plainValue);
    case "object":
      // fromEntries defines properties; with an assignment, a key "__proto__" would change the
      // object.
      return Object.fromEntries(
        located.members.map(({ name, content }) => [name, plainValue(content)]),
      );
  }
}

/** The value that begins with `first`; `rest` moves on to what follows it. */
function locate(first: Token, rest: Iterator<Token>, lines: LineMap): Located {
  const at = lines.at(first.offset);
  switch (first.source) {
    case "{": {
      const members: Member[] = [];
      for (const name of until("}", rest)) {
        rest.next(); // the colon
        const content = locate(rest.next().value!, rest, lines);
        members.push({ name: String(scalarOf(name)), at: lines.at(name.offset), content });
      }
      return { kind: "object", at, members };
    }
    case "[": {
      const items: Located[] = [];
      for (const item of until("]", rest)) items.push(locate(item, rest, lines));
      return { kind: "list", at, items };
    }
    default:
      return { kind: "scalar", at, value: scalarOf(first), source: first.source };
  }
}

/**
 * The first token of each item up to `close`. The caller reads the rest of an item before the next.
 */
function* until(close: string, rest: Iterator<Token>): Generator<Token> {
  for (let token = rest.next().value!; token.source !== close; token = rest.next().value!) {
    if (token.source !== ",") yield token;
  }
}

/** What may come next; `step` moves from one to the next. */
type Expected = "value" | "valueOrClose" | "keyOrClose" | "colon" | "commaOrClose" | "end";

/** Why `text` cannot be read, or `undefined` if it can: tokens out of order, or nested too deep. */
function findStop(text: string, { tokens, foreign, broken }: Tokens): Stop | undefined {
  const open: ("}" | "]")[] = [];
  let expected: Expected = "value";
  let previous: Token | undefined;
  for (const token of tokens) {
    const { source, offset } = token;
    const next = step(expected, source, open);
    if (next === undefined) {
      return inString(previous) ?? stopAt(text, offset, expected, open);
    }
    previous = token;
    if (open.length > MAX_DEPTH) {
      const found = `brackets in brackets ${open.length} deep`;
      return { offset, found, wanted: `at most ${MAX_DEPTH}` };
    }
    expected = next;
  }
  if (broken !== undefined) return broken;
  if (foreign !== undefined) return stopAt(text, foreign, expected, open);
  return expected === "end" ? undefined : stopAt(text, text.trimEnd().length, expected, open);
}

/** A key or text that is too long because it ends with a wrong quotation mark. */
function inString(token: Token | undefined): Stop | undefined {
  const stop = token === undefined ? undefined : strayQuote(token.source);
  return stop && { ...stop, offset: token!.offset + stop.offset };
}

/** What may follow `source` where `expected` was; `undefined` if it may not stand there. */
function step(expected: Expected, source: string, open: ("}" | "]")[]): Expected | undefined {
  const isValueDue = expected === "value" || expected === "valueOrClose";
  switch (source[0]) {
    case "{":
      if (!isValueDue) return undefined;
      open.push("}");
      return "keyOrClose";
    case "[":
      if (!isValueDue) return undefined;
      open.push("]");
      return "valueOrClose";
    case "}":
    case "]":
      if (!expected.endsWith("OrClose") || open.at(-1) !== source) return undefined;
      open.pop();
      return afterValue(open);
    case ":":
      return expected === "colon" ? "value" : undefined;
    case ",":
      if (expected !== "commaOrClose") return undefined;
      return open.at(-1) === "}" ? "keyOrClose" : "valueOrClose";
    case '"':
      if (expected === "keyOrClose") return "colon";
      return isValueDue ? afterValue(open) : undefined;
    default:
      // A file that is only one word is not a configuration.
      if (open.length === 0 && isBareWord(source)) return undefined;
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
  const hint = hintFor(text.slice(offset, offset + 40), expected, open);
  return { offset, found: foundAt(text, offset), wanted, ...(hint && { hint }) };
}

function hintFor(rest: string, expected: Expected, open: readonly string[]): string | undefined {
  const stray = hintForStray(rest.slice(0, 1));
  if (stray !== undefined) return stray;
  if (rest.startsWith("'")) return "write strings in double quotes";
  if (/^(?:--|<!--|%|\/)/.test(rest)) return HOW_TO_COMMENT;
  if (rest.startsWith(";") && expected !== "commaOrClose") return HOW_TO_COMMENT;
  if (/^x[\da-f]/i.test(rest)) return "write numbers in decimal";
  if (expected === "end" && rest.startsWith(":")) {
    return "put { before the first key and } after the last value";
  }
  if (expected === "colon" && rest.startsWith("=")) return "write : between key and value";
  if (expected === "commaOrClose") {
    if (rest.startsWith(";")) return "write a comma";
    if (/^\d/.test(rest)) return "is a comma missing before it, or a 0 too many?";
    return /^["[{\w]/.test(rest) ? "is a comma missing before it?" : undefined;
  }
  if (expected === "colon" || expected === "end") return undefined;
  if (rest.startsWith(",")) return "there is a comma too many";
  if (expected === "keyOrClose") return undefined;
  if (expected === "value" && rest.trim() === "" && open.length === 0) return HOW_TO_BEGIN;
  if (rest.startsWith("<")) return "this may be a web page that was saved instead of the file";
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
