// One layer of network "quick", forward and backward, for an image or a block of them (see quick_layers.cpp).

#pragma once

#include "convolutions.hpp"

namespace {

constexpr int GROUP = 3 * LANES;  // channels whose sums are in registers together

// A 3 x 3 convolution of (side, side, in) and max-pooling: a cell has pool x pool places, of which one passes.
template <int SIDE_, int IN_, int CHANNELS_, int POOL_, int BLOCK_>
struct Layer {
    static constexpr int SIDE = SIDE_, IN = IN_, CHANNELS = CHANNELS_, POOL = POOL_;
    static constexpr int BLOCK = BLOCK_;  // images whose inputs fit into the first-level cache
    static constexpr int COLUMNS = (SIDE - 2) / POOL, CELLS = COLUMNS * COLUMNS, PLACES = POOL * POOL;
    static constexpr int ROW = 3 * IN, WINDOW = 3 * ROW, TAKEN = SIDE * SIDE * IN, GIVEN = CELLS * CHANNELS;
    static constexpr int ROW_VECTORS = ROW / LANES, VECTORS = WINDOW / LANES;

    // Where in the input the window of a place of a cell begins, and a vector within the window.
    static constexpr int corner(int cell, int place) {
        return ((cell / COLUMNS * POOL + place / POOL) * SIDE + cell % COLUMNS * POOL + place % POOL) * IN;
    }
    static constexpr int vector(int v) { return v / ROW_VECTORS * SIDE * IN + v % ROW_VECTORS * LANES; }
};

// Batch normalization of a layer, y = scale z + shift: mean, 1 / deviation, weight and bias, each of a channel.
struct Normalization {
    const float *mean, *inverse, *weight, *bias;
    Float16 scale(int c) const { return load(weight + c) * load(inverse + c); }
    Float16 shift(int c) const { return load(bias + c) - load(mean + c) * scale(c); }
};

template <class T>
void activate(const BFloat* z, int size, int channels, const Normalization& normalization, T* a) {
    for (int c = 0; c < channels; c += LANES) {
        const Float16 scale = normalization.scale(c), shift = normalization.shift(c);
        for (int at = c; at < size; at += channels) {
            const Float16 value = load(z + at) * scale + shift;
            store(a + at, value <= 0 ? Float16{} : value);
        }
    }
}

// sums (2, channels) += the sums of the pairs that `terms` makes of what is at an index of a channel.
template <class Terms>
void add_up(int size, int channels, float* sums, Terms terms) {
    for (int c = 0; c < channels; c += LANES) {
        Float16 first = load(sums + c), second = load(sums + channels + c);
        for (int at = c; at < size; at += channels) {
            const auto [one, other] = terms(at, c);
            first += one;
            second += other;
        }
        store(sums + c, first);
        store(sums + channels + c, second);
    }
}
struct Terms { Float16 first, second; };

void add_moments(const BFloat* z, int size, int channels, float* sums) {
    add_up(size, channels, sums, [=](int at, int) {
        const Float16 value = load(z + at);
        return Terms{value, value * value};
    });
}

// dy = the gradient where ReLU let the value pass, with the sums of dy and of dy z.
void open_gradient(
    const float* gradient, const BFloat* z, int size, int channels, const Normalization& n, BFloat* dy, float* sums) {
    add_up(size, channels, sums, [=](int at, int c) {
        const Float16 value = load(z + at);
        const Float16 open = value * n.scale(c) + n.shift(c) <= 0 ? Float16{} : load(gradient + at);
        store(dy + at, open);
        return Terms{open, open * value};
    });
}

// Weights (out, ky, kx, in) as the forward pass reads them, sixteen of the outputs: (group, window / 2, out, 2).
template <class L>
void pack(const float* weight, int64_t sixteen, BFloat* pairs) {
    pairs += sixteen / 3 * GROUP * L::WINDOW + sixteen % 3 * 2 * LANES;
    weight += sixteen * LANES * L::WINDOW;
    for (int k = 0; k < L::WINDOW; k += LANES) {
        BFloat tile[LANES][LANES];
        for (int c = 0; c < LANES; ++c) store(tile[c], load(weight + c * L::WINDOW + k));
        for (int j = 0; j < LANES; ++j)
            for (int c = 0; c < LANES; ++c) pairs[(k + j) / 2 * 2 * GROUP + 2 * c + j % 2] = tile[c][j];
    }
}

// sum += the pair of numbers times the pair of each lane.
inline Float16 add_products(Float16 sum, uint32_t pair, const BFloat* weights) {
    const auto all = reinterpret_cast<__m512bh>(Word16{} + pair);
    const auto lanes = reinterpret_cast<__m512bh>(*reinterpret_cast<const Word16*>(weights));
    return reinterpret_cast<Float16>(_mm512_dpbf16_ps(reinterpret_cast<__m512>(sum), all, lanes));
}

template <class L>
void convolve_and_pool(const BFloat* a, const BFloat* weight, BFloat* z, uint8_t* codes) {
    for (int c = 0; c < L::CHANNELS; c += GROUP, weight += GROUP * L::WINDOW)
        for (int cell = 0; cell < L::CELLS; ++cell) {
            Float16 sums[L::PLACES][3] = {};
            for (int ky = 0; ky < 3; ++ky)
                for (int k = 0; k < L::ROW; k += 2) {
                    const BFloat* inputs = a + L::corner(cell, 0) + ky * L::SIDE * L::IN + k;
                    const BFloat* lanes = weight + (ky * L::ROW + k) * GROUP;
#pragma GCC unroll 9
                    for (int place = 0; place < L::PLACES; ++place) {
                        uint32_t pair;
                        memcpy(&pair, inputs + L::corner(0, place), sizeof pair);
#pragma GCC unroll 3
                        for (int v = 0; v < 3; ++v)
                            sums[place][v] = add_products(sums[place][v], pair, lanes + v * 2 * LANES);
                    }
                }
            for (int v = 0; v < 3; ++v) {
                Float16 top = sums[0][v];
                Int16 where = {};
                for (int place = 1; place < L::PLACES; ++place) {
                    const Float16 value = sums[place][v];
                    const Int16 larger = (value > top) | (value != value);  // NaN wins, as in torch
                    top = larger ? value : top;
                    where = larger ? Int16{} + place : where;
                }
                const int at = cell * L::CHANNELS + c + v * LANES;
                store(z + at, top);
                *reinterpret_cast<Byte16*>(codes + at) = __builtin_convertvector(where, Byte16);
            }
        }
}

// The gradients of one image that pooling lets through, and where in the input their windows begin.
template <class L>
struct Passed {
    float value[L::GIVEN];
    int32_t offset[L::GIVEN];
};

// Add the gradient of the weights (out, ky, kx, in) for some images with inputs a.
template <class L>
void add_weight_gradient(const Passed<L>* passed, int images, const float* a, float* gradient) {
    for (int c = 0; c < L::CHANNELS; ++c, gradient += L::WINDOW) {
        Float16 window[L::VECTORS];
        for (int v = 0; v < L::VECTORS; ++v) window[v] = load(gradient + v * LANES);
        for (int i = 0; i < images; ++i)
            for (int at = c; at < L::GIVEN; at += L::CHANNELS) {
                const float* from = a + i * L::TAKEN + passed[i].offset[at];
                const float value = passed[i].value[at];
#pragma GCC unroll 27
                for (int v = 0; v < L::VECTORS; ++v) window[v] += value * load(from + L::vector(v));
            }
        for (int v = 0; v < L::VECTORS; ++v) store(gradient + v * LANES, window[v]);
    }
}

// Add the gradient of one image's inputs: of the channels whose maximum lay at the same place in one go.
template <class L>
void add_input_gradient(const float* values, const uint8_t* codes, const float* weight, float* gradient) {
    constexpr __mmask64 ALL = (1ull << GROUP) - 1;
    for (int at = 0; at < L::GIVEN; at += GROUP)
        for (int place = 0; place < L::PLACES; ++place) {
            float* to = gradient + L::corner(at / L::CHANNELS, place);
            const float* taps = weight + at % L::CHANNELS * L::WINDOW;
            auto open = _mm512_mask_cmpeq_epi8_mask(
                ALL, _mm512_maskz_loadu_epi8(ALL, codes + at), _mm512_set1_epi8(char(place)));
            Float16 window[L::VECTORS];
            for (int v = 0; v < L::VECTORS; ++v) window[v] = load(to + L::vector(v));
            for (; open; open &= open - 1) {
                const int c = __builtin_ctzll(open);
                const float* own = taps + c * L::WINDOW;
                const float value = values[at + c];
#pragma GCC unroll 27
                for (int v = 0; v < L::VECTORS; ++v) window[v] += value * load(own + v * LANES);
            }
            for (int v = 0; v < L::VECTORS; ++v) store(to + L::vector(v), window[v]);
        }
}

}  // namespace
