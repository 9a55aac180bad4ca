/**
 * Where a token is kept: for this tab, or in this browser if that was wished. A browser may be told
 * to keep nothing; then the token lasts as long as the page.
 */

/** What the page itself remembers. @type {Map<string, string>} */
const own = new Map();

/** Both stores, the lasting one first. */
function stores() {
  return [() => localStorage, () => sessionStorage];
}

/** @param {string} key @returns {string | null} */
export function knownToken(key) {
  const mine = own.get(key);
  if (mine !== undefined) return mine;
  for (const store of stores()) {
    try {
      const token = store().getItem(key);
      if (token !== null) return token;
    } catch {
      // A store that may not be used holds none.
    }
  }
  return null;
}

/** @param {string} key @param {string} token @param {boolean} isLasting whether this browser keeps it */
export function keepToken(key, token, isLasting) {
  own.set(key, token);
  try {
    (isLasting ? localStorage : sessionStorage).setItem(key, token);
  } catch {
    // Kept by the page alone.
  }
}

/** @param {string} key */
export function forgetToken(key) {
  own.delete(key);
  for (const store of stores()) {
    try {
      store().removeItem(key);
    } catch {
      // It held none.
    }
  }
}
