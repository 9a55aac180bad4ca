/**
 * Fuzz targets for texts: configuration files, names, addresses of proxies.
 */

import assert from "node:assert/strict";
import { parseNetwork } from "../../lib/base/cidr.ts";
import { parseProxyAddress } from "../../lib/base/proxy_address.ts";
import { formatProblems, formatRemark } from "../../lib/config/problem.ts";
import { readConfig } from "../../lib/config/read.ts";
import {
  decodeAgentFrame,
  encodeRegister,
  MAX_REGISTER_BYTES,
} from "../../lib/protocol/agent/message.ts";
import { registeredNames } from "../../lib/protocol/agent/names.ts";
import { splitUserName } from "../../lib/protocol/stratum/worker_name.ts";
import { type Dice, type FuzzTarget, joined, jsonValue, mutate } from "./target.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  advanced: ["pool_connection_number_per_subaccount", "io_engine", "share_batch_window_ms"],
  limits: ["max_miners", "ban_seconds", "allow", "deny", "max_line_bytes", "login_timeout_second"],
  tls: ["ca_file", "certificate_sha256"],
  log: ["level", "format"],
  outage: ["grace_seconds"],
};

const KEYS = [
  "multi_user_mode",
  "agent_type",
  "always_keep_downconn",
  "agent_listen_ip",
  "agent_listen_port",
  "proxy",
  "use_proxy",
  "pool_use_tls",
  "pools",
  "listen",
  "use_iocp",
  "http_debug",
  "pool",
  "Pools",
  "__proto__",
  "constructor",
  "ip_worker_name_format",
  "fixed_worker_name",
];

function setting(dice: Dice): string {
  if (dice.oneIn(3)) {
    const name = dice.pick(Object.keys(GROUPS));
    const members = dice.many(3, () => `"${dice.pick(GROUPS[name]!)}": ${value(dice)}`);
    return `"${name}": {${members.join(", ")}}`;
  }
  return `"${dice.pick(KEYS)}": ${value(dice)}`;
}

function value(dice: Dice): string {
  switch (dice.below(8)) {
    case 0:
      return '[["us.ss.btc.com", 1800, "me"]]';
    case 1:
      return `[${dice.many(3, () => `"${proxyText(dice)}"`).join(", ")}]`;
    case 2:
      return `["10.0.0.0/${dice.below(40)}", "fd00::/${dice.below(140)}"]`;
    case 3:
      return dice.pick(["true", "false", "3333", "65536", '"0.0.0.0"', '"[::1]"', '"btc"']);
    default:
      return jsonValue(dice);
  }
}

/** Fuzz target: configuration files. */
export const CONFIG_FILES: FuzzTarget = {
  name: "config-files",

  generate(dice) {
    const settings = dice.many(6, () => setting(dice));
    if (!dice.oneIn(4)) settings.push('"pools": [["us.ss.btc.com", 1800, "me"]]');
    const gap = dice.pick([" ", "\n", " // note\n", " /* note */ ", "\r\n", "\u00a0"]);
    return mutate(dice, encoder.encode(`{${gap}${settings.join("," + gap)}${gap}}`));
  },

  run(input) {
    const result = readConfig(decoder.decode(input));
    if (result.ok) {
      assert.ok(result.config.pools.length > 0 && result.config.limits.ban_seconds >= 1);
      for (const network of result.config.limits.deny) assert.ok(parseNetwork(network));
      for (const remark of result.remarks) formatRemark("x", remark);
      return;
    }
    assert.ok(result.problems.length > 0, "what is refused is refused with a reason");
    const text = formatProblems("x", result.problems);
    assert.ok(!/undefined|\[object/.test(text.replace(/"[^"]*"/g, "")), text);
    for (const { line, column, wanted } of result.problems) {
      assert.ok(line >= 1 && column >= 1 && wanted !== "");
    }
  },
};

const NAME_PARTS = [
  "farm",
  ".",
  "..",
  "rig",
  "nicehash/",
  "NiceHash/",
  "\0",
  "\x1b[2J",
  "\u2028",
  "矿",
  "😀",
  "|",
  "^",
  "/",
  " ",
  "x".repeat(64),
  "y".repeat(200),
  "__default__",
];

/** Fuzz target: user names and client agents. */
export const NAMES: FuzzTarget = {
  name: "names",

  generate(dice) {
    const name = () => dice.many(5, () => dice.pick(NAME_PARTS)).join("");
    const both = joined(encoder.encode(name()), Uint8Array.of(0x0a), encoder.encode(name()));
    return mutate(dice, both);
  },

  run(input) {
    const [user = "", agent = ""] = decoder.decode(input).split("\n");
    const { account, workerName } = splitUserName(user);
    assert.match(account, /^[A-Za-z0-9\-_:|^/]*$/);
    assert.ok(account.length <= user.length);
    const names = registeredNames(agent, workerName);
    assert.match(names.workerName, /^[A-Za-z0-9\-._:|^/]{1,50}$/);
    assert.match(names.clientAgent, /^[A-Za-z0-9\-._:|^/]{0,30}$/);
    assert.ok(!/^nicehash\//i.test(names.clientAgent));
    const frame = encodeRegister(0xfffe, names.clientAgent, names.workerName);
    assert.ok(frame.length <= MAX_REGISTER_BYTES);
    const message = decodeAgentFrame(frame);
    assert.ok(message?.kind === "register" && message.workerName === names.workerName);
  },
};

const PROXY_PARTS = [
  "socks5://",
  "socks5h://",
  "http://",
  "HTTPS://",
  "://",
  "user",
  ":",
  "pass%20word",
  "%",
  "%zz",
  "@",
  "10.0.0.1",
  "[::1]",
  "[fe80::1%25eth0]",
  "proxy.example",
  ":1080",
  ":0",
  ":65536",
  "/",
  "?x",
  "#",
  " ",
  "\t",
  "\0",
  "é",
  "x".repeat(300),
];

function proxyText(dice: Dice): string {
  if (dice.oneIn(2)) return dice.many(6, () => dice.pick(PROXY_PARTS)).join("");
  return `${dice.pick(PROXY_PARTS.slice(0, 5))}user:pass@${dice.pick(PROXY_PARTS)}:1080`;
}

/** Fuzz target: addresses of proxies. */
export const PROXY_ADDRESSES: FuzzTarget = {
  name: "proxy-addresses",

  generate(dice) {
    return mutate(dice, encoder.encode(proxyText(dice)));
  },

  run(input) {
    const result = parseProxyAddress(decoder.decode(input));
    if (!result.ok) return assert.ok(result.found !== "");
    const { host, port, credentials } = result.proxy;
    assert.ok(host !== "" && host.length <= 253 && port >= 1 && port <= 65535);
    assert.ok(!/[\s/@]/.test(host), host);
    if (credentials === undefined) return;
    assert.ok(credentials.user !== "");
    for (const text of [credentials.user, credentials.password]) {
      assert.ok(encoder.encode(text).length <= 255);
    }
  },
};
