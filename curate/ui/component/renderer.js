// What draws the points: as many pixels as the map has, each once; while a slow machine is moved, the last picture moves.
// Left to itself the library draws as many pixels as the window has, four times over, and 50,000 points anew at every step:
// 9 frames a second without a graphics card, 500,000 points one.

import {createRenderer} from './regl-scatterplot.js';

const SLOW = 20; // ms: a picture that takes longer is moved rather than drawn anew
const ANSWER = 1500; // ms that the app's answer to a choice may take
const REST = 150; // ms without a move or more of an answer, then it is drawn anew

export class Renderer {
  // view() gives the camera's matrix, redraw() asks for a picture.
  constructor(view, redraw) {
    const canvas = document.createElement('canvas');
    canvas.getContext('webgl', {antialias: false, preserveDrawingBuffer: true});
    const base = createRenderer({canvas});
    this.still = document.createElement('canvas');
    [this.view, this.redraw, this.cost, this.next] = [view, redraw, 0, 0];
    this.base = base;
    this.plot = Object.create(base, {render: {value: (draw, target) => this.render(draw, target)}});
  }

  resize(width, height) {
    this.base.resize(width, height);
    this.at = null;
  }

  // The next picture is drawn, whatever it costs: points, colours or the choice changed.
  anew() { this.at = null; }

  // On a slow machine a picture keeps the page from showing anything else, so an answer on its way comes first.
  hold(most = ANSWER) {
    clearTimeout(this.held);
    this.held = setTimeout(() => { this.held = 0; this.late(); }, most);
  }

  // The answer has begun to come.
  answered() { if (this.held) this.hold(REST); }

  late() {
    if (this.missed) this.redraw();
    this.missed = false;
  }

  render(draw, target) {
    const now = this.view();
    if (this.mayMove(now, target)) this.move(now, target);
    else if ((this.drawing || this.held) && this.cost >= SLOW) this.missed = true; // one picture at a time: a queue of them only delays the last
    else this.full(draw, target, now);
  }

  mayMove(now, target) {
    if (!this.at || this.cost < SLOW || performance.now() >= this.next || this.still.width !== target.width) return false;
    return now[1] === this.at[1] && now.some((v, n) => v !== this.at[n]);
  }

  full(draw, target, now) {
    clearTimeout(this.resting);
    const began = performance.now();
    this.base.render(draw, target);
    this.at = now && [...now];
    if (this.still.width !== target.width || this.still.height !== target.height) Object.assign(this.still, {width: target.width, height: target.height});
    const pen = this.still.getContext('2d');
    pen.clearRect(0, 0, target.width, target.height);
    pen.drawImage(target, 0, 0);
    // The work may be done elsewhere: then what it cost shows in when the next frame comes.
    const waited = performance.now() - began;
    this.drawing = true;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const took = Math.max(waited, performance.now() - began - 17);
      this.cost = this.cost ? 0.5 * this.cost + 0.5 * took : took;
      this.next = performance.now() + 2 * this.cost;
      this.drawing = false;
      this.late();
    }));
    this.next = Infinity;
  }

  // Where the camera's matrix takes the last picture: magnified by k about the middle, then shifted.
  move(now, target) {
    const k = now[0] / this.at[0];
    const [w, h] = [target.width, target.height];
    const x = (1 - k) * w / 2 + (now[12] - k * this.at[12]) * h / 2;
    const y = (1 - k) * h / 2 - (now[13] - k * this.at[13]) * h / 2;
    const pen = target.getContext('2d');
    pen.clearRect(0, 0, w, h);
    pen.drawImage(this.still, x, y, k * w, k * h);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => { this.at = null; this.redraw(); }, REST);
  }

  destroy() {
    clearTimeout(this.resting);
    clearTimeout(this.held);
    this.base.destroy();
  }
}
