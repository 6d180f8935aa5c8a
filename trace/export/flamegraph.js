// SPDX-License-Identifier: Apache-2.0
// What makes a flame graph more than a picture, in every browser: it is as wide as the window, it zooms, searches, and is
// moved through by keys. Each frame is an svg of the class f with a title, a rect and a text; data-s, data-w and data-d are its
// start and width in the graph's unit and its depth. Names are only ever read and set as text. The build puts this file
// into the program; it stands in a CDATA section, so the end of one may not occur.
(function () {
  'use strict';

  // Pixels of a monospaced letter of 12, a little generous.
  const LETTER = 7.3;
  const SVG = 'http://www.w3.org/2000/svg';
  const XHTML = 'http://www.w3.org/1999/xhtml';

  function contains(outer, inner) {
    return outer.start <= inner.start && outer.start + outer.width >= inner.start + inner.width;
  }

  function flameGraph(svg) {
    const frames = Array.from(svg.querySelectorAll('.f'), function (node) {
      const title = node.querySelector('title').textContent;
      return {
        node: node, text: node.querySelector('text'), title: title, name: title.slice(0, title.lastIndexOf(' (')),
        start: +node.getAttribute('data-s'), width: +node.getAttribute('data-w'), depth: +node.getAttribute('data-d'),
        shown: true
      };
    });
    const plot = svg.querySelector('.frames');
    const whole = plot.querySelector('.f rect');
    const details = svg.querySelector('.details');
    const matched = svg.querySelector('.matched');
    const root = frames[0];
    let zoomed = root;
    let at = root;
    let pattern = null;
    let box, reset;

    if (!root) return;

    function fit(frame, width) {
      const letters = Array.from(frame.name);
      const room = Math.floor((width - 6) / LETTER);
      if (room < 3) return '';
      return letters.length <= room ? frame.name : letters.slice(0, room - 2).join('') + '..';
    }

    function layOut() {
      const pixels = whole.getBoundingClientRect().width;
      frames.forEach(function (frame) {
        const caller = frame.depth < zoomed.depth;
        const share = caller ? 1 : frame.width / zoomed.width;
        frame.shown = caller ? contains(frame, zoomed) : contains(zoomed, frame);
        frame.node.style.display = frame.shown ? '' : 'none';
        if (!frame.shown) return;
        frame.node.classList.toggle('caller', caller);
        frame.node.setAttribute('x', caller ? '0%' : 100 * (frame.start - zoomed.start) / zoomed.width + '%');
        frame.node.setAttribute('width', 100 * share + '%');
        frame.text.textContent = fit(frame, share * pixels);
      });
    }

    // What is above a match is part of it, so only the lowest of each tower counts.
    function shareOf(hits) {
      let end = -1;
      let sum = 0;
      hits.sort(function (a, b) { return a.start - b.start || b.width - a.width; });
      hits.forEach(function (frame) {
        if (frame.start < end) return;
        end = frame.start + frame.width;
        sum += frame.width;
      });
      return (100 * sum / zoomed.width).toFixed(2) + ' %';
    }

    function search() {
      const hits = frames.filter(function (frame) {
        const hit = pattern !== null && frame !== root && pattern.test(frame.name);
        frame.node.classList.toggle('hit', hit);
        return hit && contains(zoomed, frame);
      });
      matched.textContent = pattern === null ? '' :
        '/' + pattern.source + '/ matched ' + shareOf(hits) + ' in ' + hits.length + (hits.length === 1 ? ' frame' : ' frames');
    }

    function setPattern(wanted) {
      pattern = null;
      try {
        if (wanted !== '') pattern = new RegExp(wanted);
        search();
      } catch (error) {
        search();
        matched.textContent = 'no regular expression: ' + wanted;
      }
    }

    function zoom(frame) {
      zoomed = frame;
      layOut();
      search();
      reset.style.display = frame === root ? 'none' : '';
    }

    // One frame at a time is in the order of Tab: the one that the arrow keys went to.
    function goTo(frame) {
      if (!frame) return;
      at.node.setAttribute('tabindex', '-1');
      at = frame;
      at.node.setAttribute('tabindex', '0');
      at.node.focus();
    }

    function beside(step) {
      const row = frames.filter(function (frame) { return frame.shown && frame.depth === at.depth; });
      row.sort(function (a, b) { return a.start - b.start; });
      return row[row.indexOf(at) + step];
    }

    // The widest.
    function calleeOf() {
      return frames.filter(function (frame) {
        return frame.shown && frame.depth === at.depth + 1 && contains(at, frame);
      }).sort(function (a, b) { return b.width - a.width; })[0];
    }

    function callerOf() {
      return frames.find(function (frame) { return frame.depth === at.depth - 1 && contains(frame, at); });
    }

    const keys = {
      ArrowUp: function () { goTo(calleeOf()); },
      ArrowDown: function () { goTo(callerOf()); },
      ArrowLeft: function () { goTo(beside(-1)); },
      ArrowRight: function () { goTo(beside(1)); },
      Home: function () { goTo(root); },
      Enter: function () { zoom(at); },
      ' ': function () { zoom(at); },
      Escape: function () { zoom(root); goTo(root); },
      '/': function () { box.focus(); }
    };

    function onKey(event) {
      const find = (event.ctrlKey || event.metaKey) && event.key === 'f';
      const key = find ? '/' : event.key;
      const typing = event.target === box;
      // Twice Ctrl-F is the browser's own search.
      if (event.altKey || (!find && (event.ctrlKey || event.metaKey)) || (typing && key !== 'Escape')) return;
      if (typing) {
        box.value = '';
        setPattern('');
        goTo(at);
      } else if (event.target === reset && (key === 'Enter' || key === ' ')) {
        keys.Escape();
      } else if (Object.prototype.hasOwnProperty.call(keys, key)) {
        keys[key]();
      } else {
        return;
      }
      event.preventDefault();
    }

    // A picture that nobody can click has no buttons, so they are made here.
    function addTools() {
      const place = document.createElementNS(SVG, 'foreignObject');
      box = document.createElementNS(XHTML, 'input');
      box.setAttribute('type', 'search');
      box.setAttribute('placeholder', 'Search (a regular expression)');
      box.setAttribute('aria-label', 'Search frames by a regular expression');
      box.addEventListener('input', function () { setPattern(box.value); });
      place.setAttribute('class', 'tools');
      place.setAttribute('x', '67%');
      place.setAttribute('y', '6');
      place.setAttribute('width', '32.2%');
      place.setAttribute('height', '28');
      place.appendChild(box);
      svg.insertBefore(place, plot);
      reset = document.createElementNS(SVG, 'text');
      reset.setAttribute('class', 'tools reset');
      reset.setAttribute('x', '99.2%');
      reset.setAttribute('y', '66');
      reset.setAttribute('role', 'button');
      reset.setAttribute('tabindex', '0');
      reset.textContent = 'Reset zoom';
      reset.addEventListener('click', keys.Escape);
      svg.insertBefore(reset, plot);
    }

    function prepare(frame) {
      frame.node.setAttribute('role', 'treeitem');
      frame.node.setAttribute('aria-level', frame.depth + 1);
      frame.node.setAttribute('aria-label', frame.title);
      frame.node.setAttribute('tabindex', '-1');
      frame.node.addEventListener('click', function () { goTo(frame); zoom(frame); });
      frame.node.addEventListener('focus', function () { details.textContent = frame.title; });
      frame.node.addEventListener('mouseover', function () { details.textContent = frame.title; });
      frame.node.addEventListener('mouseout', function () {
        details.textContent = document.activeElement === at.node ? at.title : '';
      });
    }

    frames.forEach(prepare);
    root.node.setAttribute('tabindex', '0');
    plot.setAttribute('role', 'tree');
    plot.setAttribute('aria-label', 'frames: up is called, down is the caller, Enter zooms, / searches');
    matched.setAttribute('role', 'status');
    svg.setAttribute('width', '100%');
    svg.addEventListener('keydown', onKey);
    window.addEventListener('resize', layOut);
    addTools();
    zoom(root);
  }

  document.querySelectorAll('svg.flame').forEach(flameGraph);
}());
