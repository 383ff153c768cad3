"""The pictures: what is trained on, what is left out, what a camera may do to them.

A picture is RGB, 8 bits. A box is left, top, right, bottom as shares of the picture.
"""
import csv
import json
import os
import zlib

import cv2
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
CLASSES = ("person bicycle car motorcycle bus truck bench bird cat dog umbrella handbag suitcase bottle cup bowl "
           "banana apple orange chair diningtable").split()
PERSON, MOTOR_VEHICLES = 0, (2, 4, 5)
# street-traffic's own classes: 0 motorcycle with rider, 1 car, 2 cyclist, 3 person, 4 truck. Riders are labelled with
# what they ride, which COCO does not do: they are left to the teacher.
STREET = {1: 2, 3: 0, 4: 5}


def read(path):
    picture = cv2.imread(path)
    if picture is None:
        raise SystemExit(f"could not read the picture {path}; check --images")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def without_bars(picture, boxes):
    """Cuts the black bars that a publisher put around a picture."""
    height, width = picture.shape[:2]
    light = picture.max(2)
    rows = np.nonzero(np.median(light, 1) > 24)[0]
    columns = np.nonzero(np.median(light, 0) > 24)[0]
    if not len(rows) or not len(columns):
        return picture, boxes
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    if (bottom - top) * (right - left) > .97 * height * width or (bottom - top) * (right - left) < .3 * height * width:
        return picture, boxes
    boxes = (boxes * [width, height, width, height] - [left, top, left, top]) / [
        right - left, bottom - top, right - left, bottom - top]
    return np.ascontiguousarray(picture[top:bottom, left:right]), boxes.clip(0, 1)


class Picture:
    def __init__(self, key, place, path, boxes, classes, is_street=False):
        self.key, self.place, self.path, self.is_street = key, place, path, is_street
        self.boxes = np.array(boxes, float).reshape(-1, 4)
        self.classes = np.array(classes, int)

    def load(self):
        """The pixels and the boxes."""
        picture = read(self.path)
        if not self.is_street:
            return picture, self.boxes
        # The publisher strewed salt and pepper over some pictures; a median takes it away.
        return without_bars(cv2.medianBlur(picture, 3), self.boxes)


def street(images, part):
    """street-traffic of the places that `places.csv` gives to `part`: train or left-out."""
    folder, result = os.path.join(images, "street-traffic"), []
    for row in csv.DictReader(open(os.path.join(HERE, "places.csv"), newline="")):
        if row["part"] != part:
            continue
        boxes, classes = [], []
        for line in open(os.path.join(folder, row["picture"] + ".txt")):
            kind, x, y, w, h = map(float, line.split())
            if int(kind) in STREET:
                boxes.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
                classes.append(STREET[int(kind)])
        result.append(Picture(
            row["picture"], row["place"], os.path.join(folder, row["picture"] + ".jpg"), boxes, classes, True))
    return result


def unlabelled(images, folder):
    folder = os.path.join(images, folder)
    return [Picture(name, name, os.path.join(folder, name), [], [])
            for name in sorted(os.listdir(folder)) if name.endswith(".jpg")]


def coco(images):
    """coco-val; class −1 − c is a crowd of class c."""
    folder = os.path.join(images, "coco-val")
    data = json.load(open(os.path.join(folder, "instances.json")))
    names = {c["id"]: c["name"].replace(" ", "") for c in data["categories"]}
    result = []
    for image in data["images"]:
        boxes, classes = [], []
        for a in data["annotations"]:
            if a["image_id"] == image["id"] and names[a["category_id"]] in CLASSES:
                x, y, w, h = a["bbox"]
                boxes.append([x / image["width"], y / image["height"],
                              (x + w) / image["width"], (y + h) / image["height"]])
                number = CLASSES.index(names[a["category_id"]])
                classes.append(-1 - number if a["iscrowd"] else number)
        name = image["file_name"]
        result.append(Picture(name, name, os.path.join(folder, name), boxes, classes))
    return result


# What a camera may do to a picture.

def grey(picture):
    return np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)


def dark(picture, random, mean=25):
    """Night: gamma, a mean of `mean` of 255, noise that grows with the light (shot) over a floor (read-out)."""
    x = (picture.astype(np.float32) / 255) ** 1.4
    x *= (mean / 255) / max(float(x.mean()), 1e-3)
    noise = random.normal(0, 1, picture.shape) * np.sqrt(x.clip(0, 1) * .0012 + .00008)
    return ((x + noise).clip(0, 1) * 255).astype(np.uint8)


def infra_red(picture, random):
    """Grey of other channel weights, one lamp's fall-off, gamma, noise, compression."""
    light = (picture.astype(np.float32) @ random.dirichlet([3, 2, 1])) / 255
    height, width = light.shape
    y, x = height * random.uniform(.4, .9), width * random.uniform(.3, .7)
    reach = random.uniform(.5, 1.1) * max(height, width)
    rows, columns = np.mgrid[:height, :width]
    lamp = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * reach * reach) * random.uniform(.5, 1.5))
    light = light ** random.uniform(.7, 1.6) * (.15 + .85 * lamp) * random.uniform(.5, 1.2)
    light = light + random.normal(0, 1, light.shape) * random.uniform(.005, .03)
    return compressed(np.repeat((light.clip(0, 1) * 255).astype(np.uint8)[..., None], 3, 2),
                      int(random.integers(30, 80)))


def compressed(picture, quality):
    _, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def poor(picture, random):
    """A low resolution, strongly compressed."""
    scale, (height, width) = random.uniform(.45, .95), picture.shape[:2]
    small = cv2.resize(picture, (int(width * scale), int(height * scale)), interpolation=cv2.INTER_AREA)
    return cv2.resize(compressed(small, int(random.integers(25, 75))), (width, height))


def toned(picture, random):
    """Another exposure and contrast, at times noise."""
    x = (picture.astype(np.float32) / 255) ** random.uniform(.65, 1.5)
    mean = x.mean()
    x = (x - mean) * random.uniform(.55, 1.25) + mean + random.uniform(-.12, .12)
    if random.random() < .4:
        x = x + random.normal(0, random.uniform(.005, .03), x.shape)
    return (x.clip(0, 1) * 255).astype(np.uint8)


CONDITIONS = {
    "colour": lambda p, random: p,
    "grey": lambda p, random: grey(p),
    "dark": lambda p, random: dark(p, random),
    "infra-red": infra_red,
}


def under(condition, picture, key):
    """The picture under a condition; the same key gives the same noise."""
    return CONDITIONS[condition](picture, np.random.default_rng(zlib.crc32(key.encode())))
