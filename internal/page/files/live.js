// The stream, and the clock by which ages go on.

const wallBegan = Date.now(), runBegan = performance.now();
let latest = 0;

// now is this page's clock in milliseconds. Of the two clocks the one that went
// further counts: one of them stands still while a phone sleeps, and nothing may
// look younger than it is.
export function now() {
  latest = Math.max(latest, performance.now() - runBegan, Date.now() - wallBegan);
  return latest;
}

// state is what was heard. `parts` hold the data and, by this page's clock, when
// its ages were true and when it was last confirmed.
export const state = { heard: -Infinity, every: 1000, parts: {}, frame: null, trouble: '', serverNow: 0 };

// silence is how long nothing may be heard before the stream counts as lost.
export const silence = () => 3 * state.every + 1500;
export const lost = () => now() - state.heard > silence();

// hear takes a frame in.
function hear(frame) {
  const at = now();
  state.heard = at;
  state.trouble = '';
  state.frame = frame;
  state.every = frame.settings.every_ms;
  state.serverNow = Date.parse(frame.now) - at;
  const changed = [];
  for (const [name, told] of Object.entries(frame.parts)) {
    const part = state.parts[name] ??= { version: 0 };
    if (told.data !== undefined) {
      part.data = told.data;
      changed.push(name);
    }
    part.version = told.version;
    part.fault = told.fault ?? '';
    // What this stream has not told again is as old as it was.
    if (told.data !== undefined) part.at = at - told.age_ms;
    part.confirmed = told.version ? at - told.confirmed_ms : -Infinity;
  }
  return changed;
}

// follow reads the stream for ever, and begins again when it ends. Each beginning
// brings the state whole.
export async function follow(shown) {
  for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
    const before = state.heard;
    let ended = '';
    try {
      ended = await once((frame) => shown(hear(frame)));
    } catch (fault) {
      state.trouble = fault.message;
    }
    if (state.heard > before) wait = 500;
    if (ended === 'again') wait = 50;
    if (ended === 'end') state.trouble = 'it is stopping';
    shown([]);
    await new Promise((go) => setTimeout(go, wait * (0.75 + Math.random() / 2)));
  }
}

// once reads one stream to its end and returns the last word of it.
async function once(hearing) {
  const cut = new AbortController();
  let timer;
  const patience = () => {
    clearTimeout(timer);
    timer = setTimeout(() => cut.abort(new Error('nothing is heard')), silence());
  };
  patience();
  try {
    const answer = await fetch('page/stream', {
      signal: cut.signal, cache: 'no-store', credentials: 'omit', redirect: 'error',
    });
    if (!answer.ok) throw new Error(await answer.text());
    return await events(answer.body.pipeThrough(new TextDecoderStream()).getReader(), (event, data) => {
      patience();
      if (event === 'state') hearing(JSON.parse(data));
    });
  } catch (fault) {
    if (fault instanceof TypeError) throw new Error('it cannot be reached');
    throw fault;
  } finally {
    clearTimeout(timer);
    cut.abort();
  }
}

// events cuts a stream into events. It returns the name of the last one.
async function events(reader, tell) {
  let rest = '', last = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return last;
    const pieces = (rest + value).split('\n\n');
    rest = pieces.pop();
    for (const piece of pieces) {
      const [name, data] = piece.split('\n');
      last = name.replace('event: ', '');
      tell(last, data.replace('data: ', ''));
    }
  }
}
