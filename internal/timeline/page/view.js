'use strict';
// The run, as read from the page, and the stretch of time that is in view.

const byId = (id) => document.getElementById(id);
const run = JSON.parse(byId('run').textContent);
const app = byId('app');
const lanesBox = byId('lanes');

// The disturbances stand before the claims among the kinds of span.
const disturbances = ['fault', 'down', 'paused', 'cut'];
const loudness = { cross: 0, alarm: 0, flag: 1, arrow: 2, diamond: 2, dot: 3, line: 3 };

const lanes = run.lanes.map((l, index) => {
  const lane = { id: l.id, title: l.title, kind: l.kind, index };
  lane.spans = l.spans.map(([kind, from, to, owner, title, detail, open]) => (
    { lane, kind, from, to, owner, title, detail, open, key: 's' + kind }));
  lane.ticks = l.ticks.map(([at, kind, owner, signal, detail]) => (
    { lane, at, kind, owner, signal, detail, key: 't' + kind, shape: run.kinds[kind].shape }));
  return lane;
});

const nodes = lanes.filter((lane) => lane.kind === 'node');
// colourOf returns the class of the colour that a node owns.
const colourOf = (owner) => {
  const place = owner < 0 ? -1 : nodes.indexOf(lanes[owner]);
  return place < 0 ? 'none' : 'o' + place % 8;
};

// What the reader has chosen: the time in view, the kinds that are off, the
// signal that is searched, and the item whose details are shown.
const view = { from: 0, to: 1, off: new Set(), signal: '', picked: null, width: 800, label: 140 };

// The run with a little room at both ends.
const room = Math.max(1000, run.end * 0.015);
const whole = { from: -room, to: Math.max(run.end, 1000) + room };
const shortest = 2000; // nanoseconds

const xOf = (at) => (at - view.from) / (view.to - view.from) * view.width;
const atOf = (x) => view.from + x / view.width * (view.to - view.from);

// look shows that stretch of time, as far as there is a run.
function look(from, to) {
  const most = whole.to - whole.from;
  const length = Math.min(most, Math.max(shortest, to - from));
  const middle = (from + to) / 2;
  view.from = Math.min(Math.max(middle - length / 2, whole.from), whole.to - length);
  view.to = view.from + length;
  lanesBox.dataset.from = Math.round(view.from);
  lanesBox.dataset.to = Math.round(view.to);
  redraw();
}

const lookWhole = () => look(whole.from, whole.to);
const pan = (part) => {
  const by = (view.to - view.from) * part;
  look(view.from + by, view.to + by);
};
// zoom keeps one instant where it is.
function zoom(factor, at = (view.from + view.to) / 2) {
  const length = Math.min(whole.to - whole.from, Math.max(shortest, (view.to - view.from) * factor));
  const left = (at - view.from) / (view.to - view.from);
  look(at - left * length, at + (1 - left) * length);
}

// close is the length of time in which a person sees one happening by itself.
const close = () => (run.ttl ? 3 * run.ttl : run.end / 8);
// bring shows an instant in the middle, and closer if the view is wide.
function bring(at, length = Math.min(view.to - view.from, close())) {
  look(at - length / 2, at + length / 2);
}

// Instants and lengths in words. The digits follow from the time in view.
const trimmed = (number, digits) => number.toFixed(digits).replace('-0.000000', '0.000000');
const seconds = (ns) => trimmed(ns / 1e9, 6) + ' s';
const inTTL = (ns) => (run.ttl ? ' (' + trimmed(ns / run.ttl, 2) + ' ttl)' : '');
const both = (ns) => seconds(ns) + inTTL(ns);

// steps returns the round places of an axis whose unit is so many nanoseconds.
function steps(unit, atMost) {
  const raw = (view.to - view.from) / unit / atMost;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const places = [];
  for (let i = Math.ceil(Math.max(view.from, 0) / unit / step); i * step * unit <= view.to; i++) {
    places.push({ at: i * step * unit, text: (i * step).toFixed(digits) });
  }
  return places;
}

// firstFrom returns the place of the first tick that is not before an instant.
function firstFrom(ticks, at) {
  let low = 0;
  let high = ticks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ticks[middle].at < at) low = middle + 1; else high = middle;
  }
  return low;
}

const shown = (item) => !view.off.has(item.key);
const isHit = (tick) => view.signal !== '' && tick.signal.toLowerCase() === view.signal;
const startOf = (item) => (item.at === undefined ? item.from : item.at);

// hits returns the ticks of the signal that is searched, in the order of time.
function hits() {
  return lanes.flatMap((lane) => lane.ticks.filter(isHit)).sort((a, b) => a.at - b.at);
}
