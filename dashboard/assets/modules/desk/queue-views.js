// @ts-check
// The queue's saved views: a person's own groupings, filters and columns, by name.
import {openDialog, toast} from "../core/dialog.js";
import {h} from "../core/dom.js";
import {post} from "../core/session.js";

const SAVE = "\u0000save",
  DROP = "\u0000drop";

/**
 * A view as it is saved; older ones lack some of it.
 * @typedef {Object} QueueView
 * @property {string} group
 * @property {string[]} [only]
 * @property {string} [text]
 * @property {boolean} [inMap]
 * @property {Partial<import("./queue-export.js").ColumnState>[]} [columns]
 * @property {QueueState["columns"]} [filter]
 */

/** @param {{scope: Scope, texts: Texts, page: string, now: () => QueueView, take: (view: QueueView) => void, draw: () => void}} parts */
export const makeViews = ({scope, texts, page, now, take, draw}) => {
  const words = texts.desk;
  /** @type {{[name: string]: QueueView}} */
  let views = {};
  /** The saved views anew; where they cannot be read the list stays as it is, and that is said. */
  const read = async () => {
    try {
      const answer = await fetch(`/api/v1/views/${page}`);
      if (!answer.ok) throw new Error(String(answer.status));
      views = Object.fromEntries((await answer.json()).views);
      if (!scope.isClosed) draw();
    } catch {
      if (!scope.isClosed) toast(words.views_unread, "bad");
    }
  };
  /** Sends a change of the views; words where it was refused, so that the dialog stays open.  @param {string} url  @param {object} body */
  const send = async (url, body) => {
    const said = await post(url, body);
    if (said.error)
      return said.status === 409 ? words.views_full : said.status === 403 ? texts.refusal.forbidden : said.error;
    read();
    return undefined;
  };
  const save = () =>
    openDialog(
      texts,
      words.save_view,
      [["name", words.view_name, h("input", {name: "name", required: "", maxlength: 40})]],
      ({name}) => send("/api/v1/views", {page, name, body: now()}),
    );
  const drop = () =>
    openDialog(
      texts,
      words.drop_view,
      [
        [
          "name",
          words.view,
          h(
            "select",
            {name: "name"},
            Object.keys(views).map(name => h("option", null, name)),
          ),
        ],
      ],
      ({name}) => send("/api/v1/views/drop", {page, name}),
    );
  return {
    read,
    names: () => Object.keys(views),
    /** The list to choose from, with saving and dropping at its end. */
    choice: () => {
      const names = Object.keys(views);
      const view = h(
        "select",
        {id: "queue-view", "aria-label": words.view},
        h("option", {value: ""}, words.view),
        names.map(name => h("option", {value: name}, name)),
        h("option", {value: SAVE}, `+ ${words.save_view}`),
        ...(names.length ? [h("option", {value: DROP}, `− ${words.drop_view}`)] : []),
      );
      view.onchange = () => {
        const name = view.value;
        view.value = "";
        name === SAVE ? save() : name === DROP ? drop() : name && take(views[name]);
      };
      return view;
    },
  };
};
