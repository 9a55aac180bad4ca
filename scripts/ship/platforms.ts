/**
 * The machines btcagent is built for, with the names that different tools give them.
 */

/** One kind of machine. */
export interface Platform {
  /** Its name in `uname -m` and the ELF header; part of our file names. */
  readonly name: "x86_64" | "aarch64";
  /** Its name in `deno compile --target` and `Deno.build.target`. */
  readonly target: string;
  /** Its name in Debian. */
  readonly debian: "amd64" | "arm64";
  /** The stock Deno runtime on npm. */
  readonly runtime: NpmTarball;
}

/** A package of the npm registry, pinned. */
export interface NpmTarball {
  /** Its name. */
  readonly name: string;
  /** Its version, which is Deno's. */
  readonly version: string;
  /** The SHA-512 of its archive, as the registry had it when this was written. */
  readonly integrity: string;
}

/**
 * The platforms. The runtimes are Deno 2.9.6, except for aarch64, where 2.9.5 was the latest
 * available when it was pinned (the same V8). When raising one, take `dist.integrity` from `npm
 * view NAME@VERSION dist`.
 */
export const PLATFORMS: readonly Platform[] = [
  {
    name: "x86_64",
    target: "x86_64-unknown-linux-gnu",
    debian: "amd64",
    runtime: {
      name: "@deno/linux-x64-glibc",
      version: "2.9.6",
      integrity:
        "sha512-3md4TKLCuzsLDmfOoC5KN7NAZaxSVkMgm64vg6foD00JBADCpYS2/5QqXfzgnP5ZQz3iLP9vBQJtEgc116OAoQ==",
    },
  },
  {
    name: "aarch64",
    target: "aarch64-unknown-linux-gnu",
    debian: "arm64",
    runtime: {
      name: "@deno/linux-arm64-glibc",
      version: "2.9.5",
      integrity:
        "sha512-IuYjsz9PGl7CJcNXMuN27KNDB8Q40brK3SG3l+TXMDVW61ZKwcn0fQHBHnXFiiygEwI8by/fKnASEluhZB1atw==",
    },
  },
];

/**
 * Returns the name of both kinds of archive and of the executable: `btcagent-0.1.0-linux-x86_64`.
 */
export function artifactName(version: string, { name }: Platform): string {
  return `btcagent-${version}-linux-${name}`;
}
