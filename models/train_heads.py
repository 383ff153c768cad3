#!/usr/bin/env python3
"""Train the linear heads on crop features, measure what they are worth, write heads/NAME.json and heads/NAME.md.

    train_heads.py [NAME ...] [--shared DIR] [--cache DIR] [--out DIR] [--verify]

NAME is refuse, smoke or fire; all where none is named. --shared is the folder that holds images/ and footage/. A head is
a logistic regression on the 1280 features of EfficientNet-Lite0, brought to length one. Features are kept in the cache,
so a run that was stopped goes on. Nothing is random without a seed: the same features give the same bytes, which
--verify checks.

A cluster of near-duplicates lies in one fold only, and fold 0 takes no part in the head that is written.
"""
import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"                      # sums in one order, hence the same bytes

import argparse
import json
import sys
import textwrap
from dataclasses import dataclass

import cv2
import numpy as np

import crops as material
from crops import Extractor, frames, generator, grown, progress, random_boxes, spread

HERE = os.path.dirname(os.path.abspath(__file__))
FEATURES = "efficientnet-lite0-features"
FOLDS = 5
PENALTY = 0.03                                      # of half the squared weights on standardised features
DIGITS = 6                                          # that are written of each weight
RESAMPLES = 400                                     # of the bootstrap
FALSE_SHARE = 0.02                                  # false positives at which recall is reported


@dataclass(frozen=True)
class Kind:
    """What a head learns: crops with a label of `wanted` against the rest without those of `ignored`."""
    name: str
    looks_like: str
    wanted: tuple
    ignored: tuple
    sources: tuple                                  # where the wanted ones are, to be left out in turn
    real: str                                       # what no recording shows
    clips: str = "No clip shows any."


FIRE_SMOKE = tuple(f"fire-smoke s{i}" for i in range(1, 8))
KINDS = [
    Kind("refuse", "bags or a pile of refuse", ("bag", "pile"), ("smoke", "fire", "burning"),
         ("trash-bags", "street-garbage"), "refuse on the ground",
         "No clip shows any on the ground; refuse-room has a container with waste in it."),
    Kind("smoke", "smoke", ("smoke", "burning"), ("fire",), FIRE_SMOKE, "smoke"),
    Kind("fire", "flames", ("fire",), ("burning",), FIRE_SMOKE, "flames"),
]


# ---- logistic regression

@dataclass
class Line:
    """logit = weights · features + bias, the features at length one"""
    weights: np.ndarray
    bias: float

    def logits(self, features):
        return features @ self.weights + self.bias


def unit(features):
    return features / np.maximum(np.linalg.norm(features, axis=-1, keepdims=True), 1e-6)


def fit(features, truth, weight):
    """Newton's method on the weighted, penalised logistic loss, which has one minimum."""
    mean, deviation = features.mean(0, dtype=np.float64), features.std(0, dtype=np.float64) + 1e-3
    x = np.concatenate([(features - mean) / deviation, np.ones((len(features), 1))], 1)
    rough = x.astype(np.float32)                    # will do for the curvature
    ridge = np.append(np.full(features.shape[1], PENALTY), 0)

    def loss(w):
        z = x @ w
        return (weight * (np.logaddexp(0, z) - truth * z)).sum() + (ridge * w * w).sum() / 2

    w = np.zeros(x.shape[1])
    for _ in range(30):
        p = sigmoid(x @ w)
        gradient = x.T @ (weight * (p - truth)) + ridge * w
        curvature = rough.T @ (rough * (weight * p * (1 - p)).astype(np.float32)[:, None])
        step = np.linalg.solve(curvature.astype(np.float64) + np.diag(ridge + 1e-9), gradient)
        length, before = 1.0, loss(w)
        while loss(w - length * step) > before and length > 1e-3:
            length /= 2
        w -= length * step
        if np.abs(step).max() < 1e-7:
            break
    weights = w[:-1] / deviation
    return Line(weights, float(w[-1] - weights @ mean))


def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -60, 60)))


def platt(logits, truth, weight):
    """Slope and offset that turn logits into probabilities (Platt, 1999), for as many wanted crops as others."""
    x = np.stack([logits, np.ones_like(logits)], 1)
    target = np.clip(truth, 1 / (np.sum(truth == 0) + 2), 1 - 1 / (np.sum(truth == 1) + 2))
    loss = lambda line: (weight * (np.logaddexp(0, x @ line) - target * (x @ line))).sum()
    line = np.array([1.0, 0.0])
    for _ in range(100):
        p = sigmoid(x @ line)
        curvature = x.T @ (x * (weight * p * (1 - p))[:, None]) + 1e-9 * np.eye(2)
        step, length = np.linalg.solve(curvature, x.T @ (weight * (p - target))), 1.0
        while loss(line - length * step) > loss(line) and length > 1e-6:
            length /= 2
        line = line - length * step
        if np.abs(step).max() < 1e-9:
            break
    return float(line[0]), float(line[1])


def balanced(truth, clusters):
    """Weights with which each cluster counts with the root of its size and both classes count half."""
    weight = np.zeros(len(truth))
    for value in (0, 1):
        chosen = truth == value
        _, index, count = np.unique(clusters[chosen], return_inverse=True, return_counts=True)
        share = 1 / np.sqrt(count[index])
        weight[chosen] = share / share.sum() / 2
    return weight


# ---- figures

def auc(wanted, others):
    ordered = np.sort(others)
    below, upto = np.searchsorted(ordered, wanted, "left"), np.searchsorted(ordered, wanted, "right")
    return float((below + upto).mean() / 2 / len(ordered))


def recall(wanted, others):
    """The share of `wanted` above the logit that FALSE_SHARE of `others` exceed."""
    return float((wanted > np.quantile(others, 1 - FALSE_SHARE)).mean())


def interval(function, wanted, others, wanted_groups, other_groups, seed):
    """The value and its 95 % interval, resampling whole groups."""
    random = generator("bootstrap", seed)
    parts = [[values[groups == group] for group in np.unique(groups)]
             for values, groups in ((wanted, wanted_groups), (others, other_groups))]
    found = []
    for _ in range(RESAMPLES):
        a, b = (np.concatenate([part[i] for i in random.integers(0, len(part), len(part))]) for part in parts)
        found.append(function(a, b))
    return function(wanted, others), *np.quantile(found, [0.025, 0.975])


def measured(function, wanted, others, table):
    """As `interval`, for two selections of a table's rows."""
    return interval(function, table.logits[wanted], table.logits[others], table.clusters[wanted], table.pictures[others],
                    f"{function.__name__}")


# ---- a head

@dataclass
class Table:
    """One row a crop."""
    features: np.ndarray
    labels: np.ndarray
    sources: np.ndarray
    clusters: np.ndarray
    pictures: np.ndarray
    trains: np.ndarray
    small: np.ndarray
    folds: np.ndarray
    logits: np.ndarray = None                       # from heads that have not seen the crop's cluster


def table(pictures, features):
    rows = [(crop.label, picture.source, picture.cluster, picture.name, picture.trains, crop.small > 0)
            for picture in pictures for crop in picture.crops]
    labels, sources, clusters, names, trains, small = (np.array(column) for column in zip(*rows))
    folds = assign_folds([picture for picture in pictures if picture.trains])
    return Table(unit(features), labels, sources, clusters, names, trains, small,
                 np.array([folds.get(cluster, -1) for cluster in clusters]))


def assign_folds(pictures):
    """A fold for each cluster: the largest first, each to the fold that its data set has filled least."""
    sizes = {}
    for picture in pictures:
        group = picture.source.split(" ")[0]
        sizes.setdefault(group, {}).setdefault(picture.cluster, 0)
        sizes[group][picture.cluster] += 1
    folds = {}
    for group, counts in sorted(sizes.items()):
        filled = {fold: 0 for fold in [*range(1, FOLDS), 0]}
        for cluster, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            fold = min(filled, key=filled.get)
            folds[cluster], filled[fold] = fold, filled[fold] + count
    return folds


class Training:
    def __init__(self, kind, table):
        self.kind, self.table = kind, table
        self.truth = np.isin(table.labels, kind.wanted).astype(float)
        self.used = ~np.isin(table.labels, kind.ignored)
        self.wanted, self.others = self.used & (self.truth == 1), self.used & (self.truth == 0)

    def fit(self, rows):
        rows = rows & self.used & self.table.trains
        return fit(self.table.features[rows], self.truth[rows], balanced(self.truth[rows], self.table.clusters[rows]))

    def run(self):
        """The head that is written, and the logits of all crops from heads that have not seen their cluster."""
        data, lines = self.table, []
        data.logits = np.zeros(len(data.labels))
        for fold in range(FOLDS):
            lines.append(self.fit(data.folds != fold))
            data.logits[data.folds == fold] = lines[-1].logits(data.features[data.folds == fold])
            progress(f"{self.kind.name}: folds", fold + 1, FOLDS)
        # What never trains is a stranger to every fold.
        never = data.folds < 0
        data.logits[never] = np.mean([line.logits(data.features[never]) for line in lines], 0)
        self.lines, self.line = lines, lines[0]
        rows = self.used & data.trains
        self.slope, self.offset = platt(data.logits[rows], self.truth[rows],
                                        balanced(self.truth[rows], data.clusters[rows]))

    def probability(self, logits):
        return sigmoid(self.slope * logits + self.offset)

    def figures(self):
        data, testing = self.table, np.isin(self.table.sources, [f"clip {clip}" for clip in material.TESTING_CLIPS])
        found = {"clusters": [], "sources": [], "clips": []}
        for what, rows in (("all crops", self.used), ("crops shrunk to 20 to 72 pixels", self.used & data.small)):
            found["clusters"].append(self.row(what, self.wanted & rows & data.trains, self.others & rows & data.trains))
        held = data.folds == 0
        found["clusters"].append(self.row("fold 0, which the written head has not seen", self.wanted & held,
                                          self.others & held))
        logits, sources = data.logits, [s for s in self.kind.sources if (self.wanted & (data.sources == s)).any()]
        for number, source in enumerate(sources):
            here = data.sources == source
            related = np.isin(data.clusters, np.unique(data.clusters[here]))
            data.logits = self.fit(~related).logits(data.features)
            found["sources"].append({
                "what": source, "same": self.row("", self.wanted & here, self.others & here),
                "clips": self.row("", self.wanted & here, self.others & testing)})
            progress(f"{self.kind.name}: sources left out", number + 1, len(sources))
        data.logits = logits
        for clip in material.TRAINING_CLIPS + material.TESTING_CLIPS:
            here = data.sources == f"clip {clip}"
            row = self.row(clip, self.wanted & data.trains, here)
            row["false"] = float((self.probability(logits[here]) >= 0.5).mean())
            row["strong"] = float((self.probability(logits[here]) >= 0.9).mean())
            found["clips"].append(row)
        return found

    def row(self, what, wanted, others):
        data, few = self.table, len(np.unique(self.table.clusters[wanted])) < 2 or others.sum() < 20
        return {"what": what, "wanted": int(wanted.sum()), "clusters": len(np.unique(data.clusters[wanted])),
                "others": int(others.sum()), "auc": None if few else measured(auc, wanted, others, data),
                "recall": None if few else measured(recall, wanted, others, data)}

    # ---- what is written

    def document(self, extractor, pictures):
        digits = lambda value: float(f"{value:.{DIGITS}g}")
        self.line = Line(np.array([digits(w) for w in self.line.weights]), digits(self.line.bias))
        self.slope, self.offset = digits(self.slope), digits(self.offset)
        probe = unit(np.arange(len(self.line.weights)) % 7 / 7)
        return {
            "name": self.kind.name, "looks_like": self.kind.looks_like,
            "features": {"model": FEATURES, "sha256": extractor.sha256, "margin": material.MARGIN},
            "bias": self.line.bias, "calibration": {"slope": self.slope, "offset": self.offset},
            "check": digits(self.probability(self.line.logits(probe))), "examples": self.examples(pictures),
            "weights": self.line.weights.tolist(),
        }

    def examples(self, pictures, count=8):
        """Crops of fold 0 with the probability that this script gives them; boxes are x, y, width, height, not grown."""
        data, found, row = self.table, {True: [], False: []}, -1
        for picture in pictures:
            for crop in picture.crops:
                row += 1
                (x, width), (y, height) = shrunk(crop.box[0], crop.box[2]), shrunk(crop.box[1], crop.box[3])
                if (data.folds[row] != 0 or picture.frame >= 0 or crop.small or not self.used[row]
                        or min(width, height) < 0.05):
                    continue
                folder = os.path.basename(os.path.dirname(picture.path))
                found[bool(self.truth[row])].append({
                    "image": f"images/{folder}/{picture.name}", "box": [round(v, 5) for v in (x, y, width, height)],
                    "wanted": bool(self.truth[row]),
                    "probability": round(float(self.probability(self.line.logits(data.features[row]))), 3)})
        # Spread over the pictures, not the first ones.
        return [list(examples)[i] for examples in found.values()
                for i in np.linspace(0, len(examples) - 1, min(count, len(examples))).astype(int)]


def shrunk(low, high):
    """Start and length of the side that grows to low … high."""
    if low < 1e-6:
        return 0.0, 1.0 if high > 1 - 1e-6 else high / (1 + material.MARGIN)
    if high > 1 - 1e-6:
        length = (high - low) / (1 + material.MARGIN)
        return high - length, length
    length = (high - low) / (1 + 2 * material.MARGIN)
    return low + material.MARGIN * length, length


# ---- checks on footage

def cached(extractor, name, make):
    path = f"{extractor.cache}/{name}-{extractor.sha256[:16]}.npy"
    if not os.path.exists(path):
        with open(path + ".part", "wb") as file:
            np.save(file, make())
        os.replace(path + ".part", path)
    return np.load(path)


def paired(training, extractor, shared):
    """The same place now and in the background picture: rows of the logits' difference against the logit alone.

    A plume is the one smoke plate, pasted over a picture of a real clip; the others are the same places without it, half
    of them where the clip has changed most. The background is the median of the seven pictures before.
    """
    plate_path, clips = f"{shared}/footage/real/smoke-plate-1080p.mp4", material.TRAINING_CLIPS + material.TESTING_CLIPS
    plates, rows, pool = None, [], []
    for number, clip in enumerate(clips):
        path = f"{shared}/footage/real/{clip}.mp4"

        def make():
            nonlocal plates
            if plates is None:
                plates = [plate for plate in frames(plate_path, spread(plate_path, 24)).values() if plate.max() > 60]
            return np.concatenate(list(pairs(path, clip, plates, extractor)))
        features = unit(cached(extractor, f"paired-{clip}", make))
        fold = training.table.folds[training.table.clusters == clip][0]
        line = training.lines[max(0, fold)]         # one that has not seen the clip
        now, plume, before = (line.logits(features[:, i]) for i in range(3))
        groups = np.array([f"{clip} {i // 6}" for i in range(len(now))])
        pool.append((now, plume, before, groups))
        rows.append({"what": clip, **contrast(*pool[-1])})
        progress("paired check: clips", number + 1, len(clips))
    return [*rows, {"what": "all", **contrast(*(np.concatenate(column) for column in zip(*pool)))}]


def contrast(now, plume, before, groups):
    return {"count": len(now), **{f"{function.__name__} {name}": interval(function, wanted, others, groups, groups, name)
                                  for function in (auc, recall) for name, wanted, others in (
                                      ("alone", plume, now), ("paired", plume - before, now - before))}}


def pairs(path, clip, plates, extractor):
    """For each of 16 pictures, the features of six places: now, now with a plume, in the background."""
    chosen = list(frames(path, spread(path, 23)).items())
    for position in range(7, len(chosen)):
        index, image = chosen[position]
        background = np.median([other for _, other in chosen[position - 7:position]], 0).astype(np.uint8)
        random = generator("pairs", clip, index)
        boxes = random_boxes(f"pairs {clip} {index}", 6, image, sizes=(0.12, 0.4))
        height, width = image.shape[:2]
        change = cv2.blur(cv2.absdiff(image, background).sum(2).astype(np.float32), (width // 8, height // 8))
        for i in range(3):                          # half of the places move to where most has changed
            y, x = np.unravel_index(change.argmax(), change.shape)
            change[max(0, y - height // 8):y + height // 8, max(0, x - width // 8):x + width // 8] = 0
            w, h = boxes[i][2] - boxes[i][0], boxes[i][3] - boxes[i][1]
            left, top = min(max(0, x / width - w / 2), 1 - w), min(max(0, y / height - h / 2), 1 - h)
            boxes[i] = (left, top, left + w, top + h)
        yield np.stack([[extractor.features(picture, grown(box)) for picture in (
            image, smoked(image, box, plates[random.integers(len(plates))], random), background)] for box in boxes])


def smoked(image, box, plate, random):
    height, width = image.shape[:2]
    left, top, right, bottom = (int(v) for v in np.array(box) * [width, height, width, height])
    grey = cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY)
    ys, xs = np.nonzero(grey > 40)
    cut = grey[ys.min():ys.max() + 1, xs.min():xs.max() + 1]
    veil = cv2.resize(cut, (right - left, bottom - top), interpolation=cv2.INTER_AREA).astype(np.float32)[:, :, None]
    veil *= random.uniform(0.5, 1.0) / max(1.0, float(np.quantile(veil, 0.98)))
    result, veil = image.copy(), np.clip(veil, 0, 1)
    part = result[top:bottom, left:right].astype(np.float32)
    result[top:bottom, left:right] = (part * (1 - veil) + random.uniform(130, 220) * veil).astype(np.uint8)
    return result


def composed(training, extractor, shared):
    """Mean probability of the place of the pasted bags before, during and after, in composed/garbage-smoke.mp4."""
    path, box = f"{shared}/footage/composed/garbage-smoke.mp4", (546 / 640, 366 / 480, 1.0, 428 / 480)
    spans = {"before": (5, 40), "during": (50, 85), "after": (140, 175)}

    def make():
        total = spread(path, 1)[0] * 2 / 181.92     # pictures a second
        wanted = {name: [int(t * total) for t in np.linspace(*span, 8)] for name, span in spans.items()}
        found = frames(path, sum(wanted.values(), []))
        return np.stack([[extractor.features(found[i], grown(box)) for i in wanted[name]] for name in spans])
    means = training.probability(training.line.logits(unit(cached(extractor, "composed", make)))).mean(1)
    return dict(zip(spans, (float(mean) for mean in means)))


# ---- the card

DATA = """| data | used for | licence |
|---|---|---|
| trash-bags (WoosongVision): close-ups of municipal bags, Korea, most of them in the tray of a lorry | training | Unlicense / CC BY 4.0 |
| street-garbage: photos of city streets by inspectors; boxes drawn by hand for this project | training | free reuse for any purpose |
| fire-smoke: frames of CCTV and news; part of the smoke is that of indoor fog machines against burglars | training | CC BY 4.0 |
| COCO val2017: the pictures that are named below the table | training | annotations CC BY 4.0, photos CC BY 2.0 |
| clips residential-street, multilane-dusk; topdown-lane | training | MIT; CC BY 4.0 |
| clips footpath, motorway-dusk, pi-street-cyclist, pi-street-truck, refuse-room, signal-crossing, tunnel | testing | none stated, or not clear enough to train on |"""


SETTINGS = """The penalty and the scaling of the features were chosen among five settings by figures of sources left out
(refuse and smoke); the settings differed by less than the intervals."""


def span(value):
    return "too few" if value is None else f"{value[0]:.2f} ({value[1]:.2f}–{value[2]:.2f})"


def table_text(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def fill(paragraph):
    return textwrap.fill(" ".join(paragraph.split()), 120, break_on_hyphens=False)


def card(training, figures):
    kind, data = training.kind, training.table
    trained = training.used & data.trains & (data.folds != 0)
    coco = [name.removesuffix(".jpg").lstrip("0") for name in np.unique(data.pictures[data.sources == "coco-val"])]
    weak = [row for row in figures["sources"] if row["same"]["auc"] and row["same"]["auc"][1] < 0.9]
    noisy = [row for row in figures["clips"] if row["false"] > 0.02]
    parts = [
        f"# Head: {kind.name}",
        fill(f"""Says how much a part of a picture looks like {kind.looks_like}. A logistic regression on the 1280 features
            of `{FEATURES}`, brought to length one. `train_heads.py` writes this card with all its figures."""),
        fill(f"""**It ranks and describes** (“looks like {kind.looks_like} 0.83” in an incident's `why`). **It gates
            nothing**: see what does not carry over. The probability is calibrated for as many wanted crops as others;
            in a street nearly everything is other."""),
        "## Data", DATA, fill(f"COCO val2017, by their numbers: {', '.join(coco)}."),
        fill(f"""Wanted: crops labelled {', '.join(kind.wanted)}. Left out: {', '.join(kind.ignored)}. Others: the rest,
            that is things of COCO, places without a label in the pictures of every data set, places in the clips, and
            whatever else is labelled. Each crop also enters shrunk to {material.SMALL[0]} to {material.SMALL[1]} pixels. The
            written head has seen {int((trained & training.wanted).sum())} wanted and
            {int((trained & training.others).sum())} other crops."""),
        "## Split",
        fill(f"""Near-duplicates are clustered by a perceptual hash over all pictures of a data set, whatever source they
            name; a clip is one cluster. A cluster lies in one of {FOLDS} folds; fold 0 takes no part in the written
            head. Intervals are 95 %, by resampling clusters of wanted crops and pictures of others {RESAMPLES} times.
            Recall is that at {FALSE_SHARE:.0%} false, on the very crops of the row. {SETTINGS}"""),
        "## Clusters left out",
        "These are optimistic: pictures of one collection share more than a near-duplicate.",
        table_text(["crops", "wanted / clusters / others", "AUC", "recall"], [
            [row["what"], f"{row['wanted']} / {row['clusters']} / {row['others']}", span(row["auc"]),
             span(row["recall"])] for row in figures["clusters"]]),
        "## A source left out",
        fill("""The head is trained without the source and every cluster that touches it. The first pair of columns tells
            the source's wanted crops from other places of the same source, the second from places in the clips that never
            train."""),
        table_text(["source", "wanted / clusters", "AUC, same source", "recall", "AUC, clips", "recall"], [
            [row["what"], f"{row['same']['wanted']} / {row['same']['clusters']}", span(row["same"]["auc"]),
             span(row["same"]["recall"]), span(row["clips"]["auc"]), span(row["clips"]["recall"])]
            for row in figures["sources"]]),
        "## A clip left out",
        fill(f"""All wanted crops (their clusters left out) against places of one clip that the head has not seen, and the
            share of those places that it takes for {kind.looks_like}. {kind.clips} Only the camera is new here: the wanted
            crops are from collections that the head knows. An interval says how sure a figure is for this camera, not for
            another one."""),
        table_text(["clip", "AUC", "recall", "p ≥ 0.5", "p ≥ 0.9"], [
            [row["what"], span(row["auc"]), span(row["recall"]), f"{row['false']:.1%}", f"{row['strong']:.1%}"]
            for row in figures["clips"]])]
    if "paired" in figures:
        every = figures["paired"][-1]
        parts += [
            "## The same place now and in the background picture",
            fill("""Composed, so a check and no evidence of field accuracy: one smoke plate, pasted in many sizes and
                strengths over real clips that the head has not seen. The others are the same places without the plume,
                half of them where most has changed. “Alone” is the logit of the place now, “paired” that minus the logit
                of the same place in the median of seven earlier pictures."""),
            table_text(["clip", "pairs", "AUC alone", "AUC paired", "recall alone", "recall paired"], [
                [row["what"], row["count"], *(span(row[f"{what} {how}"]) for what in ("auc", "recall")
                                              for how in ("alone", "paired"))] for row in figures["paired"]]),
            fill(f"""Over all clips, pairing takes the AUC from {every['auc alone'][0]:.2f} to
                {every['auc paired'][0]:.2f} and the recall from {every['recall alone'][0]:.2f} to
                {every['recall paired'][0]:.2f}: neither is good enough to gate.""")]
    if "composed" in figures:
        parts += ["## Bags pasted into a clip", fill(
            "Composed, and the bags are cut from trash-bags: mean probability of their place in `garbage-smoke.mp4` "
            + ", ".join(f"{name} {value:.2f}" for name, value in figures["composed"].items()) + ".")]
    parts += ["## What does not carry over", "\n".join([
        *(f"- {row['what']}: left out, AUC {span(row['same']['auc'])} against places of the same source." for row in weak),
        *(f"- {row['what']}: {row['false']:.1%} of its places reach p ≥ 0.5 though none is right." for row in noisy),
        f"- No recording of a fixed street camera with real {kind.real} was there: what it does on one is not known."])]
    return "\n\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description="Train the linear heads on crop features.")
    parser.add_argument("names", nargs="*", help="heads; all where none is named")
    parser.add_argument("--shared", default=os.path.join(HERE, "..", "..", "shared"), help="holds images/ and footage/")
    parser.add_argument("--cache", default=os.path.join(HERE, ".features"), help="folder of the features")
    parser.add_argument("--out", default=os.path.join(HERE, "heads"), help="folder to write to")
    parser.add_argument("--verify", action="store_true",
                        help="train, but only compare with what is there; exit code 1 where a byte differs")
    options = parser.parse_args()
    unknown = set(options.names) - {kind.name for kind in KINDS}
    if unknown:
        sys.exit(f"train_heads.py: no head is called {', '.join(sorted(unknown))}; there are "
                 + ", ".join(kind.name for kind in KINDS))
    model = os.path.join(HERE, "prepared", FEATURES + ".onnx")
    for path, remedy in ((model, "run 'make models'"), (f"{options.shared}/images", "name its folder with --shared")):
        if not os.path.exists(path):
            sys.exit(f"train_heads.py: there is no {path}; {remedy}")
    extractor, pictures = Extractor(model, options.cache), material.data(options.shared)
    rows = table(pictures, extractor.all(pictures))
    os.makedirs(options.out, exist_ok=True)
    differs = False
    for kind in KINDS:
        if options.names and kind.name not in options.names:
            continue
        training = Training(kind, rows)
        training.run()
        document, figures = training.document(extractor, pictures), training.figures()
        if kind.name == "smoke":
            figures["paired"] = paired(training, extractor, options.shared)
        if kind.name == "refuse":
            figures["composed"] = composed(training, extractor, options.shared)
        for name, content in ((f"{kind.name}.json", text(document)), (f"{kind.name}.md", card(training, figures))):
            path = os.path.join(options.out, name)
            if options.verify:
                same = os.path.exists(path) and open(path, encoding="utf-8").read() == content
                differs = differs or not same
                print(f"{path}: {'the same' if same else 'differs'}")
            else:
                write(path, content)
                print(f"{path}: written")
    return 1 if differs else 0


def text(document):
    """JSON with one line for each key: a change of a head is one line of a diff."""
    return "{\n" + ",\n".join(f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
                              for key, value in document.items()) + "\n}\n"


def write(path, content):
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write(content)
    os.replace(path + ".part", path)


if __name__ == "__main__":
    sys.exit(main())
