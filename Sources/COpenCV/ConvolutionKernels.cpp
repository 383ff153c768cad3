#if defined(__x86_64__)
#include "ConvolutionKernels.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>

// The package is built for any x86-64; only these functions are compiled for AVX2. They touch what they are given and
// nothing else; the thread sanitizer would make them a hundred times slower.
#define AVX2 __attribute__((target("avx2,fma"), no_sanitize("thread")))
#define AVX2_INLINE AVX2 __attribute__((always_inline)) inline
// The arrays of sums become registers only where all loops over them are unrolled.
#define UNROLL _Pragma("clang loop unroll(full)")

namespace kernels {
namespace {

// The limit comes first, so that a NaN passes.
AVX2_INLINE __m256 limited(__m256 value, __m256 low, __m256 high) {
    return _mm256_min_ps(high, _mm256_max_ps(low, value));
}

AVX2_INLINE void copyRow(const float *from, float *to, int count) {
    if (count < lanes) {
        for (int i = 0; i < count; ++i) to[i] = from[i];
        return;
    }
    for (int i = 0; i + lanes <= count; i += lanes) _mm256_storeu_ps(to + i, _mm256_loadu_ps(from + i));
    // The last vector overlaps the one before.
    _mm256_storeu_ps(to + count - lanes, _mm256_loadu_ps(from + count - lanes));
}

template <int rows, int vectors>
AVX2 void multiplyBlock(int columns, int depth, const float *weights, const float *packed, const float *bias,
                        Limits limits, float *out, size_t pitch) {
    __m256 sums[rows][vectors];
    UNROLL for (int r = 0; r < rows; ++r) {
        UNROLL for (int v = 0; v < vectors; ++v) sums[r][v] = _mm256_set1_ps(bias[r]);
    }
    for (int k = 0; k < depth; ++k, weights += rows, packed += vectors * lanes) {
        __m256 values[vectors];
        UNROLL for (int v = 0; v < vectors; ++v) values[v] = _mm256_loadu_ps(packed + v * lanes);
        UNROLL for (int r = 0; r < rows; ++r) {
            const __m256 weight = _mm256_set1_ps(weights[r]);
            UNROLL for (int v = 0; v < vectors; ++v) sums[r][v] = _mm256_fmadd_ps(weight, values[v], sums[r][v]);
        }
    }
    const __m256 low = _mm256_set1_ps(limits.low), high = _mm256_set1_ps(limits.high);
    const bool isWhole = columns == vectors * lanes;
    UNROLL for (int r = 0; r < rows; ++r) {
        float part[vectors * lanes];
        float *const row = isWhole ? out + r * pitch : part;
        UNROLL for (int v = 0; v < vectors; ++v) _mm256_storeu_ps(row + v * lanes, limited(sums[r][v], low, high));
        if (!isWhole) std::copy_n(part, columns, out + r * pitch);
    }
}

// Sums of rows x (vectors * lanes) results. With a stride of 2, even and odd columns of the input lie in two planes.
template <int kernel, int stride, int rows, int vectors>
AVX2_INLINE void depthwiseBlock(const float *even, const float *odd, int pitch, const float *weights, __m256 bias,
                                __m256 low, __m256 high, __m256 (&sums)[rows][vectors]) {
    UNROLL for (int r = 0; r < rows; ++r) {
        UNROLL for (int v = 0; v < vectors; ++v) sums[r][v] = bias;
    }
    UNROLL for (int kx = 0; kx < kernel; ++kx) {
        __m256 column[kernel];
        UNROLL for (int ky = 0; ky < kernel; ++ky) column[ky] = _mm256_set1_ps(weights[ky * kernel + kx]);
        const float *const plane = (kx % stride ? odd : even) + kx / stride;
        UNROLL for (int y = 0; y < (rows - 1) * stride + kernel; ++y) {
            UNROLL for (int v = 0; v < vectors; ++v) {
                const __m256 value = _mm256_loadu_ps(plane + y * pitch + v * lanes);
                UNROLL for (int r = 0; r < rows; ++r) {
                    const int ky = y - r * stride;
                    if (ky >= 0 && ky < kernel) sums[r][v] = _mm256_fmadd_ps(column[ky], value, sums[r][v]);
                }
            }
        }
    }
    UNROLL for (int r = 0; r < rows; ++r) {
        UNROLL for (int v = 0; v < vectors; ++v) sums[r][v] = limited(sums[r][v], low, high);
    }
}

template <int kernel, int stride, int rows>
AVX2 void depthwiseRows(const float *even, const float *odd, int pitch, const float *weights, float bias,
                        Limits limits, float *out, int width) {
    const __m256 start = _mm256_set1_ps(bias), low = _mm256_set1_ps(limits.low), high = _mm256_set1_ps(limits.high);
    int x = 0;
    for (; x + 2 * lanes <= width; x += 2 * lanes) {
        __m256 sums[rows][2];
        depthwiseBlock<kernel, stride>(even + x, odd + x, pitch, weights, start, low, high, sums);
        UNROLL for (int r = 0; r < rows; ++r) {
            _mm256_storeu_ps(out + r * width + x, sums[r][0]);
            _mm256_storeu_ps(out + r * width + x + lanes, sums[r][1]);
        }
    }
    while (x < width) {
        // The last vector overlaps the one before.
        if (x + lanes > width && width >= lanes) x = width - lanes;
        __m256 sums[rows][1];
        depthwiseBlock<kernel, stride>(even + x, odd + x, pitch, weights, start, low, high, sums);
        UNROLL for (int r = 0; r < rows; ++r) {
            float part[lanes];
            float *const row = width >= lanes ? out + r * width + x : part;
            _mm256_storeu_ps(row, sums[r][0]);
            if (width < lanes) std::copy_n(part, width, out + r * width);
        }
        x += lanes;
    }
}

template <int kernel, int stride>
AVX2 void depthwiseChannels(const Depthwise &shape, int first, int last, const float *in, const float *weights,
                            const float *bias, Limits limits, float *out, float *scratch) {
    const int pitch = shape.pitch(), width = shape.width, outWidth = shape.outWidth;
    const int paddedRows = (shape.outHeight - 1) * stride + kernel;
    const int rows = std::min(shape.height, paddedRows - shape.top);
    float *const even = scratch, *const odd = stride == 2 ? scratch + size_t(paddedRows) * pitch : scratch;
    // The borders stay zero from channel to channel.
    std::memset(scratch, 0, shape.scratch() * sizeof(float));
    for (int channel = first; channel < last; ++channel) {
        const float *const plane = in + size_t(channel) * shape.height * width;
        for (int y = 0; y < rows; ++y) {
            const float *const from = plane + size_t(y) * width;
            const size_t start = size_t(y + shape.top) * pitch;
            if (stride == 1) {
                copyRow(from, even + start + shape.left, width);
            } else {
                // Column 0 of the input is column `left` of the padded plane.
                const bool isOdd = shape.left % 2 == 1;
                float *const a = (isOdd ? odd : even) + start + shape.left / 2;
                float *const b = (isOdd ? even : odd) + start + (shape.left + 1) / 2;
                for (int x = 0; x < width / 2; ++x) {
                    a[x] = from[2 * x];
                    b[x] = from[2 * x + 1];
                }
                if (width % 2 == 1) a[width / 2] = from[width - 1];
            }
        }
        const float *const w = weights + size_t(channel) * kernel * kernel;
        float *const to = out + size_t(channel) * shape.outHeight * outWidth;
        int y = 0;
        const auto offset = [&] { return size_t(y) * stride * pitch; };
        for (; y + 4 <= shape.outHeight; y += 4) {
            depthwiseRows<kernel, stride, 4>(
                even + offset(), odd + offset(), pitch, w, bias[channel], limits, to + size_t(y) * outWidth, outWidth);
        }
        for (; y < shape.outHeight; ++y) {
            depthwiseRows<kernel, stride, 1>(
                even + offset(), odd + offset(), pitch, w, bias[channel], limits, to + size_t(y) * outWidth, outWidth);
        }
    }
}

}  // namespace

bool isSupported() noexcept { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

AVX2 void copy(const float *from, float *to, int count) noexcept { copyRow(from, to, count); }

void multiply(int rows, int columns, int depth, const float *weights, const float *packed, const float *bias,
              Limits limits, float *out, size_t pitch) noexcept {
    static constexpr decltype(&multiplyBlock<1, 1>) blocks[blockRows][2] = {
        {multiplyBlock<1, 1>, multiplyBlock<1, 2>}, {multiplyBlock<2, 1>, multiplyBlock<2, 2>},
        {multiplyBlock<3, 1>, multiplyBlock<3, 2>}, {multiplyBlock<4, 1>, multiplyBlock<4, 2>},
        {multiplyBlock<5, 1>, multiplyBlock<5, 2>},
    };
    blocks[rows - 1][columns > lanes](columns, depth, weights, packed, bias, limits, out, pitch);
}

int Depthwise::pitch() const {
    const int read = std::max(outWidth, lanes) + (kernel - 1) / stride;
    const int written = (left + width + 1) / stride + 1;
    return (std::max(read, written) + lanes - 1) / lanes * lanes;
}

size_t Depthwise::scratch() const { return size_t((outHeight - 1) * stride + kernel) * pitch() * stride; }

void Depthwise::run(int first, int last, const float *in, const float *weights, const float *bias, Limits limits,
                    float *out, float *scratch) const noexcept {
    const auto channels = kernel == 3 ? (stride == 1 ? depthwiseChannels<3, 1> : depthwiseChannels<3, 2>)
                                      : (stride == 1 ? depthwiseChannels<5, 1> : depthwiseChannels<5, 2>);
    channels(*this, first, last, in, weights, bias, limits, out, scratch);
}

}  // namespace kernels
#endif
