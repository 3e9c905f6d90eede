// The parts of the map's page that are not points: frame, buttons, legend, the card of the row under the pointer.

export function make(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  return made;
}

export function frame(root) {
  root.classList.add('cm');
  const parts = {
    bar: make('div', 'cm-bar'), stage: make('div', 'cm-stage'), under: make('canvas', 'cm-layer'), plot: make('canvas', 'cm-plot'),
    over: make('canvas', 'cm-layer'), names: make('div', 'cm-names'), cross: make('div', 'cm-cross'), card: make('div', 'cm-card'),
    side: make('div', 'cm-side'), said: make('div', 'cm-said'), fault: make('div', 'cm-fault'),
  };
  parts.stage.tabIndex = 0;
  parts.stage.setAttribute('role', 'application');
  parts.said.setAttribute('role', 'status');
  parts.fault.setAttribute('role', 'alert');
  parts.bar.setAttribute('role', 'toolbar');
  parts.bar.setAttribute('aria-label', 'Map tools');
  for (const part of [parts.under, parts.plot, parts.over, parts.names, parts.cross]) part.setAttribute('aria-hidden', 'true');
  parts.stage.append(parts.under, parts.plot, parts.over, parts.names, parts.cross, parts.card, parts.fault);
  const body = make('div', 'cm-body');
  body.append(parts.stage, parts.side);
  root.replaceChildren(parts.bar, body, parts.said);
  return parts;
}

export function button(parent, text, help, act, pressed) {
  const made = make('button', 'cm-button', text);
  made.type = 'button';
  made.title = help;
  if (text.length < 2) made.setAttribute('aria-label', help);
  if (pressed !== undefined) made.setAttribute('aria-pressed', String(pressed));
  made.addEventListener('click', act);
  parent.append(made);
  return made;
}

// Buttons, one per class: the name and the count stand beside the colour; a press shows these classes only.
export function legend(side, data, colours, only, toggle, all) {
  const head = make('div', 'cm-head');
  head.append(make('strong', '', data.title));
  if (only.size) button(head, 'Show all', 'Show every class again', all);
  const list = make('div', 'cm-list');
  list.setAttribute('role', 'group');
  list.setAttribute('aria-label', `${data.title}: classes, a press shows these only`);
  data.entries.forEach((entry, n) => {
    const line = make('button', 'cm-entry');
    line.type = 'button';
    line.title = `${entry.name}: ${entry.count.toLocaleString('en')} points. Press to show this class only, more presses add.`;
    line.setAttribute('aria-pressed', String(only.has(n)));
    const swatch = make('span', 'cm-swatch');
    swatch.style.background = colours.of(entry.colour);
    line.append(swatch, make('span', 'cm-what', entry.name), make('span', 'cm-count', entry.count.toLocaleString('en')));
    if (only.size && !only.has(n)) line.classList.add('cm-off');
    line.addEventListener('click', () => toggle(n));
    list.append(line);
  });
  const foot = make('div', 'cm-foot');
  for (const text of [data.more, data.note].filter(Boolean)) foot.append(make('div', '', text));
  for (const link of data.links) {
    const line = make('div', 'cm-link');
    line.append(make('span', link.kind === 'contradiction' ? 'cm-dash' : 'cm-ring'), make('span', '', link.said));
    foot.append(line);
  }
  side.replaceChildren(head, list, foot);
}

export function place(card, stage, x, y) {
  const [w, h] = [card.offsetWidth, card.offsetHeight];
  card.style.left = `${Math.max(4, Math.min(x + 16, stage.clientWidth - w - 4))}px`;
  card.style.top = `${y + h + 24 > stage.clientHeight ? Math.max(4, y - h - 12) : y + 16}px`;
}
