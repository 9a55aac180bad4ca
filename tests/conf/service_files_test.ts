/** The files that start btcagent elsewhere, as far as the programs that read them can check them. */

import assert from "node:assert/strict";
import { parse } from "node:path";
import { readConfig } from "../../lib/config/read.ts";
import { mayServe, statusAddress } from "../../lib/config/status_address.ts";
import { DRAIN_TIMEOUT_MS } from "../../lib/app/proxy.ts";
import { ask } from "../support/ask_program.ts";

const CONF = new URL("../../conf/", import.meta.url).pathname;

const hasSystemd = await ask("systemd-analyze", "--version") !== undefined;
const hasHaproxy = await ask("haproxy", "-v") !== undefined;
const hasPromtool = await ask("promtool", "--version") !== undefined;

Deno.test({
  name: "systemd rates the service's exposure 2.5 or better",
  ignore: !hasSystemd,
  async fn() {
    const [, text] = (await ask(
      "systemd-analyze",
      "security",
      "--offline=true",
      `${CONF}btcagent.service`,
    ))!;
    const level = Number(/exposure level for \S+: ([\d.]+)/.exec(text)?.[1]);
    assert.ok(level <= 2.5, text);
  },
});

Deno.test({
  name: "systemd finds no mistake in the units but that the program is not installed here",
  ignore: !hasSystemd,
  async fn() {
    const folder = await Deno.makeTempDir();
    for (const unit of ["btcagent.service", "btcagent@.service"]) {
      const text = (await Deno.readTextFile(CONF + unit))
        .replace("/usr/bin/btcagent", "/bin/true").replace(/^Documentation=.*\n/m, "");
      await Deno.writeTextFile(`${folder}/${unit}`, text);
      const instance = unit.replace("@", "@north");
      if (instance !== unit) await Deno.copyFile(`${folder}/${unit}`, `${folder}/${instance}`);
      const [code, said] = (await ask("systemd-analyze", "verify", `${folder}/${instance}`))!;
      // This machine's other units may have mistakes of their own.
      const ours = said.split("\n").filter((line) => line.includes("btcagent"));
      assert.deepEqual([code, ours], [0, []]);
    }
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test("the template unit is the unit, but for its instance", async () => {
  const settings = async (name: string) =>
    (await Deno.readTextFile(CONF + name)).split("\n").filter((line) => !line.startsWith("#"));
  const template = (await settings("btcagent@.service")).join("\n")
    .replace(" (%i)", "").replace("/%i.jsonc", "/agent.jsonc").replaceAll(
      "btcagent/%i",
      "btcagent",
    );
  assert.equal(template, (await settings("btcagent.service")).join("\n"));
});

Deno.test("the folder of the history is the service's own, and nobody else may look into it", async () => {
  const unit = await Deno.readTextFile(`${CONF}btcagent.service`);
  assert.match(unit, /^StateDirectory=btcagent\nStateDirectoryMode=0700$/m);
  // The user of the image has it from the .deb; the rest of the container is read-only.
  assert.match(await Deno.readTextFile(`${CONF}compose.yml`), /- state:\/var\/lib\/btcagent\n/);
});

Deno.test("service managers wait longer at a stop than btcagent waits for verdicts", async () => {
  for (
    const [file, pattern] of [
      ["btcagent.service", /^TimeoutStopSec=(\d+)$/m],
      ["supervisor.conf", /^stopwaitsecs=(\d+)$/m],
      ["openwrt/btcagent.init", /term_timeout (\d+)$/m],
      ["compose.yml", /stop_grace_period: (\d+)s$/m],
      ["kubernetes.yml", /terminationGracePeriodSeconds: (\d+)$/m],
    ] as const
  ) {
    const seconds = Number(pattern.exec(await Deno.readTextFile(CONF + file))?.[1]);
    assert.ok(seconds * 1000 >= DRAIN_TIMEOUT_MS + 5_000, `${file}: ${seconds}`);
  }
});

Deno.test({
  name: "HAProxy takes its configuration",
  ignore: !hasHaproxy,
  async fn() {
    const [code, text] = (await ask("haproxy", "-c", "-f", `${CONF}haproxy.cfg`))!;
    assert.equal(code, 0, text);
    assert.doesNotMatch(text, /WARNING|ALERT/);
  },
});

Deno.test({
  name: "Prometheus takes its configuration, alerts included",
  ignore: !hasPromtool,
  async fn() {
    const folder = await Deno.makeTempDir();
    for (const file of ["prometheus.yml", "alerts.yml"]) {
      await Deno.copyFile(CONF + file, `${folder}/${file}`);
    }
    await Deno.writeTextFile(`${folder}/token`, "secret");
    const [code, text] = (await ask("promtool", "check", "config", `${folder}/prometheus.yml`))!;
    assert.equal(code, 0, text);
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test("Kubernetes asks for health where the configuration beside it serves the status", async () => {
  const text = await Deno.readTextFile(`${CONF}kubernetes.yml`);
  const [, indented] = /^ {2}agent\.jsonc: \|\n((?: {4}.*\n)+)/m.exec(text)!;
  const result = readConfig(indented!.replaceAll(/^ {4}/gm, ""));
  assert.ok(result.ok, JSON.stringify(result));
  const { port, hostname } = statusAddress(result.config)!;
  assert.equal(hostname, "0.0.0.0", "the kubelet comes from elsewhere");
  assert.ok(mayServe({ port, hostname }, result.config));
  assert.ok(text.includes(`{ name: status, containerPort: ${port} }`));
  assert.match(text, /readinessProbe:\n +httpGet: \{ path: \/healthz, port: status \}/);
  // Restarts would take the miners' connections: it is asked for nothing else.
  assert.doesNotMatch(text, /livenessProbe/);
});

Deno.test("HAProxy asks for health, which needs no token, and not by opening miners' connections", async () => {
  const text = await Deno.readTextFile(`${CONF}haproxy.cfg`);
  assert.match(text, /^ {2}option httpchk GET \/healthz$/m);
  assert.match(text, /^ {2}default-server send-proxy-v2 check port 9999 /m);
  // The status server does not speak that protocol; with a port of its own a check has no header.
  assert.doesNotMatch(text, /check-send-proxy/);
});

Deno.test("OpenWrt's script is sh", async () => {
  const [code, text] = (await ask("sh", "-n", `${CONF}openwrt/btcagent.init`))!;
  assert.equal(code, 0, text);
});

Deno.test("the files that others are told to mount are there", async () => {
  const compose = await Deno.readTextFile(`${CONF}compose.yml`);
  const mounted = [...compose.matchAll(/- \.\/(\S+?):/g)].map(([, file]) => file!);
  // What the operator writes.
  const own = ["agent.jsonc", "token"];
  for (const file of mounted.filter((file) => !own.includes(file))) {
    assert.ok((await Deno.stat(CONF + file)).isFile, parse(file).base);
  }
  assert.ok(mounted.length >= 4);
});
