#!/usr/bin/python3
"""docs/regenerate at a tiny size: a row for every cell and every hypothesis, and the index after the page.

usage: check_regenerate.py REGENERATE BUILD
"""
import subprocess
import sys
import tempfile

regenerate, build = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    def run(*arguments):
        command = [sys.executable, regenerate, "--build", build, "--results", folder, "--small", "--threads", "1", *arguments]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)

    done = run("repeat_assumed")
    assert done.returncode == 0, done.stderr
    results = done.stdout.split("<!-- begin results -->")[1].split("<!-- end results -->")[0].split("\n")
    rows = [line for line in results if line.startswith("| ") and not line.startswith("| strategy")]
    assert len(rows) == 4 * 5 * 2, rows
    assert all(line.count("|") == results[1].count("|") for line in rows), rows
    assert sum("| baseline |" in line for line in rows) == 5 * 2, rows
    # the same customers, and nothing that the setting touches
    assert any(line.startswith("| control: ") and "| 0 [0, 0] |" in line and line.endswith("| supported |")
               for line in done.stdout.split("\n")), done.stdout
    assert "[repeat_assumed](repeat_assumed.md)" in done.stdout.split("# Experiments and their verdicts")[1]
    wrong = run("no_such_page")
    assert wrong.returncode == 2 and "there is no page no_such_page" in wrong.stderr, wrong.stderr
