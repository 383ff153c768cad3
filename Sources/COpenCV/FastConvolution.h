#pragma once

/// An own `Convolution` for OpenCV's networks, for the convolutions in which they spend their time: dense ones and
/// depthwise ones of 3 x 3 and 5 x 5, in float32 with constant weights. It is about twice as fast as that of OpenCV 4.6
/// on a processor with AVX2; all other convolutions, and all on other processors, stay with OpenCV's.
namespace FastConvolution {

/// Registers it for the whole process, once. Any thread may call it.
void registerLayer();

/// While one lives, the layers that its thread creates are OpenCV's own. OpenCV creates the layers of a network on the
/// thread that reads it or runs it.
class Suspension {
public:
    explicit Suspension(bool isWanted);
    ~Suspension();
    Suspension(const Suspension &) = delete;
    Suspension &operator=(const Suspension &) = delete;

private:
    const bool before;
};

}  // namespace FastConvolution
