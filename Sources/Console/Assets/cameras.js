// Cameras: masked stills with their age, the state in words and what to do, worst first; and one camera with its zones.
import { $, $$, cameraSign, cameraWord, cover, coverAxis, coverLegend, coverWords, html, icon, put } from './ui.js';
import { clock, pick, span, t, timeOfDay } from './i18n.js';
import { get, still } from './api.js';

const query = () => new URLSearchParams(location.search);
const isBad = c => c.state !== 'online';
const rank = { offline: 0, blind: 1, frozen: 1, moved: 2, connecting: 3, online: 4 };
const worstFirst = (a, b) => (rank[a.state] ?? 1) - (rank[b.state] ?? 1) || a.name.localeCompare(b.name) || a.id.localeCompare(b.id);
/** At midnight a camera has had no time to be blind, and before its first report nothing is said of it. */
const sinceWords = c => (c.since ? t('cam.since', clock(c.since).slice(0, 5)) : '');

/* ---------- stills: fetched while their place is on the screen, and not again within a minute ---------- */

const rests = 60_000;
const mostAtOnce = 3;
const stills = new Map(); // camera → { node, url, tag, taken, fault, due, isLoading }
let onScreen = new Set();
let loading = 0;
let timer = null;

const seen = new IntersectionObserver(entries => {
  for (const entry of entries) if (entry.isIntersecting) onScreen.add(entry.target); else onScreen.delete(entry.target);
  turn();
}, { rootMargin: '100px' });

/** Shows what is known in the places of an element, and has the rest fetched as they come into view. */
function fillStills(root) {
  onScreen = new Set([...onScreen].filter(place => place.isConnected));
  for (const place of $$('[data-still]', root)) { show(place); seen.observe(place); }
  if (!timer) timer = setInterval(turn, 2000);
}
/** Nobody looks any more. */
function rest() {
  clearInterval(timer);
  timer = null;
  seen.disconnect();
  onScreen.clear();
}
function forgetStills() {
  for (const known of stills.values()) if (known.url) URL.revokeObjectURL(known.url);
  stills.clear();
}

function turn() {
  if (document.hidden) return;
  for (const place of onScreen) {
    if (!place.isConnected) { onScreen.delete(place); continue; }
    const known = stills.get(place.dataset.still);
    if (loading < mostAtOnce && !known?.isLoading && !(known?.due > Date.now())) load(place.dataset.still);
    age(place);
  }
}

async function load(camera) {
  const known = stills.get(camera) ?? {};
  stills.set(camera, known);
  known.isLoading = true;
  loading += 1;
  for (const place of placesOf(camera)) show(place);
  try {
    const answer = await still(camera, known.tag);
    if (answer.blob) await take(known, camera, answer.blob);
    known.taken = Date.now() - answer.age * 1000;
    Object.assign(known, { tag: answer.tag, fault: null, due: Date.now() + Math.max(2000, rests - answer.age * 1000) });
    // One that is old already stays so: its camera sends no other.
    if (answer.age * 1000 >= rests) known.due = Date.now() + rests;
  } catch (error) {
    known.fault = error.titles ?? { zh: error.message, en: error.message };
    known.due = Date.now() + 1000 * (error.retryAfter ?? 15);
  } finally {
    known.isLoading = false;
    loading -= 1;
  }
  for (const place of placesOf(camera)) show(place);
  turn();
}

const placesOf = camera => $$(`[data-still="${CSS.escape(camera)}"]`);

async function take(known, camera, blob) {
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  try { await image.decode(); } catch {
    URL.revokeObjectURL(image.src);
    throw new Error(t('ev.broken'));
  }
  if (known.url) URL.revokeObjectURL(known.url);
  Object.assign(known, { node: image, url: image.src });
}

function show(place) {
  const known = stills.get(place.dataset.still);
  const words = !known || known.isLoading ? t('cam.wait') : known.fault ? pick(known.fault) : '';
  if (known?.node) {
    known.node.alt = place.dataset.alt;
    if (place.firstChild !== known.node) place.replaceChildren(known.node);
    overlay(place, known.node);
  } else put(place, html`${icon('none')}<span class="why">${words}</span>`);
  place.classList.toggle('none', !known?.node);
  age(place);
}

function age(place) {
  const label = $('.age', place.parentElement);
  const known = stills.get(place.dataset.still);
  const seconds = known?.taken ? (Date.now() - known.taken) / 1000 : null;
  const text = seconds == null || !known.node ? '' : t('cam.ago', span(seconds < 60 ? seconds : Math.floor(seconds / 60) * 60));
  if (label && label.textContent !== text) label.textContent = text;
  const old = $('.oldage', place.parentElement);
  if (old) {
    const words = text ? t('cam.old', text) : '';
    if (old.textContent !== words) old.textContent = words;
  }
}

/** Zones lie over the picture in its own pixels, once its size is known. */
function overlay(place, image) {
  const svg = $('svg.zones', place.parentElement);
  if (!svg) return;
  const [width, height] = [image.naturalWidth, image.naturalHeight];
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  for (const group of $$('g', svg)) {
    const corners = JSON.parse(group.dataset.polygon).map(([x, y]) => [x * width, y * height]);
    $('polygon', group).setAttribute('points', corners.map(c => c.map(v => v.toFixed(1)).join(',')).join(' '));
    const text = $('text', group);
    text.setAttribute('x', corners.reduce((sum, c) => sum + c[0], 0) / corners.length);
    text.setAttribute('y', corners.reduce((sum, c) => sum + c[1], 0) / corners.length);
    text.setAttribute('font-size', height / 14);
  }
  svg.classList.add('on');
}

/* ---------- parts ---------- */

const chip = c => html`<span class="chip ${cameraSign(c.state)}">${icon(cameraSign(c.state))}${cameraWord(c.state)}</span>`;
const place = (c, cls = '') => html`<span class="pic still ${cls}" data-still="${c.id}" data-alt="${t('cam.still', c.name)}"></span>`;

/** What lies over the picture of a camera that does not see: it never looks fresh. */
function veil(c) {
  if (!isBad(c)) return html`<span class="age num" data-part="age"></span>`;
  return html`<span class="veil" data-part="veil">${icon(c.state === 'offline' ? 'bad' : 'none')}<b>${cameraWord(c.state)}</b>
    <span>${[pick(c.cause), sinceWords(c)].filter(Boolean).join(' · ')}</span>${c.state === 'offline' ? html`<span class="oldage num"></span>` : ''}</span>
    ${c.state === 'offline' ? '' : html`<span class="age num" data-part="age"></span>`}`;
}

const cost = c => (c.cores == null ? t('cam.looks', c.looks_per_second) : t('cam.cost.v', c.cores, c.looks_per_second));
const clockWords = offset => (Math.abs(offset) < 1 ? t('cam.clock.ok') : t(offset < 0 ? 'cam.clock.slow' : 'cam.clock.fast', span(Math.abs(offset))));
/** What somebody should know of a camera that sees. */
const notice = c => (Math.abs(c.clock_offset_seconds ?? 0) > 5 ? pick(c.cause) : c.warning ? t('cam.warned') : null);

/** Where its zones are drawn. */
const zonesOf = c => `/zones?camera=${encodeURIComponent(c.id)}`;

function card(c) {
  const warned = !isBad(c) && notice(c);
  const line = isBad(c) ? pick(c.action) : warned ? html`<b class="w">${warned}</b>` : t('cam.looks', c.looks_per_second);
  return html`<li data-of="${c.id}" class="panel cam ${isBad(c) ? `bad ${c.state}` : ''}"><a href="/camera?id=${encodeURIComponent(c.id)}" data-k="cam-${c.id}">
    <span class="frame">${place(c)}${veil(c)}</span>
    <span class="cbody"><span class="row between"><span><b>${c.name}</b> <span class="muted mono">${c.id}</span></span>${chip(c)}</span>
      <span class="cline num">${line} · ${t('cam.opened', c.open_incidents)} · ${t('cam.today', span(c.blind_seconds_today))}</span></span></a>
    <a class="zlink" href="${zonesOf(c)}" data-k="z-${c.id}" aria-label="${t('zone.draw')}: ${c.name}">${t('zone.draw')}</a></li>`;
}

const waiting = () => html`<div aria-busy="true"><p class="vh">${t('load')}</p><div class="cams">${[1, 2, 3, 4].map(() => html`<div class="panel cam"><div class="wait tall"></div></div>`)}</div></div>`;
const failed = error => html`<p class="note bad" role="alert">${icon('bad')}<span>${t('error', error)} <button class="btn" data-act="retry" data-k="retry">${t('retry')}</button></span></p>`;

/* ---------- all cameras ---------- */

export function cameras(frame) {
  let [error, asOf, isRead] = [null, '', false];
  const filters = ['all', 'bad'];
  const filter = () => (filters.includes(query().get('f')) ? query().get('f') : 'all');
  const address = f => `/cameras${f === 'all' ? '' : `?f=${f}`}`;

  async function read() {
    try {
      frame.cameras = (await get('/cameras')).items;
      [error, asOf, isRead] = [null, timeOfDay(Date.now()), true];
    } catch (fault) { error = fault.message; }
    frame.redraw();
  }
  function list(rows) {
    const chosen = rows.filter(c => filter() === 'all' || isBad(c)).sort(worstFirst);
    if (chosen.length) return html`<ul class="cams">${chosen.map(card)}</ul>`;
    const last = Math.min(...rows.map(c => c.seconds_since_look ?? Infinity));
    return html`<div class="panel empty">${icon(rows.length ? 'ok' : 'none', 'dot ok')}<p><b>${t(rows.length ? 'cam.allsee' : 'cam.none')}</b></p>
      ${Number.isFinite(last) ? html`<p class="muted">${t('inc.watch', rows.length, rows.filter(c => !isBad(c)).length, span(last))}</p>` : ''}</div>`;
  }
  return {
    read,
    beat: read,
    left: rest,
    forget: forgetStills,
    title: () => t('nav.cameras'),
    draw(root) {
      const rows = isRead || frame.cameras?.length ? frame.cameras : null;
      const seeing = rows?.filter(c => !isBad(c)).length;
      put(root, html`<div class="phead row between"><div><h1>${t('nav.cameras')}</h1>${rows ? html`<p class="muted">${t('cam.summary', rows.length, seeing)}${asOf ? html` · <span class="num">${t('h.asof', asOf)}</span>` : ''}</p>` : ''}</div>
        ${frame.who?.role === 'admin' ? html`<a class="btn" href="/add" data-k="add">${icon('plus')}${t('nav.add')}</a>` : ''}
        ${rows?.length ? html`<nav class="seg" aria-label="${t('inc.filter')}">${filters.map(f => html`<a class="btn" href="${address(f)}" data-k="f-${f}" ${filter() === f ? html`aria-current="true"` : ''}>${t('cam.f.' + f)}${f === 'bad' ? ` (${rows.length - seeing})` : ''}</a>`)}</nav>` : ''}</div>
        ${error && !(frame.isLost && rows) ? failed(error) : ''}
        ${rows ? list(rows) : error ? '' : waiting()}`);
      fillStills(root);
    },
  };
}

/* ---------- one camera ---------- */

export function camera(frame) {
  let [row, day, error, isMissing, asOf, dayRead] = [null, null, null, false, '', 0];
  const id = () => query().get('id') ?? '';

  async function read() {
    const wanted = id();
    if (row?.id !== wanted) [row, error, isMissing] = [null, null, false];
    const [now, last] = await Promise.allSettled([
      get(`/cameras/${encodeURIComponent(wanted)}`), Date.now() - dayRead < rests ? day : get('/health/history')]);
    if (wanted !== id()) return;
    if (now.status === 'fulfilled') [row, error, isMissing, asOf] = [now.value, null, false, timeOfDay(Date.now())];
    else if (now.reason.status === 404) isMissing = true;
    else error = now.reason.message;
    if (last.status === 'fulfilled' && last.value !== day) [day, dayRead] = [last.value, Date.now()];
    frame.redraw();
  }
  const zoneLine = (zone, index) => html`<tr><th scope="row"><span class="znum num">${index + 1}</span> ${zone.name || zone.id}${zone.name ? html` <span class="muted mono">${zone.id}</span>` : ''}</th>
    <td>${zone.rules.map(rule => html`<span class="zrule">${t('zone.rule', pick(rule.name), span(rule.dwell))}</span>`)}${zone.smallest_car_px ? html`<span class="zrule muted">${t('zone.small', zone.smallest_car_px)}</span>` : ''}</td>
    <td><span class="chip ${{ watched: 'ok', resting: '', elsewhere: '' }[zone.state] ?? 'warn'}">${icon({ watched: 'ok', resting: 'none', elsewhere: 'none' }[zone.state] ?? 'warn')}${t('zone.' + zone.state)}</span></td>
    <td class="n num"><span class="narrowonly muted">${t('zone.blind')} </span>${span(zone.blind_seconds)}</td></tr>`;
  function facts(c) {
    const line = (key, value) => (value ? html`<dt>${t('cam.' + key)}</dt><dd>${value}</dd>` : '');
    return html`<dl class="facts">${line('fact.why', html`${pick(c.cause)}${c.since ? html` <span class="muted num">${t('cam.since', `${c.since.slice(5, 10)} ${clock(c.since).slice(0, 5)}`)}</span>` : ''}`)}
      ${line('fact.do', pick(c.action))}
      ${line('fact.said', c.reason || c.warning ? [c.reason, c.warning].filter(Boolean).map(text => html`<p lang="en">${text}</p>`) : '')}
      ${line('fact.last', c.seconds_since_look == null ? t('cam.never') : t('cam.ago', span(c.seconds_since_look)))}
      ${line('fact.today', span(c.blind_seconds_today))}
      ${line('fact.open', html`<a href="/?f=open&amp;q=${encodeURIComponent(c.id)}">${t('cam.opened', c.open_incidents)}</a>`)}
      ${line('fact.cost', cost(c))}
      ${line('fact.clock', c.clock_offset_seconds == null ? '' : clockWords(c.clock_offset_seconds))}
      ${line('fact.size', c.size ? c.size.join('×') : '')}
      ${line('fact.area', [c.area, c.grid, c.microgrid].filter(Boolean).join(' / '))}</dl>`;
  }
  const zones = c => (c.zones?.length
    ? html`<div class="scroll" tabindex="0" role="region" aria-label="${t('zone.title')}"><table class="health"><thead><tr><th scope="col">${t('facts.zone')}</th><th scope="col">${t('zone.rules')}</th><th scope="col">${t('h.now')}</th><th scope="col" class="n">${t('zone.blind')}</th></tr></thead><tbody>${c.zones.map(zoneLine)}</tbody></table></div>`
    : html`<p class="pad muted">${t('zone.none')}</p>`);
  const shapes = c => html`<svg class="zones" aria-hidden="true">${(c.zones ?? []).map((zone, index) => html`<g class="z-${zone.state}" data-polygon="${JSON.stringify(zone.polygon)}"><polygon/><text>${index + 1}</text></g>`)}</svg>`;
  const page = c => html`<header class="ihead"><a class="btn quiet backlink" href="/cameras" data-k="back" aria-label="${t('back')}">${icon('back')}</a>
      <div class="grow"><h1>${c.name} <span class="muted mono">${c.id}</span></h1>${asOf ? html`<p class="muted num">${t('h.asof', asOf)}</p>` : ''}</div>${chip(c)}</header>
    <div class="camcols"><section data-of="${c.id}" class="panel cam one ${isBad(c) ? `bad ${c.state}` : ''}" aria-label="${t('cam.still', c.name)}"><div class="frame">${place(c, 'whole')}${shapes(c)}${veil(c)}</div>
      <div class="pad row between"><p class="hint grow">${t('cam.fresh.hint')}</p><button class="btn" data-fresh data-k="fresh">${icon('again')}${t('cam.fresh')}</button></div></section>
      <section class="panel pad" aria-label="${t('h.now')}">${facts(c)}</section></div>
    <section class="panel"><header class="row between"><h2>${t('zone.title')}</h2><a class="btn quiet" href="${zonesOf(c)}" data-k="zones">${t('zone.draw')}</a></header>${zones(c)}</section>
    ${day ? html`<section class="panel pad"><div class="row between"><h2>${t('cover.title')}</h2>${coverLegend()}</div>${cover(day, c.id, c.name)}${coverAxis(day)}<p class="hint">${coverWords(day.seconds[c.id])}</p></section>` : ''}`;
  /** At once where a minute has passed; else the server has no newer one either. */
  function fresh() {
    const known = stills.get(row.id);
    if (known && !known.isLoading) known.due = Math.min(known.due ?? 0, (known.taken ?? 0) + rests);
    turn();
  }
  return {
    read,
    beat: read,
    left: rest,
    forget: forgetStills,
    camera: changed => { if (changed.id === row?.id) { row = { ...changed, zones: row.zones }; read(); } },
    title: () => row?.name ?? t('nav.cameras'),
    draw(root) {
      if (isMissing) put(root, html`<h1 class="vh">${t('nav.cameras')}</h1><p class="note">${icon('none')}<span>${t('cam.gone')} <a href="/cameras">${t('back')}</a></span></p>`);
      else if (!row) put(root, html`<h1 class="vh">${t('nav.cameras')}</h1>${error ? failed(error) : html`<div class="panel" aria-busy="true"><p class="vh">${t('load')}</p><div class="wait tall"></div></div>`}`);
      else {
        put(root, html`${error && !frame.isLost ? failed(error) : ''}${page(row)}`);
        fillStills(root);
        root.onclick = event => { if (event.target.closest('[data-fresh]')) fresh(); };
      }
    },
  };
}
