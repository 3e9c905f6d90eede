// One conversation in big type. Text arrives as data and is set as text, never as markup.
export default function ({parentElement, data}) {
  const root = parentElement.querySelector('.rd');
  root.setAttribute('aria-label', data.name);
  root.replaceChildren(...data.parts.flatMap(draw));
  if (root.dataset.name !== data.name) root.scrollTop = 0;
  root.dataset.name = data.name;
  if (data.focus && root.dataset.focus !== data.focus) take(data.focus, 20);
  root.dataset.focus = data.focus;
  document.removeEventListener('keydown', leave, true);
  document.addEventListener('keydown', leave, true);
  return () => document.removeEventListener('keydown', leave, true);
}

function draw([role, text]) {
  const head = document.createElement('div');
  head.className = 'who';
  head.textContent = role;
  const body = document.createElement('div');
  body.className = `said ${role === 'assistant' ? 'answer' : ''}`;
  body.textContent = text;
  return [head, body];
}

// The box may be drawn after this.
function take(key, tries) {
  const box = document.querySelector(`.st-key-${CSS.escape(key)} textarea`);
  if (box) box.focus();
  else if (tries) setTimeout(() => take(key, tries - 1), 50);
}

// Esc leaves a box, so that single keys are shortcuts again.
function leave(event) {
  const at = document.activeElement;
  if (event.key === 'Escape' && at && ['TEXTAREA', 'INPUT'].includes(at.tagName)) at.blur();
}
