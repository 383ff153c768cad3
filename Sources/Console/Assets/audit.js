// The audit log: who, when, what; and whether it is as it was written. The address is the state.
import { $, flag, html, icon, manageNav, put } from './ui.js';
import { date, isText, t } from './i18n.js';
import { get } from './api.js';

const state = { items: null, next: null, events: [], chain: null, chainError: null, error: null, filter: {}, turn: 0, changed: () => {}, go: () => {} };
const names = ['event', 'by', 'q'];
const known = (key, value) => (isText(key) ? t(key) : value);

function query(after) {
  const query = new URLSearchParams();
  for (const name of names) if (state.filter[name]) query.set(name, state.filter[name]);
  if (after) query.set('after', after);
  return query;
}

async function load() {
  const turn = ++state.turn;
  try {
    const answer = await get(`/audit?${query()}`);
    if (turn === state.turn) Object.assign(state, { items: answer.items, next: answer.next, events: answer.events, error: null });
  } catch (error) { if (turn === state.turn) state.error = error.message; }
  state.changed();
}

async function more() {
  const turn = state.turn;
  try {
    const answer = await get(`/audit?${query(state.next)}`);
    if (turn !== state.turn) return;
    Object.assign(state, { items: [...state.items, ...answer.items], next: answer.next });
  } catch (error) { state.error = error.message; }
  state.changed();
}

/** May take seconds: the whole log is read. */
async function inspect() {
  try { Object.assign(state, { chain: await get('/audit/chain'), chainError: null }); } catch (error) { state.chainError = error.message; }
  state.changed();
}

function chain() {
  const { chain: c, chainError } = state;
  if (!c) return html`<p class="note ${chainError ? 'bad' : ''}" role="status">${icon(chainError ? 'bad' : 'audit')}<span>${chainError ? t('error', chainError) : t('au.checking')}</span></p>`;
  if (c.state === 'intact') {
    return html`<p class="note ok" role="status">${icon('ok')}<span>${t('au.intact', c.first, c.last)} <span class="muted">${t('au.hash')} <span class="mono">${c.hash.slice(0, 16)}…</span></span></span></p>`;
  }
  return html`<p class="note bad" role="alert">${icon('bad')}<span><b>${t('au.broken', c.broken_at)}</b> <span lang="en">${c.cause}</span>. ${t('au.broken.do')}</span></p>`;
}

const value = (name, text) => {
  if (name === 'incident') return html`<a href="/incident?id=${encodeURIComponent(text)}">${text}</a>`;
  if (name === 'role') return known('role.' + text, text);
  if (name === 'verdict' || name === 'review') return known('review.' + text, text);
  if (name === 'what' || name === 'kind') return known('au.v.' + text, text);
  return text;
};
const fact = ([name, text]) => html`<span class="fact"><span class="muted">${known('au.f.' + name, name)}</span> <span class="mono">${value(name, text)}</span></span>`;
const row = e => html`<tr><td class="num mono" data-label="${t('au.number')}">${e.number}</td><td class="num" data-label="${t('au.when')}">${date(e.at)}</td><td data-label="${t('au.who')}">${e.by || html`<span class="muted">${t('au.site')}</span>`}</td>
  <td data-label="${t('au.what')}">${known('au.e.' + e.event, e.event)}</td><td class="facts2" data-label="${t('au.facts')}">${Object.entries(e.facts).sort(([a], [b]) => a.localeCompare(b)).map(fact)}</td></tr>`;

function rows() {
  if (state.error) return html`<p class="note bad" role="alert">${icon('bad')}<span>${t('error', state.error)} <button class="btn" data-again data-k="again">${t('retry')}</button></span></p>`;
  if (!state.items) return html`<div class="panel" aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div><div class="wait"></div></div>`;
  if (!state.items.length) return html`<div class="panel empty"><p><b>${t('au.none')}</b></p></div>`;
  return html`<section class="panel scroll" tabindex="0" aria-label="${t('nav.audit')}"><table class="cards"><thead><tr><th scope="col">${t('au.number')}</th><th scope="col">${t('au.when')}</th><th scope="col">${t('au.who')}</th><th scope="col">${t('au.what')}</th><th scope="col">${t('au.facts')}</th></tr></thead>
    <tbody>${state.items.map(row)}</tbody></table></section>${state.next ? html`<p class="pad"><button class="btn" data-more data-k="more">${t('more')}</button></p>` : ''}`;
}

export const page = {
  forget() { Object.assign(state, { items: null, next: null, events: [], chain: null, chainError: null, error: null, filter: {} }); state.turn += 1; },
  enter({ query: asked, changed, go }) {
    Object.assign(state, { changed, go });
    const filter = Object.fromEntries(names.map(name => [name, asked.get(name) ?? '']));
    const isOther = names.some(name => filter[name] !== (state.filter[name] ?? ''));
    Object.assign(state, { filter, items: isOther ? null : state.items });
    load();
    inspect();
  },
  draw(root) {
    if (!$('[data-part=rows]', root)) root.innerHTML = '<div class="phead stack" data-part="head"></div><form class="filter" data-part="filter" role="search"></form><div data-part="chain"></div><div data-part="rows"></div>';
    put($('[data-part=head]', root), html`${manageNav('audit')}<h1>${t('nav.audit')}</h1>`);
    const form = $('[data-part=filter]', root);
    const event = state.filter.event ?? '';
    put(form, html`<label class="field"><span>${t('au.what')}</span><select class="input" name="event" data-k="event"><option value="">${t('au.all')}</option>${state.events.map(e => html`<option value="${e}" ${flag('selected', e === event)}>${known('au.e.' + e, e)}</option>`)}</select></label>
      <label class="field"><span>${t('au.who')}</span><input class="input" name="by" data-k="by" maxlength="64" autocomplete="off" value="${state.filter.by ?? ''}"></label>
      <label class="field"><span>${t('au.facts')}</span><input class="input" name="q" data-k="q" maxlength="100" autocomplete="off" value="${state.filter.q ?? ''}"></label>
      <button class="btn primary" data-k="find">${t('inc.filter')}</button>`);
    put($('[data-part=chain]', root), chain());
    put($('[data-part=rows]', root), rows());
    const search = () => {
      const next = new URLSearchParams();
      for (const name of names) { const text = form.elements[name].value.trim(); if (text) next.set(name, text); }
      state.go(`/audit${next.size ? `?${next}` : ''}`);
    };
    form.onsubmit = event => { event.preventDefault(); search(); };
    form.onchange = event => { if (event.target.name === 'event') search(); };
    root.onclick = event => {
      if (event.target.closest('[data-more]')) more();
      if (event.target.closest('[data-again]')) load();
    };
  },
};
