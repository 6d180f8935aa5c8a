// SPDX-License-Identifier: Apache-2.0
// Chromium without a window, driven through its own pipe of JSON (the DevTools protocol). What goes wrong in a page, and each
// request that it makes for anything but itself, is in `faults`.
'use strict';

const assert = require('assert');
const fs = require('fs');
const os = require('os');
const path = require('path');
const {spawn} = require('child_process');

const PATIENCE = 60000;

class Browser {
  constructor() {
    this.profile = fs.mkdtempSync(path.join(os.tmpdir(), 'pages-'));
    this.child = spawn('chromium-headless-shell', ['--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--no-first-run',
      '--disable-background-networking', '--disable-dev-shm-usage', '--user-data-dir=' + this.profile,
      '--remote-debugging-pipe', 'about:blank'], {stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe']});
    this.said = '';
    this.rest = '';
    this.asked = new Map();
    this.awaited = [];
    this.faults = [];
    this.number = 0;
    this.child.stderr.on('data', (data) => { this.said += data; });
    this.child.stdio[4].on('data', (data) => this.take(data.toString()));
    this.child.on('exit', () => {
      for (const {reject} of this.asked.values()) reject(new Error('Chromium ended:\n' + this.said));
    });
    // A page that hangs would keep us for ever.
    this.timer = setTimeout(() => {
      console.log('Chromium is silent:\n' + this.said);
      this.child.kill('SIGKILL');
      process.exit(1);
    }, PATIENCE);
  }

  take(text) {
    const messages = (this.rest + text).split('\0');
    this.rest = messages.pop();
    for (const message of messages) this.on(JSON.parse(message));
  }

  on(message) {
    const asked = this.asked.get(message.id);
    const params = message.params;
    if (asked) {
      this.asked.delete(message.id);
      if (message.error) asked.reject(new Error(asked.method + ': ' + message.error.message));
      else asked.resolve(message.result);
    }
    if (message.method === 'Runtime.exceptionThrown') {
      const details = params.exceptionDetails;
      this.faults.push('script: ' + (details.exception && details.exception.description || details.text));
    } else if (message.method === 'Log.entryAdded' || message.method === 'Runtime.consoleAPICalled') {
      this.faults.push('log: ' + JSON.stringify(params));
    } else if (message.method === 'Network.requestWillBeSent' && params.request.url !== this.url) {
      this.faults.push('request: ' + params.request.url.slice(0, 200));
    }
    this.awaited = this.awaited.filter((one) => one.method !== message.method || one.resolve(params));
  }

  ask(method, params) {
    const id = ++this.number;
    return new Promise((resolve, reject) => {
      this.asked.set(id, {method, resolve, reject});
      this.child.stdio[3].write(JSON.stringify({id, method, params, sessionId: this.session}) + '\0');
    });
  }

  happens(method) {
    return new Promise((resolve) => this.awaited.push({method, resolve}));
  }

  async begin() {
    const {targetId} = await this.ask('Target.createTarget', {url: 'about:blank'});
    this.session = (await this.ask('Target.attachToTarget', {targetId, flatten: true})).sessionId;
    for (const domain of ['Page', 'Runtime', 'Log', 'Network', 'Accessibility']) await this.ask(domain + '.enable');
  }

  // The window's size in pixels, and the user's wishes: 'light' or 'dark', 'screen' or 'print'.
  async show(width, height, scheme, media) {
    await this.ask('Emulation.setDeviceMetricsOverride', {width, height, deviceScaleFactor: 1, mobile: false});
    await this.ask('Emulation.setEmulatedMedia', {media: media || 'screen',
      features: [{name: 'prefers-color-scheme', value: scheme || 'light'}]});
  }

  async open(file) {
    const loaded = this.happens('Page.loadEventFired');
    this.url = 'file://' + encodeURI(path.resolve(file));
    const {errorText} = await this.ask('Page.navigate', {url: this.url});
    if (errorText) throw new Error(file + ': ' + errorText);
    await loaded;
  }

  // The value of an expression of the page's own.
  async value(expression) {
    const how = {expression, returnByValue: true, awaitPromise: true};
    const {result, exceptionDetails} = await this.ask('Runtime.evaluate', how);
    if (exceptionDetails) throw new Error(expression + ': ' + exceptionDetails.exception.description);
    return result.value;
  }

  // 'Enter', 'ArrowUp', or a letter; modifiers: 2 is Control.
  async press(key, modifiers) {
    const codes = {Enter: 13, Tab: 9, Escape: 27, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40, Home: 36};
    const text = key.length === 1 && !modifiers ? key : undefined;
    const of = {key, modifiers: modifiers || 0, windowsVirtualKeyCode: codes[key] || key.toUpperCase().charCodeAt(0)};
    await this.ask('Input.dispatchKeyEvent', Object.assign({type: 'keyDown', text}, of));
    await this.ask('Input.dispatchKeyEvent', Object.assign({type: 'keyUp'}, of));
  }

  // Into the field that has the focus.
  async type(text) {
    await this.ask('Input.insertText', {text});
  }

  async click(x, y) {
    const of = {x, y, button: 'left', clickCount: 1};
    await this.ask('Input.dispatchMouseEvent', Object.assign({type: 'mousePressed'}, of));
    await this.ask('Input.dispatchMouseEvent', Object.assign({type: 'mouseReleased'}, of));
  }

  async picture(file) {
    const {data} = await this.ask('Page.captureScreenshot', {format: 'png'});
    fs.writeFileSync(file, Buffer.from(data, 'base64'));
  }

  // What a screen reader is told: [role, name] of each node that it is told of.
  async spoken() {
    const {nodes} = await this.ask('Accessibility.getFullAXTree');
    return nodes.filter((node) => !node.ignored).map((node) => [node.role.value, node.name ? node.name.value : '']);
  }

  async end() {
    clearTimeout(this.timer);
    this.child.removeAllListeners('exit');
    // Until it is gone it may write to its profile.
    const gone = new Promise((resolve) => this.child.on('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
    fs.rmSync(this.profile, {recursive: true, force: true, maxRetries: 10});
  }
}

// CHECK(page) in a window of its own; the process's status says whether it was all right, with no fault that it did not expect.
async function run(check) {
  const page = new Browser();
  let status = 0;
  try {
    await page.begin();
    await page.show(1200, 800);
    await check(page);
    assert.deepStrictEqual(page.faults, []);
  } catch (error) {
    console.log(error.stack);
    status = 1;
  }
  await page.end();
  process.exit(status);
}

module.exports = {run};
