#!/usr/bin/env python3
"""The work of a centre's ingest as a competent user would write it: paho-mqtt and sqlite3.

It is what `centre.py` compares with, and does the same work: each message is read, checked, stored whole (deflated) once by
its id, its sequence counted by site and epoch with the gaps known, its incident brought up to date, its pictures noted, and a
case opened with number, history and the sums that screens show. Messages are written in transactions of up to 500, or of what
came in 50 ms, by one thread; everything is prepared and upserted.

    centre_subscriber.py --port 1883 --area 320583 --store FILE [--validate none|keys|schema]

keys   checks by hand what is needed below, as most programs do
schema checks each message against docs/incident.schema.json with python3-jsonschema, which is what the centre does
"""
import argparse
import collections
import datetime
import json
import pathlib
import queue
import signal
import sqlite3
import threading
import time
import uuid
import zlib

import paho.mqtt.client as mqtt

SCHEMA = """
CREATE TABLE IF NOT EXISTS site (id TEXT, epoch TEXT, contiguous_to INTEGER, highest_seen INTEGER, PRIMARY KEY (id, epoch));
CREATE TABLE IF NOT EXISTS message (
    id TEXT PRIMARY KEY, site TEXT, epoch TEXT, sequence INTEGER, incident TEXT, revision INTEGER, state TEXT, kind TEXT,
    time REAL, received_at REAL, backfilled INTEGER, payload BLOB, UNIQUE (site, epoch, sequence));
CREATE INDEX IF NOT EXISTS message_incident ON message(incident, revision);
CREATE INDEX IF NOT EXISTS message_received ON message(received_at);
CREATE TABLE IF NOT EXISTS incident (
    id TEXT PRIMARY KEY, site TEXT, camera TEXT, zone TEXT, kind TEXT, severity INTEGER, state TEXT, reason TEXT,
    review TEXT, revision INTEGER, area12 TEXT, grid TEXT, microgrid TEXT, first_seen REAL, confirmed REAL, last_seen REAL,
    closed_at REAL, dwell REAL, allowed REAL, department TEXT, ended_at REAL, case_id TEXT);
CREATE INDEX IF NOT EXISTS incident_area ON incident(area12, confirmed);
CREATE INDEX IF NOT EXISTS incident_case ON incident(case_id);
CREATE INDEX IF NOT EXISTS incident_open ON incident(kind, site, camera) WHERE ended_at IS NULL;
CREATE TABLE IF NOT EXISTS evidence (
    sha256 TEXT, incident TEXT, role TEXT, taken REAL, bytes INTEGER, path TEXT, PRIMARY KEY (sha256, incident));
CREATE INDEX IF NOT EXISTS evidence_incident ON evidence(incident);
CREATE TABLE IF NOT EXISTS casefile (
    id TEXT PRIMARY KEY, number TEXT UNIQUE, lead TEXT, kind TEXT, code TEXT, severity INTEGER, area12 TEXT, grid TEXT,
    place TEXT, stage TEXT, stage_at REAL, due_at REAL, auto_at REAL, department TEXT, found_at REAL, closed_at REAL);
CREATE INDEX IF NOT EXISTS casefile_open ON casefile(area12, due_at) WHERE closed_at IS NULL;
CREATE INDEX IF NOT EXISTS casefile_area ON casefile(area12, found_at);
CREATE INDEX IF NOT EXISTS casefile_place ON casefile(place, kind, found_at);
CREATE TABLE IF NOT EXISTS case_incident (case_id TEXT, incident TEXT, how TEXT, at REAL, PRIMARY KEY (case_id, incident));
CREATE TABLE IF NOT EXISTS case_event (
    case_id TEXT, ordinal INTEGER, at REAL, actor TEXT, action TEXT, stage_before TEXT, stage_after TEXT,
    PRIMARY KEY (case_id, ordinal));
CREATE TABLE IF NOT EXISTS hourly (
    area12 TEXT, grid TEXT, kind TEXT, hour INTEGER, found INTEGER, PRIMARY KEY (area12, grid, kind, hour));
CREATE TABLE IF NOT EXISTS standing (
    area12 TEXT, grid TEXT, kind TEXT, stage TEXT, department TEXT, cases INTEGER,
    PRIMARY KEY (area12, grid, kind, stage, department));
"""
MESSAGE = "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
INCIDENT = "INSERT INTO incident VALUES (" + ", ".join("?" * 22) + ")"
CASE = "INSERT INTO casefile VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'found', ?, ?, NULL, ?, ?, NULL)"


def seconds(text):
    return datetime.datetime.fromisoformat(text).timestamp()


class Sequences:
    """Of one site and epoch: up to where all is there, and what lies beyond."""

    def __init__(self, contiguous=0):
        self.contiguous, self.beyond = contiguous, set()

    def arrive(self, sequence):
        if sequence != self.contiguous + 1:
            if sequence > self.contiguous:
                self.beyond.add(sequence)
            return
        self.contiguous = sequence
        while self.contiguous + 1 in self.beyond:
            self.contiguous += 1
            self.beyond.discard(self.contiguous)


class Subscriber:
    def __init__(self, options):
        self.options, self.waiting, self.isOver = options, queue.SimpleQueue(), threading.Event()
        self.sequences, self.stored, self.refused, self.numbers = {}, 0, 0, collections.Counter()
        self.validator = None
        if options.validate == "schema":
            from jsonschema import Draft202012Validator

            file = pathlib.Path(__file__).resolve().parents[2] / "docs/incident.schema.json"
            self.validator = Draft202012Validator(json.loads(file.read_text()))

    def run(self):
        version = {"protocol": mqtt.MQTTv5}
        if hasattr(mqtt, "CallbackAPIVersion"):
            client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="python-centre", **version)
        else:
            client = mqtt.Client(client_id="python-centre", **version)
        client.on_connect = lambda client, *_: client.subscribe(f"mg/v1/alert/{self.options.filter}", qos=1)
        client.on_message = lambda _client, _data, message: self.waiting.put((message.payload, time.time()))
        client.connect("127.0.0.1", self.options.port)
        client.loop_start()
        writer = threading.Thread(target=self.write)
        writer.start()
        self.isOver.wait()
        client.loop_stop()
        writer.join()
        print(json.dumps({"stored": self.stored, "refused": self.refused}))

    def batch(self):
        """Up to 500 messages, or what comes in 50 ms."""
        try:
            batch = [self.waiting.get(timeout=0.2)]
        except queue.Empty:
            return []
        end = time.monotonic() + 0.05
        while len(batch) < 500:
            try:
                batch.append(self.waiting.get(timeout=max(0, end - time.monotonic())))
            except queue.Empty:
                break
        return batch

    def write(self):
        database = sqlite3.connect(self.options.store, isolation_level=None, cached_statements=256)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA cache_size = -16000")
        database.executescript(SCHEMA)
        while not (self.isOver.is_set() and self.waiting.empty()):
            batch = self.batch()
            if not batch:
                continue
            read = []
            for payload, at in batch:
                try:
                    event = json.loads(payload)
                    if self.validator:
                        error = next(self.validator.iter_errors(event), None)
                        if error:
                            raise ValueError(error.message)
                    elif self.options.validate == "keys" and event["specversion"] != "1.0":
                        raise ValueError("another version")
                    read.append((event, payload, at))
                except (ValueError, KeyError):
                    self.refused += 1
            database.execute("BEGIN IMMEDIATE")
            found, standing = collections.Counter(), collections.Counter()
            touched = set()
            for event, payload, at in read:
                self.store(database, event, payload, at, found, standing, touched)
            database.executemany(
                "INSERT INTO site VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET contiguous_to = excluded.contiguous_to, "
                "highest_seen = excluded.highest_seen",
                [(*key, self.sequences[key].contiguous, max(self.sequences[key].beyond, default=self.sequences[key].contiguous))
                 for key in touched])
            database.executemany(
                "INSERT INTO hourly VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET found = found + excluded.found",
                [(*key, count) for key, count in found.items()])
            database.executemany(
                "INSERT INTO standing VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET cases = cases + excluded.cases",
                [(*key, count) for key, count in standing.items() if count])
            database.execute("COMMIT")

    def store(self, database, event, payload, at, found, standing, touched):
        data = event["data"]
        incident, observed, area = data["incident"], data["observed"], data["area"]
        site, epoch, sequence = event["source"][7:], event.get("epoch", ""), int(event["sequence"])
        changed = database.execute(
            MESSAGE,
            (event["id"], site, epoch, sequence, event["subject"], incident["revision"], incident["state"], data["kind"],
             seconds(event["time"]), at, observed["backfilled"], zlib.compress(payload, 1))).rowcount
        if (site, epoch) not in self.sequences:
            self.sequences[site, epoch] = Sequences()
        self.sequences[site, epoch].arrive(sequence)
        touched.add((site, epoch))
        if changed != 1:
            return
        self.stored += 1
        row = database.execute("SELECT revision, state FROM incident WHERE id = ?", (event["subject"],)).fetchone()
        ended = at if incident["state"] in ("closed", "withdrawn") else None
        if row is None:
            case = self.open(database, event, site, at, found, standing)
            database.execute(
                INCIDENT,
                (event["subject"], site, data["camera"]["id"], data["zone"]["id"], data["kind"], data["severity"],
                 incident["state"], incident.get("reason"), incident["review"], incident["revision"], area["code"],
                 area["grid"], area["microgrid"], seconds(observed["first_seen"]), seconds(observed["confirmed"]),
                 seconds(observed["last_seen"]), observed.get("closed") and seconds(observed["closed"]),
                 observed["dwell_seconds"], observed["threshold_seconds"], data["department"]["role"], ended, case))
            database.executemany(
                "INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [(one["sha256"], event["subject"], one["role"], seconds(one["taken"]), one["bytes"], one.get("file"))
                 for one in data["evidence"]])
        elif incident["revision"] > row[0]:
            database.execute(
                "UPDATE incident SET severity = ?, state = ?, reason = ?, review = ?, revision = ?, last_seen = ?, "
                "closed_at = ?, dwell = ?, department = ?, ended_at = ? WHERE id = ?",
                (data["severity"], incident["state"], incident.get("reason"), incident["review"], incident["revision"],
                 seconds(observed["last_seen"]), observed.get("closed") and seconds(observed["closed"]),
                 observed["dwell_seconds"], data["department"]["role"], ended, event["subject"]))
            if ended and row[1] not in ("closed", "withdrawn"):
                self.end(database, event, incident, at, standing)

    def open(self, database, event, site, at, found, standing):
        data = event["data"]
        place = f"{site}/{data['camera']['id']}/{data['zone']['id']}"
        database.execute(
            "SELECT id FROM casefile WHERE place = ? AND kind = ? AND found_at >= ? LIMIT 2",
            (place, data["kind"], at - 30 * 86_400)).fetchall()
        day = time.strftime("%y%m%d", time.localtime(at))
        self.numbers[day] += 1
        case = str(uuid.uuid4())
        area, department = data["area"], data["department"]["role"]
        database.execute(
            CASE,
            (case, f"QX-{day}-{self.numbers[day]:04d}", event["subject"], data["kind"],
             data["codes"][0]["code"] if data["codes"] else None, data["severity"], area["code"], area["grid"], place, at,
             at + 7200, department, at))
        database.execute("INSERT INTO case_incident VALUES (?, ?, 'first', ?)", (case, event["subject"], at))
        database.execute("INSERT INTO case_event VALUES (?, 1, ?, 'centre', 'found', NULL, 'found')", (case, at))
        found[area["code"], area["grid"], data["kind"], int(at // 3600)] += 1
        standing[area["code"], area["grid"], data["kind"], "found", department] += 1
        return case

    def end(self, database, event, incident, at, standing):
        """What has gone resolves its case after ten minutes; what was withdrawn withdraws it."""
        case, stage, department = database.execute(
            "SELECT casefile.id, stage, casefile.department FROM casefile JOIN incident ON incident.case_id = casefile.id "
            "WHERE incident.id = ?", (event["subject"],)).fetchone()
        if stage != "found":
            return
        if incident["state"] == "closed":
            database.execute("UPDATE casefile SET auto_at = ? WHERE id = ?", (at + 600, case))
            return
        data = event["data"]
        database.execute("UPDATE casefile SET stage = 'withdrawn', stage_at = ?, closed_at = ? WHERE id = ?", (at, at, case))
        database.execute("INSERT INTO case_event VALUES (?, 2, ?, 'centre', 'withdraw', 'found', 'withdrawn')", (case, at))
        standing[data["area"]["code"], data["area"]["grid"], data["kind"], "found", department] -= 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--filter", default="32/3205/320583/#")
    parser.add_argument("--store", required=True)
    parser.add_argument("--validate", choices=["none", "keys", "schema"], default="keys")
    subscriber = Subscriber(parser.parse_args())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: subscriber.isOver.set())
    subscriber.run()


main()
