#!/usr/bin/env python3
"""Compare the raw outputs of OpenCV's DNN with those of ONNX Runtime on the same input.

    compare_onnxruntime.py MODEL.onnx BLOB.f32 CLASSES.f32 BOXES.f32

The files hold little-endian float32 values: the input blob that Gridwarden made of a picture, and the two outputs that
it got. Prints {"max_difference_classes": …, "max_difference_boxes": …}.
"""
import json
import sys

import numpy as np
import onnxruntime


def main():
    model, blob, classes, boxes = sys.argv[1:5]
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    inputs = session.get_inputs()[0]
    image = np.fromfile(blob, np.float32).reshape(inputs.shape)
    wanted = session.run(["classes", "boxes"], {inputs.name: image})
    found = [np.fromfile(path, np.float32).reshape(value.shape) for path, value in zip((classes, boxes), wanted)]
    differences = [float(np.abs(a - b).max()) for a, b in zip(found, wanted)]
    print(json.dumps({"max_difference_classes": differences[0], "max_difference_boxes": differences[1]}))


if __name__ == "__main__":
    main()
