// Refreshes the page that the server wrote. Whatever comes from containers is set as text, never as markup.

import { Readings } from "./readings.js";
import { Table, element, setStatus, setText } from "./table.js";
import { Tile } from "./tiles.js";

const find = (selector) => document.querySelector(selector);
const every = Number(document.body.dataset.every);
const source = `/containers/data.json?page=${encodeURIComponent(location.pathname)}`;

const readings = new Readings();
const tables = new Map([...document.querySelectorAll("table[data-table]")].map((table) => [table.dataset.table, new Table(table)]));
const tiles = [...document.querySelectorAll("[data-tile]")].map((tile) => new Tile(tile));
const refreshed = element("span", {}, "Reading …");
const pause = element("button", { type: "button", "aria-pressed": "false" }, "Pause");

let timer = 0;
let reads = 0;
let paused = false;
let statusText = null;

// The second reading comes soon, so that rates do; a page that nobody sees reads nothing.
async function refresh() {
  clearTimeout(timer);
  if (paused || document.hidden) return;
  try {
    const reply = await fetch(source, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(15000) });
    if (reply.status === 404) throw new Error("it is no more there.");
    if (!reply.ok) throw new Error((await reply.text()).trim() || `the answer was ${reply.status}.`);
    const data = await reply.json();
    if (readings.take(data)) show(data);
    document.body.classList.remove("stale");
    reads += 1;
  } catch (error) {
    document.body.classList.add("stale");
    setText(refreshed, `Not refreshed at ${time(Date.now())}: ${error.message}`);
  }
  if (!paused) timer = setTimeout(refresh, reads === 1 ? Math.min(every, 1000) : every);
}

function show(data) {
  setText(refreshed, `Read at ${time(data.at * 1000)}, every ${every / 1000} s.`);
  list("#problems", data.problems.map((text) => [text]));
  list("#troubles", data.containers.filter((row) => row.trouble).map((row) => [element("a", { href: row.href }, row.name), `: ${row.trouble}`]));
  tables.get("containers")?.show(data.containers);
  tables.get("groups")?.show(data.groups);
  if (data.containers.length) find(".nothing")?.remove();
  if (find("#counts")) setText(find("#counts"), counts(data.containers));
  if (data.own) own(data.own, data.at);
}

function own(row, at) {
  for (const tile of tiles) tile.show(row, at);
  const trouble = find("#trouble");
  if (trouble) {
    trouble.hidden = !row.trouble;
    setText(trouble.lastElementChild, row.trouble ?? "");
  }
  if (!row.status || !find("#status")) return;
  setStatus(find("#status"), row.status);
  if (statusText !== null && statusText !== row.status.text) details();
  statusText = row.status.text;
}

// A container that has changed its state has other details and notes: those of the page as it is now.
async function details() {
  const reply = await fetch(location.pathname).catch(() => null);
  if (!reply?.ok) return;
  const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
  for (const selector of [".details", ...tiles.map((tile) => `[data-tile=${tile.key}] .note`)]) {
    const part = fresh.querySelector(selector);
    if (part) find(selector)?.replaceWith(document.adoptNode(part));
  }
}

function list(selector, items) {
  const place = find(selector);
  if (!place) return;
  const shown = place.matches("ul") ? place : place.querySelector("ul");
  const made = items.map((parts) => element("li", {}, ...parts));
  // A list that says the same stays, so that screen readers do not say it again.
  if (made.map((item) => item.textContent).join("\n") !== [...shown.children].map((item) => item.textContent).join("\n")) {
    shown.replaceChildren(...made);
  }
  place.hidden = items.length === 0;
}

function counts(rows) {
  const up = rows.filter((row) => row.status.text.startsWith("running")).length;
  return `${rows.length} ${rows.length === 1 ? "container" : "containers"}: ${up} running, ${rows.length - up} not running`;
}

const time = (millis) => new Date(millis).toLocaleTimeString();

function begin() {
  find("#refresh").replaceChildren(refreshed, " ", pause);
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    refresh();
  });
  document.addEventListener("visibilitychange", refresh);
  const table = tables.get("containers");
  const box = element("input", { type: "search", placeholder: "Filter by name or image", "aria-label": "Filter containers by name or image" });
  box.addEventListener("input", () => table.filter(box.value));
  if (find("#counts")) find("[data-table=containers]").before(element("p", { class: "filter" }, box));
  refresh();
}

if (every > 0) begin();
