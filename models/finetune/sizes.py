#!/usr/bin/env python3
"""How small a vehicle is still found, in the whole picture and in tiles: the figures of Sources/Analytics/ZoneTiles.swift.

    sizes.py --images DIR --base FILE.tflite [--score S]

All wide pictures of street-traffic, those of training included: the base network has seen none of them. A vehicle's size
is the root of its area in an input of 448x256, in pixels; it is found where a detection of a motor vehicle overlaps it by
half. A tile has the picture's shape and lies so that the vehicle is somewhere in the middle half of it; every other
vehicle of 6 to 40 pixels is looked for in tiles. Everything follows one seed.
"""
import argparse

import numpy as np

import network
import pictures

WIDTH, HEIGHT, SEED = 448, 256, 1
GAINS = (1, 1.5, 2, 3, 4, 5)
SIZES = ((0, 12), (12, 16), (16, 20), (20, 26), (26, 32), (32, 40), (40, 50), (50, 64), (64, 90), (90, 400))
SMALL = ((6, 10), (10, 14), (14, 20), (20, 28), (28, 40))


def vehicles(detector, picture, score):
    boxes, scores, classes = detector(picture)
    return boxes[np.isin(classes, pictures.MOTOR_VEHICLES) & (scores >= score)]


def is_found(box, found):
    return bool(len(found) and network.overlap(box, found).max() >= .5)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", required=True, help="folder of the picture sets")
    parser.add_argument("--base", required=True, help="the base network (.tflite)")
    parser.add_argument("--score", type=float, default=.35)
    options = parser.parse_args()
    detector = network.Detector(network.graph(options.base, WIDTH, HEIGHT), 1)
    random = np.random.default_rng(SEED)
    whole, tiles = {"colour": [], "grey": []}, []
    for picture in pictures.street(options.images, "left-out") + pictures.street(options.images, "train"):
        image, boxes = picture.load()
        height, width = image.shape[:2]
        boxes = boxes[np.isin(picture.classes, pictures.MOTOR_VEHICLES)]
        scale = min(WIDTH / width, HEIGHT / height)
        side = np.array([width, height, width, height])
        sizes = [float(np.sqrt((b[2] - b[0]) * width * (b[3] - b[1]) * height)) * scale for b in boxes]
        for condition, rows in whole.items():
            found = vehicles(detector, pictures.under(condition, image, picture.key), options.score)
            rows += [(size, is_found(box, found)) for box, size in zip(boxes, sizes)]
        if width < 600 or width < 1.5 * height:
            continue
        for box, size in zip(boxes, sizes):
            if not 6 <= size < 40 or random.random() > .5:
                continue
            shift = random.uniform(-.25, .25, 2)
            for gain in GAINS:
                w, h = width / gain, height / gain
                x = np.clip((box[0] + box[2]) / 2 * width + shift[0] * w - w / 2, 0, width - w)
                y = np.clip((box[1] + box[3]) / 2 * height + shift[1] * h - h / 2, 0, height - h)
                found = vehicles(detector, image[int(y):int(y + h), int(x):int(x + w)], options.score)
                tiles.append((size, gain, is_found((box * side - [x, y, x, y]) / [w, h, w, h], found)))
    for condition, rows in whole.items():
        for least, most in SIZES:
            hits = [hit for size, hit in rows if least <= size < most]
            print(f"{condition}, {least} to {most} pixels: {np.mean(hits):.2f} of {len(hits)}")
    for least, most in SMALL:
        by = [np.mean([hit for size, g, hit in tiles if least <= size < most and g == gain]) for gain in GAINS]
        count = sum(least <= size < most for size, g, _ in tiles if g == 1)
        print(f"{least} to {most} pixels, enlarged " + ", ".join(f"{g} times {m:.2f}" for g, m in zip(GAINS, by)) + f" of {count}")


if __name__ == "__main__":
    main()
