// The centre: who is here, which level, which page, and what the stream says. Addresses are the state.
import { $, $$, entered, flag, html, icon, keys, put } from './ui.js';
import './words.js';
import { apply, date, isText, nextTheme, pick, settings, span, t, timeOfDay, turn } from './i18n.js';
import { call, forget, get, live, onSessionEnd } from './api.js';

apply();
const main = $('#main');
const narrow = matchMedia('(max-width: 719px)');
const state = { who: null, about: null, stream: null, offset: 0, waiting: 0, notice: null };
const path = () => location.pathname;
const query = () => new URLSearchParams(location.search);
const isWall = () => query().has('wall');

/* ---------- what the pages know of the frame ---------- */

export const centre = {
  get who() { return state.who; },
  get about() { return state.about; },
  get query() { return query(); },
  get isWall() { return isWall(); },
  get isNarrow() { return narrow.matches; },
  /** Seconds since 1970 by the centre's clock. */
  now: () => Date.now() / 1000 + state.offset,
  /** The time at the place, in words. */
  stamp() {
    const zone = state.about?.time.match(/([+-])(\d\d):(\d\d)$/);
    const shift = zone ? (zone[1] === '-' ? -1 : 1) * (zone[2] * 60 + +zone[3]) * 60 : 0;
    return date(new Date((centre.now() + shift) * 1000).toISOString());
  },
  may: role => ['viewer', 'worker', 'dispatcher', 'admin'].indexOf(state.who?.role) >= ['viewer', 'worker', 'dispatcher', 'admin'].indexOf(role),
  kind: id => pick(state.about?.kinds.find(kind => kind.id === id)?.name) || id,
  department: id => pick(state.about?.departments.find(one => one.id === id)?.name) || id,
  /** The level that the address names: everything below these digits. */
  get area() { return query().get('area') ?? state.about?.scope.area ?? ''; },
  get grid() { return query().get('grid') ?? state.about?.scope.grid ?? ''; },
  levels: () => levels(),
  redraw: () => draw(),
  go: (address, how) => go(address, how),
  /** This address with other values; those that are empty go. */
  address(changes) {
    const next = query();
    for (const [key, value] of Object.entries(changes)) if (value) next.set(key, value); else next.delete(key);
    return `${path()}${next.size ? `?${next}` : ''}`;
  },
  set waiting(count) { state.waiting = count; },
};

// Each comes when it is asked for, as { read(), draw(root), title() } and, where it wants, { changed(item), refresh(), beat() }.
const pages = {
  screen: { tab: 'screen', load: async () => (await import('./screen.js')).screen },
  case: { tab: 'list', load: async () => (await import('./case.js')).page },
  list: { tab: 'list', load: async () => (await import('./list.js')).page },
  sites: { tab: 'sites', load: async () => (await import('./sites.js')).page },
  deliveries: { tab: 'deliveries', load: async () => (await import('./deliveries.js')).page },
  account: { load: async () => entered(await import('./account.js'), 'nav.account')(centre) },
  users: { tab: 'manage', load: async () => entered(await import('./users.js'), 'nav.users')(centre) },
  audit: { tab: 'manage', load: async () => entered(await import('./audit.js'), 'nav.audit')(centre) },
};
function current() {
  if (!state.who) return path() === '/setup' ? 'setup' : 'signin';
  if (query().get('case') || path() === '/case') return 'case';
  const name = path().slice(1);
  return pages[name] ? name : 'screen';
}
const entry = () => pages[current()];

async function open(one) {
  try {
    one.page ??= await one.load();
    one.isLost = false;
  } catch { one.isLost = true; }
  if (one.page && entry() === one) one.page.read();
  draw();
}

function go(address, { replaces = false } = {}) {
  history[replaces ? 'replaceState' : 'pushState'](null, '', address);
  read();
}

function read() {
  document.documentElement.classList.toggle('wall', isWall());
  if (entry()) open(entry());
  draw();
}

/* ---------- who is here ---------- */

let signPage = null;

async function enter(who) {
  state.who = who;
  if (path() === '/signin' || path() === '/setup') history.replaceState(null, '', query().get('to') ?? '/');
  document.body.dataset.page = 'load';
  try { state.about = await get('/centre'); } catch (error) { state.notice = t('error', error.message); }
  if (state.about) state.offset = (Date.parse(state.about.time) - Date.now()) / 1000;
  // A grid worker in the street has a list, not a wall of numbers.
  if (who.role === 'worker' && narrow.matches && path() === '/' && !location.search) history.replaceState(null, '', '/list');
  state.stream?.close();
  state.stream = live({
    since: () => null,
    events: {
      case: item => entry()?.page?.changed?.(item),
      refresh: () => entry()?.page?.refresh?.(),
      numbers: () => entry()?.page?.numbers?.(),
    },
    reset: () => entry()?.page?.refresh?.(),
    hello: () => entry()?.page?.refresh?.(),
    changed: () => draw(),
  });
  read();
}

async function leave({ isNew = false } = {}) {
  state.stream?.close();
  for (const one of Object.values(pages)) { one.page?.forget?.(); one.page = null; }
  Object.assign(state, { who: null, about: null, stream: null });
  for (const dialog of $$('dialog[open]')) dialog.close();
  if (isNew) history.replaceState(null, '', '/setup');
  if (path() !== '/signin' && path() !== '/setup') {
    history.replaceState(null, '', `/signin?to=${encodeURIComponent(location.pathname + location.search)}`);
  }
  signPage ??= (await import('./sign.js')).signPage;
  draw();
}
onSessionEnd(() => leave());

/* ---------- drawing ---------- */

const cuts = [2, 4, 6, 9, 12];

/** The way up, from what the account sees down to what is shown. */
function levels() {
  if (!state.about) return '';
  const { area: top, grid: own } = state.about.scope;
  const [area, grid] = [centre.area, own ? '' : centre.grid];
  const steps = [top, ...cuts.filter(cut => cut > top.length && cut <= area.length).map(cut => area.slice(0, cut))];
  const links = [...steps.map(code => [code, centre.address({ area: code === top ? '' : code, grid: '', case: '' })]), ...(grid ? [[grid, '']] : [])];
  return html`<nav class="levels" aria-label="${t('c.level')}"><ol>${links.map(([code, href], index) => html`<li>${index === links.length - 1
    ? html`<b aria-current="page" class="mono">${code}</b>` : html`<a class="mono" href="${href}" data-k="level-${code}">${code}</a>`}</li>`)}</ol></nav>`;
}

function drawFrame(name) {
  const next = nextTheme();
  const stream = state.stream?.state ?? { name: 'wait' };
  const isLive = stream.name === 'on';
  const words = { on: t('live.on'), wait: t('live.wait'), off: t('live.wait'), stale: t('live.stale', span((Date.now() - (state.stream?.heard ?? Date.now())) / 1000)) };
  const icons = { screen: 'fit', list: 'incidents', sites: 'health', deliveries: 'out', manage: 'manage' };
  const tab = (id, href) => html`<a href="${href}" data-k="tab-${id}" ${flag('aria-current="page"', id === pages[name]?.tab)}>${icon(icons[id])}<span>${t('nav.' + id)}</span>${id === 'list' && state.waiting ? html`<span class="count num">${state.waiting}</span>` : ''}</a>`;
  const who = state.who && t('user', state.who.user, t('role.' + state.who.role));
  put($('#top'), html`<a class="skip" href="#main">${t('skip')}</a><div class="top-in">
    <a class="brand" href="/" data-k="brand" aria-label="${t('product')}">${icon('brand')}<span>${t('product')}</span></a>${name === 'screen' || name === 'list' || name === 'sites' ? levels() : ''}
    ${state.who && !isWall() ? html`<nav class="tabs" aria-label="${t('nav')}">${tab('screen', '/')}${tab('list', '/list')}${state.about?.scope.department ? '' : tab('sites', '/sites')}${state.who.role === 'admin' ? html`${tab('deliveries', '/deliveries')}${tab('manage', '/users')}` : ''}</nav>` : ''}
    <span class="grow"></span>
    ${state.who ? html`<span class="live ${isLive ? '' : 'off'}">${icon(isLive ? 'ok' : 'warn', `dot ${isLive ? 'ok' : 'warn'}`)}<span>${words[stream.name]}</span></span>` : ''}
    ${isWall() ? '' : html`<span class="tools"><button class="btn tool" data-act="theme" data-k="theme" aria-label="${t('theme')}: ${t('theme.' + next)}">${icon(next === 'dark' ? 'moon' : 'sun')}</button>
      <button class="btn tool" data-act="lang" data-k="lang" lang="${settings.lang === 'zh' ? 'en' : 'zh-Hans'}">${t('lang.other')}</button>
      ${who ? html`<a class="btn tool" href="/account" data-k="who" ${flag('aria-current="page"', name === 'account')} title="${who}" aria-label="${t('nav.account')}: ${who}">${icon('user')}<span class="wideonly">${state.who.user}</span></a>
      <button class="btn tool" data-act="out" data-k="out" aria-label="${t('signout')}">${icon('out')}</button>` : ''}</span>`}</div>
    ${state.who && stream.name === 'off' ? html`<p class="lost" role="alert">${icon('warn')}<span>${t('live.off', timeOfDay(stream.since))}</span></p>` : ''}
    ${state.notice ? html`<p class="lost bad" role="alert"><span>${state.notice}</span></p>` : ''}`);
  document.documentElement.toggleAttribute('data-lost', stream.name === 'off');
}

function draw() {
  const name = current();
  const one = entry();
  const turned = document.body.dataset.page !== name;
  document.body.dataset.page = name;
  drawFrame(name);
  if (turned) {
    main.onclick = null;
    main.onchange = null;
    main.innerHTML = '';
    scrollTo(0, 0);
  }
  if (!state.who) {
    if (signPage && (turned || state.signed !== name + settings.lang)) {
      signPage(main, name, enter);
      state.signed = name + settings.lang;
    }
  } else if (one.page) one.page.draw(main);
  else {
    put(main, one.isLost ? html`<p class="note bad" role="alert">${icon('bad')}<span>${t('error', t('net'))} <button class="btn" data-act="retry" data-k="retry">${t('retry')}</button></span></p>`
      : html`<div class="panel" aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div><div class="wait"></div></div>`);
  }
  const title = !state.who ? t(name === 'setup' ? 'in.setup' : 'in.title') : one.page?.title() ?? (isText('nav.' + name) ? t('nav.' + name) : t('cs.title'));
  document.title = `${state.waiting && state.who ? `(${state.waiting}) ` : ''}${title} · ${t('product')}`;
}

/* ---------- what people do ---------- */

document.addEventListener('click', event => {
  const act = event.target.closest('[data-act]')?.dataset.act;
  if (turn(act)) draw();
  if (act === 'out') call('DELETE', '/session').catch(() => {}).finally(() => { forget(); leave(); history.replaceState(null, '', '/signin'); draw(); });
  if (act === 'retry' && entry()) open(entry());
  if (act === 'print') print();
  if (state.notice && !act) state.notice = null;
  const link = event.target.closest('a[href^="/"]');
  if (!link || link.hasAttribute('download') || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  go(link.getAttribute('href'));
});

keys({ '/': () => { const search = $('[type=search]'); search?.focus(); return !!search; } });
addEventListener('popstate', read);
narrow.addEventListener('change', () => draw());
// Time passes for what is due, and what the stream does not tell is read anew.
setInterval(() => {
  if (!state.who || document.hidden) return;
  entry()?.page?.beat?.();
  draw();
}, 15_000);

call('GET', '/session').then(enter).catch(error => {
  if (error.status === 401) return leave({ isNew: error.type === 'no_users' });
  state.notice = t('error', error.message);
  leave();
});
