// The charts of the leader's page: drawn when Plotly has come; the page is whole without them.
"use strict";
for (const data of document.querySelectorAll("script[data-chart]")) {
  const figure = JSON.parse(data.textContent),
    host = document.getElementById(data.dataset.chart);
  Plotly.newPlot(host, figure.data, figure.layout, {
    responsive: true,
    displaylogo: false,
    displayModeBar: "hover",
    modeBarButtons: [["toImage"]],
    toImageButtonOptions: {filename: `${data.dataset.chart}-${document.title}`, scale: 2},
  });
}
document.documentElement.dataset.charts = "drawn";
