// Mouse, fingers and keys on the picture. A pinch never sets a point, and each drag has a click and a key in its place.
import { $, say } from './ui.js';
import { settings, t } from './i18n.js';
import { round } from './geometry.js';
import { copy } from './sketch.js';
import { cornerName } from './canvas.js';

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
    if (canvas.isTouch) event.preventDefault();
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
