#!/usr/bin/env python3
"""Composes what changes by itself into real streets, runs `gridwarden bench` over the clips and counts false alerts.

    pip install opencv-python-headless==4.14.0.94 numpy==2.4.6
    Tests/Scenes/surfaces.py --program .build/release/gridwarden --models models/prepared [--keep FOLDER] [--draws N]

Needs ../shared/footage and ../shared/images, which are no part of the repository, and ffmpeg. Ten pictures a second, 100 s a
clip, one thing of one kind in each; the whole picture is a zone for parking, refuse, vending and fire, at a dwell of 10 s.
No alert is right in any of them.

board: advertisements that roll on every 15 to 40 s. screen: cuts and pans, bright. fountain: jets that are switched on and
off. flag: cloth on a pole. text: a line with numbers that change every second to every ten, of any place and size. notice:
a line that appears and goes. Advertisements are photographs of COCO, people and cars among them.
"""
import math, random

import cv2
import numpy as np

import scenes
from scenes import SHARED

RATE, SECONDS, DWELL = 10, 100, 10
STREETS = ["real/footpath", "real/multilane-dusk", "real/topdown-lane", "real/tunnel", "real/refuse-room",
           "real/motorway-dusk", "turn2/cloud-shadow"]
KINDS = ["board", "screen", "fountain", "flag", "text", "notice"]
RULES = ["parking.motor", "env.garbage_exposed", "vending.occupy_road", "env.burning", "safety.smoke_fire"]


def street(name):
    """Its pictures at RATE, forwards and backwards without an end."""
    video, found, number = cv2.VideoCapture(str(SHARED / "footage" / f"{name}.mp4")), [], 0
    rate = video.get(cv2.CAP_PROP_FPS) or 25
    while len(found) < 30 * RATE:
        ok, picture = video.read()
        if not ok:
            break
        if number * RATE >= len(found) * rate:
            if picture.shape[1] > 768:
                picture = cv2.resize(picture, (768, round(picture.shape[0] * 384 / picture.shape[1]) * 2),
                                     interpolation=cv2.INTER_AREA)
            found.append(picture)
        number += 1
    return found + found[-2:0:-1]


class Surface:
    """A rectangle of the picture, seen a little askew."""

    def __init__(self, draw, width, height, share, shape):
        w = draw.uniform(*share) * width
        h = w / shape
        x, y = draw.uniform(0.05, 0.95) * (width - w), draw.uniform(0.1, 0.85) * (height - h)
        slant = draw.uniform(-0.12, 0.12) * h
        self.corners = np.float32([[x, y + slant], [x + w, y - slant], [x + w, y + h - slant], [x, y + h + slant]])
        self.size = max(8, round(w * 2)), max(8, round(h * 2))

    def show(self, canvas, picture, light):
        matrix = cv2.getPerspectiveTransform(
            np.float32([[0, 0], [self.size[0], 0], [self.size[0], self.size[1]], [0, self.size[1]]]), self.corners)
        area = canvas.shape[1], canvas.shape[0]
        shown = cv2.warpPerspective(picture.astype(np.float32) * light, matrix, area, flags=cv2.INTER_AREA)
        mask = cv2.warpPerspective(np.ones(picture.shape[:2], np.float32), matrix, area)
        mask = cv2.GaussianBlur(mask, (3, 3), 0.7)[..., None]
        canvas[:] = canvas * (1 - mask) + shown * mask


def framed(picture, size):
    picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    edge = max(2, size[0] // 40)
    return cv2.copyMakeBorder(picture[edge:-edge, edge:-edge], edge, edge, edge, edge, cv2.BORDER_CONSTANT,
                              value=(60, 60, 60))


def board(draw, width, height, adverts, light):
    surface = Surface(draw, width, height, (0.07, 0.2), draw.uniform(0.7, 1.8))
    faces = [framed(picture, surface.size) for picture in draw.sample(adverts, 3)]
    period = draw.uniform(15, 40)

    def paint(canvas, time):
        face, into = int(time / period) % 3, time % period
        roll = round(min(1, into / 1.5) * surface.size[1]) if time > period else surface.size[1]
        both = np.vstack([faces[face], faces[face - 1]])
        surface.show(canvas, both[surface.size[1] - roll:2 * surface.size[1] - roll], light)
    return paint


def screen(draw, width, height, adverts, light):
    surface = Surface(draw, width, height, (0.05, 0.15), draw.choice([16 / 9, 4 / 3, 0.6]))
    scenes, lasts = draw.sample(adverts, 12), draw.uniform(2, 9)

    def paint(canvas, time):
        picture, into = scenes[int(time / lasts) % 12], time % lasts / lasts
        side = min(picture.shape[:2]) * 2 // 3
        x, y = round((picture.shape[1] - side) * into), round((picture.shape[0] - side) * (1 - into))
        surface.show(canvas, framed(picture[y:y + side, x:x + side], surface.size), 1.15)
    return paint


def fountain(draw, width, height, _, light):
    random_ = np.random.default_rng(draw.getrandbits(32))
    x, y, high = draw.uniform(0.15, 0.85) * width, draw.uniform(0.5, 0.9) * height, draw.uniform(0.1, 0.25) * height
    on, off = draw.uniform(20, 35), draw.uniform(8, 15)

    def paint(canvas, time):
        into = time % (on + off)
        if into > on:
            return
        spray = np.zeros(canvas.shape[:2], np.float32)
        for jet in range(5):
            strength = high * min(1, into / 2) * (0.6 + 0.4 * math.cos(jet - 2)) * random_.uniform(0.92, 1.05)
            for _ in range(60):
                t, side = random_.uniform(0, 2), random_.normal(0, 0.09)
                px = x + (jet - 2) * high * 0.25 + side * t * high
                py = y - strength * (1 - (1 - t) ** 2)
                cv2.circle(spray, (round(px), round(py)), max(1, round(high / 40)), random_.uniform(0.2, 0.8), -1)
        spray = cv2.GaussianBlur(spray, (0, 0), max(0.6, high / 60))[..., None].clip(0, 0.85)
        canvas[:] = canvas * (1 - spray) + 225 * light * spray
    return paint


def flag(draw, width, height, _, light):
    w, h = draw.uniform(0.05, 0.12) * width, draw.uniform(0.035, 0.08) * width
    x, y = draw.uniform(0.1, 0.8) * width, draw.uniform(0.1, 0.6) * height
    colours = draw.choice([((40, 40, 200), (60, 200, 230)), ((180, 90, 40), (230, 230, 230)), ((50, 110, 240), (30, 60, 220))])
    speed, steps = draw.uniform(4, 9), np.mgrid[0:round(h), 0:round(w)].astype(np.float32)
    stripes = np.where((steps[0] // max(2, h / 4) % 2)[..., None] > 0, np.float32(colours[0]), np.float32(colours[1]))

    def paint(canvas, time):
        gust = 0.6 + 0.4 * math.sin(time / 7)
        wave = np.sin(steps[1] / w * 7 - time * speed) * gust * h * 0.12 * steps[1] / w
        cloth = cv2.remap(stripes, steps[1], steps[0] + wave, cv2.INTER_LINEAR, borderValue=(-1, -1, -1))
        shade = (1 + 0.25 * np.cos(steps[1] / w * 7 - time * speed) * gust)[..., None]
        seen = (cloth[..., :1] >= 0).astype(np.float32)
        top, left = round(y), round(x)
        part = canvas[top:top + len(cloth), left:left + cloth.shape[1]]
        seen, cloth = seen[:len(part), :part.shape[1]], (cloth * shade)[:len(part), :part.shape[1]]
        part[:] = part * (1 - seen) + cloth * light * seen
        cv2.line(canvas, (left, top), (left, round(y + 4 * h)), (90, 90, 90), 2)
    return paint


def written(draw, width, height):
    scale = draw.uniform(0.35, 1.1) * width / 640
    place = round(draw.uniform(0.02, 0.5) * width), round(draw.uniform(0.06, 0.97) * height)
    colour = draw.choice([(255, 255, 255), (0, 255, 255), (60, 255, 60)])

    def write(canvas, line):
        for thick, paint in ((4, (0, 0, 0)), (2, colour)):
            cv2.putText(canvas, line, place, cv2.FONT_HERSHEY_SIMPLEX, scale, paint,
                        max(1, round(thick * scale)), cv2.LINE_AA)
    return write


def text(draw, width, height, adverts, light):
    write, period = written(draw, width, height), draw.choice([1, 2, 5, 10])

    def paint(canvas, time):
        step = int(time / period)
        write(canvas, f"LANE 2  {35 + step * 7 % 41} km/h  {1200 + step * 3:05d}  {step * 37 % 100 / 10:.1f} C")
    return paint


def notice(draw, width, height, adverts, light):
    write, period = written(draw, width, height), draw.uniform(40, 60)

    def paint(canvas, time):
        if 25 <= time % period < period - 5:
            write(canvas, "MOTION DETECTED")
    return paint


def compose(name, kind, seed, pictures, clip, adverts):
    draw = random.Random(f"{name} {kind} {seed}")
    height, width = pictures[0].shape[:2]
    paint = globals()[kind](draw, width, height, adverts, scenes.brightness(pictures))
    with scenes.written(clip, width, height, str(RATE), 22, 20) as write:
        for number in range(SECONDS * RATE):
            canvas = pictures[number % len(pictures)].astype(np.float32)
            paint(canvas, number / RATE)
            write(canvas)
    scenes.tell(clip, width, height, SECONDS, RULES)


def main():
    options = scenes.options(draws=1)
    adverts = [cv2.imread(str(path)) for path in sorted((SHARED / "images/coco-val").glob("*.jpg"))]
    clips, reports = scenes.trial(options, STREETS, KINDS, lambda _: options.draws, street,
                                  lambda *what: compose(*what, adverts), DWELL)
    table = {kind: [0, {}] for kind in KINDS}
    for kind, clip in clips:
        table[kind][0] += 1
        for alert in reports[clip.name]["alerts"]:
            table[kind][1][alert["kind"]] = table[kind][1].get(alert["kind"], 0) + 1
            print(f"{clip.stem}: {alert['kind']} at {alert['opened_s']} s, {alert['box']}")
    for kind, (count, false) in table.items():
        print(f"{kind:10}{count:>4} clips, false: {false or 'none'}")


if __name__ == "__main__":
    main()
