/** What can be the name or the address of a host; pure. */

/** A host name, an IPv4 address, or an IPv6 address with or without brackets. */
export const HOST_PATTERN: RegExp =
  /^(?:[A-Za-z0-9_.-]+|\[?[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:%[A-Za-z0-9_.-]+)?\]?)$/;

/** Whether `text` could be a host name or an IP address. */
export function isHost(text: string): boolean {
  return text.length <= 255 && HOST_PATTERN.test(text);
}
