/**
 * Checks that nobody stumbles over our English: comments, log lines, help, schema descriptions,
 * pages, the README and the change log.
 *
 * Reads every line of every tracked file below {@linkcode PATHS}. Prints one line for each finding,
 * with what to write instead, and exits with 1; prints nothing if there are none. Run it at the top
 * of the repository: `deno task words`.
 */

/** Where people read our English; as git takes paths. */
const PATHS = [
  "main.ts",
  "deno.json",
  "lib",
  "scripts",
  "conf",
  "README.md",
  "CHANGELOG.md",
  ".ci",
  ".github",
  // The list itself, whose tests plant bad examples.
  ":!scripts/check_words.ts",
  // A licence text that is not ours.
  ":!scripts/ship/debian/copyright",
  // Chinese.
  ":!conf/README.zh.md",
  ":!conf/docs/zh",
];

/** Files without text of ours. */
const NO_TEXT = /\.(?:png|svg|ico|woff2)$/;

/** The longest text of a finding, in characters. */
const MAX_SHOWN_CHARS = 60;

/** A habit to get rid of. */
export interface Habit {
  /** Its name, in findings and in its test. */
  readonly name: string;
  /** Finds it in one piece of text, white space folded to single blanks. */
  readonly pattern: RegExp;
  /** What to write instead. */
  readonly write: string;
}

/** Every habit. Each has a planted example in its test. */
export const HABITS: readonly Habit[] = [
  {
    name: "so many",
    pattern: /\bso (?:many|long|often|few)\b(?! (?:that|as)\b)/i,
    write: "name the amount: this much silence, that number of lines",
  },
  {
    name: "whoever",
    pattern: /\bwhoever\b|\b(?:of|by|for|to|from|with) whom\b/i,
    write: "name the thing",
  },
  {
    name: "Who as a subject",
    pattern: /(?:^|[.:] )Who (?!am\b|are you\b)[^?]*$/,
    write: "name the thing: The miner that …",
  },
  { name: "anew", pattern: /\banew\b/i, write: "again" },
  { name: "for ever", pattern: /\bfor ever\b/i, write: "forever" },
  { name: "as well at the end", pattern: /\bas well(?:[.;:!)]|$)/i, write: "also, too" },
  { name: "to be had", pattern: /\b(?:to|can(?:not)?|could) be had\b/i, write: "available" },
  { name: "there is of", pattern: /\bthere (?:is|are|was|were) of\b/i, write: "say what exists" },
  {
    name: "goes for leaves",
    pattern:
      /\b(?:miner|peer|session|connection|worker|port)s? (?:that |which )?(?:go|goes|went)(?:[.,;:]|$)/i,
    write: "leaves, disconnects, closes",
  },
  {
    name: "told for logged",
    pattern: /\b(?:told|said|tells?) (?:once )?(?:in|by|to) the log\b/i,
    write: "logged",
  },
  { name: "begun", pattern: /\bbegun\b/i, write: "started" },
  {
    name: "behind for after",
    pattern: /\b(?:come|comes|came|sent|goes|go|waits?|written) behind\b/i,
    write: "after",
  },
  {
    name: "Where, if",
    pattern: /(?:^|[."] ?)Where, if\b/,
    write: "a whole sentence: Address and port of … when … is true",
  },
  { name: "by time it is", pattern: /\bby time it is\b/i, write: "Multiply its rate by …" },
  { name: "not takes", pattern: /\bnot takes\b/i, write: "does not accept" },
  {
    name: "stays as it was",
    pattern: /\bstay(?:s|ed)? as (?:it was|they were|it is)\b/i,
    write: "what failed, and what is kept: Reload of … failed: keeping the current …",
  },
  { name: "was not taken", pattern: /\b(?:was|were) not taken\b/i, write: "was rejected, failed" },
  {
    name: "Miner in, out",
    pattern: /\bMiner (?:\{\w+\}|…|\$\{[^}]*\}) (?:in|out)\b:?/,
    write: "Miner … connected: / disconnected:",
  },
  { name: "That is not it", pattern: /\bThat is not it\b/i, write: "what is wrong: Wrong token" },
  { name: "Token wanted", pattern: /\btoken wanted\b/i, write: "Token required" },
  { name: "now or then", pattern: /\bnow or then\b/i, write: "say when: now, or once …" },
  {
    name: "number and plural",
    pattern:
      /(?<!\$|@\w+ )\{\w+\} (?:bytes|connections|days|files|frames|hours|lines|logins|miners|minutes|outputs|seconds|settings|shares|sub-accounts|times|workers)\b/,
    write: "{count|miner}, which is filled as 1 miner or 2 miners",
  },
  {
    name: "See the head of this file",
    pattern: /\bSee the head of this file\b/i,
    write: "say it in one sentence",
  },
];

/** One place to reword. */
export interface Finding {
  /** The habit's name. */
  readonly habit: string;
  /** The words found. */
  readonly found: string;
  /** What to write instead. */
  readonly write: string;
  /** The first line that has a part of the words, counted from 0. */
  readonly line: number;
}

/** Finds what to reword in consecutive `lines`. A finding may run over the end of a line. */
export function findingsIn(lines: readonly string[]): readonly Finding[] {
  const findings: Finding[] = [];
  for (const piece of pieces(lines)) {
    for (const { name, pattern, write } of HABITS) {
      for (const match of piece.text.matchAll(new RegExp(pattern, pattern.flags + "g"))) {
        const line = piece.starts.findLastIndex((start) => start <= match.index);
        const found = match[0].trim().slice(0, MAX_SHOWN_CHARS);
        findings.push({ habit: name, found, write, line: piece.first + line });
      }
    }
  }
  return findings;
}

/** One or more sentences in one or more lines. */
interface Piece {
  /** Without the marks of comments, white space folded. */
  readonly text: string;
  /** The first of its lines. */
  readonly first: number;
  /** Where each of its lines begins in `text`. */
  readonly starts: readonly number[];
}

/** The marks that begin a line of a comment, a list or a table, and what closes a comment. */
const MARKS = /^\s*(?:\/\*\*?|\*\/|\*(?= |$)|\/\/|#+(?= )|[-|>] )\s*|\s*\*\/\s*$/g;

/** A line that begins a new text: a comment, an item of a list, a row, a quoted text. */
const BEGINS = /^\s*(?:\/\*\*|[-|>] |["'`#])|^\s*$/;

/** A line that ends one: the end of a comment, or an empty line. */
const ENDS = /\*\/\s*$|^\s*$/;

function pieces(lines: readonly string[]): readonly Piece[] {
  const found: { text: string; first: number; starts: number[] }[] = [];
  let isOver = true;
  lines.forEach((line, at) => {
    const text = line.replaceAll(MARKS, "").replace(/^(["'`])(.*)\1,?$/, "$2")
      .replaceAll(/\s+/g, " ").trim();
    const last = found.at(-1);
    if (last === undefined || isOver || BEGINS.test(line)) {
      found.push({ text, first: at, starts: [0] });
    } else {
      last.starts.push(last.text.length + 1);
      last.text += ` ${text}`;
    }
    isOver = ENDS.test(line);
  });
  return found;
}

async function git(...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", { args: [...args] }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`Cannot run git ${args[0]}: ${new TextDecoder().decode(stderr).trim()}`);
}

async function main(): Promise<number> {
  const listed = await git("ls-files", "-z", "--", ...PATHS);
  const files = listed.split("\0").filter((file) => file !== "" && !NO_TEXT.test(file));
  let findings = 0;
  for (const file of files) {
    const lines = (await Deno.readTextFile(file)).split("\n");
    for (const { line, habit, found, write } of findingsIn(lines)) {
      findings++;
      // deno-lint-ignore no-console -- a script speaks on the terminal
      console.error(`${file}:${line + 1}: "${found}" (${habit}); write: ${write}`);
    }
  }
  return findings === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
