#!/usr/bin/env python3
"""Shows on real brokers what a centre may rely on when one of them dies, outside of CI; a minute or two for each.

    brokers.py nats       three nats-server with JetStream, 3.1.1: one is killed while messages go out, then a second one
    brokers.py bridges    three mosquitto, township → county → city, by deploy/broker/bridge.conf: the county dies and comes back, a
                          site at the township dies, then the township's broker itself

Each line says what was seen. Times are of this machine with all of it on it. Exit code 0 where everything is as docs/scale.md and
deploy/broker say, 1 where something is not, 2 where it could not be tried. Needs Debian's nats-server, mosquitto and
python3-paho-mqtt (run it with /usr/bin/python3).
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

try:
    import paho.mqtt.client as mqtt
except ImportError:
    sys.exit("paho-mqtt is missing: apt-get install python3-paho-mqtt, and run this with /usr/bin/python3")

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACE = "32/3205/320583/320583102/320583102201/003/02"
faults = []


def say(text):
    print(text, flush=True)


def holds(what, so):
    say(f"  {'yes' if so else 'NO '}  {what}")
    if not so:
        faults.append(what)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait(condition, seconds=60.0, step=0.02):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(step)
    return False


class Client:
    """A client that tries its brokers in turn, and keeps what it sees with its time."""

    def __init__(self, name, ports, durable=False, will=None, version=mqtt.MQTTv311):
        more = {} if version == mqtt.MQTTv5 else {"clean_session": not durable}
        self.client = mqtt.Client(client_id=name, protocol=version, **more)
        self.client.on_connect, self.client.on_disconnect = self.connected, self.disconnected
        self.client.on_message, self.client.on_publish, self.client.on_subscribe = self.heard, self.taken, self.granted
        if will:
            self.client.will_set(will[0], will[1], qos=1, retain=True)
        self.ports, self.filters, self.refused, self.lock = ports, [], 0, threading.RLock()
        self.up, self.messages, self.acknowledged, self.answers, self.ending = threading.Event(), [], {}, {}, False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        turn = 0
        while not self.ending:
            try:
                self.client.connect("127.0.0.1", self.ports[turn % len(self.ports)], keepalive=5)
                while self.client.loop(timeout=0.1) == mqtt.MQTT_ERR_SUCCESS and not self.ending:
                    pass
            except OSError:
                pass
            self.up.clear()
            turn += 1
            if not self.ending:
                time.sleep(0.2)

    def connected(self, client, data, flags, code, *more):
        if code == 0:
            for topic in self.filters:
                self.ask(topic)
            self.up.set()

    def disconnected(self, *more):
        self.up.clear()

    def ask(self, topic):
        # The answer may come before its number is written down.
        with self.lock:
            self.answers[self.client.subscribe(topic, qos=1)[1]] = topic

    def granted(self, client, data, number, codes, *more):
        # A cluster that has lost a node refuses at first: ask again.
        with self.lock:
            topic, self.answers[number] = self.answers.get(number), None
            if topic and any(int(getattr(code, "value", code)) >= 128 for code in codes) and not self.ending:
                self.refused += 1
                self.ask(topic)

    def listen(self, *filters):
        self.filters += filters
        if self.up.wait(30):
            for topic in filters:
                self.ask(topic)
        return wait(lambda: self.answers and not any(list(self.answers.values())), 30)

    def heard(self, client, data, message):
        self.messages.append((time.monotonic(), message.topic, message.payload.decode(), message.retain))

    def taken(self, client, data, number):
        self.acknowledged[number] = time.monotonic()

    def send(self, topic, text, retain=False):
        """Publishes until it is acknowledged, as a site does; seconds until then, None where it never was."""
        begin = time.monotonic()
        while time.monotonic() < begin + 60:
            if not self.up.wait(1):
                continue
            number = self.client.publish(topic, text, qos=1, retain=retain).mid
            if wait(lambda: number in self.acknowledged or not self.up.is_set(), 5, 0.001) and number in self.acknowledged:
                return time.monotonic() - begin
        return None

    def payloads(self):
        return [text for _, _, text, _ in list(self.messages)]

    def close(self):
        self.ending = True
        self.thread.join(5)
        self.client.disconnect()

    def die(self):
        """Without a word."""
        self.ending = True
        self.thread.join(5)
        if self.client.socket():
            self.client.socket().shutdown(socket.SHUT_RDWR)
            self.client.socket().close()


class Processes:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.all = {}

    def start(self, name, command):
        log = open(self.folder / f"{name}.log", "ab")
        self.all[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self, name, with_signal=signal.SIGKILL):
        process = self.all.pop(name)
        process.send_signal(with_signal)
        process.wait()

    def end(self):
        for process in self.all.values():
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def share(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))] if values else float("nan")


# ---------------------------------------------------------------------------------------------------------------- NATS


def nats(processes):
    server = shutil.which("nats-server") or "/usr/sbin/nats-server"
    ports, clients, routes, monitors = ([free_port() for _ in range(3)] for _ in range(4))
    # deploy/broker/nats/nats.conf without its certificates and users, which Tests/DeployTests try.
    for n in range(3):
        (processes.folder / f"{n}.conf").write_text(
            f"server_name: nats-{n + 1}\nlisten: 127.0.0.1:{clients[n]}\nhttp: 127.0.0.1:{monitors[n]}\n"
            f'jetstream {{ store_dir: "{processes.folder}/{n}" }}\nmax_payload: 4194304\n'
            f"cluster {{ name: gridwarden, listen: 127.0.0.1:{routes[n]}, routes: ["
            + ", ".join(f"nats-route://127.0.0.1:{port}" for port in routes)
            + f'] }}\nmqtt {{ listen: 127.0.0.1:{ports[n]}, stream_replicas: 3, ack_wait: "30s" }}\n')
        processes.start(f"nats-{n + 1}", [server, "-c", str(processes.folder / f"{n}.conf")])

    def whole(n):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{monitors[n]}/healthz", timeout=1) as answer:
                return answer.status == 200
        except OSError:
            return False

    if not wait(lambda: all(whole(n) for n in range(3)), 60):
        sys.exit("the cluster did not start")
    alerts = f"mg/v1/alert/{PLACE}/parking_motor"
    state = f"mg/v1/site/{PLACE}/_/edge-01"
    silent = f"mg/v1/site/{PLACE}/_/edge-02"

    say("A centre with a durable session is away; a site writes to node 1, and to whichever is left once it is killed.")
    centre = Client("centre", [ports[2], ports[1]], durable=True)
    holds("the centre's filters are granted", centre.listen("mg/v1/alert/32/#", "mg/v1/site/32/#"))
    centre.close()
    site = Client("edge-01", [ports[0], ports[1], ports[2]], will=(state, "offline"))
    other = Client("edge-02", [ports[0]], will=(silent, "offline"))
    holds("sites are connected", site.up.wait(20) and other.up.wait(20))
    site.send(state, "online", retain=True)
    other.send(silent, "online", retain=True)
    waits, slowest, killed, total = [], 0.0, 100, 300
    for number in range(total):
        if number == killed:
            processes.kill("nats-1")
            say("  node 1, to which the sites speak, is killed")
        seconds = site.send(alerts, f"alert-{number}")
        if seconds is None:
            break
        (waits.append(seconds) if number != killed else None)
        slowest = max(slowest, seconds)
    sent = {f"alert-{number}" for number in range(total)}
    holds(f"each of {total} messages is acknowledged", len(waits) == total - 1)
    say(f"       acknowledged in {share(waits, 0.5) * 1000:.1f} ms (p50), {share(waits, 0.95) * 1000:.1f} ms (p95); over the death {slowest:.1f} s")
    back = time.monotonic()
    centre = Client("centre", [ports[1], ports[2]], durable=True)
    holds("the centre, back at another node, gets every message of the time without it, those from before the death too",
          wait(lambda: sent <= set(centre.payloads()), 90))
    say(f"       within {time.monotonic() - back:.1f} s; {len([t for t in centre.payloads() if t in sent]) - total} came twice")
    late = Client("late", [ports[2]])
    holds("whoever comes new sees what is retained, at a node that never heard it",
          late.listen("mg/v1/site/32/#") and wait(lambda: "online" in late.payloads(), 30))
    say(f"       its SUBSCRIBE was refused {late.refused} times before it was granted")
    time.sleep(8)
    heard = [text for _, topic, text, _ in centre.messages + late.messages if topic == silent]
    holds("the will of a client of the killed node never comes: its site still looks online (hence next_at)",
          "offline" not in heard and "online" in heard)

    say("A site of a node that lives dies.")
    third = Client("edge-03", [ports[1]], will=(f"mg/v1/site/{PLACE}/_/edge-03", "offline"))
    third.up.wait(20)
    third.die()
    holds("its will comes", wait(lambda: any(t.endswith("edge-03") and text == "offline" for _, t, text, _ in list(late.messages)), 30))

    say("A second node is killed: no majority.")
    processes.kill("nats-2")
    site.close()
    lonely = Client("edge-04", [ports[2]])
    lonely.up.wait(5)
    number = lonely.client.publish(alerts, "without-majority", qos=1).mid if lonely.up.is_set() else -1
    holds("nothing is acknowledged for ten seconds: it waits at the site", not wait(lambda: number in lonely.acknowledged, 10))
    begin = time.monotonic()
    processes.start("nats-1", [server, "-c", str(processes.folder / "0.conf")])
    seconds = lonely.send(alerts, "with-majority")
    holds("with one of them back it goes on", seconds is not None)
    say(f"       {time.monotonic() - begin:.1f} s after its start")
    for client in (centre, late, lonely, other):
        client.close()


# -------------------------------------------------------------------------------------------------------------- bridges


def bridges(processes):
    server = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    ports = {name: free_port() for name in ("township", "county", "city")}
    recipe = (ROOT / "deploy/broker/bridge.conf").read_text()

    def write(name, above=None, area=None, path=None):
        text = (f"listener {ports[name]} 127.0.0.1\nallow_anonymous true\npersistence true\n"
                f"persistence_location {processes.folder}/{name}/\nmax_queued_messages 100000\nmessage_size_limit 4194304\n"
                + ("user root\n" if os.geteuid() == 0 else ""))
        (processes.folder / name).mkdir(exist_ok=True)
        if above:
            # The recipe as it is, but for the area and TLS, which Tests/DeployTests try.
            lines = [line for line in recipe.splitlines() if not line.startswith(("#", "bridge_cafile", "bridge_certfile", "bridge_keyfile"))]
            text += "\n".join(lines).replace("county-broker.example:8883", f"127.0.0.1:{ports[above]}").replace(
                "32/3205/320583/320583102", path).replace("320583102", area).replace("restart_timeout 2 30", "restart_timeout 1 2") + "\n"
        (processes.folder / f"{name}.conf").write_text(text)

    def start(name):
        processes.start(name, [server, "-c", str(processes.folder / f"{name}.conf")])
        if not wait(lambda: socket.socket().connect_ex(("127.0.0.1", ports[name])) == 0, 20):
            sys.exit(f"the {name}'s broker did not start")

    write("city")
    write("county", above="city", area="320583", path="32/3205/320583")
    write("township", above="county", area="320583102", path="32/3205/320583/320583102")
    for name in ("city", "county", "township"):
        start(name)
    alert, state = f"mg/v1/alert/{PLACE}/parking.motor", f"mg/v1/site/{PLACE}/_/edge-01"

    say("Township, county and city: alerts and states go up, requests come down.")
    city = Client("city", [ports["city"]])
    site = Client("edge-01", [ports["township"]], will=(state, "offline"))
    holds("both are connected", city.listen("mg/v1/#") and site.listen(f"mg/v1/review/{PLACE}/_/edge-01"))
    site.send(state, "online", retain=True)
    holds("the site's state is at the city", wait(lambda: "online" in city.payloads(), 30))
    begin = time.monotonic()
    site.send(alert, "first")
    holds("an alert is at the city", wait(lambda: "first" in city.payloads(), 30))
    say(f"       {(time.monotonic() - begin) * 1000:.0f} ms over two bridges")
    city.send(f"mg/v1/review/{PLACE}/_/edge-01", "review")
    holds("a review of the city is at the site", wait(lambda: "review" in site.payloads(), 30))
    late = Client("late", [ports["city"]])
    holds("whoever comes new at the city sees the retained state",
          late.listen("mg/v1/site/32/#") and wait(lambda: any(text == "online" and kept for _, _, text, kept in list(late.messages)), 20))

    say("The county's broker dies while alerts go out, and comes back after some seconds.")
    processes.kill("county")
    sent = {f"away-{number}" for number in range(200)}
    for text in sorted(sent):
        site.send(alert, text)
    time.sleep(2)
    holds("nothing gets through meanwhile", not sent & set(city.payloads()))
    begin = time.monotonic()
    start("county")
    holds("all 200 arrive once it is back: they waited at the township", wait(lambda: sent <= set(city.payloads()), 60))
    say(f"       within {time.monotonic() - begin:.1f} s; {len([t for t in city.payloads() if t in sent]) - len(sent)} came twice")
    again = Client("again", [ports["county"]])
    again.listen("mg/v1/site/32/#")
    begin = time.monotonic()
    kept = wait(lambda: "online" in again.payloads(), 5)
    say(f"       what the killed county's broker retained: {'there at once' if kept else 'gone until the site says it anew (within 60 s)'}")
    site.send(state, "online", retain=True)
    holds("with the site's next word it is there", wait(lambda: "online" in again.payloads(), 20))

    say("The site dies without a word.")
    begin = time.monotonic()
    site.die()
    holds("its will is a message as any other: it goes up to the city, retained",
          wait(lambda: any(topic == state and text == "offline" for _, topic, text, _ in list(city.messages)), 30))
    say(f"       {time.monotonic() - begin:.1f} s after its connection broke")

    say("The township's broker is killed with a site that is online.")
    site = Client("edge-02", [ports["township"]], will=(state.replace("edge-01", "edge-02"), "offline"))
    site.up.wait(20)
    site.send(state.replace("edge-01", "edge-02"), "online-2", retain=True)
    wait(lambda: "online-2" in city.payloads(), 20)
    processes.kill("township")
    site.close()
    time.sleep(10)
    seen = [text for _, topic, text, _ in city.messages if topic.endswith("edge-02")]
    holds("nobody above hears of it: the state stays online, and only next_at tells", seen[-1:] == ["online-2"])
    for client in (city, late, again):
        client.close()


def main():
    what = {"nats": nats, "bridges": bridges}
    if len(sys.argv) != 2 or sys.argv[1] not in what:
        sys.exit(__doc__)
    processes = Processes()
    try:
        what[sys.argv[1]](processes)
    finally:
        processes.end()
    say("Everything is as it should be." if not faults else f"{len(faults)} not as they should be: {'; '.join(faults)}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
