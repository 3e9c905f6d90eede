// Fetching and sending: everything goes to the app's own routes, as binary; row text comes as plain text.

async function ask(url, options) {
  const answer = await fetch(url, {cache: 'no-store', credentials: 'same-origin', ...options});
  if (!answer.ok) throw new Error(`${answer.status} for ${new URL(url, document.baseURI).pathname.split('/')[1]}`);
  return answer;
}

export async function points(base, key) {
  const all = new Float32Array(await (await ask(`${base}/${key}`)).arrayBuffer());
  return {x: all.subarray(0, all.length / 2), y: all.subarray(all.length / 2), count: all.length / 2};
}

export async function codes(base, key) {
  return new Uint16Array(await (await ask(`${base}/${key}`)).arrayBuffer());
}

export async function bits(base, key) {
  return new Uint8Array(await (await ask(`${base}/${key}`)).arrayBuffer());
}

export async function groups(base, key) {
  const all = new Int32Array(await (await ask(`${base}/${key}`)).arrayBuffer());
  const [count, total] = all;
  const start = all.subarray(2, 3 + count);
  return {count, start, points: all.subarray(3 + 2 * count, 3 + 2 * count + total)};
}

export async function row(base, cloud, point, signal) {
  return (await ask(`${base}/${cloud}/row/${point}`, {signal})).text();
}

// One bit a point, the first in the lowest bit of the first byte.
export async function choose(base, cloud, chosen, count) {
  const body = new Uint8Array(Math.ceil(count / 8));
  for (const point of chosen) body[point >> 3] |= 1 << (point & 7);
  return (await ask(`${base}/${cloud}/chosen`, {method: 'POST', body})).text();
}

export const has = (set, point) => (set[point >> 3] >> (point & 7)) & 1;
