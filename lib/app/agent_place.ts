/**
 * Where the agent is that `btcagent status` and `btcagent top` ask, and with which token.
 */

import { fileTrouble } from "../base/file_trouble.ts";
import type { WatchOptions } from "../cli/command.ts";
import { isToken, WANTED_TOKEN } from "../config/bearer_token.ts";
import { readConfigFile } from "../config/file.ts";
import { readPasswordFile } from "../config/password_file.ts";
import { formatAddress, mayServe, statusAddress } from "../config/status_address.ts";
import type { AgentPlace } from "../terminal/agent_client.ts";

/** A place, or why there is none, in a sentence with what to do. */
export type FoundPlace =
  | { readonly ok: true; readonly place: AgentPlace }
  | { readonly ok: false; readonly message: string };

/** The place that the command line names: by an address, or by a configuration. */
export async function agentPlace(
  { configPath, url, tokenFile }: WatchOptions,
): Promise<FoundPlace> {
  const found = url === undefined ? await configuredPlace(configPath) : givenPlace(url);
  if (!found.ok || tokenFile === undefined) return found;
  const read = await readPasswordFile(tokenFile);
  const trouble = !read.ok ? read.trouble : isToken(read.password) ? undefined : WANTED;
  if (trouble !== undefined) {
    return refused(`cannot use --token-file ${tokenFile}: ${trouble}; name a file with the token`);
  }
  return { ok: true, place: { ...found.place, token: read.ok ? read.password : "" } };
}

const WANTED = `its line is no token, which has ${WANTED_TOKEN}`;

function givenPlace(url: string): FoundPlace {
  const base = url.endsWith("/") ? url : `${url}/`;
  return { ok: true, place: { url: base, place: url.replace(/^https?:\/\/|\/$/g, ""), token: "" } };
}

async function configuredPlace(configPath: string | undefined): Promise<FoundPlace> {
  let file: Awaited<ReturnType<typeof readConfigFile>>;
  try {
    file = await readConfigFile(configPath, { mayLackVariables: true });
  } catch (error) {
    return refused(fileTrouble(error));
  }
  if (!file.ok) {
    return refused(
      `${file.message.trimEnd()}\nOr say where the status server is: --url http://127.0.0.1:9999`,
    );
  }
  const { config, path } = file;
  const address = statusAddress(config);
  if (address === undefined || !mayServe(address, config)) {
    return refused(
      `${path} has no status server: set status.listen, restart btcagent, and try again`,
    );
  }
  const { token, read_token: readToken } = config.status;
  const hostname = ANY[address.hostname] ?? address.hostname;
  const place = formatAddress({ ...address, hostname });
  return { ok: true, place: { url: `http://${place}/`, place, token: readToken || token } };
}

/** A server that listens on every address is asked on this machine. */
const ANY: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

function refused(message: string): FoundPlace {
  return { ok: false, message };
}
