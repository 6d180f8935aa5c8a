#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""vhart report of a machine that is no riscv64 host: a recording that came from one. vhart RECORDING FOLDER"""
import os
import pty
import resource
import subprocess
import sys

vhart, recording, folder = sys.argv[1:]


def run(*args, **more):
    return subprocess.run([vhart, *args], capture_output=True, text=True, check=False, **more)


def expect(what, true, seen=""):
    if not true:
        sys.exit(f"{what}: {seen}")


def on_terminal(environment, *args):
    """What comes to the screen; the pager must not wait for keys."""
    screen = b""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(vhart, [vhart, *args], environment)
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        if not part:
            break
        screen += part
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), screen.decode()


report = run("report", "-i", recording)
expect("report", report.returncode == 0 and "# Samples:" in report.stdout, report)
rows = [line for line in report.stdout.splitlines() if not line.startswith("#")]
expect("several rows", len(rows) > 1, report.stdout)
limited = run("report", "-i", recording, "--limit", "1")
expect("--limit 1", len([line for line in limited.stdout.splitlines() if not line.startswith("#")]) == 1, limited.stdout)
expect("what --limit leaves out", f"# {len(rows) - 1} more row" in limited.stdout, limited.stdout)
expect("--limit 0", run("report", "-i", recording, "--limit", "0").returncode == 2)
svg = os.path.join(folder, "flame.svg")
expect("flame graph", run("report", "-i", recording, "--flamegraph", svg).returncode == 0 and os.path.getsize(svg) > 1000)
graph = open(svg, encoding="utf-8").read()
expect("its subtitle", " lost</text>" in graph and "<desc>Flame graph: " in graph, graph[:3000])
expect("all vCPUs in one", "<title>vcpu0 (" not in graph, graph)
expect("--per-vcpu", run("report", "-i", recording, "--per-vcpu", "--flamegraph", svg).returncode == 0
       and "<title>vcpu0 (" in open(svg, encoding="utf-8").read())
full = run("report", "-i", recording, "--flamegraph", "/dev/full")
expect("a full disk", full.returncode == 1 and full.stderr == "vhart: /dev/full: No space left on device\n", full)
page = os.path.join(folder, "page.html")
expect("page", run("report", "-i", recording, "--html", page).returncode == 0)
html = open(page, encoding="utf-8").read()
expect("what is in it", "<h2>The run</h2>" in html and html.endswith("</html>\n") and html.count("<script>") == 1, html[:3000])
full = run("report", "-i", recording, "--html", "/dev/full")
expect("a device is not replaced", full.returncode == 1 and full.stderr.count("\n") == 1 and "/dev/full" in full.stderr, full)
# As on a full disk: the one that was there stays, and nothing else is left.
full = run("report", "-i", recording, "--html", page, restore_signals=False,
           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)))
expect("a page that finds no room", full.returncode == 1 and full.stdout == "" and full.stderr.count("\n") == 1
       and full.stderr.startswith(f"vhart: --html {page}: File too large"), full)
expect("the page before it", open(page, encoding="utf-8").read() == html and
       [name for name in os.listdir(folder) if name.startswith("page")] == ["page.html"], os.listdir(folder))
# A recording is as it is; with another one of samples and exits there is nothing to compare.
same = run("diff", recording, recording)
expect("diff of a recording and itself", same.returncode == 0 and "\nFUNCTION, BY ITS " in same.stdout
       and " !" not in same.stdout and "unlike" not in same.stderr, same)
several = run("diff", "--json", recording, recording, "--", recording)
expect("diff of several", several.returncode == 0 and '"runs_before":2,"runs_after":1' in several.stdout
       and '{"type":"function","function":"' in several.stdout, several)
diff = os.path.join(folder, "diff.svg")
expect("diff as a flame graph", run("diff", "--flamegraph", diff, recording, recording).returncode == 0
       and "<text class=\"head\"" in open(diff, encoding="utf-8").read())
full = run("diff", "--flamegraph", "/dev/full", recording, recording)
expect("a diff that finds no place", full.returncode == 2 and full.stdout == "" and full.stderr.count("\n") == 1
       and "/dev/full" in full.stderr, full)
for name in "samples", "exits":
    other = os.path.join(os.path.dirname(recording), name + ".recording")
    unlike = run("diff", recording, other)
    expect("files of two kinds", unlike.returncode == (0 if other == recording else 2)
           and ("compare files of one kind" in unlike.stderr) == (other != recording), unlike)
for command in "run", "stat", "trace", "record", "probe":
    other = run(command)
    expect(command, other.returncode == (125 if command == "run" else 2) and "riscv64" in other.stderr
           and other.stderr.count("\n") == 1, other)

plain = {**os.environ, "TERM": "xterm"}
plain.pop("PAGER", None)
plain.pop("VHART_PAGER", None)
status, screen = on_terminal({**plain, "VHART_PAGER": "sed s/^/paged:/", "PAGER": "false"}, "report", "-i", recording)
expect("VHART_PAGER", status == 0 and "paged:# VM" in screen, screen)
status, screen = on_terminal({**plain, "PAGER": "sed s/^/paged:/"}, "report", "-i", recording)
expect("PAGER", status == 0 and "paged:# VM" in screen, screen)
status, screen = on_terminal({**plain, "PAGER": "sed s/^/paged:/"}, "report", "-i", recording, "--no-pager")
expect("--no-pager", status == 0 and "paged:" not in screen and "# VM" in screen, screen)
status, screen = on_terminal({**plain, "PAGER": "no-such-pager"}, "report", "-i", recording)
expect("a pager that is not there", status == 0 and "# VM" in screen, screen)
status, screen = on_terminal({**plain, "PAGER": "head -n 1"}, "report", "-i", recording)
expect("a pager that was left early", status == 0 and "# VM" in screen and "vhart:" not in screen, screen)
paged = subprocess.run([vhart, "report", "-i", recording], capture_output=True, text=True, check=False,
                       env={**plain, "PAGER": "sed s/^/paged:/"})
expect("no terminal, no pager", "paged:" not in paged.stdout, paged.stdout)
