#pragma once
#include <cstddef>

/// Convolution of float32 planes with AVX2 and FMA, on one thread. Call it only where `isSupported`.
namespace kernels {

/// Whether this processor and its operating system have AVX2 and FMA.
bool isSupported() noexcept;

/// Floats of a vector.
constexpr int lanes = 8;
/// The most output channels and columns of a block. Its sums, 5 x 2 vectors, stay in registers; 6 x 2 would not.
constexpr int blockRows = 5;
constexpr int blockColumns = 2 * lanes;

/// What a result is limited to; ReLU and ReLU6 are limits.
struct Limits { float low, high; };

/// Columns of a block as they are packed: whole vectors.
constexpr int packedColumns(int columns) { return (columns + lanes - 1) / lanes * lanes; }

/// Copies floats that do not overlap.
void copy(const float *from, float *to, int count) noexcept;

/// One block of a product of matrices.
///
/// - `rows` 1 ... blockRows, `columns` 1 ... blockColumns.
/// - `weights` is depth x rows, `packed` depth x packedColumns(columns), `bias` one a row.
/// - `out` is written in rows of `columns` floats that start `pitch` floats apart.
void multiply(int rows, int columns, int depth, const float *weights, const float *packed, const float *bias,
              Limits limits, float *out, size_t pitch) noexcept;

/// A depthwise convolution with a square kernel of 3 or 5 and a stride of 1 or 2.
struct Depthwise {
    int kernel, stride;
    int height, width, outHeight, outWidth;
    /// Zeros above and to the left; those below and to the right follow from the sizes.
    int top, left;

    /// Floats between the rows of a padded plane.
    int pitch() const;
    /// Floats that `run` needs.
    size_t scratch() const;
    /// Channels `first` ..< `last` of the planes at `in` and `out`; `weights` is channels x kernel x kernel.
    void run(int first, int last, const float *in, const float *weights, const float *bias, Limits limits, float *out,
             float *scratch) const noexcept;
};

}  // namespace kernels
