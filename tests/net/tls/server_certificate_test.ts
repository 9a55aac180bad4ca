/** Certificate and key as files: good ones, and what is said of the others. */

import assert from "node:assert/strict";
import {
  CannotUseCertificate,
  type CertificateFiles,
} from "../../../lib/net/tls/certificate_files.ts";
import { readServerCertificate } from "../../../lib/net/tls/server_certificate.ts";
import {
  certificateFiles,
  fingerprint,
  serverCertificate,
} from "../../support/test_certificates.ts";

Deno.test("a certificate is read with whom it is for and when it ends", async () => {
  const { names, expiresAt, fingerprint: found } = await readServerCertificate(
    certificateFiles("expired"),
  );
  assert.equal(names, "DNS:pool.test, IP Address:127.0.0.1");
  assert.equal(expiresAt, Date.UTC(2010, 0, 1));
  assert.equal(found.replaceAll(":", "").toLowerCase(), await fingerprint("expired"));
});

Deno.test("authorities in between may follow the certificate", async () => {
  const { cert, key } = serverCertificate("pool");
  const text = `${cert}\n${serverCertificate("authority").cert}`;
  await withFiles({ cert: text, key }, async (files) => {
    assert.match((await readServerCertificate(files)).names, /^DNS:pool\.test/);
  });
});

const POOL = serverCertificate("pool");
const OTHER = serverCertificate("elsewhere");
const SCRATCHED = POOL.cert.replace(/(?<=\n)[A-Za-z0-9]{4}/, "AAAA");

for (
  const [what, cert, key, found] of [
    ["no PEM", "what is this", POOL.key, /cert_file \(\S+\): found no line -----BEGIN CERTIFICATE/],
    ["an empty file", "", POOL.key, /cert_file .*: found no line -----BEGIN CERTIFICATE/],
    ["the key in its place", POOL.key, POOL.key, /cert_file .*: found no line -----BEGIN CERT/],
    [
      "a certificate as the key",
      POOL.cert,
      POOL.cert,
      /key_file .*: found no line -----BEGIN PRIV/,
    ],
    [
      "a scratched certificate",
      SCRATCHED,
      POOL.key,
      /cert_file \(\S+\): .+; have a new one issued/,
    ],
    [
      "a scratched key",
      POOL.cert,
      POOL.key.replace(/(?<=\n)[A-Za-z0-9]{4}/, "AAAA"),
      /key_file \(\S+\): .+; have a new one issued/,
    ],
    [
      "an encrypted key",
      POOL.cert,
      POOL.key.replaceAll("PRIVATE", "ENCRYPTED PRIVATE"),
      /key_file \(\S+\): the key is encrypted; remove the pass phrase/,
    ],
    [
      "the key of another certificate",
      POOL.cert,
      OTHER.key,
      /key_file \(\S+\): it is not the key of .*DNS:pool\.test.*; name the two files/,
    ],
    [
      "the authority's certificate first",
      `${serverCertificate("authority").cert}\n${POOL.cert}`,
      POOL.key,
      /not the key .*with the server's own certificate before those of authorities/,
    ],
    ["1 MB of something", "x".repeat(1_100_000), POOL.key, /cert_file .*: it has 1100000 bytes/],
  ] as const
) {
  Deno.test(`${what} is refused with the file, what was found and what to do`, async () => {
    await withFiles({ cert, key }, async (files) => {
      await assert.rejects(
        readServerCertificate(files),
        (error) => error instanceof CannotUseCertificate && found.test(error.message),
      );
    });
  });
}

Deno.test("a path that leads to a device without an end is refused, not read for ever", async () => {
  const files = { cert_file: "/dev/zero", key_file: "/dev/zero" };
  await assert.rejects(
    readServerCertificate(files),
    (error) =>
      error instanceof CannotUseCertificate && /it is a device, wanted a file/.test(error.message),
  );
});

async function withFiles(
  { cert, key }: { cert: string; key: string },
  test: (files: CertificateFiles) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const files = { cert_file: `${folder}/cert.pem`, key_file: `${folder}/key.pem` };
    await Deno.writeTextFile(files.cert_file, cert);
    await Deno.writeTextFile(files.key_file, key);
    await test(files);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
