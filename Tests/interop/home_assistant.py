#!/usr/bin/env python3
"""Shows what Home Assistant makes of the dialects home_assistant and frigate: the program itself, a real mosquitto, a camera that a
clip is served as, and Home Assistant's own core.

    home_assistant.py --program .build/release/gridwarden [--clip FILE] [--models FOLDER] [--work FOLDER]

1. entities appear, with names, device and place in the registry
2. a parked car turns the zone's binary sensor on, counts, and brings the masked picture; an automation in the manner of the known
   notification blueprints for Frigate hears of it
3. a camera that goes silent turns its connectivity off, and its zones unavailable
4. a second zone leaves the configuration: its entities go, also from the registry; so does a camera over a restart
5. a program that is killed turns everything unavailable by the broker's last will, and comes back

Home Assistant comes from PyPI with the versions of requirements.txt into a virtual environment for Python 3.11, which --work keeps for
the next time. Exit code 0 where all of it is so, 1 where something is not, 2 where it could not be tried.
"""
import argparse
import asyncio
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SHARED = pathlib.Path(os.environ.get("GRIDWARDEN_SHARED", ROOT.parent / "shared"))
ZONE = [[0.1875, 0.4583], [0.6875, 0.3667], [0.75, 0.5694], [0.2969, 0.6333]]
SITE = "320583102-003-edge01"
# What messages on frigate/events and frigate/reviews hold, from docs.frigate.video/integrations/mqtt, with the fields that the
# notification blueprints of SgtBatten/HA_blueprints read (those of Frigate up to 0.13 and from 0.14 on).
EVENT = {
    "id": str, "camera": str, "label": str, "sub_label": list, "frame_time": float, "snapshot_time": (float, type(None)),
    "top_score": float, "score": float, "false_positive": bool, "start_time": float, "end_time": (float, type(None)),
    "box": list, "area": int, "ratio": float, "region": list, "current_zones": list, "entered_zones": list,
    "has_snapshot": bool, "has_clip": bool, "active": bool, "stationary": bool, "motionless_count": int,
    "position_changes": int, "attributes": dict, "current_attributes": list, "thumbnail": type(None),
    "snapshot": (dict, type(None)),
}
REVIEW = {"id": str, "camera": str, "severity": str, "start_time": float, "end_time": (float, type(None)),
          "thumb_path": str, "data": dict}
REVIEW_DATA = {"detections": list, "objects": list, "sub_labels": list, "zones": list, "audio": list}


class Missing(Exception):
    """Something that this needs is not there."""


class Failed(Exception):
    """Something is not as it should be."""


def say(text):
    print(text, flush=True)


def free_port():
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return made.getsockname()[1]


def tool(name, package):
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin")
    if not found:
        raise Missing(f"{name} is not installed: apt-get install {package}")
    return found


# Outside: the environment with Home Assistant in it.


def prepare(work):
    """The Python that has Home Assistant."""
    python = work / "venv" / "bin" / "python"
    wanted = (HERE / "requirements.txt").read_text()
    mark = work / "venv" / "requirements.txt"
    if mark.is_file() and mark.read_text() == wanted:
        return python
    found = shutil.which("python3.11", path="/usr/bin") or shutil.which("python3.11")
    if not found:
        raise Missing("Python 3.11 is not installed: Home Assistant 2024.3 runs on nothing older, and its pinned parts on nothing newer")
    say("fetching Home Assistant from PyPI …")
    shutil.rmtree(work / "venv", ignore_errors=True)
    subprocess.run([found, "-m", "venv", work / "venv"], check=True)
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement",
         HERE / "requirements.txt"], check=True)
    mark.write_text(wanted)
    return python


# Inside: broker, camera, program and Home Assistant.


class Site:
    """The program with what it needs around it."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.port = free_port()
        self.processes = {}
        self.reader = None

    def start(self, name, command, **more):
        with open(self.folder / f"{name}.log", "a") as log:
            self.processes[name] = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stderr=log, **({"stdout": log} | more))
        return self.processes[name]

    async def end(self, name, number=signal.SIGKILL):
        process = self.processes.pop(name)
        process.send_signal(number)
        # Home Assistant forbids to wait for it.
        for _ in range(400):
            if process.poll() is not None:
                return
            await asyncio.sleep(0.05)
        raise Failed(f"{name} does not end")

    def close(self):
        for process in self.processes.values():
            process.kill()

    def broker(self):
        (self.folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\n" + ("user root\n" if os.geteuid() == 0 else ""))
        self.start("mosquitto", [tool("mosquitto", "mosquitto"), "-c", self.folder / "mosquitto.conf"])

    def camera(self, port=0):
        served = self.start(
            "camera", ["/usr/bin/python3", ROOT / "Tests/TestSupport/rtsp_server.py", self.options.clip, "--loop", "--shared",
                       "--port", port], stdout=subprocess.PIPE, text=True)
        url = served.stdout.readline().strip()
        if not url:
            raise Missing("the RTSP server did not start: run 'make deps'")
        return url

    def configuration(self, url, zones, cameras=("cam-01", "cam-02")):
        area = '"320583102201"'
        watched = "".join(
            f"""
      - id: {zone}
        name: {name}
        polygon: {json.dumps(ZONE)}
        rules:
          {rule}: {{dwell: {dwell}}}""" for zone, name, rule, dwell in zones)
        text = f"""site: {{id: {SITE}, area: {area}, grid: "003", microgrid: "02", state_directory: {self.folder}/state,
  models_directory: {self.options.models}}}
broker: {{host: 127.0.0.1, port: {self.port}}}
evidence: {{directory: {self.folder}/evidence, publish: true}}
dialects:
  language: zh
  home_assistant: {{enabled: true}}
  onvif: {{enabled: true}}
  frigate: {{enabled: true}}
cameras:"""
        for camera in cameras:
            text += f"""
  - id: {camera}
    name: 人民路{camera[-1]}号
    url: {url}
    purpose: shows entities in Home Assistant
    signage_confirmed: true
    zones:{watched}
"""
        (self.folder / "gridwarden.yaml").write_text(text)

    def program(self):
        self.start("program", [self.options.program, "run", "--config", self.folder / "gridwarden.yaml"])


class Listener:
    """What the broker says, besides Home Assistant."""

    def __init__(self, port):
        import paho.mqtt.client as mqtt

        self.messages = []
        self.client = mqtt.Client(client_id="listener")
        self.client.on_message = lambda _client, _data, message: self.messages.append(
            (time.monotonic(), message.topic, message.payload, message.retain))
        self.client.connect("127.0.0.1", port)
        self.client.subscribe("#", qos=1)
        self.client.loop_start()

    def first(self, condition):
        return next((entry for entry in self.messages if condition(entry[1], entry[2])), None)


AUTOMATION = {
    "alias": "in the manner of the notification blueprints",
    "trigger": [{
        "platform": "mqtt", "topic": "frigate/events", "payload": "cam_01/new",
        "value_template": "{{ value_json['after']['camera'] | lower | replace('-', '_') }}/{{ value_json['type'] }}",
    }],
    "action": [
        {"variables": {"id": "{{ trigger.payload_json['after']['id'] }}",
                       "label": "{{ trigger.payload_json['after']['label'] | title }}",
                       "zones": "{{ trigger.payload_json['after']['entered_zones'] | lower }}"}},
        {"event": "told", "event_data": {"step": "new", "id": "{{ id }}", "label": "{{ label }}", "zones": "{{ zones }}"}},
        {"repeat": {"while": "{{ true }}", "sequence": [
            {"wait_for_trigger": [{"platform": "mqtt", "topic": "frigate/events", "payload": "{{ id }}",
                                   "value_template": "{{ value_json['after']['id'] }}"}],
             "timeout": {"minutes": 3}, "continue_on_timeout": False},
            {"variables": {"event": "{{ wait.trigger.payload_json }}"}},
            {"event": "told", "event_data": {
                "step": "{{ event['type'] }}", "id": "{{ event['after']['id'] }}",
                "new_snapshot": "{{ event['before']['snapshot_time'] != event['after']['snapshot_time'] }}",
                "loitering": "{{ event['after']['motionless_count'] / 5 / 60 }}",
                "moved": "{{ event['after']['position_changes'] > event['before']['position_changes'] }}",
                "sub_label": "{{ event['after']['sub_label'] }}",
                "since": "{{ event['after']['start_time'] | timestamp_custom('%H:%M') }}"}},
        ]}},
    ],
    "mode": "parallel",
}
REVIEWS = {
    "alias": "in the manner of the blueprint for reviews",
    "trigger": [{"platform": "mqtt", "topic": "frigate/reviews"}],
    "action": [{"event": "reviewed", "event_data": {
        "type": "{{ trigger.payload_json['type'] }}", "id": "{{ trigger.payload_json['after']['id'] }}",
        "severity": "{{ trigger.payload_json['after']['severity'] }}",
        "detection": "{{ trigger.payload_json['after']['data']['detections'][0] }}",
        "objects": "{{ trigger.payload_json['after']['data']['objects'] | join(', ') | title }}",
        "zones": "{{ trigger.payload_json['after']['data']['zones'] }}",
        "sub_labels": "{{ trigger.payload_json['after']['data']['sub_labels'] }}"}}],
    "mode": "parallel",
}


class Complaints:
    """What Home Assistant's log says at WARNING or above."""

    def __init__(self):
        import logging

        self.lines = []
        handler = logging.Handler(logging.WARNING)
        handler.emit = lambda record: self.lines.append(f"{record.levelname} {record.name}: {handler.format(record)}")
        logging.getLogger().addHandler(handler)


async def home_assistant(folder, port, events):
    from homeassistant import bootstrap, config as configuration, config_entries, core, loader
    from homeassistant.setup import async_setup_component

    folder.mkdir()
    (folder / "configuration.yaml").write_text("")
    hass = core.HomeAssistant(str(folder))
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    for domain in ("homeassistant", "persistent_notification"):
        await async_setup_component(hass, domain, {})
    await configuration.async_process_ha_core_config(hass, {"time_zone": "Asia/Shanghai", "language": "zh-Hans"})
    await async_setup_component(hass, "http", {"http": {"server_host": "127.0.0.1", "server_port": free_port()}})
    entry = config_entries.ConfigEntry(
        version=1, minor_version=1, domain="mqtt", title="mosquitto", source="user",
        data={"broker": "127.0.0.1", "port": port})
    await hass.config_entries.async_add(entry)
    for name in ("told", "reviewed"):
        hass.bus.async_listen(name, lambda event: events.append((event.event_type, dict(event.data))))
    if not await async_setup_component(hass, "automation", {"automation": [AUTOMATION, REVIEWS]}):
        raise Failed("Home Assistant does not take the automations")
    await hass.async_start()
    return hass


async def eventually(what, condition, seconds=60):
    """Seconds that it took."""
    start = time.monotonic()
    while True:
        found = condition()
        if found:
            return time.monotonic() - start
        if time.monotonic() - start > seconds:
            raise Failed(f"{what}: not within {seconds} s")
        await asyncio.sleep(0.02)


def check(what, condition):
    if not condition:
        raise Failed(what)


def fields(what, value, wanted):
    for key, kind in wanted.items():
        check(f"{what} has no {key}", key in value)
        kinds = kind if isinstance(kind, tuple) else (kind,)
        kinds += (int,) if float in kinds else ()
        check(f"{what}: {key} is {value[key]!r}", isinstance(value[key], kinds))


async def look(options, folder, figures):
    from homeassistant.helpers import device_registry, entity_registry

    site, complaints, events = Site(options, folder), Complaints(), []
    hass = None
    try:
        site.broker()
        await asyncio.sleep(0.5)
        listener = Listener(site.port)
        url = site.camera()
        zones = [("np1", "路口禁停区", "parking.motor", 10), ("np2", "消防通道", "parking.fire_lane", 600)]
        site.configuration(url, zones)
        hass = await home_assistant(folder / "home-assistant", site.port, events)
        registry, devices = entity_registry.async_get(hass), device_registry.async_get(hass)

        def mine():
            return {entity.unique_id: entity for entity in registry.entities.values() if entity.platform == "mqtt"}

        def state(key, domain="binary_sensor"):
            entity = registry.async_get_entity_id(domain, "mqtt", f"gridwarden_{SITE}_{key}".rstrip("_"))
            found = entity and hass.states.get(entity)
            return found.state if found else None

        def attributes(key, domain="binary_sensor"):
            entity = registry.async_get_entity_id(domain, "mqtt", f"gridwarden_{SITE}_{key}")
            return hass.states.get(entity).attributes

        # 1. They appear.
        site.program()
        start = time.monotonic()
        # One of the site; of each camera three and, of each of two rules, two.
        await eventually("15 entities", lambda: len(mine()) == 15, 90)
        figures["entities"] = len(mine())
        figures["seconds from the program's start to the last entity"] = time.monotonic() - start
        await eventually("the zone is known to be free", lambda: state("cam-01_np1_parking_motor") == "off", 90)
        figures["seconds from the program's start to the zone's state"] = time.monotonic() - start
        check("the counter is not at 0", state("cam-01_np1_parking_motor_opened", "sensor") == "0")
        check("the camera is not connected", state("cam-01_connectivity") == "on")
        check("the picture is a problem", state("cam-01_problem") == "off")
        check("the site is not connected", state("connectivity") == "on")
        entity = mine()[f"gridwarden_{SITE}_cam-01_np1_parking_motor"]
        check(f"it is called {entity.entity_id}",
              entity.entity_id == "binary_sensor.gridwarden_320583102_003_edge01_cam_01_np1_parking_motor")
        check(f"it is called {entity.original_name}", entity.original_name == "路口禁停区 机动车乱停放")
        device = devices.async_get(entity.device_id)
        check(f"its device is {device.name}", device.name == "人民路1号")
        check("the camera is not below the site", devices.async_get(device.via_device_id).name == f"Gridwarden {SITE}")
        check("a camera's entities are not one device",
              len({other.device_id for other in mine().values() if "_cam-01_" in other.unique_id}) == 1)

        # 2. They change.
        await eventually("the zone is on", lambda: state("cam-01_np1_parking_motor") == "on", 180)
        on = time.monotonic()
        # Both cameras see the same street, and either may be first.
        alert = listener.first(lambda topic, payload: topic.startswith("mg/v1/alert/")
                               and json.loads(payload)["data"]["camera"]["id"] == "cam-01")
        figures["milliseconds from the native alert to the entity"] = 1000 * (on - alert[0])
        incident = json.loads(alert[2])["subject"]
        seen = attributes("cam-01_np1_parking_motor")
        check(f"the attributes are {dict(seen)}", seen["incidents"] == [incident] and seen["kind"] == "parking.motor")
        check("it was not counted", state("cam-01_np1_parking_motor_opened", "sensor") == "1")
        await eventually("the picture is there",
                         lambda: state("cam-01_picture", "image") not in (None, "unknown", "unavailable"), 60)
        picture = hass.data["image"].get_entity(
            registry.async_get_entity_id("image", "mqtt", f"gridwarden_{SITE}_cam-01_picture"))
        content = await picture.async_image()
        check("the picture is no JPEG", content and content[:2] == b"\xff\xd8")
        figures["bytes of the picture"] = len(content)
        await eventually("the automation hears of it", lambda: any(data.get("step") == "new" for _, data in events), 20)

        # 3. The camera goes silent: nobody knows of its zones.
        port = int(url.split(":")[2].split("/")[0])
        await site.end("camera")
        figures["seconds until a silent camera's zone is unavailable"] = await eventually(
            "the zone is unavailable", lambda: state("cam-01_np1_parking_motor") == "unavailable", 60)
        check("the camera is still connected", state("cam-01_connectivity") == "off")
        check("its picture is still judged", state("cam-01_problem") == "unavailable")
        site.camera(port)
        await eventually("the zone is there again", lambda: state("cam-01_np1_parking_motor") in ("on", "off"), 90)

        # The car leaves, or is no longer there when the clip begins anew.
        await eventually("the zone is off", lambda: state("cam-01_np1_parking_motor") == "off", 240)
        await eventually("the automation hears the end", lambda: any(data.get("step") == "end" for _, data in events), 20)
        told = [data for kind, data in events if kind == "told" and data["id"] == incident]
        check(f"it heard {[data['step'] for data in told]}",
              [data["step"] for data in told].count("new") == 1 and told[-1]["step"] == "end")
        check(f"it heard {told[0]}", told[0]["label"] == "Car" and told[0]["zones"] == ["np1"])
        reviewed = [data for kind, data in events if kind == "reviewed" and data["id"] == incident]
        check(f"reviews were {reviewed}", reviewed and reviewed[0]["severity"] == "alert"
              and reviewed[0]["detection"] == incident and reviewed[0]["objects"] == "Car")
        for _, topic, payload, _ in listener.messages:
            if topic in ("frigate/events", "frigate/reviews"):
                value = json.loads(payload)
                for side in ("before", "after"):
                    fields(f"{topic} {side}", value[side], EVENT if topic == "frigate/events" else REVIEW)
                    if topic == "frigate/reviews":
                        fields(f"{topic} {side}.data", value[side]["data"], REVIEW_DATA)
        figures["messages on frigate/events and frigate/reviews"] = sum(
            topic.startswith("frigate/") and not topic.endswith("snapshot") for _, topic, _, _ in listener.messages)
        properties = [(topic, payload) for _, topic, payload, _ in listener.messages if "/onvif-ej/" in topic]
        check("no ONVIF event came", any(json.loads(payload)["Data"]["IsInside"] is True for _, payload in properties))

        # 4. A zone goes at a reload, a camera over a restart.
        site.configuration(url, zones[:1])
        site.processes["program"].send_signal(signal.SIGHUP)
        figures["seconds from a reload to the removal of a zone"] = await eventually(
            "the zone's entities go", lambda: len(mine()) == 11 and not any("np2" in key for key in mine()), 30)
        await site.end("program", signal.SIGTERM)
        await eventually("all is unavailable", lambda: state("cam-01_np1_parking_motor") == "unavailable", 20)
        site.configuration(url, zones[:1], cameras=["cam-01"])
        site.program()
        await eventually("the camera's entities go", lambda: len(mine()) == 6 and not any("cam-02" in key for key in mine()), 60)
        check("the device of a camera that went is still there",
              not any(device.name == "人民路2号" for device in devices.devices.values()))
        await eventually("the zone is there", lambda: state("cam-01_np1_parking_motor") in ("on", "off"), 60)
        check("the count began anew", int(state("cam-01_np1_parking_motor_opened", "sensor")) >= 1)

        # 5. It is killed.
        await site.end("program")
        figures["seconds from a kill until all is unavailable"] = await eventually(
            "all is unavailable", lambda: state("cam-01_np1_parking_motor") == state("cam-01_connectivity") == "unavailable", 60)
        check("the site is still connected", state("connectivity") == "off")
        site.program()
        await eventually("all is back", lambda: state("cam-01_np1_parking_motor") in ("on", "off"), 90)

        lines = [line for line in complaints.lines if "mqtt" in line.lower() or "template" in line.lower()]
        figures["warnings of Home Assistant about MQTT or templates"] = len(lines)
        check("Home Assistant complains:\n  " + "\n  ".join(lines[:10]), not lines)
    except (Failed, Missing):
        for name in ("program", "camera", "mosquitto"):
            log = folder / f"{name}.log"
            if log.is_file():
                say(f"--- the end of {name}.log\n" + "\n".join(log.read_text(errors="replace").splitlines()[-15:]))
        say("--- Home Assistant's complaints\n" + "\n".join(complaints.lines[-20:]))
        raise
    finally:
        site.close()
        if hass:
            await asyncio.wait_for(hass.async_stop(force=True), 30)


def inside(options):
    from homeassistant.const import __version__

    figures = {"Home Assistant": __version__}
    code = 0
    with tempfile.TemporaryDirectory(prefix="gridwarden-interop-") as folder:
        try:
            asyncio.run(look(options, pathlib.Path(folder), figures))
            say("Home Assistant does what it should.")
        except Failed as error:
            say(f"FAILED: {error}")
            code = 1
        except Missing as error:
            say(f"could not be tried: {error}")
            code = 2
    for name, value in figures.items():
        say(f"  {name}: {value:.2f}" if isinstance(value, float) else f"  {name}: {value}")
    # Threads of Home Assistant may outlive it.
    sys.stdout.flush()
    os._exit(code)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / ".build/release/gridwarden")
    parser.add_argument("--clip", type=pathlib.Path, default=SHARED / "footage/composed/parking.mp4",
                        help="a car stands in the zone for at least 20 s, and is not there before and after")
    parser.add_argument("--models", type=pathlib.Path, default=ROOT / "models/prepared")
    parser.add_argument("--work", type=pathlib.Path, help="keeps Home Assistant for the next time")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        inside(options)
    for path in (options.program, options.clip, options.models / "efficientdet-lite0-320.onnx"):
        if not path.is_file():
            say(f"could not be tried: there is no {path}")
            return 2
    with tempfile.TemporaryDirectory(prefix="gridwarden-interop-") as temporary:
        work = (options.work or pathlib.Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        try:
            python = prepare(work)
        except (Missing, subprocess.CalledProcessError) as error:
            say(f"could not be tried: {error}")
            return 2
        words = [python, pathlib.Path(__file__).resolve(), "--inside", "--program", options.program.resolve(), "--clip",
                 options.clip.resolve(), "--models", options.models.resolve()]
        return subprocess.run([str(word) for word in words]).returncode


if __name__ == "__main__":
    sys.exit(main())
