#!/usr/bin/env python3
"""Prints the copyright file of the Debian package.

    deploy/deb/copyright.py [CHECKOUTS]

It names every package of Package.resolved with its own licence and notice, as they lie in the checkouts of the build (by
default .build/checkouts). A package without a licence is an error.
"""
import json, pathlib, re, sys

root = pathlib.Path(__file__).resolve().parent.parent.parent
checkouts = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / ".build/checkouts"
APACHE = "/usr/share/common-licenses/Apache-2.0"
# What stands at the head of a file that was taken from elsewhere.
TERMS = re.compile(r"Redistribution and use|Permission is hereby granted|Permission to use, copy")
# Yams carries libyaml without its licence.
INSIDE = {
    "yams": """It contains libyaml:

Copyright (c) 2017-2020 Ingy döt Net
Copyright (c) 2006-2016 Kirill Simonov

The licence of libyaml is the same as that of Yams.""",
    "swift-nio-ssl": f"It contains BoringSSL: Copyright The BoringSSL Authors and The OpenSSL Project Authors; {APACHE}",
    "swift-crypto": f"It contains BoringSSL: Copyright The BoringSSL Authors and The OpenSSL Project Authors; {APACHE}",
}


def read(file):
    return file.read_text(errors="replace").strip("\n").rstrip()


def licence(text):
    """The Apache License by reference, everything else word for word."""
    if not re.search(r"Apache License\s+Version 2\.0", text):
        return text
    exception = "Runtime Library Exception" in text
    return f"Apache License 2.0{' with Runtime Library Exception' if exception else ''}: {APACHE}"


def heads(folder):
    """The terms at the heads of files, each once."""
    found = {}
    for file in sorted((folder).rglob("*")):
        if file.suffix not in {".c", ".cc", ".h", ".S", ".inc", ".swift"}:
            continue
        for block in re.findall(r"/\*.*?\*/|(?://[^\n]*\n)+", file.read_text(errors="replace"), re.S):
            if TERMS.search(block):
                text = re.sub(r"^[ \t]*(?:/\*+|\*+/|//+|\*)?[ \t]?", "", block, flags=re.M).strip("*/ \n")
                found.setdefault(text, file.relative_to(folder.parent))
    return [f"At the head of {file}:\n\n{text}" for text, file in found.items()]


parts = [
    f"Gridwarden is licensed under the Apache License 2.0: {APACHE}\n"
    "Each model's licence stands in /usr/share/gridwarden/models/manifest.json.\n"
    "Linked in are the runtime and Foundation of Swift, Apache License 2.0 with Runtime Library Exception:\n"
    f"{APACHE}, and these Swift packages (versions in components.txt):"
]
for pin in sorted(json.loads((root / "Package.resolved").read_text())["pins"], key=lambda pin: pin["identity"]):
    name = pin["location"].rsplit("/", 1)[-1].removesuffix(".git")
    folder = checkouts / name
    files = sorted(folder.glob("LICENSE*"))
    if not files:
        sys.exit(f"There is no licence of {pin['identity']} in {folder}: build first, or see what the package has.")
    texts = [licence(read(file)) for file in files]
    texts += [read(file) for file in sorted(folder.glob("NOTICE*"))]
    for source in (folder / "Sources", folder / "GRDB"):
        for file in sorted(source.rglob("LICENSE*")):
            texts.append(f"{file.relative_to(folder)}:\n\n{licence(read(file))}")
        texts += heads(source)
    if pin["identity"] in INSIDE:
        texts.append(INSIDE[pin["identity"]])
    parts.append(f"{'=' * 100}\n{pin['identity']}, {pin['location']}\n\n" + "\n\n".join(texts))
print("\n\n".join(parts))
