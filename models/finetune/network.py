"""EfficientDet-Lite in three forms: the converter's ONNX graph, the same in PyTorch, and ONNX Runtime for figures."""
import os
import sys

import cv2
import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as functional
from onnx import numpy_helper

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tflite2onnx_effdet import Converter  # noqa: E402

# COCO's ids of pictures.CLASSES, as in manifest.json.
IDS = [1, 2, 3, 4, 6, 8, 15, 16, 17, 18, 28, 31, 33, 44, 47, 51, 52, 53, 55, 62, 67]


def graph(tflite, width, height, difference=None):
    """The ONNX model at an input of width × height, with a difference to its weights where one is named."""
    with open(tflite, "rb") as file:
        return Converter(file.read(), (height, width), IDS, difference).onnx_model()


def parameters(model):
    """Kernels and biases by name."""
    found = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer if t.name.startswith("w")}
    return {name: value.astype(np.float32) for name, value in found.items()}


def anchors(width, height):
    """Centre y, centre x, height, width in pixels, in the order of the outputs."""
    result = []
    for level in range(3, 8):
        stride = 1 << level
        for row in range(-(-height // stride)):
            for column in range(-(-width // stride)):
                for octave in range(3):
                    size = 3 * stride * 2 ** (octave / 3)
                    for aspect in (1, 2, .5):
                        root = aspect ** .5
                        result.append(((row + .5) * stride, (column + .5) * stride, size / root, size * root))
    return np.array(result, np.float32)


def area(boxes):
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def shared(box, boxes):
    """Area of the intersection of one box with many."""
    width = np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])
    height = np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])
    return width.clip(0) * height.clip(0)


def overlap(box, boxes):
    """IoU of one box with many."""
    common = shared(box, boxes)
    return common / (area(box) + area(boxes) - common + 1e-9)


def exposed(picture):
    """A dark picture spread over the whole range, as the product does (Sources/Inference/Exposure.swift)."""
    counts = np.bincount((picture.astype(int).sum(2) // 3).ravel(), minlength=256).cumsum()
    low, high = (int(np.searchsorted(counts * 100, counts[-1] * share, side="right")) for share in (1, 99))
    if high >= 128:
        return picture
    return ((np.arange(256) - low) * 255 // max(high - low, 16)).clip(0, 255).astype(np.uint8)[picture]


class Detector:
    """ONNX Runtime, with the product's exposure, letterbox, decoding and suppression."""

    def __init__(self, model, threads=1):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 3
        data = model if isinstance(model, str) else model.SerializeToString()
        self.session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        _, _, self.height, self.width = self.session.get_inputs()[0].shape
        self.anchors = anchors(self.width, self.height)

    def raw(self, blob):
        return self.session.run(["classes", "boxes"], {"image": blob})

    def __call__(self, picture, least=.03, largest=.5):
        """Boxes as shares of the picture, scores, classes."""
        height, width = picture.shape[:2]
        scale = min(self.width / width, self.height / height)
        filled = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(picture, filled, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        small = exposed(small)
        blob = np.zeros((1, 3, self.height, self.width), np.float32)
        blob[0, :, :filled[1], :filled[0]] = ((small.astype(np.float32) - 127) / 128).transpose(2, 0, 1)
        logits, offsets = self.raw(blob)
        anchor, kind = np.nonzero(logits[0] >= np.log(least / (1 - least)))
        score = 1 / (1 + np.exp(-logits[0][anchor, kind]))
        a, o = self.anchors[anchor], offsets[0][anchor]
        h, w = np.exp(np.minimum(o[:, 2], 10)) * a[:, 2], np.exp(np.minimum(o[:, 3], 10)) * a[:, 3]
        y, x = o[:, 0] * a[:, 2] + a[:, 0], o[:, 1] * a[:, 3] + a[:, 1]
        box = (np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], 1) / [*filled, *filled]).clip(0, 1)
        side = box[:, 2:] - box[:, :2]
        good = (side > 0).all(1) & (side.prod(1) <= largest)
        box, score, kind = box[good], score[good], kind[good]
        # Car, bus and truck suppress each other.
        group = np.where(np.isin(kind, (2, 4, 5)), 2, kind)
        kept, gone = [], np.zeros(len(score), bool)
        for i in np.argsort(-score, kind="stable"):
            if not gone[i]:
                kept.append(i)
                same = overlap(box[i], box) > .5
                if group[i] == 2:
                    same |= shared(box[i], box) > .7 * np.minimum(area(box[i]), area(box))
                gone |= (group == group[i]) & same
        kept = np.array(kept[:300], int)
        return box[kept], score[kept], kind[kept]


class Student(torch.nn.Module):
    """The ONNX graph in PyTorch; parameters keep their ONNX names."""

    def __init__(self, model):
        super().__init__()
        self.values = torch.nn.ParameterDict(
            {name: torch.nn.Parameter(torch.from_numpy(value.copy())) for name, value in parameters(model).items()})
        self.columns = {t.name: int(numpy_helper.to_array(t)[-1]) for t in model.graph.initializer
                        if t.name.startswith("rows_of_")}
        self.nodes = [(n.op_type, list(n.input), n.output[0],
                       {a.name: onnx.helper.get_attribute_value(a) for a in n.attribute}) for n in model.graph.node]
        self.kernels = [inputs[1:] for kind, inputs, _, _ in self.nodes if kind == "Conv"]

    def forward(self, image):
        made, sizes = {"image": image}, [tuple(image.shape[2:])]
        while max(sizes[-1]) > 1:
            sizes.append(tuple(-(-side // 2) for side in sizes[-1]))
        for kind, inputs, output, attributes in self.nodes:
            x = made.get(inputs[0])
            if kind == "Conv":
                x, padding = self.padded(x, attributes)
                y = functional.conv2d(x, self.values[inputs[1]], self.values[inputs[2]],
                                      stride=tuple(attributes["strides"]), padding=padding, groups=attributes["group"])
            elif kind == "Clip":
                y = functional.hardtanh(x, 0., 6.)
            elif kind == "Relu":
                y = functional.relu(x)
            elif kind == "Add":
                y = x + made[inputs[1]]
            elif kind == "MaxPool":
                x, padding = self.padded(x, attributes, -1e9)
                y = functional.max_pool2d(x, attributes["kernel_shape"], attributes["strides"], padding)
            elif kind == "Resize":
                y = functional.interpolate(x, size=sizes[sizes.index(tuple(x.shape[2:])) - 1], mode="nearest")
            elif kind == "Transpose":
                y = x.permute(*attributes["perm"])
            elif kind == "Reshape":
                y = x.reshape(x.shape[0], -1, self.columns[inputs[1]])
            elif kind == "Concat":
                y = torch.cat([made[i] for i in inputs], 1)
            else:
                raise SystemExit(f"no PyTorch form of the operator {kind}")
            made[output] = y
        return made["classes"], made["boxes"]

    @staticmethod
    def padded(x, attributes, value=0.):
        """TFLite's SAME padding: what is odd goes to the right and below."""
        total = [max((-(-size // stride) - 1) * stride + kernel - size, 0) for size, stride, kernel in
                 zip(x.shape[2:], attributes["strides"], attributes["kernel_shape"])]
        if all(t % 2 == 0 for t in total) and value == 0:
            return x, tuple(t // 2 for t in total)
        before = [t // 2 for t in total]
        after = [t - b for t, b in zip(total, before)]
        return functional.pad(x, (before[1], after[1], before[0], after[0]), value=value), (0, 0)
