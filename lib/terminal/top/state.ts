/**
 * What `btcagent top` shows and what the operator chose, and how a key changes that; pure.
 */

import type { Pool, Summary, Worker, WorkerPage } from "../answers.ts";
import { nameOf } from "../status_screen.ts";
import type { Key, KeyName } from "./keys.ts";

/** What fills the screen. */
export type View =
  | { readonly kind: "workers" }
  | { readonly kind: "pools" }
  | { readonly kind: "worker"; readonly id: string; readonly name: string }
  | { readonly kind: "help"; readonly before: Exclude<View, { kind: "help" }> };

/** The orders of the list, in the order in which they follow each other. */
export const SORTS = [
  { key: "trouble", words: "trouble first" },
  { key: "-hashrate", words: "most hashrate" },
  { key: "hashrate", words: "least hashrate" },
  { key: "-lost_part", words: "most lost" },
  { key: "-refused", words: "most refused" },
  { key: "-missing", words: "most missing" },
  { key: "-last_share", words: "oldest share" },
  { key: "-connects", words: "most logins" },
  { key: "worker", words: "by name" },
] as const;

/** The longest text that is searched for. */
const MAX_FILTER = 64;

/** Rows that are not of the list: title, figures, finding, counts, head of the table; keys. */
const OTHER_ROWS = 6;

/** The agent as it was last seen. */
export type Contact =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  | { readonly kind: "lost"; readonly why: string; readonly since: number };

/** Everything on the screen. */
export interface TopState {
  /** Where the agent is. */
  readonly place: string;
  /** Columns of the terminal. */
  readonly columns: number;
  /** Rows of the terminal. */
  readonly rows: number;
  /** What fills it. */
  readonly view: View;
  /** Whether only workers in trouble are listed. */
  readonly isTroubleOnly: boolean;
  /** What is searched for; empty for nothing. */
  readonly filter: string;
  /** What is being typed to search for; `undefined` while nothing is. */
  readonly draft: string | undefined;
  /** The place of the order in {@linkcode SORTS}. */
  readonly sort: number;
  /** The place of the worker at the cursor in the whole list. */
  readonly cursor: number;
  /** The place of the first row that is shown. */
  readonly top: number;
  /** The first row of the pools, or of a worker's text, that is shown. */
  readonly scroll: number;
  /** The agent as it was last seen. */
  readonly contact: Contact;
  /** A remark that stays for a while. */
  readonly notice: string;
  /** The totals; `undefined` before the first answer. */
  readonly summary: Summary | undefined;
  /** All pools. */
  readonly pools: readonly Pool[];
  /** The page of workers that was asked for last. */
  readonly page: WorkerPage | undefined;
  /** The worker that is looked at; `undefined` before its answer, or once it is forgotten. */
  readonly worker: Worker | undefined;
  /** Whether the operator wants to leave. */
  readonly isOver: boolean;
}

/** The screen before anything is known. */
export function firstState(place: string, columns: number, rows: number): TopState {
  return {
    place,
    columns,
    rows,
    view: { kind: "workers" },
    isTroubleOnly: false,
    filter: "",
    draft: undefined,
    sort: 0,
    cursor: 0,
    top: 0,
    scroll: 0,
    contact: { kind: "connecting" },
    notice: "",
    summary: undefined,
    pools: [],
    page: undefined,
    worker: undefined,
    isOver: false,
  };
}

/** Rows of the list that fit. */
export function listRows({ rows }: Pick<TopState, "rows">): number {
  return Math.max(1, rows - OTHER_ROWS);
}

/** What has to be asked for the list, below the server's own address. */
export function listPath(state: TopState): string {
  const query = new URLSearchParams({
    sort: SORTS[state.sort]!.key,
    offset: String(state.top),
    limit: String(Math.min(1000, listRows(state))),
  });
  if (state.filter !== "") query.set("q", state.filter);
  if (state.isTroubleOnly) query.set("state", "trouble");
  return `api/v1/workers?${query}`;
}

/** The worker at the cursor, if it is on the page. */
export function atCursor({ page, cursor }: TopState): Worker | undefined {
  return page?.workers[cursor - page.offset];
}

/** The state after a key. */
export function pressed(state: TopState, key: Key): TopState {
  if (key.kind === "interrupt") return { ...state, isOver: true };
  if (state.draft !== undefined) return typed(state, state.draft, key);
  const asked = { ...state, notice: "" };
  if (key.kind === "text") return commanded(asked, key.text);
  if (key.kind === "escape") return back(asked);
  if (key.kind === "left") return asked.view.kind === "workers" ? asked : back(asked);
  if (asked.view.kind === "workers") return movedInList(asked, key.kind);
  return { ...asked, scroll: scrolled(asked, key.kind) };
}

/** The state of a terminal of another size. */
export function resized(state: TopState, columns: number, rows: number): TopState {
  return kept({ ...state, columns, rows });
}

/** Cursor and page inside the list, whatever its length is now. */
export function kept(state: TopState): TopState {
  const fit = listRows(state);
  const last = Math.max(0, (state.page?.total ?? state.cursor + 1) - 1);
  const cursor = Math.min(Math.max(0, state.cursor), last);
  let top = Math.min(state.top, Math.max(0, last + 1 - fit));
  if (cursor < top) top = cursor;
  if (cursor >= top + fit) top = cursor - fit + 1;
  return cursor === state.cursor && top === state.top ? state : { ...state, cursor, top };
}

function typed(state: TopState, draft: string, key: Key): TopState {
  switch (key.kind) {
    case "text":
      return { ...state, draft: (draft + key.text).slice(0, MAX_FILTER) };
    case "backspace":
      return { ...state, draft: [...draft].slice(0, -1).join("") };
    case "clear":
      return { ...state, draft: "" };
    case "escape":
      return { ...state, draft: undefined };
    case "enter":
      return fromStart({ ...state, filter: draft.trim(), draft: undefined });
    default:
      return state;
  }
}

function commanded(state: TopState, text: string): TopState {
  switch (text) {
    case "q":
    case "Q":
      return { ...state, isOver: true };
    case "?":
    case "h":
      return state.view.kind === "help" ? back(state) : {
        ...state,
        view: { kind: "help", before: state.view },
        scroll: 0,
      };
    case "p":
      return {
        ...state,
        view: { kind: state.view.kind === "pools" ? "workers" : "pools" },
        scroll: 0,
      };
    case "t":
      return fromStart({
        ...state,
        view: { kind: "workers" },
        isTroubleOnly: state.view.kind !== "workers" || !state.isTroubleOnly,
      });
    case "f":
    case "/":
      return { ...state, view: { kind: "workers" }, draft: state.filter };
    case "s":
      return fromStart({
        ...state,
        view: { kind: "workers" },
        sort: (state.sort + 1) % SORTS.length,
      });
    case "S":
      return fromStart({
        ...state,
        view: { kind: "workers" },
        sort: (state.sort + SORTS.length - 1) % SORTS.length,
      });
    case "j":
      return pressed(state, { kind: "down" });
    case "k":
      return pressed(state, { kind: "up" });
    case " ":
      return pressed(state, { kind: "pageDown" });
    default:
      return state;
  }
}

/** One step back: from a view to the list, then from a filter to all workers. */
function back(state: TopState): TopState {
  if (state.view.kind === "help") return { ...state, view: state.view.before, scroll: 0 };
  if (state.view.kind !== "workers") {
    return { ...state, view: { kind: "workers" }, worker: undefined, scroll: 0 };
  }
  if (state.filter === "" && !state.isTroubleOnly) return state;
  return fromStart({ ...state, filter: "", isTroubleOnly: false });
}

function movedInList(state: TopState, key: KeyName): TopState {
  if (key === "enter" || key === "right") {
    const worker = atCursor(state);
    if (worker === undefined) return state;
    const view = { kind: "worker", id: worker.id, name: nameOf(worker) } as const;
    return { ...state, view, worker, scroll: 0 };
  }
  return kept({ ...state, cursor: state.cursor + stepOf(state, key, state.cursor) });
}

function scrolled(state: TopState, key: KeyName): number {
  return Math.max(0, state.scroll + stepOf(state, key, state.scroll));
}

/** How far a key goes from `place`. */
function stepOf(state: TopState, key: KeyName, place: number): number {
  switch (key) {
    case "up":
      return -1;
    case "down":
      return 1;
    case "pageUp":
      return -listRows(state);
    case "pageDown":
      return listRows(state);
    case "home":
      return -place;
    case "end":
      return Number.MAX_SAFE_INTEGER - place;
    default:
      return 0;
  }
}

/** The list from its first row, as another list than before. */
function fromStart(state: TopState): TopState {
  return { ...state, cursor: 0, top: 0, page: undefined };
}
