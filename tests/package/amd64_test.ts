/** The packages for x86_64: built twice, installed, run, upgraded, removed; all without network. */

import assert from "node:assert/strict";
import { sha256 } from "../../scripts/ship/checksums.ts";
import { HELP_TOPICS } from "../../lib/cli/command.ts";
import { helpText } from "../../lib/cli/help.ts";
import { outcome, run } from "../../scripts/ship/command.ts";
import { VERSION } from "../../scripts/ship/start_flags.ts";
import { buildPackages } from "./build.ts";
import { canIsolate, Root } from "./root.ts";

const DEB = `btcagent_${VERSION}_amd64.deb`;
const TARBALL = `btcagent-${VERSION}-linux-x86_64.tar.gz`;

const hasLintian = await run(["lintian", "--version"]).then(() => true, () => false);
const isIsolated = await canIsolate();
const out = Deno.build.arch === "x86_64" ? await buildPackages("x86_64") : undefined;
const ignore = out === undefined;

globalThis.addEventListener("unload", () => {
  if (out !== undefined) Deno.removeSync(out, { recursive: true });
});

/** The configuration the package comes with, edited for the simulated pool on this port. */
function configFor(packaged: string, pool: number, port: number): string {
  return packaged
    .replace(/"pools": \[[^}]*?\n {2}\],/, `"pools": [["127.0.0.1", ${pool}, "demo"]], // edited`)
    .replace(`"agent_listen_port": 3333`, `"agent_listen_port": ${port}`);
}

/** Runs the installed agent as its user between a simulated pool and miners, and stops it. */
const MINE = `
cd /
install -d -o btcagent -g btcagent /run/btcagent # as RuntimeDirectory= of the unit has it
# As the Go agent's own unit starts it: root, in a folder of its own.
mkdir /opt/farm && cd /opt/farm
timeout -s TERM 5 btcagent -c /etc/btcagent/agent.jsonc -l $PWD/log 2>/dev/null || true
grep -q Stopped /opt/farm/log/btcagent.log
cd /
btcagent simulate pool --port 18888 >/tmp/pool.log 2>&1 & pool=$!
setpriv --reuid btcagent --regid btcagent --clear-groups \\
  btcagent -c /etc/btcagent/agent.jsonc -l /var/log/btcagent 2>/tmp/agent.log & agent=$!
for _ in $(seq 100); do grep -q 'serves miners' /tmp/agent.log && break; sleep 0.2; done
btcagent simulate miners --connect 127.0.0.1:13333 --count 5 >/tmp/miners.log 2>&1 & miners=$!
for _ in $(seq 100); do grep -q ' [1-9][0-9]* accepted' /tmp/miners.log && break; sleep 0.2; done
bash -c 'exec 3<>/dev/tcp/127.0.0.1/9999
  printf "GET / HTTP/1.0\\r\\nHost: 127.0.0.1:9999\\r\\n\\r\\n" >&3; cat <&3' >/tmp/page.html
btcagent reload -c /etc/btcagent/agent.jsonc
for _ in $(seq 100); do grep -q 'read again' /tmp/agent.log && break; sleep 0.2; done
kill -TERM $agent; wait $agent && code=0 || code=$?
kill -TERM $pool $miners; wait $pool || true; wait $miners || true
cat /tmp/agent.log
[ $code = 0 ]
`;

/** Shares accepted according to the agent's last line. */
function acceptedIn(log: string): number {
  return Number(/Stopped: .* (\d+) accepted/.exec(log)?.[1]);
}

Deno.test({
  name: "two builds of the packages are the same bytes",
  ignore,
  async fn() {
    const again = await buildPackages("x86_64");
    try {
      for (const name of [DEB, TARBALL]) {
        assert.equal(await sha256(`${again}/${name}`), await sha256(`${out}/${name}`), name);
      }
      await run(["sha256sum", "--check", "SHA256SUMS"], { cwd: again });
    } finally {
      await Deno.remove(again, { recursive: true });
    }
  },
});

Deno.test({
  name: "lintian finds no error in the .deb",
  ignore: ignore || !hasLintian,
  async fn() {
    // 2 is lintian's code for tags at --fail-on.
    const { code, stdout, stderr } = await outcome([
      "lintian",
      "--allow-root",
      "--fail-on=error",
      `${out}/${DEB}`,
    ]);
    assert.equal(code, 0, stdout + stderr);
  },
});

Deno.test({
  name: "the tarball mines on a machine without network, npm, Deno or home folder",
  ignore: ignore || !isIsolated,
  async fn() {
    await using root = await Root.start();
    await root.put("/tmp/a.tar.gz", await Deno.readFile(`${out}/${TARBALL}`));
    await root.sh("mkdir /opt/a && tar -xzf /tmp/a.tar.gz -C /opt/a --strip-components=1");
    const version = await root.sh("cd / && /opt/a/btcagent --version");
    assert.match(version, new RegExp(`^btcagent ${VERSION}\n`));
    const demo = await root.sh("cd / && /opt/a/btcagent demo --seconds 5 --miners 10", {
      HOME: "/nonexistent",
    });
    assert.match(demo, /[1-9]\d* accepted, 0 rejected/);
    assert.match(await root.sh("ls /opt/a/conf"), /agent\.example\.jsonc/);
  },
});

Deno.test({
  name: "the .deb installs, starts nothing, mines, upgrades, is removed and purged",
  ignore: ignore || !isIsolated,
  async fn() {
    await using root = await Root.start();
    await root.put("/tmp/a.deb", await Deno.readFile(`${out}/${DEB}`));
    const said = await root.sh("dpkg -i /tmp/a.deb 2>&1");
    assert.match(said, /put your sub-account into \/etc\/btcagent\/agent\.jsonc/);
    assert.equal(
      await root.sh("stat -c '%U %a' /var/log/btcagent; getent passwd btcagent | cut -d: -f7"),
      "btcagent 750\n/usr/sbin/nologin\n",
    );
    // Names of customers' workers are kept there.
    const kept = "stat -c '%U %a' /var/lib/btcagent";
    assert.equal(await root.sh(kept), "btcagent 700\n");
    const secrets = `cd /etc/btcagent; cp agent.jsonc north.jsonc
      stat -c '%U %G %a' agent.jsonc north.jsonc; rm north.jsonc`;
    const readable = "root btcagent 640\n";
    assert.equal(await root.sh(secrets), readable + readable);
    assert.equal((await root.try("pgrep -u btcagent")).code, 1, "nothing runs");
    assert.match(await root.sh("cd / && btcagent --version"), new RegExp(`btcagent ${VERSION}\n`));
    const page = await root.sh("zcat /usr/share/man/man1/btcagent.1.gz");
    const shown = page.replaceAll("\\-", "-").replaceAll("\\&", "").replaceAll("\\e", "\\");
    for (const topic of [undefined, ...HELP_TOPICS]) {
      assert.ok(shown.includes(helpText(topic)), topic);
    }
    await root.sh("bash -n /usr/share/bash-completion/completions/btcagent");

    const packaged = await root.sh("cat /etc/btcagent/agent.jsonc");
    await root.put("/etc/btcagent/agent.jsonc", configFor(packaged, 18888, 13333));
    const log = await root.sh(MINE);
    assert.ok(acceptedIn(log) > 0);
    assert.match(log, /Configuration .* read again/);
    assert.match(await root.sh("cat /var/log/btcagent/btcagent.log"), /Stopped: /);
    assert.match(await root.sh("cat /tmp/page.html"), /^HTTP\/1\.\d 200 .*<html.*<script/s);
    const history = await root.sh(`cd /var/lib/btcagent
      stat -c '%U %a' history.sqlite && head -c 15 history.sqlite`);
    assert.equal(history, "btcagent 600\nSQLite format 3");
    assert.doesNotMatch(log, /[Hh]istory/, "nothing is wrong with it");

    // The next version: the same, but for its number and the configuration it comes with.
    await root.sh(`
      chmod 0750 /var/lib/btcagent # as older versions had it
      dpkg-deb --raw-extract /tmp/a.deb /tmp/next
      sed -i 's/^Version: .*/Version: 999/' /tmp/next/DEBIAN/control
      echo '// changed by the maintainer' >> /tmp/next/etc/btcagent/agent.jsonc
      dpkg-deb -Znone --build /tmp/next /tmp/next.deb >/dev/null
      dpkg --force-confold -i /tmp/next.deb 2>&1
    `);
    assert.match(await root.sh("dpkg-query -W btcagent"), /\t999/);
    assert.match(await root.sh("cat /etc/btcagent/agent.jsonc"), /edited/);
    assert.equal(await root.sh(kept), "btcagent 700\n");
    assert.equal(await root.sh(secrets), readable + readable);
    assert.ok(acceptedIn(await root.sh(MINE)) > 0);

    await root.sh("dpkg --remove btcagent 2>&1");
    assert.equal((await root.try("command -v btcagent")).stdout, "");
    assert.match(
      await root.sh("ls /etc/btcagent /var/log/btcagent"),
      /agent\.jsonc\n.*btcagent\.log/s,
    );
    await root.sh("dpkg --purge btcagent 2>&1");
    const left =
      "ls -d /etc/btcagent /var/log/btcagent /var/cache/btcagent /var/lib/btcagent /usr/lib/btcagent";
    assert.equal((await root.try(`${left} 2>/dev/null`)).stdout, "");
  },
});
