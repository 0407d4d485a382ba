// Node-RED for the bench: loopback only, no editor, nothing reported; ioredis is handed to function nodes.
const home = process.env.BENCH_NODE;
module.exports = {
  uiHost: "127.0.0.1",
  uiPort: Number(process.env.HTTP_PORT),
  httpAdminRoot: false,
  userDir: home + "/user",
  nodesDir: home + "/node_modules/node-red-contrib-web-worldmap",
  flowFile: home + "/user/flows.json",
  functionGlobalContext: {
    Redis: require(home + "/node_modules/ioredis"),
    state: new Map(),
    port: Number(process.env.REDIS_PORT),
  },
  telemetry: { enabled: false, updateNotification: false },
  logging: { console: { level: "warn", metrics: false, audit: false } },
};
