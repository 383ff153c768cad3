// The zone editor: what the file says of a camera's zones, drawn, tried and written.
import { $, diff, flag, html, icon, put, say } from './ui.js';
import { pick, settings, span, t } from './i18n.js';
import { call, get, still } from './api.js';
import { Question, Sketch, drawPreview, overlap, same } from './sketch.js';
import { Canvas, Hands, isBad } from './canvas.js';

const coarse = matchMedia('(hover: none)');
const narrow = matchMedia('(max-width: 719px)');
const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const workday = [{ days: days.slice(0, 5), from: '07:00', to: '19:00' }];

/** One editor for each camera that was opened: what is not saved outlives a visit to another page. */
const editors = new Map();
let shown = null;

/** The page: the editor of the camera that the address names. */
export const zones = frame => ({
  read() {
    if (!frame.cameras) get('/cameras').then(answer => { frame.cameras = answer.items; frame.redraw(); }).catch(() => {});
  },
  beat: () => frame.redraw(),
  draw: root => showZones(root, frame),
  title: () => t('z.title'),
});

function showZones(root, { who, cameras }) {
  const id = new URLSearchParams(location.search).get('camera') ?? cameras?.[0]?.id;
  if (!id) return put(root, html`<h1>${t('z.title')}</h1><p class="note">${icon('none')}<span>${t('z.nocamera')}</span></p>`);
  if (!editors.has(id)) editors.set(id, new Editor(id));
  const editor = editors.get(id);
  editor.role = who.role;
  editor.open = cameras?.find(camera => camera.id === id)?.open_incidents ?? 0;
  shown = editor;
  editor.show(root);
}

class Editor {
  constructor(id) {
    Object.assign(this, { id, page: null, error: null, answer: null, answerError: null, notice: null, clash: null, saving: false, taken: null, words: '' });
    this.sketch = new Sketch([]);
    this.canvas = new Canvas(this.sketch);
    this.hands = new Hands(this.canvas, { draw: () => this.draw(), begin: () => this.begin(), finish: () => this.finish(), mayEdit: () => this.mayEdit });
    this.question = new Question(id, (answer, error) => {
      if (answer) this.answer = answer;
      this.answerError = error;
      this.canvas.preview = this.answer;
      this.draw();
    });
    this.read();
    this.readStill();
  }

  get mayEdit() { return this.role !== 'viewer'; }
  get maySave() { return this.role === 'admin'; }
  kind(name) { return this.page.kinds.find(kind => kind.kind === name); }
  kindName(name) { const kind = this.kind(name); return kind ? pick(kind.name) : name; }

  /* ---------- reading ---------- */

  async read() {
    try {
      this.page = await get(`/cameras/${encodeURIComponent(this.id)}/zones`);
      this.error = null;
      this.sketch = new Sketch(this.page.zones);
      this.canvas.sketch = this.sketch;
    } catch (error) { this.error = error.message; }
    this.draw();
  }

  /** The still below the zones; without one they are drawn on an empty ground. */
  async readStill() {
    try {
      const { blob, age } = await still(this.id);
      const url = URL.createObjectURL(blob);
      const image = new Image();
      image.src = url;
      await image.decode();
      if (this.canvas.still) URL.revokeObjectURL(this.canvas.still);
      this.taken = Date.now() - 1000 * age;
      this.stillError = null;
      this.canvas.show(url, image.naturalWidth / image.naturalHeight);
    } catch (error) { this.stillError = error.message; }
    this.draw();
  }

  /* ---------- the page ---------- */

  show(root) {
    if (!root.contains(this.element)) {
      this.element = document.createElement('div');
      this.element.className = 'zpage';
      root.replaceChildren(this.element);
      this.frame();
      // What nobody has changed here is read again; the still is by now another one.
      if (this.page && !this.sketch.isChanged) this.read();
    }
    this.draw();
  }

  frame() {
    this.element.innerHTML = `<div class="row between phead" data-part="head"></div><div data-part="notes"></div>
      <div class="zgrid"><div class="zleft"><div class="row ztabs" data-part="tabs"></div>
      <div class="canvas" id="box" tabindex="0" role="application" data-k="box"><svg id="canvas"><image x="0" y="0" width="1000" preserveAspectRatio="none"></image><g id="ground"></g><g id="layer"></g></svg><svg id="loupe" hidden aria-hidden="true"></svg></div>
      <div class="ztools" role="toolbar" data-part="tools"></div><p class="hint" data-part="hint"></p></div>
      <div class="zright stack" data-part="right"></div></div><dialog id="dlg" aria-labelledby="dh"></dialog>`;
    this.hands.listen($('#canvas', this.element));
    this.element.addEventListener('click', event => this.click(event));
    this.element.addEventListener('change', event => {
      this.input(event);
      // What was not taken as it was typed.
      const field = event.target;
      if (field.isConnected && field.matches('input:not([type=checkbox])')) field.value = field.defaultValue;
    });
  }

  part(name) { return $(`[data-part=${name}]`, this.element); }

  /** The drawing's own element stays, so that a captured pointer and the focus stay too. */
  draw() {
    if (!this.element?.isConnected || shown !== this) return;
    put(this.part('head'), this.head());
    put(this.part('notes'), this.notes());
    this.element.classList.toggle('waiting', !this.page);
    if (!this.page) {
      put(this.part('right'), this.error ? '' : html`<div class="panel" aria-busy="true"><p class="vh">${t('load')}</p><div class="wait"></div><div class="wait"></div></div>`);
      return;
    }
    const { sketch } = this;
    $('#box').setAttribute('aria-label', t('z.canvas'));
    put(this.part('tabs'), html`${sketch.zones.map((zone, i) => this.tab(zone, i))}${this.mayEdit ? html`<button class="btn ${sketch.drawing ? '' : 'quiet'}" data-do="new" data-k="new" aria-pressed="${String(!!sketch.drawing)}">${icon('plus')}${t('z.new')}</button>` : ''}`);
    this.part('tools').setAttribute('aria-label', t('z.title'));
    put(this.part('tools'), this.tools());
    put(this.part('hint'), this.mayEdit ? html`${t(coarse.matches ? (sketch.drawing ? 'z.touch.draw' : 'z.touch.hint') : sketch.drawing ? 'z.draw.hint' : 'z.drag.hint')}` : '');
    put(this.part('right'), sketch.drawing ? this.templates() : html`${this.form()}${this.mayEdit ? drawPreview(this.answer, this.answerError, sketch.zone, kind => this.kindName(kind), narrow.matches) : ''}`);
    this.canvas.paint();
    if (this.mayEdit && !sketch.drawing && sketch.zones.length) this.question.ask(sketch.zones);
  }

  head() {
    const name = this.page ? html`<span class="muted">${this.page.name} · <span class="mono">${this.id}</span></span>` : '';
    const age = this.taken ? html`<span class="muted num">${t('z.taken', span((Date.now() - this.taken) / 1000))}</span>` : '';
    return html`<h1><a class="btn quiet back" href="/camera?id=${encodeURIComponent(this.id)}" data-k="back" aria-label="${t('back')}">${icon('back')}</a> ${t('z.title')} ${name} ${this.page && this.sketch.isChanged ? html`<span class="chip warn">${t('z.unsaved')}</span>` : ''}</h1>
      <span class="row">${age}<button class="btn quiet" data-do="fresh" data-k="fresh">${t('z.fresh')}</button>${this.maySave ? html`<a class="btn quiet" href="/config" data-k="versions">${t('cfg.title')}</a>` : ''}</span>`;
  }

  notes() {
    const note = (kind, body, role = 'status') => html`<p class="note ${kind}" role="${role}">${icon(kind || 'ok')}<span>${body}</span></p>`;
    const shifted = this.page?.shifted;
    return html`${this.error ? note('bad', html`${t('error', this.error)} <button class="btn" data-do="again" data-k="again">${t('retry')}</button>`, 'alert') : ''}
      ${this.notice ? note(this.notice.kind, this.notice.text) : ''}
      ${this.clash ? this.clashNote() : ''}
      ${shifted && this.mayEdit ? note('warn', html`${t('z.shifted', Math.round(shifted.x * 100), Math.round(shifted.y * 100))} <button class="btn" data-do="shift" data-k="shift">${t('z.shift')}</button>`) : ''}
      ${this.page && !this.canvas.still ? note('warn', t('z.nostill', this.stillError ?? t('load'))) : ''}
      ${this.page && this.maySave && !this.page.writable ? note('warn', t('z.notwritable')) : ''}
      ${this.page && !this.maySave ? note('', t(this.mayEdit ? 'z.nosave' : 'noright')) : ''}`;
  }

  clashNote() {
    return html`<div class="note warn" role="alert">${icon('warn')}<div class="grow"><p>${this.clash.message} ${t('z.clash')}</p>
      ${this.clash.diff ? html`<div class="diff" tabindex="0" role="region" aria-label="${t('z.theirs')}">${diff(this.clash.diff)}</div>` : ''}
      <p class="row"><button class="btn primary" data-do="rebase" data-k="rebase">${t('z.rebase')}</button><button class="btn" data-do="theirs" data-k="theirs">${t('z.discard')}</button></p></div></div>`;
  }

  tab(zone, i) {
    const rules = Object.keys(zone.rules).map(kind => this.kindName(kind)).join('、');
    return html`<button class="btn ztab" data-zone-tab="${i}" data-k="zt${i}" aria-pressed="${String(i === this.sketch.current && !this.sketch.drawing)}" ${flag('disabled', !!this.sketch.drawing)}><span class="swatch" aria-hidden="true"></span><span><b>${zone.name || zone.id}</b><small>${settings.lang === 'zh' ? rules : rules.replaceAll('、', ', ')}</small></span></button>`;
  }

  tool(act, image, isOff) {
    return html`<button class="btn tool" data-do="${act}" data-k="t-${act}" ${flag('disabled', isOff)} title="${t('z.' + act)}">${icon(image)}<span>${t('z.' + act)}</span></button>`;
  }

  tools() {
    const { sketch, canvas } = this;
    const isWhole = canvas.view.w >= 1000;
    const editing = this.mayEdit ? html`${this.tool('undo', 'undo', !sketch.past.length && !sketch.drawing?.points.length)}${this.tool('redo', 'redo', !sketch.future.length || !!sketch.drawing)}<span class="sep"></span>
      ${this.tool('addpoint', 'addp', !!sketch.drawing || !sketch.zone)}${this.tool('delpoint', 'delp', !!sketch.drawing || sketch.selected < 0 || sketch.polygon.length < 4)}<span class="sep"></span>` : '';
    return html`${sketch.drawing ? html`<button class="btn primary" data-do="finish" data-k="finish" ${flag('disabled', sketch.drawing.points.length < 3)}>${icon('ok')}${t('z.finish')}</button><button class="btn" data-do="new" data-k="drop">${t('cancel')}</button><span class="sep"></span>` : ''}
      ${editing}${this.tool('in', 'zin', false)}${this.tool('out', 'zout', isWhole)}${this.tool('fit', 'fit', isWhole)}
      ${this.mayEdit ? html`<span class="grow"></span><label class="check snap"><input type="checkbox" data-k="snap" ${flag('checked', canvas.snaps)}> ${t('z.snap')}</label>` : ''}`;
  }

  /** What a zone that is being drawn is for. */
  templates() {
    const chosen = this.sketch.drawing.kind;
    return html`<section class="panel pad stack" aria-labelledby="tph"><h2 id="tph">${t('z.template')}</h2><div class="templates">
      ${this.page.kinds.map(kind => html`<button class="btn" data-template="${kind.kind}" data-k="tp-${kind.kind}" aria-pressed="${String(kind.kind === chosen)}"><b>${pick(kind.name)}</b><small>${t('z.s.' + kind.usual_surface)} · ${span(Number(kind.keys.find(key => key.key === 'dwell')?.standard ?? 0))}</small></button>`)}</div></section>`;
  }

  /* ---------- the form ---------- */

  /** Sentences of the daemon about the zone that is chosen, and what nobody has to change. */
  faults(zone) {
    const all = [...(this.answer?.faults ?? []), ...(this.saveFaults ?? [])];
    const faults = [...new Set(all.filter(fault => !fault.zone || fault.zone === zone.id).map(pick))];
    const warnings = isBad(zone.polygon) ? [] : this.sketch.together.filter(other => other !== zone && other.polygon.length > 2 && Object.keys(other.rules).some(kind => kind in zone.rules))
      .map(other => [other, overlap(zone.polygon, other.polygon)]).filter(([, share]) => share > 0.02)
      .map(([other, share]) => t('z.w.overlap', other.name || other.id, Math.round(share * 100)));
    const reaches = zone.polygon.some(corner => corner.some(v => v < 0.02 || v > 0.98));
    if (reaches && Object.keys(zone.rules).some(kind => kind.startsWith('parking.'))) warnings.push(t('z.w.edge'));
    return { faults, warnings };
  }

  form() {
    const zone = this.sketch.zone;
    if (!zone) return html`<section class="panel pad"><p class="muted">${t('z.empty')}</p></section>`;
    const { faults, warnings } = this.faults(zone);
    const isOff = flag('disabled', !this.mayEdit);
    const options = (values, chosen, text) => values.map(value => html`<option value="${value}" ${flag('selected', value === chosen)}>${text(value)}</option>`);
    const rest = this.page.kinds.filter(kind => !(kind.kind in zone.rules));
    return html`<section class="panel pad stack zform"><div class="pair"><label class="field"><span>${t('z.name')}</span><input class="input" data-field="name" data-k="name" maxlength="256" value="${zone.name ?? ''}" placeholder="${zone.id}" ${isOff}></label>
        <label class="field"><span>${t('z.surface')}</span><select class="input" data-field="surface" data-k="surface" ${isOff}>${options(this.page.surfaces, zone.surface ?? 'carriageway', value => t('z.s.' + value))}</select></label></div>
      ${this.page.presets.length ? html`<label class="field"><span>${t('z.preset')}</span><select class="input" data-field="preset" data-k="preset" ${isOff}>${options(this.page.presets, zone.preset, value => value)}</select></label>` : ''}
      ${Object.keys(zone.rules).map(kind => this.rule(zone, kind, isOff))}
      ${this.mayEdit && rest.length ? html`<label class="field"><span>${t('z.addrule')}</span><select class="input" data-field="addrule" data-k="addrule"><option value="">—</option>${rest.map(kind => html`<option value="${kind.kind}">${pick(kind.name)}</option>`)}</select></label>` : ''}
      ${this.corners(zone, isOff)}
      <div role="status">${faults.map(text => html`<p class="note bad">${icon('bad')}<span>${text}</span></p>`)}${warnings.map(text => html`<p class="note warn">${icon('warn')}<span>${text}</span></p>`)}</div>
      ${this.mayEdit ? html`<div class="row between"><button class="btn danger" data-do="deletezone" data-k="dz">${icon('trash')}${t('z.delete')}</button>
        ${this.maySave ? html`<button class="btn primary" data-do="save" data-k="save" ${flag('disabled', !this.sketch.isChanged || this.saving)}>${t('z.save')}</button>` : ''}</div>` : ''}</section>`;
  }

  rule(zone, kind, isOff) {
    const values = zone.rules[kind] ?? {};
    const about = this.kind(kind);
    const keys = about?.keys ?? [];
    const dwell = keys.find(key => key.key === 'dwell');
    const more = keys.filter(key => !['dwell', 'windows'].includes(key.key));
    return html`<fieldset class="rule"><legend>${this.kindName(kind)}${about?.surface ? html` <small class="muted">${t('z.only', t('z.s.' + about.surface))}</small>` : ''}</legend>
      <div class="pair">${dwell ? this.stay(kind, dwell, values.dwell, isOff) : ''}
      ${keys.some(key => key.key === 'windows') ? this.windows(kind, values.windows ?? [], isOff) : ''}</div>
      ${this.hours(kind, values.windows ?? [], isOff)}
      ${more.length ? html`<details data-k="${kind}.more"><summary>${t('z.more')}</summary><div class="stack">${more.map(key => this.setting(kind, key, values[key.key], isOff))}</div></details>` : ''}
      ${this.mayEdit && Object.keys(zone.rules).length > 1 ? html`<button class="btn quiet" data-remove-rule="${kind}" data-k="${kind}.remove">${t('z.removerule')}</button>` : ''}</fieldset>`;
  }

  /** How long somebody may stay: in minutes, or in seconds where tenths of a minute do not say it exactly. */
  stay(kind, { least, most, standard }, value, isOff) {
    const isShort = Number(value || standard || 0) % 6 !== 0;
    const shown = seconds => (seconds == null || seconds === '' ? '' : isShort ? Number(seconds) : Number(seconds) / 60);
    return html`<label class="field"><span>${isShort ? t('z.dwell.s') : t('z.dwell')}</span><input class="input" type="number" step="any" min="${shown(least)}" max="${shown(most)}" inputmode="decimal" data-rule="${kind}" data-key="dwell" data-form="${isShort ? 'seconds' : 'minutes'}" data-k="${kind}.dwell" value="${shown(value)}" placeholder="${shown(standard)}" ${isOff}></label>`;
  }

  /** When the rule holds: always, on workdays, or in hours of its own. */
  windows(kind, windows, isOff) {
    const chosen = !windows.length ? 'always' : same(windows, workday) ? 'workday' : 'own';
    return html`<label class="field"><span>${t('z.windows')}</span><select class="input" data-rule="${kind}" data-key="windows" data-form="windows" data-k="${kind}.windows" ${isOff}>
      ${['always', 'workday', 'own'].map(value => html`<option value="${value}" ${flag('selected', value === chosen)}>${t('z.' + value)}</option>`)}</select></label>`;
  }

  hours(kind, windows, isOff) {
    if (!windows.length || same(windows, workday)) return '';
    return html`${windows.map((window, i) => html`<div class="whours" role="group" aria-label="${t('z.window', i + 1)}"><span class="days">${days.map(day => html`<button class="btn" data-day="${day}" data-rule="${kind}" data-window="${i}" data-k="${kind}.${i}.${day}" aria-pressed="${String(!window.days || window.days.includes(day))}" ${isOff}>${t('z.d.' + day)}</button>`)}</span>
        <label class="field"><span>${t('z.from')}</span><input class="input" data-hour="from" data-rule="${kind}" data-window="${i}" data-k="${kind}.${i}.from" inputmode="numeric" pattern="[0-9]{2}:[0-9]{2}" maxlength="5" value="${window.from ?? ''}" placeholder="07:00" ${isOff}></label>
        <label class="field"><span>${t('z.to')}</span><input class="input" data-hour="to" data-rule="${kind}" data-window="${i}" data-k="${kind}.${i}.to" inputmode="numeric" pattern="[0-9]{2}:[0-9]{2}" maxlength="5" value="${window.to ?? ''}" placeholder="19:00" ${isOff}></label>
        ${this.mayEdit ? html`<button class="btn quiet" data-drop-window="${i}" data-rule="${kind}" data-k="${kind}.${i}.drop" aria-label="${t('z.dropwindow', i + 1)}">${icon('bad')}</button>` : ''}</div>`)}
      ${this.mayEdit ? html`<button class="btn quiet" data-add-window="${kind}" data-k="${kind}.addwindow">${icon('plus')}${t('z.addwindow')}</button>` : ''}`;
  }

  setting(kind, key, value, isOff) {
    const name = pick(key.what);
    if (key.form === 'number' || key.form === 'integer') {
      return html`<label class="field"><span>${name}${key.unit === 'seconds' ? ` (${t('u.s', '').trim()})` : ''}</span><input class="input" type="number" step="${key.form === 'integer' ? 1 : 'any'}" min="${key.least}" max="${key.most}" data-rule="${kind}" data-key="${key.key}" data-k="${kind}.${key.key}" value="${value ?? ''}" placeholder="${key.standard ?? ''}" ${isOff}></label>`;
    }
    if (key.form === 'choices') {
      const standard = (key.standard ?? '').replace(/[[\]]/g, '').split(',').map(text => text.trim());
      const chosen = Array.isArray(value) ? value : standard;
      return html`<fieldset class="choices"><legend>${name}</legend>${key.choices.map(choice => html`<label class="check"><input type="checkbox" data-choice="${choice}" data-rule="${kind}" data-key="${key.key}" data-k="${kind}.${choice}" ${flag('checked', chosen.includes(choice))} ${isOff}> ${t('cls.' + choice)}</label>`)}</fieldset>`;
    }
    if (value == null) return '';
    return html`<p class="hint">${name}: <span class="mono">${typeof value === 'string' ? value : JSON.stringify(value)}</span> ${t('z.inthefile')}</p>`;
  }

  corners(zone, isOff) {
    return html`<details data-k="pts"><summary>${t('z.points')} (${zone.polygon.length})</summary><table class="pts"><thead><tr><th scope="col">#</th><th scope="col">${t('z.p.x')}</th><th scope="col">${t('z.p.y')}</th></tr></thead>
      <tbody>${zone.polygon.map((p, i) => html`<tr><th scope="row">${i + 1}</th>${[0, 1].map(axis => html`<td><input class="input" type="number" step="0.1" min="0" max="100" data-corner-input="${i}" data-axis="${axis}" data-k="p${i}-${axis}" aria-label="${t('z.p.n', i + 1)} ${t(axis ? 'z.p.y' : 'z.p.x')}" value="${(p[axis] * 100).toFixed(1)}" ${isOff}></td>`)}</tr>`)}</tbody></table></details>`;
  }

  /* ---------- what people do ---------- */

  begin() {
    if (this.sketch.drawing) this.sketch.drawing = null;
    else this.sketch.begin(this.page.kinds[0].kind);
    this.draw();
    $('#box').focus({ preventScroll: true });
  }

  finish() {
    const zone = this.sketch.finish((number, kind, polygon) => {
      const made = { id: `zone-${number}`, name: t('z.named', number), surface: this.kind(kind).usual_surface, polygon, rules: { [kind]: null } };
      if (this.page.presets.length) made.preset = this.page.presets[0];
      return made;
    });
    if (!zone) return;
    this.draw();
    $('[data-field=name]')?.focus({ preventScroll: true });
  }

  click(event) {
    const at = name => event.target.closest(`[data-${name}]`)?.getAttribute(`data-${name}`);
    const { sketch } = this;
    const act = at('do');
    if (act) return this.acts[act].call(this);
    if (at('zone-tab') != null && !sketch.drawing) { sketch.choose(Number(at('zone-tab'))); return this.draw(); }
    if (at('template')) { sketch.drawing.kind = at('template'); return this.draw(); }
    const windows = kind => [...(sketch.zone.rules[kind]?.windows ?? [])];
    if (at('remove-rule')) { const kind = at('remove-rule'); sketch.change(zone => { delete zone.rules[kind]; }); return this.draw(); }
    if (at('add-window')) return this.setRule(at('add-window'), 'windows', [...windows(at('add-window')), { from: '07:00', to: '19:00' }]);
    if (at('drop-window') != null) return this.setRule(at('rule'), 'windows', windows(at('rule')).filter((_, i) => i !== Number(at('drop-window'))));
    if (at('day')) {
      const list = windows(at('rule'));
      const window = { ...list[Number(at('window'))] };
      const present = window.days ?? days;
      window.days = days.filter(day => (day === at('day') ? !present.includes(day) : present.includes(day)));
      list[Number(at('window'))] = window.days.length === 7 ? (({ days: _, ...rest }) => rest)(window) : window;
      return this.setRule(at('rule'), 'windows', list);
    }
    return undefined;
  }

  /** One key of a rule; nothing is the default. */
  setRule(kind, key, value) {
    const isNothing = value == null || value === '' || (key === 'windows' && !value.length);
    this.sketch.change(zone => {
      const values = { ...(zone.rules[kind] ?? {}) };
      if (isNothing) delete values[key]; else values[key] = value;
      zone.rules[kind] = Object.keys(values).length ? values : null;
    });
    this.draw();
  }

  input(event) {
    const e = event.target;
    const { sketch } = this;
    const { rule, key } = e.dataset;
    if (e.dataset.k === 'snap') { this.canvas.snaps = e.checked; return undefined; }
    if (e.dataset.cornerInput) {
      const value = Number(e.value);
      if (e.value === '' || !Number.isFinite(value)) return this.draw();
      const index = Number(e.dataset.cornerInput);
      sketch.change(() => { const point = [...sketch.polygon[index]]; point[e.dataset.axis] = value / 100; sketch.moveCorner(index, point); });
      return this.draw();
    }
    if (e.dataset.hour) {
      const list = (sketch.zone.rules[rule]?.windows ?? []).map((window, i) => (i === Number(e.dataset.window) ? { ...window, [e.dataset.hour]: e.value.trim() } : window));
      return this.setRule(rule, 'windows', list);
    }
    if (e.dataset.choice) {
      const chosen = [...this.element.querySelectorAll(`[data-choice][data-rule="${CSS.escape(rule)}"][data-key="${CSS.escape(key)}"]`)].filter(box => box.checked).map(box => box.dataset.choice);
      return this.setRule(rule, key, chosen);
    }
    if (e.dataset.form === 'windows') return this.setRule(rule, key, { always: [], workday, own: [{ from: '07:00', to: '19:00' }] }[e.value]);
    if (e.dataset.form === 'minutes') return this.setRule(rule, key, e.value === '' ? null : String(Math.round(Number(e.value) * 600) / 10));
    if (rule) return this.setRule(rule, key, e.value.trim());
    if (e.dataset.field === 'addrule') { if (e.value) sketch.change(zone => { zone.rules[e.value] = null; }); return this.draw(); }
    if (e.dataset.field) { sketch.change(zone => { zone[e.dataset.field] = e.value.trim(); if (!zone[e.dataset.field]) delete zone[e.dataset.field]; }); this.draw(); }
    return undefined;
  }

  get acts() {
    const then = body => function act() { body.call(this); this.draw(); };
    return {
      undo: then(function undo() { this.sketch.undo(); say(t('z.undo')); }),
      redo: then(function redo() { this.sketch.redo(); say(t('z.redo')); }),
      in: then(function zoomIn() { this.canvas.zoom(1 / 1.5); }),
      out: then(function zoomOut() { this.canvas.zoom(1.5); }),
      fit: then(function fit() { this.canvas.fit(); }),
      new: this.begin, finish: this.finish, save: this.check, write: this.write, fresh: this.readStill, again: this.read,
      addpoint: () => this.hands.insert(Math.max(0, this.sketch.selected)),
      delpoint: () => this.hands.remove(this.sketch.selected),
      deletezone: then(function remove() { this.sketch.remove(); }),
      shift: then(function shift() { this.sketch.shift(this.page.shifted.x, this.page.shifted.y); this.page.shifted = null; say(t('z.shift')); }),
      close: () => $('#dlg').close(),
      rebase: () => this.meet(true), theirs: () => this.meet(false),
    };
  }

  /* ---------- saving ---------- */

  put(query) {
    return call('PUT', `/cameras/${encodeURIComponent(this.id)}/zones${query}`, { zones: this.sketch.zones }, { headers: { 'If-Match': `"${this.page.version}"` } });
  }

  /** What would be written, for a look before it is. */
  async check() {
    Object.assign(this, { saving: true, notice: null, saveFaults: null });
    this.draw();
    try {
      const answer = await this.put('?dry_run=1');
      this.dialog(t('z.save'), html`<p>${t('z.diff')}</p><div class="diff" tabindex="0" role="region" aria-label="${t('z.save')}">${diff(answer.diff)}</div>
        <div class="row between"><button class="btn" data-do="close" data-k="close">${t('cancel')}</button><button class="btn primary" data-do="write" data-k="write" autofocus>${t('z.save2')}</button></div>`);
    } catch (error) { this.failed(error); }
    this.saving = false;
    this.draw();
  }

  dialog(title, body) {
    const dialog = $('#dlg');
    put(dialog, html`<header><h2 id="dh">${title}</h2></header><div class="pad stack">${body}</div>`);
    if (!dialog.open) dialog.showModal();
  }

  async write() {
    const button = $('[data-do=write]');
    button.disabled = true;
    const written = this.sketch.zones;
    try {
      const answer = await this.put('');
      $('#dlg').close();
      this.page.version = answer.version;
      this.sketch.settle(written);
      const outcome = answer.applied?.outcome ?? 'applied';
      const reason = answer.applied?.needs_restart?.join(', ') || answer.applied?.reason || '';
      this.notice = { kind: outcome === 'applied' ? 'ok' : 'warn', text: outcome === 'applied' ? t('z.saved', this.open) : t('z.applied.' + outcome, reason) };
      say(this.notice.text);
    } catch (error) { this.failed(error); } finally { button.disabled = false; }
    this.draw();
  }

  failed(error) {
    const dialog = $('#dlg');
    if (error.status === 409 && error.answer?.diff) {
      const file = URL.createObjectURL(new Blob([`${JSON.stringify({ zones: this.sketch.zones }, null, 2)}\n`], { type: 'application/json' }));
      return this.dialog(t('z.byhand'), html`<p>${error.message}</p><div class="diff" tabindex="0" role="region" aria-label="${t('z.save')}">${diff(error.answer.diff)}</div>
        <p class="mono">gridwarden config zones ${this.id} --write &lt; zones-${this.id}.json</p>
        <div class="row between"><button class="btn" data-do="close" data-k="close">${t('cancel')}</button><a class="btn primary" href="${file}" download="zones-${this.id}.json" data-k="download">${t('z.download')}</a></div>`);
    }
    if (dialog.open) dialog.close();
    if (error.status === 412) this.clash = { message: error.message, diff: error.answer?.diff };
    else if (error.status === 422) this.saveFaults = error.answer?.fields ?? [{ zh: error.message, en: error.message }];
    else this.notice = { kind: 'bad', text: error.message };
    return undefined;
  }

  /** After somebody else's change: what is mine on theirs, or theirs alone. */
  async meet(keepsMine) {
    try {
      const page = await get(`/cameras/${encodeURIComponent(this.id)}/zones`);
      if (keepsMine) this.sketch.rebase(page.zones);
      else { this.sketch = new Sketch(page.zones); this.canvas.sketch = this.sketch; }
      Object.assign(this, { page, clash: null, notice: null });
    } catch (error) { this.notice = { kind: 'bad', text: error.message }; }
    this.draw();
  }
}

addEventListener('keydown', event => {
  if (shown?.element?.isConnected && shown.page && shown.hands.key(event)) event.preventDefault();
});
addEventListener('resize', () => shown?.draw());
// Somebody else may sign in next.
addEventListener('signedout', () => { editors.clear(); shown = null; });
addEventListener('beforeunload', event => {
  if ([...editors.values()].some(editor => editor.page && editor.sketch.isChanged)) event.preventDefault();
});
