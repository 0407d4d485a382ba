// @ts-check
// Elements and JSON. Text goes in as text, never as HTML (what panel.js puts in the server has made and escaped).

/**
 * h("div", {class: "x"}, child, …): an element; a name with "svg:" before it is an SVG one.
 * @param {string} name
 * @param {{[attribute: string]: any}|null} [attributes]  null, undefined and false are left out
 * @param {...any} children  nodes and texts, in lists as deep as you like; null and undefined are left out
 * @returns {any} the element; which one its name says
 */
export const h = (name, attributes, ...children) => {
  const svg = name.startsWith("svg:");
  const el = svg ? document.createElementNS("http://www.w3.org/2000/svg", name.slice(4)) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {}))
    if (value !== null && value !== undefined && value !== false) el.setAttribute(key, value);
  for (const child of children.flat(Infinity)) if (child !== null && child !== undefined) el.append(child);
  return el;
};

/** JSON without a prototype behind its objects: a code called «constructor» is just unknown. @param {string} text */
export const plain = text =>
  JSON.parse(text, (_, v) =>
    v && typeof v === "object" && !Array.isArray(v) ? Object.assign(Object.create(null), v) : v,
  );

/**
 * The element with this id.
 * @param {string} id
 * @returns {any}
 */
export const $ = id => document.getElementById(id);

/**
 * The first element within `host` that a selector finds; null when there is none.
 * @param {ParentNode} host
 * @param {string} selector
 * @returns {any}
 */
export const find = (host, selector) => host.querySelector(selector);
