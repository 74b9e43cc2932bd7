// What the parts look like.

import { now, state } from './live.js';
import { fill, find, keyed, make, moment, plain, say, span } from './text.js';

// since is a text that grows older by itself; left is one that runs out.
const since = (at) => Object.assign(make('span', { class: 'age' }), { from: at });
const left = (at) => Object.assign(make('span', { class: 'age' }), { until: at });

// tick lets every age go on.
export function tick() {
  const t = now();
  for (const e of document.querySelectorAll('.age')) {
    say(e, e.until === undefined ? span(t - e.from) : e.until > t ? span(e.until - t) + ' left' : 'run out');
  }
}

// atServer is where an instant of the stores lies on this page's clock.
const atServer = (text) => Date.parse(text) - state.serverNow;

// One colour for each instance, in the order in which they were met.
const names = [];
function colour(name) {
  if (!names.includes(name)) names.push(name);
  return 'o' + (names.indexOf(name) % 8);
}

const draw = { instances, leader, control, history, doubts, signals };

// show draws the parts that changed, and marks those that are not confirmed.
export function show(changed) {
  // The instances come first, for their order gives the colours.
  for (const name of Object.keys(draw).filter((n) => changed.includes(n))) {
    draw[name](state.parts[name].data ?? [], state.parts[name]);
  }
  for (const section of document.querySelectorAll('section[data-part]')) age(section);
  const s = state.frame?.status;
  if (!s) return;
  say(find('#group'), 'group ' + s.group);
  say(find('#told-by'), ', told by ' + s.instance_id);
  fill(find('#self'), `${s.instance_id}: ${s.role}` + (s.is_leader ? `, leads under epoch ${s.epoch}` : '') +
    (s.ready ? ', ready' : ', not ready: ' + (s.not_ready ?? []).join(', ')) +
    (s.barred ? ' (PostgreSQL went back in time: see docs/runbooks/authority-regressed.md)' : '') +
    ` · version ${s.version} · up `, since(now() - s.uptime_ms), '.');
}

// age says of a section how old it is, where it is not confirmed.
function age(section) {
  const part = state.parts[section.dataset.part];
  const note = find('.note', section);
  const old = Boolean(part) && (part.fault !== '' || now() - part.confirmed > 6000);
  section.classList.toggle('old', old);
  note.hidden = !old;
  if (!old) return;
  const why = 'PostgreSQL does not answer' + (part.fault ? ': ' + part.fault : '');
  if (note.dataset.why === why && note.dataset.at === String(part.confirmed)) return;
  Object.assign(note.dataset, { why, at: part.confirmed });
  if (part.confirmed === -Infinity) fill(note, 'Not known. ' + why);
  else fill(note, 'This is ', since(part.confirmed), ' old. ' + why);
}

function leader(l, part) {
  const [word, detail, kind] = verdict(l);
  say(find('#headline'), word);
  fill(find('#headline-detail'), detail);
  find('#who').dataset.kind = kind;
  document.title = plain(`${word} · ${state.frame.status.group}`);
  const redis = l.redis_leader && [l.redis_leader + ' holds the lease, renewed ',
    since(part.at - (state.frame.settings.ttl_ms - l.lease_left_ms)), ' ago, ', left(part.at + l.lease_left_ms)];
  const db = l.db_leader && [`${l.db_leader}, epoch ${l.epoch}, heartbeat `,
    since(part.at - l.heartbeat_age_ms), ' ago'];
  fill(find('#stores'), store('Redis', l.redis_fault, redis, 'nobody holds the lease'),
    store('PostgreSQL', l.postgres_fault, db, 'nobody holds an open tenure with a fresh heartbeat'));
}

function store(name, fault, says, otherwise) {
  const text = fault ? 'does not answer: ' + fault : says || otherwise;
  return make('div', { class: fault ? 'fault' : '', 'data-store': name }, make('dt', {}, name),
    make('dd', {}, text));
}

// verdict says who leads, as `fencepost leader show` does.
function verdict(l) {
  if (l.conflict) {
    return ['The stores disagree', `Redis names ${l.redis_leader}, PostgreSQL ${l.db_leader}. ` +
      'What the older epoch asks for is refused, and it yields.', 'bad'];
  }
  if (l.postgres_fault) {
    return ['Not known who leads', 'PostgreSQL does not answer. Without it nothing is executed.', 'bad'];
  }
  if (!l.db_leader) return ['Nobody leads', 'Nothing is executed until somebody is elected.', 'bad'];
  const lease = l.tenure === 'pg' ? 'PostgreSQL, since Redis was away' : 'Redis';
  return [`${l.db_leader} leads`, `epoch ${l.epoch} · lease in ${lease}`, l.redis_fault ? 'warn' : 'good'];
}

function control(c, part) {
  const words = { run: 'Orders are sent', pause: 'Paused: signals wait', halt: 'Halted: no order is sent' };
  const section = find('#mode');
  section.dataset.kind = c.control === 'run' ? 'good' : 'bad';
  section.dataset.mode = c.control;
  say(find('#mode-word'), words[c.control] ?? 'Control mode ' + c.control);
  say(find('#mode-why'),
    c.control_at ? `${c.control_by}: “${c.control_reason}”, ${moment(c.control_at)}` : '');
  fill(find('#open'), (c.open ?? []).map((o) => make('li', { class: o.alerted > 0 ? 'alert' : '' },
    `${o.count} ${o.state.replace('_', ' ')}, the oldest `, since(part.at - o.oldest_seconds * 1000),
    o.alerted > 0 ? `, ${o.alerted} wait for a person` : null)));
  find('#resume').hidden = c.control === 'run';
}

// empty shows the sentence that stands for an empty list.
function empty(section, list) {
  find('.empty', section).hidden = list.length > 0;
}

function instances(list, part) {
  const section = find('#instances');
  empty(section, list);
  for (const name of list.map((i) => i.instance_id).sort()) colour(name);
  keyed(find('.list', section), list, (i) => i.instance_id + ' ' + i.nonce, () => make('li', {}), (e, i) => {
    const word = i.stale ? 'stale' : i.status === 'stopped' ? 'stopped' : i.is_leader ? 'leads' : 'follows';
    e.className = i.stale ? 'stale' : word;
    e.dataset.instance = i.instance_id;
    fill(e, make('h3', {}, make('i', { class: colour(i.instance_id) }), i.instance_id, ' ',
      i.is_leader ? make('b', { class: 'badge lead' }, 'leader') : null,
      i.stale ? make('b', { class: 'badge bad' }, 'stale') : null,
      i.status === 'stopped' ? make('b', { class: 'badge' }, 'stopped') : null),
    make('p', { class: 'beat' }, since(part.at - i.seconds_since_heartbeat * 1000)),
    make('p', {}, 'since its heartbeat'),
    make('p', { class: 'soft' },
      `${i.hostname}:${i.port} · ${i.version} · up since ${moment(i.started_at)}`));
  });
}

function history(list) {
  const section = find('#history');
  empty(section, list);
  keyed(find('.list', section), list.slice(0, 8), (t) => t.epoch, () => make('li', {}), (e, t) => {
    const i = list.indexOf(t);
    const gap = i > 0 && t.released_leader_at
      ? Date.parse(list[i - 1].became_leader_at) - Date.parse(t.released_leader_at) : 0;
    e.value = t.epoch;
    e.dataset.epoch = t.epoch;
    fill(e, gap > 0 ? make('p', { class: 'gap' }, 'nobody for ' + span(gap)) : null,
      make('p', {}, make('i', { class: colour(t.instance_id) }), make('b', {}, t.instance_id),
        ` under epoch ${t.epoch}, `,
        ...t.released_leader_at ? [span((t.leadership_duration_seconds ?? 0) * 1000)]
          : ['for ', since(atServer(t.became_leader_at))]),
      make('p', { class: 'soft' }, `${moment(t.became_leader_at)} ${t.reason} — ` +
        (t.released_leader_at ? `${moment(t.released_leader_at)} ${t.release_reason ?? ''}` : 'still open'),
      t.kind === 'pg' ? ' · lease in PostgreSQL' : null));
  });
  strip(list);
}

// windows are the stretches of time that the strip may show.
const windows = [[5, '5 min'], [60, '1 h'], [360, '6 h'], [1440, '1 d'], [10080, '7 d']];

// strip draws who led when, as far back as the youngest six tenures reach.
export function strip(list = state.parts.history?.data ?? []) {
  const end = now() + state.serverNow;
  const reach = (end - Date.parse(list[Math.min(5, list.length - 1)]?.became_leader_at ?? 0)) / 60000;
  const [minutes, title] = windows.find(([m]) => reach <= m) ?? windows.at(-1);
  const from = end - minutes * 60000;
  const place = (t) => Math.min(100, Math.max(0, (t - from) / (end - from) * 100));
  // Of what lies before the oldest tenure that was read nothing is said.
  const untold = make('i', { class: 'untold' });
  untold.style.left = 0;
  untold.style.width = place(Date.parse(list.at(-1)?.became_leader_at ?? 0)) + '%';
  fill(find('#strip'), make('div', { class: 'lane' }, untold, list.map((t) => {
    const a = place(Date.parse(t.became_leader_at));
    const b = t.released_leader_at ? place(Date.parse(t.released_leader_at)) : 100;
    if (b <= 0) return null;
    const bar = make('i', { class: colour(t.instance_id) }, b - a > 7 ? String(t.epoch) : '');
    bar.style.left = a + '%';
    bar.style.width = `max(2px, ${b - a}% - 1px)`;
    return bar;
  })), make('div', { class: 'scale' }, make('span', {}, title + ' ago'), make('span', {}, 'now')));
}

function doubts(list, part) {
  const section = find('#doubts');
  empty(section, list);
  section.classList.toggle('some', list.length > 0);
  keyed(find('.list', section), list, (d) => d.id, (d) => card(d, true), (e, d) => {
    update(e, d);
    fill(find('.facts', e), make('p', {}, 'for ', since(part.at - d.doubt_seconds * 1000), ': ' + d.known),
      d.look_for.length ? make('p', {}, 'Look at the broker for') : null,
      make('ul', {}, d.look_for.map((text) => make('li', {}, text))));
  });
}

function signals(list) {
  const section = find('#signals');
  empty(section, list);
  keyed(find('.list', section), list, (s) => s.id, (s) => card(s, false), (e, s) => {
    update(e, s);
    fill(find('.facts', e), make('p', { class: 'soft' }, `from ${s.source || 'a source without a name'} at ` +
      `${moment(s.received_at)}` + (s.state_reason ? ` · ${s.state_reason}` : '')));
  });
}

// card is one signal. Its story is asked for while it is open.
function card(s, open) {
  const story = make('details', { class: 'story', open, ontoggle: () => { if (story.open) tell(story); } },
    make('summary', {}, 'What became of it'), make('div', {}));
  return make('article', {}, make('h3', {}), make('div', { class: 'facts' }), story);
}

function update(e, s) {
  e.dataset.signal = s.id;
  const order = [s.type, s.instrument, s.position].join(' ') + (s.lots ? `, ${s.lots} lots` : '');
  fill(find('h3', e), `Signal ${s.id} `, make('span', { class: 'order' }, order), ' ', make('b', { class: 'badge' }, s.state.replace('_', ' ')), ' ',
  s.alerted_at ? make('b', { class: 'badge bad' }, 'waits for a person') : null);
  const story = find('details', e);
  const changed = story.signal !== undefined && story.version !== s.version;
  story.signal = s.id;
  story.version = s.version;
  if (changed && story.open) tell(story);
}

// tell asks for the story, which is told where the ledger is read.
async function tell(story) {
  const body = find('div', story);
  const asked = story.asked = now();
  try {
    const answer = await fetch(`v1/signals/${Number(story.signal)}/story`,
      { cache: 'no-store', credentials: 'omit', redirect: 'error', signal: AbortSignal.timeout(5000) });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.detail);
    if (story.asked !== asked) return;
    body.classList.remove('old');
    fill(body, make('ol', {}, told.timeline.map((line) => make('li', { class: line.kind },
      make('span', { class: 'soft' }, line.at ? moment(line.at) + ' ' : ''), line.what))),
    make('p', {}, make('b', {}, 'Now: '), told.now), make('p', {}, make('b', {}, 'Next: '), told.next),
    told.do?.length ? make('p', {}, make('b', {}, 'To do:')) : null,
    make('ul', {}, (told.do ?? []).map((text) =>
      make('li', {}, text.startsWith('fencepost ') ? make('code', {}, text) : text))),
    make('p', { class: 'soft' }, 'told ', since(asked), ' ago'));
  } catch (fault) {
    body.classList.add('old');
    find('.note', body)?.remove();
    body.append(make('p', { class: 'note' }, 'It cannot be told now: ' + fault.message));
  }
}

// retell asks again for the stories that are open and were told a while ago.
export function retell() {
  for (const story of document.querySelectorAll('details.story[open]')) {
    if (now() - (story.asked ?? -Infinity) > 10000) tell(story);
  }
}
