/**
 * The live page: its files, loaded when a browser first asks for one.
 *
 * They are as they are in `page/`: nothing is built. They hold nothing of the farm, so they are
 * given without a token; what they show they ask for with one.
 */

import { answer } from "./answers.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** Scripts and styles of our own and nothing else; text can never become script. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; " +
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "referrer-policy": "no-referrer",
};

/**
 * The answer for the page at `/` or one of its files at `/page/…`.
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
