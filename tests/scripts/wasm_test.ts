import assert from "node:assert/strict";
import { SCALAR_WASM, SIMD_WASM } from "../../lib/bitcoin/share_wasm.ts";
import { WASM_FILE, wasmFileText } from "../../scripts/wasm/main.ts";
import { scalarModule } from "../../scripts/wasm/scalar_module.ts";
import { simdModule } from "../../scripts/wasm/simd_module.ts";

Deno.test("the WebAssembly in lib is what its source makes, byte for byte", () => {
  const advice = "run: deno task wasm";
  assert.equal(scalarModule().toBase64(), SCALAR_WASM, advice);
  assert.equal(simdModule().toBase64(), SIMD_WASM, advice);
  assert.equal(Deno.readTextFileSync(WASM_FILE), wasmFileText(), advice);
});

Deno.test("the WebAssembly is valid, and imports only its own memory", () => {
  const [scalar, simd] = [scalarModule(), simdModule()].map((bytes) => {
    return new WebAssembly.Module(bytes as BufferSource);
  });
  assert.deepEqual(WebAssembly.Module.imports(scalar!), []);
  const imports = WebAssembly.Module.imports(simd!).map(({ module, name }) => `${module}.${name}`);
  assert.deepEqual(imports, ["env.memory"]);
});
