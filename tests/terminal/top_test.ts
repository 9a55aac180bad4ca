/** `btcagent top` without a terminal: keys and answers → state → lines. */

import assert from "node:assert/strict";
import type { Asked } from "../../lib/terminal/agent_client.ts";
import type { Worker, WorkerPage } from "../../lib/terminal/answers.ts";
import { answered, type Round } from "../../lib/terminal/top/answers.ts";
import { KeyReader } from "../../lib/terminal/top/keys.ts";
import { Painter } from "../../lib/terminal/top/paint.ts";
import { screenOf } from "../../lib/terminal/top/screen.ts";
import {
  firstState,
  listPath,
  pressed,
  resized,
  SORTS,
  type TopState,
} from "../../lib/terminal/top/state.ts";
import { widthOf } from "../../lib/terminal/width.ts";
import { harmIn, HOSTILE_NAMES } from "../support/hostile_names.ts";
import { NOW, pool, troubledFarm, wellFarm, worker } from "../support/made_up_farm.ts";

const TOTAL = 2000;

const good = <T>(value: T): Asked<T> => ({ ok: true, value });
const bad = (why: string, status = 0): Asked<never> => ({ ok: false, mayPass: true, status, why });

/** A farm of which each page is what was asked for. */
class Farm {
  state: TopState;
  summary = troubledFarm();
  workers: readonly Worker[] = Array.from(
    { length: TOTAL },
    (_, i) => worker(`rig${i + 1}`, { id: String(i + 1) }),
  );

  constructor(columns = 80, rows = 24) {
    this.state = firstState("127.0.0.1:9999", columns, rows);
    this.answer();
  }

  /** What the agent answers now. */
  answer(more: Partial<Round> = {}): void {
    const path = listPath(this.state);
    const { view } = this.state;
    const id = view.kind === "worker" ? view.id : "";
    const found = this.workers.find((each) => each.id === id);
    this.state = answered(this.state, {
      summary: good(this.summary),
      pools: good([pool()]),
      list: { path, page: good(this.page(path)) },
      ...view.kind === "worker"
        ? { worker: { id, found: found === undefined ? bad("none", 404) : good(found) } }
        : {},
      ...more,
    }, NOW);
  }

  page(path: string): WorkerPage {
    const query = new URL(path, "http://a/").searchParams;
    const text = query.get("q") ?? "";
    const [offset, limit] = [Number(query.get("offset")), Number(query.get("limit"))];
    const all = this.workers.filter(({ worker }) => worker.includes(text));
    return { total: all.length, offset, workers: all.slice(offset, offset + limit) };
  }

  /** Presses keys as a terminal sends them, each followed by an answer. */
  press(...sent: readonly string[]): this {
    for (const each of sent) {
      for (const key of new KeyReader().read(new TextEncoder().encode(each))) {
        this.state = pressed(this.state, key);
      }
      this.answer();
    }
    return this;
  }

  get lines(): string[] {
    return screenOf(this.state, NOW).map(({ text }) => text);
  }

  /** The text of the line at the cursor. */
  get here(): string | undefined {
    return screenOf(this.state, NOW).find(({ tone }) => tone === "cursor")?.text;
  }
}

const [UP, DOWN, PAGE_DOWN, HOME, END] = ["\x1b[A", "\x1b[B", "\x1b[6~", "\x1b[H", "\x1b[F"];

Deno.test("the first screen has farm, figures, trouble, counts and the first workers", () => {
  const { lines } = new Farm();
  assert.equal(lines.length, 24);
  assert.match(lines[0]!, /^btcagent 1\.2\.3 at 127\.0\.0\.1:9999, up 1 d 1 h +\d\d:\d\d:\d\d$/);
  assert.equal(
    lines[1],
    "95.0 PH/s of 100.0 PH/s (95 %), 2,000 miners, 0.40 % lost in 1 h",
  );
  assert.equal(lines[2], "3 of 2,000 workers need attention");
  assert.match(lines[3]!, /^missing 2 {2}refused 1 {2}flapping 0 /);
  assert.match(lines[4]!, /^WORKER +STATE +HASHRATE +USUAL +LOST +SHARE +GONE$/);
  assert.match(lines[5]!, /^rig1 /);
  assert.match(lines[22]!, /^rig18 /);
  assert.match(lines[23]!, /^1\/2,000 trouble first +q quit/);
});

Deno.test("the cursor walks through the list, a page is asked for at a time", () => {
  const farm = new Farm();
  assert.match(listPath(farm.state), /offset=0&limit=18$/);
  assert.match(farm.press(DOWN, DOWN).here!, /^rig3 /);
  assert.match(farm.press(UP).here!, /^rig2 /);
  assert.match(farm.press(PAGE_DOWN).here!, /^rig20 /);
  assert.match(farm.press(END).here!, /^rig2000 /);
  assert.match(listPath(farm.state), /offset=1982&limit=18$/);
  assert.match(farm.lines[22]!, /^rig2000 /);
  assert.match(farm.press(DOWN).here!, /^rig2000 /);
  assert.match(farm.press(HOME).here!, /^rig1 /);
});

Deno.test("s goes through every order and back to the first, S the other way, from the first row", () => {
  const farm = new Farm().press(END);
  for (const { key } of [...SORTS.slice(1), SORTS[0]]) {
    farm.press("s");
    assert.ok(listPath(farm.state).includes(`sort=${encodeURIComponent(key)}&offset=0`));
  }
  farm.press("S");
  assert.ok(listPath(farm.state).includes(`sort=${SORTS.at(-1)!.key}`));
});

Deno.test("f and / find by a text that the server searches for, and Esc shows all again", () => {
  const farm = new Farm().press("/", "r", "i", "g", "1", "9", "9", "9");
  assert.match(farm.lines[23]!, /^Find: rig1999_ /);
  assert.doesNotMatch(listPath(farm.state), /q=/);
  farm.press("\x7f", "8", "\r");
  assert.match(listPath(farm.state), /&q=rig1998$/);
  assert.match(farm.here!, /^rig1998 /);
  assert.match(farm.lines[23]!, /^1\/1 "rig1998"/);
  farm.press("f", "\x15", "q", "\x1b");
  assert.match(listPath(farm.state), /&q=rig1998$/, "Esc leaves the text as it was");
  farm.press("\x1b");
  assert.doesNotMatch(listPath(farm.state), /q=/);
  farm.press("f", "no such", "\r");
  assert.equal(farm.lines[5], "No worker matches; Esc shows all");
});

Deno.test("t lists only workers in trouble, and all again", () => {
  const farm = new Farm().press("t");
  assert.match(listPath(farm.state), /&state=trouble$/);
  farm.press("t");
  assert.doesNotMatch(listPath(farm.state), /state=/);
});

Deno.test("Enter shows one worker with what to do, and Esc the list at the same place", () => {
  const farm = new Farm();
  farm.workers = farm.workers.map((each) =>
    each.id !== "3" ? each : worker("rig3", {
      id: "3",
      condition: { state: "refused", about: "Its shares are stale. Look at its network." },
      observations: [{ about: "It pauses for 2 min each hour." }],
    })
  );
  farm.press(DOWN, DOWN, "\r");
  const text = farm.lines.join("\n");
  assert.match(text, /rig3 *\nState +refused\n +Its shares are stale\. Look at its network\.\n/);
  assert.match(text, /Noticed +It pauses for 2 min each hour\./);
  assert.match(farm.press("\x1b").here!, /^rig3 /);
});

Deno.test("p shows the pools with their states and reasons, and p again the workers", () => {
  const farm = new Farm().press("p");
  const down = pool({
    position: 2,
    address: "backup.example:443",
    accounts: { serving: 0, spare: 0, opening: 0, cold: 0 },
    miners: 0,
    job_age_seconds: null,
    reason: "connection refused",
    retry_in_seconds: 4,
  });
  farm.answer({ pools: good([pool({ pinned: true }), down]) });
  const { lines } = farm;
  assert.match(lines[5]!, /^ {2}1 pool\.example:3333 +serving\* +agent +2,000 +12 s/);
  assert.match(lines[6]!, /^ {2}2 backup\.example:443 +down +agent +0 +- /);
  assert.match(lines[7]!, /^ {4}connection refused; next try in 4 s/);
  assert.match(farm.press("p").lines[4]!, /^WORKER/);
});

Deno.test("? shows every key, q and Ctrl+C end it, also while a text is typed", () => {
  assert.match(new Farm().press("?").lines.join("\n"), /quit\n[^]*find by name/);
  assert.match(new Farm().press("?", "?").lines[4]!, /^WORKER/);
  assert.ok(new Farm().press("q").state.isOver);
  assert.ok(new Farm().press("f", "\x03").state.isOver);
  assert.ok(!new Farm().press("f", "q").state.isOver);
});

Deno.test("while the agent is away the screen says so and keeps what it knew, then goes on", () => {
  const farm = new Farm().press(DOWN);
  farm.answer({ summary: bad("127.0.0.1:9999 does not answer: timed out") });
  assert.match(farm.lines[2]!, /^Lost for 0 s, trying again: 127\.0\.0\.1:9999 does not answer/);
  assert.match(farm.here!, /^rig2 /);
  assert.match(screenOf(farm.state, NOW + 65_000)[2]!.text, /^Lost for 1 min/);
  farm.answer();
  assert.equal(farm.lines[2], "3 of 2,000 workers need attention");
});

Deno.test("after a restart of the agent it says so, and no other worker is taken for the one shown", () => {
  const farm = new Farm().press(DOWN, "\r");
  assert.equal(farm.state.view.kind, "worker");
  farm.summary = { ...farm.summary, started_at: "2026-12-02T00:00:00.000Z" };
  farm.answer();
  assert.equal(farm.state.view.kind, "workers");
  assert.equal(farm.lines[2], "btcagent was restarted");
});

Deno.test("a worker that was forgotten leads back to the list", () => {
  const farm = new Farm().press("\r");
  farm.workers = farm.workers.slice(1);
  farm.answer();
  assert.equal(farm.state.view.kind, "workers");
  assert.equal(farm.lines[2], "It is forgotten");
});

Deno.test("an answer to what is no longer asked for does not replace the list", () => {
  const farm = new Farm();
  const path = listPath(farm.state);
  const late = { path, page: good(farm.page(path)) };
  farm.press("f", "rig7", "\r");
  farm.answer({ list: late });
  assert.equal(farm.state.page!.total, farm.page(listPath(farm.state)).total);
});

Deno.test("a list that became shorter keeps the cursor inside it", () => {
  const farm = new Farm().press(END);
  farm.workers = farm.workers.slice(0, 5);
  farm.answer();
  farm.answer();
  assert.match(farm.here!, /^rig5 /);
  assert.match(farm.lines[5]!, /^rig1 /);
});

for (
  const [columns, rows] of [[80, 24], [40, 10], [60, 15], [100, 30], [200, 60], [20, 5]] as const
) {
  Deno.test(`on ${columns}x${rows} no line is too long and no row too many, in every view`, () => {
    for (const keys of ["", "\r", "p", "?", "f", "t"]) {
      const farm = new Farm(columns, rows);
      const hostile = Object.values(HOSTILE_NAMES);
      farm.workers = farm.workers.map((each, i) => ({
        ...each,
        worker: hostile[i % hostile.length]!,
        client_agent: hostile[(i + 7) % hostile.length]!,
        condition: { state: hostile[i % hostile.length]!, about: hostile[i % hostile.length]! },
      }));
      farm.answer();
      farm.press(keys, DOWN);
      farm.answer({
        pools: good(hostile.map((name) => pool({ address: name, reason: name }))),
      });
      const { lines } = farm;
      assert.ok(lines.length <= rows, `${keys}: ${lines.length} rows`);
      for (const text of lines) {
        assert.ok(widthOf(text) <= columns, `${keys}: ${text}`);
        assert.equal(harmIn(text), undefined);
      }
    }
  });
}

Deno.test("a terminal that changes its size shows more, and the cursor stays in view", () => {
  const farm = new Farm().press(PAGE_DOWN);
  farm.state = resized(farm.state, 120, 12);
  farm.answer();
  assert.equal(farm.lines.length, 12);
  assert.match(farm.here!, /^rig19 /);
  assert.match(farm.lines[4]!, /ADDRESS/);
});

Deno.test("columns stay in place beside names of wide characters", () => {
  const farm = new Farm();
  farm.workers = [worker("矿机一号"), worker("rig2"), worker("リグ🚀")];
  farm.answer();
  const places = farm.lines.slice(5, 8).map((text) => widthOf(text.split("working")[0]!));
  assert.deepEqual(new Set(places).size, 1);
});

Deno.test("only lines that changed are sent, and all of them after a reset", () => {
  const painter = new Painter(true);
  const farm = new Farm();
  const first = painter.paint(screenOf(farm.state, NOW));
  assert.ok(first.includes("rig18"));
  assert.equal(painter.paint(screenOf(farm.state, NOW)), "");
  const second = painter.paint(screenOf(farm.press(DOWN).state, NOW));
  assert.ok(second.includes("rig1 ") && second.includes("rig2 ") && !second.includes("rig3 "));
  painter.reset();
  assert.ok(painter.paint(screenOf(farm.state, NOW)).includes("rig18"));
});

Deno.test("without colours nothing but bold and reversed is sent", () => {
  const colours = (hasColour: boolean) =>
    new Set(
      // deno-lint-ignore no-control-regex -- these are what is looked for
      new Painter(hasColour).paint(screenOf(new Farm().state, NOW)).match(/\x1b\[[\d;]*m/g),
    );
  assert.deepEqual(colours(false), new Set(["\x1b[0m", "\x1b[1m", "\x1b[7m"]));
  assert.ok(colours(true).has("\x1b[33m"));
});

Deno.test("a farm that is well is said to be, and one with nobody too", () => {
  const farm = new Farm();
  farm.summary = wellFarm();
  farm.workers = [];
  farm.answer();
  assert.equal(farm.lines[2], "All is well");
  assert.equal(farm.lines[5], "No worker was seen yet");
});
