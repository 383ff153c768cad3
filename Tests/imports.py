#!/usr/bin/env python3
"""Checks what Swift files import against Package.swift; the build alone lets much of it through.

A target imports what it declares there and modules of the toolchain, nothing else. A heavy library has one owner among
the targets of Sources; tests may name more.
"""
import json, os, pathlib, re, subprocess, sys

TOOLCHAIN = {"Dispatch", "Foundation", "FoundationNetworking", "FoundationXML", "Glibc", "Synchronization", "Testing"}
OWNERS = {
    "AsyncHTTPClient": {"Delivery"},
    "CAssets": {"Console"},
    "CCrypto": {"Hashing"},
    "CZlib": {"Runtime"},
    "CFFmpeg": {"Video", "VideoTests"},  # files with flaws that no tool writes
    "CFreeType": {"Evidence"},
    "CMosquitto": {"MQTT"},
    "COpenCV": {"Inference"},
    "COpenSSL": {"MQTT"},
    "CPostgres": {"Postgres"},
    "GRDB": {"Store", "DeliveryTests", "EndToEndTests"},  # looks into the database, and damages it
    "GRDBSQLite": {"Store"},
    "Hummingbird": {"Console"},
    "Yams": {"SiteConfiguration"},
}
IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\(\w+\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias|actor)\s+)?(\w+)[\w.]*\s*(?:;.*|//.*)?$")

root = pathlib.Path(__file__).resolve().parent.parent
# With the variable the fuzzer's driver is described, too.
dump = subprocess.run(
    ["swift", "package", "dump-package"], cwd=root, env=os.environ | {"GRIDWARDEN_FUZZER": "-"}, check=True,
    capture_output=True, text=True).stdout
faults = []


def is_foreign(target, module, place):
    """Whether the module belongs to other targets, which is a fault."""
    if target in OWNERS.get(module, {target}):
        return False
    owners = " and ".join(sorted(OWNERS[module]))
    faults.append(f"{place}: {module} belongs to {owners}: ask that target, or change the list in Tests/imports.py")
    return True


for target in json.loads(dump)["targets"]:
    name = target["name"]
    if target["type"] == "system":
        continue
    declared = {(list(item.values())[0])[0] for item in target["dependencies"]}
    for module in sorted(declared):
        is_foreign(name, module, f"Package.swift, {name}")
    above = "Tests" if target["type"] == "test" else "Sources"
    for file in sorted((root / (target.get("path") or f"{above}/{name}")).rglob("*.swift")):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            found = IMPORT.match(line)
            if not found or found[1] in TOOLCHAIN:
                continue
            place = f"{file.relative_to(root)}:{number}"
            if not is_foreign(name, found[1], place) and found[1] not in declared:
                faults.append(f"{place}: {name} does not declare {found[1]}: add it in Package.swift, or do without")

if faults:
    print("\n".join(faults), file=sys.stderr)
    sys.exit(1)
