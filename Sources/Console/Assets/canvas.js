// The picture with the zones on it, and mouse, fingers and keys on the picture. A pinch never sets a point, and each drag has a click and a
// key in its place.
import { $, flag, html, put, say } from './ui.js';
import { settings, t } from './i18n.js';
import { area, copy, crosses, round } from './sketch.js';

const W = 1000;
const percent = v => `${(v * 100).toFixed(1)} %`;

/** What a screen reader hears of a corner. */
export const cornerName = (index, [x, y]) => `${t('z.p.n', index + 1)}: ${percent(x)}, ${percent(y)}`;

/** What can be seen to be wrong at once; the daemon says it in words. */
export const isBad = polygon => polygon.length < 3 || crosses(polygon) || area(polygon) < 0.0005;

export class Canvas {
  constructor(sketch) {
    this.sketch = sketch;
    this.ratio = 16 / 9;
    this.view = { x: 0, y: 0, w: W };
    this.isTouch = false;
    this.snaps = true;
    this.held = null; // a corner under the finger
    this.preview = null;
    this.still = '';
  }

  get height() { return W / this.ratio; }
  get svg() { return $('#canvas'); }
  /** Units of the drawing for a pixel of the screen. */
  get scale() { return this.view.w / (this.svg?.clientWidth || 900); }

  /** The still, or an empty ground. */
  show(url, ratio) {
    this.still = url;
    if (ratio) this.ratio = ratio;
    this.fit();
  }

  fit() { this.view = { x: 0, y: 0, w: W }; }

  clamp() {
    const view = this.view;
    view.w = Math.min(W, Math.max(W / 8, view.w));
    view.x = Math.min(W - view.w, Math.max(0, view.x));
    view.y = Math.min(this.height - (view.w * this.height) / W, Math.max(0, view.y));
  }

  /** Around a point in shares of the picture, by default the middle. */
  zoom(factor, point) {
    const { view, height } = this;
    const [x, y] = point ?? [(view.x + view.w / 2) / W, (view.y + (view.w * height) / W / 2) / height];
    this.look(Math.min(W, Math.max(W / 8, view.w * factor)), [x, y], view);
  }

  /** With a width, so that a point stays where it was in `from`. */
  look(w, [x, y], from) {
    const { height } = this;
    this.view = { w, x: x * W - ((x * W - from.x) * w) / from.w, y: y * height - ((y * height - from.y) * w) / from.w };
    this.clamp();
  }

  /** Where on the picture a pointer is, in shares. */
  at(event) {
    const box = this.svg.getBoundingClientRect();
    return [
      (this.view.x + ((event.clientX - box.left) / box.width) * this.view.w) / W,
      (this.view.y + (((event.clientY - box.top) / box.height) * this.view.w * this.height) / W) / this.height,
    ];
  }

  /** Onto corners of other zones and the rim, within 10 px. */
  snapped(point, event) {
    if (!this.snaps || event?.altKey) return point.map(round);
    const near = this.scale * 10;
    for (const zone of this.sketch.together) {
      if (zone === this.sketch.zone && !this.sketch.drawing) continue;
      for (const corner of zone.polygon) {
        if (Math.hypot((corner[0] - point[0]) * W, (corner[1] - point[1]) * this.height) < near) return [...corner];
      }
    }
    return [0, 1].map(axis => {
      const side = axis ? this.height : W;
      if (point[axis] * side < near) return 0;
      return (1 - point[axis]) * side < near ? 1 : round(point[axis]);
    });
  }

  paint() {
    const svg = this.svg;
    if (!svg) return;
    svg.setAttribute('viewBox', `${this.view.x} ${this.view.y} ${this.view.w} ${(this.view.w * this.height) / W}`);
    const image = $('image', svg);
    if ((image.getAttribute('href') ?? '') !== this.still) image.setAttribute('href', this.still);
    image.setAttribute('height', this.height);
    put($('#ground'), this.still ? '' : this.grid());
    put($('#layer'), this.layer());
    this.paintLoupe();
  }

  grid() {
    const lines = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(i => `M${i * 100},0V${this.height}M0,${(i * this.height) / 10}H${W}`).join('');
    return html`<path class="grid" d="${lines}"/>`;
  }

  paintLoupe() {
    const loupe = $('#loupe');
    const point = this.held == null ? null : this.sketch.polygon[this.held];
    loupe.toggleAttribute('hidden', !point);
    if (!point) return;
    const w = 44 * (this.view.w / W);
    const [x, y] = [point[0] * W, point[1] * this.height];
    loupe.setAttribute('viewBox', `${x - w / 2} ${y - w / 2} ${w} ${w}`);
    loupe.classList.toggle('right', (x - this.view.x) / this.view.w < 0.4);
    put(loupe, html`${this.still ? html`<image href="${this.still}" width="${W}" height="${this.height}" preserveAspectRatio="none"/>` : ''}
      <polygon class="zone" points="${this.points(this.sketch.polygon)}"/>
      <path class="cross" d="M${x - w * 0.16},${y}h${w * 0.32}M${x},${y - w * 0.16}v${w * 0.32}"/>`);
  }

  point([x, y]) { return `${(x * W).toFixed(1)},${(y * this.height).toFixed(1)}`; }
  points(polygon) { return polygon.map(p => this.point(p)).join(' '); }

  layer() {
    const { sketch, preview } = this;
    const { zone, drawing } = sketch;
    const k = this.scale;
    const others = sketch.zones.map((other, index) => [other, index]).filter(([other, index]) => (drawing || index !== sketch.current) && other.preset === zone?.preset);
    return html`${zone && !drawing && !isBad(zone.polygon) ? html`<path class="shade" fill-rule="evenodd" d="M0,0H${W}V${this.height}H0Z M${zone.polygon.map(p => this.point(p)).join('L')}Z"/>` : ''}
      ${others.map(([other, index]) => html`<polygon class="zone other" data-zone="${index}" points="${this.points(other.polygon)}"/>`)}
      ${zone && !drawing ? html`<polygon class="zone ${isBad(zone.polygon) ? 'bad' : ''}" data-zone="${sketch.current}" points="${this.points(zone.polygon)}"/>` : ''}
      ${preview && !drawing ? this.stays(preview, zone, k) : ''}
      ${zone && !drawing ? this.handles(zone.polygon, k) : ''}
      ${drawing ? this.draft(drawing, k) : ''}`;
  }

  /** What stood there in the last hour, and what became of it. */
  stays(preview, zone, k) {
    const verdict = preview.zones[zone?.id] ?? { told: [], inside: [] };
    return preview.stays.filter(stay => (stay.preset ?? null) === (zone?.preset ?? null)).map(stay => {
      const told = verdict.told.some(other => other.stay === stay.id);
      const [x, y] = [stay.box.x * W, stay.box.y * this.height];
      const text = t('u.m', Math.floor((stay.from - (stay.until ?? 0)) / 60));
      return html`<g class="stay ${told ? 'rep' : verdict.inside.includes(stay.id) ? 'in' : 'out'}"><rect x="${x}" y="${y}" width="${stay.box.width * W}" height="${stay.box.height * this.height}"/>
        ${told ? html`<g transform="translate(${x} ${y}) scale(${k})"><rect class="tag" x="0" y="-20" width="${settings.lang === 'zh' ? 52 : 60}" height="20"/><text x="5" y="-5">${text}</text></g>` : ''}</g>`;
    });
  }

  handles(polygon, k) {
    const r = (this.isTouch ? 11 : 8) * k;
    const place = ([x, y]) => `translate(${x * W} ${y * this.height})`;
    return html`${polygon.map((p, i) => {
      const q = polygon[(i + 1) % polygon.length];
      return html`<g class="mid" data-mid="${i}" transform="${place([(p[0] + q[0]) / 2, (p[1] + q[1]) / 2])}"><circle class="hit" r="${18 * k}"/><circle r="${5 * k}"/></g>`;
    })}${polygon.map((p, i) => html`<g class="corner ${i === this.sketch.selected ? 'on' : ''}" data-corner="${i}" data-k="c${i}" tabindex="0" role="button" aria-label="${cornerName(i, p)}" transform="${place(p)}"><circle class="hit" r="${22 * k}"/><circle class="ring" r="${r + 4 * k}"/><circle class="dotc" r="${r}"/></g>`)}`;
  }

  draft({ points, cursor }, k) {
    const r = (this.isTouch ? 11 : 8) * k;
    const all = cursor ? [...points, cursor] : points;
    const [x, y] = cursor ? [cursor[0] * W, cursor[1] * this.height] : [];
    return html`<polyline class="zone draft" points="${this.points(all)}"/>
      ${points.map((p, i) => html`<g class="corner ${i ? '' : 'first'}" ${flag('data-close="1"', i === 0)} transform="translate(${p[0] * W} ${p[1] * this.height})"><circle class="hit" r="${22 * k}"/><circle class="dotc" r="${i ? r * 0.7 : r * 1.2}"/></g>`)}
      ${cursor ? html`<path class="cross" d="M${x - 14 * k},${y}h${28 * k}M${x},${y - 14 * k}v${28 * k}"/>` : ''}`;
  }
}

/* ---------- what people do on it ---------- */

const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const focus = index => $(`[data-corner="${index}"]`)?.focus({ preventScroll: true });

export class Hands {
  /**
   * @param {Canvas} canvas
   * @param {{draw: () => void, begin: () => void, finish: () => void, mayEdit: () => boolean}} page
   */
  constructor(canvas, page) {
    Object.assign(this, { canvas, page, pointers: new Map(), pinch: null, held: null, tapped: { corner: -1, at: 0 } });
  }

  get sketch() { return this.canvas.sketch; }

  /** Once for each element that the drawing lives in. */
  listen(svg) {
    svg.addEventListener('pointerdown', event => this.down(event));
    svg.addEventListener('pointermove', event => this.move(event));
    for (const name of ['pointerup', 'pointercancel']) svg.addEventListener(name, event => this.up(event));
    svg.addEventListener('wheel', event => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.canvas.zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, this.canvas.at(event));
      this.page.draw();
    }, { passive: false });
  }

  distance() {
    const [a, b] = [...this.pointers.values()];
    return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  }

  down(event) {
    if (event.button) return;
    const { sketch, canvas } = this;
    canvas.isTouch = event.pointerType === 'touch';
    if (canvas.isTouch) {
      event.preventDefault();
      // A field would keep the focus, and what is typed into it would become another zone's.
      $('#box').focus({ preventScroll: true });
    }
    this.pointers.set(event.pointerId, event);
    canvas.svg.setPointerCapture(event.pointerId);
    if (this.pointers.size === 2) {
      this.pinch = { distance: this.distance(), w: canvas.view.w };
      // What one finger had begun is taken back.
      if (this.held?.began) sketch.unstep();
      this.drop();
      return canvas.paint();
    }
    const hit = name => event.target.closest(`[data-${name}]`)?.dataset[name];
    this.held = { x: event.clientX, y: event.clientY, from: canvas.at(event), moved: false, began: false };
    if (sketch.drawing) { this.held.close = hit('close') != null; return; }
    const mayEdit = this.page.mayEdit();
    if (hit('corner') != null && mayEdit) {
      this.held.corner = sketch.selected = Number(hit('corner'));
      canvas.held = this.held.corner;
      canvas.paint();
      focus(sketch.selected);
    } else if (hit('mid') != null && mayEdit) this.held.insert = Number(hit('mid'));
    else if (hit('zone') != null) {
      this.held.zone = Number(hit('zone'));
      this.held.base = copy(sketch.zones[this.held.zone].polygon);
    } else this.held.pan = { ...canvas.view };
  }

  drop() {
    this.held = null;
    this.canvas.held = null;
  }

  move(event) {
    const { sketch, canvas } = this;
    if (sketch.drawing && !this.pointers.size) {
      sketch.drawing.cursor = canvas.snapped(canvas.at(event), event);
      return canvas.paint();
    }
    if (!this.pointers.has(event.pointerId)) return;
    this.pointers.set(event.pointerId, event);
    if (this.pinch && this.pointers.size === 2) {
      const [a, b] = [...this.pointers.values()];
      const middle = canvas.at({ clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 });
      const w = Math.min(1000, Math.max(125, (this.pinch.w * this.pinch.distance) / Math.max(1, this.distance())));
      canvas.look(w, middle, canvas.view);
      return canvas.paint();
    }
    const { held } = this;
    if (!held) return;
    if (!held.moved && Math.hypot(event.clientX - held.x, event.clientY - held.y) < (canvas.isTouch ? 8 : 3)) return;
    held.moved = true;
    if (held.pan) this.pan(event);
    else if (!sketch.drawing && this.page.mayEdit()) this.drag(event);
    canvas.paint();
  }

  pan(event) {
    const { held, canvas } = this;
    const width = canvas.svg.clientWidth;
    canvas.view.x = held.pan.x - ((event.clientX - held.x) / width) * canvas.view.w;
    canvas.view.y = held.pan.y - ((event.clientY - held.y) / width) * canvas.view.w;
    canvas.clamp();
  }

  drag(event) {
    const { held, sketch, canvas } = this;
    if (!held.began) {
      sketch.step();
      held.began = true;
      if (held.insert != null) {
        sketch.addCorner(held.insert, held.from);
        held.corner = sketch.selected;
        canvas.held = held.corner;
      }
      if (held.zone != null && held.zone !== sketch.current) sketch.choose(held.zone);
    }
    const point = canvas.at(event);
    if (held.corner != null) sketch.moveCorner(held.corner, canvas.snapped(point, event));
    else if (held.zone != null) sketch.moveZone(held.base, point[0] - held.from[0], point[1] - held.from[1]);
  }

  up(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    if (this.pinch) {
      if (this.pointers.size < 2) this.pinch = null;
      return this.page.draw();
    }
    const { held, sketch, canvas } = this;
    this.drop();
    if (!held) return;
    const isTap = !held.moved && event.type === 'pointerup';
    if (sketch.drawing) {
      if (!isTap) return;
      if (held.close && sketch.drawing.points.length > 2) return this.page.finish();
      sketch.drawing.points.push(canvas.snapped(canvas.at(event), event));
      return this.page.draw();
    }
    if (isTap && held.zone != null) sketch.choose(held.zone);
    if (isTap && held.insert != null) { sketch.step(); sketch.addCorner(held.insert, held.from); }
    if (isTap && held.corner != null && this.isSecondTap(held.corner)) return this.remove(held.corner);
    this.page.draw();
    if (held.corner != null) focus(held.corner);
  }

  isSecondTap(corner) {
    const isSecond = this.tapped.corner === corner && Date.now() - this.tapped.at < 400;
    this.tapped = isSecond ? { corner: -1, at: 0 } : { corner, at: Date.now() };
    return isSecond;
  }

  remove(index) {
    if (!this.sketch.removeCorner(index)) say(t('z.e.few'));
    this.page.draw();
    focus(this.sketch.selected);
  }

  insert(index) {
    this.sketch.step();
    this.sketch.addCorner(index);
    this.page.draw();
    focus(this.sketch.selected);
  }

  /** True where the key was taken. */
  key(event) {
    const isTyping = event.target.closest?.('input,select,textarea');
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && !isTyping && (key === 'z' || key === 'y')) {
      if (key === 'y' || event.shiftKey) this.sketch.redo(); else this.sketch.undo();
      this.page.draw();
      return true;
    }
    if (isTyping || event.ctrlKey || event.metaKey || event.target.closest?.('dialog')) return false;
    const step = event.altKey ? 0.001 : event.shiftKey ? 0.05 : 0.005;
    const arrow = arrows[event.key]?.map(v => v * step);
    if (this.sketch.drawing) return this.drawKey(event, arrow);
    const corner = event.target.closest?.('[data-corner]')?.dataset.corner;
    if (corner != null && this.page.mayEdit()) return this.cornerKey(event, Number(corner), arrow);
    if (event.key !== 'n' || settings.letters === false || event.altKey || !this.page.mayEdit()) return false;
    this.page.begin();
    return true;
  }

  drawKey(event, arrow) {
    const { drawing } = this.sketch;
    if (arrow) {
      const [x, y] = drawing.cursor ?? [0.5, 0.5];
      drawing.cursor = [round(x + 2 * arrow[0]), round(y + 2 * arrow[1])];
      this.canvas.paint();
      say(drawing.cursor.map(v => `${(v * 100).toFixed(1)} %`).join(', '));
    } else if (event.key === ' ' && drawing.cursor && !event.target.closest('button')) {
      drawing.points.push([...drawing.cursor]);
      this.page.draw();
    } else if (event.key === 'Enter' && !event.target.closest('button')) this.page.finish();
    else if (event.key === 'Escape') { this.sketch.drawing = null; this.page.draw(); } else return false;
    return true;
  }

  cornerKey(event, corner, arrow) {
    this.sketch.selected = corner;
    if (arrow) {
      this.sketch.nudge(corner, ...arrow);
      this.page.draw();
      say(cornerName(corner, this.sketch.polygon[corner]));
    } else if (event.key === 'Delete' || event.key === 'Backspace') this.remove(corner);
    else if (event.key === 'Insert' || event.key === '+') this.insert(corner);
    else if (event.key === 'Escape') { this.sketch.selected = -1; $('#box').focus(); this.page.draw(); } else return false;
    return true;
  }
}
