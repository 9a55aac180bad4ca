/**
 * Asks for the token.
 */

import { h } from "./dom.js";
import { t } from "./texts.js";

/**
 * @param {boolean} wasWrong whether one was given and refused
 * @returns {Promise<import("./agent.js").TokenAnswer>}
 */
export function askToken(wasWrong) {
  return new Promise((resolve) => {
    const input = h("input", {
      id: "token",
      type: "password",
      autocomplete: "current-password",
      required: true,
      "aria-describedby": "token-about",
    });
    const remember = h("input", { id: "token-keep", type: "checkbox" });
    const dialog = h(
      "dialog",
      {
        class: "token",
        "aria-labelledby": "token-title",
        // There is nothing behind it to go back to.
        cancel: (/** @type {Event} */ event) => event.preventDefault(),
      },
      h(
        "form",
        {
          submit: (/** @type {Event} */ event) => {
            event.preventDefault();
            dialog.remove();
            resolve({ token: input.value, isKept: remember.checked });
          },
        },
        h("h2", { id: "token-title" }, t("tokenTitle")),
        h("p", { id: "token-about" }, t("tokenAbout")),
        wasWrong ? h("p", { class: "wrong", role: "alert" }, t("tokenWrong")) : undefined,
        h("label", { for: "token" }, t("tokenLabel")),
        input,
        h("label", { class: "tick", for: "token-keep" }, remember, t("tokenRemember")),
        h("button", { class: "main" }, t("tokenSend")),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
    input.focus();
  });
}
