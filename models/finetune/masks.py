#!/usr/bin/env python3
"""How many faces are still masked in pictures without colour, in the dark and by infra-red.

    masks.py --images DIR --model ../prepared/centerface.onnx

On coco-val. There are no labelled faces: the truth is what CenterFace sees in the clean colour picture at least at one of
once, 1.5 and 2 times the size, at a score of 0.6 and from 20 pixels on. Of these, the share that the product's setting (once, score
0.3) covers in the spoilt copy: as it is, and spread over the whole range where it is dark (Sources/Inference/Exposure.swift).
"""
import argparse

import cv2
import numpy as np

import network
import pictures

WIDTH, HEIGHT, STRIDE, SURE, SCORE, LEAST = 736, 608, 4, .6, .3, 20
OVERLAP = 128


class Faces:
    def __init__(self, path):
        self.net = cv2.dnn.readNetFromONNX(path)

    def part(self, picture, score):
        blob = np.zeros((1, 3, HEIGHT, WIDTH), np.float32)
        blob[0, :, :picture.shape[0], :picture.shape[1]] = picture.transpose(2, 0, 1)
        self.net.setInput(blob)
        heat, scale, offset = self.net.forward(["537", "538", "539"])
        row, column = np.nonzero(heat[0, 0] >= score)
        h, w = np.exp(scale[0, :, row, column].T.clip(None, 6)) * STRIDE
        y = (row + offset[0, 0, row, column] + .5) * STRIDE
        x = (column + offset[0, 1, row, column] + .5) * STRIDE
        return np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], 1), heat[0, 0, row, column]

    def __call__(self, picture, score):
        """Boxes in pixels, in tiles as the product takes them."""
        height, width = picture.shape[:2]
        boxes, scores = np.zeros((0, 4)), np.zeros(0)
        for top in range(0, max(1, height - OVERLAP), HEIGHT - OVERLAP):
            for left in range(0, max(1, width - OVERLAP), WIDTH - OVERLAP):
                found, sure = self.part(picture[top:top + HEIGHT, left:left + WIDTH], score)
                boxes = np.concatenate([boxes, found + [left, top, left, top]])
                scores = np.concatenate([scores, sure])
        kept = []
        for i in np.argsort(-scores, kind="stable"):
            if not kept or network.overlap(boxes[i], boxes[kept]).max() <= .3:
                kept.append(i)
        return boxes[kept]


def main():
    parser = argparse.ArgumentParser(description="Faces that are still found in spoilt pictures.")
    parser.add_argument("--images", required=True)
    parser.add_argument("--model", required=True, help="centerface.onnx")
    options = parser.parse_args()
    faces, counts, total = Faces(options.model), {}, 0
    for one in pictures.coco(options.images):
        picture, _ = one.load()
        truth = np.zeros((0, 4))
        for zoom in (1, 1.5, 2):
            larger = picture if zoom == 1 else cv2.resize(picture, None, fx=zoom, fy=zoom)
            found = faces(larger, SURE) / zoom
            found = found[(found[:, 2:] - found[:, :2]).min(1) >= LEAST]
            truth = np.concatenate([truth, [b for b in found if not len(truth) or network.overlap(b, truth).max() < .3] or truth[:0]])
        total += len(truth)
        for condition in pictures.CONDITIONS:
            spoilt = pictures.under(condition, picture, one.key)
            for name, seen in (("as it is", spoilt), ("spread", network.exposed(spoilt))):
                row = counts.setdefault((condition, name), [0, 0])
                found = faces(seen, SCORE)
                row[0] += sum(network.overlap(box, found).max(initial=0) > .3 for box in truth)
                row[1] += len(found)
    for (condition, name), (masked, found) in counts.items():
        print(f"{condition:10} {name:8} {masked} of {total} faces, {found} masks")


if __name__ == "__main__":
    main()
