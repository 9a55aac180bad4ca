/**
 * The live page: its files, loaded when a browser first asks for one. They are served as they are
 * in `page/`, without a build. They contain no data of the farm, so they need no token; the page
 * sends the token when it asks for data.
 */

import { answer } from "./answers.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** Only our own scripts and styles are allowed; text can never become a script. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; " +
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "referrer-policy": "no-referrer",
};

/**
 * Makes the answer for the page at `/` or one of its files at `/page/…`.
 *
 * @returns `undefined` for any other path.
 */
export async function pageFile(path: string): Promise<Response | undefined> {
  const name = path === "/" ? "index.html" : /^\/page\/([\w.]+)$/.exec(path)?.[1];
  if (name === undefined) return undefined;
  const { PAGE_FILES } = await import("./page_files.ts");
  if (!Object.hasOwn(PAGE_FILES, name)) return undefined;
  return answer(PAGE_FILES[name]!, TYPES[name.slice(name.lastIndexOf(".") + 1)]!, 200, HEADERS);
}
