"""What the comparisons share: running the program and other commands, and what a run cost."""
import json
import os
import pathlib
import resource
import socket
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("GRIDWARDEN_SHARED", ROOT.parent / "shared"))
USUAL_CLIP = SHARED / "footage/composed/camera-1080p25-h264.mp4"


class Missing(Exception):
    """Something that a comparison needs is not there."""


class Failed(Exception):
    """Something that ran did not do what it should."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def processor(pid):
    """Processor seconds of a running process so far, user and system."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid):
    """MiB that a running process holds."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def need(path, what):
    if not pathlib.Path(path).is_file():
        raise Missing(f"{what}: there is no file {path}")
    return pathlib.Path(path)


def run(command, what):
    """What the command prints."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"could not {what}: {(done.stderr or done.stdout).strip()[-600:]}")
    return done.stdout


def spent(command, what):
    """Processor seconds of the command and its children, user and system, and what it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    output = run(command, what)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, output


def bench(options, *words):
    """The report of the program's benchmark."""
    # For comparing convolutions only: nobody runs the product with it.
    os.environ.pop("GRIDWARDEN_STOCK_CONVOLUTION", None)
    words = ["bench", *words, "--models", options.models, "--json", "-"]
    return json.loads(run([options.program, *words], f"run {' '.join(str(word) for word in words)}"))


def seconds_of(clip):
    output = run(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", clip], "probe the clip")
    return float(output)


def camera(command, bitrate, seconds, target, interval=2, rate=25):
    """Encodes as a fixed camera does: a constant bitrate in Mb/s, a key frame in `interval` seconds, no B-frames."""
    run(["ffmpeg", "-nostdin", "-v", "error", "-y", *command, "-t", seconds, "-an", "-c:v", "libx264", "-preset", "veryfast",
         "-b:v", f"{bitrate}M", "-minrate", f"{bitrate}M", "-maxrate", f"{bitrate}M", "-bufsize", f"{bitrate}M",
         "-g", rate * interval, "-keyint_min", rate * interval, "-sc_threshold", "0", "-bf", "0", "-r", rate,
         "-pix_fmt", "yuv420p", target], f"compose {target}")


def table(head, rows):
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, *rows]:
        print("  ".join(cell.ljust(width) if not column else cell.rjust(width)
                        for column, (cell, width) in enumerate(zip(row, widths))).rstrip())


def median(values):
    return statistics.median(values)
