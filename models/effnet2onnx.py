#!/usr/bin/env python3
"""Convert EfficientNet-Lite0's PyTorch weights to an ONNX file of its features that OpenCV 4.6 DNN can load.

    effnet2onnx.py WEIGHTS.pth OUT.onnx

Only numpy and onnx are needed; PyTorch is not. The same input gives the same bytes. The result is opset 10, NCHW,
float32:
    image     1 x 3 x 224 x 224   RGB, already normalised: (pixel - 127) / 128
    features  1 x 1280            the mean over all places of the last convolution; the classifier is left out

The batch normalisations are folded into the convolutions in front of them.
"""
import argparse
import collections
import pickle
import struct

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZE = 224
EPSILON = 1e-3                                      # of the batch normalisations
# Repeats, kernel, stride, expansion and output channels of each stage: EfficientNet-B0 (Tan and Le, ICML 2019).
STAGES = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320)]
STORAGES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}

Storage = collections.namedtuple("Storage", "key type")
Tensor = collections.namedtuple("Tensor", "storage offset size strides")


class Unpickler(pickle.Unpickler):
    """Knows the few names that a file of weights needs and runs nothing else."""

    def find_class(self, module, name):
        if name == "_rebuild_tensor_v2":
            return lambda storage, offset, size, strides, *_: Tensor(storage, offset, size, strides)
        if name == "OrderedDict":
            return collections.OrderedDict
        if name in STORAGES:
            return name
        raise pickle.UnpicklingError(f"{module}.{name} does not belong in a file of weights")

    def persistent_load(self, identity):
        return Storage(identity[2], STORAGES[identity[1]])


def load(path):
    """The tensors of a file in PyTorch's format before 1.6, by name."""
    with open(path, "rb") as file:
        for _ in range(3):                          # magic number, protocol, machine
            Unpickler(file).load()
        tensors, keys = Unpickler(file).load(), Unpickler(file).load()
        types = {tensor.storage.key: tensor.storage.type for tensor in tensors.values()}
        data = {}
        for key in keys:
            (count,) = struct.unpack("<q", file.read(8))
            data[key] = np.frombuffer(file.read(count * types[key].itemsize), types[key])
    # The weights lie transposed: the strides matter.
    def array(tensor):
        values, width = data[tensor.storage.key], tensor.storage.type.itemsize
        return np.ndarray(tensor.size, values.dtype, values, tensor.offset * width, [s * width for s in tensor.strides])

    return {name: array(tensor) for name, tensor in tensors.items()}


class Converter:
    def __init__(self, tensors):
        self.tensors, self.nodes, self.weights = tensors, [], []

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], output, **attributes))
        return output

    def conv(self, data, name, norm, stride=1, activated=True):
        """A convolution with its batch normalisation folded in, with TensorFlow's SAME padding."""
        kernel = self.tensors[name + ".weight"]
        gain, shift, mean, variance = (self.tensors[f"{norm}.{part}"] for part in
                                       ("weight", "bias", "running_mean", "running_var"))
        factor = gain / np.sqrt(variance + np.float32(EPSILON))
        for suffix, array in (("w", kernel * factor[:, None, None, None]), ("b", shift - mean * factor)):
            self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array, np.float32), f"{name}.{suffix}"))
        out = self.node("Conv", [data, name + ".w", name + ".b"], name, kernel_shape=list(kernel.shape[2:]),
                        strides=[stride, stride], group=len(kernel) if "depthwise" in name else 1,
                        auto_pad="SAME_UPPER")
        return self.node("Clip", [out], name + "_relu6", min=0.0, max=6.0) if activated else out

    def onnx_model(self):
        x = self.conv("image", "_conv_stem", "_bn0", stride=2)
        index, channels = 0, 32
        for repeats, _, first_stride, expansion, wide in STAGES:
            for repeat in range(repeats):
                block, stride, entry = f"_blocks.{index}", first_stride if repeat == 0 else 1, x
                if expansion != 1:
                    x = self.conv(x, block + "._expand_conv", block + "._bn0")
                x = self.conv(x, block + "._depthwise_conv", block + "._bn1", stride)
                x = self.conv(x, block + "._project_conv", block + "._bn2", activated=False)
                if stride == 1 and channels == wide:
                    x = self.node("Add", [x, entry], block + "._add")
                index, channels = index + 1, wide
        x = self.node("GlobalAveragePool", [self.conv(x, "_conv_head", "_bn1")], "pooled")
        self.node("Flatten", [x], "features", axis=1)
        info = lambda name, *dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
        graph = helper.make_graph(self.nodes, "efficientnet_lite0", [info("image", 1, 3, SIZE, SIZE)],
                                  [info("features", 1, 1280)], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 10)], ir_version=5,
                                  producer_name="effnet2onnx", producer_version="1")
        onnx.checker.check_model(model)
        return model


def main():
    parser = argparse.ArgumentParser(description="EfficientNet-Lite0 features: PyTorch weights to ONNX for OpenCV DNN")
    parser.add_argument("weights", help="EfficientNet-Lite0 .pth")
    parser.add_argument("onnx", help="file to write")
    args = parser.parse_args()
    model = Converter(load(args.weights)).onnx_model()
    with open(args.onnx, "wb") as file:
        file.write(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
