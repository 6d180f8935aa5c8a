// SPDX-License-Identifier: Apache-2.0
// page.js CHECK FOLDER: does a page of vhart report --html or stat --html in FOLDER do in Chromium what it should?
'use strict';

const assert = require('assert');
const path = require('path');
const {run} = require('./browser.js');

const [check, folder] = process.argv.slice(2);
const samples = path.join(folder, 'samples.html');
const exits = path.join(folder, 'exits.html');
const stat = path.join(folder, 'stat.html');
const marks = "Array.from(document.querySelector('.marks').children, (mark) => mark.textContent)";
const range = `((all) => all[0] + ' to ' + all[all.length - 1])(${marks})`;
const views = "Array.from(document.querySelectorAll('svg.time'), (lane) => lane.getAttribute('viewBox')).join()";

const firstLane = "(({x, y, width}) => ({x, y, width}))(document.querySelector('svg.time').getBoundingClientRect())";

const checks = {
  async keys(page) {
    await page.open(samples);
    assert.strictEqual(await page.value(range), '0.000 s to 6.000 s');
    await page.press('Tab');
    assert.match(await page.value("document.activeElement.getAttribute('aria-label')"), /^Time line of the vCPUs: plus/);
    await page.press('=');
    assert.strictEqual(await page.value(range), '1.500 s to 4.500 s');
    assert.strictEqual(await page.value(views), '2500 0 5000 100,2500 0 5000 100');
    await page.press('ArrowRight');
    assert.strictEqual(await page.value(range), '2.250 s to 5.250 s');
    await page.press('Home');
    assert.strictEqual(await page.value(range), '0.000 s to 3.000 s');
    await page.press('0');
    assert.strictEqual(await page.value(range), '0.000 s to 6.000 s');
  },

  // 45 s into the run vCPU 0 boots anew, as the fixture has it; what the lanes of exits have is there too.
  async cursor(page) {
    const notes = "Array.from(document.querySelectorAll('.lanes small'), (note) => note.textContent)";
    await page.open(stat);
    const before = await page.value(notes);
    await page.value("document.querySelector('svg.time').scrollIntoView()");
    const box = await page.value(firstLane);
    // A move is told with the next frame.
    const moveTo = (x, y) => page.ask('Input.dispatchMouseEvent', {type: 'mouseMoved', x, y}).then(() =>
      page.value('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))'));
    await moveTo(box.x + box.width * 45 / 46, box.y + 20);
    const there = await page.value(notes);
    assert.strictEqual(there[0], 'guest 40 %, kernel 25 %, vmm 10 %, waiting 5 %, blocked 5 %, halted 15 %');
    assert.match(there[4], /^1\d,\d\d\d\/s$/);
    assert.match(await page.value("document.querySelector('.at').textContent"), /^at 4[45]\.\d\d\d s$/);
    assert.strictEqual(await page.value("document.querySelectorAll('.cursor').length"), there.length);
    await moveTo(2, 2);
    assert.deepStrictEqual(await page.value(notes), before);
    // By keys it is said aloud.
    await page.press('Tab');
    await page.press('.');
    assert.match(await page.value("document.querySelector('.spoken').textContent"),
      /^0\.000 s, about: vcpu0: guest 40 %, .*; vcpu1: guest 40 %, /);
    await page.press(',');
    await page.press('Escape');
    assert.deepStrictEqual(await page.value(notes), before);
    assert.strictEqual(await page.value("document.querySelector('.spoken').textContent"), '');
  },

  async mouse(page) {
    await page.open(samples);
    const box = await page.value(firstLane);
    const at = {x: box.x + box.width / 2, y: box.y + 10};
    await page.ask('Input.dispatchMouseEvent', {type: 'mouseWheel', x: at.x, y: at.y, deltaX: 0, deltaY: -100, modifiers: 2});
    const [from, until] = (await page.value(range)).split(' s to ').map(parseFloat);
    assert(Math.abs(from - 0.6) < 0.02 && Math.abs(until - 5.4) < 0.02, `${from} to ${until}`);
    const drag = (type, x) => page.ask('Input.dispatchMouseEvent',
      {type, x, y: at.y, button: 'left', buttons: 1, clickCount: 1});
    await drag('mousePressed', at.x);
    await drag('mouseMoved', at.x + box.width / 16);
    await drag('mouseReleased', at.x + box.width / 16);
    const moved = parseFloat(await page.value(range));
    assert(Math.abs(moved - 0.3) < 0.03, `${moved}`);
  },

  async search(page) {
    await page.open(exits);
    await page.value("document.querySelector('.flame input').focus()");
    await page.type('set_timer');
    const matched = "document.querySelector('.matched').textContent";
    assert.match(await page.value(matched), /^\/set_timer\/ matched 16.67 % in 1 frame$/);
  },

  // Names that would be scripts, and what a screen reader is told.
  async names(page) {
    for (const file of [samples, exits, stat]) {
      await page.open(file);
      assert.strictEqual(await page.value("document.querySelectorAll('script').length"), 1, file);
      assert.strictEqual(await page.value("document.querySelectorAll('b').length"), 0, file);
      if (file === stat) continue;
      assert.match(await page.value("document.querySelector('.facts').textContent"), /<\/script><script>alert\(1\)/);
      const labels = await page.value("Array.from(document.querySelectorAll('.label'), (label) => label.textContent)");
      // In the lanes of exits, and in the map.
      const hostile = labels.filter((label) => /^<\/script><script>alert/.test(label));
      assert.strictEqual(hostile.length, file === exits ? 2 : 0, labels.join('\n'));
    }
    const said = (await page.spoken()).map(([role, name]) => role + ': ' + name);
    for (const wanted of ['heading: Findings', 'group: Time line of the vCPUs: plus and minus zoom, left and right move, ' +
      '0 shows all, comma and full stop go through it', 'heading: Exits by reason', 'rowheader: irq s_timer', 'cell: 37,801',
    'image: How long exits took, a line for each reason: medians and percentiles are in the table of exits'])
      assert(said.includes(wanted), wanted + ' is not in\n' + said.join('\n'));
  },

  // Its own policy refuses it, whoever would ask.
  async requests(page) {
    await page.open(samples);
    await page.value("fetch('http://192.0.2.1/').catch(() => 0)");
    const image = "new Promise((done) => { const i = new Image(); i.onerror = done; i.src = 'http://192.0.2.1/a.png'; })";
    await page.value(image + '.then(() => 0)');
    const found = page.faults.splice(0);
    const refused = found.filter((fault) => /"source":"security".*Content Security Policy/.test(fault));
    assert.strictEqual(refused.length, 2, found.join('\n'));
  },

  async themes(page) {
    for (const [scheme, media, paper] of [['light', 'screen', 'rgb(255, 255, 255)'], ['dark', 'screen', 'rgb(22, 24, 28)'],
      ['dark', 'print', 'rgb(255, 255, 255)']])
      for (const file of [samples, exits, stat]) {
        await page.show(1000, file === stat ? 2400 : 900, scheme, media);
        await page.open(file);
        assert.strictEqual(await page.value('getComputedStyle(document.body).backgroundColor'), paper, scheme + ' ' + media);
        assert(await page.value('document.documentElement.scrollWidth <= innerWidth'), 'wider than the window');
        await page.picture(file.replace('.html', `-${scheme}-${media}.png`));
      }
  }
};

run(checks[check]);
