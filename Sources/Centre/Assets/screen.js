// One screen for one level: numbers, the level below, what to act on, kinds, hours, stages, sites. All of it goes by sums.
import { $, flag, html, icon, put } from './ui.js';
import { settings, t } from './i18n.js';
import { get } from './api.js';
import { fill } from './picture.js';
import { CaseList, open, rows } from './list.js';
import { centre } from './centre.js';

const state = { screen: null, error: null, key: '', turn: 0, asked: 0, timer: null };
const list = new CaseList(() => centre.redraw());
const query = () => {
  const query = new URLSearchParams({ area: centre.area });
  if (centre.grid) query.set('grid', centre.grid);
  return query;
};

async function load() {
  const turn = ++state.turn;
  state.asked = Date.now();
  try {
    const screen = await get(`/overview?${query()}`);
    if (turn !== state.turn) return;
    Object.assign(state, { screen, error: null });
    centre.waiting = screen.figures.waiting;
  } catch (error) { if (turn === state.turn) state.error = error.message; }
  centre.redraw();
}

/** At most one in a second, whatever happens in it. */
function soon() {
  if (state.timer) return;
  state.timer = setTimeout(() => { state.timer = null; load(); }, Math.max(0, state.asked + 1000 - Date.now()));
}

/* ---------- parts ---------- */

const figure = (value, key, extra, cls = '') => value == null ? '' : html`<div class="fig ${cls}"><dt>${t(key)}</dt><dd><b class="num">${value}</b>${extra ? html`<span>${extra}</span>` : ''}</dd></div>`;

function figures({ figures: f }) {
  const rate = f.closed == null ? null : f.closed ? `${Math.round((100 * f.punctual) / f.closed)} %` : '–';
  return html`<dl class="figs panel" aria-label="${t('c.now')}">${figure(f.open, 'c.open')}${figure(f.waiting, 'c.todo', '', f.waiting ? 'warn' : '')}${figure(f.overdue, 'c.over', '', f.overdue ? 'bad' : '')}
    ${figure(f.found, 'c.today', t('c.yesterday', f.before))}${figure(f.closed, 'c.closed', t('c.dupes', f.merged))}${figure(rate, 'c.rate', f.closed ? '' : t('c.none.rate'))}</dl>`;
}

/** One hue in five steps, with the number printed. */
const heat = (count, most) => (count === 0 ? 0 : Math.min(4, 1 + Math.floor((3.999 * count) / Math.max(4, most))));

function tiles({ children }) {
  const most = Math.max(0, ...children.map(child => child.open));
  const hasGrids = children.some(child => child.grid);
  const villages = hasGrids ? [...new Set(children.map(child => child.code))] : [''];
  const inside = (child, words) => html`<small class="mono">${words}</small><b class="num">${child.open}</b>${child.blind ? icon('none', 'eye') : ''}`;
  const label = child => t('c.tile', [child.code, child.grid, child.microgrid].filter(Boolean).join(' / '), child.open, child.overdue, child.cameras, child.blind);
  const tile = child => {
    // Below a micro-grid there is nothing.
    if (child.microgrid) return html`<li><span class="tile h${heat(child.open, most)}" role="img" aria-label="${label(child)}">${inside(child, child.microgrid)}</span></li>`;
    const name = child.grid ?? child.code;
    const isOn = !!child.grid && centre.query.get('grid') === child.grid && centre.area === child.code;
    const to = isOn ? { area: child.code, grid: '' } : { area: child.code, grid: child.grid ?? '' };
    return html`<li><a class="tile h${heat(child.open, most)}" href="${centre.address(to)}" data-k="tile-${child.code}-${name}" ${flag('aria-current="true"', isOn)}
      aria-label="${label(child)}">${inside(child, child.grid ?? child.code.slice(-3))}</a></li>`;
  };
  return html`<h2 id="hg">${t(centre.grid ? 'c.bymicro' : hasGrids ? 'c.bygrid' : 'c.byarea')}</h2><p class="hint">${t('c.bygrid.hint')}</p>
    <div class="vills">${villages.map(code => html`<div class="vill">${code ? html`<h3 class="mono">${centre.area.length < 12 ? html`<a href="${centre.address({ area: code, grid: '' })}" data-k="vill-${code}">${code}</a>` : code}</h3>` : ''}<ol>${children.filter(child => !code || child.code === code).map(tile)}</ol></div>`)}</div>`;
}

/** The first five, and all others in one. */
function kinds({ kinds: all }) {
  const first = all.slice(0, 5);
  const rest = all.slice(5);
  if (!rest.length) return first;
  const sum = name => rest.reduce((total, kind) => total + (kind[name] ?? 0), 0);
  return [...first, { kind: '', open: sum('open'), found: rest[0].found == null ? null : sum('found'), hours: rest[0].hours?.map((_, hour) => rest.reduce((total, kind) => total + kind.hours[hour], 0)) }];
}
const nameOf = kind => (kind.kind ? centre.kind(kind.kind) : t('c.others'));

function spark(hours) {
  const most = Math.max(1, ...hours);
  return html`<svg class="spark" viewBox="0 0 96 20" preserveAspectRatio="none" aria-hidden="true">${hours.map((count, hour) => (count ? html`<rect x="${hour * 4}" width="3" y="${(20 - (count / most) * 20).toFixed(1)}" height="${((count / most) * 20).toFixed(1)}"/>` : ''))}</svg>`;
}

function kindTable(screen) {
  const hasHours = screen.figures.found != null;
  return html`<h2 id="hk">${t('c.bykind')}</h2><table class="kinds"><thead><tr><th scope="col"><span class="vh">${t('c.kind')}</span></th>${hasHours ? html`<th scope="col"><span class="vh">${t('c.byhour')}</span></th>` : ''}<th scope="col" class="n">${t('c.open')}</th>${hasHours ? html`<th scope="col" class="n">${t('c.found')}</th>` : ''}</tr></thead>
    <tbody>${kinds(screen).map((kind, index) => html`<tr><th scope="row"><i class="key kind${index}"></i>${nameOf(kind)}</th>${hasHours ? html`<td class="kind${index}">${spark(kind.hours)}</td>` : ''}<td class="n num"><b>${kind.open}</b></td>${hasHours ? html`<td class="n num">${kind.found}</td>` : ''}</tr>`)}</tbody></table>`;
}

/** Hours stacked by kind; the table beside it is the legend, and the label says the sums. */
function hours(screen) {
  const all = kinds(screen).filter(kind => kind.hours);
  const sums = Array.from({ length: 24 }, (_, hour) => all.reduce((total, kind) => total + kind.hours[hour], 0));
  const most = Math.max(4, ...sums);
  const [width, height, step] = [720, 110, 30];
  const words = sums.map((count, hour) => [count, hour]).filter(([count]) => count).map(([count, hour]) => t('c.hour', hour, count)).join(settings.lang === 'zh' ? '，' : ', ');
  return html`<h2 id="hh">${t('c.byhour')}</h2><svg class="stacked" viewBox="-24 -4 ${width + 24} ${height + 24}" role="img" aria-label="${t('c.byhour')}${words ? `: ${words}` : ''}">
    ${[0, most / 2, most].map(value => html`<line class="axis" x1="0" x2="${width}" y1="${height - (value / most) * height}" y2="${height - (value / most) * height}"/><text x="-5" y="${height - (value / most) * height + 4}" text-anchor="end">${Math.round(value)}</text>`)}
    ${sums.map((_, hour) => {
    let below = 0;
    return all.map((kind, index) => {
      const count = kind.hours[hour];
      below += count;
      return count ? html`<rect class="kind${index}" x="${hour * step + 4}" width="${step - 8}" y="${(height - (below / most) * height).toFixed(1)}" height="${Math.max(1, (count / most) * height - 1).toFixed(1)}"/>` : '';
    });
  })}
    ${sums.map((_, hour) => (hour % 3 ? '' : html`<text x="${hour * step + step / 2}" y="${height + 16}" text-anchor="middle">${hour}</text>`))}</svg>`;
}

const stages = ({ stages: all }) => html`<h2 id="hs">${t('c.stages')}</h2><ol class="funnel">${all.map(({ stage, cases }) => html`<li class="st-${stage}"><a href="${centre.address({ stage: centre.query.get('stage') === stage ? '' : stage })}" data-k="stage-${stage}" ${flag('aria-current="true"', centre.query.get('stage') === stage)}><span>${t('s.' + stage)}</span><b class="num">${cases}</b></a></li>`)}</ol>`;

function sites({ sites: s }) {
  if (!s) return '';
  const isWhole = s.online === s.sites && s.seeing === s.cameras;
  return html`<h2 id="hx">${t('c.sites')}</h2>
    ${s.sites ? html`<p class="row">${icon(isWhole ? 'ok' : 'warn', `dot ${isWhole ? 'ok' : 'warn'}`)}<span>${t('c.sites.v', s.sites, s.online, s.cameras, s.seeing)}</span></p>` : html`<p class="row">${icon('warn', 'dot warn')}<span>${t('c.nosites')}</span></p>`}
    ${s.gaps.map(gap => html`${gap.missing ? html`<p class="row">${icon('warn', 'dot warn')}<span>${t('c.gap', gap.site, gap.missing)}</span></p>` : ''}${gap.lost ? html`<p class="row">${icon('bad', 'dot bad')}<span>${t('c.lost', gap.site, gap.lost)}</span></p>` : ''}`)}
    ${s.sites && !s.missing && !s.lost ? html`<p class="row">${icon('ok', 'dot ok')}<span>${t('c.nogap')}</span></p>` : ''}`;
}

function toDo(screen) {
  const [kind, stage] = [centre.query.get('kind') ?? '', centre.query.get('stage') ?? ''];
  const csv = list.filter ? list.query() : new URLSearchParams();
  csv.set('lang', settings.lang);
  const option = (value, text, now) => html`<option value="${value}" ${flag('selected', value === now)}>${text}</option>`;
  return html`<header class="row between"><h2 id="hl">${t('c.list')} <span class="muted num">${screen.figures.open}</span></h2>${centre.isWall || !centre.may('dispatcher') ? '' : html`<a class="btn quiet" href="/api/v1/cases.csv?${csv}" download data-k="csv">${icon('save')}${t('c.export')}</a>`}</header>
    ${centre.isWall ? '' : html`<div class="row filters"><select class="input" data-s="kind" data-k="fk" aria-label="${t('c.kind')}">${option('', t('c.allkinds'), kind)}${screen.kinds.map(one => option(one.kind, centre.kind(one.kind), kind))}</select>
      <select class="input" data-s="stage" data-k="fs" aria-label="${t('c.stage')}">${option('', t('c.allstages'), stage)}${open.map(one => option(one, t('s.' + one), stage))}</select><a class="btn quiet" href="/?wall" data-k="wall">${t('c.wall')}</a></div>`}
    <div data-part="rows">${list.error ? html`<p class="note bad" role="alert">${icon('bad')}<span>${t('error', list.error)}</span></p>` : list.items ? rows(list.items, t('c.none')) : html`<div aria-busy="true"><div class="wait"></div></div>`}
    ${list.next && !centre.isWall ? html`<p class="pad"><button class="btn" data-more data-k="more">${t('more')}</button></p>` : ''}</div>`;
}

/* ---------- the page ---------- */

export const screen = {
  title: () => `${centre.area} ${t('nav.screen')}`,
  read() {
    const key = String(query());
    if (key !== state.key) Object.assign(state, { key, screen: null });
    load();
    list.read({ area: centre.area, grid: centre.grid, kind: centre.query.get('kind') ?? '', stage: centre.query.get('stage') ?? '' });
  },
  changed: item => list.take(item),
  numbers: () => soon(),
  refresh: () => { soon(); if (list.filter) list.load(); },
  beat: () => { soon(); if (list.filter) list.load(); },
  forget: () => { Object.assign(state, { screen: null, key: '' }); Object.assign(list, { items: null, key: '' }); },
  draw(root) {
    if (!$('.cgrid', root)) {
      root.innerHTML = '<h1 class="vh"></h1><div data-part="levels"></div><div data-part="fault"></div><div data-part="figs"></div><div class="cgrid"><section class="panel pad g-grid" aria-labelledby="hg"></section><section class="panel g-list" aria-labelledby="hl"></section><section class="panel pad g-kind" aria-labelledby="hk"></section><section class="panel pad g-hour" aria-labelledby="hh"></section><section class="panel pad g-stage" aria-labelledby="hs"></section><section class="panel pad g-site" aria-labelledby="hx"></section></div>';
    }
    $('h1', root).textContent = this.title();
    // In the bar of a phone there is no room for it.
    put($('[data-part=levels]', root), centre.isNarrow ? centre.levels() : '');
    put($('[data-part=fault]', root), state.error ? html`<p class="note bad" role="alert">${icon('bad')}<span>${t('error', state.error)} <button class="btn" data-act="retry" data-k="retry">${t('retry')}</button></span></p>` : '');
    const shown = state.screen;
    const part = (cls, body) => { const element = $(cls, root); element.hidden = !body; if (body) return put(element, shown ? body(shown) : html`<div aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div></div>`); return false; };
    put($('[data-part=figs]', root), shown ? figures(shown) : html`<div class="panel" aria-busy="true"><div class="wait"></div></div>`);
    part('.g-grid', tiles);
    if (part('.g-list', toDo)) fill($('.g-list', root));
    part('.g-kind', kindTable);
    part('.g-hour', shown && shown.figures.found == null ? null : hours);
    part('.g-stage', stages);
    part('.g-site', shown && !shown.sites ? null : sites);
    root.onclick = event => { if (event.target.closest('[data-more]')) list.more(); };
    root.onchange = event => { const name = event.target.dataset.s; if (name) centre.go(centre.address({ [name]: event.target.value })); };
  },
};
