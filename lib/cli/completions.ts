/**
 * Scripts that let a shell complete what is typed after `btcagent`, made from the table of
 * commands; pure.
 */

import type { Shell } from "./command.ts";
import { COMMAND_WORDS, type CommandEntry, COMMANDS } from "./commands.ts";
import { COMMON_OPTIONS, type Option } from "./options.ts";

/** The script for `shell`, without a final line end. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell]();
}

const SCRIPTS: Readonly<Record<Shell, () => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** `run` may be left out, so its options can also come without a command. */
const RUN = COMMANDS.find(({ name }) => name === "run")!;

/** What can follow these words: second words of commands, or words to choose from. */
function wordsAfter(words: string): readonly string[] {
  const own = COMMANDS.find(({ name }) => name === words)?.words ?? [];
  const second = COMMANDS.filter(({ name }) => name.startsWith(`${words} `))
    .map(({ name }) => name.slice(words.length + 1));
  return [...own, ...second];
}

/** First words of commands of two words. */
const GROUPS = COMMAND_WORDS.filter((word) => COMMANDS.every(({ name }) => name !== word));

function optionsOf({ options }: CommandEntry): readonly Option[] {
  return [...options, ...COMMON_OPTIONS];
}

/** The names worth completing: not the Go agent's other spellings. */
function shownNames({ names: [long, short] }: Option): string[] {
  return [`--${long}`, ...short?.length === 1 ? [`-${short}`] : []];
}

function bashScript(): string {
  const everyOption = [...COMMANDS.flatMap(({ options }) => options), ...COMMON_OPTIONS];
  const namesWith = (isWanted: (value: string) => boolean) => {
    const options = everyOption.filter(({ value }) => value !== undefined && isWanted(value));
    const names = options.flatMap(({ names }) => names)
      .flatMap((name) => name.length === 1 ? [`-${name}`] : [`-${name}`, `--${name}`]);
    return [...new Set(names)].join(" | ");
  };
  const longNames = (entry: CommandEntry) => optionsOf(entry).map(({ names }) => `--${names[0]}`);
  const cases = [
    ["", [...COMMAND_WORDS, ...longNames(RUN)]] as const,
    ...GROUPS.map((word) => [word, wordsAfter(word)] as const),
    ...COMMANDS.map((entry) =>
      [entry.name, [...wordsAfter(entry.name), ...longNames(entry)]] as const
    ),
  ];
  const isPath = (value: string) => value === "FILE" || value === "DIR";
  return `# Completes btcagent in bash; made by: btcagent completions bash
_btcagent() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command= words= i
  # bash splits --config=x into three words.
  if [[ $current == "=" ]]; then
    current=
  elif [[ $previous == "=" ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=()
  case $previous in
    ${namesWith((value) => value === "FILE")})
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    ${namesWith((value) => value === "DIR")})
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      return
      ;;
    ${namesWith((value) => !isPath(value))}) return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ \${COMP_WORDS[i]} == -* ]] && break
    command+=\${command:+ }\${COMP_WORDS[i]}
  done
  case $command in
${cases.map(([name, words]) => `    "${name}") words="${words.join(" ")}" ;;`).join("\n")}
  esac
  # No command can follow an option.
  ((i < COMP_CWORD)) && [[ $current != -* ]] && return
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _btcagent btcagent`;
}

function zshScript(): string {
  const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const escape = (text: string) => text.replace(/[\\[\]:]/g, "\\$&");
  const actions: Readonly<Record<string, string>> = { FILE: "_files", DIR: "_files -/" };
  const spec = (option: Option) => {
    const names = shownNames(option);
    const { value } = option;
    const forms = names.length === 1 ? names[0] : `{${names.join(",")}}`;
    const rest = `[${escape(option.about)}]` +
      (value === undefined ? "" : `:${escape(value)}:${actions[value] ?? ""}`);
    return `${forms}${quote(rest)}`;
  };
  const described = COMMAND_WORDS.map((word) => {
    const about = COMMANDS.filter(({ name }) => name.split(" ")[0] === word)
      .map(({ about }) => about).join(", or ");
    return `    ${quote(`${word}:${escape(about)}`)}`;
  });
  const words = [...GROUPS, ...COMMANDS.filter(({ words }) => words).map(({ name }) => name)];
  return `#compdef btcagent
# Completes btcagent in zsh; made by: btcagent completions zsh
_btcagent() {
  local -a commands
  commands=(
${described.join("\n")}
  )
  local command= i
  for ((i = 2; i < CURRENT; i++)); do
    [[ $words[i] == -* ]] && break
    command+=\${command:+ }$words[i]
  done
  if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then
    _describe command commands
    return
  fi
  if [[ $words[CURRENT] != -* ]]; then
    case $command in
${
    words.map((word) => `      ${quote(word)}) compadd ${wordsAfter(word).join(" ")}; return ;;`)
      .join("\n")
  }
    esac
  fi
  # Options are completed as if the command were the program.
  words=("$words[1]" "\${(@)words[i,-1]}")
  ((CURRENT -= i - 2))
  case $command in
${
    COMMANDS.map((entry) => {
      const patterns = entry === RUN ? `''|${quote("run")}` : quote(entry.name);
      return `    ${patterns}) _arguments ${optionsOf(entry).map(spec).join(" ")} ;;`;
    }).join("\n")
  }
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _btcagent "$@"
else
  compdef _btcagent btcagent
fi`;
}

function fishScript(): string {
  const quote = (text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`;
  const others = COMMAND_WORDS.filter((word) => word !== RUN.name);
  const after = (name: string) =>
    name === RUN.name
      ? `not __fish_seen_subcommand_from ${others.join(" ")}`
      : name.split(" ").map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
  const line = (...words: string[]) => ["complete -c btcagent", ...words].join(" ");
  const values: Readonly<Record<string, string>> = {
    FILE: "-r -F",
    DIR: "-x -a '(__fish_complete_directories)'",
  };
  const optionLine = (name: string, { names: [long, short], value, about }: Option) =>
    line(
      `-n ${quote(after(name))}`,
      `-l ${long}`,
      ...short?.length === 1 ? [`-s ${short}`] : [],
      ...value === undefined ? [] : [values[value] ?? "-x"],
      `-d ${quote(about)}`,
    );
  const chosen = [...GROUPS, ...COMMANDS.filter(({ words }) => words).map(({ name }) => name)];
  return [
    "# Completes btcagent in fish; made by: btcagent completions fish",
    line("-f"),
    ...COMMAND_WORDS.map((word) => {
      const about = COMMANDS.filter(({ name }) => name.split(" ")[0] === word)
        .map(({ about }) => about).join(", or ");
      return line("-n __fish_use_subcommand", `-a ${word}`, `-d ${quote(about)}`);
    }),
    ...chosen.map((name) => {
      const words = wordsAfter(name).join(" ");
      const isOpen = `${after(name)}; and not __fish_seen_subcommand_from ${words}`;
      return line(`-n ${quote(isOpen)}`, `-a ${quote(words)}`);
    }),
    ...COMMANDS.flatMap((entry) =>
      optionsOf(entry).map((option) => optionLine(entry.name, option))
    ),
  ].join("\n");
}
