"""Labelled parts of pictures and their features, for train_heads.py.

Near-duplicates are clustered by a perceptual hash over all pictures of a data set; a clip is one cluster.
"""
import csv
import hashlib
import json
import os
import sys
from collections import defaultdict
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import onnxruntime

SIZE = 224                                          # pixels of the network's input
MARGIN = 0.1                                        # a box is grown by this share of its size on every side
SMALL = (20, 72)                                    # pixels of the longer side, as a fixed camera shows a bag

# What may train, by licence; the rest only tests.
TRAINING_CLIPS = ["residential-street", "multilane-dusk", "topdown-lane"]
TESTING_CLIPS = ["footpath", "motorway-dusk", "pi-street-cyclist", "pi-street-truck", "refuse-room", "signal-crossing",
                 "tunnel"]
COCO_LICENCE = 4                                    # COCO's number of CC BY 2.0; other pictures are not used


@dataclass(frozen=True)
class Crop:
    """A part of a picture and what it shows."""
    box: tuple                                      # left, top, right, bottom, normalised, grown already
    label: str                                      # bag, pile, smoke, fire, burning (smoke with fire), thing, ground
    small: int = 0                                  # shrunk to this many pixels before; 0 where it is not


@dataclass
class Picture:
    source: str
    path: str
    frame: int = -1                                 # of a clip
    trains: bool = True
    cluster: str = ""
    crops: list = field(default_factory=list)

    @property
    def name(self):
        return os.path.basename(self.path) + (f"@{self.frame}" if self.frame >= 0 else "")


def generator(*names):
    """Random numbers that depend on names alone."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256("/".join(map(str, names)).encode()).digest()[:8], "big"))


def progress(text, done, total):
    if sys.stderr.isatty() or done == total:
        print(f"\r{text}: {done} of {total}" + ("\n" if done == total else ""), end="", file=sys.stderr, flush=True)


# ---- boxes

def grown(box, share=MARGIN):
    left, top, right, bottom = box
    x, y = (right - left) * share, (bottom - top) * share
    return max(0.0, left - x), max(0.0, top - y), min(1.0, right + x), min(1.0, bottom + y)


def cut(box, limits):
    return max(box[0], limits[0]), max(box[1], limits[1]), min(box[2], limits[2]), min(box[3], limits[3])


def overlap(a, b):
    """The share of a that b covers."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(0, width) * max(0, height) / max(1e-9, (a[2] - a[0]) * (a[3] - a[1]))


def content(image):
    """The part inside plain borders: black bars and white paper are not what the picture shows."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    ends = []
    for axis in (0, 1):
        mean, deviation = grey.mean(axis), grey.std(axis)
        filled = np.flatnonzero((deviation >= 4) | ((mean >= 12) & (mean <= 250)))
        ends.append((filled[0] / len(mean), (filled[-1] + 1) / len(mean)) if len(filled) else (0.0, 1.0))
    (left, right), (top, bottom) = ends
    return left, top, right, bottom


def random_boxes(name, count, image, limits=(0, 0, 1, 1), avoid=(), sizes=(0.15, 0.6)):
    """Boxes inside `limits` that touch none of `avoid`; `sizes` are shares of the height."""
    random, boxes, aspect = generator("boxes", name), [], image.shape[1] / image.shape[0]
    width, height = limits[2] - limits[0], limits[3] - limits[1]
    for _ in range(count * 6):
        if len(boxes) == count:
            break
        tall = height * np.exp(random.uniform(*np.log(sizes)))
        wide = min(width, tall * np.exp(random.uniform(np.log(0.6), np.log(2.0))) / aspect)
        left, top = limits[0] + random.uniform(0, width - wide), limits[1] + random.uniform(0, height - tall)
        box = (left, top, left + wide, top + tall)
        if all(overlap(box, other) < 0.02 for other in avoid):
            boxes.append(box)
    return boxes


# ---- data sets

def rows_by_file(path):
    rows = defaultdict(list)
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rows[row["file"]].append(row)
    return sorted(rows.items())


def trash_bags(folder):
    for name, rows in rows_by_file(f"{folder}/polygons.csv"):
        picture, image = Picture("trash-bags", f"{folder}/{name}"), cv2.imread(f"{folder}/{name}")
        limits, boxes = content(image), []
        for row in rows:
            points = np.array(row["polygon"].split(), float).reshape(-1, 2)
            boxes.append((*points.min(0), *points.max(0)))
        picture.crops = [Crop(cut(grown(box), limits), "bag") for box in boxes]
        if len(boxes) > 1:
            ends = np.array(boxes)
            whole = (*ends[:, :2].min(0), *ends[:, 2:].max(0))
            picture.crops.append(Crop(cut(grown(whole), limits), "pile"))
        picture.crops += [Crop(box, "ground") for box in random_boxes(name, 3, image, limits, boxes)]
        yield picture


def street_garbage(folder):
    """The labels are those of whole pictures; the boxes of the refuse were drawn by hand for this project, to a tenth
    of the picture or so. One picture was too blurred for a box."""
    boxes = dict(rows_by_file(os.path.join(os.path.dirname(os.path.abspath(__file__)), "street-garbage-boxes.csv")))
    for name, (row,) in rows_by_file(f"{folder}/labels.csv"):
        picture, image = Picture("street-garbage", f"{folder}/{name}"), cv2.imread(f"{folder}/{name}")
        refuse = [tuple(float(box[side]) for side in ("left", "top", "right", "bottom")) for box in boxes.get(name, [])]
        picture.crops = [Crop(grown(box), "pile") for box in refuse]
        if refuse or row["label"] == "clean":
            around = [grown(box) for box in refuse]
            picture.crops += [Crop(box, "ground") for box in random_boxes(name, 10, image, avoid=around)]
            yield picture


def fire_smoke(folder):
    for name, rows in rows_by_file(f"{folder}/labels.csv"):
        picture, image = Picture(f"fire-smoke {rows[0]['source']}", f"{folder}/{name}"), cv2.imread(f"{folder}/{name}")
        limits, boxes = content(image), defaultdict(list)
        for row in rows:
            x, y, w, h = (float(row[key]) for key in ("cx", "cy", "w", "h"))
            boxes[row["class"]].append((x - w / 2, y - h / 2, x + w / 2, y + h / 2))
        for box in boxes["smoke"]:
            mixed = any(overlap(box, fire) > 0.02 for fire in boxes["fire"])
            picture.crops.append(Crop(cut(grown(box), limits), "burning" if mixed else "smoke"))
        picture.crops += [Crop(cut(grown(box), limits), "fire") for box in boxes["fire"]]
        picture.crops += [Crop(cut(grown(box), limits), "ground") for box in boxes["negative"]]
        others = random_boxes(name, 3, image, limits, boxes["smoke"] + boxes["fire"])
        picture.crops += [Crop(box, "ground") for box in others]
        yield picture


def coco(folder):
    with open(f"{folder}/instances.json", encoding="utf-8") as file:
        data = json.load(file)
    boxes = defaultdict(list)
    for entry in data["annotations"]:
        if not entry.get("iscrowd") and min(entry["bbox"][2:]) >= 24:
            boxes[entry["image_id"]].append(entry["bbox"])
    for entry in sorted(data["images"], key=lambda entry: entry["file_name"]):
        if entry["license"] != COCO_LICENCE:
            continue
        picture = Picture("coco-val", f"{folder}/{entry['file_name']}")
        width, height = entry["width"], entry["height"]
        things = [(x / width, y / height, (x + w) / width, (y + h) / height) for x, y, w, h in boxes[entry["id"]][:12]]
        picture.crops = [Crop(grown(box), "thing") for box in things]
        picture.crops += [Crop(box, "ground") for box in random_boxes(picture.name, 6, cv2.imread(picture.path))]
        yield picture


def clips(folder):
    for clip in TRAINING_CLIPS + TESTING_CLIPS:
        path = f"{folder}/{clip}.mp4"
        indices = spread(path, 12)
        for index, image in frames(path, indices).items():
            picture = Picture(f"clip {clip}", path, index, clip in TRAINING_CLIPS, clip)
            boxes = random_boxes(picture.name, 14, image, sizes=(0.08, 0.45))
            picture.crops = [Crop(box, "ground") for box in boxes]
            yield picture


def frames(path, indices):
    """The pictures of a clip by number."""
    reader, found, wanted = cv2.VideoCapture(path), {}, set(indices)
    for index in range(max(wanted) + 1):
        if not reader.grab():
            break
        if index in wanted:
            found[index] = reader.retrieve()[1]
    return found


def spread(path, count):
    """The numbers of `count` pictures, evenly over a clip."""
    reader, total = cv2.VideoCapture(path), 0
    while reader.grab():
        total += 1
    if total == 0:
        sys.exit(f"train_heads.py: no picture of {path} can be decoded")
    return [int(i) for i in np.linspace(0, total - 1, count + 2)[1:-1]]


def data(shared):
    """All pictures with their crops, each crop also as a small object would be seen."""
    sets = [("trash-bags", trash_bags(f"{shared}/images/trash-bags")),
            ("street-garbage", street_garbage(f"{shared}/images/street-garbage")),
            ("fire-smoke", fire_smoke(f"{shared}/images/fire-smoke")), ("coco-val", coco(f"{shared}/images/coco-val"))]
    pictures = []
    for name, generated in sets:
        found = list(generated)
        for picture, number in zip(found, clusters([picture.path for picture in found])):
            picture.cluster = f"{name} {number}"
        pictures += found
        print(f"{name}: {len(found)} pictures in {len({p.cluster for p in found})} clusters", file=sys.stderr)
    pictures += clips(f"{shared}/footage/real")
    for picture in pictures:
        good = [crop for crop in picture.crops if crop.box[2] - crop.box[0] > 0.01 and crop.box[3] - crop.box[1] > 0.01]
        random = generator("small", picture.name)
        pixels = np.exp(random.uniform(*np.log(SMALL), len(good))).round().astype(int)
        picture.crops = good + [replace(crop, small=int(small)) for crop, small in zip(good, pixels)]
    return pictures


def clusters(paths):
    """A number for each picture; near-duplicates share one.

    Two are near where their perceptual hashes (signs of 63 low DCT coefficients) differ in at most 12 bits or their
    24 x 24 thumbnails correlate at 0.92; clusters are what such pairs connect. On fire-smoke that is about one video.
    """
    hashes, thumbnails = [], []
    for path in paths:
        grey = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
        low = cv2.dct(cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32))[:8, :8].ravel()[1:]
        hashes.append(low > np.median(low))
        small = cv2.resize(grey, (24, 24), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
        small -= small.mean()
        thumbnails.append(small / max(1e-6, np.linalg.norm(small)))
    hashes, thumbnails = np.array(hashes), np.array(thumbnails)
    near = ((hashes[:, None] != hashes[None]).sum(2) <= 12) | (thumbnails @ thumbnails.T >= 0.92)
    numbers, count = np.full(len(paths), -1), 0
    for start in range(len(paths)):
        todo = [start] if numbers[start] < 0 else []
        while todo:
            here = todo.pop()
            if numbers[here] < 0:
                numbers[here] = count
                todo += list(np.flatnonzero(near[here] & (numbers < 0)))
        count = int(numbers.max()) + 1
    return [int(number) for number in numbers]


# ---- features

class Extractor:
    """Features of crops, kept in `cache`, one file a picture."""

    def __init__(self, model, cache):
        with open(model, "rb") as file:
            self.sha256 = hashlib.sha256(file.read()).hexdigest()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.cache = cache
        os.makedirs(cache, exist_ok=True)

    def features(self, image, box, small=0):
        """1280 values; `image` as OpenCV has it (BGR)."""
        height, width = image.shape[:2]
        left, top = int(box[0] * width), int(box[1] * height)
        right, bottom = max(left + 2, int(np.ceil(box[2] * width))), max(top + 2, int(np.ceil(box[3] * height)))
        part = image[top:bottom, left:right]
        if small and max(part.shape[:2]) > small:
            scale = small / max(part.shape[:2])
            size = [max(4, round(side * scale)) for side in part.shape[1::-1]]
            part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        shrinks = part.shape[0] >= SIZE and part.shape[1] >= SIZE
        part = cv2.resize(part, (SIZE, SIZE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        blob = (part[:, :, ::-1].astype(np.float32) - 127) / 128
        return self.session.run(["features"], {"image": np.ascontiguousarray(blob.transpose(2, 0, 1)[None])})[0][0]

    def all(self, pictures):
        """One row a crop, in order."""
        rows, clip = [], (None, {})
        for number, picture in enumerate(pictures):
            progress("features of pictures", number + 1, len(pictures))
            key = hashlib.sha256(repr((self.sha256, picture.source, picture.name, picture.crops)).encode()).hexdigest()
            path = f"{self.cache}/{key[:32]}.npy"
            if os.path.exists(path):
                rows.append(np.load(path))
                continue
            if picture.frame < 0:
                image = cv2.imread(picture.path)
            else:
                if clip[0] != picture.path:
                    wanted = [other.frame for other in pictures if other.path == picture.path]
                    clip = (picture.path, frames(picture.path, wanted))
                image = clip[1][picture.frame]
            found = np.stack([self.features(image, crop.box, crop.small) for crop in picture.crops])
            with open(path + ".part", "wb") as file:
                np.save(file, found)
            os.replace(path + ".part", path)
            rows.append(found)
        return np.concatenate(rows)
