// What all pages share: escaped templates, icons, a list that keeps its elements, and pictures of numbers.
import { isText, moment, settings, span, t } from './i18n.js';

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

// What somebody types into, until the browser says that it is done.
let edited = null;
let isPatching = false;
document.addEventListener('input', event => { edited = event.target; }, true);
document.addEventListener('change', event => {
  // Chromium tells what was typed into a field that is being taken away: it is of something that is no longer shown.
  if (isPatching) event.stopImmediatePropagation();
  edited = null;
}, true);

/** By what a node is the same one in the next markup: its kind, and what it is of where it has that. A text is that before its next. */
const same = ['data-k', 'data-of', 'data-part', 'data-sha', 'data-still', 'name'];
const identity = node => (node.nodeType === Node.ELEMENT_NODE
  ? [node.nodeName, ...same.map(name => node.getAttribute(name)), node.nodeName === 'OPTION' ? node.value : ''].join('\n')
  : `${node.nodeName} ${node.nextSibling ? identity(node.nextSibling) : ''}`);
/** A node of the page, and the node of the markup from which it was made. */
const made = (source, live) => ({ source, live, children: [...source.childNodes].map((child, i) => made(child, live.childNodes[i])) });

/** Makes a node of the page what its markup says now; what only scripts and people have changed stays. */
function update(live, before, after) {
  if (live.nodeType !== Node.ELEMENT_NODE) { live.nodeValue = after.nodeValue; return; }
  for (const { name } of [...before.attributes]) if (!after.hasAttribute(name)) live.removeAttribute(name);
  for (const { name, value } of after.attributes) if (before.getAttribute(name) !== value) live.setAttribute(name, value);
  if (live === edited && live === document.activeElement) return;
  if (!live.matches('input')) return;
  if (['checkbox', 'radio'].includes(live.type)) {
    if (before.checked !== after.checked) live.checked = after.checked;
  } else if (before.getAttribute('value') !== after.getAttribute('value')) live.value = after.value;
}

/** The indices of a longest run of rising numbers; -1 is none. */
function rising(numbers) {
  const ends = []; // by length − 1, the index at which the run of this length with the least end ends
  const before = [];
  numbers.forEach((number, index) => {
    if (number < 0) return;
    const found = ends.findIndex(end => numbers[end] >= number);
    const length = found < 0 ? ends.length : found;
    before[index] = ends[length - 1];
    ends[length] = index;
  });
  const run = new Set();
  for (let index = ends.at(-1); index != null; index = before[index]) run.add(index);
  return run;
}

/** Makes the children of an element what their markup says now, and keeps each that is still there. */
function patch(parent, before, sources) {
  // What a script or a translator has put there instead is not ours to keep.
  if (before.length ? before.some(({ live }) => live.parentNode !== parent) : sources.length) {
    parent.replaceChildren();
    before = [];
  }
  const free = new Map();
  for (const one of before) {
    const key = identity(one.source);
    if (free.has(key)) free.get(key).push(one); else free.set(key, [one]);
  }
  const places = [];
  const after = [...sources].map(source => {
    const old = free.get(identity(source))?.shift();
    places.push(before.indexOf(old));
    if (!old) return made(source, source.cloneNode(true));
    if (old.source.isEqualNode(source)) return old;
    update(old.live, old.source, source);
    const children = patch(old.live, old.children, source.childNodes);
    if (old.live.matches?.('select') && old.live !== edited) old.live.value = source.value;
    return { source, live: old.live, children };
  });
  for (const rest of free.values()) for (const { live } of rest) live.remove();
  // What is moved loses the focus and a click that is under way, so as few as can be are.
  const stays = rising(places);
  let next = null;
  for (let index = after.length - 1; index >= 0; index -= 1) {
    const { live } = after[index];
    if (!stays.has(index)) parent.insertBefore(live, next);
    next = live;
  }
  return after;
}

/**
 * Puts markup into an element where it differs from what was put there before. Elements that stay the same stay: with the focus, what is
 * typed, what is open, and a click whose button is down while something arrives. Where a script has taken the contents away, all is new.
 */
export function put(element, markup) {
  const text = String(markup);
  const before = element.made?.every(({ live }) => live.parentNode === element) ? element.made : null;
  if (before && element.drawn === text) return false;
  const active = document.activeElement;
  const key = element.contains(active) ? active?.closest?.('[data-k]')?.dataset.k : null;
  const parsed = element.cloneNode(false);
  parsed.innerHTML = text;
  if (!before) element.replaceChildren();
  isPatching = true;
  try { element.made = patch(element, before ?? [], parsed.childNodes); } finally { isPatching = false; }
  element.drawn = text;
  if (key && document.activeElement !== active) $(`[data-k="${CSS.escape(key)}"]`, element)?.focus({ preventScroll: true });
  return true;
}

const stroke = (path, width = 2.2) =>
  `<path d="${path}" fill="none" stroke="currentColor" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;
const icons = {
  brand: '<path d="M3 3h8v8H3zM13 3h8v8h-8zM3 13h8v8H3z" fill="none" stroke="currentColor" stroke-width="1.8"/><path d="M13 13h8v8h-8z" fill="currentColor"/>',
  add: stroke('M12 4v16M4 12h16'),
  incidents: stroke('M4 6h16M4 12h16M4 18h10'),
  health: stroke('M3 12h4l3-7 4 14 3-7h4'),
  cameras: stroke('M3 7h12v10H3zM15 11l6-3v8l-6-3'),
  again: stroke('M20 11a8 8 0 10-2.500 6.500M20 4v7h-7'),
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
  redo: stroke('M16 4l4.500 4.500L16 13M20 8.500H10a6 6 0 000 12h5'),
  plus: stroke('M12 5v14M5 12h14'),
  trash: stroke('M4 7h16M9 7V4h6v3M6.500 7l1 13h9l1-13', 2),
  addp: `${stroke('M4 19L9 6l8 3M13 20h8M17 16v8', 2)}<circle cx="9" cy="6" r="2.800" fill="currentColor"/>`,
  delp: `${stroke('M4 19L9 6l8 3M13 20h8', 2)}<circle cx="9" cy="6" r="2.800" fill="currentColor"/>`,
  zin: stroke('M17 10a7 7 0 11-14 0 7 7 0 0114 0zM15.500 15.500L22 22M10 7v6M7 10h6', 2),
  zout: stroke('M17 10a7 7 0 11-14 0 7 7 0 0114 0zM15.500 15.500L22 22M7 10h6', 2),
  fit: stroke('M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5'),
  out: stroke('M9 4H4v16h5M14 8l4 4-4 4M18 12H9'),
  user: stroke('M16 8a4 4 0 11-8 0 4 4 0 018 0zM4 21c.5-4.500 3.500-7 8-7s7.500 2.500 8 7'),
  manage: stroke('M12 3l7.500 3v5c0 5-3 8.500-7.500 10C7.500 19.500 4.500 16 4.500 11V6z'),
  audit: stroke('M6 3h9l4 4v14H6zM9.500 11h6M9.500 15h6'),
  save: stroke('M12 4v11M7.500 10.500L12 15l4.500-4.500M4.500 20h15'),
};
export const icon = (name, cls = '') =>
  new Markup(`<svg class="${cls}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${icons[name]}</svg>`);

/* ---------- pictures of numbers: inline SVG without a style, each with its words beside it ---------- */

/** What a stretch of time was: runs of [from, to, state] in milliseconds. Heights and colours tell the states apart. */
function coverStrip(runs, label) {
  const [from, to] = [runs[0]?.[0] ?? 0, runs.at(-1)?.[1] ?? 1];
  const x = time => Math.round((960 * (time - from)) / Math.max(1, to - from));
  const top = { saw: 0, offline: 0, blind: 6, unknown: 15 };
  return html`<svg class="cover" viewBox="0 0 960 18" preserveAspectRatio="none" role="img" aria-label="${label}">
    <rect class="ground" width="960" height="18"/>
    ${runs.map(([a, b, state]) => html`<rect class="cv-${state}" x="${x(a)}" y="${top[state]}" width="${Math.max(2, x(b) - x(a))}" height="${18 - top[state]}"/>`)}
    ${[240, 480, 720].map(at => html`<line class="tick" x1="${at}" x2="${at}" y1="0" y2="18"/>`)}</svg>`;
}

/** Bars with a word below some of them, as [value, word]; the largest has its number. */
export function bars(values, label, { width = 480, height = 120 } = {}) {
  const most = Math.max(1, ...values.map(v => v[0]));
  const step = width / values.length;
  const y = value => height - (value / most) * (height - 18);
  const first = values.findIndex(v => v[0] === most);
  return html`<svg class="bars" viewBox="0 0 ${width} ${height + 20}" role="img" aria-label="${label}">
    ${values.map(([value], i) => (value ? html`<rect x="${(i * step + 1.5).toFixed(1)}" y="${y(value).toFixed(1)}" width="${(step - 3).toFixed(1)}" height="${(height - y(value)).toFixed(1)}"/>` : ''))}
    <line class="axis" x1="0" x2="${width}" y1="${height}" y2="${height}"/>
    ${first >= 0 ? html`<text x="${(first * step + step / 2).toFixed(1)}" y="${(y(most) - 5).toFixed(1)}" text-anchor="middle">${most}</text>` : ''}
    ${values.map(([, word], i) => (word ? html`<text x="${(i * step + 1).toFixed(1)}" y="${height + 15}">${word}</text>` : ''))}</svg>`;
}

/* ---------- a camera's state and its last day, on several pages ---------- */

const cameraStates = { online: 'ok', connecting: 'warn', moved: 'warn' };
const coverKinds = ['saw', 'blind', 'offline', 'unknown'];

/** The sign of a camera's state, and its word. */
export const cameraSign = state => cameraStates[state] ?? 'bad';
export const cameraWord = state => (isText('cam.' + state) ? t('cam.' + state) : state);

/** A camera's last day in words: what kept it from seeing, and for how long. */
export function coverWords(sum) {
  if (!sum) return t('cover.unknown');
  const parts = ['blind', 'offline', 'unknown'].filter(kind => sum[kind] >= (kind === 'unknown' ? 60 : 1))
    .map(kind => t('cover.part', t('cover.' + kind), span(sum[kind])));
  return parts.length ? parts.join(t('cover.and')) : t('cover.all');
}
/** The strip of one camera. */
export const cover = (day, camera, name) => coverStrip(
  (day.coverage[camera] ?? []).map(([from, to, state]) => [moment(from), moment(to), state]),
  t('cover.of', name, coverWords(day.seconds[camera])));
/** The times below strips, and what their colours mean. */
export function coverAxis(day) {
  const [from, to] = [moment(day.from), moment(day.to)];
  const zone = day.from.slice(-6).match(/([+-])(\d\d):(\d\d)/);
  const shift = zone ? (zone[1] === '-' ? -1 : 1) * (zone[2] * 60 + +zone[3]) * 60 : 0;
  const times = [0, .25, .5, .75, 1].map(share => new Date((from + (to - from) * share + shift) * 1000).toISOString().slice(11, 16));
  return html`<span class="hours num" aria-hidden="true">${times.map(time => html`<i>${time}</i>`)}</span>`;
}
export const coverLegend = () => html`<p class="legend">${coverKinds.map(kind => html`<span><svg viewBox="0 0 14 12" aria-hidden="true"><rect class="ground" width="14" height="12"/><rect class="cv-${kind}" y="${{ blind: 4, unknown: 10 }[kind] ?? 0}" width="14" height="12"/></svg>${t('cover.' + kind)}</span>`)}</p>`;

/** The lines of a difference, each as what it is. */
export const diff = text => text.split('\n').filter(line => line && !/^(---|\+\+\+) /.test(line))
  .map(line => html`<span class="${{ '-': 'del', '+': 'add', '@': 'at' }[line[0]] ?? 'same'}">${line}\n</span>`);

/** A page of a module that is entered at each address, with what the frame around it knows. */
export const entered = (module, title) => frame => ({
  read: () => module.page.enter({ who: frame.who, query: new URLSearchParams(location.search), changed: frame.redraw, go: frame.go }),
  draw: root => module.page.draw(root),
  forget: () => module.page.forget(),
  title: () => t(title),
});

const managed = [['users', '/users'], ['audit', '/audit']];
/** The way between the pages of an administrator. */
export const manageNav = current => html`<nav class="subnav" aria-label="${t('nav.manage')}">${managed.map(([id, href]) =>
  html`<a href="${href}" data-k="sub-${id}" ${flag('aria-current="page"', id === current)}>${t('nav.' + id)}</a>`)}</nav>`;

/** Says something to a screen reader, at most every five seconds. */
let said = 0;
let saying = null;
export function say(text) {
  clearTimeout(saying);
  saying = setTimeout(() => { said = Date.now(); $('#say').textContent = text; }, Math.max(0, said + 5000 - Date.now()));
}

/** Single-letter keys, only while nothing is typed into, and unless somebody has switched them off. */
export function keys(map) {
  addEventListener('keydown', event => {
    if (settings.letters === false && event.key.length === 1) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.('input,select,textarea,dialog')) return;
    const action = map[event.key];
    if (action && action() !== false) event.preventDefault();
  });
}
