# SPDX-License-Identifier: Apache-2.0
"""check.py FORMAT FOLDER: does a parser that is not vhart's read in FOLDER what export_sample put in?"""
import glob
import json
import os
import sys

format, folder = sys.argv[1:]
os.chdir(folder)
sys.path.insert(0, os.getcwd())

# By name: the samples and the nanoseconds that every export of this profile must add up to.
totals = {}
for line in open('totals.txt'):
    name, count, host_ns = line.split()
    totals[name] = (int(count), int(host_ns))


def folded():
    for name, (count, _) in totals.items():
        lines = open(name + '.folded', encoding='utf-8', newline='\n').read().split('\n')
        assert lines.pop() == '', 'the last line has no end'
        paths = [line.rpartition(' ') for line in lines]
        assert sum(int(number) for _, _, number in paths) == count, name
        assert len({path for path, _, _ in paths}) == len(paths), 'a stack is there twice'
        assert all(frame.isprintable() for path, _, _ in paths for frame in path.split(';'))


def flamegraph():
    from xml.etree import ElementTree
    svg = '{http://www.w3.org/2000/svg}'
    for path in glob.glob('*.svg'):
        tree = ElementTree.parse(path)
        frames = [frame for frame in tree.iter(svg + 'svg') if frame.get('class') == 'f']
        assert len(list(tree.iter(svg + 'script'))) == 1, path
        assert int(frames[0].get('data-w')) == totals[path.split('.')[0]]['.ms.' in path], path
        for frame in frames:
            assert [child.tag for child in frame] == [svg + 'title', svg + 'rect', svg + 'text'], path


def parsed(message, path):
    data = open(path, 'rb').read()
    value = message.FromString(data)
    value.DiscardUnknownFields()
    assert value.ByteSize() == len(data), 'there are fields that the format does not have'
    return value


# Google's own profile.proto, compiled: what pprof itself would refuse, and that nothing was lost.
def pprof():
    import profile_pb2
    for name, (count, host_ns) in totals.items():
        profile = parsed(profile_pb2.Profile, name + '.pprof')
        text = profile.string_table
        assert text[0] == '' and len(set(text)) == len(text)
        types = [(text[t.type], text[t.unit]) for t in profile.sample_type]
        assert types == [('samples', 'count'), ('host', 'nanoseconds')], types
        assert text[profile.default_sample_type] == 'host'
        mappings = {mapping.id for mapping in profile.mapping} | {0}
        functions = {function.id: text[function.name] for function in profile.function}
        locations = {location.id: location for location in profile.location}
        assert len(functions) == len(profile.function) and 0 not in functions
        assert len(locations) == len(profile.location) and 0 not in locations
        for location in profile.location:
            assert location.mapping_id in mappings
            assert functions[location.line[0].function_id]
        for sample in profile.sample:
            assert len(sample.value) == 2 and all(id in locations for id in sample.location_id)
            assert all(text[label.key] and text[label.str] for label in sample.label)
        assert sum(sample.value[0] for sample in profile.sample) == count, name
        assert sum(sample.value[1] for sample in profile.sample) == host_ns, name
        assert profile.duration_nanos == 10**9 and profile.period == 1003009
        # Leaf first.
        stacks = [[functions[locations[id].line[0].function_id] for id in sample.location_id]
                  for sample in profile.sample]
        assert name != 'small' or ['arch_cpu_idle', 'do_idle', 'start_kernel'] in stacks, stacks


def perfetto():
    import perfetto_pb2
    trace = parsed(perfetto_pb2.Trace, 'sample.pftrace')
    tracks, open_slices, slices = {}, {}, []
    for packet in trace.packet:
        assert packet.trusted_packet_sequence_id == 1
        if packet.HasField('track_descriptor'):
            track = packet.track_descriptor
            parent = tracks.get(track.parent_uuid, '')
            name = track.name or track.thread.thread_name or track.process.process_name
            tracks[track.uuid] = (parent + '/' + name).lstrip('/')
        if not packet.HasField('track_event'):
            continue
        event = packet.track_event
        stack = open_slices.setdefault(event.track_uuid, [])
        if event.type == event.TYPE_SLICE_BEGIN:
            stack.append((packet.timestamp, event.name))
        elif event.type == event.TYPE_SLICE_END:
            begin, name = stack.pop()
            slices.append((tracks[event.track_uuid], len(stack), name, packet.timestamp - begin))
    assert not any(open_slices.values())
    vcpu = 'web1 "<&\\xff/vcpu0'
    assert (vcpu + '/exits', 1, 'sbi time.set_timer', 800) in slices, slices
    assert (vcpu + '/exits', 0, 'VIRTUAL_SUPERVISOR_ECALL', 1000) in slices
    assert (vcpu + '/state', 0, 'kernel', 1000) in slices
    assert sum(packet.previous_packet_dropped for packet in trace.packet) == 1


def jsonl():
    lines = open('sample.jsonl', encoding='utf-8', newline='\n').read().split('\n')
    assert lines.pop() == '' and len(lines) == 1000
    for number, line in enumerate(lines):
        value = json.loads(line)
        assert value['number'] == number and int(value['pc'], 16) == 2**64 - 1 - number
        assert value.get('cut') or value['call'] == {f'a{i}': value['name'] for i in range(number % 10)}
    assert any('"cut":true' in line for line in lines)


# The parsers of Prometheus' own client: of OpenMetrics, and of the older text, which node exporter takes.
def openmetrics():
    from prometheus_client.openmetrics.parser import text_string_to_metric_families
    from prometheus_client.parser import text_string_to_metric_families as older_text_to_metric_families
    for path in ('few.openmetrics', 'all.openmetrics'):
        text = open(path, encoding='utf-8', newline='\n').read()
        families = {family.name: family for family in text_string_to_metric_families(text)}
        assert len(families) == 9, list(families)
        assert all(family.documentation.endswith('.') for family in families.values())
        assert {name for name, family in families.items() if family.unit == 'seconds'} == {
            name for name in families if name.endswith('_seconds')}
        types = [families[name].type for name in ('vhart_exits', 'vhart_stat_uncounted_vcpus', 'vhart_stat_info')]
        assert types == ['counter', 'gauge', 'gauge'], types
        # Others stop a parser of the older text.
        types = {line.split()[3] for line in text.split('\n') if line.startswith('# TYPE ')}
        assert types == {'counter', 'gauge'}, types
        older = [sample for family in older_text_to_metric_families(text) for sample in family.samples]
        assert sorted((sample.name, sorted(sample.labels.items()), sample.value) for sample in older) == sorted(
            (sample.name, sorted(sample.labels.items()), sample.value)
            for family in families.values() for sample in family.samples)
        for family in families.values():
            labels = [tuple(sorted(sample.labels.items())) for sample in family.samples]
            assert len(set(labels)) == len(labels), family.name
        exits = families['vhart_exits'].samples
        assert {sample.labels['vm'] for sample in exits} == {'web1', 'a"b\\c\\nd\\xff'}
        timer = [sample.value for sample in exits if sample.labels['vm'] == 'web1'
                 and sample.labels.get('sub') == 'time.set_timer']
        assert timer == [7], timer
        halted = [sample.value for sample in families['vhart_vcpu_seconds'].samples
                  if sample.labels['vcpu'] == '1' and sample.labels['state'] == 'halted']
        assert halted == [1.5], halted


{'folded': folded, 'flamegraph': flamegraph, 'pprof': pprof, 'perfetto': perfetto,
 'jsonl': jsonl, 'openmetrics': openmetrics}[format]()
