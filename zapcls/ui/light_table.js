// A table of photos of which several are chosen: by click, Shift, Ctrl+A, or from the keyboard.
export default function (component) {
  const { data, parentElement, setStateValue, setTriggerValue } = component;
  const root = parentElement.querySelector(".light-table");
  const ids = data.groups.flatMap((group) => group.cells.map((cell) => cell.id));
  const chosen = new Set((root.chosen || []).filter((id) => ids.includes(id)));
  const cells = new Map();
  root.replaceChildren();

  const tell = () => {
    root.chosen = [...chosen];
    for (const [id, cell] of cells) cell.setAttribute("aria-selected", chosen.has(id));
    setStateValue("chosen", root.chosen);
  };
  const toggle = (id) => (chosen.has(id) ? chosen.delete(id) : chosen.add(id));
  const choose = (id, isRange) => {
    const [from, to] = [ids.indexOf(root.anchor), ids.indexOf(id)].sort((a, b) => a - b);
    if (isRange && from >= 0) ids.slice(from, to + 1).forEach((one) => chosen.add(one));
    else toggle(id);
    root.anchor = id;
    tell();
  };
  const chooseAll = (some) => {
    const isFull = some.every((id) => chosen.has(id));
    some.forEach((id) => (isFull ? chosen.delete(id) : chosen.add(id)));
    tell();
  };
  const move = (id, step) => {
    const next = cells.get(ids[ids.indexOf(id) + step]);
    if (next) next.focus();
  };
  const press = (event, id) => {
    const columns = Math.max(1, Math.floor(root.clientWidth / 140));
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    if (event.key in steps) move(id, steps[event.key]);
    else if (event.key === " ") choose(id, event.shiftKey);
    else if (event.key === "Enter") setTriggerValue("opened", id);
    else if (event.key === "Escape") (chosen.clear(), tell());
    else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) chooseAll(ids);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  for (const group of data.groups) {
    const heading = document.createElement("button");
    heading.className = "kind";
    heading.textContent = group.title;
    heading.onclick = () => chooseAll(group.cells.map((cell) => cell.id));
    const list = document.createElement("div");
    list.className = "cells";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-multiselectable", "true");
    list.setAttribute("aria-label", group.title);
    group.cells.forEach((one, place) => {
      const cell = document.createElement("div");
      const isSame = (other) => other && other.product === one.product;
      cell.className = "cell" + (isSame(group.cells[place + 1]) ? " goes-on" : "");
      cell.setAttribute("role", "option");
      cell.tabIndex = one.id === ids[0] ? 0 : -1;
      const photo = document.createElement("img");
      photo.src = one.photo;
      photo.alt = one.alt;
      const why = document.createElement("span");
      why.textContent = one.why;
      cell.title = one.title;
      cell.append(photo, why);
      cell.onclick = (event) => (cell.focus(), choose(one.id, event.shiftKey));
      cell.ondblclick = () => setTriggerValue("opened", one.id);
      cell.onkeydown = (event) => press(event, one.id);
      cells.set(one.id, cell);
      list.append(cell);
    });
    root.append(heading, list);
  }
  for (const [id, cell] of cells) cell.setAttribute("aria-selected", chosen.has(id));
}
