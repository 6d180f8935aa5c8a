// SPDX-License-Identifier: Apache-2.0
// flamegraph.js CHECK FOLDER: does a flame graph in FOLDER, which export_sample made, do in Chromium what it should?
'use strict';

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const {run} = require('./browser.js');

const [check, folder] = process.argv.slice(2);
const matched = "document.querySelector('.matched').textContent";
const focused = "(document.activeElement || document.documentElement).getAttribute('aria-label')";
// The frame of that name, and where it stands.
const frame = (name) => `Array.from(document.querySelectorAll('.f')).find((f) => f.textContent.startsWith('${name} ('))`;
const box = (name) => `(({x, y, width}) => ({x, y, width}))(${frame(name)}.querySelector('rect').getBoundingClientRect())`;
const near = (a, b) => assert(Math.abs(a - b) < 1.5, `${a} is not ${b}`);

const checks = {
  async width(page) {
    for (const width of [1600, 700]) {
      await page.show(width, 600);
      await page.open(path.join(folder, 'small.svg'));
      near((await page.value(box('all'))).width, width * 0.984);
      near((await page.value(box('arch_cpu_idle'))).width, width * 0.984 * 0.4);
    }
    assert.strictEqual(await page.value(`${frame('arch_cpu_idle')}.querySelector('text').textContent`), 'arch_cpu_idle');
    await page.show(200, 600);
    await page.value('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    near((await page.value(box('all'))).width, 200 * 0.984);
    assert.strictEqual(await page.value(`${frame('arch_cpu_idle')}.querySelector('text').textContent`), 'arch_cp..');
  },

  async search(page) {
    await page.open(path.join(folder, 'small.svg'));
    await page.press('/');
    await page.type('idle');
    assert.strictEqual(await page.value(matched), '/idle/ matched 61.00 % in 2 frames');
    assert.strictEqual(await page.value("document.querySelectorAll('.hit').length"), 2);
    await page.type('$|[');
    assert.strictEqual(await page.value(matched), 'no regular expression: idle$|[');
    await page.press('Escape');
    assert.strictEqual(await page.value(matched), '');
    assert.strictEqual(await page.value("document.querySelectorAll('.hit').length"), 0);
    await page.press('f', 2);
    await page.type('sort<a');
    assert.strictEqual(await page.value(matched), '/sort<a/ matched 30.00 % in 1 frame');
    // Of what is shown.
    await page.press('Escape');
    await page.press('f', 2);
    await page.type('timer$');
    await page.value(`${frame('do_idle')}.dispatchEvent(new MouseEvent('click'))`);
    assert.strictEqual(await page.value(matched), '/timer$/ matched 34.43 % in 2 frames');
  },

  async keys(page) {
    await page.show(1000, 600);
    await page.open(path.join(folder, 'small.svg'));
    for (let i = 0; i < 3 && !/^all /.test(await page.value(focused)); i++) await page.press('Tab');
    assert.match(await page.value(focused), /^all \(100 samples, 100.00 %\)$/);
    for (const name of ['web1', '[guest.kernel]', 'start_kernel', 'do_idle', 'arch_cpu_idle']) {
      await page.press('ArrowUp');
      assert((await page.value(focused)).startsWith(name + ' ('), name + ' and not ' + await page.value(focused));
    }
    assert.strictEqual(await page.value("document.querySelector('.details').textContent"),
      'arch_cpu_idle (40 samples, 40.00 %)');
    await page.press('ArrowRight');
    assert.match(await page.value(focused), /^sbi_set_timer /);
    await page.press('ArrowLeft');
    await page.press('ArrowDown');
    assert.match(await page.value(focused), /^do_idle /);
    await page.press('Enter');
    near((await page.value(box('do_idle'))).width, 984);
    near((await page.value(box('web1'))).width, 984);
    near((await page.value(box('arch_cpu_idle'))).width, 984 * 40 / 61);
    assert.strictEqual(await page.value(`getComputedStyle(${frame('[guest.user]')}).display`), 'none');
    await page.press('Escape');
    near((await page.value(box('do_idle'))).width, 984 * 0.61);
  },

  async mouse(page) {
    await page.show(1000, 600);
    await page.open(path.join(folder, 'small.svg'));
    const at = await page.value(box('main'));
    await page.click(at.x + 5, at.y + 5);
    near((await page.value(box('main'))).width, 984);
    const reset = await page.value("(({x, y}) => ({x, y}))(document.querySelector('.reset').getBoundingClientRect())");
    await page.click(reset.x + 5, reset.y + 5);
    near((await page.value(box('main'))).width, 984 * 0.3);
  },

  async spoken(page) {
    await page.open(path.join(folder, 'small.svg'));
    const said = (await page.spoken()).map(([role, name]) => role + ': ' + name);
    for (const wanted of ['treeitem: start_kernel (61 samples, 61.00 %)', 'status: ',
      'searchbox: Search frames by a regular expression'])
      assert(said.includes(wanted), wanted + ' is not in\n' + said.join('\n'));
    assert.match(await page.value("document.querySelector('desc').textContent"), /100 samples of cycles, 997 a second/);
  },

  async themes(page) {
    const style = (of, what) => page.value(`getComputedStyle(document.querySelector('${of}')).${what}`);
    for (const [scheme, media, paper, tools] of [['light', 'screen', 'rgb(255, 255, 255)', 'block'],
      ['dark', 'screen', 'rgb(22, 24, 28)', 'block'], ['dark', 'print', 'rgb(255, 255, 255)', 'none']]) {
      await page.show(1200, 320, scheme, media);
      await page.open(path.join(folder, 'small.svg'));
      assert.strictEqual(await style('.page', 'fill'), paper, scheme + ' ' + media);
      assert.strictEqual(await style('foreignObject', 'display'), tools, scheme + ' ' + media);
      await page.picture(path.join(folder, `flame-${scheme}-${media}.png`));
    }
  },

  // What changed: it is searched for, and told, by names, and seen by colours.
  async diff(page) {
    await page.open(path.join(folder, 'diff.svg'));
    const names = await page.value("Array.from(document.querySelectorAll('.f > title'), (title) => title.textContent)");
    assert(names.some((name) => /^\+900% start \(before \d+ samples, after \d+0\)$/.test(name)), names.join('\n'));
    assert(names.some((name) => /^idle \(before /.test(name)), names.join('\n'));
    await page.press('/');
    await page.type('^(\\+|new)');
    assert.match(await page.value(matched), /^\/\^\(\\\+\|new\)\/ matched \d+\.\d\d % in \d frames?$/);
    await page.picture(path.join(folder, 'diff-light.png'));
    await page.show(1200, 320, 'dark');
    await page.open(path.join(folder, 'diff.svg'));
    await page.picture(path.join(folder, 'diff-dark.png'));
  },

  // Names that try to be something else, and thousands of frames.
  async hostile(page) {
    await page.open(path.join(folder, 'large.svg'));
    assert.strictEqual(await page.value("document.querySelectorAll('script').length"), 1);
    assert(await page.value("document.querySelectorAll('.f').length") > 1000);
    const odd = "Array.from(document.querySelectorAll('.f')).filter((f) => f.children.length !== 3).length";
    assert.strictEqual(await page.value(odd), 0);
    await page.press('/');
    await page.type('a');
    assert.match(await page.value(matched), /^\/a\/ matched \d+\.\d\d % in \d+ frames$/);
  },

  // That what all the others look for is found.
  async faults(page) {
    const file = path.join(folder, 'faults.svg');
    fs.writeFileSync(file, '<svg xmlns="http://www.w3.org/2000/svg"><image href="http://192.0.2.1/a.png"/>' +
      '<script>nobody();</script></svg>');
    await page.open(file);
    const found = page.faults.splice(0);
    fs.unlinkSync(file);
    assert(found.some((fault) => fault.startsWith('request: http://192.0.2.1/')), found.join('\n'));
    assert(found.some((fault) => /script: .*nobody is not defined/.test(fault)), found.join('\n'));
  }
};

run(checks[check]);
