/**
 * A link to an answer that is saved as a file, with the token if there is one.
 */

/** @import { Agent } from "./agent.js" */
import { h, setText } from "./dom.js";
import { t } from "./texts.js";

/**
 * @param {Agent} agent
 * @param {string | (() => string)} path of the answer, or what knows it when the link is used
 * @param {string} name of the file
 * @param {string} text of the link
 */
export function downloadLink(agent, path, name, text) {
  const failed = h("span", { class: "wrong small", role: "status" });
  const pathNow = () => typeof path === "string" ? path : path();
  const link = h("a", {
    class: "button",
    href: agent.urlOf(pathNow()),
    download: name,
    click: async (/** @type {Event} */ event) => {
      link.href = agent.urlOf(pathNow());
      if (!agent.hasToken) return;
      event.preventDefault();
      try {
        await agent.download(pathNow(), name);
        setText(failed, "");
      } catch (error) {
        setText(failed, t("csvFailed", { reason: error instanceof Error ? error.message : "" }));
      }
    },
  }, text);
  return h("span", { class: "download" }, link, failed);
}
