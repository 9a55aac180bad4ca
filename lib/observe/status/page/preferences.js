/**
 * What who looks at the page prefers, remembered by the browser: language and colours.
 */

const LANGUAGES = /** @type {const} */ (["en", "zh"]);
const THEMES = /** @type {const} */ (["auto", "light", "dark"]);

/** @typedef {typeof LANGUAGES[number]} Language */
/** @typedef {typeof THEMES[number]} Theme */

/** @returns {Language} the one chosen here, else the browser's if we speak it */
export function language() {
  const chosen = LANGUAGES.find((name) => name === read("language"));
  return chosen ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
}

/** Switches to the other language. The page is built again in it. */
export function switchLanguage() {
  write("language", language() === "en" ? "zh" : "en");
  location.reload();
}

/** @returns {Theme} */
export function theme() {
  return THEMES.find((name) => name === read("theme")) ?? "auto";
}

/** Goes on to the next of auto, light and dark. */
export function switchTheme() {
  write("theme", THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length] ?? "auto");
  applyTheme();
}

/** Colours the page. */
export function applyTheme() {
  document.documentElement.dataset["theme"] = theme();
}

/** A browser may be told to keep nothing: then nothing is remembered. */
/** @param {string} name */
function read(name) {
  try {
    return localStorage.getItem(`btcagent.${name}`);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value */
function write(name, value) {
  try {
    localStorage.setItem(`btcagent.${name}`, value);
  } catch {
    // Not remembered, then.
  }
}
