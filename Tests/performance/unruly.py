#!/usr/bin/env python3
"""Measures whether good cameras keep their promises beside bad ones: of --cameras a tenth is dead (nothing listens there),
five come and go (each connection ends after some seconds), five send garbage, and the rest plays --clip from memory.

    unruly.py --program .build/release/gridwarden --cameras 160 --clip CLIP [--seconds 60]

Prints what each kind of camera was promised and what it missed. The exit code is 0 where the good ones missed nothing.
Needs ffmpeg and the networks ('make models').
"""
import argparse
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from measuring import ROOT, Failed, Missing, bench, need, say

# Of each kind; the dead are a tenth of all.
FEW = 5
# Seconds after which a connection of a camera that comes and goes ends: a picture or two, and no settled view.
GOING = 7


def listening():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    return listener, listener.getsockname()[1]


def serve(listener, one):
    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def babble(connection):
    """What is no RTSP, as much as anybody takes, in small pieces."""
    noise = random.Random(1)
    try:
        while True:
            connection.sendall(noise.randbytes(1400))
            time.sleep(0.01)
    except OSError:
        connection.close()


def relay(port):
    """To a camera on `port`, for some seconds."""

    def one(connection):
        end = time.monotonic() + GOING
        try:
            camera = socket.create_connection(("127.0.0.1", port), timeout=5)
        except OSError:
            connection.close()
            return

        def back():
            try:
                while data := connection.recv(65536):
                    camera.sendall(data)
            except OSError:
                pass

        threading.Thread(target=back, daemon=True).start()
        camera.settimeout(0.2)
        try:
            while time.monotonic() < end:
                try:
                    data = camera.recv(65536)
                except TimeoutError:
                    continue
                if not data:
                    break
                connection.sendall(data)
        except OSError:
            pass
        for end_of_it in (connection, camera):
            try:
                end_of_it.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end_of_it.close()

    return one


def server(clip):
    """A real camera's stream, small: its cost is not what is measured."""
    script = ROOT / "Tests/TestSupport/rtsp_server.py"
    process = subprocess.Popen(["/usr/bin/python3", script, clip, "--loop"], stdout=subprocess.PIPE, text=True)
    port = urllib.parse.urlparse(process.stdout.readline().strip()).port
    if port is None:
        raise Failed("the RTSP server did not start")
    return process, port


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True, help="the release build of gridwarden")
    parser.add_argument("--models", type=pathlib.Path, default=ROOT / "models/prepared")
    parser.add_argument("--clip", type=pathlib.Path, required=True, help="a recording of a fixed camera")
    parser.add_argument("--cameras", type=int, required=True, help="all of them, 40 or more")
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    if options.cameras < 8 * FEW:
        parser.error(f"--cameras takes {8 * FEW} or more")
    processes = []
    try:
        options.program = need(options.program, "the program (run 'make build')").resolve()
        clip = need(options.clip, "the clip").resolve()
        with tempfile.TemporaryDirectory() as work:
            small = pathlib.Path(work) / "small.mp4"
            say("encoding a small stream for the cameras that come and go")
            subprocess.run(
                ["ffmpeg", "-nostdin", "-v", "error", "-t", "20", "-i", clip, "-vf", "scale=640:-2", "-an", "-c:v", "libx264",
                 "-bf", "0", "-g", "25", "-b:v", "500k", small], check=True)
            process, camera = server(small)
            processes.append(process)
            dead, nobody = listening()
            dead.close()
            going, gate = listening()
            serve(going, relay(camera))
            loud, noise = listening()
            serve(loud, babble)
            # One in `round` cameras of the two few kinds, so that the kinds are spread over all of them.
            count = options.cameras // FEW
            sources = [f"rtsp://127.0.0.1:{nobody}/dead"] * max(1, round(count / 10))
            sources += [f"rtsp://127.0.0.1:{gate}/stream", f"rtsp://127.0.0.1:{noise}/garbage"]
            sources += ["memory"] * (count - len(sources))
            arguments = [argument for source in sources for argument in ("--rtsp", source)]
            live = bench(options, clip, *[clip] * (count - 1), *arguments, "--cameras", count * FEW, "--seconds",
                         options.seconds)["live"]
    except (Failed, Missing) as fault:
        sys.exit(f"{fault}")
    finally:
        for process in processes:
            process.kill()
    kinds = {}
    for source in live["sources"]:
        name = source["stream"].rsplit("/", 1)[-1]
        name = {"memory": "good", "stream": "comes and goes"}.get(name, name)
        row = kinds.setdefault(name, [0, 0, 0, 0, 0.0])
        for index, key in enumerate(["cameras", "looks_due", "looks", "looks_missed", "blind_seconds"]):
            row[index] += source[key]
    print("| cameras | number | due | looks | missed | blind, s |\n|---|---|---|---|---|---|")
    for name, row in kinds.items():
        print(f"| {name} | " + " | ".join(str(round(value, 1)) for value in row) + " |")
    print(f"cores: {live['cores_used']}, settled: {live['settling']}")
    good = kinds["good"]
    sys.exit(0 if good[1] and not good[3] and not good[4] else 1)


if __name__ == "__main__":
    main()
