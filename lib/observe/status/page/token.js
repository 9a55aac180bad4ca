/**
 * Asks for the token.
 */

import { h } from "./dom.js";
import { t } from "./texts.js";

/**
 * @param {boolean} wasWrong whether one was given and refused
 * @returns {Promise<string>}
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
            resolve(input.value);
          },
        },
        h("h2", { id: "token-title" }, t("tokenTitle")),
        h("p", { id: "token-about" }, t("tokenAbout")),
        wasWrong ? h("p", { class: "wrong", role: "alert" }, t("tokenWrong")) : undefined,
        h("label", { for: "token" }, t("tokenLabel")),
        input,
        h("button", { class: "main" }, t("tokenSend")),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
    input.focus();
  });
}
