// What the reader does: pointer, wheel, keys, legend, search.

// laneAt returns the lane under an event, and where on it.
function laneAt(event) {
  const row = event.target.closest && event.target.closest('.lane');
  const lane = row && lanes.find((l) => l.row === row);
  if (!lane || !event.target.closest('svg')) return null;
  const box = lane.svg.getBoundingClientRect();
  return { lane, x: event.clientX - box.left, y: event.clientY - box.top };
}

// hover shows in a few words what is under the pointer.
function hover(event) {
  const place = laneAt(event);
  const tip = byId('tip');
  const cursor = byId('cursor');
  cursor.hidden = !place;
  tip.hidden = true;
  if (!place) return;
  cursor.style.left = view.label + place.x + 'px';
  const items = here(place.lane, place.x, place.y);
  if (items.length === 0) return;
  const [first, ...rest] = items;
  tip.replaceChildren(make('b', {}, nameOf(first)), ` ${whenOf(first)}`, make('br', {}), aboutOf(first));
  if (rest.length > 0) tip.append(make('br', {}), `and ${rest.length} more here (click)`);
  tip.hidden = false;
  const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 6);
  const below = event.clientY + 16;
  const fits = below + tip.offsetHeight < innerHeight;
  tip.style.left = Math.max(left, 4) + 'px';
  tip.style.top = (fits ? below : event.clientY - tip.offsetHeight - 10) + 'px';
}

let drag = null;

function press(event) {
  if (event.button !== 0 || !event.target.closest('svg')) return;
  drag = { x: event.clientX, y: event.clientY, from: view.from, to: view.to, moved: false };
}

function move(event) {
  if (!drag) {
    hover(event);
    return;
  }
  const dx = event.clientX - drag.x;
  if (!drag.moved && Math.hypot(dx, event.clientY - drag.y) < 5) return;
  if (!drag.moved) {
    drag.moved = true;
    event.currentTarget.setPointerCapture(event.pointerId);
    document.body.classList.add('dragging');
    byId('tip').hidden = true;
  }
  const by = dx / view.width * (drag.to - drag.from);
  look(drag.from - by, drag.to - by);
  // A finger scrolls by itself; a mouse scrolls the lanes by dragging them.
  if (event.pointerType === 'mouse') scrollBy(0, -event.movementY);
}

function lift(event) {
  const done = drag;
  drag = null;
  document.body.classList.remove('dragging');
  if (!done || done.moved || event.type !== 'pointerup') return;
  const place = laneAt(event);
  if (!place) return;
  const items = here(place.lane, place.x, place.y);
  if (items.length > 0) pick(items[0], items); else forget();
}

function wheel(event) {
  const box = event.target.closest('svg');
  if (!box) return;
  event.preventDefault();
  const unit = event.deltaMode === 1 ? 16 : 1;
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    pan((event.deltaX || event.deltaY) * unit / view.width);
    return;
  }
  zoom(Math.exp(Math.max(-120, Math.min(120, event.deltaY * unit)) * 0.002),
    atOf(event.clientX - box.getBoundingClientRect().left));
}

const keys = {
  ArrowLeft: () => pan(-0.15), ArrowRight: () => pan(0.15), '+': () => zoom(0.6), '=': () => zoom(0.6),
  '-': () => zoom(1 / 0.6), _: () => zoom(1 / 0.6), 0: lookWhole, v: visitViolation, Escape: forget,
  '/': () => byId('search').focus(),
};

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === 'INPUT') return;
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

// legend lists the kinds in groups, with counts; a kind or a group can be
// turned off.
function legend() {
  const counts = new Map();
  for (const lane of lanes) {
    for (const item of [...lane.spans, ...lane.ticks]) counts.set(item.key, (counts.get(item.key) || 0) + 1);
  }
  const kinds = [
    ...run.spans.map((name, i) => ({
      key: 's' + i, name, group: i < disturbances.length ? 'disturbances' : 'who leads', look: swatch(i),
    })),
    ...run.kinds.map(({ name, shape }, i) => ({
      key: 't' + i, name, group: ['alarms', 'changes of leader', 'permits, orders', 'the rest'][loudness[shape]],
      look: swatch(i, shape),
    })),
  ].filter((kind) => counts.has(kind.key));
  for (const group of new Set(kinds.map((kind) => kind.group))) {
    const members = kinds.filter((kind) => kind.group === group);
    const row = make('div', {}, make('button', { type: 'button', class: 'group', title: 'all of them' }, group));
    for (const kind of members) {
      kind.button = make('button', { type: 'button', 'aria-pressed': 'true', 'data-kind': kind.name }, kind.look,
        kind.name, make('b', {}, String(counts.get(kind.key))));
      kind.button.addEventListener('click', () => toggle([kind], view.off.has(kind.key)));
      row.append(kind.button);
    }
    row.firstChild.addEventListener('click', () => toggle(members, members.some((k) => view.off.has(k.key))));
    byId('legend').append(row);
  }
}

// toggle turns kinds on or off.
function toggle(kinds, on) {
  for (const kind of kinds) {
    if (on) view.off.delete(kind.key); else view.off.add(kind.key);
    kind.button.setAttribute('aria-pressed', String(on));
  }
  redraw();
}

// search marks the ticks of a signal on all lanes.
function search() {
  view.signal = byId('search').value.trim().toLowerCase();
  const found = hits();
  document.body.classList.toggle('searching', found.length > 0);
  byId('hits').textContent = view.signal === '' ? '' :
    found.length === 0 ? 'no such signal' : `${found.length} marks`;
  if (found.length > 0) tell('Signal ' + found[0].signal, [], found.slice(0, most * 2), null);
  redraw();
}

// nextHit goes to the next tick of the signal that is searched.
function nextHit() {
  const found = hits();
  if (found.length > 0) visit(found[(found.indexOf(view.picked) + 1) % found.length]);
}

// links folds away, or shows, the links on which nothing was seen.
function links() {
  const empty = lanes.filter((lane) => lane.empty);
  const button = byId('quiet');
  const say = (on) => {
    button.textContent = `${on ? 'hide' : 'show'} ${empty.length} quiet links`;
    button.setAttribute('aria-pressed', String(on));
    for (const lane of empty) lane.row.hidden = !on;
    redraw();
  };
  button.hidden = empty.length === 0;
  button.addEventListener('click', () => say(button.getAttribute('aria-pressed') !== 'true'));
  say(false);
}

app.hidden = false;
build();
legend();
links();
for (const box of [lanesBox, byId('ruler')]) {
  box.addEventListener('pointerdown', press);
  box.addEventListener('pointermove', move);
  box.addEventListener('pointerup', lift);
  box.addEventListener('pointercancel', lift);
  box.addEventListener('wheel', wheel, { passive: false });
}
lanesBox.addEventListener('pointerleave', hover);
document.addEventListener('keydown', key);
addEventListener('scroll', redraw, { passive: true });
addEventListener('resize', redraw);
byId('search').addEventListener('input', search);
byId('search').addEventListener('keydown', (event) => {
  if (event.key === 'Enter') nextHit();
  if (event.key === 'Escape') event.target.blur();
});
byId('zoom-in').addEventListener('click', () => zoom(0.5));
byId('zoom-out').addEventListener('click', () => zoom(2));
byId('fit').addEventListener('click', lookWhole);
if (run.violation) byId('first-violation').addEventListener('click', visitViolation);
lookWhole();
if (location.hash === '#first-violation') visitViolation();
