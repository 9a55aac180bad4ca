/** The cipher beside Node's, which is another implementation. */

import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import fc from "fast-check";
import { Cipher, MAC_BYTES } from "../../../../lib/protocol/sv2/noise/cipher.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const LAST = 2n ** 64n - 1n;

function seal(cipher: Cipher, plain: Uint8Array, associated?: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(plain.length + MAC_BYTES);
  cipher.seal(plain, sealed, associated);
  return sealed;
}

/** What Node seals with this counter. */
function nodeSeals(plain: Uint8Array, counter: bigint, associated: Uint8Array): Uint8Array {
  const nonce = new DataView(new ArrayBuffer(12));
  nonce.setBigUint64(4, counter, true);
  const options = { authTagLength: MAC_BYTES };
  const node = createCipheriv("chacha20-poly1305", KEY, new Uint8Array(nonce.buffer), options);
  node.setAAD(associated, { plaintextLength: plain.length });
  return new Uint8Array([...node.update(plain), ...node.final(), ...node.getAuthTag()]);
}

Deno.test("sealing gives Node's bytes, and opening gives the plain ones, with any counter", () => {
  const arguments_ = [
    fc.uint8Array({ maxLength: 300 }),
    fc.uint8Array({ maxLength: 40 }),
    fc.oneof(
      fc.bigInt({ min: 0n, max: LAST - 2n }),
      fc.constantFrom(0n, 0xffff_fffen, 0xffff_ffffn, 2n ** 32n, 2n ** 53n, LAST - 2n),
    ),
  ] as const;
  fc.assert(
    fc.property(...arguments_, (plain, associated, counter) => {
      const sealer = new Cipher(KEY, counter);
      const opener = new Cipher(KEY, counter);
      // The second one shows how the counter moves on.
      for (const used of [counter, counter + 1n]) {
        const sealed = seal(sealer, plain, associated);
        assert.deepEqual(sealed, nodeSeals(plain, used, associated));
        const opened = new Uint8Array(plain.length);
        assert.ok(opener.open(sealed, opened, associated));
        assert.deepEqual(opened, plain);
      }
    }),
  );
});

Deno.test("the last counter is reserved: the one before it is the last to be used", () => {
  const cipher = new Cipher(KEY, LAST - 1n);
  seal(cipher, KEY);
  const refusal = /all its counters are used up/;
  assert.throws(() => seal(cipher, KEY), refusal);
  assert.throws(() => seal(cipher, KEY), refusal);
  assert.throws(() => cipher.open(new Uint8Array(48), new Uint8Array(32)), refusal);
});

Deno.test("a key may be overwritten by its owner once the cipher has it", () => {
  const key = KEY.slice();
  const cipher = new Cipher(key);
  key.fill(0);
  assert.deepEqual(seal(cipher, KEY), nodeSeals(KEY, 0n, new Uint8Array(0)));
});

Deno.test("a key that was erased, or that failed to open something, serves nobody any more", () => {
  const sealed = seal(new Cipher(KEY), KEY);
  const erased = new Cipher(KEY);
  erased.erase();
  const failed = new Cipher(KEY);
  assert.ok(!failed.open(sealed.toReversed(), new Uint8Array(32)));
  for (const cipher of [erased, failed]) {
    assert.throws(() => seal(cipher, KEY), /it was erased/);
    assert.throws(() => cipher.open(sealed, new Uint8Array(32)), /it was erased/);
  }
});
