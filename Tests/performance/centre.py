#!/usr/bin/env python3
"""Measures the ingest of a grid centre, outside of CI: simulated sites, one mosquitto, one centre with SQLite.

    centre.py --program .build/release/gridwarden [--sites 200] [--rate 10] [--seconds 60] [--peer] [--json FILE]

It says how many messages were stored, exactly once or not (by `gridwarden simulate check`), how long they took from their
publication to their being stored, the memory of the centre over time, and messages per second of its processor. The figures
of delay hold simulator, broker and centre on one machine.

--peer runs the same simulation once more for centre_subscriber.py (paho-mqtt and sqlite3), with and without a check against
the schema, and compares messages per processor second. It needs paho-mqtt and, for the schema, jsonschema: Debian's
python3-paho-mqtt and python3-jsonschema, with /usr/bin/python3, or --python.

Bars: all stored once, p95 below 1 s, memory below 200 MiB and flat, five times the messages per processor second of the peer.
Exit code 0 where all that was measured keeps its bar, 1 where something does not, 2 where it could not be measured.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from measuring import ROOT, Failed, Missing, free_port, need, processor, resident, run, say

AREA = "320583"


class Running:
    """A program that is ended with the block, and what it spent."""

    def __init__(self, command, log):
        self.log = open(log, "w")
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end()
        self.log.close()

    def end(self):
        """Ends it in order; what it printed."""
        self.process.send_signal(signal.SIGTERM)
        output, _ = self.process.communicate(timeout=120)
        return output

    @property
    def processor(self):
        return processor(self.process.pid)

    @property
    def memory(self):
        return resident(self.process.pid)


def broker(folder):
    port = free_port()
    file = folder / "mosquitto.conf"
    # A centre that falls behind for a moment is not to lose what waits for it.
    file.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 200000\nmax_inflight_messages 0\n"
        + ("user root\n" if os.geteuid() == 0 else ""))
    return Running(["/usr/sbin/mosquitto", "-c", file], folder / "mosquitto.log"), port


def simulate(options, port, folder):
    words = [
        options.program, "simulate", "--port", port, "--area", AREA, "--sites", options.sites, "--rate", options.rate,
        "--seconds", options.seconds, "--seed", options.seed, "--truth", folder / "truth.json", "--reviews", options.reviews,
        "--patience", 120]
    if not options.open:
        words.append("--no-open")
    return subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def expected(truth):
    return sum(len(epoch["ids"]) for site in truth["sites"] for epoch in site["epochs"])


def status(options, file):
    try:
        return json.loads(run([options.program, "centre", "status", "--config", file, "--json"], "ask the centre"))
    except Failed:
        return None


def centre(options, folder):
    folder.mkdir()
    mosquitto, port = broker(folder)
    file = folder / "centre.yaml"
    file.write_text(
        f'centre:\n  id: load\n  area: "{AREA}"\n  brokers: [{{host: 127.0.0.1, port: {port}}}]\n'
        f"  store: {folder}/centre.sqlite\n")
    with mosquitto, Running([options.program, "centre", "--config", file], folder / "centre.log") as program:
        deadline = time.monotonic() + 60
        while not (state := status(options, file)) or state["connected"] != 1:
            if time.monotonic() > deadline:
                raise Failed(f"the centre did not start: {(folder / 'centre.log').read_text()[-600:]}")
            time.sleep(0.2)
        time.sleep(1)
        before = program.processor
        sites = simulate(options, port, folder)
        memory = []
        while sites.poll() is None:
            time.sleep(1)
            memory.append(program.memory)
        truth = json.loads((folder / "truth.json").read_text())
        count = expected(truth)
        deadline = time.monotonic() + 120
        while (state := status(options, file) or {"stored": 0})["stored"] < count and time.monotonic() < deadline:
            time.sleep(0.5)
        spent = program.processor - before
        program.end()
    words = ["simulate", "check", "--truth", folder / "truth.json", "--store", folder / "centre.sqlite", "--json"]
    done = subprocess.run([str(options.program)] + [str(word) for word in words], capture_output=True, text=True)
    check = json.loads(done.stdout)
    half = memory[len(memory) // 2 :] or [0]
    return {
        "written": count, "stored": check["stored"], "problems": check["problems"], "unsent": truth["unsent"],
        "repeated": state["repeated"], "delay": state["delay"], "slowest_batch": state["slowest_batch"],
        "batches": state["batches"], "processor_seconds": round(spent, 2),
        "messages_per_processor_second": round(count / spent) if spent else 0,
        "memory_mib": {"most": round(max(memory, default=0)), "second_half_grew": round(half[-1] - half[0], 1)},
        "database_mib": round((folder / "centre.sqlite").stat().st_size / 2**20, 1),
    }


def peer(options, folder, validate):
    folder.mkdir()
    mosquitto, port = broker(folder)
    command = [
        options.python, pathlib.Path(__file__).parent / "centre_subscriber.py", "--port", port, "--store",
        folder / "peer.sqlite", "--validate", validate]
    with mosquitto, Running(command, folder / "peer.log") as program:
        time.sleep(3)
        if program.process.poll() is not None:
            raise Missing(f"the peer does not run: {(folder / 'peer.log').read_text()[-400:]}")
        before = program.processor
        sites = simulate(options, port, folder)
        while sites.poll() is None:
            time.sleep(1)
        count = expected(json.loads((folder / "truth.json").read_text()))
        # It may be behind: until it has been idle for a while.
        last, idle = program.processor, 0
        while idle < 3:
            time.sleep(1)
            idle = idle + 1 if program.processor - last < 0.05 else 0
            last = program.processor
        spent = program.processor - before
        stored = json.loads(program.end().splitlines()[-1])["stored"]
    return {
        "validate": validate, "written": count, "stored": stored, "processor_seconds": round(spent, 2),
        "messages_per_processor_second": round(stored / spent) if spent else 0,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / ".build/release/gridwarden")
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--rate", type=float, default=10, help="messages a second of each site")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reviews", type=float, default=0.0)
    parser.add_argument("--open", action="store_true", help="publish the retained states of incidents as well")
    parser.add_argument("--peer", action="store_true")
    parser.add_argument("--python", default="/usr/bin/python3", help="for the peer")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path, help="a folder that keeps databases and logs")
    options = parser.parse_args()
    work = options.keep or pathlib.Path(tempfile.mkdtemp(prefix="gridwarden-centre-"))
    work.mkdir(parents=True, exist_ok=True)
    result, kept = {}, True
    try:
        need(options.program, "the program")
        say(f"{options.sites} sites, {options.rate} messages a second each, {options.seconds} s")
        result["centre"] = centre(options, work / "centre")
        if options.peer:
            result["peers"] = [peer(options, work / f"peer-{name}", name) for name in ("keys", "schema")]
            own = result["centre"]["messages_per_processor_second"]
            result["ratios"] = {
                one["validate"]: round(own / one["messages_per_processor_second"], 2)
                for one in result["peers"] if one["messages_per_processor_second"]}
    except (Missing, Failed) as error:
        say(str(error))
        sys.exit(2)
    finally:
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)
    one = result["centre"]
    kept = (
        one["stored"] == one["written"] and not one["problems"] and one["delay"]["p95"] < 1
        and one["memory_mib"]["most"] < 200 and result.get("ratios", {}).get("schema", 5) >= 5)
    text = json.dumps(result, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text)
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
