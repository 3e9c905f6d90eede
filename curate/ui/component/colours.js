// Colours by name, from the theme that is on: c0..c13 classes, s0..s6 steps of a score, and words of verdicts.

const SEMANTIC = {green: '--st-green-color', red: '--st-red-color', orange: '--st-orange-color', blue: '--st-blue-color', gray: '--st-gray-color'};
const STEPS = {
  light: ['#b7d3e9', '#8fbbdc', '#66a2cc', '#4289ba', '#2a6fa3', '#1a5586', '#0c3a63'],
  dark: ['#23466a', '#2f6392', '#3f82b8', '#5aa0d3', '#80bce4', '#abd5f1', '#dcf0fb'],
};
const FAINT = {light: '#a9b2bc', dark: '#56616d'};

export function theme(element) {
  const style = getComputedStyle(element);
  const read = (name, other) => style.getPropertyValue(name).trim() || other;
  const back = read('--st-background-color', '#ffffff');
  const dark = lightness(back) < 0.5;
  const kind = dark ? 'dark' : 'light';
  const hues = read('--st-chart-categorical-colors', '').split(',').map((c) => c.trim()).filter((c) => /^#[0-9a-f]{6}$/i.test(c));
  const base = hues.length >= 7 ? hues.slice(0, 7) : ['#1f5f8b', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7a6a4f'];
  const second = base.map((c) => mix(c, dark ? '#ffffff' : '#000000', 0.42));
  const of = (name) => {
    if (name in SEMANTIC) return read(SEMANTIC[name], '#888888');
    const number = Number(name.slice(1));
    if (/^c\d+$/.test(name)) return number < 7 ? base[number] : second[number - 7];
    if (/^s\d$/.test(name)) return STEPS[kind][number];
    return FAINT[kind];
  };
  return {
    of, dark, back,
    text: read('--st-text-color', dark ? '#e6ebf0' : '#0b1118'),
    accent: read('--st-primary-color', '#1f5f8b'),
    warn: read('--st-red-color', '#b3261e'),
    key: `${back}|${base.join()}`,
  };
}

function channels(colour) {
  const canvas = document.createElement('canvas').getContext('2d');
  canvas.fillStyle = colour;
  const hex = canvas.fillStyle;
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

function lightness(colour) {
  const [r, g, b] = channels(colour);
  return (0.299 * r + 0.587 * g + 0.114 * b) / 255;
}

function mix(one, two, share) {
  const [a, b] = [channels(one), channels(two)];
  return '#' + a.map((v, n) => Math.round(v * (1 - share) + b[n] * share).toString(16).padStart(2, '0')).join('');
}

export const rgba = (colour, alpha) => `rgba(${channels(colour).join()},${alpha})`;
