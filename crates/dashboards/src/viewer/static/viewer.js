// Values under the pointer, refresh, and forms that apply themselves. Pages work without it.
'use strict';

const root = document.documentElement;
const report = 'report' in root.dataset;
const two = (number) => String(number).padStart(2, '0');

/** A time in the dashboard's zone, whose seconds east of Greenwich the page tells. */
function stamp(seconds, zone) {
  const at = new Date((seconds + zone) * 1000);
  const day = `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
  return `${day} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
}

/** Rules for colors that the page did not have when it was loaded. */
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
const colors = new Set();
function swatch(color) {
  const mark = document.createElement('i');
  if (!/^[0-9a-f]{6}$/.test(color ?? '')) return mark;
  if (!colors.has(color)) {
    colors.add(color);
    sheet.insertRule(`.c-${color}{--c:#${color}}`);
  }
  mark.className = `swatch c-${color}`;
  return mark;
}
function learn(within) {
  for (const element of within.querySelectorAll('[class*="c-"]')) {
    const color = /(?:^| )c-([0-9a-f]{6})(?: |$)/.exec(element.className.baseVal ?? element.className);
    if (color) swatch(color[1]);
  }
}

/** What is to be said at a time: pairs of a name and a text. */
function said(data, time) {
  const rows = [];
  for (const series of data.series ?? []) {
    const index = Math.round((time - series.first) / series.step);
    const text = series.texts[index];
    if (text != null) rows.push({ name: series.name, text, color: series.color, value: series.values?.[index] ?? 0 });
  }
  if (data.sort === 'desc') rows.sort((a, b) => b.value - a.value);
  if (data.sort === 'asc') rows.sort((a, b) => a.value - b.value);
  for (const row of data.rows ?? []) {
    const stretch = row.stretches.find(([start, end]) => start <= time && time < end);
    if (stretch) rows.push({ name: row.name, text: stretch[2], color: stretch[3] });
  }
  for (const [start, end, title] of data.bands ?? []) {
    if (start - 30 <= time && time <= end + 30) rows.push({ name: '⚑ ' + title, text: '' });
  }
  return rows;
}

function line(row) {
  const p = document.createElement('p');
  const name = document.createElement('span');
  const value = document.createElement('em');
  name.textContent = row.name;
  value.textContent = row.text;
  p.append(swatch(row.color), name, value);
  return p;
}

/** Follows the pointer over a chart. */
function follow(figure) {
  const chart = figure.querySelector('svg');
  const data = JSON.parse(figure.querySelector('script').textContent);
  const tip = Object.assign(document.createElement('div'), { className: 'tip', hidden: true });
  const hair = Object.assign(document.createElement('div'), { className: 'hair', hidden: true });
  figure.append(hair, tip);
  const hide = () => { tip.hidden = hair.hidden = true; };
  figure.addEventListener('pointerleave', hide);
  figure.addEventListener('pointermove', (event) => {
    const box = chart.getBoundingClientRect();
    const scale = box.width / Number(chart.getAttribute('width'));
    const left = Number(figure.dataset.left) * scale;
    const right = Number(figure.dataset.right) * scale;
    const x = event.clientX - box.left;
    if (x < left || x > right) return hide();
    const time = data.from + (x - left) / (right - left) * (data.to - data.from);
    const head = document.createElement('b');
    head.textContent = stamp(time, data.zone);
    tip.replaceChildren(head, ...said(data, time).slice(0, 24).map(line));
    tip.hidden = hair.hidden = false;
    // Through the object model: a strict policy is for attributes.
    hair.style.left = `${x}px`;
    const beside = x + 14 + tip.offsetWidth > box.width ? x - 14 - tip.offsetWidth : x + 14;
    tip.style.left = `${Math.max(0, beside)}px`;
  });
}

/** Tables sort by a click on a column's name. */
function sortable(table) {
  for (const head of table.tHead?.rows[0]?.cells ?? []) {
    head.dataset.sort = '';
    head.addEventListener('click', () => {
      const down = head.ariaSort !== 'descending';
      for (const other of head.parentElement.cells) other.ariaSort = null;
      head.ariaSort = down ? 'descending' : 'ascending';
      const key = (row) => row.cells[head.cellIndex].dataset.value ?? row.cells[head.cellIndex].textContent;
      const compare = (a, b) => (Number(a) - Number(b)) || String(a).localeCompare(String(b), undefined, { numeric: true });
      const rows = [...table.tBodies[0].rows].sort((a, b) => compare(key(a), key(b)) * (down ? -1 : 1));
      table.tBodies[0].append(...rows);
    });
  }
}

function enliven(main) {
  learn(main);
  main.querySelectorAll('figure').forEach(follow);
  main.querySelectorAll('table.data').forEach(sortable);
}

const cookie = (name, value) => { document.cookie = `${name}=${value}; path=/; SameSite=Strict; max-age=31536000`; };

/** The same page as it is now; folded rows and scrolled lists stay as they are. */
async function reload() {
  const main = document.querySelector('main');
  const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  // Without the head, whose styles are for another page's policy.
  const text = await answer.text();
  const inner = text.slice(text.indexOf('<main'), text.lastIndexOf('</main>') + 7);
  const fresh = new DOMParser().parseFromString(inner, 'text/html').querySelector('main');
  if (!fresh) return;
  const folded = [...main.querySelectorAll('details.row:not([open])')].map((row) => row.id);
  const scrolls = new Map([...main.querySelectorAll('.panel')].map((panel) => [panel.id, panel.querySelector('.legend,.scroll')?.scrollTop ?? 0]));
  main.replaceWith(fresh);
  for (const id of folded) document.getElementById(id)?.removeAttribute('open');
  for (const [id, top] of scrolls) {
    const list = top > 0 && document.getElementById(id)?.querySelector('.legend,.scroll');
    if (list) list.scrollTop = top;
  }
  enliven(fresh);
}

/** Charts are drawn for the width of the screen; a page that did not know it is drawn for none. */
async function fit() {
  const width = Math.round(root.clientWidth);
  cookie('width', width);
  const main = document.querySelector('main[data-width]');
  if (!main) return;
  const drawn = Number(main.dataset.width);
  if (Math.abs(width - drawn) <= 16) return;
  try {
    await reload();
    if (!drawn) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  } catch (error) {
    if (!drawn) main.querySelector('.nothing').textContent = `The dashboard did not come: ${error.message}`;
  }
}

function controls() {
  const form = document.querySelector('.controls');
  if (!form) return;
  form.addEventListener('change', (event) => {
    const { name, value, type } = event.target;
    if (name === 'theme') {
      root.dataset.theme = value;
      cookie('theme', value);
      return;
    }
    if (type === 'checkbox') {
      // All, or some.
      const all = value === '$__all';
      for (const box of form.querySelectorAll(`input[name="${CSS.escape(name)}"]`)) {
        if (box !== event.target && event.target.checked && (all || box.value === '$__all')) box.checked = false;
      }
      return;
    }
    if (type === 'datetime-local') {
      form.elements.range.value = 'absolute';
      return;
    }
    form.requestSubmit();
  });
}

if (!report) {
  root.dataset.script = '';
  controls();
  let waiting;
  addEventListener('resize', () => { clearTimeout(waiting); waiting = setTimeout(fit, 250); });
  fit();
  const seconds = Number(document.querySelector('main')?.dataset.refresh ?? 0);
  if (seconds > 0) setInterval(() => { if (!document.hidden) reload().catch(() => {}); }, seconds * 1000);
}
enliven(document);
