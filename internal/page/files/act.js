// Halt and resume. The routes are those of the API: they judge the token, the
// phrase and whether the mode is still the one that was seen.

import { lost, now, state } from './live.js';
import { fill, find, make, say } from './text.js';

// For how long a token is kept, in milliseconds, and for how long an answer is
// waited for.
const keep = 10 * 60 * 1000, patience = 8000;

// token lives in this variable and nowhere else.
let token = '', forget;

function remember(word) {
  token = word;
  clearTimeout(forget);
  forget = setTimeout(clear, keep);
}

function clear() {
  token = '';
  find('#token').value = '';
}

// seen is the change of the mode that stood there when the question was opened.
let verb = '', seen = 0;

function open(word) {
  const control = state.parts.control?.data;
  verb = word;
  seen = control?.control_seq ?? 0;
  const resumes = verb === 'resume';
  say(find('#ask-title'), resumes ? 'Let orders be sent again' : 'Stop every order');
  say(find('#ask-what'), resumes ? 'What is received will be sent at once.'
    : 'It acts at once. What has left is followed to its end; look-ups and cancels go on.');
  fill(find('#ask-open'), resumes ? look(control) : []);
  find('#phrase-row').hidden = !resumes;
  say(find('#phrase-wanted'), state.frame?.settings.resume_phrase ?? '');
  find('#phrase').value = '';
  find('#token').value = token;
  find('#ask-fault').hidden = true;
  say(find('#send'), resumes ? 'Resume' : 'Halt now');
  find('#send').className = resumes ? '' : 'danger';
  find('#ask').showModal();
  find(find('#by').value ? '#reason' : '#by').focus();
}

// look is what resuming lets loose, as the command shows it.
function look(control) {
  const doubts = state.parts.doubts?.data ?? [];
  return [...(control?.open ?? []).map((o) => make('li', {}, `${o.count} ${o.state.replace('_', ' ')}` +
    (o.alerted > 0 ? `, ${o.alerted} wait for a person` : ''))),
  ...doubts.map((d) => make('li', {}, `in doubt: signal ${d.id}, ${d.instrument}: ${d.known}`))];
}

async function send(event) {
  event.preventDefault();
  remember(find('#token').value);
  const said = { by: find('#by').value, reason: find('#reason').value };
  if (verb === 'resume') Object.assign(said, { seen, confirm: find('#phrase').value });
  find('#send').disabled = true;
  try {
    const answer = await fetch('v1/control/' + verb, {
      method: 'POST', body: JSON.stringify(said), cache: 'no-store', credentials: 'omit', redirect: 'error',
      headers: { 'Authorization': 'Bearer ' + token, 'Content-Type': 'application/json' },
      signal: AbortSignal.timeout(patience),
    });
    const told = await answer.json();
    if (!answer.ok) {
      if (answer.status === 401) clear();
      refuse(told.detail);
      return;
    }
    find('#ask').close();
    find('#reason').value = '';
    say(find('#said'), `Done: the mode is ${told.mode}, it was ${told.before}.`);
  } catch (fault) {
    refuse(`No answer (${fault.message}). Whether it was carried out is not known: look at the mode.`);
  } finally {
    find('#send').disabled = false;
  }
}

function refuse(text) {
  const fault = find('#ask-fault');
  fault.hidden = false;
  say(fault, text);
}

// allow offers what can be done. Who resumes has to see what they let loose; a
// halt needs no look.
export function allow() {
  const control = state.parts.control;
  const fresh = control?.data && control.fault === '' && now() - control.confirmed < 6000 && !lost();
  const closed = state.frame && !state.frame.settings.writes;
  find('#halt').disabled = Boolean(closed);
  find('#resume').disabled = Boolean(closed || !fresh);
  for (const id of ['#halt', '#resume']) find(id).title = closed ? 'commands need an admin_token' : '';
}

export function begin() {
  find('#halt').addEventListener('click', () => open('halt'));
  find('#resume').addEventListener('click', () => open('resume'));
  find('#cancel').addEventListener('click', () => find('#ask').close());
  find('#ask-form').addEventListener('submit', send);
  // A page that is left, also one that the browser keeps to go back to, forgets.
  addEventListener('pagehide', clear);
  find('#ask').addEventListener('close', () => { find('#token').value = ''; });
}
