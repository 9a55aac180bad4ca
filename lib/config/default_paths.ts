/** Where a configuration is looked for if none is named, in this order. */
export const DEFAULT_CONFIG_PATHS: readonly string[] = ["conf/agent.jsonc", "agent_conf.json"];
