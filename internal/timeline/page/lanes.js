// The lanes: where things stand on them, and what of them is drawn.

const pad = 4;
const heights = { disturbance: 17, claim: 21, level: 14 };
const isClaim = (span) => span.kind >= disturbances.length;

// pack gives spans that overlap rows of their own and returns how many.
function pack(spans) {
  const ends = [];
  for (const span of spans) {
    let row = ends.findIndex((end) => end <= span.from);
    if (row < 0) row = ends.length;
    ends[row] = Math.max(span.to, span.from + 1);
    span.row = row;
  }
  return ends.length;
}

// place finds the rows of a lane: disturbances, claims, then ticks by loudness.
function place(lane) {
  let y = pad;
  for (const claims of [false, true]) {
    const height = claims ? heights.claim : heights.disturbance;
    const spans = lane.spans.filter((span) => isClaim(span) === claims);
    const rows = pack(spans);
    for (const span of spans) {
      span.y = y + span.row * height;
      span.height = height - 3;
    }
    y += rows * height;
  }
  const levels = [...new Set(lane.ticks.map((tick) => loudness[tick.shape]))].sort();
  lane.levels = new Map(levels.map((level, i) => [level, y + heights.level * i + heights.level / 2]));
  lane.ticksFrom = y;
  lane.height = Math.max(y + levels.length * heights.level + pad, 28);
}

// build makes the rows of the page, one for each lane.
function build() {
  for (const lane of lanes) {
    place(lane);
    lane.empty = lane.kind === 'link' && lane.spans.length + lane.ticks.length === 0;
    lane.svg = draw('svg', {
      height: lane.height, role: 'img',
      'aria-label': `${lane.title}: ${lane.spans.length} bars and bands, ${lane.ticks.length} marks`,
    });
    const heading = make('h2', {}, make('span', { class: 'name' }, lane.title));
    if (lane.kind === 'node') heading.prepend(make('i', { class: colourOf(lane.index) }));
    lane.row = make('section', { class: 'lane', 'data-lane': lane.id, 'data-kind': lane.kind }, heading, lane.svg);
    if (run.violation && run.violation.lane === lane.index) lane.row.dataset.broke = '';
    lane.row.hidden = lane.empty;
    lanesBox.append(lane.row);
  }
  for (const id of ['pick-area', 'cursor', 'broke-line']) {
    lanesBox.append(make('div', { id, class: 'over', hidden: '' }));
  }
  measure();
}

// measure reads the sizes that the window dictates.
function measure() {
  const first = lanes.find((lane) => !lane.row.hidden);
  if (!first) return;
  view.label = first.row.firstChild.offsetWidth;
  view.width = Math.max(50, lanesBox.clientWidth - view.label);
  for (const lane of lanes) lane.top = lane.row.offsetTop;
}

// drawSpans draws the spans of a lane that are in view; of those that fall on
// the same pixel only the first.
function drawSpans(lane, parts) {
  const drawn = new Map();
  for (const span of lane.spans) {
    if (!shown(span) || span.to < view.from || span.from > view.to) continue;
    const left = Math.max(xOf(span.from), -9);
    const right = Math.max(Math.min(xOf(span.to), view.width + 9), left + 2);
    const before = drawn.get(span.y + span.key);
    if (before !== undefined && right - before < 1 && span !== view.picked) continue;
    drawn.set(span.y + span.key, right);
    const name = disturbances[span.kind] || colourOf(span.owner);
    const picked = span === view.picked ? ' picked' : '';
    const box = { x: px(left), y: span.y, width: px(right - left), height: span.height };
    parts.push(draw('rect', { ...box, class: `span ${name}${picked}`, 'data-span': run.spans[span.kind] }));
    if (isClaim(span)) parts.push(draw('rect', { ...box, width: 3, class: 'edge ' + name }));
    const start = Math.max(left, 0) + 6;
    const text = cutTo(span.title, Math.min(right, view.width) - start - 3);
    if (text) {
      parts.push(draw('text', { x: px(start), y: span.y + span.height - 4, class: 'title ' + name }, text));
    }
  }
}

// drawTicks draws the ticks of a lane that are in view; those of a kind that
// fall on the same pixel are one mark.
function drawTicks(lane, parts) {
  const groups = new Map();
  const found = [];
  const margin = (view.to - view.from) * 0.01;
  for (let i = firstFrom(lane.ticks, view.from - margin); i < lane.ticks.length; i++) {
    const tick = lane.ticks[i];
    if (tick.at > view.to + margin) break;
    if (!shown(tick)) continue;
    const x = xOf(tick.at);
    const y = lane.levels.get(loudness[tick.shape]);
    if (isHit(tick)) found.push(draw('path', { class: 'hit', d: marks.dot(x, y) + marks.diamond(x, y) }));
    const key = `${tick.shape} ${colourOf(tick.owner)}`;
    let group = groups.get(key);
    if (!group) groups.set(key, group = { path: '', x: -99 });
    if (x - group.x < 1.2) continue;
    group.x = x;
    group.path += mark(tick.shape, x, y);
  }
  // The loudest is drawn last, over all others.
  const volume = ([key]) => loudness[key.split(' ')[0]];
  for (const [key, { path }] of [...groups].sort((a, b) => volume(b) - volume(a))) {
    parts.push(draw('path', { class: 'tick ' + key, d: path }));
  }
  parts.push(...found);
  const pick = view.picked;
  if (pick && pick.at !== undefined && pick.lane === lane) {
    parts.push(draw('circle', {
      class: 'picked-tick', cx: px(xOf(pick.at)), cy: lane.levels.get(loudness[pick.shape]), r: 8,
    }));
  }
}

// put moves a line or an area that goes through all lanes.
function put(id, from, to) {
  const e = byId(id);
  const left = Math.max(xOf(from), -2);
  const right = Math.min(xOf(to), view.width);
  e.hidden = right < 0 || left > view.width;
  e.style.left = view.label + Math.max(left, 0) + 'px';
  e.style.width = Math.max(right - Math.max(left, 0), 0) + 'px';
}

// drawAll draws what is in view, in time and on the screen.
function drawAll() {
  measure();
  drawRuler();
  const above = lanesBox.getBoundingClientRect().top;
  for (const lane of lanes) {
    const top = above + lane.top;
    if (lane.row.hidden || top > innerHeight + 200 || top + lane.height < -200) continue;
    const parts = [];
    drawSpans(lane, parts);
    drawTicks(lane, parts);
    lane.svg.replaceChildren(...parts);
  }
  if (run.violation) put('broke-line', run.violation.at, run.violation.at);
  const pick = view.picked;
  byId('pick-area').hidden = true;
  if (pick) put('pick-area', startOf(pick), pick.at === undefined ? pick.to : pick.at);
}

let waiting = false;
// redraw draws at the next frame, once.
function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    drawAll();
  });
}
