// What the kernels of convolutions.cpp and convolutions_amx.cpp share: shapes, vectors of 16 floats, bfloat16, random
// bits, and the first convolution with its backward pass.

#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int MIDDLE = 32, OUT = 64, LANES = 16, BLOCKS = MIDDLE / LANES;
constexpr int WINDOW = 9 * MIDDLE;
constexpr uint8_t NOTHING = 4;

typedef float Float16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t Int16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t Word16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint16_t Half16 __attribute__((vector_size(32), aligned(2), may_alias));
typedef uint8_t Byte16 __attribute__((vector_size(16), aligned(1), may_alias));

inline Float16 load(const float* from) { return *reinterpret_cast<const Float16*>(from); }
inline void store(float* to, Float16 value) { *reinterpret_cast<Float16*>(to) = value; }

// bfloat16 is the upper half of a float; rounding is to nearest even, and NaN keeps a bit that says so.
struct BFloat { uint16_t bits; };
inline Float16 load(const BFloat* from) {
    Word16 words = __builtin_convertvector(*reinterpret_cast<const Half16*>(from), Word16) << 16;
    return reinterpret_cast<Float16&>(words);
}
inline void store(BFloat* to, Float16 value) {
#ifdef __AVX512BF16__
    *reinterpret_cast<Half16*>(to) = reinterpret_cast<Half16>(_mm512_cvtneps_pbh(reinterpret_cast<__m512>(value)));
#else
    Word16 words = reinterpret_cast<Word16&>(value);
    Word16 rounded = (words + 0x7fff + ((words >> 16) & 1)) >> 16;
    Word16 quiet = (words >> 16) | 0x40;
    *reinterpret_cast<Half16*>(to) = __builtin_convertvector(value == value ? rounded : quiet, Half16);
#endif
}

struct Shape {
    int64_t n, channels, height, width;  // of x
    int64_t rows() const { return (height - 2) / 2; }
    int64_t columns() const { return (width - 2) / 2; }
    int64_t size() const { return height * width * MIDDLE; }
    int64_t image_row() const { return (width + 2) * channels; }
    int64_t image_size() const { return (height + 2) * image_row(); }
};

// SplitMix64: Steele, Lea, Flood, Fast splittable pseudorandom number generators, 2014.
inline uint64_t random_bits(uint64_t seed, uint64_t counter) {
    uint64_t z = seed + (counter + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

// One pixel of the pooled image: y = dropout(relu(max)) of the four values at(k, c), k = 2 dy + dx, in vectors of
// channels, and where the maximum lay, or NOTHING where no gradient passes. NaN wins, as in torch.
struct Dropout {
    float scale;       // of what is kept: 1 / (1 - p)
    int32_t dropped;   // p in units of 2^-16
    uint64_t seed;
};

template <class T, class Values>
void pool_pixel(Values at, const Dropout& dropout, uint64_t pixel, T* pooled, uint8_t* codes) {
    uint64_t chance[OUT / 4];
    if (dropout.dropped)
        for (int r = 0; r < OUT / 4; ++r) chance[r] = random_bits(dropout.seed, pixel * (OUT / 4) + r);
    for (int c = 0; c < OUT; c += LANES) {
        Float16 top = at(0, c);
        Int16 where = {};
        for (int other = 1; other < 4; ++other) {
            const Float16 value = at(other, c);
            const Int16 larger = (value > top) | (value != value);
            top = larger ? value : top;
            where = larger ? Int16{} + other : where;
        }
        Int16 closed = top <= 0;
        if (dropout.dropped) {
            const Half16 drawn = *reinterpret_cast<const Half16*>(reinterpret_cast<uint16_t*>(chance) + c);
            closed |= __builtin_convertvector(drawn, Int16) < dropout.dropped;
        }
        store(pooled + c, closed ? Float16{} : top * dropout.scale);
        *reinterpret_cast<Byte16*>(codes + c) = __builtin_convertvector(closed ? Int16{} + NOTHING : where, Byte16);
    }
}

template <int CHANNELS, class T>
void first_image(const Shape& s, const float* image, const float* weight, const float* bias, T* x) {
    constexpr int TAPS = 9 * CHANNELS, GROUP = 4;  // columns that share a loaded weight
    for (int64_t y = 0; y < s.height; ++y)
        for (int64_t next = 0; next < s.width; next += GROUP) {
            const int64_t column = next + GROUP <= s.width ? next : s.width - GROUP;  // the last group may overlap
            Float16 sum[GROUP][BLOCKS];
            for (int g = 0; g < GROUP; ++g)
                for (int b = 0; b < BLOCKS; ++b) sum[g][b] = load(bias + b * LANES);
#pragma GCC unroll 27
            for (int t = 0; t < TAPS; ++t) {
                const int64_t row = y + t / (3 * CHANNELS);
                const float* pixels = image + row * s.image_row() + column * CHANNELS + t % (3 * CHANNELS);
                for (int b = 0; b < BLOCKS; ++b) {
                    const Float16 taps = load(weight + t * MIDDLE + b * LANES);
                    for (int g = 0; g < GROUP; ++g) sum[g][b] += pixels[g * CHANNELS] * taps;
                }
            }
            for (int g = 0; g < GROUP; ++g)
                for (int b = 0; b < BLOCKS; ++b)
                    store(
                        x + (y * s.width + column + g) * MIDDLE + b * LANES,
                        sum[g][b] <= 0 ? Float16{} : sum[g][b]);
        }
}

template <int CHANNELS, class T>
void first_backward(
    const Shape& s, const float* image, const T* x, const float* gradient_x, float* gradient_weight,
    float* gradient_bias) {
    constexpr int TAPS = 9 * CHANNELS;
    for (int b = 0; b < MIDDLE; b += LANES) {
        Float16 sums[TAPS] = {}, bias = {};
        for (int64_t y = 0; y < s.height; ++y)
            for (int64_t column = 0; column < s.width; ++column) {
                const int64_t at = (y * s.width + column) * MIDDLE + b;
                const Float16 gradient = load(x + at) > 0 ? load(gradient_x + at) : Float16{};
                bias += gradient;
                const float* pixels = image + y * s.image_row() + column * CHANNELS;
#pragma GCC unroll 9
                for (int t = 0; t < TAPS; ++t)
                    sums[t] += pixels[t / (3 * CHANNELS) * s.image_row() + t % (3 * CHANNELS)] * gradient;
            }
        for (int t = 0; t < TAPS; ++t) {
            float* lane = gradient_weight + t * MIDDLE + b;
            store(lane, load(lane) + sums[t]);
        }
        store(gradient_bias + b, load(gradient_bias + b) + bias);
    }
}

}  // namespace
