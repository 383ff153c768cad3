#!/usr/bin/env python3
"""Composes stalls and what resembles them into real streets, runs `gridwarden bench` over the clips and counts.

    pip install opencv-python-headless==4.14.0.94 numpy==2.4.6
    Tests/Scenes/stalls.py --program .build/release/gridwarden --models models/prepared [--keep FOLDER] [--draws N]

Needs ../shared/footage and ../shared/images, which are no part of the repository, and ffmpeg. The outlines are in
stalls.csv: name, file, corners in thousandths of its size. One picture in two seconds, 120 s a clip.

Streets: what is real in them; fire-at-pump is a screen that somebody films by hand, no fixed camera. People, tables, trays of bread, a lorry: photographs of COCO; umbrella and cart: cut out of
composed/vending-simulated.mp4, whose own street is not used. They stand at the size that people have at that place. People
who come and go are still pictures that appear and vanish: no figure says anything of how people move.
"""
import csv, pathlib, random, tempfile

import cv2
import numpy as np

import scenes
from scenes import SHARED, iou

LOOK, LOOKS, DWELL = 2, 60, 30
# Clip, seconds between its pictures, and two places: feet x, y and a person's height there, as shares of the picture.
STREETS = {
    "residential-street": ("real", 2, [(0.40, 0.63, 0.105), (0.60, 0.60, 0.10)]),
    "signal-crossing": ("real", 2, [(0.62, 0.72, 0.15), (0.45, 0.80, 0.165)]),
    "pi-street-truck": ("real", 0.25, [(0.62, 0.72, 0.18), (0.72, 0.85, 0.22)]),
    "multilane-dusk": ("real", 2, [(0.22, 0.90, 0.15), (0.75, 0.93, 0.15)]),
    "refuse-room": ("real", 2, [(0.42, 0.93, 0.55), (0.52, 0.85, 0.48)]),
    "cloud-shadow": ("turn2", 2, [(0.80, 0.88, 0.17), (0.45, 0.93, 0.19)]),
    "fire-at-pump": ("turn2", 0.5, [(0.75, 0.78, 0.42), (0.22, 0.85, 0.45)]),
}
PEOPLE = ["cook", "batter", "umpire", "worker", "pitcher", "vendor"]


def pictures(path, step, last):
    video = cv2.VideoCapture(str(path))
    rate, found, number = video.get(cv2.CAP_PROP_FPS) or 25, [], 0
    while len(found) < last:
        ok, picture = video.read()
        if not ok:
            break
        if number >= len(found) * step * rate:
            found.append(picture)
        number += 1
    return found


class Cut:
    """A thing cut out of a picture along its outline, with its sides in metres."""

    def __init__(self, picture, corners, metres):
        height, width = picture.shape[:2]
        points = np.array([(x * width / 1000, y * height / 1000) for x, y in corners])
        left, top = np.floor(points.min(0)).astype(int)
        right, bottom = np.ceil(points.max(0)).astype(int)
        mask = np.zeros((height, width), np.uint8)
        cv2.fillPoly(mask, [points.round().astype(np.int32)], 255)
        self.picture = picture[top:bottom, left:right].astype(np.float32)
        self.mask = mask[top:bottom, left:right].astype(np.float32) / 255
        self.metres = metres  # of its height

    def paste(self, canvas, foot, person, gain, mirrored=False, hue=0, metres=None, wide=1.0):
        """`foot` in pixels, `person` the pixels of 1.7 m; returns the box."""
        height = max(3, round((metres or self.metres) * person / 1.7))
        width = max(3, round(self.picture.shape[1] * height / self.picture.shape[0] * wide))
        thing = cv2.resize(self.picture, (width, height), interpolation=cv2.INTER_AREA)
        mask = cv2.GaussianBlur(cv2.resize(self.mask, (width, height), interpolation=cv2.INTER_AREA), (3, 3), 0.6)
        if mirrored:
            thing, mask = thing[:, ::-1], mask[:, ::-1]
        if hue:
            tint = cv2.cvtColor(np.clip(thing, 0, 255).astype(np.uint8), cv2.COLOR_BGR2YCrCb).astype(np.float32)
            tint[..., 1] += hue * 0.5
            tint[..., 2] -= hue * 0.7
            thing = cv2.cvtColor(np.clip(tint, 0, 255).astype(np.uint8), cv2.COLOR_YCrCb2BGR).astype(np.float32)
        x, y = round(foot[0] - width / 2), round(foot[1] - height)
        left, top = max(0, x), max(0, y)
        right, bottom = min(canvas.shape[1], x + width), min(canvas.shape[0], y + height)
        if right <= left or bottom <= top:
            return None
        part = np.s_[top - y:bottom - y, left - x:right - x]
        weight = mask[part][..., None]
        canvas[top:bottom, left:right] = canvas[top:bottom, left:right] * (1 - weight) + thing[part] * gain * weight
        return [left, top, right - left, bottom - top]


METRES = {"table": 0.85, "counter": 1.0, "truck": 2.3, "umbrella": 0.85, "cart": 1.15}


def cuts():
    found = {}
    with open(pathlib.Path(__file__).with_suffix(".csv")) as file:
        for name, where, corners in csv.reader(file):
            path = SHARED / where
            if path.suffix == ".mp4":
                video = cv2.VideoCapture(str(path))
                video.set(cv2.CAP_PROP_POS_MSEC, 60_000)
                picture = video.read()[1]
            else:
                picture = cv2.imread(str(path))
            outline = [tuple(map(int, corner.split(","))) for corner in corners.split()]
            found[name] = Cut(picture, outline, METRES.get(name, 1.7))
    return found


def scenario(kind, random):
    """What happens: (name, metres to the right, metres nearer, from, until, options); and what is expected."""
    people = PEOPLE[:]
    random.shuffle(people)
    goods = random.choice(["cart", "table", "counter"])
    side = random.choice([-1, 1])
    seller = (people[0], 0.0, 0.0)

    def visits(begin, names, stay=(8, 12), pause=(8, 12)):
        out, time = [], begin
        for number, name in enumerate(names):
            until = time + 2 * random.randint(stay[0] // 2, stay[1] // 2)
            out.append((name, side * random.uniform(1.3, 1.8), random.uniform(0, 0.25), time, until,
                        {"hue": [0, 40, -40][number // 5]}))
            time = until + 2 * random.randint(pause[0] // 2, pause[1] // 2)
        return out

    def stall(begin, end, roof=True):
        out = [(goods, side * 0.9, 0.1, begin, end, {})]
        if roof:
            out.append(("umbrella", side * 0.5, -0.02, begin, end, {"up": 1.5, "wide": 1.15}))
        return out

    walkers = [(people[5], -6 + 2.5 * step, 0.6, 4 + 2 * step, 6 + 2 * step, {}) for step in range(6)]
    if kind == "arrives":
        return stall(30, 110) + [(*seller, 30, 110, {})] + walkers, (30, 110)
    if kind == "first":
        return stall(0, 120) + [(*seller, 0, 120, {})] + visits(10, people[1:]), (0, 120)
    if kind == "shop":
        rack = [(goods, 0, 0, 30, 110, {}), ("counter", 1.2 * side, 0, 30, 110, {}), ("table", -0.6 * side, 0.2, 30, 110, {})]
        return rack + walkers, (30, 110)
    if kind == "vehicle":
        return [("truck", side * 2.6, -0.15, 10, 120, {}), (*seller, 12, 120, {})] + visits(18, people[1:]), (12, 120)
    if kind == "cafe":  # two who sit, a waiter, somebody who passes by twice
        sitters = [(people[0], side * -0.2, 0, 0, 120, {"metres": 1.25}), (people[1], side * 1.9, 0, 0, 120, {"metres": 1.25})]
        waiter = [(people[2], side * 0.9, -0.05, time, time + 8, {}) for time in (14, 40, 66, 92)]
        return [("table", side * 0.9, 0.1, 0, 120, {})] + sitters + waiter, None
    if kind == "rain":  # walkers below umbrellas, and two who wait below theirs
        out = []
        for number, name in enumerate(people[:3]):
            for step in range(20):
                x, begin = -5 + (step * 2.6 + number * 3.3) % 10, 2 * step * 3 + 2 * number
                nearer = 0.5 + 0.25 * number
                out += [(name, x, nearer, begin, begin + 2, {}),
                        ("umbrella", x, nearer, begin, begin + 2, {"up": 1.45, "metres": 0.4, "hue": 40 * number - 40})]
        for x, name in ((0, people[3]), (0.75, people[4])):
            out += [(name, x, 0, 10, 110, {}), ("umbrella", x, 0.01, 10, 110, {"up": 1.45, "metres": 0.4})]
        return out, None
    if kind == "chat":  # two beside a parked lorry; a third joins them for a while, one passes
        return [("truck", side * 2.6, -0.15, 0, 120, {}), (*seller, 10, 110, {}), (people[1], side * -0.8, 0.05, 10, 110, {}),
                (people[2], side * 0.7, 0.2, 40, 60, {})] + walkers, None
    if kind == "bus":  # beside a lorry that waits people wait, and leave together, twice; one stays
        out = [("truck", side * 2.6, -0.15, 6, 120, {}), (*seller, 4, 120, {})]
        for begin, end in ((10, 50), (60, 100)):
            out += [(name, side * (0.7 + 0.5 * n), 0.1 * n, begin + 6 * n, end, {}) for n, name in enumerate(people[1:4])]
        return out, None
    raise ValueError(kind)


FOUND, QUIET = ["arrives", "first", "shop", "vehicle"], ["cafe", "rain", "chat", "bus"]


def compose(street, backs, place, kind, things, seed, folder):
    generator = random.Random(f"{street} {kind} {seed}")
    what, event = scenario(kind, generator)
    height, width = backs[0].shape[:2]
    person = place[2] * height
    gain = min(1.1, max(0.45, float(backs[0].mean()) / 110)) * generator.uniform(0.9, 1.1)
    clip, box = folder / f"{street}-{kind}-{seed}.mp4", None
    with scenes.written(clip, width, height, f"1/{LOOK}", 20, 1) as write:
        for look in range(LOOKS):
            step = look % max(1, 2 * (len(backs) - 1))
            canvas = backs[step if step < len(backs) else 2 * (len(backs) - 1) - step].astype(np.float32)
            time = look * LOOK
            # Those that stand nearer are drawn later.
            for name, right, nearer, begin, end, how in sorted(what, key=lambda thing: thing[2]):
                if not begin <= time < end:
                    continue
                sway = generator.choice([-1, 0, 0, 1]) if name in PEOPLE else 0
                near = person * (1 + 0.1 * nearer)
                foot = (place[0] * width + right * person / 1.7 + sway,
                        place[1] * height + nearer * person / 4 - how.get("up", 0) * near / 1.7)
                pasted = things[name].paste(canvas, foot, near, gain, hue=how.get("hue", 0), metres=how.get("metres"),
                                            wide=how.get("wide", 1))
                if pasted and event and end - begin > 60:
                    box = pasted if box is None else [
                        min(box[0], pasted[0]), min(box[1], pasted[1]),
                        max(box[0] + box[2], pasted[0] + pasted[2]) - min(box[0], pasted[0]),
                        max(box[1] + box[3], pasted[1] + pasted[3]) - min(box[1], pasted[1])]
            write(canvas)
    rule = "vending.out_of_store" if kind == "shop" else "vending.occupy_road"
    events = [{"id": 1, "kind": rule, "zone": "all", "start": event[0], "end": event[1], "box": box}] if event else []
    scenes.tell(clip, width, height, LOOKS * LOOK, [rule], events)
    return clip


def main():
    options = scenes.options(draws=2)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(options.keep or temporary)
        folder.mkdir(exist_ok=True)
        things, clips = cuts(), []
        for street, (where, step, places) in STREETS.items():
            backs = None
            for kind in FOUND + QUIET:
                if options.only and options.only not in (street, kind):
                    continue
                for seed in range(options.draws):
                    clip = folder / f"{street}-{kind}-{seed}.mp4"
                    if not clip.exists():
                        backs = backs or pictures(SHARED / "footage" / where / f"{street}.mp4", step, 30)
                        compose(street, backs, places[seed % len(places)], kind, things, seed, folder)
                    clips.append((street, kind, clip))
        reports = scenes.bench(options, [clip for _, _, clip in clips], DWELL, folder)
    table, streets = {}, {}
    for street, kind, clip in clips:
        truth, alerts = reports[clip.name]["truth"], reports[clip.name]["alerts"]
        right, wrong = [], alerts
        if truth["events"]:
            event = truth["events"][0]
            right = [a for a in alerts if iou(a["box"], event["box"]) >= 0.3 and a["opened_s"] >= event["start"] + DWELL - 1]
            wrong = [a for a in alerts if a not in right[:1]]
        for row in (table.setdefault(kind, [0, 0, 0, []]), streets.setdefault(street, [0, 0, 0, []])):
            row[0] += bool(truth["events"])
            row[1] += bool(right)
            row[2] += len(wrong)
            row[3] += [a["opened_s"] for a in right[:1]]
        note = f"opened {[a['opened_s'] for a in right]}" if right else "missed" if truth["events"] else "quiet"
        print(f"{clip.stem}: {note}{', FALSE ' + str([(a['opened_s'], a['box']) for a in wrong]) if wrong else ''}")
    for rows in (table, streets):
        print(f"{'':22}{'expected':>9}{'found':>7}{'false':>7}  opened, median s")
        for name, (expected, found, false, opened) in rows.items():
            middle = sorted(opened)[len(opened) // 2] if opened else "–"
            print(f"{name:22}{expected:>9}{found:>7}{false:>7}  {middle}")


if __name__ == "__main__":
    main()
