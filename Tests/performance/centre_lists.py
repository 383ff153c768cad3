#!/usr/bin/env python3
"""How long a centre's overview and lists take where many cases are stored, on SQLite and on PostgreSQL.

    centre_lists.py [--cases 1000000] [--open 2700] [--store sqlite|postgresql]

Simulated sites make real cases through a real broker; the centre is stopped, and those cases are stored again and again, under other
ids, found on other days of a year and closed, all but so many. Then the centre runs on that, and each route is asked as a page asks
it. docs/scale.md says what came of it. Needs mosquitto, and PostgreSQL for its part; some minutes, and a gigabyte or two below --disk.
"""
import argparse
import collections
import csv
import io
import json
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

from measuring import ROOT, Failed, Missing, free_port, need, resident, say

DAY = 86_400
COUNTED = ("found", "accepted", "declined", "handled", "closed", "in_time", "self_resolved", "withdrawn", "merged")


class SQLite:
    def __init__(self, folder):
        self.file = folder / "centre.sqlite"
        self.address = str(self.file)

    def rows(self, sql):
        with sqlite3.connect(self.file) as db:
            return db.execute(sql).fetchall()

    def columns(self, table):
        return [row[1] for row in self.rows(f"PRAGMA table_info({table})")]

    def add(self, table, rows):
        with sqlite3.connect(self.file) as db:
            for row in rows:
                db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)

    def run(self, sql):
        with sqlite3.connect(self.file) as db:
            db.executescript(sql)

    def stop(self):
        pass


class PostgreSQL:
    def __init__(self, folder):
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found:
            raise Missing("there is no PostgreSQL: apt-get install postgresql")
        self.programs, self.folder, self.port = found[-1].parent, folder / "postgres", free_port()
        self.folder.mkdir()
        # A server does not run as root.
        self.user = []
        if subprocess.run(["id", "-u"], capture_output=True, text=True).stdout.strip() == "0":
            shutil.chown(self.folder, "postgres")
            self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.data = self.folder / "data"
        self.command("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8")
        self.command("pg_ctl", "-D", self.data, "-w", "-l", self.folder / "log", "-o",
                     f"-p {self.port} -k {self.folder} -c listen_addresses=''", "start")
        self.command("createdb", "-h", self.folder, "-p", self.port, "-U", "postgres", "centre")
        self.address = f"postgresql://postgres@/centre?host={self.folder}&port={self.port}"

    def command(self, name, *words, input=None):
        done = subprocess.run([*self.user, str(self.programs / name), *(str(word) for word in words)], input=input,
                              stdin=None if input else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, cwd=self.folder)
        if done.returncode:
            raise Failed(f"{name} failed: {done.stdout.strip()[-400:]}")
        return done.stdout

    def psql(self, *words, input=None):
        return self.command("psql", "-h", self.folder, "-p", self.port, "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-q", *words,
                            "centre", input=input)

    def rows(self, sql):
        # An empty field is NULL, and an empty text is quoted: as csv.writer and COPY have it.
        text = self.psql("-c", f"COPY ({sql}) TO STDOUT (FORMAT csv, NULL '\\N')")
        return [[None if cell == "\\N" else cell for cell in row] for row in csv.reader(io.StringIO(text))]

    def columns(self, table):
        return [row[0] for row in self.rows(
            f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position")]

    def add(self, table, rows):
        with tempfile.NamedTemporaryFile("w", dir=self.folder, suffix=".csv", newline="") as file:
            csv.writer(file).writerows([["\\N" if cell is None else cell for cell in row] for row in rows])
            file.flush()
            pathlib.Path(file.name).chmod(0o644)
            self.psql("-c", f"\\copy {table} FROM '{file.name}' (FORMAT csv, NULL '\\N')")

    def run(self, sql):
        self.psql("-c", sql)

    def stop(self):
        self.command("pg_ctl", "-D", self.data, "-w", "-m", "fast", "stop")


class Centre:
    def __init__(self, program, folder, store, broker):
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.file = folder / "centre.yaml"
        self.file.write_text(
            f"centre:\n  id: kunshan\n  area: \"320583\"\n  store: \"{store.address}\"\n"
            f"  folder: {folder / 'pictures'}\n  brokers: [{{host: 127.0.0.1, port: {broker}}}]\n"
            f"  console: {{listen: \"127.0.0.1:{self.port}\"}}\n")
        (folder / "pictures").mkdir(exist_ok=True)
        self.program, self.log, self.headers = program, open(folder / "centre.log", "a"), {}
        done = subprocess.run([program, "centre", "check", "--config", self.file], capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"the configuration is wrong: {done.stdout} {done.stderr}")

    def start(self):
        self.process = subprocess.Popen([self.program, "centre", "--config", self.file], stdout=self.log, stderr=self.log)

    def stop(self):
        self.process.terminate()
        self.process.wait(60)

    def ask(self, path, body=None):
        request = urllib.request.Request(
            self.base + path, None if body is None else json.dumps(body).encode(), {**self.headers,
            "Content-Type": "application/json", "Origin": self.base, "X-Gridwarden": "1"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.headers, answer.read()

    def wait(self):
        for _ in range(300):
            try:
                return urllib.request.urlopen(self.base + "/signin", timeout=5)
            except OSError:
                time.sleep(0.2)
        raise Failed("the centre's page does not answer")

    def sign_in(self):
        password = "correct horse battery"
        if not self.headers:
            done = subprocess.run([self.program, "centre", "users", "setup", "--config", self.file], capture_output=True, text=True)
            code = re.search(r"^code: (.+)$", done.stdout, re.M)
            if not code:
                raise Failed(f"there is no code for an account: {done.stderr}")
            headers, _ = self.ask("/api/v1/setup", {"code": code[1], "user": "anna", "password": password})
        self.headers = {"Cookie": headers["Set-Cookie"].split(";")[0]}


def simulate(options, folder, store):
    """Real cases in the store, some of them over."""
    broker = free_port()
    (folder / "mosquitto.conf").write_text(f"listener {broker} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
    mosquitto = subprocess.Popen([shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", folder / "mosquitto.conf"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    centre = Centre(options.program, folder, store, broker)
    try:
        centre.start()
        centre.wait()
        say("simulating 50 sites for a minute")
        done = subprocess.run([options.program, "simulate", "run", "--port", str(broker), "--area", "320583", "--sites", "50", "--rate", "1",
                               "--seconds", "60", "--truth", folder / "truth.json"], capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"the simulation failed: {done.stderr[-400:]}")
        time.sleep(5)
    finally:
        centre.stop()
        mosquitto.terminate()
    return centre


def copies(options, store):
    """The simulated cases, their incidents and their histories, stored again."""
    names = {table: store.columns(table) for table in ("casefile", "incident", "case_incident", "case_event", "hourly", "standing")}
    kept = {table: [dict(zip(columns, row)) for row in store.rows(f"SELECT * FROM {table}")] for table, columns in names.items()}
    incidents = {row["id"]: row for row in kept["incident"]}
    events = collections.defaultdict(list)
    for row in kept["case_event"]:
        events[row["case_id"]].append(row)
    base = [row for row in kept["casefile"] if row["lead"] in incidents]
    # Each copy is of one incident, its lead.
    base = [row for row in base if row["closed_at"] is None] + [row for row in base if row["closed_at"] is not None]
    isOpen = sum(row["closed_at"] is None for row in base)
    say(f"{len(base)} cases of the simulation, {isOpen} of them open")
    if not base:
        raise Failed("the simulation made no cases")
    random.seed(1)
    sums, standing = collections.Counter(), collections.Counter()
    missing = max(0, options.open - isOpen)

    def key(id, number):
        return f"{id[:24]}{number:012x}"

    def made():
        for number in range(options.cases - len(base)):
            row = dict(base[number % len(base)])
            old, lead = row["id"], row["lead"]
            age = random.random() * 365 * DAY
            found = float(row["found_at"]) - age
            stays = number < missing
            row.update(id=key(old, number), lead=key(lead, number), number=f"{row['number']}-{number}", found_at=found,
                       stage_at=float(row["stage_at"]) - age, follows=None, auto_at=None)
            if stays:
                row.update(closed_at=None, stage="new", due_at=time.time() + (random.random() - 0.3) * 7200, result=None)
            else:
                row.update(closed_at=found + 3600, stage="closed", due_at=None, result="handled")
            incident = dict(incidents[lead])
            incident.update(id=row["lead"], case_id=row["id"], first_seen=found - 60, confirmed=found, last_seen=found,
                            closed_at=None if stays else found + 600, ended_at=None if stays else found + 600)
            place = (row["area12"], row["grid"], row["kind"])
            if stays:
                standing[(*place, "new", row["department"])] += 1
            hour = int(found // 3600)
            sums[(*place, hour, "found")] += 1
            if not stays:
                for name in ("accepted", "handled", "closed", "in_time"):
                    sums[(*place, hour, name)] += 1
            yield row, incident, [dict(event, case_id=row["id"], request_id=None, at=float(event["at"]) - age) for event in events[old]]

    def batches():
        batch = []
        for one in made():
            batch.append(one)
            if len(batch) == 50_000:
                yield batch
                batch = []
        yield batch

    done = len(base)
    for batch in batches():
        def values(table, rows):
            store.add(table, [[row[name] for name in names[table]] for row in rows])
        values("casefile", (row for row, _, _ in batch))
        values("incident", (incident for _, incident, _ in batch))
        values("case_incident", (dict(case_id=row["id"], incident=row["lead"], how="first", by="centre", at=row["found_at"], removed_at=None)
                                 for row, _, _ in batch))
        values("case_event", (event for _, _, history in batch for event in history))
        done += len(batch)
        say(f"{done} cases")
    hours = {tuple(str(row[name]) for name in ("area12", "grid", "kind", "hour")) for row in kept["hourly"]}
    rows = collections.defaultdict(collections.Counter)
    for (*place, name), count in sums.items():
        if tuple(str(part) for part in place) not in hours:
            rows[tuple(place)][name] = count
    store.add("hourly", [[*place, *(counts[name] for name in COUNTED)] for place, counts in rows.items()])
    known = {tuple(row[name] for name in ("area12", "grid", "kind", "stage", "department")) for row in kept["standing"]}
    store.add("standing", [[*place, count] for place, count in standing.items() if place not in known])
    for place, count in standing.items():
        if place in known:
            store.run("UPDATE standing SET cases = cases + {} WHERE area12 = '{}' AND grid = '{}' AND kind = '{}' AND stage = '{}' "
                      "AND department = '{}'".format(count, *place))
    # As PostgreSQL does by itself after so many rows.
    if isinstance(store, PostgreSQL):
        store.run("ANALYZE")


def measure(options, centre, store):
    village = store.rows("SELECT area12, COUNT(*) FROM casefile WHERE closed_at IS NULL GROUP BY area12 ORDER BY 2 DESC LIMIT 1")[0][0]
    kind = store.rows("SELECT kind FROM casefile LIMIT 1")[0][0]
    number = store.rows("SELECT number FROM casefile WHERE closed_at IS NULL LIMIT 1")[0][0]
    centre.start()
    centre.wait()
    centre.sign_in()
    first = json.loads(centre.ask("/api/v1/cases?state=ended")[1])
    quote = urllib.parse.quote
    month = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 180 * DAY))
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 150 * DAY))
    routes = [
        ("overview", "/api/v1/overview"), ("overview of a village", f"/api/v1/overview?area={village}"),
        ("open", "/api/v1/cases?state=open"), ("open and late", "/api/v1/cases?state=open&due=over"),
        ("open in a village", f"/api/v1/cases?state=open&area={village}"),
        ("open, with words", f"/api/v1/cases?state=open&q={quote(number)}"),
        ("over", "/api/v1/cases?state=ended"), ("over, the next page", f"/api/v1/cases?state=ended&after={quote(first['next'])}"),
        ("over, in a village", f"/api/v1/cases?state=ended&area={village}"),
        ("over, in a township", f"/api/v1/cases?state=ended&area={village[:9]}"),
        ("over, of a kind", f"/api/v1/cases?state=ended&kind={quote(kind)}"),
        ("over, of a month", f"/api/v1/cases?state=ended&from={month}&to={end}"),
        ("over, of a kind that there is not", "/api/v1/cases?state=ended&kind=parking.nothing"),
        ("over, with words that nothing has", "/api/v1/cases?state=ended&q=nowhere-to-be-found"),
        ("one case", f"/api/v1/cases/{first['items'][0]['id']}"),
    ]
    figures = {}
    for name, path in routes:
        taken = []
        for _ in range(options.turns):
            begun = time.perf_counter()
            _, body = centre.ask(path)
            taken.append((time.perf_counter() - begun) * 1000)
        answer = json.loads(body)
        taken.sort()
        figures[name] = {"median": taken[len(taken) // 2], "most": taken[-1], "items": len(answer.get("items", [])) or None}
    memory = resident(centre.process.pid)
    centre.stop()
    return figures, memory


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / ".build/release/gridwarden")
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--open", type=int, default=2_700)
    parser.add_argument("--store", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--turns", type=int, default=11)
    parser.add_argument("--disk", default=tempfile.gettempdir())
    options = parser.parse_args()
    options.program = need(options.program, "the program; run 'make build'")
    for name in options.store or ["sqlite", "postgresql"]:
        with tempfile.TemporaryDirectory(dir=options.disk) as text:
            folder = pathlib.Path(text)
            folder.chmod(0o755)
            store = {"sqlite": SQLite, "postgresql": PostgreSQL}[name](folder)
            try:
                centre = simulate(options, folder, store)
                copies(options, store)
                figures, memory = measure(options, centre, store)
                stored = [int(store.rows(f"SELECT COUNT(*) FROM casefile{where}")[0][0]) for where in ("", " WHERE closed_at IS NULL")]
            except Failed:
                say((folder / "centre.log").read_text()[-2000:] if (folder / "centre.log").exists() else "")
                raise
            finally:
                store.stop()
            print(f"\n{name}: {stored[0]} cases, {stored[1]} of them open; the centre holds {memory:.0f} MiB\n")
            print("| asked for | median, ms | longest of", options.turns, "| items |\n|---|---|---|---|")
            for route, figure in figures.items():
                print(f"| {route} | {figure['median']:.1f} | {figure['most']:.1f} | {figure['items'] or ''} |")


if __name__ == "__main__":
    try:
        main()
    except (Failed, Missing) as fault:
        sys.exit(str(fault))
