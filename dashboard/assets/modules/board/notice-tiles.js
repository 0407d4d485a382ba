// @ts-check
// The tiles beside the figures: what is not known, blind spots, cameras, and the line of the newest events.
import {h} from "../core/dom.js";

/** ``opens``: what a figure opens when it is clicked.  @param {Texts} texts  @param {Format} format  @param {Places} places  @param {Tiles} tiles  @param {Opens} opens */
export const makeNoticeTiles = (texts, format, places, {street, unit, sign}, opens) => {
  const word = texts.word;
  return {
    /** @param {import("../types/wire.d.ts").UnknownTile} t */
    unknown(t) {
      /** @param {string} name  @param {number|string} n  @param {string} [how]  a class  @param {string} [open]  the figure that it opens */
      const row = (name, n, how = "", open = "") =>
        h(
          "div",
          {class: how, ...(open ? opens(open) : {})},
          h("span", null, name),
          h("b", null, typeof n === "number" ? format.count(n) : n),
        );
      // Cameras have a tile of their own, which says so.
      const absent = t.absent
        .filter(file => !file.startsWith("cameras"))
        .map(file => texts.absent[file.split(".")[0]])
        .filter(Boolean);
      const rows = [
        t.lost
          ? h(
              "div",
              {class: "bad", title: t.lost_at ? format.hm(t.lost_at) : null},
              h("b", {class: "list"}, format.fill(word.lost_n, {n: format.count(t.lost)})),
            )
          : null,
        t.emptied_at
          ? h("div", {class: "warn"}, h("b", {class: "list"}, `${word.emptied} ${format.hm(t.emptied_at)}`))
          : null,
        row(word.unplaced, t.unplaced, "", "unplaced"),
        row(word.estimated, t.estimated, "", "computed"),
        row(word.irregular, t.irregular, "", "irregular"),
        t.clock_skew ? row(word.clock_skew, t.clock_skew) : null,
        absent.length
          ? h("div", null, h("span", null, word.absent), h("span", {class: "list"}, absent.join(texts.unit.list)))
          : null,
      ].filter(Boolean);
      const shown =
        rows.length > 4
          ? [
              ...rows.slice(0, 3),
              h(
                "div",
                {
                  class: "dim",
                  title: rows
                    .slice(3)
                    .map(r => r.textContent)
                    .join("\n"),
                },
                format.fill(word.more_unknown, {n: rows.length - 3}),
              ),
            ]
          : rows;
      return h("div", {class: "pairs"}, shown);
    },

    /**
     * Where cases happen that nobody sees: the three key spots in most need, the letters of the map.
     * @param {import("../types/wire.d.ts").CoverageTile|import("../types/wire.d.ts").PastCoverage|null} t
     */
    blind(t) {
      const words = texts.coverage;
      if (!t || !t.cameras) return h("div", {class: "blind"}, h("p", {class: "none"}, words.none_loaded));
      if (!t.top.length)
        return h(
          "div",
          {class: "blind"},
          h(
            "p",
            {class: "none"},
            t.notes.includes("not_kept")
              ? words.notes.not_kept
              : t.notes.includes("no_key_spots")
                ? words.notes.no_key_spots
                : words.no_gap,
          ),
        );
      return h(
        "div",
        {class: "blind"},
        t.top.map(s => [
          h("b", null, s.letter),
          h("span", {class: "name"}, (places.spots && places.spots[s.id]) || s.name),
          h("span", {class: "dim"}, words.gap[s.gap]),
          h("b", {class: "r"}, `${format.count(s.unseen)} ${word.items}`.trim()),
        ]),
      );
    },
    /** @param {import("../types/wire.d.ts").CoverageTile|import("../types/wire.d.ts").PastCoverage|null} t */
    cameras(t) {
      const words = texts.coverage;
      if (!t || !t.cameras) return h("div", {class: "cameras"}, h("p", {class: "none"}, words.none_loaded));
      const share = t.online / t.cameras,
        missed = share < t.target_online,
        lost = t.outages.find(o => o.still);
      return h(
        "div",
        {class: "cameras"},
        h("b", {class: missed ? "figure-2 warn" : "figure-2"}, missed ? sign("soon") : null, format.percent(share)),
        h(
          "span",
          null,
          format.fill(words.online_line, {n: t.online.toLocaleString("en-US"), all: t.cameras.toLocaleString("en-US")}),
        ),
        h(
          "span",
          {class: missed ? "warn" : "dim"},
          format.fill(words.target, {n: `${Math.round(100 * t.target_online)}%`}),
        ),
        lost
          ? h(
              "span",
              {
                class: "warn list",
                title: format.fill(words.outage, {
                  time: format.hm(lost.at),
                  n: lost.cameras,
                  back: lost.cameras - lost.still,
                }),
              },
              format.fill(words.outage_short, {time: format.hm(lost.at), n: format.count(lost.still)}),
            )
          : null,
      );
    },

    /** @param {import("../types/wire.d.ts").TickerLine[]} t */
    ticker(t) {
      return [...t]
        .reverse()
        .map(([at, type, where, domain, name, who], i) =>
          h(
            "span",
            {class: i ? "dim" : ""},
            h("b", null, format.hms(at)),
            ` ${street(where)} ${(texts.language !== "en" && name) || texts.domain[domain] || ""} ${texts.event[type] || ""} ${who ? unit(who) : ""}`,
          ),
        );
    },
  };
};
