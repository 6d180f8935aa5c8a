# SPDX-License-Identifier: Apache-2.0
"""Results of a test program in Python, as meson reads them (TAP)."""
import sys

number = 0
failed = False


def tap(good, what, why=""):
    global number, failed
    number += 1
    failed = failed or not good
    print(f"{'ok' if good else 'not ok'} {number} - {what}")
    if not good and why:
        print("# " + str(why).replace("\n", "\n# "))


def end():
    print(f"1..{number}")
    sys.exit(failed)
