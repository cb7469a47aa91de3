// Shows the photo of the mark under the pointer: a tile of one sheet that holds all photos.
export default function (component) {
  const { data, parentElement } = component;
  const photo = parentElement.querySelector(".under-pointer");
  const places = new Map(data.ids.map((id, place) => [id, place]));
  const size = data.shown, columns = data.columns;
  const heard = new WeakSet();
  photo.style.backgroundImage = `url(${data.sheet})`;
  photo.style.backgroundSize = `${columns * size}px auto`;

  const show = (event) => {
    const place = places.get(String(event.points[0].customdata[0]));
    if (place === undefined) return;
    const [column, row] = [place % columns, Math.floor(place / columns)];
    const { clientX, clientY } = event.event;
    photo.style.backgroundPosition = `-${column * size}px -${row * size}px`;
    photo.style.left = `${Math.min(clientX + 16, window.innerWidth - size - 8)}px`;
    photo.style.top = `${clientY > size + 32 ? clientY - size - 16 : clientY + 24}px`;
    photo.hidden = false;
  };
  const hide = () => (photo.hidden = true);
  const listen = (event) => {
    const chart = event.target.closest && event.target.closest(`.st-key-${data.chart} .js-plotly-plot`);
    if (!chart) hide();
    else if (chart.on && !heard.has(chart)) {
      heard.add(chart);
      chart.on("plotly_hover", show);
      chart.on("plotly_unhover", hide);
    }
  };
  document.addEventListener("pointerover", listen);
  return () => document.removeEventListener("pointerover", listen);
}
