/**
 * Finds and loads the C library of Linux.
 *
 * The runtime compiles a stub for each function that is called directly, and that alone takes 3 MB;
 * functions called on another thread (`nonblocking`) need none. So code that seldom needs a few
 * functions loads those, and not net/libc/calls.ts.
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
 * Loads functions of the library. Does not ask for permissions that are not granted.
 *
 * @throws LibcUnavailable if it cannot be used here
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
