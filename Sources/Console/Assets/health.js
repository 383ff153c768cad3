// What is wrong and what to do; what waited and what was seen in the last day.
import { bars, cameraSign, cameraWord, cover, coverAxis, coverLegend, coverWords, html, icon, put } from './ui.js';
import { clock, pick, span, t, timeOfDay } from './i18n.js';
import { get } from './api.js';

const rests = 60_000; // the last day changes slowly
/** What waited, by hour. */
function waited(day) {
  const hours = [];
  for (const { at, most } of day.outbox) {
    const hour = clock(at).slice(0, 2);
    if (hours.at(-1)?.hour === hour) hours.at(-1).most = Math.max(hours.at(-1).most, most); else hours.push({ hour, most });
  }
  const most = Math.max(0, ...hours.map(h => h.most));
  const words = most ? t('box.most', most, span(day.outbox.reduce((sum, q) => sum + q.waiting_seconds, 0))) : t('box.none');
  const width = matchMedia('(max-width: 719px)').matches ? 280 : 480;
  const label = `${t('box.title')}${t('cover.and')}${hours.filter(h => h.most).map(h => t('box.hour', h.hour, h.most)).join(t('cover.and')) || words}`;
  return html`<section class="panel pad"><h2>${t('box.title')}</h2>${bars(hours.map((h, i) => [h.most, i % 6 ? '' : `${h.hour}:00`]), label, { width })}<p class="hint">${words}</p></section>`;
}

const row = r => html`<tr><th scope="row" class="hrow">${icon(r.state, 'dot ' + r.state)}<span class="vh">${t('h.' + r.state)} </span>${pick(r.name)}</th>
  <td><b>${pick(r.now)}</b></td><td>${pick(r.action)}</td></tr>`;

const seen = (day, cameras) => html`<section class="panel pad"><div class="row between"><h2>${t('cover.title')}</h2>${coverLegend()}</div>
  <ul class="covers">${cameras.map(c => html`<li class="crow"><a href="/camera?id=${encodeURIComponent(c.id)}" data-k="c-${c.id}">${icon(cameraSign(c.state), 'dot ' + cameraSign(c.state))}<span class="vh">${cameraWord(c.state)} </span>${c.name}</a>
    ${cover(day, c.id, c.name)}<span class="num">${coverWords(day.seconds[c.id])}</span></li>`)}</ul>
  <div class="crow axis"><span></span>${coverAxis(day)}<span></span></div></section>`;

const waiting = () => html`<div class="panel" aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div><div class="wait"></div><div class="wait"></div></div>`;
const failed = error => html`<p class="note bad" role="alert">${icon('bad')}<span>${t('error', error)} <button class="btn" data-act="retry" data-k="retry">${t('retry')}</button></span></p>`;

export function health(frame) {
  let [rows, day, error, asOf, dayRead] = [null, null, null, '', 0];

  async function read() {
    const [now, cameras, last] = await Promise.allSettled([
      get('/health'), get('/cameras'), Date.now() - dayRead < rests ? day : get('/health/history')]);
    if (now.status === 'fulfilled') { rows = now.value.rows; asOf = timeOfDay(Date.now()); }
    if (cameras.status === 'fulfilled') frame.cameras = cameras.value.items;
    if (last.status === 'fulfilled' && last.value !== day) { day = last.value; dayRead = Date.now(); }
    error = [now, cameras, last].find(answer => answer.status === 'rejected')?.reason.message ?? null;
    frame.redraw();
  }
  return {
    read,
    beat: read,
    title: () => t('nav.health'),
    draw(root) {
      const order = c => ({ ok: 2, warn: 1 }[cameraSign(c.state)] ?? 0);
      const cameras = frame.cameras && [...frame.cameras].sort((a, b) => order(a) - order(b) || a.id.localeCompare(b.id));
      put(root, html`<div class="phead row between"><h1>${t('nav.health')}</h1>${asOf ? html`<p class="muted num">${t('h.asof', asOf)}</p>` : ''}</div>
        ${error && !(frame.isLost && rows) ? failed(error) : ''}
        ${!rows ? (error ? '' : waiting()) : html`<div class="hgrid"><section class="panel scroll" tabindex="0" aria-label="${t('nav.health')}"><table class="health"><thead><tr><th scope="col">${t('h.what')}</th><th scope="col">${t('h.now')}</th><th scope="col">${t('h.means')}</th></tr></thead>
          <tbody>${rows.map(row)}</tbody></table></section>${day ? waited(day) : ''}</div>`}
        ${day && cameras?.length ? seen(day, cameras) : ''}`);
    },
  };
}
