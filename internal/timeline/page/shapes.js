// How things are drawn. A path holds all ticks of a kind on a lane, so that a
// long run costs few elements.

const SVG = 'http://www.w3.org/2000/svg';

// draw makes an element of a picture.
function draw(name, attributes, text) {
  const e = document.createElementNS(SVG, name);
  for (const key in attributes) e.setAttribute(key, attributes[key]);
  if (text !== undefined) e.textContent = text;
  return e;
}

// make makes an element of the page.
function make(name, attributes, ...inside) {
  const e = document.createElement(name);
  for (const key in attributes) e.setAttribute(key, attributes[key]);
  e.append(...inside);
  return e;
}

const px = (n) => n.toFixed(1);

// marks are the shapes, around their middle.
const marks = {
  line: (x, y) => `M${x} ${y - 4}v8`,
  dot: (x, y) => `M${x - 2.2} ${y}a2.2 2.2 0 1 0 4.4 0a2.2 2.2 0 1 0 -4.4 0`,
  arrow: (x, y) => `M${x} ${y - 4.5}l4 8h-8z`,
  diamond: (x, y) => `M${x} ${y - 5}l4.5 5l-4.5 5l-4.5 -5z`,
  flag: (x, y) => `M${x} ${y + 6}v-11h7l-2 2.7l2 2.7h-7`,
  alarm: (x, y) => `M${x} ${y - 5.5}l6 10.5h-12zm-.8 4v3.4h1.6v-3.4zm0 4.4v1.4h1.6v-1.4z`,
  cross: (x, y) => `M${x - 4} ${y - 4}l8 8m0 -8l-8 8`,
};

// mark returns the path of one tick.
const mark = (shape, x, y) => marks[shape](Math.round(x * 10) / 10, y);

// swatch returns what stands for a kind in the legend.
function swatch(kind, shape) {
  const box = draw('svg', { viewBox: '0 0 16 12', 'aria-hidden': 'true' });
  if (shape) {
    box.append(draw('path', { class: 'tick none ' + shape, d: mark(shape, 8, 6) }));
  } else {
    const colour = disturbances[kind] || 'o' + (kind - disturbances.length) % 8;
    box.append(draw('rect', { x: 1, y: 1, width: 14, height: 10, class: 'span ' + colour }));
  }
  return box;
}

// cutTo shortens a text to a width in pixels, "" if nothing of it can be read.
function cutTo(text, width) {
  const fits = Math.floor(width / 6.2);
  if (fits < 2) return '';
  return text.length <= fits ? text : text.slice(0, fits - 1) + '…';
}

// drawRuler draws the axis of time: seconds above, ttl below.
function drawRuler() {
  const ruler = byId('ruler');
  const parts = [];
  const row = (unit, y, name) => {
    for (const { at, text } of steps(unit, view.width / 90)) {
      const x = xOf(at);
      parts.push(draw('path', { d: `M${px(x)} ${y + 4}v4` }));
      parts.push(draw('text', { x: px(x), y, 'text-anchor': 'middle', class: name }, text));
    }
  };
  row(1e9, 13, 's');
  if (run.ttl) row(run.ttl, 31, 'ttl');
  if (run.violation) {
    const x = xOf(run.violation.at);
    if (x >= 0 && x <= view.width) {
      const left = Math.min(Math.max(x - 46, 0), view.width - 92);
      parts.push(draw('rect', { class: 'flag', x: px(left), y: 1, width: 92, height: 16, rx: 3 }));
      parts.push(draw('path', { class: 'flag', d: `M${px(x - 5)} 17h10l-5 23z` }));
      parts.push(draw('text', { class: 'flag-text', x: px(left + 46), y: 13, 'text-anchor': 'middle' },
        'first violation'));
    }
  }
  ruler.replaceChildren(...parts);
}
