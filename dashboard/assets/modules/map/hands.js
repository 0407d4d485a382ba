// @ts-check
// The hand on the map: tooltip, click, keyboard, and a view that stays where the person put it.
import {$, h} from "../core/dom.js";
import {AT as A} from "../core/reducer.js";

/**
 * @param {import("../core/scope.js").Scope} scope
 * @param {LeafletMap} map
 * @param {LeafletLayer} layer
 * @param {Pick<Live, "state" | "now">} live
 * @param {{texts: Texts, format: Format, tiles: Tiles, pick: (id: string) => void, isTaken?: () => boolean}} page
 *   isTaken: whether a click is for something else than picking a case
 */
export const mapHands = (scope, map, layer, live, {texts, format, tiles, pick, isTaken = () => false}) => {
  const box = map.getContainer().closest(".map-box"),
    tooltip = $("map-tooltip");
  const [south, west, north, east] = JSON.parse(box.dataset.bounds);
  let moved = false,
    focus = -1;
  const fit = () =>
    map.fitBounds(
      [
        [south, west],
        [north, east],
      ],
      {animate: false, padding: [6 * layer.unit(), 6 * layer.unit()]},
    );
  const refit = () => {
    map.invalidateSize({animate: false});
    if (!moved) fit();
  };
  const partial = h("button", {class: "partial", hidden: ""}, texts.word.partial);
  $("map-legend").append(partial);
  const stray = () => {
    moved = true;
    partial.hidden = false;
  };
  partial.addEventListener("click", () => {
    moved = false;
    partial.hidden = true;
    fit();
  });
  map.on("dragstart boxzoomend", stray);
  scope.listen(map.getContainer(), "wheel dblclick", stray, {passive: true});
  scope.listen(map.getContainer(), "keydown", (/** @type {any} */ e) => {
    if (e.key.startsWith("Arrow") || "+-=_".includes(e.key)) stray();
  });
  scope.observe(new ResizeObserver(refit)).observe(box);
  fit();

  /** @param {import("../types/wire.d.ts").Row} row  @param {number} now */
  const say = (row, now) => {
    const light = row[A.light],
      escalation = row[A.escalation],
      deadline = row[A.deadlineAt];
    const mark = light === 2 ? tiles.sign("overdue bad") : light === 1 ? tiles.sign("soon warn") : null;
    const when =
      deadline === null
        ? texts.word.no_deadline
        : light === 3
          ? texts.word.suspended
          : (deadline <= now ? `${texts.word.overdue} ` : `${texts.word.remaining} `) +
            format.duration(deadline - now) +
            (row[A.estimated] ? ` (${texts.word.estimated})` : "");
    const held =
      row[A.level] === "district" && escalation && escalation[3]
        ? h("span", null, `${texts.tile.queue_basis} `, tiles.countdown(escalation[3] - now))
        : null;
    const unseen =
      row[A.unseen] === 1
        ? h("b", {class: "blind-word"}, h("i", {class: "swatch unseen"}), ` ${texts.coverage.unseen_case}`)
        : null;
    return [
      h("b", null, ...(mark ? [mark, " "] : []), tiles.className(row)),
      ...(unseen ? [unseen] : []),
      ...(held ? [held] : []),
      h(
        "span",
        null,
        `${tiles.street(row[A.street])} · ${texts.word.severity[row[A.severity]]} · ${texts.status[row[A.status]]}`,
      ),
      h("span", {class: light === 2 ? "bad" : light === 1 ? "warn" : "mid"}, when),
    ];
  };
  /** @param {any} hit  what lies there by ``layer.hit``, or null */
  const show = (hit, x = 0, y = 0) => {
    const row = hit && hit.id ? live.state.rows.get(hit.id) : null;
    let content = null;
    if (row) content = say(row, live.now() || 0);
    else if (hit && hit.group)
      content = [
        h("b", null, tiles.sign("overdue bad"), ` ${hit.group.overdue} ${texts.word.overdue}`),
        h("b", null, tiles.sign("soon warn"), ` ${hit.group.soon} ${texts.word.due_soon}`),
      ];
    tooltip.hidden = !content;
    if (!content) return;
    tooltip.replaceChildren(...content);
    const right = x > box.clientWidth / 2,
      low = y > box.clientHeight / 2;
    tooltip.style.left = right ? "" : `${x + 16}px`;
    tooltip.style.right = right ? `${box.clientWidth - x + 16}px` : "";
    tooltip.style.top = low ? "" : `${y + 16}px`;
    tooltip.style.bottom = low ? `${box.clientHeight - y + 16}px` : "";
  };
  let frame = 0;
  map.on("mousemove", (/** @type {any} */ e) => {
    if (frame) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      const p = e.containerPoint;
      show(layer.hit(p), p.x, p.y);
    });
  });
  map.on("mouseout movestart zoomstart", () => show(null));
  map.on("click", (/** @type {any} */ e) => {
    if (isTaken()) return; // the click says where something is
    const hit = layer.hit(e.containerPoint);
    if (hit && hit.group) {
      stray();
      map.setView(e.latlng, Math.min(map.getZoom() + 1.5, map.getMaxZoom()));
    } else if (hit) pick(hit.id);
  });

  const container = map.getContainer();
  container.tabIndex = 0;
  container.setAttribute("role", "application"); // the arrows move it, n and p go from case to case
  container.setAttribute("aria-label", texts.tile.map);
  scope.listen(container, "keydown", (/** @type {any} */ e) => {
    const marks = layer.drawn.flags
      .map((/** @type {any} */ d) => ({id: d.id, x: d.px, y: d.py}))
      .concat([...layer.drawn.singles].reverse().map(d => ({id: d.id, x: d.x, y: d.y})));
    if ((e.key === "n" || e.key === "p") && marks.length) {
      focus = (focus + (e.key === "n" ? 1 : marks.length - 1) + marks.length) % marks.length;
      const offset = layer._bounds.min,
        p = map.layerPointToContainerPoint([marks[focus].x + offset.x, marks[focus].y + offset.y]);
      show({id: marks[focus].id}, p.x, p.y);
    } else if (e.key === "Enter" && focus >= 0 && marks[focus]) pick(marks[focus].id);
    else if (e.key === "Home") partial.click();
  });
};
