/**
 * The options given on a command line, looked up in a table, and their values.
 *
 * `-c FILE`, `-c=FILE`, `--c FILE` and `--config FILE` mean the same, as for the Go agent, so that
 * its start scripts keep working. If an option is given twice, the last one counts, except for
 * options that may repeat.
 */

import { nearestWord } from "../config/nearest_word.ts";
import { quote } from "../config/problem.ts";
import { COMMON_OPTIONS, type Option } from "./options.ts";

/** A command line with a mistake; the message says which. */
export class Misuse extends Error {
  /** The name that callers recognize it by. */
  override readonly name = "Misuse";
}

/** The options in `argv` under their first names; a switch has the value "". */
export function parseOptions(
  argv: readonly string[],
  known: readonly Option[],
): Map<string, string> {
  return new Map(everyOption(argv, known));
}

/** All options one by one, in the order in which they are given. */
export function everyOption(
  argv: readonly string[],
  known: readonly Option[],
): [name: string, value: string][] {
  const given: [string, string][] = [];
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]!;
    const option = findOption(argument, known);
    if (!option) throw unknownOption(argument, known);
    const equals = argument.indexOf("=");
    const inline = equals < 0 ? undefined : argument.slice(equals + 1);
    given.push([option.names[0]!, option.value ? inline ?? valueAfter(argv, i++, option) : ""]);
  }
  return given;
}

/** The option that `argument` names, with one dash or two, with or without a value. */
export function findOption(
  argument: string | undefined,
  known: readonly Option[],
): Option | undefined {
  const name = nameIn(argument);
  return [...known, ...COMMON_OPTIONS].find(({ names }) => names.includes(name));
}

function nameIn(argument = ""): string {
  return /^--?([^-=][^=]*)/.exec(argument)?.[1] ?? "";
}

function unknownOption(argument: string, known: readonly Option[]): Misuse {
  const name = nameIn(argument);
  if (name === "") {
    return new Misuse(`Unexpected argument ${quote(argument)}; options begin with -`);
  }
  const names = [...known, ...COMMON_OPTIONS].flatMap((option) => option.names);
  const meant = nearestWord(name, names.filter((known) => known.length > 1));
  const shown = /pas|pw|secret|token/i.test(name) ? argument.replace(/=.*/s, "=***") : argument;
  return new Misuse(`Unknown option ${quote(shown)}${didYouMean(meant && dashed(meant))}`);
}

/** The argument after the option at `i`. */
function valueAfter(argv: readonly string[], i: number, { value, names }: Option): string {
  const next = argv[i + 1];
  if (next !== undefined && !/^-\D/.test(next)) return next;
  const isVerbosity = names[0] === "v";
  throw new Misuse(
    `Option ${quote(argv[i]!)} needs a value: ${argv[i]} ${value}` +
      (isVerbosity ? "; for the version, use -V" : ""),
  );
}

/** The text given for option `name`, if it is given. @throws {Misuse} for an empty one */
export function textOf(given: ReadonlyMap<string, string>, name: string): string | undefined {
  const text = given.get(name);
  if (text === "") throw new Misuse(`Option --${name} needs a value, found none`);
  return text;
}

/** The sub-accounts given for option `name`, if any. @throws {Misuse} for an impossible name */
export function namesOf(
  given: ReadonlyMap<string, string>,
  name: string,
): readonly string[] | undefined {
  const names = textOf(given, name)?.split(",");
  const wrong = names?.find((each) => !/^[\w\-:|^/]+$/.test(each));
  if (wrong === undefined) return names;
  throw new Misuse(
    `Option --${name} has ${quote(wrong)}, must be names of sub-accounts, as in alice,bob`,
  );
}

/** Which of `words` is given for option `name`, if it is given. @throws {Misuse} for another */
export function wordOf<Word extends string>(
  given: ReadonlyMap<string, string>,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const text = textOf(given, name);
  const word = words.find((word) => word === text);
  if (text === undefined || word !== undefined) return word;
  const meant = didYouMean(nearestWord(text, words));
  throw new Misuse(
    `Option --${name} is ${quote(text)}, must be one of ${words.join(", ")}${meant}`,
  );
}

/** The number given for option `name`, if it is given. @throws {Misuse} outside `min`..`max` */
export function numberOf(
  given: ReadonlyMap<string, string>,
  name: string,
  min: number,
  max: number,
): number | undefined {
  const text = textOf(given, name);
  if (text === undefined) return undefined;
  const number = /^(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text) ? Number(text) : NaN;
  if (number >= min && number <= max) return number;
  throw new Misuse(`Option --${name} is ${quote(text)}, must be a number ${min}..${max}`);
}

/** The whole number given for option `name`, if it is given. @throws {Misuse} outside 1..`max` */
export function wholeOf(
  given: ReadonlyMap<string, string>,
  name: string,
  max: number,
): number | undefined {
  const text = textOf(given, name);
  if (text === undefined) return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  if (number >= 1 && number <= max) return number;
  throw new Misuse(`Option --${name} is ${quote(text)}, must be a whole number 1..${max}`);
}

/**
 * The HOST:PORT given for option `name`, or else `fallback`; IPv6 comes without brackets.
 *
 * @throws {Misuse} for anything else
 */
export function addressOf(
  given: ReadonlyMap<string, string>,
  name: string,
  fallback: string,
): { host: string; port: number } {
  const text = textOf(given, name) ?? fallback;
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:/\s]+)):(\d+)$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port };
  throw new Misuse(`Option --${name} is ${quote(text)}, must be HOST:PORT, as in ${fallback}`);
}

/** The end of a complaint, with the nearest known word if there is one. */
export function didYouMean(word: string | undefined): string {
  return word ? `; did you mean ${word}?` : "";
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}
