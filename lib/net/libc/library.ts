/**
 * Where the C library of Linux is found and loaded from.
 *
 * The runtime compiles a way into each function that is to be called at once, and that alone takes
 * 3 MB; for those it calls on another thread (`nonblocking`) it does not. So whoever needs few
 * functions, seldom, loads those and not net/libc/calls.ts.
 */

/** Why the C library cannot be used here; the message is a clause for the log. */
export class LibcUnavailable extends Error {
  /** Tells it from other errors in a log. */
  override readonly name = "LibcUnavailable";
}

/** Where distributions keep the library; a scoped `--allow-ffi=` names one of these. */
const PATHS: Readonly<Record<string, readonly string[]>> = {
  x86_64: ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6", "/usr/lib/libc.so.6"],
  aarch64: ["/lib/aarch64-linux-gnu/libc.so.6", "/lib64/libc.so.6", "/usr/lib/libc.so.6"],
};

/** The loader's own search, which only an `--allow-ffi` without a path permits. */
const SEARCHED = "libc.so.6";

/**
 * Loads functions of the library. Asks nobody for a permission that is not granted.
 *
 * @throws LibcUnavailable when this is no place for it
 */
export function loadLibc<S extends Deno.ForeignLibraryInterface>(
  symbols: S,
): Deno.DynamicLibrary<S> {
  const { os, arch } = Deno.build;
  const paths = PATHS[arch];
  if (os !== "linux" || paths === undefined) {
    throw new LibcUnavailable(`it is for Linux on x86_64 or aarch64, and this is ${os} ${arch}`);
  }
  const permitted = [SEARCHED, ...paths].filter((path) =>
    Deno.permissions.querySync({ name: "ffi", path }).state === "granted"
  );
  if (permitted.length === 0) {
    throw new LibcUnavailable(`it needs the permission --allow-ffi=${paths.join(",")}`);
  }
  let found: unknown;
  for (const path of permitted) {
    try {
      return Deno.dlopen(path, symbols);
    } catch (error) {
      found = error;
    }
  }
  const reason = found instanceof Error ? found.message : String(found);
  throw new LibcUnavailable(`the C library cannot be loaded: ${reason}`);
}
