// The zones while they are drawn: each change is one step that can be undone.
import { round } from './geometry.js';

const most = 100;
export const copy = value => JSON.parse(JSON.stringify(value));
export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

export class Sketch {
  /** @param zones as the file has them. */
  constructor(zones) {
    this.saved = copy(zones);
    this.zones = copy(zones);
    this.current = 0;
    this.selected = -1; // a corner of the current zone
    this.drawing = null; // {points, cursor, kind}: a zone that is begun
    this.past = [];
    this.future = [];
    this.nudged = 0;
  }

  get zone() { return this.zones[this.current]; }
  get polygon() { return this.zone?.polygon ?? []; }
  get isChanged() { return !same(this.zones, this.saved); }
  /** The zones that are drawn on one picture with the current one. */
  get together() { return this.zones.filter(zone => zone.preset === this.zone?.preset); }

  choose(index) { this.current = index; this.selected = -1; }

  /** Before each change. */
  step() {
    this.past.push(JSON.stringify([this.zones, this.current]));
    if (this.past.length > most) this.past.shift();
    this.future = [];
  }

  /** Forgets a step whose change was given up. */
  unstep() { this.restore(this.past.pop()); }

  restore(state) {
    [this.zones, this.current] = JSON.parse(state);
    this.selected = -1;
  }

  undo() {
    if (this.drawing) return this.drawing.points.pop();
    if (!this.past.length) return;
    this.future.push(JSON.stringify([this.zones, this.current]));
    this.restore(this.past.pop());
  }

  redo() {
    if (!this.future.length || this.drawing) return;
    this.past.push(JSON.stringify([this.zones, this.current]));
    this.restore(this.future.pop());
  }

  /** Changes one thing of the current zone. */
  change(body) {
    this.step();
    body(this.zone);
  }

  moveCorner(index, point) { this.polygon[index] = point.map(round); }

  /** Steps of the arrow keys that follow each other quickly are one. */
  nudge(index, dx, dy) {
    const now = Date.now();
    if (now - this.nudged > 700) this.step();
    this.nudged = now;
    const [x, y] = this.polygon[index];
    this.moveCorner(index, [x + dx, y + dy]);
  }

  /** After a corner, by default in the middle of its side. */
  addCorner(index, point) {
    const [a, b] = [this.polygon[index], this.polygon[(index + 1) % this.polygon.length]];
    this.polygon.splice(index + 1, 0, (point ?? [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]).map(round));
    this.selected = index + 1;
  }

  /** False where there would be too few. */
  removeCorner(index) {
    if (this.polygon.length < 4) return false;
    this.step();
    this.polygon.splice(index, 1);
    this.selected = Math.min(index, this.polygon.length - 1);
    return true;
  }

  /** By shares of the picture, from where it was; it stays whole within the picture. */
  moveZone(base, dx, dy) {
    const within = (axis, by) => {
      const values = base.map(corner => corner[axis]);
      return Math.min(1 - Math.max(...values), Math.max(-Math.min(...values), by));
    };
    const [x, y] = [within(0, dx), within(1, dy)];
    this.zone.polygon = base.map(corner => [round(corner[0] + x), round(corner[1] + y)]);
  }

  /** All zones by one offset: what leaves the picture stays at its rim. */
  shift(dx, dy) {
    this.step();
    for (const zone of this.zones) zone.polygon = zone.polygon.map(([x, y]) => [round(x + dx), round(y + dy)]);
  }

  begin(kind) { this.drawing = { points: [], cursor: null, kind }; this.selected = -1; }

  /** The zone that was drawn; nothing where it has too few corners. */
  finish(make) {
    if (!this.drawing || this.drawing.points.length < 3) return null;
    this.step();
    let number = this.zones.length + 1;
    while (this.zones.some(zone => zone.id === `zone-${number}`)) number += 1;
    const zone = make(number, this.drawing.kind, this.drawing.points.map(point => point.map(round)));
    this.zones.push(zone);
    this.drawing = null;
    this.choose(this.zones.length - 1);
    return zone;
  }

  remove() {
    this.step();
    this.zones.splice(this.current, 1);
    this.choose(Math.max(0, this.current - 1));
  }

  /** These are in the file now. */
  settle(zones) { this.saved = copy(zones); }

  /** Takes over what somebody else has made of the zones that are not changed here. */
  rebase(theirs) {
    const base = new Map(this.saved.map(zone => [zone.id, zone]));
    const mine = new Map(this.zones.map(zone => [zone.id, zone]));
    const isMine = id => !same(base.get(id) ?? null, mine.get(id) ?? null);
    const kept = theirs.filter(zone => !isMine(zone.id) || mine.has(zone.id)).map(zone => (isMine(zone.id) ? mine.get(zone.id) : copy(zone)));
    const added = this.zones.filter(zone => isMine(zone.id) && !theirs.some(other => other.id === zone.id));
    this.step();
    this.zones = [...kept, ...added];
    this.choose(Math.min(this.current, Math.max(0, this.zones.length - 1)));
    this.settle(theirs);
  }
}
