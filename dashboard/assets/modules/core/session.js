// @ts-check
// The log-in of the page: that it lives on, that it has ended; and what is sent under it.
import {find, h} from "./dom.js";
import {fetchProved} from "./reauth.js";
import {texts} from "./texts.js";

/** The log-in of this page has ended: it says so, and nothing of it can be read or clicked any more. */
export const sayEnded = () => {
  if (document.querySelector(".ended")) return;
  const words = texts().word,
    aim = encodeURIComponent(location.pathname + location.search);
  document.body.append(
    h(
      "div",
      {class: "ended", role: "alertdialog", "aria-modal": "true"},
      h("p", null, words.ended),
      h("a", {href: `/login?ended=1&next=${aim}`}, words.log_in),
    ),
  );
  find(document, ".ended a").focus();
};

/** The session lives on while its person does something here: said at most once a minute. @param {import("./scope.js").Scope} scope */
export const sayHere = scope => {
  let at = 0;
  const here = () => {
    if (Date.now() - at > 60000) {
      at = Date.now();
      fetch("/api/v1/here", {method: "POST"})
        .then(a => {
          if (a.status === 401) sayEnded();
        })
        .catch(() => {});
    }
  };
  scope.listen(document, "pointerdown keydown wheel", here, {passive: true});
};

/** POST as JSON: the answer's body, or {error} in words; throws when the server is out of reach. @param {string} url  @param {object} body */
export const post = async (url, body) => {
  const answer = await fetchProved(url, {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({error: String(answer.status)}));
  if (answer.status === 401 && said.code !== "reauth_required") sayEnded();
  return answer.ok ? said : {error: said.error || String(answer.status), code: said.code || "", status: answer.status};
};
