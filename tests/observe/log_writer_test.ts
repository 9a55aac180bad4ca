/** How lines get to a target that is slow, partial or broken. */

import assert from "node:assert/strict";
import { mock } from "node:test";
import { systemTime } from "../../lib/base/system_time.ts";
import { LineWriter, type LogTarget } from "../../lib/observe/log_writer.ts";
import { fillPlaces, textOf } from "../../lib/observe/log_record.ts";
import { FakeFile, noSpace, settled } from "../support/fake_file.ts";

/** A writer to `target`, which also gets what is said of it, and the clock in hand. */
async function writing(
  target: LogTarget,
  body: (writer: LineWriter, said: string[]) => Promise<void>,
): Promise<void> {
  mock.timers.enable({ apis: ["setTimeout"] });
  const said: string[] = [];
  const writer: LineWriter = new LineWriter(target, (level, template, values) => {
    const text = `${level}: ${fillPlaces(template, (name) => textOf(values[name]))}`;
    said.push(text);
    writer.add(`${text}\n`);
  }, systemTime);
  try {
    await body(writer, said);
    await writer.close();
  } finally {
    mock.timers.reset();
  }
}

Deno.test("a target that takes a few bytes at a time gets whole lines, in order", async () => {
  const file = new FakeFile();
  let turn = 0;
  file.take = (bytes) => Promise.resolve(Math.min(bytes.length, 1 + turn++ % 7));
  await writing(file, async (writer) => {
    for (let i = 0; i < 20; i++) {
      writer.add(`Line ${i} ☃\n`);
      if (i % 3 === 0) await settled();
    }
  });
  assert.deepEqual(file.lines, Array.from({ length: 20 }, (_, i) => `Line ${i} ☃`));
});

for (
  const [how, take] of [
    ["rejects", noSpace],
    ["throws instead of rejecting", () => {
      throw new Error("bad file descriptor");
    }],
    ["takes nothing and says so", () => Promise.resolve(0)],
  ] as const
) {
  Deno.test(`lines wait for a target that ${how}, and none is lost in a while`, async () => {
    const file = new FakeFile("a.log");
    file.take = take;
    await writing(file, async (writer, said) => {
      writer.add("One\n");
      await settled();
      writer.add("Two\n");
      mock.timers.tick(10_000);
      await settled();
      mock.timers.tick(9_999);
      await settled();
      assert.equal(said.length, 1);
      assert.match(said[0]!, /^error: Cannot write the log to a\.log: /);
      file.take = (bytes) => Promise.resolve(bytes.length);
      await settled();
      assert.equal(file.text, "");
      mock.timers.tick(1);
      await settled();
      writer.add("Three\n");
      await settled();
      assert.deepEqual(file.lines, [
        "One",
        said[0],
        "Two",
        "warning: The log is written to a.log again; lines lost: 0",
        "Three",
      ]);
    });
  });
}

Deno.test("a target that breaks in the middle of a line gets the rest of that line first", async () => {
  const file = new FakeFile();
  let budget = 4;
  file.take = (bytes) => {
    if (budget === 0) return noSpace();
    const count = Math.min(budget, bytes.length);
    budget -= count;
    return Promise.resolve(count);
  };
  await writing(file, async (writer) => {
    writer.add("One line\n");
    await settled();
    assert.equal(file.text, "One ");
    budget = Infinity;
    mock.timers.tick(10_000);
    await settled();
    assert.equal(file.lines[0], "One line");
  });
});

Deno.test("lines for a target that stays broken are bounded, and how many were lost is said", async () => {
  const file = new FakeFile("a.log");
  file.take = noSpace;
  await writing(file, async (writer, said) => {
    const line = "x".repeat(1023) + "\n";
    for (let i = 0; i < 1000; i++) {
      writer.add(line);
      if (i === 0) await settled();
    }
    file.take = (bytes) => Promise.resolve(bytes.length);
    mock.timers.tick(10_000);
    await settled();
    const kept = file.lines.filter((written) => written.startsWith("x")).length;
    assert.ok(kept > 200 && kept < 300, `${kept} were kept`);
    assert.equal(
      said.at(-1),
      `warning: The log is written to a.log again; lines lost: ${1000 - kept}`,
    );
  });
});

Deno.test("lines for a target that stands still are bounded, and the loss is said", async () => {
  const file = new FakeFile();
  const release = Promise.withResolvers<void>();
  file.take = (bytes) => release.promise.then(() => bytes.length);
  await writing(file, async (writer, said) => {
    const line = "x".repeat(1023) + "\n";
    for (let i = 0; i < 1000; i++) {
      writer.add(line);
      if (i === 0) await settled();
    }
    release.resolve();
    await settled();
    const kept = file.lines.filter((written) => written.startsWith("x")).length;
    assert.deepEqual(said, [
      `warning: Lines of the log lost because the terminal was too slow: ${1000 - kept}`,
    ]);
    assert.ok(kept > 200 && kept < 300, `${kept} were kept`);
  });
});

Deno.test("closing tries a broken target once more and then leaves it alone", async () => {
  let tries = 0;
  const broken: LogTarget = {
    write: () => {
      tries++;
      return noSpace();
    },
  };
  await writing(broken, async (writer) => {
    writer.add("One\n");
    await settled();
    await writer.close();
    mock.timers.tick(60_000);
    await settled();
    assert.equal(tries, 2);
  });
});
