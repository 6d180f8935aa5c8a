// SPDX-License-Identifier: Apache-2.0
// The lanes of time of a page: they zoom and move together, by wheel, mouse and keys. Without it they show all of the time.
(function () {
  'use strict';

  const lanes = Array.from(document.querySelectorAll('.lanes'));
  const charts = Array.from(document.querySelectorAll('svg.time'));
  if (!lanes.length) return;

  const columns = +lanes[0].getAttribute('data-columns');
  const seconds = +lanes[0].getAttribute('data-ns') / 1e9;
  let first = 0;
  let shown = columns;

  function text(column) {
    return (seconds * column / columns).toFixed(3) + ' s';
  }

  function draw() {
    shown = Math.min(columns, Math.max(4, shown));
    first = Math.min(columns - shown, Math.max(0, first));
    charts.forEach(function (chart) {
      chart.setAttribute('viewBox', first + ' 0 ' + shown + ' 100');
    });
    lanes.forEach(function (lane) {
      lane.querySelector('.from').textContent = text(first);
      lane.querySelector('.until').textContent = text(first + shown);
    });
  }

  // What is at this part of the width stays there.
  function zoom(by, part) {
    const before = shown;
    shown = Math.min(columns, Math.max(4, shown * by));
    first += (before - shown) * part;
    draw();
  }

  const keys = {
    '+': function () { zoom(0.5, 0.5); },
    '=': function () { zoom(0.5, 0.5); },
    '-': function () { zoom(2, 0.5); },
    ArrowLeft: function () { first -= shown / 4; draw(); },
    ArrowRight: function () { first += shown / 4; draw(); },
    Home: function () { first = 0; draw(); },
    End: function () { first = columns; draw(); },
    '0': function () { zoom(columns, 0.5); }
  };

  lanes.forEach(function (lane) {
    lane.addEventListener('keydown', function (event) {
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
      if (!chart.hasPointerCapture(event.pointerId)) return;
      first -= event.movementX * shown / chart.getBoundingClientRect().width;
      draw();
    });
  });
  draw();
}());
