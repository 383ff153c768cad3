// What departments were told and did not take: given up or waiting, and sent again.
import { html, icon, put } from './ui.js';
import { date, t } from './i18n.js';
import { call, get } from './api.js';
import { centre } from './centre.js';

const state = { items: null, error: null, turn: 0 };
const chosen = () => (centre.query.get('state') === 'waiting' ? 'waiting' : 'dead');

async function load() {
  const turn = ++state.turn;
  try {
    const { items } = await get(`/deliveries?state=${chosen()}`);
    if (turn === state.turn) Object.assign(state, { items, error: null });
  } catch (error) { if (turn === state.turn) state.error = error.message; }
  centre.redraw();
}

async function again(id) {
  try { await call('POST', `/deliveries/${encodeURIComponent(id)}/retry`, {}); } catch (error) { state.error = error.message; }
  await load();
}

const row = one => html`<tr data-of="${one.id}"><th scope="row"><a href="/?case=${encodeURIComponent(one.number)}">${one.number}</a></th><td data-label="${t('dl.route')}">${one.route}</td><td class="num" data-label="${t('dl.attempts')}">${one.attempts}</td>
  <td class="num" data-label="${t('st.seen')}">${date(one.dead ?? one.next ?? one.created)}</td><td data-label="${t('dl.error')}">${one.error ?? ''}</td>
  <td class="n">${one.dead ? html`<button class="btn" data-retry="${one.id}" data-k="r-${one.id}" aria-label="${t('dl.again')}: ${one.number} ${one.route}">${t('dl.again')}</button>` : ''}</td></tr>`;

export const page = {
  title: () => t('nav.deliveries'),
  read: () => { state.items = null; load(); },
  beat: () => load(),
  forget: () => { state.items = null; },
  draw(root) {
    put(root, html`<div class="phead stack"><h1>${t('nav.deliveries')}</h1><nav class="subnav" aria-label="${t('nav.deliveries')}">${['dead', 'waiting'].map(name => html`<a href="/deliveries${name === 'dead' ? '' : '?state=waiting'}" data-k="d-${name}" ${name === chosen() ? html`aria-current="page"` : ''}>${t('dl.' + name)}</a>`)}</nav></div>
      ${state.error ? html`<p class="note bad" role="alert">${icon('bad')}<span>${t('error', state.error)} <button class="btn" data-act="retry" data-k="retry">${t('retry')}</button></span></p>` : ''}
      ${!state.items ? html`<div class="panel" aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div></div>` : state.items.length ? html`<section class="panel scroll" tabindex="0" aria-label="${t('nav.deliveries')}"><table class="cards"><tbody>${state.items.map(row)}</tbody></table></section>` : html`<div class="panel empty"><p>${t('dl.none.' + chosen())}</p></div>`}`);
    root.onclick = event => { const id = event.target.closest('[data-retry]')?.dataset.retry; if (id) again(id); };
  },
};
