#include "FastConvolution.h"

#include "ConvolutionKernels.h"

#include <opencv2/core/utility.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/dnn/all_layers.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <mutex>
#include <vector>

#if __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#endif

namespace FastConvolution {
namespace {

thread_local bool isSuspended = false;

#if defined(__x86_64__)

constexpr kernels::Limits unlimited{-std::numeric_limits<float>::infinity(), std::numeric_limits<float>::infinity()};

/// Where a layer of this thread prepares its input; kept, since each run needs it.
float *scratch(size_t count) {
    thread_local std::vector<float> memory;
    if (memory.size() < count) memory.resize(count);
    return memory.data();
}

/// A loop over OpenCV's threads. OpenCV is not instrumented, so the thread sanitizer has to be told that they get the work
/// from the caller, and the caller the results from them.
template <typename Body> class ParallelLoop final : public cv::ParallelLoopBody {
public:
    explicit ParallelLoop(const Body &body) : body(body) {}

    __attribute__((no_sanitize("thread"))) void operator()(const cv::Range &range) const override {
        acquire();
        body(range);
        release();
    }

#if __has_feature(thread_sanitizer)
    void acquire() const { __tsan_acquire(const_cast<ParallelLoop *>(this)); }
    void release() const { __tsan_release(const_cast<ParallelLoop *>(this)); }
#else
    void acquire() const {}
    void release() const {}
#endif

private:
    const Body &body;
};

template <typename Body> void inParallel(int count, double parts, const Body &body) {
    const ParallelLoop<Body> loop(body);
    loop.release();
    cv::parallel_for_(cv::Range(0, count), loop, parts);
    loop.acquire();
}

class Layer final : public cv::dnn::Layer {
public:
    /// `stock` has read the parameters; this layer takes them and the shapes from it.
    Layer(const cv::dnn::LayerParams &params, cv::Ptr<cv::dnn::BaseConvolutionLayer> stock, bool isDepthwise)
        : cv::dnn::Layer(params), stock(stock), isDepthwise(isDepthwise),
          kernelHeight(int(stock->kernel_size[0])), kernelWidth(int(stock->kernel_size[1])),
          strideY(int(stock->strides[0])), strideX(int(stock->strides[1])) {
        blobs = stock->blobs;
    }

    bool supportBackend(int backend) override { return backend == cv::dnn::DNN_BACKEND_OPENCV; }

    bool getMemoryShapes(const std::vector<cv::dnn::MatShape> &inputs, int count,
                         std::vector<cv::dnn::MatShape> &outputs,
                         std::vector<cv::dnn::MatShape> &internals) const override {
        return stock->getMemoryShapes(inputs, count, outputs, internals);
    }

    int64 getFLOPS(const std::vector<cv::dnn::MatShape> &inputs,
                   const std::vector<cv::dnn::MatShape> &outputs) const override {
        return stock->getFLOPS(inputs, outputs);
    }

    // OpenCV calls this again after each change of the input's size, and then fuses the layers that follow once more.
    void finalize(cv::InputArrayOfArrays inputArrays, cv::OutputArrayOfArrays) override {
        std::vector<cv::Mat> inputs;
        inputArrays.getMatVector(inputs);
        CV_Assert(!inputs.empty() && inputs[0].dims == 4);
        top = padding(0, inputs[0].size[2]);
        left = padding(1, inputs[0].size[3]);
        if (arePacked) unpack();
        weights = blobs[0].reshape(1, blobs[0].size[0]);
        bias.assign(weights.rows, 0);
        if (blobs.size() > 1) std::copy_n(blobs[1].ptr<float>(), bias.size(), bias.begin());
        packed.clear();
        isFused = false;
    }

    bool setActivation(const cv::Ptr<cv::dnn::ActivationLayer> &layer) override {
        if (layer.empty()) {
            unsetAttached();
            return true;
        }
        if (hasActivation()) return false;
        const auto relu6 = layer.dynamicCast<cv::dnn::ReLU6Layer>();
        const auto relu = layer.dynamicCast<cv::dnn::ReLULayer>();
        if (relu6) {
            limits = {relu6->minValue, relu6->maxValue};
        } else if (relu && relu->negativeSlope == 0) {
            limits.low = 0;
        } else {
            activation = layer;
        }
        return true;
    }

    void unsetAttached() override {
        activation.release();
        limits = unlimited;
    }

    // A scale and a shift that follow, such as a batch norm, become part of the weights.
    bool tryFuse(cv::Ptr<cv::dnn::Layer> &next) override {
        if (hasActivation() || weights.empty()) return false;
        if (next.dynamicCast<cv::dnn::BlankLayer>()) return true;
        cv::Mat scale, shift;
        next->getScaleShift(scale, shift);
        const auto fits = [&](const cv::Mat &m) {
            return m.empty()
                || (m.type() == CV_32F && m.isContinuous() && (m.total() == 1 || m.total() == bias.size()));
        };
        if ((scale.empty() && shift.empty()) || !fits(scale) || !fits(shift)) return false;
        const auto value = [](const cv::Mat &m, int row, float otherwise) {
            return m.empty() ? otherwise : m.ptr<float>()[m.total() == 1 ? 0 : row];
        };
        if (!isFused) weights = weights.clone();
        isFused = true;
        for (int row = 0; row < weights.rows; ++row) {
            const float factor = value(scale, row, 1);
            weights.row(row) *= factor;
            bias[row] = bias[row] * factor + value(shift, row, 0);
        }
        return true;
    }

    void forward(cv::InputArrayOfArrays inputArrays, cv::OutputArrayOfArrays outputArrays,
                 cv::OutputArrayOfArrays) override {
        std::vector<cv::Mat> inputs, outputs;
        inputArrays.getMatVector(inputs);
        outputArrays.getMatVector(outputs);
        CV_Assert(inputs.size() == outputs.size());
        if (packed.empty()) pack();
        for (size_t i = 0; i < inputs.size(); ++i) {
            const auto &in = inputs[i];
            auto &out = outputs[i];
            CV_Assert(in.type() == CV_32F && in.dims == 4 && in.isContinuous());
            CV_Assert(out.type() == CV_32F && out.dims == 4 && out.isContinuous());
            // OpenCV's shapes allow for other numbers of groups than the one that the model names.
            CV_Assert(in.size[1] == (isDepthwise ? out.size[1] : blobs[0].size[1]) && out.size[1] == int(bias.size()));
            for (int image = 0; image < in.size[0]; ++image) {
                if (isDepthwise) {
                    runDepthwise(in, out, image);
                } else {
                    runDense(in, out, image);
                }
            }
        }
    }

private:
    bool hasActivation() const {
        return activation || limits.low != unlimited.low || limits.high != unlimited.high;
    }

    // Zeros before the first row (axis 0) or column (axis 1) of an input of `size`; SAME as OpenCV understands it.
    int padding(int axis, int size) const {
        const int kernel = int(stock->kernel_size[axis]), stride = int(stock->strides[axis]);
        if (stock->padMode == "VALID") return 0;
        if (stock->padMode != "SAME") return int(stock->pads_begin[axis]);
        return stride <= kernel ? (kernel - 1 - (size - 1) % stride) / 2 : 0;
    }

    // Dense weights go to blocks of nearly equal numbers of rows, each depth x rows.
    void pack() {
        CV_Assert(!weights.empty());
        const int rows = weights.rows, depth = weights.cols;
        if (isDepthwise) {
            packed.assign(weights.ptr<float>(), weights.ptr<float>() + weights.total());
        } else {
            const int count = (rows + kernels::blockRows - 1) / kernels::blockRows;
            blocks.clear();
            packed.reserve(weights.total());
            for (int block = 0, first = 0; block < count; ++block) {
                blocks.push_back(rows / count + (block < rows % count));
                for (int k = 0; k < depth; ++k) {
                    for (int row = 0; row < blocks.back(); ++row) packed.push_back(weights.at<float>(first + row, k));
                }
                first += blocks.back();
            }
        }
        weights.release();
        // What was fused would be needed once more, see `finalize`. All else is a copy from now on, of 13 MB in a network:
        // nothing asks the model's own for more than their shape.
        arePacked = !isFused;
        if (arePacked) blobs[0] = stock->blobs[0] = cv::Mat(4, blobs[0].size.p, CV_32F, packed.data());
    }

    // The model's own weights again.
    void unpack() {
        cv::Mat own(4, blobs[0].size.p, CV_32F);
        float *const to = own.ptr<float>();
        if (isDepthwise) {
            std::copy(packed.begin(), packed.end(), to);
        } else {
            const size_t depth = this->depth();
            const float *from = packed.data();
            size_t first = 0;
            for (const size_t rows : blocks) {
                for (size_t k = 0; k < depth; ++k) {
                    for (size_t row = first; row < first + rows; ++row) to[row * depth + k] = *from++;
                }
                first += rows;
            }
        }
        blobs[0] = stock->blobs[0] = own;
        arePacked = false;
    }

    void runDepthwise(const cv::Mat &in, cv::Mat &out, int image) const {
        const int channels = in.size[1], area = out.size[2] * out.size[3];
        const kernels::Depthwise shape{
            kernelHeight, strideX, in.size[2], in.size[3], out.size[2], out.size[3], top, left};
        const float *const from = in.ptr<float>(image);
        float *const to = out.ptr<float>(image);
        const int threads = cv::getNumThreads();
        inParallel(
            channels, threads > 1 ? threads * 4 : 1, [&](const cv::Range &range) {
                shape.run(
                    range.start, range.end, from, packed.data(), bias.data(), limits, to, scratch(shape.scratch()));
                if (activation) {
                    float *const first = to + size_t(range.start) * area;
                    activation->forwardSlice(first, first, area, area, range.start, range.end);
                }
            });
    }

    // A product of matrices: outputs x depth by depth x positions, in parts of positions that fit the cache.
    void runDense(const cv::Mat &in, cv::Mat &out, int image) const {
        constexpr int cached = 48 * 1024, most = 512, step = kernels::blockColumns;
        const int positions = out.size[2] * out.size[3], depth = this->depth();
        const int threads = cv::getNumThreads();
        int part = std::min(most, std::max(1, cached / depth / step) * step);
        if (threads > 1) part = std::min(part, std::max(step, (positions / (threads * 2) + step - 1) / step * step));
        const float *const from = in.ptr<float>(image);
        float *const to = out.ptr<float>(image);
        const bool isPlain = kernelHeight * kernelWidth == 1 && positions == in.size[2] * in.size[3];
        inParallel(
            (positions + part - 1) / part, threads > 1 ? -1 : 1, [&](const cv::Range &range) {
                float *const columns = scratch(size_t(depth) * part);
                for (int index = range.start; index < range.end; ++index) {
                    const int first = index * part, count = std::min(part, positions - first);
                    if (isPlain) {
                        packPlain(from + first, positions, count, columns);
                    } else {
                        for (int x = 0; x < count; x += step) {
                            packWindows(
                                from, in.size[2], in.size[3], out.size[3], first + x, std::min(step, count - x),
                                columns + size_t(depth) * x);
                        }
                    }
                    multiply(columns, first, count, to, positions);
                }
            });
    }

    void multiply(const float *columns, int first, int count, float *to, int positions) const {
        const int depth = this->depth();
        const float *block = packed.data();
        int row = 0;
        for (const int rows : blocks) {
            float *const out = to + size_t(row) * positions + first;
            for (int x = 0; x < count; x += kernels::blockColumns) {
                kernels::multiply(
                    rows, std::min(kernels::blockColumns, count - x), depth, block, columns + size_t(depth) * x,
                    &bias[row], limits, out + x, positions);
            }
            if (activation) activation->forwardSlice(out, out, count, positions, row, row + rows);
            block += size_t(rows) * depth;
            row += rows;
        }
    }

    // `count` columns of a 1 x 1 convolution: the input itself, in panels of a block's columns. Its rows are too far
    // apart for the processor to foresee the next one.
    void packPlain(const float *from, int positions, int count, float *columns) const {
        constexpr int ahead = 6;
        const int depth = this->depth();
        for (int k = 0; k < depth; ++k, from += positions) {
            for (int x = 0; x < count; x += kernels::blockColumns) {
                const int real = std::min(kernels::blockColumns, count - x), width = kernels::packedColumns(real);
                float *const panel = columns + size_t(depth) * x + size_t(width) * k;
                if (k + ahead < depth) __builtin_prefetch(from + ahead * size_t(positions) + x);
                kernels::copy(from + x, panel, real);
                std::fill(panel + real, panel + width, 0.f);
            }
        }
    }

    // One panel: the windows of `count` output positions from `first` on, one a column.
    void packWindows(const float *from, int height, int width, int outWidth, int first, int count,
                     float *panel) const {
        const int packedWidth = kernels::packedColumns(count), channels = blobs[0].size[1];
        for (int channel = 0; channel < channels; ++channel) {
            const float *const plane = from + size_t(channel) * height * width;
            for (int ky = 0; ky < kernelHeight; ++ky) {
                for (int kx = 0; kx < kernelWidth; ++kx, panel += packedWidth) {
                    int done = 0, outY = first / outWidth, outX = first % outWidth;
                    for (; done < count; ++outY, outX = 0) {
                        const int run = std::min(count - done, outWidth - outX);
                        const int y = outY * strideY + ky - top, x = outX * strideX + kx - left;
                        const float *const row = y < 0 || y >= height ? nullptr : plane + size_t(y) * width;
                        packRun(row, width, x, run, panel + done);
                        done += run;
                    }
                    std::fill(panel + count, panel + packedWidth, 0.f);
                }
            }
        }
    }

    // `count` values of a row from column `x` on, a stride apart; zeros outside, or where there is no row.
    void packRun(const float *row, int width, int x, int count, float *to) const {
        if (!row) {
            std::fill(to, to + count, 0.f);
        } else if (x >= 0 && x + (count - 1) * strideX < width) {
            if (strideX == 1) {
                for (int i = 0; i < count; ++i) to[i] = row[x + i];
            } else {
                for (int i = 0; i < count; ++i) to[i] = row[x + i * strideX];
            }
        } else {
            for (int i = 0; i < count; ++i, x += strideX) to[i] = x >= 0 && x < width ? row[x] : 0;
        }
    }

    int depth() const { return blobs[0].size[1] * kernelHeight * kernelWidth; }

    const cv::Ptr<cv::dnn::BaseConvolutionLayer> stock;
    const bool isDepthwise;
    const int kernelHeight, kernelWidth, strideY, strideX;
    int top = 0, left = 0;
    /// Outputs x depth, until they are packed; the model's own until something is fused.
    cv::Mat weights;
    bool isFused = false;
    /// The model's own are no longer kept: `blobs[0]` is of their shape and shows `packed`.
    bool arePacked = false;
    std::vector<float> packed, bias;
    /// Rows of each block of `packed`.
    std::vector<int> blocks;
    kernels::Limits limits = unlimited;
    /// One that is no limit.
    cv::Ptr<cv::dnn::ActivationLayer> activation;
};

bool isTaken(const cv::dnn::BaseConvolutionLayer &stock, int groups) {
    const auto &blobs = stock.blobs;
    if (blobs.empty() || blobs.size() > 2 || stock.kernel_size.size() != 2) return false;
    const auto isPlain = [](const cv::Mat &blob) { return blob.type() == CV_32F && blob.isContinuous(); };
    if (!std::all_of(blobs.begin(), blobs.end(), isPlain)) return false;
    const auto &weights = blobs[0];
    if (weights.dims != 4 || weights.empty()) return false;
    if (blobs.size() == 2 && blobs[1].total() != size_t(weights.size[0])) return false;
    for (int axis = 0; axis < 2; ++axis) {
        const size_t kernel = stock.kernel_size[axis];
        if (size_t(weights.size[2 + axis]) != kernel || stock.dilations[axis] != 1) return false;
        if (stock.pads_begin[axis] >= kernel || stock.pads_end[axis] >= kernel) return false;
    }
    if (!stock.padMode.empty() && stock.padMode != "SAME" && stock.padMode != "VALID") return false;
    if (groups == 1) return true;
    const size_t kernel = stock.kernel_size[0], stride = stock.strides[0];
    return groups == weights.size[0] && weights.size[1] == 1 && kernel == stock.kernel_size[1]
        && (kernel == 3 || kernel == 5) && stride == stock.strides[1] && stride <= 2;
}

cv::Ptr<cv::dnn::Layer> create(cv::dnn::LayerParams &params) {
    auto stock = cv::dnn::ConvolutionLayer::create(params);
    const int groups = params.get<int>("group", 1);
    if (isSuspended || !isTaken(*stock, groups)) return stock;
    const auto layer = cv::makePtr<Layer>(params, stock, groups > 1);
    // The network keeps what it was read from; the layer has it too, and lets go of it.
    params.blobs.clear();
    return layer;
}

#endif

}  // namespace

void registerLayer() {
#if defined(__x86_64__)
    static std::once_flag once;
    std::call_once(once, [] {
        if (kernels::isSupported()) cv::dnn::LayerFactory::registerLayer("Convolution", create);
    });
#endif
}

Suspension::Suspension(bool isWanted) : before(isSuspended) { isSuspended = isSuspended || isWanted; }

Suspension::~Suspension() { isSuspended = before; }

}  // namespace FastConvolution
