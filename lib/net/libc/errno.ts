/**
 * Linux error numbers and their texts.
 */

/** The likely ones, in the words of Deno's own errors. */
const TEXTS: Readonly<Record<number, string>> = {
  12: "Cannot allocate memory",
  23: "Too many open files in system",
  24: "Too many open files",
  28: "No space left on device",
  32: "Broken pipe",
  104: "Connection reset by peer",
  105: "No buffer space available",
  110: "Connection timed out",
  113: "No route to host",
};

/** `Connection reset by peer (os error 104)`. */
export function errnoText(errno: number): string {
  return `${TEXTS[errno] ?? "Unusual error"} (os error ${errno})`;
}

/** Errors of accept that do not mean a fault here: see accept(2). */
const PASSING_ACCEPT_ERRORS: ReadonlySet<number> = new Set([
  /* EINTR */ 4,
  /* EAGAIN */ 11,
  /* ENONET */ 64,
  /* EPROTO */ 71,
  /* ENOPROTOOPT */ 92,
  /* EOPNOTSUPP */ 95,
  /* ENETDOWN */ 100,
  /* ENETUNREACH */ 101,
  /* ECONNABORTED */ 103,
  /* EHOSTDOWN */ 112,
  /* EHOSTUNREACH */ 113,
]);

/** Whether accepting may simply go on: there was no connection, or it is gone already. */
export function isPassingAcceptError(errno: number): boolean {
  return PASSING_ACCEPT_ERRORS.has(errno);
}
