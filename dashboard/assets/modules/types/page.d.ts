// What the classic scripts of a page give: Leaflet and AG Grid with Dash's components, Socket.IO as our vendored file.
declare const L: any;
declare const io: (options: object) => any;
declare const dash_ag_grid: {getApiAsync: (id: string) => Promise<any>};
/** The words of the page: files that the server makes (dashboard/texts), of which its tests hold the keys. */
type Texts = any;
/** Numbers, times and durations in the page's words. */
type Format = ReturnType<typeof import("../core/format.js").makeFormat>;
/** Names, signs and countdowns that all pages share. */
type Tiles = ReturnType<typeof import("../core/tiles.js").makeTiles>;
type Scope = import("../core/scope.js").Scope;
type Live = import("../core/socket.js").Live;
/** What a board is drawn from: the present, or a moment of the past. */
type Shown = Pick<Live, "state" | "beat" | "now" | "age" | "word">;
type Row = import("./wire.d.ts").Row;
type Rows = Map<string, Row>;
/** What a figure opens when it is clicked, as attributes of its element: its name, the heading that it is of, its span. */
type Opens = (name: string, scope?: {[heading: string]: string}, span?: string) => {[attribute: string]: string | number};
/** The district as a page's root carries it. */
interface Places {
  zone: string;
  plane: {lon: number; lat: number; kx: number; ky: number};
  streets: {[code: string]: {name: string; at?: [number, number]; box?: [number, number, number, number]}};
  units: {[code: string]: string};
  spots?: {[id: string]: string};
}
/** Leaflet has no types here: it comes with Dash's component. */
type LeafletMap = any;
type LeafletLayer = any;
/** A shape of the ground, as the package's layers have them. */
interface GroundFeature {
  properties: {kind: string; code?: string};
}
/** An event whose target is an element. */
type On<E extends Event> = E & {target: HTMLElement};
/** What our scripts look for above an element is HTML. */
interface Element {
  closest<K extends keyof HTMLElementTagNameMap>(selector: K): HTMLElementTagNameMap[K] | null;
  closest(selectors: string): HTMLElement | null;
}
interface Window {
  webkitAudioContext?: typeof AudioContext;
}
