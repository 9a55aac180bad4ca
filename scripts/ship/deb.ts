/**
 * The package for Debian, Ubuntu and their derivatives.
 */

import { createHash } from "node:crypto";
import { HELP_TOPICS } from "../../lib/cli/command.ts";
import { run } from "./command.ts";
import { placePages } from "./pages.ts";
import { VERSION } from "./start_flags.ts";
import type { PackOptions } from "./tarball.ts";
import { copy, filesUnder, fill, place, placeConf, settleModes } from "./tree.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const HERE = new URL("./", import.meta.url).pathname;

/** The maintainer of the package: from the variables of Debian's own tools, else a placeholder. */
const MAINTAINER = `${Deno.env.get("DEBFULLNAME") ?? "the btcagent authors"} ` +
  `<${Deno.env.get("DEBEMAIL") ?? "btcagent@example.org"}>`;

/** Where each shell searches for completions. */
const COMPLETIONS = {
  bash: "usr/share/bash-completion/completions/btcagent",
  zsh: "usr/share/zsh/vendor-completions/_btcagent",
  fish: "usr/share/fish/vendor_completions.d/btcagent.fish",
} as const;

/** What Debian has under a name of its own, by its name here. */
const OTHER_NAMES = { "CHANGELOG.md": "CHANGELOG.md.gz", LICENSE: "copyright" };

const SCRIPTS = ["postinst", "prerm", "postrm"];
const UNITS = ["btcagent.service", "btcagent@.service"];

/** Packs it, the same bytes for the same input. Returns the path. */
export async function packDeb(options: PackOptions): Promise<string> {
  const { platform, payload, work, out, epoch } = options;
  const root = `${work}/deb-${platform.debian}`;
  const doc = `${root}/usr/share/doc/btcagent`;
  await Deno.mkdir(`${root}/usr/lib`, { recursive: true });
  await Deno.mkdir(`${root}/usr/bin`, { recursive: true });
  await run(["cp", "-r", payload, `${root}/usr/lib/btcagent`]);
  await Deno.symlink("../lib/btcagent/btcagent", `${root}/usr/bin/btcagent`);
  await place(`${root}/etc/btcagent/agent.jsonc`, await serviceConfig());
  await copy(`${ROOT}conf/agent.schema.json`, `${root}/etc/btcagent/agent.schema.json`);
  for (const unit of UNITS) await copy(`${ROOT}conf/${unit}`, `${root}/lib/systemd/system/${unit}`);
  for (const [shell, path] of Object.entries(COMPLETIONS)) {
    await place(`${root}/${path}`, await ownOutput(["completions", shell]));
  }
  await placeGzipped(`${root}/usr/share/man/man1/btcagent.1.gz`, await manPage(epoch));
  await placeConf(doc);
  await placePages(doc, OTHER_NAMES);
  await placeGzipped(`${doc}/CHANGELOG.md.gz`, await Deno.readTextFile(`${ROOT}CHANGELOG.md`));
  await placeGzipped(
    `${doc}/changelog.gz`,
    fill(await Deno.readTextFile(`${HERE}debian/changelog`), {
      VERSION,
      MAINTAINER,
      DATE: rfc2822(epoch),
    }),
  );
  await copy(`${HERE}debian/copyright`, `${doc}/copyright`);
  await copy(`${HERE}debian/lintian-overrides`, `${root}/usr/share/lintian/overrides/btcagent`);
  await settleModes(root);
  await placeControl(root, platform.debian);

  const path = `${out}/btcagent_${VERSION}_${platform.debian}.deb`;
  await run(["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", root, path], {
    env: { SOURCE_DATE_EPOCH: String(epoch) },
  });
  return path;
}

/** Writes the files that dpkg itself reads. */
async function placeControl(root: string, architecture: string): Promise<void> {
  const files = await filesUnder(root);
  let bytes = 0;
  const sums: string[] = [];
  for (const file of files) {
    const content = await Deno.readFile(`${root}/${file}`);
    bytes += content.length;
    sums.push(`${createHash("md5").update(content).digest("hex")}  ${file}\n`);
  }
  const etc = files.filter((file) => file.startsWith("etc/"));
  const template = await Deno.readTextFile(`${HERE}debian/control`);
  const control = fill(template, {
    VERSION,
    MAINTAINER,
    ARCHITECTURE: architecture,
    SIZE: String(Math.ceil(bytes / 1024)),
  });
  await place(`${root}/DEBIAN/control`, control);
  await place(`${root}/DEBIAN/conffiles`, etc.map((file) => `/${file}\n`).join(""));
  await place(`${root}/DEBIAN/md5sums`, sums.join(""));
  for (const name of SCRIPTS) {
    await copy(`${HERE}debian/${name}`, `${root}/DEBIAN/${name}`, 0o755);
  }
}

/** Files of the service, in places where it may write: what the example has, and instead of it. */
const SERVICE_FILES: readonly (readonly [before: RegExp, after: string])[] = [
  [/\/\/ "pid_file": .*/, `"pid_file": "/run/btcagent/agent.pid",`],
  [/\/\/ "state_file": .*/, `"state_file": "/var/lib/btcagent/agent.state.json",`],
  [/(?<="history": \{\n +)"path": ""/, `"path": "/var/lib/btcagent/history.sqlite"`],
];

/** Returns the example configuration with the files of the service. */
async function serviceConfig(): Promise<string> {
  let config = await Deno.readTextFile(`${ROOT}conf/agent.example.jsonc`);
  for (const [before, after] of SERVICE_FILES) {
    if (!before.test(config)) {
      throw new Error(`Cannot set ${after}: conf/agent.example.jsonc has none`);
    }
    config = config.replace(before, after);
  }
  return config;
}

async function manPage(epoch: number): Promise<string> {
  const commands: string[] = [];
  for (const topic of HELP_TOPICS) {
    const help = manText(await ownOutput(["help", ...topic.split(" ")]));
    commands.push(`.SH BTCAGENT ${topic.toUpperCase()}\n.nf\n${help}\n.fi`);
  }
  return fill(await Deno.readTextFile(`${HERE}btcagent.1`), {
    VERSION,
    DATE: new Date(epoch * 1000).toISOString().slice(0, 10),
    HELP: manText(await ownOutput(["help"])),
    COMMANDS: commands.join("\n"),
  });
}

/** Escapes a text for roff, so that it is shown unchanged. */
function manText(text: string): string {
  return text.trimEnd().replaceAll("\\", "\\e").replaceAll("-", "\\-")
    .replace(/^(?=[.'])/gm, "\\&");
}

/** Returns what btcagent itself prints for these arguments. */
function ownOutput(args: readonly string[]): Promise<string> {
  return run([Deno.execPath(), "run", "--quiet", "--no-check", `${ROOT}main.ts`, ...args], {
    env: { NO_COLOR: "1" },
  });
}

/** Writes a text compressed, without a name or time. */
async function placeGzipped(path: string, text: string): Promise<void> {
  const plain = path.replace(/\.gz$/, "");
  await place(plain, text);
  await run(["gzip", "-9n", plain]);
}

/** Formats a time as `date -R` does. */
function rfc2822(epoch: number): string {
  return new Date(epoch * 1000).toUTCString().replace("GMT", "+0000");
}
