/**
 * Facts about every agent pool (protocol/agent/agent.md), for code that does not depend on the kind
 * of pool or detects it.
 */

/**
 * The parameters with which an agent asks a pool for its capabilities. The list within the list
 * matters: without it the public pool aborts (agent.md trap 1).
 */
export const ASKED_CAPABILITIES: readonly [readonly string[]] = [["verrol", "subres"]];

/** The only extranonce2 size with which the pool keeps miners' work apart (agent.md trap 9). */
export const AGENT_EXTRANONCE2_BYTES = 8;
