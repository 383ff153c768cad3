#!/usr/bin/env python3
"""Compare the raw outputs of OpenCV's DNN with those of ONNX Runtime on the same input.

    compare_onnxruntime.py MODEL.onnx BLOB.f32 OUTPUT=FILE.f32 ...

The files hold little-endian float32 values: the input blob that Gridwarden made of a picture, and the outputs that it
got, by name. Prints {"max_difference": …}, the largest over all of them.
"""
import json
import sys

import numpy as np
import onnxruntime


def main():
    model, blob, *outputs = sys.argv[1:]
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    inputs = session.get_inputs()[0]
    image = np.fromfile(blob, np.float32).reshape(inputs.shape)
    names, paths = zip(*(output.split("=", 1) for output in outputs))
    wanted = session.run(list(names), {inputs.name: image})
    found = [np.fromfile(path, np.float32).reshape(value.shape) for path, value in zip(paths, wanted)]
    print(json.dumps({"max_difference": max(float(np.abs(a - b).max()) for a, b in zip(found, wanted))}))


if __name__ == "__main__":
    main()
