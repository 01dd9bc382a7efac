// The values of a container's own page, with charts of what was read since the page was opened.

import { drawing, element, setBar, setText } from "./table.js";
import { bytes, percent, perSecond, shown } from "./units.js";

const [WIDTH, HEIGHT] = [300, 70];

// Readings that a chart keeps: twenty minutes of one each three seconds.
const MOST = 400;

const known = (value) => value ?? null;

// By the key of a tile: the lines of its chart, their unit, and the value in words.
const TILES = {
  cpu: { lines: { "of a CPU": (row) => row.rates.cpu }, unit: percent, least: 0.01 },
  throttled: { lines: { throttled: (row) => row.rates.throttled }, unit: percent, least: 0.01 },
  memory: { lines: { "working set": (row) => known(row.working_set) }, unit: bytes, least: 1024 },
  network: {
    lines: { received: (row) => row.rates.received, sent: (row) => row.rates.sent },
    unit: perSecond,
    least: 1024,
    words: (row) => `↓ ${shown(row.rates.received, perSecond)} ↑ ${shown(row.rates.sent, perSecond)}`,
  },
  fs: { lines: { files: (row) => known(row.fs) }, unit: bytes, least: 1024 },
  tasks: { lines: { tasks: (row) => known(row.tasks) }, unit: (count) => String(Math.round(count)), least: 1 },
};

export class Tile {
  #place;
  #spec;
  #points = [];
  #chart = null;

  constructor(place) {
    this.#place = place;
    this.#spec = TILES[place.dataset.tile];
  }

  get key() {
    return this.#place.dataset.tile;
  }

  show(row, at) {
    const values = Object.values(this.#spec.lines).map((line) => line(row));
    const value = this.#place.querySelector(".value");
    if (values.every((one) => one === null)) return setText(value, "–");
    setText(value, this.#spec.words?.(row) ?? shown(values[0], this.#spec.unit));
    if (this.key === "memory") this.#against(row);
    this.#points.push({ at, values });
    if (this.#points.length > MOST) this.#points.shift();
    this.#draw();
  }

  #against(row) {
    if (!(row.memory_limit > 0) || row.working_set == null) return;
    const part = row.working_set / row.memory_limit;
    const all = row.memory == null ? "" : `; ${bytes(row.memory)} with caches`;
    const limit = row.id === "/" ? "" : "its limit of ";
    setText(this.#place.querySelector(".note"), `${percent(part)} of ${limit}${bytes(row.memory_limit)}${all}`);
    setBar(this.#place, part, this.#place.querySelector(".chart"));
  }

  #draw() {
    const points = this.#points.filter((point) => point.values.some(Number.isFinite));
    if (points.length < 2) return;
    this.#chart ??= new Chart(this.#place.querySelector(".chart"), Object.keys(this.#spec.lines));
    this.#chart.draw(points, this.#spec);
  }
}

class Chart {
  #svg;
  #top = element("span");
  #span = element("span");
  #names;

  constructor(place, names) {
    this.#names = names;
    const lines = names.map((_, index) => drawing("polyline", { class: `line-${index}` }));
    const view = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" };
    this.#svg = drawing("svg", view, ...lines);
    const legend = names.length > 1 ? names.map((name, index) => element("span", { class: `key-${index}` }, name)) : [];
    const foot = element("p", { class: "axis" }, this.#span, ...legend);
    place.replaceChildren(element("p", { class: "axis top" }, this.#top), this.#svg, foot);
  }

  draw(points, { unit, least }) {
    const values = points.flatMap((point) => point.values.filter(Number.isFinite));
    const top = Math.max(least, ...values) * 1.1;
    const [first, last] = [points[0].at, points.at(-1).at];
    this.#names.forEach((_, index) => {
      const drawn = points.filter((point) => Number.isFinite(point.values[index]));
      const place = ({ at, values }) =>
        `${(((at - first) / (last - first)) * WIDTH).toFixed(1)},${(HEIGHT - (values[index] / top) * HEIGHT).toFixed(1)}`;
      this.#svg.children[index].setAttribute("points", drawn.map(place).join(" "));
    });
    setText(this.#top, unit(top));
    setText(this.#span, `the last ${age(last - first)}`);
    this.#svg.setAttribute("aria-label", this.#words(points, unit));
  }

  #words(points, unit) {
    const range = (name, index) => {
      const values = points.map((point) => point.values[index]).filter(Number.isFinite);
      return values.length ? `${name} between ${unit(Math.min(...values))} and ${unit(Math.max(...values))}` : "";
    };
    return this.#names.map(range).filter(Boolean).join(", ");
  }
}

function age(seconds) {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
