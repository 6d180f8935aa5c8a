#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Completions as a user has them: check.py SHELL VHART FOLDER.

A word is typed and the tab key pressed in SHELL on a terminal, where `vhart` is a script that prints the words it is given
(and asks VHART for completions). What it prints is what the shell made of the line. fish completes lines without a terminal.
"""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

shell, vhart, folder = sys.argv[1:]
top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
completions = os.path.abspath(os.path.join(top, "completions"))

# What is typed, a tab between the parts, and the words that vhart is started with then.
typed = [
    ("run --trans\t", ["run", "--transport"]),
    ("run --transport p\t", ["run", "--transport", "pci"]),
    ("run --transport=p\t", ["run", "--transport=pci"]),
    ("run --transport=\tm\t", ["run", "--transport=mmio"]),
    ("rec\t-e cy\t", ["record", "-e", "cycles"]),
    ("run --net us\t", ["run", "--net", "user"]),
    ("run --net user,mt\t1400", ["run", "--net", "user,mtu=1400"]),
    ("run --net=user,mt\t1400", ["run", "--net=user,mtu=1400"]),
    ("run --kernel kern\t", ["run", "--kernel", "kernel image"]),
    ("run --kernel=kern\t", ["run", "--kernel=kernel image"]),
    ("run --disk kern\t", ["run", "--disk", "kernel image"]),
    ("run --root fol\t", ["run", "--root", "folder/"]),
    ("run --vhost-user f\tso\tsoc\t", ["run", "--vhost-user", "fs,socket=socket"]),
    ("stat --openm\tuni\tsoc\t", ["stat", "--openmetrics", "unix=socket"]),
    ("watch --fail-on timer-\t", ["watch", "--fail-on", "timer-storm"]),
    ("trace -e sbi,mm\t", ["trace", "-e", "sbi,mmio"]),
    ("stat -- ru\t--ker\tkern\t", ["stat", "--", "run", "--kernel", "kernel image"]),
    ("run --extract /out:fold\t", ["run", "--extract", "/out:folder/"]),
    ("help sc\t", ["help", "script"]),
]


def prepare():
    """A folder with files to complete, and one for PATH with the script."""
    for name in ("kernel image", "socket"):
        open(os.path.join(folder, name), "w").close()
    for name in ("folder", "bin"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    script = os.path.join(folder, "bin", "vhart")
    with open(script, "w") as file:
        file.write(f'#!/bin/sh\n[ "$1" != complete ] || exec {vhart} "$@"\n'
                   'printf "started:"\nprintf "<%s>" "$@"\necho ":so"\n')
    os.chmod(script, 0o755)
    os.chdir(folder)
    os.environ.update(PATH=os.path.abspath("bin") + ":" + os.environ["PATH"], HOME=os.getcwd(), TERM="dumb")
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "BASH_ENV", "ENV"):
        os.environ.pop(name, None)


class Terminal:
    """A shell on a terminal."""

    def __init__(self, *command):
        self.screen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], command)

    def write(self, text):
        os.write(self.fd, text.encode())

    def wait_for(self, pattern):
        """What comes until PATTERN matches; the match."""
        end = time.monotonic() + 300
        while True:
            found = re.search(pattern, self.screen, re.DOTALL)
            if found:
                self.screen = self.screen[found.end():]
                return found
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                sys.exit(f"{shell}: {pattern!r} did not come:\n{self.screen!r}")
            self.screen += os.read(self.fd, 4096).decode(errors="replace")

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def on_terminal(terminal, ready):
    """All of TYPED: a line, its end, and what the script printed."""
    failed = []
    for keys, words in typed:
        terminal.write("vhart " + keys + "\n")
        seen = terminal.wait_for(r"started:(.*?):so")[1]
        terminal.wait_for(ready)
        # zsh takes the slash behind a folder away again where nothing follows.
        got = [word.rstrip("/") for word in re.findall(r"<([^>]*)>", seen)]
        if got != [word.rstrip("/") for word in words]:
            failed.append(f"{keys!r}: {got} and not {words}")
    terminal.close()
    if failed:
        sys.exit("\n".join(failed))


def bash():
    with open("bashrc", "w") as file:
        file.write(f"PS1='ready> '\nbind 'set enable-bracketed-paste off'\n. '{completions}/vhart.bash'\n")
    terminal = Terminal("bash", "--noprofile", "--rcfile", "bashrc", "-i")
    terminal.wait_for("ready> ")
    on_terminal(terminal, "ready> ")


def zsh():
    subprocess.run(["zsh", "-n", f"{completions}/_vhart"], check=True)
    with open(".zshrc", "w") as file:
        file.write(f"PS1='ready> '\nunsetopt prompt_cr prompt_sp\nunset zle_bracketed_paste\n"
                   f"fpath=('{completions}' $fpath)\nautoload -Uz compinit\ncompinit -u -D\n"
                   # Asked where _vhart says that it has nothing: then no word is the only one.
                   "_other() { compadd -U -- other; }\nzstyle ':completion:*' completer _complete _other\n")
    os.environ["ZDOTDIR"] = os.getcwd()
    terminal = Terminal("zsh", "-i")
    terminal.wait_for("ready> ")
    on_terminal(terminal, "ready> ")


def fish():
    """What it would put in place of the last word, of each line up to its first tab."""
    failed = []
    for keys, words in typed:
        line = "vhart " + keys.split("\t")[0]
        command = f"source {completions}/vhart.fish; complete -C {line!r}"
        result = subprocess.run(["fish", "--no-config", "-c", command], capture_output=True, text=True, check=False)
        got = [row.split("\t")[0] for row in result.stdout.splitlines()]
        last = line.split(" ")[-1]
        # It gives some with what stands in front, and quotes what it must when it puts it there.
        wanted = [word for word in words if word.startswith(last) and word != last] or [words[-1]]
        if not any(word.startswith(last) and wanted[0].startswith(word.rstrip("=")) for word in got) or result.stderr:
            failed.append(f"{line!r}: {got}: {wanted} {result.stderr}")
    if failed:
        sys.exit("\n".join(failed))


prepare()
{"bash": bash, "zsh": zsh, "fish": fish}[shell]()
