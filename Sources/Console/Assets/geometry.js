// Polygons in shares of the picture. The daemon alone says what is wrong with a zone and what it would report; this is for the hand.
export const area = p => Math.abs(p.reduce((sum, [x, y], i) => {
  const [u, v] = p[(i + 1) % p.length];
  return sum + x * v - u * y;
}, 0)) / 2;

const turn = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
const cross = (a, b, c, d) => turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;

/** Whether two of its sides cross. */
export function crosses(p) {
  for (let i = 0; i < p.length; i += 1) {
    for (let j = i + 2; j < p.length; j += 1) {
      if (i === 0 && j === p.length - 1) continue;
      if (cross(p[i], p[i + 1], p[j], p[(j + 1) % p.length])) return true;
    }
  }
  return false;
}

function holds(p, x, y) {
  let isInside = false;
  for (let i = 0, j = p.length - 1; i < p.length; j = i, i += 1) {
    if ((p[i][1] > y) !== (p[j][1] > y) && x < ((p[j][0] - p[i][0]) * (y - p[i][1])) / (p[j][1] - p[i][1]) + p[i][0]) isInside = !isInside;
  }
  return isInside;
}

/** The share of a that lies in b, roughly, by a grid of points. */
export function overlap(a, b) {
  let [both, one] = [0, 0];
  for (let i = 0; i < 60; i += 1) {
    for (let j = 0; j < 60; j += 1) {
      const [x, y] = [(i + 0.5) / 60, (j + 0.5) / 60];
      if (holds(a, x, y)) { one += 1; if (holds(b, x, y)) both += 1; }
    }
  }
  return one ? both / one : 0;
}

/** Three decimals, within the picture. */
export const round = v => Math.round(Math.min(1, Math.max(0, v)) * 1000) / 1000;
