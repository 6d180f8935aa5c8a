// SPDX-License-Identifier: Apache-2.0
// The lanes of time of a page: they zoom and move together, by wheel, mouse and keys, and say what they have at one time.
// Without it they show all of the time.
(function () {
  'use strict';

  // A lane in its own units, and how many of them are shown at least.
  const WIDTH = 10000;
  const LANE = 100;
  const LEAST = 50;
  const SVG = 'http://www.w3.org/2000/svg';

  const groups = Array.from(document.querySelectorAll('.lanes'));
  const charts = Array.from(document.querySelectorAll('svg.time'));
  if (!groups.length) return;

  const seconds = +groups[0].getAttribute('data-ns') / 1e9;
  let first = 0;
  let shown = WIDTH;
  let cursor = -1;

  function text(unit) {
    return (seconds * unit / WIDTH).toFixed(3) + ' s';
  }

  function draw() {
    shown = Math.min(WIDTH, Math.max(LEAST, shown));
    first = Math.min(WIDTH - shown, Math.max(0, first));
    charts.forEach(function (chart) {
      chart.setAttribute('viewBox', first + ' 0 ' + shown + ' ' + LANE);
    });
    groups.forEach(function (group) {
      group.querySelectorAll('.marks span').forEach(function (mark, i, marks) {
        mark.textContent = text(first + shown * i / (marks.length - 1));
      });
    });
  }

  // What is at this part of the width stays there.
  function zoom(by, part) {
    const before = shown;
    shown = Math.min(WIDTH, Math.max(LEAST, shown * by));
    first += (before - shown) * part;
    draw();
  }

  // ---- what is there at the cursor: the bars are all that is known ----

  function barsOf(path) {
    const bars = [];
    path.getAttribute('d').replace(/M(\d+) \d+h(\d+)v-(\d+)/g, function (all, x, width, high) {
      bars.push({x: +x, end: +x + +width, high: +high});
      return all;
    });
    return bars;
  }

  const lanes = groups.map(function (group) {
    return Array.from(group.querySelectorAll('svg.time'), function (chart) {
      const label = chart.parentNode.querySelector('.label');
      const note = label.querySelector('small');
      return {
        name: label.firstChild.textContent, note: note, words: note.textContent,
        most: +chart.getAttribute('data-most'),
        layers: Array.from(chart.querySelectorAll('path'), function (path) {
          return {name: path.getAttribute('data-name'), bars: barsOf(path)};
        })
      };
    });
  });

  function number(value) {
    return value >= 100 ? Math.round(value).toLocaleString('en') : String(+value.toPrecision(2));
  }

  // "vcpu0: guest 40 %, kernel 10 %"
  function saidOf(lane, unit) {
    const parts = [];
    lane.layers.forEach(function (layer) {
      const bar = layer.bars.find(function (one) { return one.x <= cursor && cursor < one.end; });
      if (bar) parts.push((layer.name ? layer.name + ' ' : '') + number(lane.most * bar.high / LANE) + unit);
    });
    return lane.name + ': ' + (parts.length ? parts.join(', ') : '0');
  }

  // In the lanes' notes; and in one text where somebody who may not see them went there by keys.
  function say(aloud) {
    groups.forEach(function (group, i) {
      const unit = group.getAttribute('data-unit');
      const said = lanes[i].map(function (lane) { return cursor < 0 ? '' : saidOf(lane, unit); });
      lanes[i].forEach(function (lane, j) {
        lane.note.textContent = cursor < 0 ? lane.words : said[j].slice(lane.name.length + 2);
      });
      group.querySelector('.at').textContent = cursor < 0 ? '' : 'at ' + text(cursor);
      group.querySelector('.spoken').textContent = cursor < 0 || !aloud ? '' : text(cursor) + ', about: ' + said.join('; ');
    });
    charts.forEach(function (chart) {
      let line = chart.querySelector('.cursor');
      if (!line) {
        line = document.createElementNS(SVG, 'line');
        line.setAttribute('class', 'cursor');
        line.setAttribute('y2', LANE);
        chart.appendChild(line);
      }
      line.setAttribute('x1', cursor);
      line.setAttribute('x2', cursor);
    });
  }

  function goTo(unit) {
    cursor = Math.min(WIDTH - 1, Math.max(0, unit));
    if (cursor < first) first = cursor;
    if (cursor >= first + shown) first = cursor - shown + 1;
    draw();
    say(true);
  }

  const keys = {
    '+': function () { zoom(0.5, 0.5); },
    '=': function () { zoom(0.5, 0.5); },
    '-': function () { zoom(2, 0.5); },
    ArrowLeft: function () { first -= shown / 4; draw(); },
    ArrowRight: function () { first += shown / 4; draw(); },
    Home: function () { first = 0; draw(); },
    End: function () { first = WIDTH; draw(); },
    '0': function () { zoom(WIDTH, 0.5); },
    ',': function () { goTo(cursor < 0 ? first + shown - 1 : cursor - shown / 100); },
    '.': function () { goTo(cursor < 0 ? first : cursor + shown / 100); },
    Escape: function () { cursor = -1; say(); }
  };

  groups.forEach(function (group) {
    group.addEventListener('keydown', function (event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (!Object.prototype.hasOwnProperty.call(keys, event.key)) return;
      keys[event.key]();
      event.preventDefault();
    });
  });

  // With Control, as maps have it: the wheel alone scrolls the page.
  charts.forEach(function (chart) {
    chart.addEventListener('wheel', function (event) {
      const box = chart.getBoundingClientRect();
      if (!event.ctrlKey) return;
      zoom(event.deltaY < 0 ? 0.8 : 1.25, (event.clientX - box.left) / box.width);
      event.preventDefault();
    }, {passive: false});
    chart.addEventListener('pointerdown', function (event) {
      chart.setPointerCapture(event.pointerId);
    });
    chart.addEventListener('pointermove', function (event) {
      const box = chart.getBoundingClientRect();
      if (chart.hasPointerCapture(event.pointerId)) {
        first -= event.movementX * shown / box.width;
        draw();
      } else {
        cursor = first + (event.clientX - box.left) / box.width * shown;
        say();
      }
    });
    chart.addEventListener('pointerleave', function () { cursor = -1; say(); });
  });
  draw();
}());
