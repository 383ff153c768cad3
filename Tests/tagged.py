#!/usr/bin/env python3
"""Prints what `swift test` has to --filter or --skip for all suites with one of these tags of TestSupport/Tags.swift.

Usage: tagged.py TAG…; ends with 1 where no suite has one of them.
"""
import pathlib, re, sys

SUITE = re.compile(r"^@Suite\((?P<traits>.*?)\)\s*(?:final\s+)?(?:struct|class|actor)\s+(?P<name>\w+)", re.M | re.S)
TAGS = re.compile(r"\.tags\(([^)]*)\)")

suites = []
for path in sorted(pathlib.Path(__file__).resolve().parent.rglob("*.swift")):
    text = path.read_text()
    found = [(match["name"], tags) for match in SUITE.finditer(text) if (tags := TAGS.findall(match["traits"]))]
    if sum(len(tags) for _, tags in found) != len(TAGS.findall(text)) or any(len(tags) > 1 for _, tags in found):
        sys.exit(f"{path}: a tag belongs into '@Suite(…)', with its struct, class or actor directly behind it")
    suites += [(name, set(re.findall(r"\.(\w+)", tags[0]))) for name, tags in found]
names = []
for tag in sys.argv[1:]:
    tagged = [name for name, tags in suites if tag in tags]
    if not tagged:
        sys.exit(f"no suite below Tests has the tag '{tag}'")
    names += tagged
if not names:
    sys.exit(__doc__)
print(r"\.(" + "|".join(dict.fromkeys(names)) + ")/")
