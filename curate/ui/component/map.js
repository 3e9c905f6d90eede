// The map: points by regl-scatterplot, everything about them by the app's own routes.
// show() is called on every run of the script; it draws what differs from what is drawn.

import createScatterplot from './regl-scatterplot.js';
import {rgba, theme} from './colours.js';
import {density, hit, Names, paintDensity, paintGroups, picture} from './overlay.js';
import {button, frame, legend, place} from './parts.js';
import {Renderer} from './renderer.js';
import * as wire from './wire.js';

const STEP = 0.2; // of what is seen: one press of an arrow key
const SIZES = [[300, 9], [3000, 6], [20000, 4], [120000, 3], [Infinity, 2]];
const CLICK = 4; // pixels that the pointer may move in a click
const maps = new WeakMap();

export function show({parentElement, data, setStateValue, setTriggerValue}) {
  const root = parentElement.querySelector('.cm-root') || parentElement;
  let map = maps.get(root);
  if (!map) maps.set(root, (map = new TopicMap(root)));
  map.tell = {state: setStateValue, trigger: setTriggerValue};
  map.kept = true;
  map.update(data);
  return map;
}

// Streamlit cleans up before some runs too: what is still on the page a moment later stays.
export function drop(map) {
  map.kept = false;
  setTimeout(() => { if (!map.kept || !map.root.isConnected) map.destroy(); }, 1500);
}

class TopicMap {
  constructor(root) {
    this.root = root;
    this.parts = frame(root);
    this.drawn = {};
    this.only = new Set();
    this.on = {names: true, density: true};
    this.mode = 'pan';
    this.pointer = [0, 0];
    this.far = 0; // how far the pointer went since it was pressed
    this.names = new Names(this.parts.names);
    this.groups = [];
    this.tools();
    this.events();
  }

  // ---- what the script wants, one after the other, the latest last
  async update(data) {
    this.wanted = data;
    this.renderer?.answered();
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.wanted) {
        const next = this.wanted;
        this.wanted = null;
        await this.apply(next);
      }
      this.parts.fault.textContent = '';
    } catch (error) {
      this.parts.fault.textContent = this.plot ? `The map could not be updated (${error.message}). Reload the page.` : `${error.message}. The table below the map has the same rows.`;
    } finally {
      this.busy = false;
    }
  }

  async apply(data) {
    const now = this.drawn;
    const colours = theme(this.root);
    const again = (name) => data[name] !== now[name];
    if (again('cloud')) { this.xy = await wire.points(data.base, data.cloud); this.cells = density(this.xy.x, this.xy.y); this.index = undefined; this.chosen = []; }
    if (again('layer')) { this.codes = await wire.codes(data.base, data.layer); this.only.clear(); }
    if (again('kept')) this.keeps = data.kept ? await wire.bits(data.base, data.kept) : null;
    if (again('lit')) this.lit = data.lit ? await wire.bits(data.base, data.lit) : null;
    const links = JSON.stringify(data.links);
    if (links !== this.links) {
      this.groups = await Promise.all(data.links.map(async ({kind, key}) => ({kind, groups: await wire.groups(data.base, key)})));
      this.links = links;
    }
    if (again('cloud') || colours.key !== this.colours?.key) this.image = picture(this.cells, colours.text);
    const paint = again('cloud') || again('layer') || again('lit') || colours.key !== this.colours?.key;
    const filter = paint || again('kept');
    const clear = data.clear !== now.clear && now.clear !== undefined;
    this.colours = colours;
    this.data = data;
    this.drawn = {...data};
    this.parts.stage.setAttribute('aria-label', data.said);
    this.names.set(data.labels);
    this.legend();
    performance.mark('map.data');
    if (paint) await this.draw();
    if (filter) await this.filter();
    if (paint) performance.mark('map.painted');
    if (clear) this.plot.deselect({preventEvent: true});
    this.overlay();
    this.status();
  }

  open() {
    if (this.plot) return;
    try {
      this.renderer = new Renderer(() => this.plot?.get('cameraView') || null, () => this.plot?.redraw());
      this.fit();
      this.plot = createScatterplot({
        renderer: this.renderer.plot, syncEvents: true, canvas: this.parts.plot, xScale: scale(), yScale: scale(), pointScaleMode: 'asinh', pointOutlineWidth: 1, pointSizeSelected: 1,
        deselectOnEscape: false, deselectOnDblClick: false, lassoMinDist: 3, opacityByDensityFill: 0.22, opacityInactiveScale: 0.3, spatialIndexUseWorker: false,
      });
    } catch {
      throw new Error('This browser gives no WebGL, so points can not be drawn');
    }
    this.plot.subscribe('view', () => this.later());
    this.plot.subscribe('draw', () => this.root.dispatchEvent(new CustomEvent('map-drawn')));
    this.plot.subscribe('select', ({points}) => this.select(points));
    this.plot.subscribe('deselect', () => this.select([]));
    this.plot.subscribe('pointover', (point) => this.over(point));
    this.plot.subscribe('pointout', () => this.hide());
    this.plot.subscribe('lassoStart', () => this.hide());
  }

  fit() {
    const {clientWidth, clientHeight} = this.parts.stage;
    if (clientWidth && clientHeight) this.renderer.resize(clientWidth, clientHeight);
  }

  async draw() {
    this.open();
    const {x, y, count} = this.xy;
    const entries = this.data.entries;
    const names = [...new Set(entries.map((e) => e.colour))];
    const colour = entries.map((e) => names.indexOf(e.colour));
    const z = new Uint8Array(count);
    for (let n = 0; n < count; n++) z[n] = colour[this.codes[n]];
    const w = new Uint8Array(count);
    if (this.lit) for (let n = 0; n < count; n++) w[n] = wire.has(this.lit, n);
    const size = SIZES.find(([most]) => count <= most)[1];
    const back = rgba(this.colours.back, 1).match(/\d+/g).slice(0, 3).map((v) => v / 255);
    this.plot.set({
      backgroundColor: [...back, 1], pointColor: names.map((n) => this.colours.of(n)), colorBy: 'valueA',
      pointColorActive: this.colours.text, pointColorHover: this.colours.text, lassoColor: this.colours.accent,
      opacityBy: this.lit ? 'valueB' : 'density', opacity: this.lit ? [0.1, 1] : [0.7],
      opacityInactiveScale: this.lit ? 1 : 0.3,
      sizeBy: this.lit ? 'valueB' : null, pointSize: this.lit ? [size, size + 3] : size,
    });
    this.renderer.anew();
    await this.plot.draw({x, y, z, w}, {zDataType: 'categorical', wDataType: 'categorical', preventFilterReset: true, spatialIndex: this.index});
    this.index = this.plot.get('spatialIndex');
  }

  shows(point) {
    return (!this.keeps || wire.has(this.keeps, point)) && (!this.only.size || this.only.has(this.codes[point]));
  }

  async filter() {
    this.renderer.anew();
    const before = this.chosen.length;
    if (!this.keeps && !this.only.size) {
      this.shown = this.xy.count;
      if (this.plot.get('isPointsFiltered')) await this.plot.unfilter({preventEvent: true});
      return;
    }
    const list = [];
    for (let n = 0; n < this.xy.count; n++) if (this.shows(n)) list.push(n);
    this.shown = list.length;
    await this.plot.filter(list, {preventEvent: true});
    const left = this.plot.get('selectedPoints');
    if (left.length !== before) this.select(left);
  }

  // ---- what goes back to the script
  async select(points) {
    this.chosen = [...points];
    this.renderer.hold();
    this.hide();
    this.status();
    const {base, cloud} = this.data;
    const turn = (this.turn = (this.turn || 0) + 1);
    if (!points.length) return this.tell.state('chosen', null);
    if (points.length === 1) return this.tell.state('chosen', {point: points[0], cloud});
    try {
      const key = await wire.choose(base, cloud, points, this.xy.count);
      if (turn === this.turn) this.tell.state('chosen', {key, count: points.length});
    } catch (error) {
      this.parts.fault.textContent = `What you chose did not reach the app (${error.message}). Reload the page.`;
    }
  }

  // ---- the row under the pointer
  over(point) {
    if (this.down || point === this.asked) return;
    this.asked = point;
    this.reading?.abort();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.read(point, this.pointer), 70);
  }

  async read(point, [x, y]) {
    this.reading = new AbortController();
    const {card, stage} = this.parts;
    try {
      const text = await wire.row(this.data.base, this.data.cloud, point, this.reading.signal);
      const entry = this.data.entries[this.codes[point]];
      card.textContent = `${this.data.title}: ${entry ? entry.name : '–'}\n${text}`;
      card.style.display = 'block';
      place(card, stage, x, y);
    } catch { /* another point by now, or the row is gone */ }
  }

  hide() {
    this.asked = undefined;
    this.reading?.abort();
    clearTimeout(this.waiting);
    this.parts.card.style.display = 'none';
  }

  // ---- over and under the points
  later() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => { this.frame = 0; this.overlay(); });
  }

  overlay() {
    if (!this.plot) return;
    const [sx, sy] = [this.plot.get('xScale'), this.plot.get('yScale')];
    const shape = {sx, sy, width: this.parts.stage.clientWidth, height: this.parts.stage.clientHeight};
    shape.zoom = 2 / (sy.domain()[1] - sy.domain()[0]);
    paintDensity(this.parts.under, shape, this.image, this.on.density && !this.lit && this.xy.count > 2000);
    const {hits, inView} = paintGroups(this.parts.over, shape, this.groups, this.xy, (p) => this.shows(p), this.colours);
    this.names.paint(shape, this.on.names);
    if (hits.length !== this.hits?.length || inView !== this.inView) { this.hits = hits; this.inView = inView; this.status(); }
    this.hits = hits;
  }

  status() {
    if (!this.xy) return;
    const say = (n) => n.toLocaleString('en');
    const parts = [`${say(this.shown ?? this.xy.count)} of ${say(this.xy.count)} points shown`];
    if (this.data.lit) parts.push(this.data.litSaid);
    if (this.chosen.length) parts.push(`${say(this.chosen.length)} chosen`);
    if (this.hits && this.inView > this.hits.length) parts.push(`${say(this.hits.length)} of ${say(this.inView)} outlines in view drawn; zoom in for the rest`);
    this.parts.said.textContent = parts.join(' · ');
  }

  legend() {
    legend(this.parts.side, this.data, this.colours, this.only, (n) => {
      if (!this.only.delete(n)) this.only.add(n);
      this.again();
    }, () => { this.only.clear(); this.again(); });
  }

  async again() {
    if (!this.plot) return;
    this.legend();
    await this.filter();
    this.overlay();
    this.status();
  }

  // ---- buttons, keys, pointer
  tools() {
    const bar = this.parts.bar;
    this.modes = {
      pan: button(bar, 'Move', 'Drag to move, wheel to zoom, click a point to open its row', () => this.use('pan'), true),
      lasso: button(bar, 'Lasso', 'Draw around points (or hold Shift while moving); Ctrl or Cmd adds, Alt takes away', () => this.use('lasso'), false),
      box: button(bar, 'Box', 'Drag a rectangle over points', () => this.use('box'), false),
    };
    button(bar, 'Choose what is in view', 'Choose every point that is on the screen now (key V)', () => this.view());
    button(bar, 'Clear', 'Choose nothing (key Escape)', () => this.plot?.deselect());
    const space = document.createElement('span');
    space.className = 'cm-space';
    bar.append(space);
    const flip = (name, text, help) => {
      const made = button(bar, text, help, () => {
        this.on[name] = !this.on[name];
        made.setAttribute('aria-pressed', String(this.on[name]));
        this.overlay();
      }, true);
    };
    flip('names', 'Names', 'Names of topics; those that would touch wait for more zoom');
    flip('density', 'Density', 'A shade where many points lie, while zoomed out');
    button(bar, '+', 'Zoom in', () => this.move(0, 0, 1 / 1.5));
    button(bar, '−', 'Zoom out', () => this.move(0, 0, 1.5));
    button(bar, 'Whole map', 'Back to the whole map (key 0)', () => this.plot?.zoomToOrigin());
  }

  use(mode) {
    this.mode = mode;
    for (const [name, made] of Object.entries(this.modes)) made.setAttribute('aria-pressed', String(name === mode));
    this.plot?.set({mouseMode: mode === 'pan' ? 'panZoom' : 'lasso', lassoType: mode === 'box' ? 'rectangle' : 'freeform'});
  }

  events() {
    const stage = this.parts.stage;
    stage.addEventListener('pointermove', (event) => {
      const box = stage.getBoundingClientRect();
      this.pointer = [event.clientX - box.left, event.clientY - box.top];
      if (this.down) this.far = Math.max(this.far, Math.hypot(this.pointer[0] - this.from[0], this.pointer[1] - this.from[1]));
      const ring = this.mode === 'pan' && !event.buttons && hit(this.hits || [], ...this.pointer);
      stage.style.cursor = ring ? 'pointer' : this.mode === 'pan' ? 'grab' : 'crosshair';
    });
    stage.addEventListener('pointerdown', () => { this.down = true; this.from = [...this.pointer]; this.far = 0; this.hide(); });
    this.up = () => { this.down = false; };
    window.addEventListener('pointerup', this.up);
    stage.addEventListener('pointerleave', () => this.hide());
    stage.addEventListener('click', (event) => {
      // A ring that ends where it began is no click: the point below its end would take the place of all that it holds.
      if (this.far > CLICK) return event.stopPropagation();
      const ring = this.mode === 'pan' && hit(this.hits || [], ...this.pointer);
      if (!ring) return;
      event.stopPropagation();
      this.tell.trigger('opened', {kind: ring.kind, group: ring.group});
    }, true);
    stage.addEventListener('wheel', (event) => event.preventDefault(), {passive: false});
    stage.addEventListener('keydown', (event) => this.key(event));
    stage.addEventListener('blur', () => this.hide());
    this.sized = new ResizeObserver(() => { if (this.plot) { this.fit(); this.plot.set({width: 'auto', height: 'auto'}); this.later(); } });
    this.sized.observe(stage);
    this.themed = new MutationObserver(() => { if (this.data && theme(this.root).key !== this.colours?.key) this.update(this.data); });
    this.themed.observe(document.documentElement, {attributes: true, subtree: false});
    this.themed.observe(document.body, {attributes: true, subtree: false});
  }

  key(event) {
    if (!this.plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = {ArrowLeft: [-STEP, 0, 1], ArrowRight: [STEP, 0, 1], ArrowUp: [0, STEP, 1], ArrowDown: [0, -STEP, 1], '+': [0, 0, 1 / 1.5], '=': [0, 0, 1 / 1.5], '-': [0, 0, 1.5]};
    if (event.key in moves) this.move(...moves[event.key]);
    else if (event.key === '0') this.plot.zoomToOrigin();
    else if (event.key === 'Escape') this.plot.deselect();
    else if (event.key === 'v' || event.key === 'V') this.view();
    else if (event.key === 'Enter') { const point = this.middle(); if (point >= 0) this.plot.select([point]); } else return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key !== 'Enter') this.announce();
  }

  // By shares of what is seen; more than 1 is farther away.
  move(x, y, closer) {
    if (!this.plot) return;
    const [[a, b], distance] = [this.plot.get('cameraTarget'), this.plot.get('cameraDistance')];
    const far = Array.isArray(distance) ? distance[0] : distance;
    this.plot.zoomToLocation([a + x * 2 * far, b + y * 2 * far], far * closer);
  }

  // The shown point nearest to the middle of the view, -1 for none.
  middle() {
    const {width, height} = {width: this.parts.stage.clientWidth, height: this.parts.stage.clientHeight};
    const [sx, sy] = [this.plot.get('xScale'), this.plot.get('yScale')];
    let [best, least] = [-1, Infinity];
    for (const point of this.plot.get('pointsInView')) {
      const away = Math.hypot(sx(this.xy.x[point]) - width / 2, sy(this.xy.y[point]) - height / 2);
      if (away < least) [best, least] = [point, away];
    }
    return best;
  }

  announce() {
    clearTimeout(this.saying);
    this.saying = setTimeout(() => {
      const point = this.middle();
      const inView = this.plot.get('pointsInView').length;
      this.parts.said.textContent = `${inView.toLocaleString('en')} points in view. Enter opens the one nearest to the middle.`;
      if (point >= 0) this.read(point, [this.parts.stage.clientWidth / 2, this.parts.stage.clientHeight / 2]);
    }, 250);
  }

  view() {
    if (!this.plot) return;
    const points = [...this.plot.get('pointsInView')];
    if (points.length) this.plot.select(points);
  }

  destroy() {
    if (this.gone) return;
    this.gone = true;
    maps.delete(this.root);
    window.removeEventListener('pointerup', this.up);
    this.sized.disconnect();
    this.themed.disconnect();
    this.plot?.destroy();
    this.renderer?.destroy();
  }
}

// What regl-scatterplot needs of a D3 scale: linear, domain and range that can be set.
function scale() {
  let [from, to] = [[-1, 1], [0, 1]];
  const made = (value) => to[0] + (value - from[0]) / (from[1] - from[0]) * (to[1] - to[0]);
  made.domain = (given) => (given ? ((from = [...given]), made) : from);
  made.range = (given) => (given ? ((to = [...given]), made) : to);
  return made;
}
