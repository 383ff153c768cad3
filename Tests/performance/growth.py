#!/usr/bin/env python3
"""Measures how the cost of a camera grows: with its resolution, its bitrate and the time between two looks, and with the
number of cameras. Prints Markdown tables.

    growth.py --program .build/release/gridwarden [--clip FILE] [--seconds 1] [--cameras 1,2,4,8,16]

Needs ffmpeg and the networks ('make models'). The clip is encoded anew in each size and bitrate, as a fixed camera sends it;
each is measured with `bench --stages`, and --cameras with `bench --cameras` for --live-seconds each, in real time.
"""
import argparse
import pathlib
import shutil
import sys
import tempfile

from measuring import ROOT, USUAL_CLIP, Failed, Missing, bench, camera, need, say

SIZES = [(640, 360), (1280, 720), (1920, 1080), (2560, 1440), (3840, 2160)]
RATES = [1, 2, 4, 8, 16]
USUAL = (1920, 1080), 4
STAGES = ["receive", "decode", "small", "gate", "scale", "tracking"]


def encoded(options, work, size, rate):
    clip = work / f"{size[0]}x{size[1]}-{rate}.mp4"
    if not clip.is_file():
        say(f"encoding {clip.name}")
        camera(["-i", options.clip, "-vf", f"scale={size[0]}:{size[1]}"], rate, 20, clip)
    return clip


def row(name, report):
    found = {stage["stage"]: stage["cpu_ms"]["median"] for stage in report["stages"]}
    cells = [name] + [f"{found[stage]:.3g}" for stage in STAGES]
    for state in ["quiet", "detecting"]:
        cells += [f"{report['camera'][state][pace]:.2g}" for pace in ["every_2s", "every_10s"]]
    print("| " + " | ".join(cells) + " |", flush=True)


def series(options, work, title, entries):
    head = [title] + [f"{stage} ms" for stage in STAGES]
    head += [f"{state}, a look in {pace} s" for state in ["quiet", "detecting"] for pace in [2, 10]]
    print("\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for name, size, rate in entries:
        clip = encoded(options, work, size, rate)
        report = bench(options, clip, "--stages", "--seconds", options.seconds, "--disk", work)["stages"]
        if report["camera"] is None:
            raise Failed(f"not all stages of {clip.name} could be measured: {report['faults']}")
        row(name, report)


def lives(options):
    print("\n| cameras | cores for each | 95 % of the looks within | MiB for each | kept |\n|---|---|---|---|---|")
    for count in options.cameras:
        live = bench(options, options.clip, "--cameras", count, "--seconds", options.live_seconds)["live"]
        print(f"| {count} | {live['cores_per_camera']:.4f} | {live['look_delay_s']['p95']} s | "
              f"{live['rss_per_camera_mib']} | {'yes' if live['kept'] else 'no'} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True, help="the release build of gridwarden")
    parser.add_argument("--models", type=pathlib.Path, default=ROOT / "models/prepared")
    parser.add_argument("--clip", type=pathlib.Path, default=USUAL_CLIP, help="at least 20 s of a street, in 1080p or larger")
    parser.add_argument("--seconds", type=float, default=1, help="of each stage")
    parser.add_argument("--cameras", type=lambda text: [int(word) for word in text.split(",")], default=[])
    parser.add_argument("--live-seconds", type=float, default=60)
    options = parser.parse_args()
    try:
        options.program = need(options.program, "the program (run 'make build')").resolve()
        options.clip = need(options.clip, "the clip (--clip)").resolve()
        if not shutil.which("ffmpeg"):
            raise Missing("ffmpeg is not installed: apt-get install ffmpeg")
        with tempfile.TemporaryDirectory() as folder:
            work = pathlib.Path(folder)
            series(options, work, "picture", [(f"{size[0]}×{size[1]}", size, USUAL[1]) for size in SIZES])
            series(options, work, "Mb/s", [(str(rate), USUAL[0], rate) for rate in RATES])
        if options.cameras:
            lives(options)
    except (Missing, Failed) as fault:
        sys.exit(f"growth.py: {fault}")


if __name__ == "__main__":
    main()
