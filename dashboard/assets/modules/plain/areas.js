// @ts-check
// Draws the edge of a watched area: corners are put, moved and taken back; what lies inside is asked while it is drawn.
// The text field with the corners is the form's own: without this script the edge is typed there.

/** @typedef {[number, number]} Corner longitude, latitude */

const SVG = "http://www.w3.org/2000/svg";
const ASK_AFTER_MS = 250,
  REACH_PX = 12,
  LEAST_WIDTH = 300;

const svg = /** @type {SVGSVGElement | null} */ (/** @type {unknown} */ (document.getElementById("ground")));
const form = /** @type {HTMLFormElement | null} */ (document.getElementById("area"));
const number = (/** @type {string} */ name) => Number(svg?.dataset[name]);

/** @param {Corner} corner @returns {[number, number]} the place on the map */
const placeOf = ([lon, lat]) => [(lon - number("lon")) * number("perLon"), (number("lat") - lat) * number("perLat")];
/** @param {number} x @param {number} y @returns {Corner} */
const cornerOf = (x, y) => [
  Math.round((number("lon") + x / number("perLon")) * 1e6) / 1e6,
  Math.round((number("lat") - y / number("perLat")) * 1e6) / 1e6,
];

/** @param {Corner} a @param {Corner} b @param {Corner} c */
const turn = (a, b, c) => Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));

/** Whether two sides that are no neighbours meet. @param {Corner[]} edge */
const crosses = edge => {
  const n = edge.length;
  for (let i = 0; i < n; i++)
    for (let j = i + 2; j < n; j++) {
      if (i === 0 && j === n - 1) continue;
      const a = edge[i],
        b = edge[(i + 1) % n],
        c = edge[j],
        d = edge[(j + 1) % n];
      if (turn(a, b, c) !== turn(a, b, d) && turn(c, d, a) !== turn(c, d, b)) return true;
    }
  return false;
};

/** The text's corners. @param {string} text @returns {Corner[]} */
const read = text =>
  text
    .split("\n")
    .map(line =>
      line
        .trim()
        .split(/[,，\s]+/)
        .map(Number),
    )
    .filter(pair => pair.length === 2 && pair.every(Number.isFinite))
    .map(([lon, lat]) => [lon, lat]);

if (svg) {
  const box = svg.viewBox.baseVal,
    whole = number("size");
  const unit = () => box.width / (Math.min(svg.clientWidth, svg.clientHeight) || 1);
  const scaleTexts = () => svg.style.setProperty("--text", `${13 * unit()}px`);
  /** @param {number} factor @param {number} [x] @param {number} [y] */
  const zoom = (factor, x = box.x + box.width / 2, y = box.y + box.height / 2) => {
    const width = Math.min(whole, Math.max(LEAST_WIDTH, box.width * factor)),
      by = width / box.width;
    box.x = x - (x - box.x) * by;
    box.y = y - (y - box.y) * by;
    box.width = box.height = width;
    scaleTexts();
    if (drawing) drawing.draw();
  };
  /** @param {PointerEvent | WheelEvent} event @returns {[number, number]} */
  const at = event => {
    const matrix = svg.getScreenCTM();
    if (!matrix) return [0, 0];
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    return [point.x, point.y];
  };

  const startDrawing = (/** @type {HTMLFormElement} */ ours) => {
    const field = /** @type {HTMLTextAreaElement} */ (ours.elements.namedItem("edge"));
    const layer = /** @type {SVGGElement} */ (svg.querySelector("[data-drawing]"));
    const wrong = /** @type {HTMLElement} */ (ours.querySelector("[data-wrong]"));
    const save = /** @type {HTMLButtonElement} */ (ours.querySelector("button.first"));
    let edge = read(field.value),
      puts = edge.length < 3,
      asked = 0,
      asking = 0;
    /** @type {Corner[][]} */
    const before = [];

    const draw = () => {
      layer.replaceChildren();
      const places = edge.map(placeOf);
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("class", "edge");
      if (places.length) path.setAttribute("d", `M${places.map(([x, y]) => `${x} ${y}`).join("L")}Z`);
      layer.append(path);
      places.forEach(([x, y], i) => {
        const corner = document.createElementNS(SVG, "rect"),
          size = 9 * unit();
        corner.setAttribute("class", "corner");
        for (const [name, value] of Object.entries({x: x - size / 2, y: y - size / 2, width: size, height: size}))
          corner.setAttribute(name, String(value));
        corner.dataset.corner = String(i);
        layer.append(corner);
      });
      const isCrossing = crosses(edge);
      svg.classList.toggle("crossing", isCrossing);
      save.disabled = isCrossing;
      const count = document.querySelector("[data-corners]");
      if (count) count.textContent = (count.getAttribute("data-words") || "").replace("{n}", String(edge.length));
    };
    const ask = async () => {
      const mine = ++asked;
      if (edge.length < 3) return;
      const answer = await fetch("/admin/areas/figures" + location.search, {
        method: "POST",
        headers: {"Content-Type": "application/json"},
        body: JSON.stringify({edge}),
      });
      if (mine !== asked || !answer.ok) return;
      const found = await answer.json();
      if (mine !== asked) return;
      wrong.hidden = !found.wrong;
      wrong.textContent = found.wrong ? `✕ ${found.wrong}` : "";
      for (const one of ours.querySelectorAll("[data-figure]"))
        one.textContent = found.wrong ? "—" : found[/** @type {HTMLElement} */ (one).dataset.figure || ""];
      const street = /** @type {HTMLSelectElement} */ (ours.elements.namedItem("street"));
      if (!street.value && found.first) street.value = found.first;
    };
    /** @param {Corner[]} next */
    const set = (next, isStep = true) => {
      if (isStep) before.push(edge);
      edge = next;
      field.value = edge.map(([lon, lat]) => `${lon}, ${lat}`).join("\n");
      draw();
      clearTimeout(asking);
      asking = window.setTimeout(ask, ASK_AFTER_MS);
    };
    const back = () => {
      const last = before.pop();
      if (last) set(last, false);
    };
    const restart = () => {
      puts = true;
      set([]);
    };
    /** A click: the next corner, or one more in the side that it is near. @param {number} x @param {number} y */
    const click = (x, y) => {
      const places = edge.map(placeOf),
        reach = REACH_PX * unit();
      if (puts) {
        if (edge.length > 2 && Math.hypot(places[0][0] - x, places[0][1] - y) < reach) puts = false;
        else set([...edge, cornerOf(x, y)]);
        return;
      }
      let nearest = -1,
        least = reach;
      places.forEach(([x1, y1], i) => {
        const [x2, y2] = places[(i + 1) % places.length],
          dx = x2 - x1,
          dy = y2 - y1;
        const t = Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy || 1)));
        const far = Math.hypot(x1 + t * dx - x, y1 + t * dy - y);
        if (far < least) [nearest, least] = [i, far];
      });
      if (nearest >= 0) set([...edge.slice(0, nearest + 1), cornerOf(x, y), ...edge.slice(nearest + 1)]);
    };
    /** @param {number} i @param {number} x @param {number} y */
    const move = (i, x, y, isStep = false) =>
      set(
        edge.map((one, j) => (j === i ? cornerOf(x, y) : one)),
        isStep,
      );
    /** @param {number} i */
    const drop = i => edge.length > 3 && set(edge.filter((_, j) => j !== i));
    field.addEventListener("change", () => set(read(field.value)));
    svg.classList.add("drawing");
    draw();
    return {draw, back, restart, click, move, drop, keep: () => before.push(edge)};
  };
  const drawing = form ? startDrawing(form) : null;

  /** @type {{x: number, y: number, boxX: number, boxY: number, corner: number, moved: boolean} | null} */
  let held = null;
  svg.addEventListener("pointerdown", event => {
    const corner = /** @type {SVGElement} */ (event.target).dataset?.corner;
    held = {
      x: event.clientX,
      y: event.clientY,
      boxX: box.x,
      boxY: box.y,
      corner: corner ? Number(corner) : -1,
      moved: false,
    };
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", event => {
    if (!held) return;
    const dx = event.clientX - held.x,
      dy = event.clientY - held.y;
    if (!held.moved && Math.hypot(dx, dy) < 4) return;
    if (!held.moved && held.corner >= 0) drawing?.keep();
    held.moved = true;
    if (held.corner >= 0 && drawing) drawing.move(held.corner, ...at(event));
    else {
      box.x = held.boxX - dx * unit();
      box.y = held.boxY - dy * unit();
    }
  });
  svg.addEventListener("pointerup", event => {
    if (held && !held.moved && drawing) drawing.click(...at(event));
    held = null;
  });
  svg.addEventListener("dblclick", event => {
    const corner = /** @type {SVGElement} */ (event.target).dataset?.corner;
    if (corner) drawing?.drop(Number(corner));
  });
  svg.addEventListener(
    "wheel",
    event => {
      event.preventDefault();
      zoom(event.deltaY > 0 ? 1.25 : 0.8, ...at(event));
    },
    {passive: false},
  );
  const acts = /** @type {Record<string, () => void>} */ ({
    restart: () => drawing?.restart(),
    back: () => drawing?.back(),
    in: () => zoom(0.6),
    out: () => zoom(1 / 0.6),
  });
  const tools = /** @type {HTMLElement | null} */ (document.querySelector("[data-tools]"));
  if (tools) {
    tools.hidden = false;
    for (const button of tools.querySelectorAll("button")) {
      const name = button.dataset.do || "";
      if (!drawing && (name === "restart" || name === "back")) button.hidden = true;
      button.addEventListener("click", () => acts[name]());
    }
  }
  document.addEventListener("keydown", event => {
    if (/** @type {HTMLElement} */ (event.target).matches("input, select, textarea") || !drawing) return;
    if (event.ctrlKey && event.key === "z") drawing.back();
    else if (!event.ctrlKey && !event.altKey && !event.metaKey && event.key === "n") drawing.restart();
    else return;
    event.preventDefault();
  });
  addEventListener("resize", scaleTexts);
  scaleTexts();
}
