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
type DeskRow = import("./wire.d.ts").DeskCase;
type DeskRows = Map<string, DeskRow>;
/** What the server answered; `error` where it refused. */
interface Said {
  error?: string;
  code?: string;
  status?: number;
  [more: string]: any;
}
/** A case, and the version that the person saw. */
type SeenCase = [id: string, version: number];
/** What the parts of a desk read of the live state. */
interface DeskLive {
  readonly state: Omit<Live["state"], "rows"> & {rows: DeskRows};
  now: () => number | null;
}
/** What a desk's root carries: whose it is, and what this person may do there. */
interface DeskAbout {
  box?: [number, number, number, number];
  street: string;
  unit: string;
  grid: string;
  district: string;
  seat: string;
  zone: string;
  title: string;
  me: string;
  name: string;
  rights: string[];
  /** The keys that press the panel's buttons, with what each does for this person. */
  keys: [key: string, name: string][];
  grids: {[code: string]: string};
  communities: {[code: string]: string};
  initials: {[unit: string]: string};
  leads: {[domain: string]: string};
  forms: {[command: string]: import("../desk/forms.js").Field[]};
  whistle_minutes: number;
}
/** A filter of the queue's table: one condition, or several joined by AND or OR. */
interface ColumnFilter {
  type?: string;
  filter?: string;
  operator?: string;
  conditions?: ColumnFilter[];
}
/** What the queue shows, and how. */
interface QueueState {
  group: string;
  text: string;
  only: Set<string>;
  inMap: boolean;
  columns: {[id: string]: ColumnFilter};
  folded: Set<string>;
  current: string | null;
  typing: number;
}
/** A case as the queue's table holds it; `key` is its group, `marks` the chips that it belongs to. */
interface QueueItem {
  id: string;
  row: DeskRow;
  key: string;
  passes: boolean;
  marks: string[];
  head?: undefined;
}
/** The head of a group, a row of its own. */
interface QueueHead {
  id: string;
  head: true;
  key: string;
  n: number;
}
/** A row of AG Grid's. */
interface GridNode {
  data: QueueItem | QueueHead;
  rowIndex: number;
  displayed: boolean;
}
/** What AG Grid tells of a row; `event` is the browser's own. */
interface GridEvent {
  data: QueueItem | QueueHead;
  event: any;
}
/** How AG Grid compares two rows: their values, their nodes. */
type GridComparator = (a: any, b: any, x: GridNode, y: GridNode, isDescending?: boolean) => number;
/** AG Grid has no types here: it comes with Dash's component. */
type GridApi = any;
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
