// SPDX-License-Identifier: Apache-2.0
// page.js CHECK FOLDER: does a page of vhart report --html in FOLDER do in Chromium what it should?
'use strict';

const assert = require('assert');
const path = require('path');
const {run} = require('./browser.js');

const [check, folder] = process.argv.slice(2);
const samples = path.join(folder, 'samples.html');
const exits = path.join(folder, 'exits.html');
const range = "document.querySelector('.from').textContent + ' to ' + document.querySelector('.until').textContent";
const views = "Array.from(document.querySelectorAll('svg.time'), (lane) => lane.getAttribute('viewBox')).join()";

const checks = {
  async keys(page) {
    await page.open(samples);
    assert.strictEqual(await page.value(range), '0.000 s to 6.000 s');
    await page.press('Tab');
    assert.match(await page.value("document.activeElement.getAttribute('aria-label')"), /^Time line of the vCPUs: plus/);
    await page.press('=');
    assert.strictEqual(await page.value(range), '1.500 s to 4.500 s');
    assert.strictEqual(await page.value(views), '150 0 300 100,150 0 300 100');
    await page.press('ArrowRight');
    assert.strictEqual(await page.value(range), '2.250 s to 5.250 s');
    await page.press('Home');
    assert.strictEqual(await page.value(range), '0.000 s to 3.000 s');
    await page.press('0');
    assert.strictEqual(await page.value(range), '0.000 s to 6.000 s');
  },

  async mouse(page) {
    await page.open(samples);
    const place = "document.querySelector('svg.time').getBoundingClientRect()";
    const box = await page.value(`(({x, y, width}) => ({x, y, width}))(${place})`);
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
    for (const file of [samples, exits]) {
      await page.open(file);
      assert.strictEqual(await page.value("document.querySelectorAll('script').length"), 1, file);
      assert.strictEqual(await page.value("document.querySelectorAll('b').length"), file === samples ? 2 : 0, file);
      assert.match(await page.value("document.querySelector('.facts').textContent"), /<\/script><script>alert\(1\)/);
    }
    const said = (await page.spoken()).map(([role, name]) => role + ': ' + name);
    for (const wanted of ['heading: Exits by reason', 'rowheader: irq s_timer', 'cell: 900'])
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
      for (const file of [samples, exits]) {
        await page.show(1000, 900, scheme, media);
        await page.open(file);
        assert.strictEqual(await page.value('getComputedStyle(document.body).backgroundColor'), paper, scheme + ' ' + media);
        assert(await page.value('document.documentElement.scrollWidth <= innerWidth'), 'wider than the window');
        await page.picture(file.replace('.html', `-${scheme}-${media}.png`));
      }
  }
};

run(checks[check]);
