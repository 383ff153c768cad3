// What all pages share: escaped templates, icons, and a list that keeps its elements.
class Markup {
  constructor(text) { this.text = text; }
  toString() { return this.text; }
}
const escape = value => String(value).replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
const part = value =>
  value == null || value === false ? ''
    : value instanceof Markup ? value.text
      : Array.isArray(value) ? value.map(part).join('') : escape(value);

/** A template whose values are escaped, unless they are templates themselves. */
export const html = (strings, ...values) =>
  new Markup(strings.reduce((text, string, index) => text + part(values[index - 1]) + string));
/** An attribute without a value, there or not. */
export const flag = (name, isThere) => new Markup(isThere ? name : '');
export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Puts markup into an element where it differs; keeps the focus, and what is typed, where the same key is still there. */
export function put(element, markup) {
  const text = String(markup);
  if (element.drawn === text) return false;
  const active = document.activeElement;
  const key = element.contains(active) ? active?.closest?.('[data-k]')?.dataset.k : null;
  const typed = key && 'value' in active && active.type !== 'checkbox' ? active.value : null;
  const open = $$('details[open][data-k]', element).map(e => e.dataset.k);
  element.innerHTML = text;
  element.drawn = text;
  for (const k of open) { const e = $(`details[data-k="${CSS.escape(k)}"]`, element); if (e) e.open = true; }
  if (key) {
    const again = $(`[data-k="${CSS.escape(key)}"]`, element);
    if (again && typed != null && again.matches('input')) again.value = typed;
    again?.focus({ preventScroll: true });
  }
  return true;
}

const stroke = (path, width = 2.2) =>
  `<path d="${path}" fill="none" stroke="currentColor" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;
const icons = {
  brand: '<path d="M3 3h8v8H3zM13 3h8v8h-8zM3 13h8v8H3z" fill="none" stroke="currentColor" stroke-width="1.8"/><path d="M13 13h8v8h-8z" fill="currentColor"/>',
  incidents: stroke('M4 6h16M4 12h16M4 18h10'),
  health: stroke('M3 12h4l3-7 4 14 3-7h4'),
  sev1: '<path d="M12 2l10 10-10 10L2 12z" fill="currentColor"/>',
  sev2: '<path d="M12 3l10 18H2z" fill="currentColor"/>',
  sev3: '<circle cx="12" cy="12" r="9" fill="currentColor"/>',
  sev4: '<circle cx="12" cy="12" r="7.5" fill="none" stroke="currentColor" stroke-width="3"/>',
  ok: stroke('M4 12.5l5.500 5.500L20 7', 3),
  bad: stroke('M6 6l12 12M18 6L6 18', 3),
  warn: stroke('M12 3.500L22 20.500H2zM12 10v5M12 17.500v.2'),
  handled: stroke('M7.500 12.500l3 3 6-6.500M21.500 12a9.500 9.500 0 11-19 0 9.500 9.500 0 0119 0z'),
  undo: stroke('M8 4L3.500 8.500 8 13M4 8.500h10a6 6 0 010 12H9'),
  back: stroke('M15 4l-8 8 8 8', 2.4),
  sun: stroke('M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2M16 12a4 4 0 11-8 0 4 4 0 018 0z'),
  moon: '<path d="M20 14.500A8.500 8.500 0 119.500 4a7 7 0 0010.500 10.500z" fill="currentColor"/>',
  none: stroke('M3 3l18 18M10 5.300A10 10 0 0121.500 12a14 14 0 01-3 4M6 7a14 14 0 00-3.500 5A10 10 0 0016 17.800', 2),
  out: stroke('M9 4H4v16h5M14 8l4 4-4 4M18 12H9'),
};
export const icon = (name, cls = '') =>
  new Markup(`<svg class="${cls}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${icons[name]}</svg>`);

/** Says something to a screen reader, at most every five seconds. */
let said = 0;
let saying = null;
export function say(text) {
  clearTimeout(saying);
  saying = setTimeout(() => { said = Date.now(); $('#say').textContent = text; }, Math.max(0, said + 5000 - Date.now()));
}

/** Single-letter keys, only while nothing is typed into. */
export function keys(map) {
  addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.('input,select,textarea,dialog')) return;
    const action = map[event.key];
    if (action && action() !== false) event.preventDefault();
  });
}
