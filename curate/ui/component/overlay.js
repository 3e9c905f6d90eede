// What lies over and under the points: density while zoomed out, outlined groups, names that give way to each other.

import {rgba} from './colours.js';

const GRID = 128;
const MOST_NAMES = 48;
const MOST_GROUPS = 3000;
const WIDEST = 90; // pixels: a wider group is drawn as lines from its first row

// Points per cell of a square from -1 to 1, blurred, 0 to 1 by the logarithm of the count.
export function density(x, y) {
  const grid = new Float32Array(GRID * GRID);
  for (let n = 0; n < x.length; n++) {
    const column = Math.min(GRID - 1, Math.max(0, Math.floor((x[n] + 1) / 2 * GRID)));
    const line = Math.min(GRID - 1, Math.max(0, Math.floor((1 - y[n]) / 2 * GRID)));
    grid[line * GRID + column]++;
  }
  const soft = blur(blur(grid));
  let most = 0;
  for (const v of soft) most = Math.max(most, v);
  return soft.map((v) => (most ? Math.log1p(v) / Math.log1p(most) : 0));
}

function blur(grid) {
  const out = new Float32Array(grid.length);
  for (let line = 0; line < GRID; line++) {
    for (let column = 0; column < GRID; column++) {
      let sum = 0, count = 0;
      for (let a = Math.max(0, line - 1); a <= Math.min(GRID - 1, line + 1); a++) {
        for (let b = Math.max(0, column - 1); b <= Math.min(GRID - 1, column + 1); b++) { sum += grid[a * GRID + b]; count++; }
      }
      out[line * GRID + column] = sum / count;
    }
  }
  return out;
}

export function picture(grid, colour) {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = GRID;
  const pen = canvas.getContext('2d');
  const image = pen.createImageData(GRID, GRID);
  const [r, g, b] = rgba(colour, 1).match(/\d+/g).map(Number);
  for (let n = 0; n < grid.length; n++) image.data.set([r, g, b, Math.round(110 * grid[n] ** 1.5)], n * 4);
  pen.putImageData(image, 0, 0);
  return canvas;
}

// The density under the points, fading out as one zooms in.
export function paintDensity(canvas, shape, image, on) {
  const pen = fit(canvas, shape);
  const fade = Math.min(1, Math.max(0, (3.5 - shape.zoom) / 2.5));
  if (!on || !image || !fade) return;
  pen.globalAlpha = fade;
  pen.imageSmoothingEnabled = true;
  const [left, right, top, bottom] = [shape.sx(-1), shape.sx(1), shape.sy(1), shape.sy(-1)];
  pen.drawImage(image, left, top, right - left, bottom - top);
}

// Groups in view; returns what can be clicked, and how many of how many are drawn.
export function paintGroups(canvas, shape, kinds, xy, shows, colours) {
  const pen = fit(canvas, shape);
  const hits = [];
  let inView = 0;
  for (const {kind, groups} of kinds) {
    pen.strokeStyle = kind === 'contradiction' ? colours.warn : rgba(colours.text, 0.75);
    pen.lineWidth = kind === 'contradiction' ? 1.8 : 1.2;
    pen.setLineDash(kind === 'contradiction' ? [4, 3] : []);
    for (let group = 0; group < groups.count; group++) {
      const ring = enclose(groups, group, shape, xy, shows);
      if (!ring) continue;
      inView++;
      if (hits.length >= MOST_GROUPS) continue;
      pen.beginPath();
      if (ring.radius > WIDEST) spokes(pen, ring);
      else pen.arc(ring.x, ring.y, ring.radius, 0, 7);
      pen.stroke();
      hits.push({kind, group, ...ring});
    }
  }
  pen.setLineDash([]);
  return {hits, inView};
}

function enclose(groups, group, {sx, sy, width, height}, {x, y}, shows) {
  const places = [];
  for (let n = groups.start[group]; n < groups.start[group + 1]; n++) {
    const point = groups.points[n];
    if (shows(point)) places.push([sx(x[point]), sy(y[point])]);
  }
  if (places.length < 2) return null;
  const mid = [0, 1].map((axis) => (Math.min(...places.map((p) => p[axis])) + Math.max(...places.map((p) => p[axis]))) / 2);
  const radius = Math.max(...places.map((p) => Math.hypot(p[0] - mid[0], p[1] - mid[1]))) + 7;
  const outside = mid[0] + radius < 0 || mid[1] + radius < 0 || mid[0] - radius > width || mid[1] - radius > height;
  return outside ? null : {x: mid[0], y: mid[1], radius, places};
}

function spokes(pen, {places}) {
  for (const [a, b] of places.slice(1)) { pen.moveTo(...places[0]); pen.lineTo(a, b); }
  for (const [a, b] of places) { pen.moveTo(a + 6, b); pen.arc(a, b, 6, 0, 7); }
}

export function hit(hits, x, y) {
  return hits.find((h) => (h.radius > WIDEST
    ? h.places.some(([a, b]) => Math.abs(Math.hypot(a - x, b - y) - 6) < 4)
    : Math.abs(Math.hypot(h.x - x, h.y - y) - h.radius) < 4));
}

// Names from the largest topic down; one that would touch another waits for more zoom.
export class Names {
  constructor(parent) {
    this.parent = parent;
    this.items = [];
    this.pen = document.createElement('canvas').getContext('2d');
  }

  set(labels) {
    const key = JSON.stringify(labels);
    if (key === this.key) return;
    this.key = key;
    this.pen.font = '600 12px sans-serif';
    this.parent.replaceChildren();
    this.items = labels.map((label) => ({...label, wide: this.pen.measureText(label.name).width * 1.08 + 12, element: null}));
  }

  paint({sx, sy, width, height}, on) {
    const placed = [];
    for (const item of this.items) {
      const [x, y] = [sx(item.x), sy(item.y)];
      const half = item.wide / 2;
      const inside = on && x > half && x < width - half && y > 10 && y < height - 10 && placed.length < MOST_NAMES;
      const free = inside && placed.every((p) => Math.abs(p.x - x) > p.half + half || Math.abs(p.y - y) > 20);
      if (free) placed.push({x, y, half});
      this.show(item, free, x, y);
    }
  }

  show(item, on, x, y) {
    if (!on && !item.element) return;
    if (!item.element) {
      item.element = document.createElement('span');
      item.element.className = 'cm-name';
      item.element.textContent = item.name;
      this.parent.append(item.element);
    }
    item.element.style.display = on ? '' : 'none';
    if (on) item.element.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
  }
}

function fit(canvas, {width, height}) {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  const pen = canvas.getContext('2d');
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}
