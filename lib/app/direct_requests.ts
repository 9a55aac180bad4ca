/**
 * Requests to a status server go straight to it: proxies in the environment are for pools, and
 * Deno would use them for every address, also on this machine.
 */

/** The variables that Deno reads. */
const VARIABLES = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/** Has this process use no proxy for `http://` from now on. To be called before the first request. */
export function requestDirectly(): void {
  for (const name of VARIABLES) {
    const { state } = Deno.permissions.querySync({ name: "env", variable: name });
    // What this process may not read it cannot change either.
    if (state === "granted") Deno.env.delete(name);
  }
}
