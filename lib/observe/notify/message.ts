/**
 * A message before it is put into the words of a channel: plain, printable and bounded texts.
 */

import type { AlarmKind } from "../../base/alarm_kind.ts";
import { formatLocalTime } from "../local_time.ts";
import { type Level, LEVELS, type News } from "./alarm_watch.ts";
import { counted, duration, shown } from "./words.ts";

/** One thing that a message says. */
export interface MessageItem {
  /** What it is about. */
  readonly event: AlarmKind | "digest" | "test";
  /** Whether it begins, ends, or is over in a moment. */
  readonly phase: News["phase"];
  /** What happened, without line ends. */
  readonly text: string;
  /** Of an end, how long it lasted, in seconds; else `undefined`. */
  readonly seconds: number | undefined;
}

/** A message. */
export interface Message {
  /** How much it matters: the most that anything in it does. */
  readonly level: Level;
  /** The farm. */
  readonly farm: string;
  /** In one line, the farm's name included. */
  readonly title: string;
  /** What it says, a line each. */
  readonly items: readonly MessageItem[];
  /** More things that happened, for which there is no room. */
  readonly more: number;
  /** When it was written, in milliseconds since 1970; `undefined` while the clock is not set. */
  readonly time: number | undefined;
}

/** The most items of one message. */
const MAX_ITEMS = 10;

/** The longest text of an item, in UTF-16 units. */
const MAX_TEXT = 500;

/** What happened longer ago than this has its time in front. */
const RECENT_MS = 120_000;

/** Makes a message of `news`, which must not be empty. */
export function messageOf(
  news: readonly News[],
  { farm: name, isSummary, more, now, wall }: {
    readonly farm: string;
    /** Whether it sums up what was held back. */
    readonly isSummary: boolean;
    /** News that were thrown away. */
    readonly more: number;
    /** Monotonic. */
    readonly now: number;
    readonly wall: number | undefined;
  },
): Message {
  const farm = shown(name);
  const told = collapsed(news);
  // The worst is told if there is no room for all.
  const worst = told.length <= MAX_ITEMS ? told : worstOf(told);
  const items = worst.map((one) => itemOf(one, now));
  const [first] = items;
  const what = items.length === 1 && told.length === 1 && !isSummary ? first!.text : sumOf(told);
  return {
    level: LEVELS.find((level) => told.some((one) => one.level === level))!,
    farm,
    title: shown(`${farm}: ${isSummary ? "while it was quiet, " : ""}${what}`, MAX_TEXT),
    items,
    more: told.length - items.length + more,
    time: wall,
  };
}

/** Of an incident that began and ended, only the end is told, which says how long it lasted. */
function collapsed(news: readonly News[]): readonly News[] {
  const ended = new Set(news.flatMap(({ phase, incident }) => phase === "end" ? [incident] : []));
  return news.filter(({ phase, incident }) => phase !== "begin" || !ended.has(incident));
}

function worstOf(news: readonly News[]): readonly News[] {
  const picked = new Set(
    [...news].sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level))
      .slice(0, MAX_ITEMS),
  );
  return news.filter((one) => picked.has(one));
}

function itemOf({ kind, phase, about, lastedMs, at }: News, now: number): MessageItem {
  const lasted = phase === "end" ? `${about}, after ${duration(lastedMs)}` : about;
  const isOld = now - at.real > RECENT_MS;
  const when = isOld && at.wall !== undefined ? `${formatLocalTime(at.wall).slice(0, 16)} ` : "";
  return {
    event: kind,
    phase,
    text: shown(`${when}${lasted}`, MAX_TEXT),
    seconds: phase === "end" ? Math.round(lastedMs / 1000) : undefined,
  };
}

/** How many of what. */
function sumOf(news: readonly News[]): string {
  const count = (phase: News["phase"]) => news.filter((one) => one.phase === phase).length;
  const [alarms, over, once] = [count("begin"), count("end"), count("once")];
  return [
    ...alarms === 0 ? [] : [counted(alarms, "alarm")],
    ...over === 0 ? [] : [`${counted(over, alarms === 0 ? "alarm" : "other")} over`],
    ...once === 0 ? [] : [counted(once, "block message")],
  ].join(", ");
}

/** The test message. */
export function testMessage(name: string, wall: number | undefined): Message {
  const farm = shown(name);
  const text = "This is a test: alarms of btcagent reach you here";
  return {
    level: "info",
    farm,
    title: `${farm}: test message`,
    items: [{ event: "test", phase: "once", text, seconds: undefined }],
    more: 0,
    time: wall,
  };
}
