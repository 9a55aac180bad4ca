/**
 * Cuts JSON with comments into tokens that know their places.
 *
 * We have our own small code for this, since a parser that keeps positions costs the proxy more
 * than a megabyte of memory for reading one file once.
 */

import { quote } from "./problem.ts";
import { hintForStray, isQuoteLike } from "./stray_characters.ts";

/**
 * A bracket, colon, comma, string, number, `true`, `false` or `null`; or a word without quotes,
 * which the C++ agent read as text.
 */
export interface Token {
  /** As written in the file. */
  readonly source: string;
  /** UTF-16 units from the start of the text. */
  readonly offset: number;
}

/** Where and why a text cannot be read any further. */
export interface Stop {
  /** UTF-16 units from the start of the text. */
  readonly offset: number;
  /** What was found there. */
  readonly found: string;
  /** What is wanted there. */
  readonly wanted: string;
  /** What to do, if that is not clear from the rest. */
  readonly hint?: string;
}

/** A text in tokens. */
export interface Tokens {
  /** The tokens, without comments. */
  readonly tokens: readonly Token[];
  /** The place of a character that cannot start a token; `undefined` if there is none. */
  readonly foreign?: number;
  /**
   * Why the token after the last of `tokens` has no end, such as a missing quote; else `undefined`.
   */
  readonly broken?: Stop;
}

const GAP = /[ \t\n\r]+|\/\/[^\n\r]*|\/\*[^]*?\*\//y;
const STRING_BODY = String.raw`"(?:[^"\\\n\r]|\\["\\/bfnrt]|\\u[\da-fA-F]{4})*`;
const NUMBER = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?`;
const WORD = String.raw`[A-Za-z_][\w.-]*`;
const TOKEN = new RegExp(`[{}[\\]:,]|${STRING_BODY}"|${NUMBER}|${WORD}`, "y");
const STRING_START = new RegExp(STRING_BODY, "y");

/** Cuts `text` into tokens as far as possible. */
export function tokensOf(text: string): Tokens {
  const tokens: Token[] = [];
  for (let offset = gapEnd(text, 0); offset < text.length;) {
    const source = matchAt(TOKEN, text, offset);
    if (source !== undefined) {
      tokens.push({ source, offset });
      offset = gapEnd(text, offset + source.length);
    } else if (text[offset] === '"') {
      return { tokens, broken: brokenString(text, offset) };
    } else if (text.startsWith("/*", offset)) {
      return { tokens, broken: endless(text) };
    } else {
      return { tokens, foreign: offset };
    }
  }
  return { tokens };
}

/** Whether a token is a word without quotes that JSON does not know. */
export function isBareWord(source: string): boolean {
  return /^[A-Za-z_]/.test(source) && !/^(?:true|false|null)$/.test(source);
}

/** The value of a string, number, `true`, `false` or `null`; of another word its text. */
export function scalarOf({ source }: Token): string | number | boolean | null {
  if (isBareWord(source)) return source;
  // A tab in a string is harmless, although JSON wants \t.
  const legal = source.replace(
    // deno-lint-ignore no-control-regex -- these are what JSON.parse would refuse
    /[\0-\x1f]/g,
    (control) => "\\u" + control.charCodeAt(0).toString(16).padStart(4, "0"),
  );
  return JSON.parse(legal);
}

/** The end of the blanks and comments that start at `offset`. */
function gapEnd(text: string, offset: number): number {
  for (let gap = matchAt(GAP, text, offset); gap; gap = matchAt(GAP, text, offset)) {
    offset += gap.length;
  }
  return offset;
}

function brokenString(text: string, start: number): Stop {
  const started = matchAt(STRING_START, text, start)!;
  const offset = start + started.length;
  const typographic = strayQuote(started);
  if (typographic !== undefined) return { ...typographic, offset: start + typographic.offset };
  if (offset === text.length) return endless(text);
  if (text[offset] === "\\") {
    const wanted = "an escape that JSON knows; write \\\\ for one backslash";
    return { offset, found: quote("\\"), wanted };
  }
  const found = `${quote(started.slice(1))} going on in the next line`;
  return { offset: start, found, wanted: 'a closing "' };
}

/** The first typographic quotation mark in `source`, found in place of a ". */
export function strayQuote(source: string): Stop | undefined {
  const offset = Array.from(source.matchAll(/[\u0080-\uffff]/g))
    .find(([character]) => isQuoteLike(character))?.index;
  if (offset === undefined) return undefined;
  const character = source[offset]!;
  const hint = hintForStray(character)!;
  return { offset, found: quote(character), wanted: 'a closing "', hint };
}

function endless(text: string): Stop {
  const wanted = 'the end of what was started: a closing " or */';
  return { offset: text.length, found: "the end of the file", wanted };
}

function matchAt(pattern: RegExp, text: string, offset: number): string | undefined {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0];
}
