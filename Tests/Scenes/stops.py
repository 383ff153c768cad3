#!/usr/bin/env python3
"""Composes cars that stop in streets, of pictures that one camera took, runs `gridwarden bench` over the clips and counts.

    pip install opencv-python-headless==4.14.0.94 numpy==2.4.6
    Tests/Scenes/stops.py --program .build/release/gridwarden --models models/prepared [--keep FOLDER] [--draws N] [--only STREET|KIND]

Needs ../shared/images/street-traffic, which is no part of the repository, and ffmpeg. Six of its cameras have enough pictures with
vehicles. A picture with few of them is the street; a vehicle comes from another picture of the same camera, with the ground around
it, to the place where it was there, so that its size, its light and the way it is seen are the camera's own. It stands for 50 of
100 s, a look before it comes it is half its length away, and others pass, each in one look. What stands in the street's own picture
stands all the time and is told from the beginning, which is right; alerts at boxes that are labelled there count neither way.

The pictures are not of one moment: the light around a vehicle is fitted by one gain for each colour, and its shadow is cut.
"""
import collections, csv, random

import cv2
import numpy as np

import scenes
from scenes import ROOT, SHARED, iou

PICTURES = SHARED / "images" / "street-traffic"
STREETS = ["djalma-batista", "evening-square", "nery-teixeira", "red-trees-junction", "efigenio-sales", "nery-darcy"]
KINDS = ["colour", "grey", "dark"]
LOOK, LOOKS, DWELL, COMES, GOES = 2, 50, 10, 30, 80
MOTOR = {1, 4}
# The least width of a vehicle that stops, and the most that others may hide of it.
LEAST, HIDDEN = 0.05, 0.15


class Picture:
    """One of a camera, with the labelled boxes [left, top, width, height] in pixels."""

    def __init__(self, number):
        self.pixels = cv2.imread(str(PICTURES / f"{number}.jpg")).astype(np.float32)
        self.height, self.width = self.pixels.shape[:2]
        self.boxes, self.motors = [], []
        for line in (PICTURES / f"{number}.txt").read_text().splitlines():
            kind, x, y, w, h = map(float, line.split())
            box = [(x - w / 2) * self.width, (y - h / 2) * self.height, w * self.width, h * self.height]
            self.boxes.append(box)
            if int(kind) in MOTOR:
                self.motors.append(box)


def shared(a, b):
    """The area of both, as a share of the first."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(0, width) * max(0, height) / (a[2] * a[3])


def grown(box, by):
    return [box[0] - box[2] * by, box[1] - box[3] * by, box[2] * (1 + 2 * by), box[3] * (1 + 2 * by)]


def window(box, picture):
    left, top = max(0, round(box[0])), max(0, round(box[1]))
    return left, top, min(picture.width, round(box[0] + box[2])), min(picture.height, round(box[1] + box[3]))


def fit(street, other, box):
    """The gain of each colour that brings what is around `box` in `other` into the street's light, or none where it is another view."""
    left, top, right, bottom = window(grown(box, 0.5), street)
    free = np.ones((street.height, street.width), bool)
    for hidden in street.boxes + other.boxes:
        x, y, w, h = window(grown(hidden, 0.08), street)
        free[y:h, x:w] = False
    free = free[top:bottom, left:right]
    if free.mean() < 0.15:
        return None
    here, there = street.pixels[top:bottom, left:right][free], other.pixels[top:bottom, left:right][free]
    gain = here.mean(0) / np.maximum(there.mean(0), 1)
    alike = np.corrcoef(here.mean(1), there.mean(1))[0, 1]
    return gain if alike > 0.7 and gain.min() > 0.6 and gain.max() < 1.7 else None


def camera(name):
    """The pictures of a camera as pairs: a street, and the vehicles of other pictures that its ground has room for."""
    rows = csv.DictReader(open(ROOT / "models" / "finetune" / "places.csv", newline=""))
    pictures = [Picture(row["picture"]) for row in rows if row["place"] == name.split("/")[1]]
    pairs = []
    for street in sorted(pictures, key=lambda picture: len(picture.motors)):
        if street.pixels.mean() < 40:
            continue
        found = []
        for other in pictures:
            if other is street or other.pixels.shape != street.pixels.shape:
                continue
            for box in other.motors:
                wide = grown(box, 0.08)
                inside = wide[0] >= 4 and wide[1] >= 4 and wide[0] + wide[2] < street.width - 4 and wide[1] + wide[3] < street.height - 4
                hidden = max((shared(box, b) for b in other.boxes if b is not box), default=0)
                if box[2] < LEAST * street.width or not inside or hidden > HIDDEN:
                    continue
                if any(shared(wide, b) > 0 for b in street.boxes):
                    continue
                gain = fit(street, other, box)
                if gain is not None:
                    found.append((other, box, gain))
        if len(found) >= 3:
            pairs.append((street, found))
    return pairs


def lay(canvas, street, vehicle, right=0, down=0):
    """Lays a vehicle with its ground into the canvas, moved by so many pixels."""
    other, box, gain = vehicle
    left, top, end, bottom = window(grown(box, 0.08), street)
    height, width = bottom - top, end - left
    edge = max(2, round(0.06 * min(height, width)))
    mask = np.zeros((height, width), np.float32)
    mask[edge:-edge, edge:-edge] = 1
    mask = cv2.GaussianBlur(mask, (0, 0), edge / 2)[..., None]
    x, y = left + right, top + down
    if x < 0 or y < 0 or x + width > street.width or y + height > street.height:
        return
    part = canvas[y:y + height, x:x + width]
    part[:] = part * (1 - mask) + other.pixels[top:bottom, left:end] * gain * mask


def compose(name, kind, seed, pairs, clip):
    generator = random.Random(f"{name} {seed}")
    noise = np.random.default_rng(generator.randrange(1 << 30))
    street, found = pairs[seed % len(pairs)]
    stops = generator.choice(found)
    passing = [v for v in found if shared(grown(v[1], 0.1), grown(stops[1], 0.1)) == 0]
    side = generator.choice([-1, 1])
    box = [round(x) for x in stops[1]]
    width, height = street.width // 2 * 2, street.height // 2 * 2
    with scenes.written(clip, width, height, f"1/{LOOK}", 22, 1) as write:
        for look in range(LOOKS):
            time, canvas = look * LOOK, street.pixels.copy()
            if passing and generator.random() < 0.4:
                lay(canvas, street, generator.choice(passing))
            if COMES <= time < GOES:
                lay(canvas, street, stops)
            elif time in (COMES - LOOK, GOES):
                lay(canvas, street, stops, right=side * round(box[2] / 2), down=round(box[3] / 8))
            canvas *= 1 + 0.03 * np.sin(look / 7 + seed)
            if kind != "colour":
                canvas[:] = canvas @ np.array([0.114, 0.587, 0.299], np.float32)[:, None]
            if kind == "dark":
                canvas *= 22 / canvas.mean()
            canvas += noise.normal(0, 2, canvas.shape)
            write(canvas[:height, :width])
    event = {"id": 1, "kind": "parking.motor", "zone": "all", "start": COMES, "end": GOES, "box": box}
    parked = [[round(x) for x in motor] for motor in street.motors]
    scenes.tell(clip, width, height, LOOKS * LOOK, ["parking.motor"], [event], parked)


def main():
    options = scenes.options(draws=4)
    clips, reports = scenes.trial(
        options, [f"street-traffic/{name}" for name in STREETS], KINDS, lambda _: options.draws, camera, compose, DWELL)
    table = collections.defaultdict(lambda: [0, 0, 0, 0, 0])
    for kind, clip in clips:
        truth, alerts = reports[clip.name]["truth"], reports[clip.name]["alerts"]
        box, parked = truth["events"][0]["box"], truth["parked"]
        mine = [a for a in alerts if iou(a["box"], box) >= 0.3]
        intime = [a for a in mine if COMES + DWELL - 1 <= a["opened_s"] <= COMES + DWELL + 5 + LOOK]
        wrong = [a for a in alerts if a not in mine and not any(iou(a["box"], b) >= 0.3 or shared(b, a["box"]) > 0.5 for b in parked)]
        street = clip.stem.rsplit("-", 2)[0]
        for row in (table[kind], table[street]):
            row[0] += 1
            row[1] += bool(intime)
            row[2] += bool(mine) and not intime
            row[3] += max(0, len(mine) - 1)
            row[4] += len(wrong)
        size = f"{100 * box[2] / truth['size'][0]:.1f} % wide"
        print(f"{clip.stem}: {size}, opened {[a['opened_s'] for a in mine]}",
              f"OTHER {[(a['opened_s'], [round(x) for x in a['box']]) for a in wrong]}" if wrong else "")
    print(f"{'':22}{'stops':>7}{'in time':>9}{'late':>6}{'twice':>7}{'other':>7}")
    for name, row in table.items():
        print(f"{name:22}{row[0]:>7}{row[1]:>9}{row[2]:>6}{row[3]:>7}{row[4]:>7}")


if __name__ == "__main__":
    main()
