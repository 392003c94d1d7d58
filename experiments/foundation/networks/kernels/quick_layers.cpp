// The convolutional layers of network "quick" in training on gray images of 28 x 28, with products of bfloat16.
//
//     z1 = conv 5x5, stride 2 (images)        12 x 12 x 16
//     z2 = max-pool 2x2 (conv 3x3 (a1))       5 x 5 x 48      a = relu(batch-norm(z)) in each layer
//     z3 = max-pool 3x3 (conv 3x3 (a2))       1 x 1 x 96      features = a3
//
// Pooling lets one of four gradients pass, then one of nine. Each of them touches a 3 x 3 window of the layer's input, so
// the backward pass walks from one to the next with float32 sums instead of multiplying zeros.
//
// Layouts: images (n, 28, 28) float; z (n, rows, columns, channels) bfloat16; codes alike, bytes: dy * pool + dx of the
// maximum; weights (out, ky, kx, in) float. Every thread adds up its own images, so the bits depend on the number of
// threads and on nothing else.

#ifdef __AVX512BF16__
#include <cmath>
#include <memory>
#include <vector>

#include "quick_layers.hpp"

namespace {

constexpr int IMAGE = 28, TAPS = 25;
struct First { static constexpr int SIDE = 12, CELLS = SIDE * SIDE, CHANNELS = LANES, GIVEN = CELLS * CHANNELS; };
using Second = Layer<12, 16, 48, 2, 1>;
using Third = Layer<5, 48, 96, 3, 8>;

// A layer as the caller gives it; the last three are written by the backward pass.
struct Memory {
    const float *weight, *norm_weight, *norm_bias;
    float *running_mean, *running_variance, *mean, *inverse;
    BFloat* z;
    uint8_t* codes;
    float *weight_gradient, *norm_weight_gradient, *norm_bias_gradient;
    Normalization normalization() const { return {mean, inverse, norm_weight, norm_bias}; }
};

template <class Work>
void in_threads(int threads, int64_t n, Work work) {
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int t = 0; t < threads; ++t) work(t, t * n / threads, (t + 1) * n / threads);
}

// `size` sums in each thread, and their total.
struct Sums {
    int size, threads;
    std::vector<float> values;
    Sums(int size, int threads) : size(size), threads(threads), values(size * threads) {}
    float* of(int thread) { return values.data() + size * thread; }
    float total(int at) const {
        double sum = 0;
        for (int t = 0; t < threads; ++t) sum += values[t * size + at];
        return float(sum);
    }
    void total(float* into) const {
        in_threads(threads, size, [&](int, int64_t from, int64_t to) {
            for (int64_t at = from; at < to; ++at) {
                into[at] = values[at];
                for (int t = 1; t < threads; ++t) into[at] += values[t * size + at];
            }
        });
    }
};

// Mean and 1 / deviation over the batch, and the running averages' next values.
void statistics(const Sums& sums, double count, float epsilon, float momentum, const Memory& layer) {
    const int channels = sums.size / 2;
    for (int c = 0; c < channels; ++c) {
        const double mean = sums.total(c) / count, spread = sums.total(channels + c) / count - mean * mean;
        const double variance = spread < 0 ? 0 : spread;
        layer.mean[c] = float(mean);
        layer.inverse[c] = float(1 / std::sqrt(variance + epsilon));
        layer.running_mean[c] += momentum * (layer.mean[c] - layer.running_mean[c]);
        layer.running_variance[c] += momentum * (float(variance * count / (count - 1)) - layer.running_variance[c]);
    }
}

void first_image(const float* image, const float* taps, BFloat* z) {
    for (int y = 0; y < First::SIDE; ++y) {
        Float16 sums[First::SIDE] = {};
        for (int t = 0; t < TAPS; ++t) {
            const float* pixels = image + (2 * y + t / 5) * IMAGE + t % 5;
            for (int x = 0; x < First::SIDE; ++x) sums[x] += pixels[2 * x] * load(taps + t * LANES);
        }
        for (int x = 0; x < First::SIDE; ++x) store(z + (y * First::SIDE + x) * LANES, sums[x]);
    }
}

void first_forward(int64_t n, const float* images, float epsilon, float momentum, const Memory& layer, int threads) {
    Sums sums(2 * First::CHANNELS, threads);
    float taps[TAPS * LANES];
    for (int at = 0; at < TAPS * LANES; ++at) taps[at] = layer.weight[at % LANES * TAPS + at / LANES];
    in_threads(threads, n, [&](int t, int64_t from, int64_t to) {
        for (int64_t i = from; i < to; ++i) {
            first_image(images + i * IMAGE * IMAGE, taps, layer.z + i * First::GIVEN);
            add_moments(layer.z + i * First::GIVEN, First::GIVEN, First::CHANNELS, sums.of(t));
        }
    });
    statistics(sums, double(n * First::CELLS), epsilon, momentum, layer);
}

template <class L>
void forward(int64_t n, float epsilon, float momentum, const Memory& below, const Memory& layer, int threads) {
    Sums sums(2 * L::CHANNELS, threads);
    std::vector<BFloat> pairs(L::CHANNELS * L::WINDOW);
    in_threads(threads, L::CHANNELS / LANES, [&](int, int64_t from, int64_t to) {
        for (int64_t sixteen = from; sixteen < to; ++sixteen) pack<L>(layer.weight, sixteen, pairs.data());
    });
    in_threads(threads, n, [&](int t, int64_t from, int64_t to) {
        BFloat a[L::TAKEN];
        for (int64_t i = from; i < to; ++i) {
            BFloat* z = layer.z + i * L::GIVEN;
            activate(below.z + i * L::TAKEN, L::TAKEN, L::IN, below.normalization(), a);
            convolve_and_pool<L>(a, pairs.data(), z, layer.codes + i * L::GIVEN);
            add_moments(z, L::GIVEN, L::CHANNELS, sums.of(t));
        }
    });
    statistics(sums, double(n * L::CELLS), epsilon, momentum, layer);
}

// The gradient for z from that for y = batch-norm(z) is p dy + q z + r.
struct Coefficients {
    std::vector<float> p, q, r;
    Coefficients(const Sums& sums, double count, const Memory& layer)
        : p(sums.size / 2), q(sums.size / 2), r(sums.size / 2) {
        for (int c = 0; c < sums.size / 2; ++c) {
            const float whole = sums.total(c), slope = layer.norm_weight[c] * layer.inverse[c];
            const float by_z = (sums.total(sums.size / 2 + c) - layer.mean[c] * whole) * layer.inverse[c];
            layer.norm_bias_gradient[c] = whole;
            layer.norm_weight_gradient[c] = by_z;
            p[c] = slope;
            q[c] = float(-slope * layer.inverse[c] * by_z / count);
            r[c] = float(-slope * whole / count - q[c] * layer.mean[c]);
        }
    }
    Float16 operator()(const BFloat* dy, const BFloat* z, int c) const {
        return load(p.data() + c) * load(dy) + load(q.data() + c) * load(z) + load(r.data() + c);
    }
};

// Gradients of a pooled layer's parameters, and dy of the layer below with its sums.
template <class L>
void backward(
    int64_t n, const BFloat* dy, const Coefficients& coefficients, const Memory& below, const Memory& layer,
    BFloat* dy_below, Sums& sums_below, int threads) {
    Sums gradients(L::CHANNELS * L::WINDOW, threads);
    in_threads(threads, n, [&](int t, int64_t from, int64_t to) {
        Passed<L> passed[L::BLOCK];
        alignas(64) float a[L::BLOCK * L::TAKEN], gradient[L::TAKEN];
        for (int64_t start = from; start < to; start += L::BLOCK) {
            const int images = int(to - start < L::BLOCK ? to - start : L::BLOCK);
            for (int i = 0; i < images; ++i) {
                const int64_t given = (start + i) * L::GIVEN, taken = (start + i) * L::TAKEN;
                for (int at = 0; at < L::GIVEN; at += LANES)
                    store(passed[i].value + at, coefficients(dy + given + at, layer.z + given + at, at % L::CHANNELS));
                for (int at = 0; at < L::GIVEN; ++at)
                    passed[i].offset[at] = L::corner(at / L::CHANNELS, layer.codes[given + at]);
                memset(gradient, 0, sizeof gradient);
                add_input_gradient<L>(passed[i].value, layer.codes + given, layer.weight, gradient);
                const Normalization normalization = below.normalization();
                open_gradient(
                    gradient, below.z + taken, L::TAKEN, L::IN, normalization, dy_below + taken, sums_below.of(t));
                activate(below.z + taken, L::TAKEN, L::IN, normalization, a + i * L::TAKEN);
            }
            add_weight_gradient<L>(passed, images, a, gradients.of(t));
        }
    });
    gradients.total(layer.weight_gradient);
}

void add_first_gradient(
    const float* image, const BFloat* z, const BFloat* dy, const Coefficients& coefficients, float* gradient) {
    Float16 sums[TAPS];
    for (int t = 0; t < TAPS; ++t) sums[t] = load(gradient + t * LANES);
    for (int y = 0; y < First::SIDE; ++y)
        for (int x = 0; x < First::SIDE; ++x) {
            const int at = (y * First::SIDE + x) * LANES;
            const Float16 value = coefficients(dy + at, z + at, 0);
            const float* pixels = image + 2 * y * IMAGE + 2 * x;
#pragma GCC unroll 25
            for (int t = 0; t < TAPS; ++t) sums[t] += pixels[t / 5 * IMAGE + t % 5] * value;
        }
    for (int t = 0; t < TAPS; ++t) store(gradient + t * LANES, sums[t]);
}

void first_backward(
    int64_t n, const float* images, const BFloat* dy, const Coefficients& coefficients, const Memory& layer,
    int threads) {
    Sums gradients(TAPS * LANES, threads);
    in_threads(threads, n, [&](int t, int64_t from, int64_t to) {
        for (int64_t i = from; i < to; ++i) {
            const int64_t at = i * First::GIVEN;
            add_first_gradient(images + i * IMAGE * IMAGE, layer.z + at, dy + at, coefficients, gradients.of(t));
        }
    });
    for (int at = 0; at < TAPS * LANES; ++at)
        layer.weight_gradient[at % LANES * TAPS + at / LANES] = gradients.total(at);
}

}  // namespace

extern "C" {
int quick_usable() { return 1; }
void quick_forward(
    int64_t n, const float* images, const Memory* layers, float* features, float epsilon, float momentum, int threads) {
    first_forward(n, images, epsilon, momentum, layers[0], threads);
    forward<Second>(n, epsilon, momentum, layers[0], layers[1], threads);
    forward<Third>(n, epsilon, momentum, layers[1], layers[2], threads);
    activate(layers[2].z, int(n * Third::GIVEN), Third::CHANNELS, layers[2].normalization(), features);
}
void quick_backward(int64_t n, const float* images, const Memory* layers, const float* gradient, int threads) {
    auto memory = [=](int size) { return std::make_unique_for_overwrite<BFloat[]>(n * size); };
    const auto dy1 = memory(First::GIVEN), dy2 = memory(Second::GIVEN), dy3 = memory(Third::GIVEN);
    Sums sums1(2 * First::CHANNELS, threads), sums2(2 * Second::CHANNELS, threads), sums3(2 * Third::CHANNELS, threads);
    open_gradient(
        gradient, layers[2].z, int(n * Third::GIVEN), Third::CHANNELS, layers[2].normalization(), dy3.get(),
        sums3.of(0));
    const Coefficients third(sums3, double(n * Third::CELLS), layers[2]);
    backward<Third>(n, dy3.get(), third, layers[1], layers[2], dy2.get(), sums2, threads);
    const Coefficients second(sums2, double(n * Second::CELLS), layers[1]);
    backward<Second>(n, dy2.get(), second, layers[0], layers[1], dy1.get(), sums1, threads);
    first_backward(n, images, dy1.get(), Coefficients(sums1, double(n * First::CELLS), layers[0]), layers[0], threads);
}
}

#else
extern "C" int quick_usable() { return 0; }
#endif
