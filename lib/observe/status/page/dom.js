/**
 * Elements made by hand. Text only ever becomes text: nothing here, nor anywhere on this page,
 * reads markup, since names of miners and pools come from strangers.
 */

/** @typedef {Node | string | undefined | null} Child */

/**
 * An element with attributes, listeners (functions, under names of events) and children.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | number | boolean | undefined | ((event: any) => void)>} attributes
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

/**
 * Sets a text if it is another: what has not changed is neither drawn nor read out again.
 *
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string | undefined} value `undefined` for none
 */
export function setAttribute(element, name, value) {
  if (value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * A state in words, with a mark in its colour before them.
 *
 * @param {"good" | "warn" | "bad" | "calm"} tone
 * @param {string} text
 */
export function chip(tone, text) {
  return h("span", { class: `chip ${tone}` }, text);
}

/** A card with a heading. @param {string} title @param {...Child} content */
export function card(title, ...content) {
  return h(
    "section",
    { class: "card" },
    h("header", { class: "bar" }, h("h3", {}, title)),
    ...content,
  );
}

/** Names with their values, for a `dl`. @param {readonly (readonly [string, Child])[]} pairs */
export function facts(pairs) {
  return pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
}
