// The charts of the leader's page: drawn when Plotly has come, anew in the colours of the other theme and for paper; the
// page is whole without them.
"use strict";
(() => {
  const root = document.documentElement;
  // The server's house colours → ours; a heat map goes from the page's ground to its ink.
  const TOKENS = {
    "#14171a": "--ink-1",
    "#5b636c": "--ink-3",
    "#d5d9de": "--mark-3",
    "#8a5a00": "--soon",
    "#ffffff": "--surface",
  };
  const DARK_SCALE = {"#dfe3e8": "#2c3136", "#a9b1ba": "#4a5159", "#66707b": "#959ca4", "#1f262d": "#eceef0"};
  const coloured = text => {
    const style = getComputedStyle(root);
    for (const [ours, token] of Object.entries(TOKENS))
      text = text.replaceAll(ours, style.getPropertyValue(token).trim());
    if (root.dataset.theme === "dark")
      for (const [light, dark] of Object.entries(DARK_SCALE)) text = text.replaceAll(light, dark);
    return text;
  };
  /** On paper a chart is as wide as its column, whatever the screen was. */
  const scalable = host => {
    const all = host.querySelectorAll("svg.main-svg");
    for (const svg of all)
      svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
    if (all.length)
      host.style.setProperty("--ratio", `${all[0].getAttribute("width")} / ${all[0].getAttribute("height")}`);
  };
  const draw = () => {
    for (const data of document.querySelectorAll("script[data-chart]")) {
      const figure = JSON.parse(coloured(data.textContent)),
        host = document.getElementById(data.dataset.chart);
      Plotly.react(host, figure.data, figure.layout, {
        responsive: true,
        displaylogo: false,
        displayModeBar: "hover",
        modeBarButtons: [["toImage"]],
        toImageButtonOptions: {filename: `${data.dataset.chart}-${document.title}`, scale: 2},
      });
      scalable(host);
      if (!host.dataset.followed) host.on("plotly_afterplot", () => scalable(host));
      host.dataset.followed = "1";
    }
  };
  draw();
  new MutationObserver(draw).observe(root, {attributes: true, attributeFilter: ["data-theme"]});
  let theme = "";
  addEventListener("beforeprint", () => {
    theme = root.dataset.theme;
    if (theme === "light") return;
    root.dataset.theme = "light";
    draw();
  });
  addEventListener("afterprint", () => {
    if (theme) root.dataset.theme = theme;
  });
  root.dataset.charts = "drawn";
})();
