#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the manual and docs/control.md to the table of verbs, and runs the manual's example.

check.py VERB_HELP SAMPLE: compares. check.py --write VERB_HELP: writes both texts anew.
"""
import json
import os
import subprocess
import sys
import tempfile

top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(top, "tests", "unit"))
sys.dont_write_bytecode = True
from tap import end, tap

manual = os.path.join(top, "vmm", "vhart-control.7")
page = os.path.join(top, "docs", "control.md")
places = {
    "mdoc": (manual, ".Sh VERBS\n.Bl -tag -width Ds\n", ".El\n"),
    "markdown": (page, "## Verbs\n\n", "\n## "),
}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def help_of(program, form):
    return subprocess.run([program, form], check=True, capture_output=True, text=True).stdout


def cut(text, begin, end):
    start = text.index(begin) + len(begin)
    return start, text.index(end, start)


def write(program):
    for form, (path, begin, end) in places.items():
        text = read(path)
        start, stop = cut(text, begin, end)
        text = text[:start] + help_of(program, form) + text[stop:]
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def check_texts(program):
    for form, (path, begin, end) in places.items():
        text = read(path)
        start, stop = cut(text, begin, end)
        tap(text[start:stop] == help_of(program, form), f"{os.path.basename(path)} has the table of verbs",
            f"tests/control/check.py --write {os.path.relpath(program, top)} writes it anew")


def is_schema(schema):
    """Of one request: what JSON Schema's core and validation vocabularies ask of these members."""
    types = {"string", "integer", "number", "boolean", "object", "array", "null"}
    args = schema["properties"]["args"]
    for name, argument in args["properties"].items():
        kinds = argument["type"] if isinstance(argument["type"], list) else [argument["type"]]
        if not set(kinds) <= types or len(set(kinds)) != len(kinds) or not argument["description"]:
            return name
        if "enum" in argument and len(set(argument["enum"])) != len(argument["enum"]):
            return name
    if not set(args["required"]) <= set(args["properties"]) or args["additionalProperties"] is not False:
        return "required"
    return "" if schema["required"] == ["verb"] and schema["properties"]["verb"]["const"] else "verb"


def check_schema(program):
    schema = json.loads(help_of(program, "schema"))
    wrong = [s["properties"]["verb"]["const"] + ": " + is_schema(s) for s in schema["oneOf"] if is_schema(s)]
    tap(not wrong, "the schema of each request is one", ", ".join(wrong))
    names = [s["properties"]["verb"]["const"] for s in schema["oneOf"]]
    listed = [line.split()[0] for line in help_of(program, "markdown").replace("| `", "").splitlines()[2:]]
    tap(names == [name.rstrip("`") for name in listed] and len(set(names)) == len(names),
        "and there is one for each verb")


def example():
    text = read(manual)
    start, stop = cut(text, "In Python:\n.Bd -literal\n", ".Ed\n")
    return text[start:stop].replace("\\en", "\\n")


def check_example(sample):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "v.sock")
        with subprocess.Popen([sample, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
            server.stdout.readline()
            code = example().replace("/tmp/v.sock", path)
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
            server.stdin.close()
    lines = [line for line in code.splitlines() if line]
    tap(len(lines) <= 10, "the manual's example has ten lines", str(len(lines)))
    tap(done.stdout == "sample\n{'id': None, 'result': {}} {'id': None, 'result': {'state': 'paused'}}\n",
        "and does what it says", done.stdout + done.stderr)
    tap(server.returncode == 0, "its server ends well")


if sys.argv[1] == "--write":
    write(sys.argv[2])
else:
    check_texts(sys.argv[1])
    check_schema(sys.argv[1])
    check_example(sys.argv[2])
    end()
