// The page: who is here, which view, and what the stream says. Addresses are the state.
import { $, $$, entered, html, icon, keys, flag, put, say } from './ui.js';
import { apply, nextTheme, pick, settings, span, t, timeOfDay, turn } from './i18n.js';
import { call, forget, get, live, onSessionEnd } from './api.js';
import { List, drawList, filters, flush, judgeBy, judgeByClick, onVerdict, retry, unsent, view } from './incidents.js';
import { fill } from './picture.js';

apply();
const wide = matchMedia('(min-width: 1000px)');
const page = { who: null, site: null, cameras: null, single: null, missing: false, stream: null, offset: 0 };
const list = new List(() => draw());
const main = $('#main');

const path = () => location.pathname;
const query = () => new URLSearchParams(location.search);
/** The one that the address names; else the one that was shown first, which stays when it is judged. */
const selectedID = () => query().get('id') ?? page.first;
const now = () => Date.now() / 1000 + page.offset;
/** The time at the place, as the server would say it. */
function serverTime() {
  const zone = page.site?.time.slice(-6).match(/[+-]\d\d:\d\d/)?.[0] ?? '+00:00';
  const [hours, minutes] = zone.split(':').map(Number);
  const shift = hours * 60 + (zone.startsWith('-') ? -minutes : minutes);
  return new Date((now() + shift * 60) * 1000).toISOString().slice(0, -1) + zone;
}

/* ---------- pages of their own ---------- */

// Each comes when it is asked for, as { read(), draw(root), title() } and, where it wants, { beat(), camera(row), left(), forget() }: read is
// called when the address has changed, beat every 15 s while the page is looked at, forget when somebody signs out.
const others = {
  '/health': { name: 'health', title: 'nav.health', load: async () => (await import('./health.js')).health },
  '/cameras': { name: 'cameras', title: 'nav.cameras', load: async () => (await import('./cameras.js')).cameras },
  '/camera': { name: 'camera', tab: 'cameras', title: 'nav.cameras', load: async () => (await import('./cameras.js')).camera },
  '/zones': { name: 'zones', tab: 'cameras', title: 'z.title', load: async () => (await import('./zones.js')).zones },
  '/add': { name: 'add', title: 'add.title', load: async () => (await import('./add.js')).add },
  '/config': { name: 'config', title: 'cfg.title', load: async () => (await import('./versions.js')).versions },
  '/account': { name: 'account', title: 'nav.account', load: async () => entered(await import('./account.js'), 'nav.account') },
  // Under one tab: `manageNav` leads from one to the other.
  '/users': { name: 'users', tab: 'manage', title: 'nav.users', load: async () => entered(await import('./users.js'), 'nav.users') },
  '/audit': { name: 'audit', tab: 'manage', title: 'nav.audit', load: async () => entered(await import('./audit.js'), 'nav.audit') },
};
const other = () => (page.who ? others[path()] : null);
/** What they know of the frame around them. */
const frameOf = {
  redraw: () => draw(),
  get who() { return page.who; },
  go: (address, how) => go(address, how),
  get cameras() { return page.cameras; },
  set cameras(rows) { page.cameras = rows; },
  get isLost() { return page.stream?.state.name === 'off'; },
  now: () => now(),
};

async function open(entry) {
  try {
    entry.page ??= (await entry.load())(frameOf);
    entry.isLost = false;
  } catch { entry.isLost = true; }
  if (entry.page && other() === entry) entry.page.read();
  draw();
}

/* ---------- addresses ---------- */

function go(address, { replaces = false } = {}) {
  history[replaces ? 'replaceState' : 'pushState'](null, '', address);
  read();
}

/** Takes over what the address says. */
function read() {
  const filter = filters.includes(query().get('f')) ? query().get('f') : 'todo';
  const words = query().get('q') ?? '';
  if (page.who && (path() === '/' || wide.matches) && (filter !== list.filter || words !== list.words)) {
    Object.assign(list, { filter, words, state: 'load' });
    list.load(serverTime());
  }
  if (other()) open(other());
  if (path() === '/incident') readSingle();
  draw();
}

const listAddress = changes => {
  const next = query();
  for (const [key, value] of Object.entries(changes)) if (value) next.set(key, value); else next.delete(key);
  if (next.get('f') === 'todo') next.delete('f');
  return `/${next.size ? `?${next}` : ''}`;
};

/* ---------- reading ---------- */

let signPage = null;

async function readSingle() {
  const id = selectedID();
  if (list.items.has(id)) { page.single = list.items.get(id); page.missing = false; }
  if (!id || page.single?.id === id) return;
  Object.assign(page, { single: null, missing: false, failed: null });
  try { page.single = await get(`/incidents/${encodeURIComponent(id)}`); } catch (error) {
    if (error.status === 404 || error.status === 410) page.missing = true; else page.failed = error.message;
  }
  draw();
}

async function enter(who) {
  page.who = who;
  if (path() === '/signin' || path() === '/setup') history.replaceState(null, '', query().get('to') ?? '/');
  document.body.dataset.page = 'load';
  page.site = await get('/site').catch(() => null);
  if (page.site) page.offset = (Date.parse(page.site.time) - Date.now()) / 1000;
  list.filter = filters.includes(query().get('f')) ? query().get('f') : 'todo';
  list.words = query().get('q') ?? '';
  await list.load(serverTime());
  if (!other()) get('/cameras').then(answer => { page.cameras = answer.items; draw(); }).catch(() => {});
  page.stream?.close();
  page.stream = live({
    since: () => list.event,
    events: {
      incident: item => {
        if (page.single?.id === item.id) page.single = item;
        list.take(item);
      },
      camera: row => {
        page.cameras = page.cameras?.map(known => (known.id === row.id ? row : known)) ?? null;
        other()?.page?.camera?.(row);
        draw();
      },
    },
    reset: () => list.load(serverTime()),
    hello: () => { retry(); if (list.state === 'error') list.load(serverTime()); },
    changed: () => draw(),
  });
  read();
}

async function leave({ isNew = false } = {}) {
  page.stream?.close();
  for (const entry of Object.values(others)) { entry.page?.left?.(); entry.page?.forget?.(); entry.page = null; }
  Object.assign(page, { who: null, stream: null, cameras: null });
  for (const dialog of $$('dialog[open]')) dialog.close();
  // Without any account there is one way in.
  if (isNew) history.replaceState(null, '', '/setup');
  // A lost session opens the sign-in over the page: what was there stays, and so does the address.
  if (path() !== '/signin' && path() !== '/setup') {
    history.replaceState(null, '', `/signin?to=${encodeURIComponent(location.pathname + location.search)}`);
  }
  signPage ??= (await import('./sign.js')).signPage;
  draw();
}
onSessionEnd(() => leave());

onVerdict({
  changed: () => draw(),
  taken: (id, answer) => {
    for (const item of [list.items.get(id), page.single?.id === id ? page.single : null]) {
      if (item && item.revision <= answer.revision) Object.assign(item, { state: answer.state, review: answer.review });
    }
    list.count();
  },
  failed: (_, why) => { page.notice = t('v.failed', why); say(page.notice); draw(); },
});

/* ---------- drawing ---------- */

let drawnPage = null; // the page of its own that was drawn last

function drawFrame(current) {
  const next = nextTheme();
  const state = page.stream?.state ?? { name: 'wait' };
  const isLive = state.name === 'on';
  const words = { on: t('live.on'), wait: t('live.wait'), off: t('live.wait'), stale: t('live.stale', span((Date.now() - (page.stream?.heard ?? Date.now())) / 1000)) };
  const place = page.site ? `${page.site.area} / ${page.site.grid}` : '';
  const tab = (id, href, key) => html`<a href="${href}" data-k="tab-${id}" ${flag('aria-current="page"', id === current)}>${icon(id)}<span>${t('nav.' + id)}</span>${id === 'incidents' && list.counts.pending ? html`<span class="count num">${list.counts.pending}</span>` : ''}</a>`;
  put($('#top'), html`<a class="skip" href="#main">${t('skip')}</a><div class="top-in">
    <a class="brand" href="/" data-k="brand" aria-label="${t('product')}">${icon('brand')}<span>${t('product')}</span></a><span class="place mono">${place}</span>
    ${page.who ? html`<nav class="tabs" aria-label="${t('nav')}">${tab('incidents', '/')}${tab('cameras', '/cameras')}${tab('health', '/health')}${page.who.role === 'admin' ? html`${tab('add', '/add')}${tab('manage', '/users')}` : ''}</nav>` : ''}
    <span class="grow"></span>
    ${page.who ? html`<span class="live ${isLive ? '' : 'off'}">${icon(isLive ? 'ok' : 'warn', `dot ${isLive ? 'ok' : 'warn'}`)}<span>${words[state.name]}</span></span>` : ''}
    <span class="tools"><button class="btn tool" data-act="theme" data-k="theme" aria-label="${t('theme')}: ${t('theme.' + next)}">${icon(next === 'dark' ? 'moon' : 'sun')}<span class="wideonly">${t('theme.' + next)}</span></button>
      <button class="btn tool" data-act="lang" data-k="lang" lang="${settings.lang === 'zh' ? 'en' : 'zh-Hans'}">${t('lang.other')}</button>
      ${page.who ? html`<a class="btn tool" href="/account" data-k="who" ${flag('aria-current="page"', current === 'account')} title="${t('user', page.who.user, t('role.' + page.who.role))}" aria-label="${t('nav.account')}: ${t('user', page.who.user, t('role.' + page.who.role))}">${icon('user')}<span class="wideonly">${page.who.user}</span></a>
      <button class="btn tool" data-act="out" data-k="out" aria-label="${t('signout')}">${icon('out')}</button>` : ''}</span></div>
    ${page.who && state.name === 'off' ? html`<p class="lost" role="alert">${icon('warn')}<span>${t('live.off', timeOfDay(state.since))}${unsent() ? ` ${t('v.waits', unsent())}` : ''}</span></p>` : ''}
    ${page.notice ? html`<p class="lost bad" role="alert"><span>${page.notice}</span></p>` : ''}`);
  document.documentElement.toggleAttribute('data-lost', state.name === 'off');
}

function drawIncidents() {
  if (!$('.two', main)) {
    main.innerHTML = '<h1 class="vh"></h1><div class="two"><section class="panel list"></section><section class="panel pane"></section></div>';
  }
  $('h1', main).textContent = t('inc.title');
  const [left, right] = [$('.list', main), $('.pane', main)];
  left.setAttribute('aria-label', t('inc.list'));
  right.setAttribute('aria-label', t('inc.detail'));
  const shown = list.shown(selectedID());
  const selected = wide.matches ? list.items.get(selectedID()) ?? shown[0] : null;
  page.first = selected?.id;
  const table = list.query(serverTime());
  table.set('lang', settings.lang);
  drawList(left, list, { selected: selected?.id, cameras: page.cameras, now: now(), role: page.who.role, table: `/api/v1/incidents.csv?${table}` });
  right.hidden = !wide.matches || (list.state === 'ready' && !shown.length);
  if (selected && put(right, view(selected, { role: page.who.role, now: now() }))) fill(right);
  if (!selected && !right.hidden) put(right, html`<p class="empty muted">${list.state === 'load' ? t('load') : t('inc.choose')}</p>`);
  right.onclick = event => selected && judgeByClick(event, selected, page.who.role);
  page.shown = selected;
}

function drawSingle() {
  page.shown = page.single;
  if (page.missing || page.failed) {
    put(main, html`<h1 class="vh">${t('inc.detail')}</h1><p class="note ${page.failed ? 'bad' : ''}">${icon(page.failed ? 'bad' : 'none')}<span>${page.failed ? t('error', page.failed) : t('inc.gone')} <a href="/">${t('back')}</a></span></p>`);
  } else if (!page.single) {
    put(main, html`<h1 class="vh">${t('inc.detail')}</h1><div class="panel" aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div><div class="wait"></div></div>`);
  } else {
    if (put(main, view(page.single, { isPage: true, role: page.who.role, now: now() }))) fill(main);
    main.onclick = event => judgeByClick(event, page.single, page.who.role);
  }
}

function draw() {
  const entry = other();
  const current = !page.who ? (path() === '/setup' ? 'setup' : 'signin') : entry ? entry.name : path() === '/incident' ? 'incident' : 'incidents';
  const turned = document.body.dataset.page !== current;
  document.body.dataset.page = current;
  drawFrame(current === 'incident' ? 'incidents' : entry?.tab ?? current);
  if (turned) {
    drawnPage?.page?.left?.();
    drawnPage = entry;
    main.onclick = null;
    // Parts of several pages are called the same.
    main.innerHTML = '';
    scrollTo(0, 0);
  }
  if (current === 'signin' || current === 'setup') {
    if (signPage && (turned || page.signed !== current + settings.lang)) {
      signPage(main, current, enter);
      page.signed = current + settings.lang;
    }
  } else if (current === 'incidents') drawIncidents();
  else if (current === 'incident') drawSingle();
  else if (entry.page) entry.page.draw(main);
  else {
    put(main, html`<div class="phead"><h1>${t(entry.title)}</h1></div>${entry.isLost
      ? html`<p class="note bad" role="alert">${icon('bad')}<span>${t('error', t('net'))} <button class="btn" data-act="retry" data-k="retry">${t('retry')}</button></span></p>`
      : html`<div class="panel" aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div><div class="wait"></div></div>`}`);
  }
  const title = entry ? entry.page?.title() ?? t(entry.title) : { incidents: t('inc.title'), incident: page.single ? pick(page.single.name) : t('inc.detail'), signin: t('in.title'), setup: t('in.setup') }[current];
  document.title = `${list.counts.pending && page.who ? `(${list.counts.pending}) ` : ''}${title} · ${t('product')}`;
}

/* ---------- what people do ---------- */

document.addEventListener('click', event => {
  const act = event.target.closest('[data-act]')?.dataset.act;
  if (turn(act)) draw();
  if (act === 'out') flush().finally(() => call('DELETE', '/session').catch(() => {}).finally(() => { forget(); dispatchEvent(new Event('signedout')); list.items.clear(); leave(); history.replaceState(null, '', '/signin'); draw(); }));
  if (act === 'retry') { if (other()) open(other()); else { list.state = 'load'; draw(); list.load(serverTime()); } }
  if (act === 'more') list.more(serverTime()).catch(() => {});
  const filter = event.target.closest('[data-f]')?.dataset.f;
  if (filter) { page.first = null; go(listAddress({ f: filter, id: '' })); }
  if (page.notice && !act) page.notice = null;
  const link = event.target.closest('a[href^="/"]');
  if (!link || link.hasAttribute('download') || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (link.dataset.id && wide.matches) return go(listAddress({ id: link.dataset.id }), { replaces: true });
  if (link.matches('.backlink') && page.cameFromList) return history.back();
  page.cameFromList = !!link.dataset.id;
  go(link.getAttribute('href'));
});

let typing = null;
document.addEventListener('input', event => {
  if (!event.target.matches('[type=search]')) return;
  clearTimeout(typing);
  typing = setTimeout(() => go(listAddress({ q: event.target.value.trim(), id: '' }), { replaces: true }), 200);
});

function move(step) {
  if (path() !== '/' || !wide.matches || !page.who) return false;
  const shown = list.shown(selectedID());
  const index = shown.findIndex(item => item.id === page.shown?.id);
  const next = shown[Math.min(shown.length - 1, Math.max(0, index + step))];
  if (!next) return false;
  go(listAddress({ id: next.id }), { replaces: true });
  $(`[data-id="${next.id}"]`)?.scrollIntoView({ block: 'nearest' });
  say(`${pick(next.name)}, ${next.camera.name}`);
  return true;
}
const verdictKey = verdict => () => (page.who && !other() ? judgeBy(page.shown, verdict, page.who.role) : false);
keys({
  j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1),
  c: verdictKey('confirmed'), h: verdictKey('handled'), f: verdictKey('false_positive'),
  '/': () => { const search = $('[type=search]'); search?.focus(); return !!search; },
});

addEventListener('popstate', read);
// Two panes or two pages. What else is shown stays as it is, with what is typed into it.
wide.addEventListener('change', () => {
  if (!page.who || document.body.dataset.page !== 'incidents') return;
  main.innerHTML = '';
  read();
});
/** Whether a message has reached the broker is no change of its incident, and comes with no event. */
async function readDelivery() {
  const item = page.shown;
  if (!item || item.delivered) return;
  const now = await get(`/incidents/${item.id}`).catch(() => null);
  if (now?.revision === item.revision) item.delivered = now.delivered;
}
setInterval(async () => {
  if (!page.who || document.hidden) return;
  const own = other()?.page;
  if (own) return own.beat?.();
  await readDelivery();
  draw();
}, 15_000);

call('GET', '/session').then(enter).catch(error => {
  if (error.status === 401) return leave({ isNew: error.type === 'no_users' });
  page.notice = t('error', error.message);
  leave();
});
