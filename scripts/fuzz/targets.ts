/**
 * All fuzz targets.
 */

import { AGENT_FRAMES } from "./agent_frames.ts";
import { MINER_LINES } from "./miner_lines.ts";
import { CONFIG_FILES, NAMES, PROXY_ADDRESSES } from "./operator_texts.ts";
import { POOL_STREAM } from "./pool_stream.ts";
import { PROXY_HEADER } from "./proxy_header.ts";
import { SHARE_LINES } from "./share_lines.ts";
import { STATUS_HTTP } from "./status_http.ts";
import { STRATUM_POOL } from "./stratum_pool.ts";
import { SV2_FRAMES } from "./sv2_frames.ts";
import { SV2_MESSAGES } from "./sv2_messages.ts";
import type { FuzzTarget } from "./target.ts";

/** All targets, in the order of the list. */
export const TARGETS: readonly FuzzTarget[] = [
  MINER_LINES,
  POOL_STREAM,
  STRATUM_POOL,
  AGENT_FRAMES,
  SV2_FRAMES,
  SV2_MESSAGES,
  SHARE_LINES,
  STATUS_HTTP,
  CONFIG_FILES,
  NAMES,
  PROXY_ADDRESSES,
  PROXY_HEADER,
];

/** The target of this name; `undefined` if there is none. */
export function targetNamed(name: string): FuzzTarget | undefined {
  return TARGETS.find((target) => target.name === name);
}
