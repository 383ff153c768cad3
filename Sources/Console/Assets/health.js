// What is wrong, and what to do.
import { html, icon, put } from './ui.js';
import { isText, pick, span, t } from './i18n.js';

const states = { online: 'ok', connecting: 'warn', moved: 'warn' };

const row = r => html`<tr><th scope="row" class="hrow">${icon(r.state, 'dot ' + r.state)}<span class="vh">${t('h.' + r.state)} </span>${pick(r.name)}</th>
  <td><b>${pick(r.now)}</b></td><td>${pick(r.action)}</td></tr>`;

function camera(c) {
  const state = states[c.state] ?? 'bad';
  const name = isText('cam.' + c.state) ? t('cam.' + c.state) : c.state;
  return html`<tr><th scope="row">${c.name} <span class="muted mono">${c.id}</span></th>
    <td><span class="chip ${state}">${icon(state)}${name}</span></td><td class="n num">${c.open_incidents}</td>
    <td class="num">${c.seconds_since_look == null ? t('cam.never') : t('cam.ago', span(c.seconds_since_look))}</td></tr>`;
}

/** Draws the page; `health` is nothing while it is read. */
export function drawHealth(root, { health, cameras, error, asOf }) {
  const order = c => (states[c.state] === 'ok' ? 1 : 0);
  put(root, html`<div class="phead row between"><h1>${t('nav.health')}</h1>${asOf ? html`<p class="muted num">${t('h.asof', asOf)}</p>` : ''}</div>
    ${error ? html`<p class="note bad" role="alert">${icon('bad')}<span>${t('error', error)} <button class="btn" data-act="retry" data-k="retry">${t('retry')}</button></span></p>` : ''}
    ${!health ? (error ? '' : html`<div class="panel" aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div><div class="wait"></div><div class="wait"></div></div>`)
      : html`<section class="panel scroll" tabindex="0" aria-label="${t('nav.health')}"><table class="health"><thead><tr><th scope="col">${t('h.what')}</th><th scope="col">${t('h.now')}</th><th scope="col">${t('h.means')}</th></tr></thead>
        <tbody>${health.map(row)}</tbody></table></section>`}
    ${cameras ? html`<section class="panel"><header><h2>${t('cam.title')}</h2></header><div class="scroll" tabindex="0" role="region" aria-label="${t('cam.title')}"><table><thead><tr><th scope="col">${t('cam.name')}</th>
        <th scope="col">${t('h.now')}</th><th scope="col" class="n">${t('cam.open')}</th><th scope="col">${t('cam.last')}</th></tr></thead>
        <tbody>${[...cameras].sort((a, b) => order(a) - order(b) || a.id.localeCompare(b.id)).map(camera)}</tbody></table></div></section>` : ''}`);
}
