#!/usr/bin/env python3
"""Composes flames, and what resembles them, into real streets, runs `gridwarden bench` over the clips and counts.

    pip install opencv-python-headless==4.14.0.94 numpy==2.4.6
    Tests/Scenes/fires.py --program .build/release/gridwarden --models models/prepared [--keep FOLDER] [--draws N]

Needs ../shared/footage, which is no part of the repository, and ffmpeg. 60 s a clip, one thing of one
kind in each; the whole picture is a zone for fire. Flames are computed (a hot gas that rises in a grid, drawn with the
colours of soot at 1000 to 1900 K and clipped as a camera clips them), so they show which sizes, rates of pictures and kinds
of light the method needs, not how often real fires are found.

fire: burns from the first picture or from 12 s on, 3 to 25 % of the picture wide. Nothing else burns: beacon (an amber lamp that
blinks), police (red and blue), tree (autumn leaves in the wind), glitter (a low sun on moving water), welding, cloth (a red
banner in the wind), signals (brake and turn lights of a queue).
"""
import math, random

import cv2
import numpy as np

import scenes
import surfaces

SECONDS, DWELL = 60, 10
STREETS = ["real/footpath", "real/multilane-dusk", "real/topdown-lane", "real/refuse-room", "real/residential-street",
           "real/motorway-dusk", "turn2/cloud-shadow"]
WIDTHS = [0.035, 0.06, 0.12, 0.25]
KINDS = ["fire", "beacon", "police", "tree", "glitter", "welding", "cloth", "signals"]
RULE = "env.burning"
STEP = 1 / 50


class Gas:
    """Hot gas over a burning bed, after Stam's stable fluids (1999): advection backwards in time, pressure by Fourier transform."""

    def __init__(self, draw, columns=64, rows=96):
        self.random, self.shape = np.random.default_rng(draw.getrandbits(32)), (rows, columns)
        self.heat, self.u, self.v = (np.zeros(self.shape, np.float32) for _ in range(3))
        self.y, self.x = np.mgrid[0:rows, 0:columns].astype(np.float32)
        ky, kx = np.meshgrid(np.fft.fftfreq(rows), np.fft.fftfreq(columns), indexing="ij")
        k = (2 * np.pi) ** 2 * (kx ** 2 + ky ** 2)
        k[0, 0] = 1
        self.k, self.kx, self.ky = k, 2j * np.pi * kx, 2j * np.pi * ky
        # Metres of the bed: it sets the speed of the gas, and the puffing at 1.5/sqrt(D) Hz (Pagni 1990).
        self.metres, self.time, self.wind = draw.uniform(0.3, 1.5), 0.0, draw.uniform(-6, 6)
        self.bed = np.exp(-((np.arange(columns) - columns / 2) / (columns * draw.uniform(0.14, 0.2))) ** 4)

    def step(self):
        rows, columns = self.shape
        self.time += STEP
        cells = columns * 0.5 / self.metres
        puff = 0.8 + 0.2 * math.sin(2 * math.pi * 1.5 / math.sqrt(self.metres) * self.time)
        fuel = self.bed * puff * self.random.uniform(0.4, 1.6, columns)
        self.heat[-8:-2] = np.maximum(self.heat[-8:-2], np.minimum(1.3, fuel)[None])
        # A flame at 1500 K is five times lighter than air and rises with about 2 g.
        self.v -= 2 * 9.8 * cells * np.minimum(1, self.heat) * STEP
        # What a grid of this size cannot hold of the turbulence, as eddies of some cells.
        eddies = cv2.GaussianBlur(self.random.normal(0, 1, (*self.shape, 2)).astype(np.float32), (0, 0), 3) * 9
        self.u += self.wind * STEP + eddies[..., 0] * cells * 0.06 * np.minimum(1, self.heat * 2)
        self.v += eddies[..., 1] * cells * 0.06 * np.minimum(1, self.heat * 2)
        # Vortices keep their spin (Fedkiw 2001).
        spin = np.gradient(self.v, axis=1) - np.gradient(self.u, axis=0)
        ny, nx = np.gradient(np.abs(spin))
        size = np.sqrt(nx ** 2 + ny ** 2) + 1e-3
        self.u += 6 * STEP * ny / size * spin
        self.v -= 6 * STEP * nx / size * spin
        self.v *= 0.985
        self.u *= 0.985
        back = self.x - self.u * STEP, self.y - self.v * STEP
        self.u, self.v, self.heat = (
            cv2.remap(field.astype(np.float32), *back, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
            for field in (self.u, self.v, self.heat))
        fu, fv = np.fft.fft2(self.u), np.fft.fft2(self.v)
        pressure = (self.kx * fu + self.ky * fv) / self.k
        self.u = np.fft.ifft2(fu + self.kx * pressure).real.astype(np.float32)
        self.v = np.fft.ifft2(fv + self.ky * pressure).real.astype(np.float32)
        # It burns out within a few times its bed, and mixes with air at its edge.
        self.heat = cv2.GaussianBlur(self.heat, (3, 3), 0.45) * (1 - STEP * 1.3 / math.sqrt(self.metres)) - 0.25 * STEP
        self.heat = np.maximum(0, self.heat)
        self.heat[:6] = 0

    def picture(self, exposure):
        """BGR as a camera shows it, and how much of what is behind is hidden."""
        glow = np.clip(self.heat, 0, 1.3)[..., None] ** 2 * exposure
        colour = glow * np.float32([0.1, 0.42, 1.0])
        return 255 * np.clip(colour, 0, 1) ** (1 / 2.2), np.clip(self.heat * 1.5, 0, 0.9)[..., None]


def place(draw, width, height, w, h):
    x = draw.uniform(0.05, 0.95) * (width - w)
    return round(x), round(draw.uniform(0.35, 0.97) * height - h)


def lay(canvas, picture, cover, x, y):
    """Puts a picture that glows on the canvas, where it lies in it."""
    h, w = picture.shape[:2]
    left, top, right, bottom = max(0, x), max(0, y), min(canvas.shape[1], x + w), min(canvas.shape[0], y + h)
    if left >= right or top >= bottom:
        return
    part = canvas[top:bottom, left:right]
    picture, cover = picture[top - y:bottom - y, left - x:right - x], cover[top - y:bottom - y, left - x:right - x]
    part[:] = np.maximum(part * (1 - cover), picture)


def reach(width, height, x, y, far):
    """How much of a source's light falls on its surroundings, height×width×3 in BGR."""
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    return (1 / (1 + ((xs - x) ** 2 + ((ys - y) * 1.6) ** 2) / far ** 2))[..., None] * np.float32((0.15, 0.5, 1))


def fire(draw, width, height, rate, share, start):
    gas, w = Gas(draw), share * width / 0.5
    h = w * 96 / 64
    x, y = place(draw, width, height, w, h)
    exposure, lit = draw.uniform(1.5, 5), reach(width, height, x + w / 2, y + h * 0.8, w)
    for _ in range(100):
        gas.step()

    def paint(canvas, time, number):
        if time < start:
            return
        for _ in range(round((number + 1) / rate / STEP) - round(number / rate / STEP)):
            gas.step()
        picture, cover = gas.picture(exposure)
        size = max(4, round(w)), max(6, round(h))
        how = cv2.INTER_AREA if size[0] < 64 else cv2.INTER_CUBIC
        picture, cover = cv2.resize(picture, size, interpolation=how), cv2.resize(cover, size, interpolation=how)[..., None]
        canvas += (canvas * 0.6 + 12) * lit * np.float32(0.5 * float(gas.heat.mean()) / 0.15)
        lay(canvas, picture, cover, x, y)
    paint.box = [round(x + w * 0.2), round(y + h * 0.3), round(w * 0.6), round(h * 0.7)]
    return paint


def lamp(draw, width, height, colours, on):
    r = draw.uniform(0.004, 0.015) * width
    x, y = draw.uniform(0.1, 0.9) * width, draw.uniform(0.15, 0.8) * height
    phase = draw.random()

    def paint(canvas, time, _):
        for index, colour in enumerate(colours):
            strength = on(time + phase, index)
            if strength <= 0:
                continue
            spot = np.zeros(canvas.shape[:2], np.float32)
            cv2.circle(spot, (round(x + index * r * 3), round(y)), max(1, round(r)), strength, -1, cv2.LINE_AA)
            halo = cv2.GaussianBlur(spot, (0, 0), r * 1.5) + spot * 1.5
            canvas += halo[..., None] * np.float32(colour)
    return paint


def beacon(draw, width, height, bright):
    hertz = draw.uniform(0.8, 2.2)
    return lamp(draw, width, height, [(30, 150, 255)], lambda time, _: max(0, math.sin(2 * math.pi * hertz * time)) ** 0.3)


def police(draw, width, height, bright):
    hertz = draw.uniform(1, 2)

    def on(time, index):
        into = time * hertz + index / 2
        return float(into % 1 < 0.5 and into * 6 % 1 < 0.5)
    return lamp(draw, width, height, [(40, 40, 255), (255, 60, 40)], on)


def tree(draw, width, height, bright):
    random_, leaves = np.random.default_rng(draw.getrandbits(32)), []
    r = draw.uniform(0.04, 0.12) * width
    x, y = draw.uniform(0.1, 0.9) * width, draw.uniform(0.2, 0.6) * height
    for _ in range(500):
        angle, far = random_.uniform(0, 2 * math.pi), r * math.sqrt(random_.uniform())
        leaves.append((x + far * math.cos(angle), y + far * math.sin(angle), random_.uniform(0.4, 1.0), random_.uniform(0.7, 3),
                       random_.uniform(0, 6.3)))
    colour = bright * np.float32(draw.choice([(30, 120, 235), (40, 190, 250), (30, 60, 200)]))

    def paint(canvas, time, _):
        gust = 0.5 + 0.5 * math.sin(time / 5)
        for px, py, shine, hertz, phase in leaves:
            sway = math.sin(2 * math.pi * hertz * time + phase)
            facing = 0.6 + 0.4 * gust * math.sin(2 * math.pi * hertz * 1.3 * time + phase * 2)
            cv2.circle(canvas, (round(px + sway * gust * r * 0.03), round(py)), max(1, round(r / 14)),
                       [float(value) for value in colour * shine * facing], -1)
    return paint


def glitter(draw, width, height, bright):
    random_ = np.random.default_rng(draw.getrandbits(32))
    w, h = draw.uniform(0.1, 0.3) * width, draw.uniform(0.08, 0.2) * height
    x, y = place(draw, width, height, w, h)
    colour = np.float32(draw.choice([(120, 200, 255), (200, 240, 255), (60, 150, 255)]))
    waves = [(random_.uniform(0.1, 0.5), random_.uniform(0.3, 1.2), random_.uniform(1, 4), random_.uniform(0, 6.3))
             for _ in range(12)]
    ys, xs = np.mgrid[0:round(h), 0:round(w)].astype(np.float32)

    def paint(canvas, time, _):
        height_ = sum(np.sin(kx * xs + ky * ys + 2 * math.pi * hertz * time + phase) for kx, ky, hertz, phase in waves)
        shine = np.clip((height_ - 4.5) / 2, 0, 1)[..., None]
        lay(canvas, shine * colour, np.full_like(shine, 0.15), round(x), round(y))
    return paint


def welding(draw, width, height, bright):
    random_ = np.random.default_rng(draw.getrandbits(32))
    return lamp(draw, width, height, [(255, 250, 235)],
                lambda time, _: float(time % 9 < 5) * random_.uniform(0.2, 1.6))


def cloth(draw, width, height, bright):
    return as_it_was(surfaces.flag(draw, width, height, None, bright))


def as_it_was(paint):
    return lambda canvas, time, _: paint(canvas, time)


def signals(draw, width, height, bright):
    parts = [lamp(draw, width, height, [colour] * 2, on) for colour, on in (
        ((30, 30, 255), lambda time, _: float(time % 11 < 6)), ((20, 140, 255), lambda time, _: float(time * 1.5 % 1 < 0.5)),
        ((30, 30, 230), lambda time, _: float(time % 7 < 4)), ((20, 150, 255), lambda time, _: float(time * 1.4 % 1 < 0.5)))]

    def paint(canvas, time, number):
        for part in parts:
            part(canvas, time, number)
    return paint


def compose(name, kind, seed, pictures, clip):
    draw = random.Random(f"{name} {kind} {seed}")
    height, width = pictures[0].shape[:2]
    rate, bright = draw.choice([10, 15, 25]), scenes.brightness(pictures)
    share, start = WIDTHS[seed % len(WIDTHS)], draw.choice([0, 0, 12])
    paint = fire(draw, width, height, rate, share, start) if kind == "fire" else globals()[kind](draw, width, height, bright)
    with scenes.written(clip, width, height, str(rate), draw.choice([21, 25, 29]), rate * 2) as write:
        for number in range(SECONDS * rate):
            canvas = pictures[int(number / rate * surfaces.RATE) % len(pictures)].astype(np.float32)
            paint(canvas, number / rate, number)
            write(canvas)
    events = [{"id": 1, "kind": RULE, "zone": "all", "start": start, "end": SECONDS, "box": paint.box}] if kind == "fire" else []
    scenes.tell(clip, width, height, SECONDS, [RULE], events)


def main():
    options = scenes.options(draws=len(WIDTHS))
    draws = {kind: options.draws if kind == "fire" else max(1, options.draws // 2) for kind in KINDS}
    clips, reports = scenes.trial(options, STREETS, KINDS, draws.get, surfaces.street, compose, DWELL)
    table = {}
    for kind, clip in clips:
        seed = int(clip.stem.rsplit("-", 1)[1])
        line = table.setdefault(f"fire, {WIDTHS[seed % len(WIDTHS)] * 100:g} %" if kind == "fire" else kind, [0, 0])
        alerts = reports[clip.name]["alerts"]
        line[0] += 1
        line[1] += bool(alerts)
        for alert in alerts:
            print(f"{clip.stem}: at {alert['opened_s']} s, {alert['box']}")
    for what, (count, told) in table.items():
        print(f"{what:14}{count:>4} clips, told in {told}")


if __name__ == "__main__":
    main()
