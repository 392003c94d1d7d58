// Two 3 x 3 convolutions with ReLU, 2 x 2 max-pooling and dropout, without what torch does between them.
//
// first    x = relu(conv(images)), written in the type and layout that the second convolution reads
// pool     y = dropout(relu(max-pool(conv(x)))), with one byte for each output: where its maximum lay
// backward all gradients. Pooling lets through at most one of four gradients, ReLU and dropout fewer still; each of
//          them touches a 3 x 3 window of x, so the second convolution is walked gradient by gradient, not multiplied
//          densely.
//
// Layouts: images (n, h, w, c) float; x (n, height, width, 32) and hidden (n, height - 2, width - 2, 64) in T; pooled
// (n, 64, rows, columns) in T; codes (n, rows, 64, columns): 2 dy + dx of the maximum, or NOTHING where no gradient
// passes. Weights are float: (out, ky, kx, in) for the second convolution, (ky, kx, in, out) for the first.
// Every thread adds up its own images, so the bits depend on the number of threads and on nothing else.

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int MIDDLE = 32, OUT = 64, LANES = 16, BLOCKS = MIDDLE / LANES;
constexpr int WINDOW = 9 * MIDDLE, VECTORS = WINDOW / LANES, ROW_VECTORS = 3 * BLOCKS;
constexpr uint8_t NOTHING = 4;
constexpr int BAND = 3, MOST_COLUMNS = 64;

typedef float Float16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t Int16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t Word16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint16_t Half16 __attribute__((vector_size(32), aligned(2), may_alias));

Float16 load(const float* from) { return *reinterpret_cast<const Float16*>(from); }
void store(float* to, Float16 value) { *reinterpret_cast<Float16*>(to) = value; }

// bfloat16 is the upper half of a float; rounding is to nearest even, and NaN keeps a bit that says so.
struct BFloat { uint16_t bits; };
Float16 load(const BFloat* from) {
    Word16 words = __builtin_convertvector(*reinterpret_cast<const Half16*>(from), Word16) << 16;
    return reinterpret_cast<Float16&>(words);
}
void store(BFloat* to, Float16 value) {
    Word16 words = reinterpret_cast<Word16&>(value);
    Word16 rounded = (words + 0x7fff + ((words >> 16) & 1)) >> 16;
    Word16 quiet = (words >> 16) | 0x40;
    *reinterpret_cast<Half16*>(to) = __builtin_convertvector(value == value ? rounded : quiet, Half16);
}
float widen(float value) { return value; }
float widen(BFloat value) {
    uint32_t word = uint32_t(value.bits) << 16;
    float result;
    memcpy(&result, &word, 4);
    return result;
}
void narrow(float* to, float value) { *to = value; }
void narrow(BFloat* to, float value) {
    uint32_t word;
    memcpy(&word, &value, 4);
    to->bits = value == value ? (word + 0x7fff + ((word >> 16) & 1)) >> 16 : (word >> 16) | 0x40;
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
uint64_t random_bits(uint64_t seed, uint64_t counter) {
    uint64_t z = seed + (counter + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

template <class T>
void first_image(const Shape& s, const float* image, const float* weight, const float* bias, T* x) {
    for (int64_t y = 0; y < s.height; ++y)
        for (int64_t column = 0; column < s.width; ++column, x += MIDDLE) {
            Float16 sum[BLOCKS];
            for (int b = 0; b < BLOCKS; ++b) sum[b] = load(bias + b * LANES);
            const float* taps = weight;
            for (int ky = 0; ky < 3; ++ky) {
                const float* pixels = image + (y + ky) * s.image_row() + column * s.channels;
                for (int64_t k = 0; k < 3 * s.channels; ++k, taps += MIDDLE)
                    for (int b = 0; b < BLOCKS; ++b) sum[b] += pixels[k] * load(taps + b * LANES);
            }
            for (int b = 0; b < BLOCKS; ++b) store(x + b * LANES, sum[b] <= 0 ? Float16{} : sum[b]);
        }
}

template <class T>
void pool_image(
    const Shape& s, const T* hidden, float scale, int32_t dropped, uint64_t seed, uint64_t image, T* pooled,
    uint8_t* codes) {
    const int64_t rows = s.rows(), columns = s.columns(), width = s.width - 2;
    float best[OUT];
    int32_t code[OUT];
    uint16_t chance[OUT];
    for (int64_t p = 0; p < rows; ++p)
        for (int64_t q = 0; q < columns; ++q) {
            const T* corner = hidden + (2 * p * width + 2 * q) * OUT;
            if (dropped)
                for (int r = 0; r < OUT / 4; ++r) {
                    uint64_t bits = random_bits(seed, ((image * rows + p) * columns + q) * (OUT / 4) + r);
                    memcpy(chance + 4 * r, &bits, 8);
                }
            for (int c = 0; c < OUT; c += LANES) {
                Float16 top = load(corner + c);
                Int16 where = {};
                for (int other = 1; other < 4; ++other) {
                    Float16 value = load(corner + ((other >> 1) * width + (other & 1)) * OUT + c);
                    Int16 larger = (value > top) | (value != value);  // NaN wins, as in torch
                    top = larger ? value : top;
                    where = larger ? Int16{} + other : where;
                }
                Int16 closed = top <= 0;
                if (dropped) closed |= __builtin_convertvector(*reinterpret_cast<Half16*>(chance + c), Int16) < dropped;
                *reinterpret_cast<Int16*>(code + c) = closed ? Int16{} + NOTHING : where;
                store(best + c, closed ? Float16{} : top * scale);
            }
            for (int c = 0; c < OUT; ++c) {
                narrow(pooled + (c * rows + p) * columns + q, best[c]);
                codes[(p * OUT + c) * columns + q] = uint8_t(code[c]);
            }
        }
}

// The gradients that pooling let through in one band of rows of one image: for each channel where their windows begin,
// and their values. Written without a branch on the code, whose outcome would be a coin's.
struct Passed {
    int32_t offset[OUT][BAND * MOST_COLUMNS + 1];
    float value[OUT][BAND * MOST_COLUMNS + 1];
    int32_t count[OUT];
};

template <class T>
void collect(
    const Shape& s, const T* gradient, const uint8_t* codes, float scale, int64_t from, int64_t to, Passed& passed) {
    const int64_t rows = s.rows(), columns = s.columns(), x_row = s.width * MIDDLE;
    for (int c = 0; c < OUT; ++c) {
        int32_t count = 0;
        for (int64_t p = from; p < to; ++p)
            for (int64_t q = 0; q < columns; ++q) {
                const uint8_t code = codes[(p * OUT + c) * columns + q];
                passed.offset[c][count] = int32_t((2 * p + (code >> 1)) * x_row + (2 * q + (code & 1)) * MIDDLE);
                passed.value[c][count] = widen(gradient[(c * rows + p) * columns + q]) * scale;
                count += code != NOTHING;
            }
        passed.count[c] = count;
    }
}

// Gradients of one image by bands of rows, so that rows of x, then of its gradient, stay in the first-level cache.
template <class T>
void second_backward(
    const Shape& s, const float* x, const T* gradient, const uint8_t* codes, float scale, const float* weight,
    float* gradient_weight, float* gradient_bias, float* gradient_x) {
    const int64_t x_row = s.width * MIDDLE;
    static thread_local Passed passed;
    for (int64_t p = 0; p < s.rows(); p += BAND) {
        collect(s, gradient, codes, scale, p, p + BAND < s.rows() ? p + BAND : s.rows(), passed);
        for (int c = 0; c < OUT; ++c) {
            Float16 window[VECTORS];
            float bias = 0;
            float* sums = gradient_weight + c * WINDOW;
            for (int v = 0; v < VECTORS; ++v) window[v] = load(sums + v * LANES);
            for (int i = 0; i < passed.count[c]; ++i) {
                const float* from = x + passed.offset[c][i];
                bias += passed.value[c][i];
#pragma GCC unroll 18
                for (int v = 0; v < VECTORS; ++v)
                    window[v] += passed.value[c][i] * load(from + v / ROW_VECTORS * x_row + v % ROW_VECTORS * LANES);
            }
            for (int v = 0; v < VECTORS; ++v) store(sums + v * LANES, window[v]);
            gradient_bias[c] += bias;
        }
        for (int c = 0; c < OUT; ++c) {
            Float16 window[VECTORS];
            for (int v = 0; v < VECTORS; ++v) window[v] = load(weight + c * WINDOW + v * LANES);
            for (int i = 0; i < passed.count[c]; ++i) {
                float* to = gradient_x + passed.offset[c][i];
#pragma GCC unroll 18
                for (int v = 0; v < VECTORS; ++v) {
                    float* lane = to + v / ROW_VECTORS * x_row + v % ROW_VECTORS * LANES;
                    store(lane, load(lane) + passed.value[c][i] * window[v]);
                }
            }
        }
    }
}

template <int CHANNELS>
void first_backward(
    const Shape& s, const float* image, const float* x, const float* gradient_x, float* gradient_weight,
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

template <class T>
void backward(
    const Shape& s, const float* images, const T* x, const T* gradient, const uint8_t* codes, float scale,
    const float* weight, float* first_weight, float* first_bias, float* second_weight, float* second_bias, int threads) {
    const int64_t taps = 9 * s.channels, outputs = OUT * s.rows() * s.columns(), size = s.size();
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int t = 0; t < threads; ++t) {
        float* wide = static_cast<float*>(aligned_alloc(64, 2 * size * sizeof(float)));
        float* gradient_x = wide + size;
        for (int64_t i = t * s.n / threads; i < (t + 1) * s.n / threads; ++i) {
            for (int64_t j = 0; j < size; j += LANES) store(wide + j, load(x + i * size + j));
            memset(gradient_x, 0, size * sizeof(float));
            second_backward(
                s, wide, gradient + i * outputs, codes + i * outputs, scale, weight, second_weight + t * OUT * WINDOW,
                second_bias + t * OUT, gradient_x);
            const float* image = images + i * s.image_size();
            float *w = first_weight + t * taps * MIDDLE, *b = first_bias + t * MIDDLE;
            auto first = s.channels == 1 ? first_backward<1> : first_backward<3>;
            first(s, image, wide, gradient_x, w, b);
        }
        free(wide);
    }
}

template <class T>
void first(const Shape& s, const float* images, const float* weight, const float* bias, T* x, int threads) {
#pragma omp parallel for num_threads(threads)
    for (int64_t i = 0; i < s.n; ++i) first_image(s, images + i * s.image_size(), weight, bias, x + i * s.size());
}

template <class T>
void pool(
    const Shape& s, const T* hidden, float scale, int64_t dropped, uint64_t seed, T* pooled, uint8_t* codes,
    int threads) {
    const int64_t outputs = OUT * s.rows() * s.columns(), size = (s.height - 2) * (s.width - 2) * OUT;
#pragma omp parallel for num_threads(threads)
    for (int64_t i = 0; i < s.n; ++i)
        pool_image(
            s, hidden + i * size, scale, int32_t(dropped), seed, uint64_t(i), pooled + i * outputs, codes + i * outputs);
}

}  // namespace

#define SHAPE int64_t n, int64_t channels, int64_t height, int64_t width
#define EXPORT(NAME, T)                                                                                              \
    void first_##NAME(                                                                                               \
        SHAPE, const float* images, const float* weight, const float* bias, T* x, int threads) {                     \
        first(Shape{n, channels, height, width}, images, weight, bias, x, threads);                                  \
    }                                                                                                                \
    void pool_##NAME(                                                                                                \
        SHAPE, const T* hidden, float scale, int64_t dropped, uint64_t seed, T* pooled, uint8_t* codes,              \
        int threads) {                                                                                               \
        pool(Shape{n, channels, height, width}, hidden, scale, dropped, seed, pooled, codes, threads);               \
    }                                                                                                                \
    void backward_##NAME(                                                                                            \
        SHAPE, const float* images, const T* x, const T* gradient, const uint8_t* codes, float scale,                \
        const float* weight, float* first_weight, float* first_bias, float* second_weight, float* second_bias,       \
        int threads) {                                                                                               \
        backward(                                                                                                    \
            Shape{n, channels, height, width}, images, x, gradient, codes, scale, weight, first_weight, first_bias,  \
            second_weight, second_bias, threads);                                                                    \
    }

extern "C" {
EXPORT(float, float)
EXPORT(bfloat, BFloat)
}
