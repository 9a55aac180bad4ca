/**
 * Reads spellings that the Go and C++ agents accepted as those agents read them: a file that worked
 * there works here, with a notice for each. Pure; runs before the schema checks the file.
 *
 * Each is lax in its own way. The Go agent ignores the case of keys, reads `null` as left out, and
 * ignores what follows the third item of a pool. The C++ agent reads every value as text: numbers,
 * `true` and `false` may be in quotes and in any case, and words may have no quotes.
 */

import type { Located, Member } from "./document.ts";
import type { Position } from "./line_map.ts";
import type { Outline } from "./outline.ts";
import type { Path } from "./problem.ts";
import { isBareWord } from "./tokens.ts";

/** What is said about an old spelling. */
export interface SpellingNotice {
  /** Where it stands. */
  readonly at: Position;
  /** Keys and list indices to it. */
  readonly path: Path;
  /** Sentence case, no full stop. */
  readonly text: string;
}

/** Reads `root` as the old agents did; `say` is called for each spelling that is not ours. */
export function readOldSpellings(
  root: Located,
  outline: Outline,
  say: (notice: SpellingNotice) => void,
): Located {
  return new Reader(say).value(root, outline, []);
}

class Reader {
  readonly #say: (notice: SpellingNotice) => void;

  constructor(say: (notice: SpellingNotice) => void) {
    this.#say = say;
  }

  value(located: Located, outline: Outline, path: Path): Located {
    switch (located.kind) {
      case "object":
        if (outline.keys === undefined) return located;
        return { ...located, members: this.#members(located.members, outline.keys, path) };
      case "list":
        return { ...located, items: this.#items(located, outline, path) };
      case "scalar":
        return this.#scalar(located, outline, path);
    }
  }

  #members(
    members: readonly Member[],
    keys: ReadonlyMap<string, Outline>,
    path: Path,
  ): Member[] {
    return members.flatMap((member): Member[] => {
      const name = keys.has(member.name) ? member.name : inOtherCase(member.name, keys);
      const outline = name === undefined ? undefined : keys.get(name);
      if (name === undefined || outline === undefined) return [member];
      const { at, content } = member;
      const here = [...path, name];
      if (name !== member.name) {
        this.#say({
          at,
          path: here,
          text: "Accepted in this spelling; write the key in lower " +
            "case",
        });
      }
      if (isNull(content) && outline.isOptional) {
        const text = "Read null as a key that is left out; remove it";
        this.#say({ at: content.at, path: here, text });
        return [];
      }
      return [{ name, at, content: this.value(content, outline, here) }];
    });
  }

  #items(list: Located & { readonly kind: "list" }, outline: Outline, path: Path): Located[] {
    let { items } = list;
    if (outline.type === "strict_tuple") {
      const extra = items.findIndex((_, i) => outline.item(i) === undefined);
      if (extra >= 0) {
        const text = "Ignored, with everything after it: [host, port, sub-account] is a " +
          "complete entry";
        this.#say({ at: items[extra]!.at, path: [...path, extra], text });
        items = items.slice(0, extra);
      }
      const last = items.at(-1);
      if (last !== undefined && isNull(last) && outline.item(items.length - 1)?.isOptional) {
        const text = "Read null as left out; remove it";
        this.#say({ at: last.at, path: [...path, items.length - 1], text });
        items = items.slice(0, -1);
      }
    }
    return items.map((item, i) => {
      const known = outline.item(i);
      return known === undefined ? item : this.value(item, known, [...path, i]);
    });
  }

  #scalar(scalar: Located & { readonly kind: "scalar" }, outline: Outline, path: Path): Located {
    const { at, value, source } = scalar;
    const taken = (read: string | number | boolean, text: string): Located => {
      this.#say({ at, path, text });
      return { ...scalar, value: read };
    };
    if (typeof value === "string") {
      const word = value.trim().toLowerCase();
      if (outline.type === "boolean" && (word === "true" || word === "false")) {
        return taken(word === "true", `Read as ${word}; write it like this, without quotes`);
      }
      if (outline.type === "number" && /^-?\d{1,15}$/.test(word)) {
        return taken(Number(word), `Read as the number ${Number(word)}; write it without quotes`);
      }
      if (isListenAddress(path) && word === "") {
        const text = 'Read as "0.0.0.0", every IPv4 address of this machine';
        return taken("0.0.0.0", text);
      }
      if (isBareWord(source) && isText(outline)) {
        return taken(value, "Read as text; write it in quotes");
      }
    }
    // Not for paths or patterns: there a number is a mistake.
    if (typeof value === "number" && isName(path) && /^\d+$/.test(source)) {
      return taken(source, "Read as text; write it in quotes");
    }
    return scalar;
  }
}

/** The key that equals `name` except for upper and lower case. */
function inOtherCase(name: string, keys: ReadonlyMap<string, Outline>): string | undefined {
  const lower = name.toLowerCase();
  return keys.has(lower) ? lower : undefined;
}

function isNull(located: Located): boolean {
  return located.kind === "scalar" && located.value === null;
}

function isText({ type }: Outline): boolean {
  return type === "string" || type === "picklist";
}

function isListenAddress([top, , key]: Path): boolean {
  return top === "agent_listen_ip" || top === "listen" && key === "address";
}

/** Whether `path` leads to a sub-account or a worker's name, which may be all digits. */
function isName([top, , item]: Path): boolean {
  return top === "fixed_worker_name" || top === "pools" && item === 2;
}
