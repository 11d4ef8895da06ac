// Pages in a real Chromium, in both colour schemes: all text is visible (inside the window and inside its drawing, with contrast, on no other
// text), nothing overflows, nothing is asked of any network; and printed. One case per page, width and scheme.
//   node pictures_render.mjs CHROMIUM PAGE..
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
const { chromium } = createRequire(`${process.cwd()}/`)('playwright-core');
const [path, ...pages] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: path,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
let passed = 0, failed = 0;

function look({ smallest }) {
  const bad = [];
  const rgb = (c) => (c.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const solid = (c) => { const v = rgb(c); return v.length === 3 || (v.length === 4 && v[3] === 1) ? v.slice(0, 3) : null; };
  const page = solid(getComputedStyle(document.body).backgroundColor);
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) bad.push(`the page is ${root.scrollWidth} wide in ${root.clientWidth}`);
  let texts = 0;
  for (const svg of document.querySelectorAll('svg')) {
    const frame = svg.getBoundingClientRect();
    if (!frame.width) continue;
    const rects = [...svg.querySelectorAll('rect')].map((r) => [r.getBoundingClientRect(), getComputedStyle(r).fill]);
    const boxes = [];
    for (const t of svg.querySelectorAll('text')) {
      const box = t.getBoundingClientRect(), style = getComputedStyle(t), name = `"${t.textContent.slice(0, 40)}"`;
      texts++;
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 3) bad.push(`${name} leaves its drawing`);
      if (box.left < 0 || box.right > innerWidth) bad.push(`${name} leaves the window`);
      if (parseFloat(style.fontSize) * frame.width / svg.viewBox.baseVal.width < smallest) bad.push(`${name} is too small`);
      const x = box.left + box.width / 2, y = box.top + box.height / 2;
      let under = page;
      for (const [r, fill] of rects) if (r.left <= x && x <= r.right && r.top <= y && y <= r.bottom) under = solid(fill) ?? under;
      const c = contrast(solid(style.fill), under);
      if (c < 4.5) bad.push(`${name} has contrast ${c.toFixed(2)}`);
      for (const [other, o] of boxes) if (box.left < o.right - 1 && o.left < box.right - 1 && box.top + 3 < o.bottom - 3 && o.top + 3 < box.bottom - 3) bad.push(`${name} lies on ${other}`);
      boxes.push([name, box]);
    }
  }
  for (const d of document.querySelectorAll('details')) d.open = true;
  if (root.scrollWidth > root.clientWidth) bad.push(`a table is ${root.scrollWidth} wide in ${root.clientWidth}`);
  for (const e of document.querySelectorAll('h1,h2,h3,p,td,th,dt,dd,summary,pre,a')) {
    const box = e.getBoundingClientRect();
    if (!box.width) continue;
    texts++;
    if (box.right > innerWidth + 0.5 || box.left < 0 || e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline') bad.push(`${e.tagName} "${e.textContent.slice(0, 40)}" overflows`);
    let at = e, under = null;
    while (at && !(under = solid(getComputedStyle(at).backgroundColor))) at = at.parentElement;
    const c = contrast(solid(getComputedStyle(e).color), under ?? page);
    if (c < 4.5) bad.push(`${e.tagName} "${e.textContent.slice(0, 40)}" has contrast ${c.toFixed(2)}`);
  }
  return { bad, texts };
}

for (const file of pages) {
  for (const width of [360, 768, 1280, 1600]) for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const requests = [];
    page.on('request', (r) => requests.push(r.url()));
    page.on('dialog', (d) => { requests.push(`dialog ${d.message()}`); d.dismiss(); });
    await page.goto(pathToFileURL(file).href);
    const { bad, texts } = await page.evaluate(look, { smallest: 9.5 });
    if (texts < 5) bad.push(`${texts} texts`);
    if (requests.length !== 1) bad.push(`asked for ${requests.slice(1)}`);
    const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    if (dark !== (colorScheme === 'dark' ? 'rgb(16, 21, 28)' : 'rgb(255, 255, 255)')) bad.push(`${colorScheme} is ${dark}`);
    if (width === 1280) {
      await page.emulateMedia({ media: 'print', colorScheme });
      const printed = await page.evaluate(() => [getComputedStyle(document.body).backgroundColor, [...document.querySelectorAll('.narrow')].every((e) => getComputedStyle(e).display === 'none')]);
      if (printed[0] !== 'rgb(255, 255, 255)' || !printed[1]) bad.push(`printed: ${printed}`);
      const pdf = await page.pdf({ format: 'A4' });
      if (pdf.length < 5000) bad.push('nothing is printed');
    }
    if (bad.length) {
      failed++;
      console.log(`FAILED ${file}, ${width} ${colorScheme}: ${bad.length}: ${bad.slice(0, 6).join('; ')}`);
    } else passed++;
    await page.close();
  }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed ? 1 : 0);
