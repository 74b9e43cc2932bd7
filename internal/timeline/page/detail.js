// What a person asks for: what is here, what led to the violation, where a
// signal went.

const nameOf = (item) => (item.at === undefined ? item.title : run.kinds[item.kind].name);

// whenOf says when an item was.
function whenOf(item) {
  if (item.at !== undefined) return both(item.at);
  const end = item.open ? 'the end' : seconds(item.to);
  return `${seconds(item.from)} to ${end}, ${both(item.to - item.from)} long`;
}

// aboutOf says what an item is about, beside its name.
function aboutOf(item) {
  const words = [];
  if (item.at === undefined && !item.title.includes(run.spans[item.kind])) words.push(run.spans[item.kind]);
  if (item.signal) words.push('signal ' + item.signal);
  if (item.detail) words.push(item.detail);
  return words.join(' · ');
}

// here returns what stands at a place of a lane, the best match first.
function here(lane, x, y) {
  const reach = atOf(8) - atOf(0);
  const at = atOf(x);
  const found = [];
  for (let i = firstFrom(lane.ticks, at - reach); i < lane.ticks.length && lane.ticks[i].at <= at + reach; i++) {
    const tick = lane.ticks[i];
    if (!shown(tick)) continue;
    const row = Math.abs(lane.levels.get(loudness[tick.shape]) - y);
    found.push({ item: tick, far: Math.abs(xOf(tick.at) - x) + 3 * row });
  }
  for (const span of lane.spans) {
    if (!shown(span) || span.to < at - reach / 2 || span.from > at + reach / 2) continue;
    const inside = y >= span.y && y <= span.y + span.height;
    found.push({ item: span, far: inside ? 0 : 30 + Math.abs(span.y + span.height / 2 - y) });
  }
  return found.sort((a, b) => a.far - b.far).map((f) => f.item);
}

// table lists items, each with a button that goes there.
function table(items, subject) {
  const body = make('tbody', {});
  for (const item of items) {
    const go = make('button', { type: 'button' }, seconds(startOf(item)));
    go.addEventListener('click', () => visit(item));
    const row = make('tr', item === subject ? { class: 'here' } : {}, make('td', {}, go),
      make('td', {}, item.lane.title), make('td', {}, nameOf(item)), make('td', {}, aboutOf(item)));
    body.append(row);
  }
  return make('table', {}, body);
}

// tell fills the panel below the lanes.
function tell(title, texts, items, subject, broke) {
  const panel = byId('detail');
  const shut = make('button', { type: 'button', title: 'close (Esc)' }, '×');
  shut.addEventListener('click', forget);
  panel.replaceChildren(shut, make('h2', {}, title), ...texts.filter(Boolean).map((t) => make('p', {}, t)));
  if (items.length > 0) panel.append(table(items, subject));
  panel.classList.toggle('broke', Boolean(broke));
  panel.hidden = false;
  panel.scrollTop = 0;
}

// forget closes the panel and lets go of what was picked.
function forget() {
  byId('detail').hidden = true;
  view.picked = null;
  redraw();
}

const most = 40; // lines in the panel

// pick shows the details of an item, and of what else is there.
function pick(item, others = []) {
  view.picked = item;
  const rest = others.filter((other) => other !== item);
  const texts = [`${item.lane.title} · ${whenOf(item)}`, aboutOf(item)];
  if (rest.length > most) texts.push(`and ${rest.length - most} more here: zoom in`);
  const related = item.signal && rest.length === 0 ? journey(item.signal) : rest;
  tell(nameOf(item), texts, related.slice(0, most), item);
  redraw();
}

// scrollToLane scrolls until a lane can be seen above the panel: the axis goes to
// the top if that is enough.
function scrollToLane(lane) {
  const room = innerHeight * 0.62;
  const box = lane.row.getBoundingClientRect();
  const axis = byId('axis');
  // A sticky axis tells where it is, not where it stands in the page.
  const top = lanesBox.getBoundingClientRect().top - axis.offsetHeight;
  const low = lane.top + box.height + axis.offsetHeight;
  scrollBy(0, top + Math.max(0, low - room));
}

// visit brings an item into view and shows its details.
function visit(item) {
  if (item.at === undefined) {
    const length = Math.max((item.to - item.from) * 1.5, close() / 3);
    look((item.from + item.to - length) / 2, (item.from + item.to + length) / 2);
  } else {
    bring(item.at);
  }
  pick(item);
  scrollToLane(item.lane);
}

// journey returns all ticks of a signal, in the order of time.
function journey(signal) {
  return lanes.flatMap((lane) => lane.ticks.filter((t) => t.signal === signal)).sort((a, b) => a.at - b.at);
}

// ledTo returns what was in force at an instant, and which alarms and changes of
// leader came before it and just after.
function ledTo(at) {
  const force = lanes.flatMap((lane) => lane.spans.filter((s) => s.from <= at && s.to >= at));
  const loud = lanes.flatMap((lane) => lane.ticks.filter((t) => loudness[t.shape] < 2))
    .sort((a, b) => a.at - b.at);
  const next = firstFrom(loud, at + 1);
  return { force, loud: loud.slice(Math.max(0, next - 14), next + 4) };
}

// visitViolation goes to the first violation.
function visitViolation() {
  const broke = run.violation;
  if (!broke) return;
  view.picked = null;
  byId('legend-box').open = false; // the lanes need the room
  bring(broke.at, close());
  const lane = lanes[broke.lane];
  const { force, loud } = ledTo(broke.at);
  const who = lane ? lane.title : 'nobody in particular';
  tell('First violation', [broke.text, `${who} · ${both(broke.at)}`], [], null, true);
  byId('detail').append(make('div', { class: 'beside' },
    make('div', {}, make('h3', {}, 'in force at that instant'), table(force)),
    make('div', {}, make('h3', {}, 'what led to it, and what followed'), table(loud))));
  // Only now is the page as long as it will be.
  scrollToLane(lane || lanes[0]);
}
