/**
 * Holds the English of every line that a change adds to what operators read without stumbling.
 *
 * Reads the lines that were added since {@linkcode HELD_SINCE} and are still there: comments, log
 * lines, help, schema descriptions, pages and the README. Prints one line for each finding, with what
 * to write instead, and exits with 1; says nothing if there are none. Run it at the top of the
 * repository: `deno task words`.
 */

/** Texts of this commit and before are not held to the list. */
const HELD_SINCE = "a93944b8b385776e81981329c0b9ab57fca2acf2";

/** Where people read our English. Tests plant bad examples, and this file lists them. */
const PATHS = [
  "main.ts",
  "lib",
  "scripts",
  "conf",
  "README.md",
  "CHANGELOG.md",
  ".ci",
  ".github",
  ":!scripts/check_words.ts",
  ":!conf/README.zh.md",
  ":!conf/docs/zh",
];

/** A finding shows no more of the words, in characters. */
const MAX_SHOWN_CHARS = 60;

/** A habit to get rid of. */
export interface Habit {
  /** What it is called in a finding, and by its test. */
  readonly name: string;
  /** Finds it in one piece of text, white space folded to single blanks. */
  readonly pattern: RegExp;
  /** What to write instead. */
  readonly write: string;
}

/** Every habit, the oldest first. Each has a planted example in its test. */
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
  /** Of a piece of lines: the first line that has a part of the words, counted from 0. */
  readonly line: number;
}

/** What to reword in `lines`, which stand below each other. A habit may run over their ends. */
export function findingsIn(lines: readonly string[]): readonly Finding[] {
  const findings: Finding[] = [];
  for (const piece of pieces(lines)) {
    for (const { name, pattern, write } of HABITS) {
      const match = pattern.exec(piece.text);
      if (match === null) continue;
      const line = piece.starts.findLastIndex((start) => start <= match.index);
      const found = match[0].trim().slice(0, MAX_SHOWN_CHARS);
      findings.push({ habit: name, found, write, line: piece.first + line });
    }
  }
  return findings;
}

/** A sentence or more that stands in one or more lines. */
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

/** Where a line begins a text of its own: a comment, an item of a list, a row, a quoted text. */
const BEGINS = /^\s*(?:\/\*\*|[-|>] |["'`#])|^\s*$/;

/** Where one ends: its comment does, or nothing was said. */
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

/** Lines added below each other in one file. */
export interface Added {
  /** The file, relative to the top of the repository. */
  readonly file: string;
  /** The number of the first line, from 1. */
  readonly first: number;
  /** The lines without their ends. */
  readonly lines: readonly string[];
}

/** What the output of `git diff -U0` adds. */
export function addedIn(diff: string): readonly Added[] {
  const added: { file: string; first: number; lines: string[] }[] = [];
  let file = "";
  let open: { file: string; first: number; lines: string[] } | undefined;
  let left = 0;
  for (const line of diff.split("\n")) {
    if (left > 0 && line.startsWith("+")) {
      open!.lines.push(line.slice(1));
      left--;
      continue;
    }
    const hunk = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line);
    if (hunk !== null) {
      left = Number(hunk[2] ?? 1);
      open = { file, first: Number(hunk[1]), lines: [] };
      if (left > 0) added.push(open);
    } else if (line.startsWith("+++ ")) {
      file = line.slice(4).replace(/^b\//, "");
    }
  }
  return added;
}

async function git(...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", { args: [...args] }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`Cannot run git ${args[0]}: ${new TextDecoder().decode(stderr).trim()}`);
}

async function main(): Promise<number> {
  const isThere = await git("cat-file", "-e", `${HELD_SINCE}^{commit}`).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    // deno-lint-ignore no-console -- a script speaks on the terminal
    console.error(
      `Cannot tell which lines were added: commit ${HELD_SINCE.slice(0, 7)} is not in this copy ` +
        "of the repository; fetch the whole history (git fetch --unshallow)",
    );
    return 1;
  }
  const diff = await git(
    "diff",
    "-U0",
    "--no-color",
    "--no-ext-diff",
    "-M",
    HELD_SINCE,
    "--",
    ...PATHS,
  );
  const places = addedIn(diff).flatMap(({ file, first, lines }) =>
    findingsIn(lines).map((finding) => ({ ...finding, at: `${file}:${first + finding.line}` }))
  );
  for (const { at, habit, found, write } of places) {
    // deno-lint-ignore no-console -- a script speaks on the terminal
    console.error(`${at}: "${found}" (${habit}); write: ${write}`);
  }
  return places.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
