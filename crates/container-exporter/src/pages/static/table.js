// Tables that refresh and sort. The cells are those of table.rs.

import { bytes, percent, perSecond, shown } from "./units.js";

const known = (value) => value ?? null;
const share = (part, whole) => (part != null && whole > 0 ? part / whole : null);

// By the key of a heading: what a row is sorted by, and what its cell shows.
const COLUMNS = {
  state: { value: (row) => row.status?.text, cell: () => ({}) },
  cpu: { value: (row) => row.rates.cpu, cell: (row) => ({ text: shown(row.rates.cpu, percent), more: ofCpus(row) }) },
  throttled: { value: (row) => row.rates.throttled, cell: (row) => ({ text: shown(row.rates.throttled, percent) }) },
  memory: { value: (row) => row.working_set, cell: memory },
  fs: { value: (row) => row.fs, cell: (row) => ({ text: shown(known(row.fs), bytes) }) },
  received: { value: (row) => row.rates.received, cell: (row) => network(row, row.rates.received) },
  sent: { value: (row) => row.rates.sent, cell: (row) => network(row, row.rates.sent) },
  tasks: { value: (row) => row.tasks, cell: (row) => ({ text: shown(known(row.tasks), String) }) },
};

function ofCpus(row) {
  return row.cpu_limit ? `of ${percent(row.cpu_limit)}` : "";
}

function memory(row) {
  const part = share(row.working_set, row.memory_limit);
  const more = part === null ? "" : `${percent(part)} of ${bytes(row.memory_limit)}`;
  return { text: shown(known(row.working_set), bytes), more, share: part };
}

function network(row, rate) {
  const more = row.network_of && rate === null ? `network of ${row.network_of}` : "";
  return { text: shown(rate, perSecond), more };
}

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function drawing(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Puts a bar for a share at the end of a place, or takes it away.
export function setBar(place, part, before = null) {
  let bar = place.querySelector(":scope > .bar");
  if (part == null) return bar?.remove();
  if (!bar) {
    bar = drawing("svg", { class: "bar", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" });
    bar.append(drawing("rect", { height: 4 }));
    place.insertBefore(bar, before);
  }
  bar.firstChild.setAttribute("width", (Math.min(Math.max(part, 0), 1) * 100).toFixed(1));
  bar.firstChild.setAttribute("class", part >= 0.9 ? "full" : "");
}

export function setText(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

export function setStatus(place, status) {
  let [state, since] = place.children;
  if (!state) {
    [state, since] = [element("span"), element("small")];
    place.append(state, since);
  }
  state.className = `state ${status.tone}`;
  setText(state, status.text);
  setText(since, status.since ?? "");
}

export class Table {
  #table;
  #keys = [];
  #rows = [];
  #lines = new Map();
  #key = "memory";
  #down = true;
  #filter = "";

  constructor(table) {
    this.#table = table;
    for (const heading of table.tHead.rows[0].cells) this.#enhance(heading);
    this.#restore();
  }

  show(rows) {
    if (this.#lines.size === 0) this.#body.replaceChildren();
    this.#rows = rows;
    const before = this.#lines;
    this.#lines = new Map();
    for (const row of rows) {
      const line = before.get(row.id) ?? this.#line(row);
      before.delete(row.id);
      this.#lines.set(row.id, line);
      this.#fill(line, row);
    }
    for (const line of before.values()) line.remove();
    this.#table.closest("section").hidden = rows.length === 0;
    this.#arrange(false);
  }

  filter(text) {
    this.#filter = text.trim().toLowerCase();
    this.#arrange(true);
  }

  get #body() {
    return this.#table.tBodies[0];
  }

  #enhance(heading) {
    const key = heading.dataset.key;
    this.#keys.push(key);
    const button = element("button", { type: "button" }, heading.textContent);
    button.addEventListener("click", () => this.#sortBy(key));
    heading.replaceChildren(button);
  }

  // Names go up first, numbers down: the most is what people look for.
  #sortBy(key) {
    this.#down = this.#key === key ? !this.#down : !["name", "state"].includes(key);
    this.#key = key;
    try {
      sessionStorage.setItem(this.#place, JSON.stringify([key, this.#down]));
    } catch {
      // The choice is forgotten where nothing may be stored.
    }
    this.#arrange(true);
  }

  get #place() {
    return `sort ${this.#table.dataset.table}`;
  }

  #restore() {
    try {
      const [key, down] = JSON.parse(sessionStorage.getItem(this.#place)) ?? [];
      if (this.#keys.includes(key)) [this.#key, this.#down] = [key, down === true];
    } catch {
      // As above.
    }
  }

  #line(row) {
    const head = element("th", { scope: "row" }, element("a", { href: row.href }), element("small"));
    const cells = this.#keys.slice(1).map((key, index) => {
      const title = this.#table.tHead.rows[0].cells[index + 1].textContent;
      if (key === "state") return element("td", { "data-title": title });
      return element("td", { class: "number", "data-title": title }, element("span"), element("small"));
    });
    return element("tr", {}, head, ...cells);
  }

  #fill(line, row) {
    const [head, ...cells] = line.cells;
    setText(head.children[0], row.name);
    head.children[0].setAttribute("href", row.href);
    setText(head.children[1], row.image ?? "");
    cells.forEach((cell, index) => {
      const key = this.#keys[index + 1];
      if (key === "state") return setStatus(cell, row.status);
      const { text, more, share } = COLUMNS[key].cell(row);
      setText(cell.children[0], text);
      setText(cell.children[1], more ?? "");
      setBar(cell, share);
    });
  }

  // Rows stay where they are under a pointer or the keyboard's focus, unless the person asked for another order.
  #arrange(asked) {
    for (const heading of this.#table.tHead.rows[0].cells) {
      if (heading.dataset.key === this.#key) heading.setAttribute("aria-sort", this.#down ? "descending" : "ascending");
      else heading.removeAttribute("aria-sort");
    }
    const held = this.#body.matches(":hover") || this.#body.contains(document.activeElement);
    const isNew = this.#body.rows.length !== this.#lines.size;
    if (asked || isNew || !held) this.#order();
    for (const row of this.#rows) this.#lines.get(row.id).hidden = !this.#matches(row);
  }

  #order() {
    const sorted = this.#rows.toSorted((a, b) => this.#compare(a, b));
    sorted.forEach((row, index) => {
      const [line, there] = [this.#lines.get(row.id), this.#body.rows[index]];
      if (line !== there) this.#body.insertBefore(line, there ?? null);
    });
  }

  #compare(a, b) {
    const value = (row) => (this.#key === "name" ? row.name : COLUMNS[this.#key].value(row)) ?? null;
    const [left, right] = [value(a), value(b)];
    const byName = a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1);
    if (left === null || right === null) return (left === null) - (right === null) || byName;
    const order = typeof left === "string" ? left.localeCompare(right) : left - right;
    return (this.#down ? -order : order) || byName;
  }

  #matches(row) {
    return [row.name, row.image ?? "", row.id].some((text) => text.toLowerCase().includes(this.#filter));
  }
}
