// Words on the screen, and the elements that hold them. Nothing here reads or
// writes markup: whatever a text holds is shown as text.

// What a reader would not see, or what would reorder or hide what they see.
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;

const number = (c, i) => '\\u' + c.charCodeAt(i).toString(16).padStart(4, '0');

// plain shows what cannot be seen as its number.
export function plain(text) {
  return String(text ?? '').replace(unseen,
    (c) => [...c].length === c.length ? number(c, 0) : number(c, 0) + number(c, 1));
}

// make builds an element. Children are elements or texts.
export function make(name, given = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (key === 'class') element.className = value;
    else if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? '' : value);
  }
  fill(element, ...children);
  return element;
}

// fill replaces what an element holds.
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((c) => c !== null && c !== undefined)
    .map((c) => (c instanceof Node ? c : document.createTextNode(plain(c)))));
  return element;
}

export const find = (selector, within = document) => within.querySelector(selector);

// say changes a text only if it differs, so that it is read aloud once.
export function say(element, text) {
  const shown = plain(text);
  if (element.textContent !== shown) element.textContent = shown;
}

// span writes how long something takes, for people.
export function span(ms) {
  const s = Math.max(0, ms) / 1000;
  if (s < 10) return s.toFixed(1) + ' s';
  if (s < 120) return Math.floor(s) + ' s';
  if (s < 7200) return Math.floor(s / 60) + ' min ' + String(Math.floor(s % 60)).padStart(2, '0') + ' s';
  if (s < 172800) return Math.floor(s / 3600) + ' h ' + Math.floor(s % 3600 / 60) + ' min';
  return Math.floor(s / 86400) + ' d ' + Math.floor(s % 86400 / 3600) + ' h';
}

// moment writes an instant as the command line does.
export function moment(text) {
  return text ? new Date(text).toISOString().replace('T', ' ').replace(/\.\d+Z$/, 'Z') : '';
}

// keyed brings the children of a list in line with items, and keeps those that
// stay, with whatever a reader has opened or focused in them.
export function keyed(list, items, key, begin, update) {
  const there = new Map([...list.children].map((e) => [e.dataset.key, e]));
  const wanted = items.map((item) => {
    const name = String(key(item));
    let element = there.get(name);
    if (!element) {
      element = begin(item);
      element.dataset.key = name;
    }
    update(element, item);
    there.delete(name);
    return element;
  });
  for (const gone of there.values()) gone.remove();
  wanted.forEach((element, i) => {
    if (list.children[i] !== element) list.insertBefore(element, list.children[i] ?? null);
  });
}
