// Sites: whether they are heard of, and what is missing or lost of each, by its sequences.
import { $, html, icon, put } from './ui.js';
import { date, t } from './i18n.js';
import { get } from './api.js';
import { centre } from './centre.js';

const state = { items: null, refused: null, error: null, turn: 0 };

async function load() {
  const turn = ++state.turn;
  const query = new URLSearchParams({ area: centre.area });
  if (centre.grid) query.set('grid', centre.grid);
  try {
    const { items } = await get(`/sites?${query}`);
    if (turn === state.turn) Object.assign(state, { items, error: null });
  } catch (error) { if (turn === state.turn) state.error = error.message; }
  // Who sees a part of the area is not told of what was refused.
  const refused = await get('/refusals').catch(() => null);
  if (turn === state.turn) state.refused = refused?.items ?? null;
  centre.redraw();
}

const spans = all => all.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(', ');
const word = site => t('st.' + (['online', 'offline', 'lost'].includes(site.state) ? site.state : 'unknown'));
const row = site => html`<tr><th scope="row" class="mono">${site.id}</th><td data-label="${t('st.state')}"><span class="row">${icon(site.state === 'online' ? 'ok' : 'bad', `dot ${site.state === 'online' ? 'ok' : 'bad'}`)}${word(site)}</span></td>
  <td class="num" data-label="${t('st.seen')}">${date(site.seen)}</td><td class="num" data-label="${t('st.cameras')}">${t('st.see', site.seeing, site.cameras)}</td>
  <td data-label="${t('st.missing')}">${site.missing.length ? html`<span class="chip warn num">${spans(site.missing)}</span>` : t('st.complete')}</td><td data-label="${t('st.gone')}">${site.lost.length ? html`<span class="chip bad num">${spans(site.lost)}</span>` : '–'}</td></tr>`;
const head = keys => html`<thead><tr>${keys.map(key => html`<th scope="col">${t(key)}</th>`)}</tr></thead>`;

export const page = {
  title: () => t('nav.sites'),
  read: () => { load(); },
  refresh: () => load(),
  beat: () => load(),
  forget: () => Object.assign(state, { items: null, refused: null }),
  draw(root) {
    put(root, html`<div class="phead"><h1>${t('nav.sites')}</h1></div>
      ${state.error ? html`<p class="note bad" role="alert">${icon('bad')}<span>${t('error', state.error)} <button class="btn" data-act="retry" data-k="retry">${t('retry')}</button></span></p>` : ''}
      ${state.items ? state.items.length ? html`<section class="panel scroll" tabindex="0" aria-label="${t('nav.sites')}"><table class="cards">${head(['st.site', 'st.state', 'st.seen', 'st.cameras', 'st.missing', 'st.gone'])}<tbody>${state.items.map(row)}</tbody></table></section>` : html`<div class="panel empty"><p>${t('c.nosites')}</p></div>`
    : html`<div class="panel" aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div></div>`}
      ${state.refused?.length ? html`<section class="panel"><header><h2>${t('st.refused')}</h2></header><div class="scroll" tabindex="0" role="region" aria-label="${t('st.refused')}"><table class="cards">${head(['st.seen', 'st.reason', 'st.topic'])}<tbody>${state.refused.map(one => html`<tr><td class="num">${date(one.at)}</td><td data-label="${t('st.reason')}">${one.reason} <span class="muted">${one.text}</span></td><td class="mono" data-label="${t('st.topic')}">${one.topic}</td></tr>`)}</tbody></table></div></section>` : ''}`);
    if ($('.panel', root)) root.onclick = null;
  },
};
