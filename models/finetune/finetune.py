#!/usr/bin/env python3
"""Fine-tune the detector for streets: in grey, in the dark, small. Writes a small difference to the base weights.

    finetune.py --images DIR --base FILE.tflite [--work DIR] [--steps N] [--alpha A] [--threads N]

DIR is a folder with street-traffic/ and, for scenes without labels, street-garbage/ and fire-smoke/. FILE is the base
network as its wheel holds it (`source` of efficientdet-lite0-320 in ../manifest.json).

1. Crops: windows of training pictures. The teacher is the base network on the clean colour crop, at the student's size
   (every logit) and at twice that (boxes); labels of persons and motor vehicles are added to it.
2. Training: the student is the same network on copies that a camera spoilt: grey, infra-red-like, dark, compressed.
   Quality focal loss and smooth L1, Adam, cosine over the steps, the first convolutions frozen, averaged weights.
   Four such runs, which differ in their crops, are averaged.
3. Interpolation: base + alpha × (student − base) for the trunk, the box head and the class rows of vehicles.
   A whole step forgets what COCO taught; three tenths of it keep the gain and forget little.

Everything follows the runs' seeds: a step draws from (seed, step) alone, so a run that was stopped goes on from its last
checkpoint in --work as if nothing had been. The same packages, threads and kind of processor give the same file.
"""
import argparse
import hashlib
import os
import pickle
import time

import cv2
import numpy as np
import torch
import torch.nn.functional as functional

import network
import pictures

WIDTH, HEIGHT, BATCH = 320, 192, 4
CROPS = 1200
RATE = 3e-4
# Classes that the training speaks about, and those whose rows change; the others' stay the base's. With rows of its own for
# persons, of whom few are labelled, it took more bags for them.
TAUGHT = (0, 1, 2, 3, 4, 5)
TUNED = (1, 2, 3, 4, 5)
# Drawn in these shares: labelled street pictures, streets with refuse, frames of CCTV and news. The labelled ones are of nine
# places alone; with .8 of them a car in a street of another kind got no better score.
SHARES = {"street-traffic": .34, "street-garbage": .5, "fire-smoke": .16}
# Taken off the logits of vehicles, so that a score of .35 is as sure as the base's at 320×320, which on the places left out
# .42 is without it: ln(.42/.58) − ln(.35/.65).
SURER = .3
# Each run has a seed and the share of its crops that are tilted, as from a mast: four that differ are averaged: on
# the places left out as good as most of them, on a car of another street better (Wortsman et al., "Model soups", 2022).
RUNS = ((11, 1), (11, 0), (15, .5), (16, .5))
TILT, SQUASH = np.radians(9), .16
# Sides of the box around a tilted box, against the box around what is in it, which does not reach into its corners.
HULL = .93


def window(random, picture, tilted):
    """A part of a picture with the student's shape, at twice its size; may reach beyond the picture.

    Also its origin and extent, and how it was tilted about its centre (2 × 2), None where it was not.
    """
    height, width = picture.shape[:2]
    zoom = random.uniform(.45, 1) if random.random() < .5 else random.uniform(.9, 1.4)
    w = width * zoom
    h = w * HEIGHT / WIDTH
    if h > height * 1.4:
        h = height * min(zoom, 1.4)
        w = h * WIDTH / HEIGHT
    x = random.uniform(min(0, width - w), max(0, width - w))
    y = random.uniform(min(0, height - h), max(0, height - h))
    scale = 2 * WIDTH / w
    if scale < .7:
        smaller = cv2.resize(picture, None, fx=scale * 1.2, fy=scale * 1.2, interpolation=cv2.INTER_AREA)
        matrix = np.array([[scale * width / smaller.shape[1], 0, -x * scale],
                           [0, scale * height / smaller.shape[0], -y * scale]])
        picture = smaller
    else:
        matrix = np.array([[scale, 0, -x * scale], [0, scale, -y * scale]])
    turn = None
    if tilted:
        is_tilted = tilted == 1 or random.random() < tilted
        angle, squash = random.normal(0, TILT) * is_tilted, np.exp(random.normal(0, SQUASH) * is_tilted)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle) * squash, np.cos(angle) * squash]])
        centre = np.array([WIDTH, HEIGHT], float)
        matrix = np.hstack([turn @ matrix[:, :2], (turn @ (matrix[:, 2] - centre) + centre)[:, None]])
    cut = cv2.warpAffine(picture, matrix, (2 * WIDTH, 2 * HEIGHT), borderValue=(127, 127, 127))
    return cut, np.array([x, y, x, y]), np.array([w, h, w, h]), turn


def things(clear, boxes, classes, size, origin, extent, turn, flip):
    """What is in a crop: the teacher's boxes at twice the size, then the labels; (box in pixels, class, score)."""
    side = np.array([WIDTH, HEIGHT, WIDTH, HEIGHT])
    found = [(box * side, int(kind), float(min(.9, score))) for box, score, kind in zip(*clear) if kind in TAUGHT]
    for box, kind in zip(boxes, classes):
        box = (box * size - origin) / extent * side
        if turn is not None:
            centre = turn @ ((box[:2] + box[2:]) / 2 - side[:2] / 2) + side[:2] / 2
            half = np.abs(turn) @ ((box[2:] - box[:2]) / 2) * HULL
            box = np.concatenate([centre - half, centre + half])
        if flip:
            box[[0, 2]] = WIDTH - box[[2, 0]]
        seen = box.clip(0, side)
        whole = (box[2] - box[0]) * (box[3] - box[1])
        if (seen[2] - seen[0]) * (seen[3] - seen[1]) < .4 * whole or min(seen[2:] - seen[:2]) < 6:
            continue
        alike = [i for i, (other, k, _) in enumerate(found) if network.overlap(seen, other[None])[0] > .5
                 and (k == kind or k in pictures.MOTOR_VEHICLES and kind in pictures.MOTOR_VEHICLES)]
        if alike:
            # A label that the teacher sees as well makes it surer.
            other, k, score = found[alike[0]]
            found[alike[0]] = other, k, max(score, .75)
        else:
            found.append((seen, int(kind), .7))
    return [thing for thing in found if min(thing[0][2:] - thing[0][:2]) >= 6]


def crops(images, tflite, seed, tilted, threads, keep):
    """Crops with the teacher's targets; those that the file `keep` holds are not made again."""
    near = network.Detector(network.graph(tflite, WIDTH, HEIGHT), threads)
    clear = network.Detector(network.graph(tflite, 2 * WIDTH, 2 * HEIGHT), threads)
    places = network.anchors(WIDTH, HEIGHT)
    corners = np.stack([places[:, 1] - places[:, 3] / 2, places[:, 0] - places[:, 2] / 2,
                        places[:, 1] + places[:, 3] / 2, places[:, 0] + places[:, 2] / 2], 1)
    sources = {"street-traffic": pictures.street(images, "train")}
    for folder in ("street-garbage", "fire-smoke"):
        if os.path.isdir(os.path.join(images, folder)):
            sources[folder] = pictures.unlabelled(images, folder)
    shares = np.array([SHARES[name] for name in sources])
    result = []
    if os.path.exists(keep):
        with open(keep, "rb") as file:
            result = pickle.load(file)
    for number in range(len(result), CROPS):
        random = np.random.default_rng([seed, 1, number])
        source = list(sources)[random.choice(len(shares), p=shares / shares.sum())]
        chosen = sources[source][random.integers(len(sources[source]))]
        picture, boxes = chosen.load()
        cut, origin, extent, turn = window(random, picture, tilted)
        flip = bool(random.random() < .5)
        if flip:
            cut = cut[:, ::-1].copy()
        small = cv2.resize(cut, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        logits, offsets = near.raw(((small.astype(np.float32) - 127) / 128).transpose(2, 0, 1)[None])
        scores, offsets = 1 / (1 + np.exp(-logits[0])), offsets[0]
        targets = {int(i): scores[i].copy() for i in np.nonzero(scores.max(1) > .02)[0]}
        moves = {i: offsets[i].copy() for i, t in targets.items() if t.max() > .1}
        size = np.array([picture.shape[1], picture.shape[0]] * 2)
        found = clear(cut, least=.25, largest=.7)
        for box, kind, score in things(found, boxes, chosen.classes, size, origin, extent, turn, flip):
            fit = network.overlap(box, corners)
            good = np.nonzero(fit >= .5)[0]
            if not len(good) and fit.max() > .35:
                good = np.array([fit.argmax()])
            for i in map(int, good):
                target = targets.setdefault(i, scores[i].copy())
                value = score * min(1, .6 + .8 * (fit[i] - .5)) if fit[i] >= .5 else .5 * score
                if value > target[kind]:
                    target[kind] = value
                    y, x, h, w = places[i]
                    moves[i] = np.array([((box[1] + box[3]) / 2 - y) / h, ((box[0] + box[2]) / 2 - x) / w,
                                         np.log((box[3] - box[1]) / h), np.log((box[2] - box[0]) / w)], np.float32)
        result.append({
            "picture": cut, "anchors": np.array(list(targets), np.int64),
            "scores": np.array(list(targets.values()), np.float32).reshape(-1, len(pictures.CLASSES)),
            "moved": np.array(list(moves), np.int64), "offsets": np.array(list(moves.values()), np.float32).reshape(-1, 4)})
        if (number + 1) % 50 == 0 or number + 1 == CROPS:
            print(f"crop {number + 1} of {CROPS}", flush=True)
            with open(keep + ".part", "wb") as file:
                pickle.dump(result, file)
            os.replace(keep + ".part", keep)
    return result[:CROPS]


def spoilt(picture, random):
    """What the student sees: 62 % without colour, the rest with."""
    small = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    without_colour, kind = random.random() < .62, random.random()
    if not without_colour:
        if kind < .35:
            return small
        if kind < .75:
            return pictures.toned(pictures.poor(small, random), random)
        return pictures.dark(small, random, random.uniform(14, 50))
    if kind < .3:
        return pictures.grey(small)
    if kind < .65:
        return pictures.toned(pictures.poor(pictures.grey(small), random), random)
    if kind < .85:
        return pictures.infra_red(small, random)
    return pictures.grey(pictures.dark(small, random, random.uniform(18, 60)))


def loss(student, batch, random):
    blobs = [((spoilt(crop["picture"], random).astype(np.float32) - 127) / 128).transpose(2, 0, 1) for crop in batch]
    logits, offsets = student(torch.from_numpy(np.stack(blobs)).contiguous(memory_format=torch.channels_last))
    target = torch.zeros_like(logits)
    for i, crop in enumerate(batch):
        target[i, crop["anchors"]] = torch.from_numpy(crop["scores"])
    weight = (target - torch.sigmoid(logits)).abs().detach() ** 1.5
    count = sum(float((crop["scores"].max(1) > .25).sum()) for crop in batch) + 10
    classes = (functional.binary_cross_entropy_with_logits(logits, target, reduction="none") * weight).sum()
    boxes = torch.zeros(())
    for i, crop in enumerate(batch):
        if len(crop["moved"]):
            sure = target[i, crop["moved"]].max(1)[0]
            error = functional.smooth_l1_loss(
                offsets[i, crop["moved"]], torch.from_numpy(crop["offsets"]), reduction="none", beta=.1)
            boxes = boxes + (error.sum(1) * sure).sum()
    return classes * 4 / count, boxes * 2 / count


def train(student, pool, seed, steps, checkpoint, frozen=5):
    for names in student.kernels[:frozen]:
        for name in names:
            student.values[name].requires_grad_(False)
    tuned = {name: p for name, p in student.values.items() if p.requires_grad}
    optimiser = torch.optim.Adam(tuned.values(), lr=RATE, betas=(.9, .99))
    mean, step = {name: p.detach().clone() for name, p in tuned.items()}, 0
    if os.path.exists(checkpoint):
        kept = torch.load(checkpoint, weights_only=True)
        if kept["steps"] == steps:
            step, mean = kept["step"], kept["mean"]
            optimiser.load_state_dict(kept["optimiser"])
            with torch.no_grad():
                for name, value in kept["values"].items():
                    tuned[name].copy_(value)
            print(f"goes on at step {step}", flush=True)
    recent, begun = [], time.time()
    while step < steps:
        share = step / steps
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / 15) * (.5 + .5 * np.cos(np.pi * share))
        batch = []
        for i in range(step * BATCH, (step + 1) * BATCH):
            order = np.random.default_rng([seed, 2, i // len(pool)]).permutation(len(pool))
            batch.append(pool[order[i % len(pool)]])
        classes, boxes = loss(student, batch, np.random.default_rng([seed, 3, step]))
        optimiser.zero_grad()
        (classes + boxes).backward()
        torch.nn.utils.clip_grad_norm_(tuned.values(), 5.)
        optimiser.step()
        step += 1
        fade = min(.98, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, p in tuned.items():
                mean[name].mul_(fade).add_(p, alpha=1 - fade)
        recent.append((float(classes), float(boxes)))
        if step % 25 == 0 or step == steps:
            figures = np.mean(recent, 0)
            print(f"step {step} of {steps}: classes {figures[0]:.4f}, boxes {figures[1]:.4f}, "
                  f"{(time.time() - begun) / len(recent):.1f} s a step", flush=True)
            recent, begun = [], time.time()
            torch.save({"step": step, "steps": steps, "mean": mean, "optimiser": optimiser.state_dict(),
                        "values": {name: p.detach() for name, p in tuned.items()}}, checkpoint + ".part")
            os.replace(checkpoint + ".part", checkpoint)
    return {name: value.numpy() for name, value in mean.items()}


def difference(base, tuned, alpha):
    """alpha × (tuned − base), what is not tuned left out; whole tensors that do not change are not named."""
    result = {}
    for name, value in tuned.items():
        step = (alpha * (value - base[name])).astype(np.float32)
        if len(step) == 9 * len(pictures.CLASSES):
            step[[i for i in range(len(step)) if i % len(pictures.CLASSES) not in TUNED]] = 0
            if step.ndim == 1:
                step[[i for i in range(len(step)) if i % len(pictures.CLASSES) in pictures.MOTOR_VEHICLES]] -= SURER
        if np.any(step):
            result[name] = step
    return result


def packed(difference):
    """8 bits a number with one scale a row: an error of at most 1/254 of the row's largest step."""
    result = {}
    for name, step in difference.items():
        rows = step.reshape(len(step), -1)
        scale = (np.abs(rows).max(1) / 127).astype(np.float32)
        scale[scale == 0] = 1
        result[name] = np.rint(rows / scale[:, None]).astype(np.int8).reshape(step.shape)
        result[name + ".scale"] = scale
    return result


def main():
    parser = argparse.ArgumentParser(description="Fine-tune EfficientDet-Lite0 for streets.")
    parser.add_argument("--images", required=True, help="folder of the picture sets")
    parser.add_argument("--base", required=True, help="the base network (.tflite)")
    parser.add_argument("--work", default=os.path.join(pictures.HERE, "work"), help="folder of checkpoints and results")
    parser.add_argument("--out", help="the difference (.npz); by default in --work")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--alpha", type=float, default=.3)
    parser.add_argument("--threads", type=int, default=1, help="another number changes the last digits")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    cv2.setNumThreads(1)
    began, base, tuned = time.process_time(), network.graph(options.base, WIDTH, HEIGHT), []
    for number, (seed, tilted) in enumerate(RUNS, 1):
        print(f"run {number} of {len(RUNS)}: seed {seed}, {tilted:.0%} tilted", flush=True)
        folder = os.path.join(options.work, f"run{number}")
        os.makedirs(folder, exist_ok=True)
        torch.manual_seed(seed)
        made = crops(options.images, options.base, seed, tilted, options.threads, os.path.join(folder, "crops.pickle"))
        tuned.append(train(network.Student(base), made, seed, options.steps, os.path.join(folder, "checkpoint.pt")))
    tuned = {name: sum(one[name] for one in tuned) / len(tuned) for name in tuned[0]}
    np.savez(os.path.join(options.work, "tuned.npz"), **tuned)
    out = options.out or os.path.join(options.work, "difference.npz")
    np.savez_compressed(out, **packed(difference(network.parameters(base), tuned, options.alpha)))
    with open(out, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    print(f"{out}: sha256 {digest}, {(time.process_time() - began) / 60:.1f} minutes of processor time")


if __name__ == "__main__":
    main()
