/** Which programs started this one as a task, and what it means when they end. */

import assert from "node:assert/strict";
import { mock } from "node:test";
import type { ProcessInfo } from "../../lib/host/processes.ts";
import { lossOf, type Starter, startersFrom, StarterWatch } from "../../lib/host/starters.ts";
import { FakeClock, turn } from "../support/fake_clock.ts";

/** Processes by number; each is the child of the one before it. */
function ancestry(...commands: string[]) {
  const table = new Map<number, ProcessInfo>(
    commands.map((command, i) => [100 + i, {
      parent: i === 0 ? 1 : 99 + i,
      startedAt: String(i),
      // As it is where a program has written its title over its arguments.
      args: command.startsWith("npm ") ? [command] : command.split(" "),
    }]),
  );
  return {
    table,
    innermost: 99 + commands.length,
    find: (pid: number) => Promise.resolve(table.get(pid)),
  };
}

const NPX = "npm exec deno@2.9.6 task start -c agent.jsonc";
const SHELL = "sh -c 'deno' task start -c agent.jsonc";
const TASK = "deno task start -c agent.jsonc";
const YOUNG_NPX = "node /usr/bin/npx -y deno@2.9.6 task start";

const TREES: [name: string, commands: string[], starters: string[]][] = [
  ["npx, its shell and the task runner", ["bash", NPX, SHELL, TASK], [TASK, SHELL, NPX]],
  ["npx whose shell has made way", ["-bash", NPX, TASK], [TASK, NPX]],
  ["npx before it has a title", [YOUNG_NPX, TASK], [TASK, YOUNG_NPX]],
  ["the task runner alone", ["tmux", `/root/.deno/bin/${TASK}`], [`/root/.deno/bin/${TASK}`]],
  ["a script around it, which may end", ["sh -c cd x; deno task start & exit", TASK], [TASK]],
  ["sudo around npx", ["sudo npx -y deno@2.9.6 task start", NPX, TASK], [TASK, NPX]],
  ["tests of tasks", ["deno test --filter a task", NPX, TASK], [TASK, NPX]],
  ["a service manager", ["/sbin/init"], []],
  ["a shell", ["bash"], []],
  ["supervisord", ["/usr/bin/python3 /usr/bin/supervisord -c deno_task.conf"], []],
];
for (const [name, commands, starters] of TREES) {
  Deno.test(`of ${name} ${starters.length} are watched`, async () => {
    const { innermost, find } = ancestry(...commands);
    const found = await startersFrom(innermost, find);
    assert.deepEqual(found.map(({ command }) => command), starters);
  });
}

const STARTERS: Starter[] = [TASK, SHELL, NPX].map((command, i) => ({
  pid: i,
  startedAt: "0",
  command,
}));

const LOSSES: [name: string, gone: string[], isHungUp: boolean, kind: string | undefined][] = [
  ["none is gone", [], false, undefined],
  ["SIGTERM has ended npx and its shell", [SHELL, NPX], false, "stop"],
  ["SIGHUP has ended npx, which nobody passes on", [NPX], false, "reload"],
  ["the task runner is gone", [TASK, SHELL, NPX], false, "stop"],
  ["the terminal was closed and we are meant to survive", [SHELL, NPX], true, "stay"],
];
for (const [name, gone, isHungUp, kind] of LOSSES) {
  Deno.test(`${name}: ${kind ?? "nothing"}`, () => {
    const loss = lossOf(STARTERS, ({ command }) => gone.includes(command), isHungUp);
    assert.equal(loss?.kind, kind);
  });
}

Deno.test("the end of a task runner that nothing else started is a stop", () => {
  assert.equal(lossOf(STARTERS.slice(0, 1), () => true, false)?.kind, "stop");
});

interface WatchRig {
  readonly table: Map<number, ProcessInfo>;
  readonly lost: string[];
  readonly watch: StarterWatch;
  readonly pass: (ms: number) => Promise<void>;
}

/** A watch over npx, its shell and the task runner, with time that a test moves. */
async function watching(test: (rig: WatchRig) => Promise<void>): Promise<void> {
  mock.timers.enable({ apis: ["setTimeout"] });
  const clock = new FakeClock();
  const { table, innermost, find } = ancestry("bash", NPX, SHELL, TASK);
  const lost: string[] = [];
  let isClosed = false;
  const processes = { find, close: () => void (isClosed = true) };
  try {
    const watch = await StarterWatch.begin(processes, innermost, {
      time: clock.time,
      lost: ({ kind, command }) => lost.push(`${kind}: ${command}`),
    });
    assert.ok(watch !== undefined);
    const pass = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 100) {
        clock.advance(100);
        mock.timers.tick(100);
        await turn();
      }
    };
    await test({ table, lost, watch, pass });
    await watch.close();
    assert.ok(isClosed);
  } finally {
    mock.timers.reset();
  }
}

Deno.test("within two seconds it is said once that npx and its shell have ended", () =>
  watching(async ({ table, lost, pass }) => {
    await pass(5_000);
    assert.deepEqual(lost, []);
    table.delete(101);
    table.delete(102);
    await pass(2_000);
    assert.deepEqual(lost, [`stop: ${NPX}`]);
    await pass(10_000);
    assert.equal(lost.length, 1);
  }));

Deno.test("a process of another age under the same number is not the one that was there", () =>
  watching(async ({ table, lost, pass }) => {
    table.set(101, { ...table.get(101)!, startedAt: "later" });
    await pass(2_000);
    assert.deepEqual(lost, [`reload: ${NPX}`]);
    table.delete(103);
    await pass(2_000);
    assert.deepEqual(lost.slice(1), [`stop: ${TASK}`], "the others are watched on");
  }));

Deno.test("after a SIGHUP of our own their end stops nothing", () =>
  watching(async ({ table, lost, watch, pass }) => {
    watch.hungUp();
    table.delete(101);
    table.delete(102);
    await pass(2_000);
    assert.deepEqual(lost, [`stay: ${NPX}`]);
  }));
