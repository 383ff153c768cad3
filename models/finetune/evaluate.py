#!/usr/bin/env python3
"""Figures of detectors on pictures that no training saw.

    evaluate.py --images DIR --base FILE.tflite [--weights NAME=FILE.npz ...] [--inputs WxH,...] [--crop W:H]

Sets: street-traffic of the places that are left out (places.csv), and coco-val. For each network, input and condition:
AP50, and recall and precision at the score 0.35, each with the middle 95 % of 400 draws of whole pictures, with
replacement, from one seed. A label that is missing (far vehicles often are) counts against precision for every network
alike. --crop cuts the middle of each picture to a shape: a 4:3, square or upright view of the same places.
"""
import argparse
import json

import cv2
import numpy as np

import network
import pictures

SCORE, SEED, DRAWS = .35, 11, 400
SMALL = .004
# What belongs together, and which boxes count, by their share of the picture.
STREET = {"vehicle": ((2, 4, 5), 0, 9), "vehicle, small": ((2, 4, 5), 0, SMALL),
          "vehicle, larger": ((2, 4, 5), SMALL, 9), "person": ((0,), 0, 9)}
GENERAL = {"person": ((0,), 0, 9), "car": ((2,), 0, 9), "bus, truck": ((4, 5), 0, 9),
           "bicycle, motorcycle": ((1, 3), 0, 9), "all 21": (None, 0, 9)}


def inside(box, others):
    """The share of `box` that lies in each of the others."""
    side = (np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])).clip(0)
    return side.prod(1) / max((box[2:] - box[:2]).prod(), 1e-9)


def match(found, boxes, classes, kinds, least, most):
    """Of one picture: (score, right) of each detection that counts, and how many boxes there are to find."""
    position, score, kind = found
    mine = np.isin(kind, kinds)
    position, score = position[mine], score[mine]
    truth, crowds = boxes[np.isin(classes, kinds)], boxes[np.isin(-1 - classes, kinds)]
    area = (truth[:, 2:] - truth[:, :2]).prod(1)
    counts = (area >= least) & (area < most)
    used, rows = np.zeros(len(truth), bool), []
    for i in np.argsort(-score, kind="stable"):
        fit = np.where(used, 0, network.overlap(position[i], truth)) if len(truth) else np.zeros(0)
        good = np.nonzero(fit >= .5)[0]
        if len(good):
            wanted = good[counts[good]]
            best = max(wanted if len(wanted) else good, key=lambda j: fit[j])
            used[best] = True
            if counts[best]:
                rows.append((score[i], 1))
            continue
        size = (position[i][2:] - position[i][:2]).prod()
        if least <= size < most and not (len(crowds) and (inside(position[i], crowds) > .5).any()):
            rows.append((score[i], 0))
    return np.array(rows, float).reshape(-1, 2), int(counts.sum())


def figures(matches):
    """AP50 (101 points), recall and precision at SCORE; nil where there is nothing to find."""
    count = sum(n for _, n in matches)
    if not count:
        return None
    rows = np.concatenate([r for r, _ in matches])
    rows = rows[np.argsort(-rows[:, 0], kind="stable")]
    right = np.cumsum(rows[:, 1])
    recall, precision = right / count, right / np.arange(1, len(right) + 1)
    best = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0)
    sure = rows[rows[:, 0] >= SCORE]
    return np.array([best[np.searchsorted(recall, np.linspace(0, 1, 101))].mean(),
                     sure[:, 1].sum() / count, sure[:, 1].mean() if len(sure) else 1])


def measured(detections, truths, kinds, least, most):
    """Figures with their intervals. Several classes of COCO are averaged (AP) as COCO does; vehicles are one class."""
    groups = [kinds] if kinds is not None else [(k,) for k in range(len(pictures.CLASSES))]
    matches = [[match(d, b, c, g, least, most) for d, (b, c) in zip(detections, truths)] for g in groups]

    def mean(chosen):
        found = [f for m in matches if (f := figures([m[i] for i in chosen])) is not None]
        return np.mean(found, 0) if found else None

    whole = mean(range(len(truths)))
    if whole is None:
        return None
    random, draws = np.random.default_rng(SEED), []
    for _ in range(DRAWS):
        drawn = mean(random.integers(0, len(truths), len(truths)))
        if drawn is not None:
            draws.append(drawn)
    low, high = np.percentile(draws, [2.5, 97.5], 0)
    count = sum(n for m in matches for _, n in m)
    return {"boxes": count, **{name: [round(float(v), 3) for v in (whole[i], low[i], high[i])]
                               for i, name in enumerate(("ap50", "recall", "precision"))}}


def cropped(picture, boxes, classes, shape):
    """The middle of a picture; a box that is more than half outside counts as a crowd: neither right nor wrong."""
    height, width = picture.shape[:2]
    w, h = min(width, height * shape), min(height, width / shape)
    x, y = (width - w) / 2, (height - h) / 2
    moved = (boxes * [width, height, width, height] - [x, y, x, y]) / [w, h, w, h]
    seen = moved.clip(0, 1)
    share = (seen[:, 2:] - seen[:, :2]).prod(1) / (moved[:, 2:] - moved[:, :2]).prod(1).clip(1e-9)
    kept = share > 0
    classes = np.where((share < .5) & (classes >= 0), -1 - classes, classes)
    return picture[int(y):int(y + h), int(x):int(x + w)], seen[kept], classes[kept]


def upright(picture, boxes, classes):
    """As a camera turned by 90 degrees would show the middle: as high as the picture was wide, things of the same size.

    What lies above and below was never taken: it is grey.
    """
    square, boxes, classes = cropped(picture, boxes, classes, 1)
    height, width = round(square.shape[0] * 16 / 9), square.shape[1]
    result = np.full((height, width, 3), 127, np.uint8)
    top = (height - square.shape[0]) // 2
    result[top:top + square.shape[0]] = square
    boxes = (boxes * np.tile([1, square.shape[0]], 2) + [0, top, 0, top]) / np.tile([1, height], 2)
    return result, boxes, classes


def shape(text):
    width, height = map(int, text.split(":"))
    return width / height


def main():
    parser = argparse.ArgumentParser(description="Figures on pictures that are left out.")
    parser.add_argument("--images", required=True)
    parser.add_argument("--base", required=True)
    parser.add_argument("--weights", action="append", default=[], help="NAME=FILE.npz; the base is always measured")
    parser.add_argument("--inputs", default="320x320,448x256")
    parser.add_argument("--conditions", default="colour,grey,dark,infra-red")
    parser.add_argument("--sets", default="street,coco")
    parser.add_argument("--crop", help="cut to a shape, e.g. 4:3")
    parser.add_argument("--upright", action="store_true", help="the middle as an upright camera would show it")
    parser.add_argument("--ratio", default="0,9", help="only pictures whose width by height lies between, e.g. 1.6,9")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    sets = {"street": lambda: pictures.street(options.images, "left-out"), "coco": lambda: pictures.coco(options.images)}
    loaded, (least, most) = {}, map(float, options.ratio.split(","))
    for name in options.sets.split(","):
        loaded[name] = []
        for entry in sets[name]():
            picture, boxes = entry.load()
            if not least <= picture.shape[1] / picture.shape[0] <= most:
                continue
            classes = entry.classes
            if options.upright:
                picture, boxes, classes = upright(picture, boxes, classes)
            if options.crop:
                picture, boxes, classes = cropped(picture, boxes, classes, shape(options.crop))
            loaded[name].append((entry.key, picture, boxes, classes))
    report = []
    for text in options.inputs.split(","):
        width, height = map(int, text.split("x"))
        networks = {"base": network.Detector(network.graph(options.base, width, height))}
        for item in options.weights:
            name, path = item.split("=", 1)
            networks[name] = network.Detector(network.graph(options.base, width, height, path))
        for set_name, entries in loaded.items():
            truths = [(boxes, classes) for _, _, boxes, classes in entries]
            for condition in options.conditions.split(","):
                seen = [pictures.under(condition, picture, key) for key, picture, _, _ in entries]
                for name, detector in networks.items():
                    # COCO's own objects fill the picture; on a street the product drops such boxes.
                    detections = [detector(p, largest=.5 if set_name == "street" else 2) for p in seen]
                    for group, (kinds, smallest, largest) in (STREET if set_name == "street" else GENERAL).items():
                        if (row := measured(detections, truths, kinds, smallest, largest)) is None:
                            continue
                        row = {"set": set_name, "pictures": len(entries), "input": text, "condition": condition,
                               "network": name, "group": group, **row}
                        report.append(row)
                        values = "  ".join(f"{key} {row[key][0]:.3f} ({row[key][1]:.3f}…{row[key][2]:.3f})"
                                           for key in ("ap50", "recall", "precision"))
                        print(f"{set_name} {text} {condition} {name} | {group}: {values}  n {row['boxes']}", flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(report, file, indent=1)


if __name__ == "__main__":
    main()
