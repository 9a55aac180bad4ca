/**
 * `deno task wasm`: writes the modules of share_modules.ts into lib/bitcoin/share_wasm.ts. A test
 * fails if that was forgotten after a change.
 */

import { scalarModule, simdModule } from "./share_modules.ts";

/** The file that holds the modules. */
export const WASM_FILE = new URL("../../lib/bitcoin/share_wasm.ts", import.meta.url);

/** The text of that file. */
export function wasmFileText(): string {
  return `/**
 * Double SHA-256 of shares as WebAssembly, in base64. Written by \`deno task wasm\` from
 * scripts/wasm; not to be edited.
 */

/** Hashes one share, and prepares jobs; has the memory. */
export const SCALAR_WASM =
  ${literal(scalarModule())};

/** Hashes four shares at once. */
export const SIMD_WASM =
  ${literal(simdModule())};
`;
}

function literal(module: Uint8Array): string {
  return `"${module.toBase64()}"`;
}

if (import.meta.main) Deno.writeTextFileSync(WASM_FILE, wasmFileText());
