"""What the composers of scenes share: their options, clips with their truth, and what `gridwarden bench` says of them."""
import argparse, contextlib, json, os, pathlib, subprocess, sys, tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("GRIDWARDEN_SHARED", ROOT.parent / "shared"))


def options(draws):
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--program", required=True)
    arguments.add_argument("--models", required=True)
    arguments.add_argument("--keep")
    arguments.add_argument("--draws", type=int, default=draws)
    arguments.add_argument("--only", help="a street or a kind of scene")
    return arguments.parse_args()


@contextlib.contextmanager
def written(clip, width, height, rate, crf, group):
    """Takes pictures one by one, height×width×3 in BGR, 0…255."""
    encoder = subprocess.Popen(
        ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{width}x{height}", "-r", rate,
         "-i", "-", "-c:v", "libx264", "-preset", "veryfast", "-crf", str(crf), "-g", str(group), "-pix_fmt", "yuv420p",
         str(clip)], stdin=subprocess.PIPE)
    yield lambda canvas: encoder.stdin.write(np.clip(canvas, 0, 255).astype(np.uint8).tobytes())
    encoder.stdin.close()
    if encoder.wait():
        sys.exit(f"ffmpeg could not write {clip}")


def tell(clip, width, height, seconds, rules, events=(), parked=()):
    """Writes the truth beside the clip: the whole picture is one zone."""
    corners = [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]
    truth = {"video": clip.name, "nature": "composed", "size": [width, height], "duration": seconds,
             "zones": [{"id": "all", "rules": rules, "polygon": corners}], "events": list(events), "parked": list(parked)}
    clip.with_suffix(".truth.json").write_text(json.dumps(truth))


def bench(options, clips, dwell, folder):
    """The reports by the clips' names."""
    result = folder / "bench.json"
    subprocess.run([options.program, "bench", *[str(clip) for clip in clips], "--dwell", str(dwell), "--json", str(result),
                    "--models", options.models], stdout=subprocess.DEVNULL, check=False)
    return {pathlib.Path(report["clip"]).name: report for report in json.loads(result.read_text())["clips"]}


def iou(a, b):
    """Of two boxes [left, top, width, height]."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(0, width) * max(0, height)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def brightness(pictures):
    """Of a street, against one by day: what is laid into it gets its light."""
    return min(1.1, max(0.4, float(pictures[0].mean()) / 110))


def trial(options, streets, kinds, draws, pictures_of, compose, dwell):
    """Composes what is missing and runs `gridwarden bench` over it; the clips with their kinds, and the reports by the clips' names, with
    the clips' truth.

    `draws` says how many of a kind there are; `compose` writes one, of a street's name, kind, number and pictures, to a clip.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder, clips = pathlib.Path(options.keep or temporary), []
        folder.mkdir(exist_ok=True)
        for name in streets:
            pictures, street = None, name.split("/")[1]
            for kind in kinds:
                if options.only and options.only not in (name, street, kind):
                    continue
                for seed in range(draws(kind)):
                    clip = folder / f"{street}-{kind}-{seed}.mp4"
                    if not clip.with_suffix(".truth.json").exists():
                        pictures = pictures or pictures_of(name)
                        compose(name, kind, seed, pictures, clip)
                    clips.append((kind, clip))
        reports = bench(options, [clip for _, clip in clips], dwell, folder)
        # The clips may go now.
        for _, clip in clips:
            reports[clip.name]["truth"] = json.loads(clip.with_suffix(".truth.json").read_text())
        return clips, reports
