// Two texts word by word. Text arrives as data and is set as text, never as markup.
const SHOWN = {gone: 'del', new: 'ins'};

export default function ({parentElement, data}) {
  const root = parentElement.querySelector('.wd');
  root.setAttribute('aria-label', data.name);
  root.replaceChildren(...data.parts.flatMap(draw));
  if (data.reveal && root.dataset.shown !== data.reveal) {
    const first = root.querySelector('del, ins') || root;
    setTimeout(() => first.scrollIntoView({block: 'center'}), 60); // the rest of the page is laid out first
  }
  root.dataset.shown = data.reveal || '';
}

function draw([kind, text, skipped, rest]) {
  if (SHOWN[kind]) {
    const made = document.createElement(SHOWN[kind]);
    made.textContent = text;
    return [made];
  }
  if (!skipped) return [document.createTextNode(text)];
  const gap = document.createElement('span');
  gap.className = 'gap';
  gap.textContent = `${skipped.toLocaleString('en')} characters alike`;
  return [document.createTextNode(text), gap, document.createTextNode(rest)];
}
