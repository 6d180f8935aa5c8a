# SPDX-License-Identifier: Apache-2.0
"""traces.py FORMAT FOLDER: does a parser that is not vhart's find in FOLDER what guests/exits.elf did (tests/check.d/47-traces)?"""
import collections
import json
import os
import sys

format, folder = sys.argv[1:]
os.chdir(folder)
sys.path.insert(0, os.getcwd())

HARTS, CALLS, MMIO, CSR, HALTS, HALT_NS = 2, 20, 10, 10, 3, 20000000

# What each hart makes: the name of the exit and how often.
EXITS = {
    'sbi base.get_spec_version': CALLS,
    'sbi rfence.remote_fence_i': CALLS,
    'sbi dbcn.console_write_byte': CALLS,
    'sbi vendor': CALLS,
    'sbi time.set_timer': HALTS + 1,
    'load_guest_page_fault mmio': 3 * MMIO,
    'store_guest_page_fault mmio': MMIO,
    'virtual_inst csr read': CSR,
    'virtual_inst wfi': HALTS,
}


def read_timeline(name):
    """The slices (path of the track, depth, name, ns, notes), counters and instants of a trace."""
    import perfetto_pb2
    data = open(name, 'rb').read()
    trace = perfetto_pb2.Trace.FromString(data)
    trace.DiscardUnknownFields()
    assert trace.ByteSize() == len(data), 'there are fields that the format does not have'
    tracks, open_slices, last = {}, {}, {}
    slices, counters, instants = [], [], []
    for packet in trace.packet:
        assert not packet.previous_packet_dropped, 'something was lost'
        if packet.HasField('track_descriptor'):
            track = packet.track_descriptor
            parent = tracks.get(track.parent_uuid, '')
            label = track.name or track.thread.thread_name or track.process.process_name
            assert label and track.uuid not in tracks
            tracks[track.uuid] = (parent + '/' + label).lstrip('/')
        if not packet.HasField('track_event'):
            continue
        event = packet.track_event
        path, stack = tracks[event.track_uuid], open_slices.setdefault(event.track_uuid, [])
        notes = {note.name: note for note in event.debug_annotations}
        assert packet.timestamp >= last.get(path, 0), 'time goes back'
        last[path] = packet.timestamp
        if event.type == event.TYPE_SLICE_BEGIN:
            stack.append((packet.timestamp, event.name, notes))
        elif event.type == event.TYPE_SLICE_END:
            begin, label, said = stack.pop()
            slices.append((path, len(stack), label, packet.timestamp - begin, {**said, **notes}))
        elif event.type == event.TYPE_COUNTER:
            counters.append((path, event.counter_value))
        else:
            instants.append((path, event.name))
    assert not any(open_slices.values())
    return slices, counters, instants


def perfetto():
    slices, counters, _ = read_timeline('trace.pftrace')
    for vcpu in ('web1/vcpu0', 'web1/vcpu1'):
        exits = collections.Counter(name for path, depth, name, _, _ in slices
                                    if path == vcpu + '/exits' and depth == 0)
        for name, count in EXITS.items():
            assert exits[name] == count, (vcpu, name, exits[name], count)
        inside = [(name, notes) for path, depth, name, _, notes in slices
                  if path == vcpu + '/exits' and depth == 1]
        assert len(inside) == sum(count for name, count in exits.items() if name.startswith('sbi '))
        versions = [notes for name, notes in inside if name == 'base.get_spec_version']
        assert len(versions) == CALLS
        assert all(notes['result'].string_value in ('= 0, 2.0', '= 0, 3.0') for notes in versions)
        assert all(notes['by'].string_value == 'kvm' for notes in versions)
    text = [notes['call'].string_value for _, _, name, _, notes in slices if name == 'dbcn.console_write']
    assert any('"begin\\n"' in call for call in text), text
    devices = {notes['device'].string_value for _, _, _, _, notes in slices if 'device' in notes}
    assert {'uart+0x7 (SCR)', 'rtc+0x0 (TIME_LOW)'} <= devices, devices
    assert any(value > 0 for path, value in counters if path == 'web1/vcpu0/exits/s')


def states():
    slices, _, _ = read_timeline('trace.pftrace')
    for vcpu in ('web1/vcpu0', 'web1/vcpu1'):
        spent = collections.Counter()
        for path, depth, name, ns, _ in slices:
            if path == vcpu + '/state':
                assert depth == 0
                spent[name] += ns
        assert set(spent) <= {'guest', 'kernel', 'vmm', 'halted', 'waiting'}, spent
        assert spent['guest'] > 0 and spent['kernel'] > 0 and spent['vmm'] > 0
        # At least one halt began not long after its timer was set, however busy the host is.
        halted = [notes['halted ns'].uint_value for path, _, name, _, notes in slices
                  if path == vcpu + '/exits' and name == 'virtual_inst wfi' and 'halted ns' in notes]
        assert max(halted) > HALT_NS / 2 and spent['halted'] == sum(halted), (spent, halted)
    # Not all exits are seen here: what the vCPU does in between is not known.
    slices, _, _ = read_timeline('some.pftrace')
    assert {path.rsplit('/', 1)[1] for path, _, _, _, _ in slices} == {'exits'}


def jsonl():
    lines = open('trace.jsonl', encoding='utf-8').read().split('\n')
    assert lines.pop() == ''
    objects = [json.loads(line) for line in lines]
    assert objects[0]['type'] == 'trace' and objects[0]['version'] == 1
    assert not any(o.get('cut') for o in objects)
    exits = collections.Counter((o['vcpu'], o['reason'] + ' ' + o['sub']) for o in objects if o['type'] == 'exit')
    for vcpu in range(HARTS):
        for name, count in EXITS.items():
            assert exits[vcpu, name] == count, (vcpu, name, exits[vcpu, name], count)
    for o in objects[1:]:
        assert o['vm'] == 'web1' and o['mode'] == 'S' and int(o['pc'], 16) >= 0x80000000
        assert o['type'] == 'unfinished' or o['ns'] + o['halted_ns'] <= o['entered_ns'] - o['t_ns'], o
    written = [o['bytes'] for o in objects if o.get('call') == 'dbcn.console_write']
    assert written == ['begin\n', 'end\n'], written
    assert [o['call'] for o in objects if o['type'] == 'unfinished' and o['vcpu'] == 0] == ['srst.system_reset']


{'perfetto': perfetto, 'states': states, 'jsonl': jsonl}[format]()
