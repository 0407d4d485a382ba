// @ts-check
// Who last proved who they are some time ago is asked again: what answers 401 with «reauth_required» waits behind a
// small dialog and is asked once more. Of Dash's pages and of the plain ones: it needs nothing but the page's language.

const WORDS = {
  "zh-CN": {
    title: "再次验证身份",
    label: "密码，或验证器上的六位数字",
    go: "继续",
    cancel: "取消",
    wrong: "密码或验证码不对",
    network: "连不上服务器",
    sso: "统一认证登录的，请在新窗口验证后再点继续",
    open: "打开",
  },
  en: {
    title: "Prove again who you are",
    label: "Password, or a code of six digits from the authenticator",
    go: "Go on",
    cancel: "Cancel",
    wrong: "The password or code is wrong",
    network: "The server is out of reach",
    sso: "Logged in by single sign-on: prove it in a new window, then go on",
    open: "Open",
  },
};
/** @param {string} name  @param {{[attribute: string]: string}} attributes  @param {...(Node|string)} children  @returns {any} */
const make = (name, attributes, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};
const JSON_TYPE = {"Content-Type": "application/json"};
const isDue = async () => {
  const answer = await fetch("/api/v1/reauth");
  return answer.ok && (await answer.json()).due;
};
/** @type {Promise<boolean>|null} */
let asking = null; // one dialog for all that wait for it

/** @param {(proved: boolean) => void} done */
const dialog = done => {
  const words = document.documentElement.lang === "en" ? WORDS.en : WORDS["zh-CN"],
    back = document.activeElement;
  const secret = make("input", {
    name: "secret",
    type: "password",
    required: "",
    maxlength: "128",
    autocomplete: "current-password",
  });
  const wrong = make("p", {class: "bad", role: "alert"}),
    go = make("button", {class: "first", type: "submit"}, words.go),
    cancel = make("button", {type: "button", class: "cancel"}, words.cancel);
  const sso = make(
    "p",
    {class: "mid"},
    `${words.sso} `,
    make("a", {href: "/reauth", target: "_blank", rel: "noopener"}, words.open),
  );
  const form = make(
    "form",
    {method: "dialog"},
    make("h2", {}, words.title),
    make("label", {}, make("span", {}, words.label), secret),
    wrong,
    sso,
    make("div", {class: "buttons"}, cancel, go),
  );
  const box = make("dialog", {class: "reauth", "aria-label": words.title}, form);
  /** @param {boolean} proved */
  const close = proved => {
    document.removeEventListener("visibilitychange", look);
    box.close();
    box.remove();
    if (back && back.isConnected) /** @type {HTMLElement} */ (back).focus();
    done(proved);
  };
  cancel.onclick = () => close(false);
  box.addEventListener("cancel", (/** @type {Event} */ event) => {
    event.preventDefault();
    close(false);
  });
  form.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (go.disabled) return;
    go.disabled = true;
    wrong.textContent = "";
    try {
      const answer = await fetch("/api/v1/reauth", {
        method: "POST",
        headers: JSON_TYPE,
        body: JSON.stringify({secret: secret.value}),
      });
      if (answer.ok) {
        close(true);
        return;
      }
      const said = await answer.json().catch(() => ({}));
      wrong.textContent = answer.status === 409 && said.code === "wrong" ? words.wrong : said.error || words.wrong;
    } catch {
      wrong.textContent = words.network;
    }
    go.disabled = false;
    secret.select();
  });
  // Proved in the other window: nothing needs to be typed here.
  const look = async () => {
    if (!document.hidden && box.isConnected && !(await isDue().catch(() => true))) close(true);
  };
  document.addEventListener("visibilitychange", look);
  document.body.append(box);
  box.showModal();
  secret.focus();
};
const ask = () => {
  asking =
    asking ||
    new Promise(dialog).finally(() => {
      asking = null;
    });
  return asking;
};

/** fetch, which asks for a proof where one is due and then tries once more. @param {string} url  @param {RequestInit} [options] */
export const fetchProved = async (url, options) => {
  const answer = await fetch(url, options);
  if (answer.status !== 401) return answer;
  const said = await answer
    .clone()
    .json()
    .catch(() => ({}));
  return said.code === "reauth_required" && (await ask()) ? fetch(url, options) : answer;
};

/**
 * A file that a link downloads: the proof comes first, for what comes is kept whatever it is.
 * @param {import("./scope.js").Scope} scope
 */
export const watchDownloads = scope =>
  scope.listen(document, "click", async (/** @type {MouseEvent} */ event) => {
    const link =
      event.target instanceof Element ? /** @type {HTMLElement|null} */ (event.target.closest("a[download]")) : null;
    if (!link || link.dataset.proved) return;
    event.preventDefault();
    if ((await isDue().catch(() => false)) && !(await ask())) return;
    link.dataset.proved = "1";
    link.click();
    delete link.dataset.proved;
  });
