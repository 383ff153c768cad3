// Putting a camera into service: its address, a test, place and purpose, zones, and saving. The step is the address of the
// page, what was filled in stays in this tab but for the password, which the server keeps with the test.
import { $, diff, flag, html, icon, put, say } from './ui.js';
import { isText, pick, t } from './i18n.js';
import { call, get } from './api.js';

const steps = ['address', 'test', 'place', 'zones', 'save'];
const transports = ['auto', 'tcp', 'udp'];
// Shares of the picture: what a zone is drawn as before somebody draws it.
const shapes = {
  lower: [[0.04, 0.5], [0.96, 0.5], [0.99, 0.98], [0.01, 0.98]],
  middle: [[0.32, 0.42], [0.68, 0.42], [0.85, 0.98], [0.15, 0.98]],
  left: [[0.02, 0.42], [0.48, 0.42], [0.48, 0.98], [0.02, 0.98]],
  right: [[0.52, 0.42], [0.98, 0.42], [0.98, 0.98], [0.52, 0.98]],
  all: [[0.01, 0.01], [0.99, 0.01], [0.99, 0.99], [0.01, 0.99]],
};
// Where the server says of a field what is wrong, and on which step it stands.
const stepOf = path => (['url', 'user', 'password', 'transport'].includes(path) ? 'address' : path.startsWith('zones') ? 'zones' : path === 'configuration' ? 'save' : 'place');

const empty = () => ({ url: '', user: '', transport: 'auto', id: '', name: '', place: 0, area: '', grid: '', microgrid: '', purpose: '', signage: false, gb28181: '', longitude: '', latitude: '', zones: {} });
const read = () => { try { return { ...empty(), ...JSON.parse(sessionStorage.getItem('gw-add') || '{}') }; } catch { return empty(); } };

let draft = read();
/** Only here: no storage and no address of the page has it. */
let password = '';
let [offer, offerFault, asked] = [null, null, false];
let [test, testOf, testFault] = [null, null, null];
/** The test that is asked for. */
let following = null;
let [found, searching] = [null, false];
let [plan, planOf, saving] = [null, null, false];
let [added, watched, watching] = [null, null, null];
let faults = [];
let notice = null;
let hooks = null;
let root = null;
let timer = null;

const query = () => new URLSearchParams(location.search);
const step = () => (steps.includes(query().get('step')) || query().get('step') === 'done' ? query().get('step') : 'address');
const job = () => query().get('job');
const address = (name, more = {}) => {
  const next = new URLSearchParams({ step: name });
  const id = more.job ?? job();
  if (id) next.set('job', id);
  if (more.camera) next.set('camera', more.camera);
  return `/add?${next}`;
};
/** Where zones are drawn. */
const editor = id => `/zones?camera=${encodeURIComponent(id)}`;
const isHere = () => location.pathname === '/add';

/** A password in an address goes where passwords go. */
function store() {
  const match = draft.url.match(/^([a-z]+:\/\/)([^/?#]*)@(.*)$/i);
  const kept = { ...draft, url: match ? match[1] + match[3] : draft.url };
  try { sessionStorage.setItem('gw-add', JSON.stringify(kept)); } catch { /* a private window */ }
}
function takeLogin() {
  const match = draft.url.match(/^([a-z]+:\/\/)([^/?#]*)@(.*)$/i);
  if (!match) return;
  const plain = text => { try { return decodeURIComponent(text); } catch { return text; } };
  const [user, ...rest] = match[2].split(':');
  draft.url = match[1] + match[3];
  if (!draft.user) draft.user = plain(user);
  if (!password) password = plain(rest.join(':'));
}

/* ---------- parts ---------- */

const faultsOf = path => faults.filter(f => f.path === path);
const said = path => faultsOf(path).map(f => html`<p class="error" id="f-${path}">${pick(f)}</p>`);
const bad = path => (faultsOf(path).length ? html`aria-invalid="true" aria-describedby="f-${path}"` : '');
function field(name, { type = 'text', hint, mono = false, required = false, mode, most = 256 } = {}) {
  const value = name === 'password' ? '' : draft[name] ?? '';
  return html`<div class="field"><label for="a-${name}"><span>${t('add.' + name)}</span></label>
    <input class="input ${mono ? 'mono' : ''}" id="a-${name}" name="${name}" data-k="${name}" type="${type}" value="${value}" maxlength="${most}"
      autocomplete="${type === 'password' ? 'new-password' : 'off'}" autocapitalize="none" spellcheck="false" ${mode ? html`inputmode="${mode}"` : ''} ${flag('required', required)} ${bad(name)}>
    ${said(name)}${hint ? html`<p class="hint">${hint}</p>` : ''}</div>`;
}
const foot = (back, buttons) => html`<div class="row between wfoot">${back ? html`<a class="btn" href="${address(back)}" data-k="wb">${t('back')}</a>` : html`<span></span>`}<div class="row">${buttons}</div></div>`;
const next = (label, disabled = false) => html`<button class="btn primary" data-k="wn" ${flag('disabled', disabled)}>${label}</button>`;

function head() {
  const now = steps.indexOf(step());
  const link = (name, index) => {
    const isDone = step() === 'done' || index < now;
    const mark = html`<span>${isDone ? icon('ok') : index + 1}</span>${t('add.step.' + name)}`;
    return html`<li class="${isDone ? 'done' : ''}" ${index === now ? html`aria-current="step"` : ''}>${isDone && step() !== 'done' ? html`<a href="${address(name)}" data-k="s-${name}">${mark}</a>` : mark}</li>`;
  };
  return html`<h1 class="phead">${t('add.title')}</h1><ol class="steps">${steps.map(link)}</ol>`;
}

/* ---------- 1: the address ---------- */

function search() {
  if (!offer?.search) return '';
  const item = (c, i) => html`<li><button class="btn foundcam" type="button" data-found="${i}" data-k="found-${i}"><b class="mono">${c.address}</b><span>${[c.name, c.hardware].filter(Boolean).join(' · ') || t('add.found.nameless')}</span><span class="muted">${c.location}</span></button></li>`;
  return html`<section class="stack finder"><div class="row"><button class="btn" type="button" data-do="search" data-k="search" ${flag('disabled', searching)}>${t(searching ? 'add.searching' : 'add.search')}</button>
      <p class="hint">${t('add.search.hint')}</p></div>
    ${found ? html`<p role="status">${t(found.items.length ? 'add.found' : 'add.found.none', found.items.length)}</p>
      ${found.deaf.length ? html`<p class="hint">${t('add.found.deaf', found.deaf.join(', '))}</p>` : ''}
      ${found.cut ? html`<p class="hint">${t('add.found.cut')}</p>` : ''}
      <ul class="foundlist">${found.items.map(item)}</ul>` : ''}</section>`;
}

const addressStep = () => html`<form class="panel pad wizard stack" data-step="address" novalidate>
  ${search()}
  ${field('url', { mono: true, mode: 'url', required: true, most: 2048, hint: t('add.url.hint') })}
  <div class="pair">${field('user', { most: 128 })}${field('password', { type: 'password' })}</div><p class="hint">${t('add.password.hint')}</p>
  <label class="field"><span>${t('add.transport')}</span><select class="input" name="transport" data-k="transport">${transports.map(v => html`<option value="${v}" ${flag('selected', draft.transport === v)}>${t('add.transport.' + v)}</option>`)}</select></label>
  ${foot(null, next(t('add.test')))}</form>`;

/* ---------- 2: the test ---------- */

function testStep() {
  const again = html`<button class="btn" type="button" data-do="again" data-k="again">${t('add.again')}</button>`;
  let body;
  if (testFault) body = html`<p class="note bad" role="alert">${icon('bad')}<span>${testFault}</span></p>${foot('address', '')}`;
  else if (!test) body = html`<div aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div><div class="wait"></div></div>`;
  else if (test.state === 'running') {
    const share = Math.min(1, test.seconds / test.limit);
    body = html`<p class="mono">${test.address}</p><p role="status">${t('add.stage.' + test.stage)}</p>
      <progress max="100" value="${Math.round(share * 100)}" aria-label="${t('add.progress')}"></progress>
      <p class="hint">${t('add.limit', test.limit)}</p>
      ${foot('address', html`<button class="btn" type="button" data-do="cancel" data-k="cancel">${t('add.cancel')}</button>`)}`;
  } else if (test.state === 'failed') {
    body = html`<p class="mono">${test.address}</p><div class="note bad" role="alert">${icon('bad')}<div><p><b>${pick(test.failure.what)}</b></p><p>${pick(test.failure.action)}</p></div></div>
      ${foot('address', html`${again}<a class="btn" href="${address('place')}" data-k="skip">${t('add.anyway')}</a>`)}<p class="hint">${t('add.anyway.hint')}</p>`;
  } else {
    const row = r => html`<tr><th scope="row" class="hrow">${icon(r.state, 'dot ' + r.state)}<span class="vh">${t('h.' + r.state)} </span>${pick(r.name)}</th><td><b>${pick(r.now)}</b><br><span class="muted">${pick(r.action)}</span></td></tr>`;
    body = html`<div class="tested">${still()}<table><tbody>${test.rows.map(row)}</tbody></table></div>
      ${foot('address', html`${again}<a class="btn primary" href="${address('place')}" data-k="wn">${t('add.next')}</a>`)}`;
  }
  return html`<section class="panel pad wizard stack" aria-label="${t('add.step.test')}">${body}</section>`;
}

const picture = () => (test?.still ? `/api/v1/cameras/test/${job()}/still` : null);
const still = () => html`<figure>${picture() ? html`<img class="teststill" src="${picture()}" alt="${t('add.still')}" width="${test.facts.width}" height="${test.facts.height}"><figcaption class="hint">${t('ev.masked')}</figcaption>`
  : html`<div class="pic none teststill">${icon('none')}</div>`}</figure>`;

/* ---------- 3: place and purpose ---------- */

function placeStep() {
  const places = offer?.places ?? [];
  const isOther = Number(draft.place) >= places.length;
  const option = (place, index) => html`<option value="${index}" ${flag('selected', Number(draft.place) === index)}>${place.area} / ${place.grid} / ${place.microgrid}</option>`;
  return html`<form class="panel pad wizard stack" data-step="place" novalidate>
    <div class="pair">${field('name', { hint: t('add.name.hint') })}${field('id', { mono: true, required: true, most: 64, hint: t('add.id.hint') })}</div>
    <label class="field"><span>${t('add.place')}</span><select class="input mono" name="place" data-k="place">${places.map(option)}<option value="${places.length}" ${flag('selected', isOther)}>${t('add.place.other')}</option></select></label>
    ${isOther ? html`<div class="triple">${field('area', { mono: true, mode: 'numeric', most: 12 })}${field('grid', { mono: true, most: 32 })}${field('microgrid', { mono: true, most: 32 })}</div>` : html`${said('area')}${said('grid')}${said('microgrid')}`}
    ${field('purpose', { required: true, hint: t('add.purpose.hint') })}
    <div><label class="check"><input type="checkbox" name="signage" data-k="signage" ${flag('checked', draft.signage)} ${bad('signage')}> <span>${t('add.signage')}</span></label>${said('signage')}<p class="hint">${t('add.signage.hint')}</p></div>
    <details data-k="forbidden"><summary>${t('add.forbidden')}</summary><ul class="bullets">${['rooms', 'sleep', 'wash', 'other'].map(k => html`<li>${t('add.forbidden.' + k)}</li>`)}</ul></details>
    <details data-k="more"><summary>${t('add.more')}</summary><div class="stack moreset">${field('gb28181', { mono: true, mode: 'numeric', most: 20 })}<div class="pair">${field('longitude', { mono: true, mode: 'decimal', most: 12 })}${field('latitude', { mono: true, mode: 'decimal', most: 12 })}</div></div></details>
    ${foot('test', next(t('add.next')))}</form>`;
}

/* ---------- 4: zones ---------- */

const setting = kind => ({ on: false, shape: 'lower', minutes: null, ...draft.zones[kind] });
const minutesOf = template => setting(template.kind).minutes ?? String(template.dwell / 60);
const chosen = () => (offer?.templates ?? []).filter(template => setting(template.kind).on);
const outline = kind => shapes[setting(kind).shape] ?? shapes.lower;

function zonesStep() {
  const row = (template, index) => {
    const one = setting(template.kind);
    return html`<fieldset class="zonerow"><legend class="vh">${pick(template.name)}</legend>
      <label class="check"><input type="checkbox" data-zone="${template.kind}" data-part="on" data-k="on-${template.kind}" ${flag('checked', one.on)}> <span><b>${pick(template.name)}</b> <span class="muted">${t('add.surface.' + template.surface)}</span></span></label>
      <label class="field"><span>${t('add.shape')}</span><select class="input" data-zone="${template.kind}" data-part="shape" data-k="shape-${template.kind}">${Object.keys(shapes).map(shape => html`<option value="${shape}" ${flag('selected', one.shape === shape)}>${t('add.shape.' + shape)}</option>`)}</select></label>
      <label class="field"><span>${t('add.minutes')}</span><input class="input" inputmode="decimal" data-zone="${template.kind}" data-part="minutes" data-k="minutes-${template.kind}" value="${minutesOf(template)}" maxlength="8"></label></fieldset>`;
  };
  const shape = (template, index) => html`<polygon class="zone z${index % 4}" points="${outline(template.kind).map(([x, y]) => `${x * 1000},${y * 1000}`).join(' ')}"/>`;
  return html`<form class="panel pad wizard stack" data-step="zones" novalidate><p>${t('add.zones.hint')}</p>
    <div class="zoned">${still()}<svg class="zoneview" viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" aria-label="${t('add.zones.view', chosen().length)}">${chosen().map(shape)}</svg></div>
    ${offer ? offer.templates.map(row) : ''}
    ${faults.filter(f => f.path.startsWith('zones')).map(f => html`<p class="error" role="alert">${pick(f)}</p>`)}
    ${foot('place', next(t('add.check')))}</form>`;
}

/* ---------- 5: saving ---------- */

function camera(version) {
  const place = offer.places[Number(draft.place)] ?? { area: draft.area, grid: draft.grid, microgrid: draft.microgrid };
  const text = value => value?.trim() || null;
  const number = value => (text(value) == null ? null : Number(value.replace(',', '.')));
  return {
    job: job() ?? '', id: draft.id.trim(), name: text(draft.name), area: text(place.area), grid: text(place.grid), microgrid: text(place.microgrid),
    purpose: draft.purpose.trim(), signage: draft.signage, gb28181: text(draft.gb28181), longitude: number(draft.longitude), latitude: number(draft.latitude),
    zones: chosen().map(template => ({
      id: template.kind.replace(/[._]/g, '-'), name: pick(template.name), surface: template.surface, polygon: outline(template.kind), kind: template.kind,
      dwell: Math.round(Number(minutesOf(template).replace(',', '.')) * 60 * 10) / 10,
    })), version: version ?? null,
  };
}

function saveStep() {
  const list = faults.map(f => html`<li><span>${pick(f)}</span> ${stepOf(f.path) === 'save' ? '' : html`<a href="${address(stepOf(f.path))}">${t('add.step.' + stepOf(f.path))}</a>`}</li>`);
  const patch = notice?.patch;
  return html`<form class="panel pad wizard stack" data-step="save" novalidate>
    ${notice ? html`<div class="note ${patch ? 'warn' : 'bad'}" role="alert">${icon(patch ? 'warn' : 'bad')}<div><p>${notice.text}</p>${list.length ? html`<ul class="bullets">${list}</ul>` : ''}</div></div>` : ''}
    ${patch ? html`<pre class="diff" tabindex="0">${patch}</pre>` : ''}
    ${plan ? html`<p>${t('add.diff')}</p><pre class="diff" tabindex="0">${diff(plan.diff)}</pre>` : notice ? '' : html`<div aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div></div>`}
    ${foot('zones', html`${notice && !plan ? html`<button class="btn" type="button" data-do="plan" data-k="plan">${t('add.recheck')}</button>` : ''}${next(t(saving ? 'add.saving' : 'add.save'), !plan || saving)}`)}</form>`;
}

function doneStep() {
  const id = query().get('camera') ?? '';
  const states = { online: 'ok', connecting: 'warn', moved: 'warn' };
  const state = watched?.state ?? 'connecting';
  const outcome = added?.outcome ?? 'applied';
  return html`<section class="panel pad wizard stack" aria-label="${t('add.title')}">
    <p class="note ${outcome === 'applied' ? '' : 'warn'}" role="status">${icon(outcome === 'applied' ? 'ok' : 'warn')}<span>${t('add.done.' + outcome, id, (added?.keys ?? []).join(', '))}</span></p>
    ${outcome === 'applied' ? html`<p class="row"><b>${watched?.name ?? id}</b> <span class="muted mono">${id}</span> <span class="chip ${states[state] ?? 'bad'}" data-state="${state}">${icon(states[state] ?? 'bad')}${isText('cam.' + state) ? t('cam.' + state) : state}</span></p>
    ${state === 'online' ? html`<p>${t('add.done.sees')}</p>` : watched?.reason ? html`<p class="hint" lang="en">${watched.reason}</p>` : ''}` : ''}
    <div class="row wfoot"><a class="btn primary" href="${editor(id)}" data-k="zones">${t('add.editzones')}</a><a class="btn" href="/" data-k="list">${t('inc.title')}</a><a class="btn" href="/add" data-k="another">${t('add.another')}</a></div></section>`;
}

/* ---------- what happens ---------- */

function view() {
  if (hooks.role !== 'admin') return html`<h1 class="phead">${t('add.title')}</h1><p class="note">${icon('none')}<span>${t('add.noright')}</span></p>`;
  if (offerFault) return html`${head()}<p class="note bad" role="alert">${icon('bad')}<span>${t('error', offerFault)} <button class="btn" data-do="offer" data-k="retry">${t('retry')}</button></span></p>`;
  if (!offer && ['place', 'zones', 'save'].includes(step())) return html`${head()}<div class="panel wizard" aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div><div class="wait"></div></div>`;
  const body = { address: addressStep, test: testStep, place: placeStep, zones: zonesStep, save: saveStep, done: doneStep }[step()];
  return html`${head()}${step() !== 'save' && notice ? html`<p class="note bad" role="alert">${icon('bad')}<span>${notice.text}</span></p>` : ''}${body()}`;
}

function draw() {
  if (!isHere() || !root || !hooks) return;
  if (!put(root, view())) return;
  const secret = $('#a-password', root);
  if (secret && secret.value !== password) secret.value = password;
}

const fail = error => { notice = { text: error.message, patch: error.patch }; faults = error.fields ?? []; };

async function readOffer() {
  asked = true;
  offerFault = null;
  try {
    offer = await get('/commissioning');
    if (!draft.id) draft.id = offer.id;
  } catch (error) { offerFault = error.message; asked = false; }
  draw();
}

/** Asks how a test stands, until it has ended. */
async function follow() {
  clearTimeout(timer);
  const id = job();
  following = isHere() && id;
  if (!following) return;
  let wait = 500;
  try {
    const now = await get(`/cameras/test/${encodeURIComponent(id)}`);
    if (id !== job()) return;
    if (now.state !== 'running' && (test?.state !== now.state || testOf !== id)) say(now.state === 'done' ? t('add.seen') : pick(now.failure.what));
    [test, testOf, testFault] = [now, id, null];
    if (!draft.url) draft.url = now.address;
  } catch (error) {
    if (id !== job()) return;
    if (error.status === 404) [test, testOf, testFault] = [null, id, t('add.expired')];
    else if (error.status !== 0) [testOf, testFault] = [id, error.message];
    else wait = 2000;
  }
  following = (wait > 500 || test?.state === 'running') && id;
  draw();
  if (following) timer = setTimeout(follow, wait);
}

async function begin(body) {
  [notice, faults] = [null, []];
  try {
    const answer = await call('POST', '/cameras/test', body);
    [test, testOf, testFault] = [null, null, null];
    hooks.go(address('test', { job: answer.job }));
  } catch (error) { fail(error); draw(); }
}

async function makePlan() {
  const wanted = JSON.stringify(camera());
  [planOf, plan, notice, faults] = [wanted, null, null, []];
  draw();
  try {
    const answer = await call('POST', '/cameras?dry_run=1', camera());
    if (planOf !== wanted) return;
    plan = answer;
  } catch (error) { if (planOf !== wanted) return; fail(error); }
  draw();
}

async function save() {
  saving = true;
  draw();
  try {
    added = await call('POST', '/cameras', camera(plan.version));
    draft = empty();
    [password, plan, planOf, notice, faults, asked, watched] = ['', null, null, null, [], false, null];
    store();
    hooks.go(`/add?step=done&camera=${encodeURIComponent(added.id)}`);
  } catch (error) { plan = null; fail(error); } finally { saving = false; }
  draw();
}

async function watch() {
  clearTimeout(timer);
  if (!isHere() || step() !== 'done') { watching = null; return; }
  try { watched = await get(`/cameras/${encodeURIComponent(query().get('camera'))}`); } catch { watched = null; }
  draw();
  timer = setTimeout(watch, 1500);
}

async function look() {
  searching = true;
  draw();
  try { found = await call('POST', '/commissioning/search', {}); } catch (error) { fail(error); }
  searching = false;
  draw();
}

const acts = {
  search: look,
  offer: readOffer,
  plan: makePlan,
  again: () => begin({ job: job() }),
  cancel: () => call('DELETE', `/cameras/test/${encodeURIComponent(job())}`).catch(() => {}).finally(() => hooks.go('/add?step=address')),
};
const submits = {
  address: () => {
    takeLogin();
    store();
    begin({ url: draft.url.trim(), user: draft.user.trim() || null, password: password || null, transport: draft.transport });
  },
  place: () => {
    faults = [];
    if (!draft.purpose.trim()) faults.push({ path: 'purpose', zh: t('add.purpose.missing'), en: t('add.purpose.missing') });
    if (!draft.signage) faults.push({ path: 'signage', zh: t('add.signage.hint'), en: t('add.signage.hint') });
    if (!draft.id.trim()) faults.push({ path: 'id', zh: t('add.id.hint'), en: t('add.id.hint') });
    if (!faults.length) return hooks.go(address('zones'));
    draw();
    $('[aria-invalid]', root)?.focus();
  },
  zones: () => {
    faults = chosen().length ? [] : [{ path: 'zones', zh: t('add.zones.none'), en: t('add.zones.none') }];
    if (!faults.length) return hooks.go(address('save'));
    draw();
  },
  save,
};

function take(target) {
  if (target.dataset.zone) {
    const one = setting(target.dataset.zone);
    one[target.dataset.part] = target.type === 'checkbox' ? target.checked : target.value;
    draft.zones = { ...draft.zones, [target.dataset.zone]: one };
  } else if (target.name === 'password') password = target.value;
  else if (target.name in draft) draft[target.name] = target.type === 'checkbox' ? target.checked : target.value;
  else return;
  plan = null;
  planOf = null;
  store();
  draw();
}

function listen() {
  root.addEventListener('input', event => { if (isHere() && event.target.matches('.input, [type=checkbox]')) take(event.target); });
  root.addEventListener('submit', event => {
    const name = event.target.dataset.step;
    if (!isHere() || !name) return;
    event.preventDefault();
    submits[name]();
  });
  root.addEventListener('click', event => {
    if (!isHere()) return;
    const act = event.target.closest('[data-do]')?.dataset.do;
    if (act) acts[act]();
    const index = event.target.closest('[data-found]')?.dataset.found;
    if (index != null) {
      draft.url = `rtsp://${found.items[index].address}:554/`;
      if (!draft.name) draft.name = found.items[index].name;
      store();
      draw();
      $('#a-url', root)?.focus();
    }
  });
}

// Somebody else may sign in next.
addEventListener('signedout', () => {
  clearTimeout(timer);
  draft = empty();
  [password, offer, asked, test, testOf, found, plan, planOf, added, watched, watching, notice, faults] = ['', null, false, null, null, null, null, null, null, null, null, null, []];
  store();
});

/** The page. */
export const add = frame => ({
  read() {},
  draw: element => addPage(element, { role: frame.who.role, go: frame.go }),
  title: () => t('add.title'),
});

/** Draws the page; called at each change of the address, and of anything else. */
function addPage(element, { role, go }) {
  const isNew = root !== element;
  [root, hooks] = [element, { role, go }];
  if (isNew) listen();
  if (role === 'admin') {
    if (!asked) readOffer();
    if (step() === 'done' && watching !== query().get('camera')) { watching = query().get('camera'); watched = null; watch(); }
    if (step() !== 'address' && step() !== 'done' && job() && following !== job() && (testOf !== job() || test?.state === 'running')) {
      if (testOf !== job()) [testOf, test, testFault] = [job(), null, null];
      follow();
    }
    if (step() === 'test' && !job()) testFault = t('add.nojob');
    if (step() === 'save' && offer && !saving && planOf == null) makePlan();
  }
  draw();
}
