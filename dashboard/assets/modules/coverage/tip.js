// @ts-check
// The tooltip of the coverage's map.
import {$, h} from "../core/dom.js";

/**
 * What lies under the pointer, in words.
 * @param {LeafletMap} map
 * @param {LeafletLayer} layer
 * @param {import("./state.js").CoverageState} state
 * @param {ReturnType<typeof import("./faces.js").makeCoverageFaces>} faces
 * @param {Pick<import("./page.js").CoveragePage, "texts"|"format"|"view"|"spotName">} page
 */
export const coverageTip = (map, layer, state, faces, {texts, format, view, spotName}) => {
  const tip = $("map-tooltip"),
    box = map.getContainer().closest(".map-box"),
    words = texts.coverage;
  /** @param {{camera?: string, spot?: string}|null} hit */
  const say = hit => {
    if (hit && hit.camera) {
      const s = state.get("sights", hit.camera);
      return (
        s && [
          h("b", null, s.name || s.id),
          h(
            "span",
            null,
            `${texts.camera.kinds[s.kind] || s.kind} · ${texts.camera.states[s.state]} · ${texts.camera.grade} ${s.grade}`,
          ),
          s.view === "unknown" ? h("span", {class: "warn"}, texts.camera.views.unknown) : null,
        ]
      );
    }
    if (hit && hit.spot) {
      const s = state.get("spots", hit.spot),
        gap = s && faces.gapOf(s, view);
      return (
        s && [
          h("b", null, spotName(s)),
          h("span", null, `${words.gap[s.gap || "unknown"]} · ${gap === null ? words.not_known : format.percent(gap)}`),
          h("span", null, format.fill(words.cases_terms, {cases: s.cases || 0, unseen: s.unseen || 0})),
        ]
      );
    }
    return null;
  };
  let frame = 0;
  /** @param {{camera?: string, spot?: string}|null} hit  @param {{x: number, y: number}} p */
  const show = (hit, p) => {
    const content = say(hit);
    tip.hidden = !content;
    if (!content) return;
    tip.replaceChildren(...content.filter(Boolean));
    const right = p.x > box.clientWidth / 2,
      low = p.y > box.clientHeight / 2;
    tip.style.left = right ? "" : `${p.x + 14}px`;
    tip.style.right = right ? `${box.clientWidth - p.x + 14}px` : "";
    tip.style.top = low ? "" : `${p.y + 14}px`;
    tip.style.bottom = low ? `${box.clientHeight - p.y + 14}px` : "";
  };
  map.on("mousemove", (/** @type {{containerPoint: {x: number, y: number}}} */ e) => {
    if (!frame)
      frame = requestAnimationFrame(() => {
        frame = 0;
        show(layer.hit(e.containerPoint), e.containerPoint);
      });
  });
  map.on("mouseout movestart zoomstart", () => show(null, {x: 0, y: 0}));
};
