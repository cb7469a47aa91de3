// Draws the figures, which stand in the page as JSON, each into its place.
const figures = JSON.parse(document.getElementById("figures").textContent);
const places = figures.map((_, place) => document.getElementById(`chart-${place}`));
figures.forEach(({ data, layout }, place) =>
  Plotly.newPlot(places[place], data, layout, { displayModeBar: false, responsive: true }),
);
addEventListener("beforeprint", () => places.forEach((place) => Plotly.Plots.resize(place)));
