// The page: the stream, and what is drawn of it.

import { allow, begin } from './act.js';
import { follow, lost, now, state } from './live.js';
import { find, say, span } from './text.js';
import { retell, show, strip, tick } from './view.js';

// alive says whether anything is heard, and greys the page out if not.
function alive() {
  const gone = lost();
  document.body.classList.toggle('lost', gone);
  find('#lost').hidden = !gone;
  say(find('#alive'), gone ? 'lost' : 'live');
  if (gone) {
    const who = state.frame?.status.instance_id ?? 'this instance';
    const why = state.trouble ? ` (${state.trouble})` : '';
    say(find('#lost'), state.frame
      ? `No word from ${who} for ${span(now() - state.heard)}${why}. ` +
        'What stands here is at least that old. Asking again…'
      : `${who} is not heard${why}. Asking again…`);
    document.title = 'LOST · ' + document.title.replace(/^(LOST · )+/, '');
  } else {
    document.title = document.title.replace(/^(LOST · )+/, '');
  }
  allow();
}

function everything(changed) {
  show(changed);
  tick();
  alive();
}

begin();
setInterval(() => { tick(); alive(); }, 250);
setInterval(() => { if (!lost()) { retell(); strip(); } }, 2000);
document.addEventListener('visibilitychange', () => { tick(); alive(); });
follow(everything);
