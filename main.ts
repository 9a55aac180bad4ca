/**
 * btcagent: argv → config → proxy → signals → exit code, nothing else.
 *
 * Exit codes: 0 stopped on request, 1 failed, 2 wrong command line or configuration; for `status`
 * how the farm is.
 */

import { pause } from "./lib/base/clock.ts";
import { printableLines } from "./lib/base/printable.ts";
import { systemTime as time } from "./lib/base/system_time.ts";
import type { Command } from "./lib/cli/command.ts";
import { helpText } from "./lib/cli/help.ts";
import { parseArguments } from "./lib/cli/parse.ts";
import { VERSION, versionText } from "./lib/cli/version.ts";
import type { Operator } from "./lib/app/operator.ts";

const EXIT = { stopped: 0, failed: 1, misused: 2 } as const;

const encoder = new TextEncoder();

function write(text: string, stream: { writeSync(bytes: Uint8Array): number } = Deno.stdout): void {
  let bytes = encoder.encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
}

function print(text: string, stream: { writeSync(bytes: Uint8Array): number } = Deno.stdout): void {
  write(text + "\n", stream);
}

/** Prints what went wrong. The message may quote any file or argument. */
function complain(message: string): void {
  print(`btcagent: ${printableLines(message)}`, Deno.stderr);
}

/** Listens to signals from now on. SIGHUP reloads the configuration if `reloads`, else it stops. */
async function operator(reloads: boolean): Promise<Operator> {
  const { Operator } = await import("./lib/app/operator.ts");
  return new Operator({ time, reloads, exit: () => Deno.exit(EXIT.stopped) });
}

/** Resolves when the operator stops the program, or after `seconds` if given. */
async function stopAsked(seconds?: number): Promise<void> {
  const asked = await operator(false);
  await asked.begin();
  const limit = seconds === undefined ? new Promise<never>(() => {}) : pause(time, seconds * 1000);
  await Promise.race([asked.stop(), limit]);
}

// Parts are loaded when they are needed: a proxy for ten thousand miners does not need the
// simulators' memory.
async function execute(command: Command): Promise<number> {
  switch (command.kind) {
    case "help":
      print(helpText(command.topic));
      return EXIT.stopped;
    case "version": {
      const { deno, v8 } = Deno.version;
      print(versionText({ deno, v8, target: Deno.build.target }));
      return EXIT.stopped;
    }
    case "misuse":
      complain(`${command.message}\nAll options: btcagent --help`);
      return EXIT.misused;
    case "completions": {
      const { completionScript } = await import("./lib/cli/completions.ts");
      print(completionScript(command.shell));
      return EXIT.stopped;
    }
    case "check": {
      const { check } = await import("./lib/app/check.ts");
      const hasColor = Deno.stdout.isTerminal() && !Deno.noColor;
      const { text, exitCode } = await check(command, VERSION, hasColor, time);
      print(text);
      return exitCode;
    }
    case "status": {
      const { statusReport } = await import("./lib/app/status_command.ts");
      const { text, exitCode } = await statusReport(command, time);
      print(text);
      return exitCode;
    }
    case "top": {
      const { top } = await import("./lib/app/top_command.ts");
      const { message, exitCode } = await top(command, time);
      if (message !== "") complain(message);
      return exitCode;
    }
    case "reload": {
      const { askForReload } = await import("./lib/app/reload_command.ts");
      const { text, exitCode } = await askForReload(command.configPath);
      if (exitCode === EXIT.stopped) print(text);
      else complain(text);
      return exitCode;
    }
    case "config": {
      const { printedConfig } = await import("./lib/config/printed.ts");
      const printed = await printedConfig(command.what, command.configPath);
      if (printed.ok) print(printed.text);
      else complain(printed.message);
      return printed.ok ? EXIT.stopped : EXIT.misused;
    }
    case "notify": {
      const { testChannels } = await import("./lib/app/notify_command.ts");
      const { text, exitCode } = await testChannels(command.configPath, time);
      if (exitCode === EXIT.misused) complain(text);
      else print(printableLines(text));
      return exitCode;
    }
    case "history": {
      const { runHistoryCommand } = await import("./lib/app/history_command.ts");
      const { text, exitCode } = await runHistoryCommand(command, time, write);
      if (exitCode !== EXIT.stopped) complain(text);
      else if (text !== "") print(printableLines(text));
      return exitCode;
    }
    case "run": {
      // First, so that a signal during the start counts.
      const wishes = await operator(true);
      const { run } = await import("./lib/app/run.ts");
      return await run(command, VERSION, wishes, time);
    }
    case "demo": {
      const { demo } = await import("./lib/app/demo.ts");
      return await demo(command, VERSION, stopAsked, time);
    }
    case "simulate": {
      const { simulate } = await import("./lib/app/simulate.ts");
      return await simulate(command, stopAsked, time);
    }
  }
}

Deno.exit(await execute(parseArguments(Deno.args)));
