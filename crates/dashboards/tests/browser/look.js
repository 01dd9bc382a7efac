// What a person would complain of on a dashboard's page.
(() => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`the page is ${root.scrollWidth} wide`);

  const within = (inner, outer, by = 1.5) =>
    inner.left >= outer.left - by && inner.right <= outer.right + by && inner.top >= outer.top - by && inner.bottom <= outer.bottom + by;
  const meet = (a, b, by = 1) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > by && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > by;
  const box = (element) => element.getBoundingClientRect();
  const all = (within, selector) => [...within.querySelectorAll(selector)];

  const panels = all(document, '.panel');
  const title = (panel) => panel.querySelector('h3').textContent.slice(0, 40);
  for (const [index, panel] of panels.entries()) {
    const say = (what) => found.push(`${title(panel)}: ${what}`);
    for (const other of panels.slice(index + 1)) if (meet(box(panel), box(other))) say(`overlaps ${title(other)}`);

    const head = panel.querySelector('h3');
    if (head.scrollWidth > head.clientWidth || !within(box(head), box(panel))) say('its title is cut');

    for (const stat of all(panel, '.stat')) {
      const [value, name] = [stat.querySelector('.value'), stat.querySelector('.name')];
      if (value && !within(box(value), box(stat))) say(`a value sticks out: ${value.textContent}`);
      if (value && name && meet(box(value), box(name), 3)) say(`a value covers its name: ${value.textContent}`);
    }
    // What may scroll does so downward; tables alone also sideways.
    for (const part of all(panel, '.stats, .legend')) if (part.scrollWidth > part.clientWidth + 1) say(`${part.className} is wider than its panel`);
    for (const part of all(panel, '.plot, figure, svg.chart, .nothing, .scroll, .legend, .stats')) {
      const around = part.parentElement.closest('.scroll, .stats') ?? panel;
      const outer = around === panel ? box(panel) : { ...box(around).toJSON(), top: -1e9, bottom: 1e9 };
      if (!within(box(part), outer)) say(`${part.tagName} ${part.className.baseVal ?? part.className} sticks out`);
    }

    for (const chart of all(panel, 'svg.chart')) {
      const texts = all(chart, 'text').map((text) => [text.textContent, box(text)]);
      for (const [at, [text, place]] of texts.entries()) {
        if (!within(place, box(chart), 3)) say(`a text of the chart sticks out: ${text.slice(0, 40)}`);
        // Boxes of letters have room above and below them.
        for (const [other, there] of texts.slice(at + 1)) if (meet(place, there, 4)) say(`texts of the chart overlap: ${text} and ${other}`);
      }
    }

    const legend = panel.querySelector('.plot:not(.beside) .legend');
    if (legend) {
      const rows = all(legend, 'tbody tr, li').map(box);
      const edge = box(legend).bottom;
      if (rows.some((row) => edge - row.top > 6 && row.bottom - edge > 6)) say('a row of the legend is cut');
      const end = Math.min(edge, Math.max(...rows.map((row) => row.bottom)));
      // How many rows a list of names takes is estimated.
      const room = legend.querySelector('ul') ? 44 : 22;
      if (box(panel).bottom - end > room) say(`empty below: ${Math.round(box(panel).bottom - end)} pixels`);
    }
  }
  return found;
})()
