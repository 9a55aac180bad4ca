/**
 * A machine of its own to install things on: this one's files, copied when written to, and a
 * network of loopback alone. Nothing of it is left afterwards.
 *
 * Needs the rights of root, and a kernel that lets them lay one file system over another.
 */

import { type Ended, outcome, run } from "../../scripts/ship/command.ts";

/** Waits for its parent to close the pipe; its namespaces are the machine, and end with it. */
const HOLD = `
set -e
ip link set lo up
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
mount -t tmpfs tmpfs "$1/root/tmp"
mount -t tmpfs tmpfs "$1/root/run"
# Nobody helps out: what comes with the package has to do.
rm -rf "$1/root/usr/local/bin/deno" "$1/root/usr/bin/node" "$1/root/usr/bin/npm"
echo ready
cat
`;

/** Whether such a machine can be had here. */
export async function canIsolate(): Promise<boolean> {
  try {
    await using _ = await Root.start();
    return true;
  } catch {
    return false;
  }
}

/** See the head of this file. */
export class Root {
  readonly #holder: Deno.ChildProcess;
  readonly #folder: string;

  private constructor(holder: Deno.ChildProcess, folder: string) {
    this.#holder = holder;
    this.#folder = folder;
  }

  /** Makes one. */
  static async start(): Promise<Root> {
    const folder = await Deno.makeTempDir();
    const holder = new Deno.Command("unshare", {
      args: [
        ...["--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private"],
        ...["sh", "-c", HOLD, "sh", folder],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const root = new Root(holder, folder);
    for await (const bytes of holder.stdout) {
      if (new TextDecoder().decode(bytes).includes("ready")) return root;
    }
    await root[Symbol.asyncDispose]();
    throw new Error("No machine of its own can be had here");
  }

  /** The command that runs `command` on it. */
  inside(command: readonly string[]): string[] {
    const { pid } = this.#holder;
    // The mounts are the holder's own, but the holder itself is outside of the processes it holds.
    const enter = ["nsenter", `--pid=/proc/${pid}/ns/pid_for_children`];
    enter.push("--target", String(pid), "--mount", "--net");
    return ["timeout", "120", ...enter, "chroot", `${this.#folder}/root`, ...command];
  }

  /** Runs a shell script on it. @throws Error with its stderr if it fails */
  sh(script: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    return run(this.inside(["sh", "-ec", script]), { env: { HOME: "/root", ...env } });
  }

  /** Runs a shell script on it, however it ends. */
  try(script: string): Promise<Ended> {
    return outcome(this.inside(["sh", "-c", script]), { env: { HOME: "/root" } });
  }

  /** Puts a file on it. */
  async put(path: string, content: Uint8Array | string): Promise<void> {
    const [command = "", ...args] = this.inside(["tee", path]);
    const child = new Deno.Command(command, {
      args,
      stdin: "piped",
      stdout: "null",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(typeof content === "string" ? new TextEncoder().encode(content) : content);
    await writer.close();
    const { success } = await child.status;
    if (!success) throw new Error(`Cannot write ${path}`);
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder.stdin.close().catch(() => {});
    await this.#holder.stdout.cancel().catch(() => {});
    await this.#holder.status;
    await Deno.remove(this.#folder, { recursive: true });
  }
}
