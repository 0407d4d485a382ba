// What the classic scripts of a page give: Leaflet and AG Grid with Dash's components, Socket.IO as our vendored file.
declare const L: any;
declare const io: (options: object) => any;
declare const dash_clientside: {set_props: (id: string, props: object) => void};
declare const dash_ag_grid: {getApiAsync: (id: string) => Promise<any>};
interface Window {
  webkitAudioContext?: typeof AudioContext;
}
