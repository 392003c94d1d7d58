// Two 3 x 3 convolutions with ReLU, 2 x 2 max-pooling and dropout, without what torch does between them.
//
// first    x = relu(conv(images)), written in the type and layout that the second convolution reads
// pool     y = dropout(relu(max-pool(conv(x)))), with one byte for each output: where its maximum lay
// backward all gradients. Pooling lets through at most one of four gradients, ReLU and dropout fewer still; each of
//          them touches a 3 x 3 window of x, so the second convolution is walked gradient by gradient, not multiplied
//          densely.
//
// Layouts: images (n, h, w, c) float; x (n, height, width, 32) and hidden (n, height - 2, width - 2, 64) in T; pooled
// (n, rows, columns, 64) in T; codes alike: 2 dy + dx of the maximum, or NOTHING where no gradient passes. Weights are
// float: (out, ky, kx, in) for the second convolution, (ky, kx, in, out) for the first.
// Every thread adds up its own images, so the bits depend on the number of threads and on nothing else.

#include "convolutions.hpp"

namespace {

constexpr int VECTORS = WINDOW / LANES, ROW_VECTORS = 3 * BLOCKS, BAND = 3, MOST_COLUMNS = 64;

float widen(float value) { return value; }
float widen(BFloat value) {
    uint32_t word = uint32_t(value.bits) << 16;
    float result;
    memcpy(&result, &word, 4);
    return result;
}

template <class T>
void pool_image(
    const Shape& s, const T* hidden, const Dropout& dropout, uint64_t image, T* pooled, uint8_t* codes) {
    const int64_t rows = s.rows(), columns = s.columns(), width = s.width - 2;
    for (int64_t p = 0; p < rows; ++p)
        for (int64_t q = 0; q < columns; ++q) {
            const T* corner = hidden + (2 * p * width + 2 * q) * OUT;
            const int64_t pixel = p * columns + q;
            auto at = [=](int k, int c) { return load(corner + ((k >> 1) * width + (k & 1)) * OUT + c); };
            pool_pixel(at, dropout, image * rows * columns + pixel, pooled + pixel * OUT, codes + pixel * OUT);
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
    const int64_t columns = s.columns(), x_row = s.width * MIDDLE;
    for (int c = 0; c < OUT; ++c) {
        int32_t count = 0;
        for (int64_t p = from; p < to; ++p)
            for (int64_t q = 0; q < columns; ++q) {
                const uint8_t code = codes[(p * columns + q) * OUT + c];
                passed.offset[c][count] = int32_t((2 * p + (code >> 1)) * x_row + (2 * q + (code & 1)) * MIDDLE);
                passed.value[c][count] = widen(gradient[(p * columns + q) * OUT + c]) * scale;
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

template <class T>
void backward(
    const Shape& s, const float* images, const T* x, const T* gradient, const uint8_t* codes, float scale,
    const float* weight, float* first_weight, float* first_bias, float* second_weight, float* second_bias,
    int threads) {
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
            auto first = s.channels == 1 ? first_backward<1, float> : first_backward<3, float>;
            first(s, image, wide, gradient_x, w, b);
        }
        free(wide);
    }
}

template <class T>
void first(const Shape& s, const float* images, const float* weight, const float* bias, T* x, int threads) {
    auto one = s.channels == 1 ? first_image<1, T> : first_image<3, T>;
#pragma omp parallel for num_threads(threads)
    for (int64_t i = 0; i < s.n; ++i) one(s, images + i * s.image_size(), weight, bias, x + i * s.size());
}

template <class T>
void pool(
    const Shape& s, const T* hidden, float scale, int64_t dropped, uint64_t seed, T* pooled, uint8_t* codes,
    int threads) {
    const int64_t outputs = OUT * s.rows() * s.columns(), size = (s.height - 2) * (s.width - 2) * OUT;
#pragma omp parallel for num_threads(threads)
    for (int64_t i = 0; i < s.n; ++i)
        pool_image(
            s, hidden + i * size, Dropout{scale, int32_t(dropped), seed}, uint64_t(i), pooled + i * outputs,
            codes + i * outputs);
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
