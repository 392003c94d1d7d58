// The block of convolutions.cpp on AMX, the tile registers of Intel's server CPUs.
//
// forward  pooled and codes straight from the images: one image's x and two rows of its second convolution at a time
//          stay in the cache, nothing else is written
// backward all gradients, with x made once more from the image, which is cheaper than keeping it
//
// The 32 channels of a position are a tile's row, so a 3 x 3 convolution is nine products of shifted views of x,
// without im2col. Its weight gradient is a product over positions: A is x with channels as rows, B the gradient in
// pairs of positions. Pooling's gradient is written out densely, zeros included: tiles are faster than skipping them.
// Sums are float; x, weights of the second convolution and its gradient are rounded to bfloat16, as under autocast.

#include "tiles.hpp"

#ifdef HAS_TILES
#include <vector>

namespace {

constexpr int OUT_TILES = OUT / LANES;
constexpr int STEP = 32, CHUNK = 10;  // positions of one product, and products whose operands fit into 48 KiB

// The second convolution's weights (out, ky, kx, in) as tiles B: (tap, out / 16, in / 2, 16, 2).
std::vector<BFloat> forward_tiles(const float* weight) {
    std::vector<BFloat> tiles(9 * OUT_TILES * TILE);
    for (int64_t at = 0; at < int64_t(tiles.size()); ++at) {
        const int64_t tile = at / TILE, in = at % TILE / 32 * 2 + at % 2;
        const int64_t out = tile % OUT_TILES * LANES + at / 2 % LANES;
        tiles[at] = rounded(weight[(out * 9 + tile / OUT_TILES) * MIDDLE + in]);
    }
    return tiles;
}

// The same for the gradient of x: (tap, out / 32, in / 16, out % 32 / 2, 16, 2).
std::vector<BFloat> backward_tiles(const float* weight) {
    std::vector<BFloat> tiles(9 * OUT_TILES * TILE);
    for (int64_t at = 0; at < int64_t(tiles.size()); ++at) {
        const int64_t tile = at / TILE, in = tile % BLOCKS * LANES + at / 2 % LANES;
        const int64_t out = tile / BLOCKS % 2 * 32 + at % TILE / 32 * 2 + at % 2;
        tiles[at] = rounded(weight[(out * 9 + tile / OUT_TILES) * MIDDLE + in]);
    }
    return tiles;
}

// Rows 2 p and 2 p + 1 of the second convolution, without bias: (2, width - 2, 64).
void two_rows(const Shape& s, const BFloat* x, const BFloat* tiles, int64_t p, float* rows) {
    const Cut cut{s.width - 2};
    for (int64_t t = 0; t < cut.tiles; ++t)
        for (int64_t block = 0; block < OUT_TILES; block += 2) {
            clear();
            for (int64_t tap = 0; tap < 9; ++tap) {
                const BFloat* from = x + ((2 * p + tap / 3) * s.width + cut.start(t) + tap % 3) * MIDDLE;
                const BFloat* weights = tiles + (tap * OUT_TILES + block) * TILE;
                multiply(from, from + s.width * MIDDLE, 2 * MIDDLE, weights, weights + TILE, 64);
            }
            float* to = rows + cut.start(t) * OUT + block * LANES;
            store_sums(to, to + cut.width * OUT, sizeof(float) * OUT);
        }
}

void forward_image(
    const Shape& s, const BFloat* x, const BFloat* tiles, const float* bias, const Dropout& dropout, int64_t image,
    float* two, BFloat* pooled, uint8_t* codes) {
    const int64_t columns = s.columns();
    for (int64_t p = 0; p < s.rows(); ++p) {
        two_rows(s, x, tiles, p, two);
        for (int64_t q = 0; q < columns; ++q) {
            const int64_t pixel = p * columns + q;
            const float* corner = two + 2 * q * OUT;
            auto at = [=](int k, int c) {
                return load(corner + ((k >> 1) * (s.width - 2) + (k & 1)) * OUT + c) + load(bias + c);
            };
            pool_pixel(at, dropout, image * s.rows() * columns + pixel, pooled + pixel * OUT, codes + pixel * OUT);
        }
    }
}

void forward(
    const Shape& s, const float* images, const float* taps, const float* first_bias, const float* weight,
    const float* bias, const Dropout& dropout, BFloat* pooled, uint8_t* codes, int threads) {
    const int64_t outputs = OUT * s.rows() * s.columns();
    const std::vector<BFloat> tiles = forward_tiles(weight);
    auto first = s.channels == 1 ? first_image<1, BFloat> : first_image<3, BFloat>;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int t = 0; t < threads; ++t) {
        const Zeroed<BFloat> x(s.size());
        const Zeroed<float> two(2 * (s.width - 2) * OUT);
        configure(Cut{s.width - 2}.rows);
        for (int64_t i = t * s.n / threads; i < (t + 1) * s.n / threads; ++i) {
            first(s, images + i * s.image_size(), taps, first_bias, x);
            forward_image(s, x, tiles.data(), bias, dropout, i, two, pooled + i * outputs, codes + i * outputs);
        }
        _tile_release();
    }
}

// What one thread needs for the backward pass of one image. Positions in pairs have rows of `pitch`, an even number.
struct Workspace {
    const Shape& s;
    int64_t pitch = (s.width + 1) / 2 * 2;
    int64_t steps = ceil_div((s.height - 2) * pitch, STEP);         // products over positions
    int64_t plane = steps * STEP + 2 * pitch + 2 + 2 * LANES;       // of one channel of x
    int64_t padded = s.width + 2;                                   // positions in a row of `dense`
    int64_t image_pitch = s.width + 2 + LANES;
    Zeroed<float> planes{s.channels * (s.height + 2) * image_pitch + LANES};
    Zeroed<BFloat> x{s.size()};                                     // (height, width, 32)
    Zeroed<BFloat> channels{MIDDLE * plane};                        // x as (32, height * pitch)
    Zeroed<BFloat> dense{(s.height + 3) * padded * OUT};            // gradient with a border of 2: (., ., 64)
    Zeroed<BFloat> pairs{steps * STEP * OUT};                       // gradient as (positions / 2, 64, 2)
    Zeroed<float> gradient_x{(s.height + 1) * s.width * MIDDLE};
    Zeroed<float> sums{9 * MIDDLE * OUT};                           // gradient of weights: (tap, in, out)
};

// x once more, with positions as lanes. A row's last vector reaches into the next row, which is written after it.
template <int CHANNELS>
void first_channels(const Workspace& w, const float* image, const float* taps, const float* bias) {
    constexpr int TAPS = 9 * CHANNELS, GROUP = 8;
    const Shape& s = w.s;
    const int64_t plane = (s.height + 2) * w.image_pitch;
    for (int64_t y = 0; y < s.height + 2; ++y)
        for (int64_t column = 0; column < s.width + 2; ++column)
            for (int k = 0; k < CHANNELS; ++k)
                w.planes[k * plane + y * w.image_pitch + column] = *image++;
    for (int64_t i = 0; i < MIDDLE; i += GROUP)
        for (int64_t y = 0; y < s.height; ++y)
            for (int64_t column = 0; column < s.width; column += LANES) {
                const float* corner = w.planes + y * w.image_pitch + column;
                Float16 sum[GROUP];
                for (int g = 0; g < GROUP; ++g) sum[g] = Float16{} + bias[i + g];
#pragma GCC unroll 27
                for (int t = 0; t < TAPS; ++t) {
                    const int ky = t / (3 * CHANNELS), kx = t / CHANNELS % 3;
                    const Float16 pixels = load(corner + t % CHANNELS * plane + ky * w.image_pitch + kx);
                    for (int g = 0; g < GROUP; ++g) sum[g] += pixels * taps[t * MIDDLE + i + g];
                }
                for (int g = 0; g < GROUP; ++g)
                    store(w.channels + (i + g) * w.plane + y * w.pitch + column, sum[g] <= 0 ? Float16{} : sum[g]);
            }
}

// Pooling's gradient written out for all positions, in both layouts, and summed for the bias.
void spread(const Workspace& w, const BFloat* gradient, const uint8_t* codes, float scale, float* bias) {
    const Shape& s = w.s;
    for (int64_t p = 0; p < s.rows(); ++p)
        for (int64_t q = 0; q < s.columns(); ++q)
            for (int64_t c = 0; c < OUT; c += LANES, gradient += LANES, codes += LANES) {
                const Int16 code = __builtin_convertvector(*reinterpret_cast<const Byte16*>(codes), Int16);
                const Float16 value = load(gradient) * scale;
                store(bias + c, load(bias + c) + (code == int(NOTHING) ? Float16{} : value));
                Half16 bits;
                store(reinterpret_cast<BFloat*>(&bits), value);
                const Int16 word = __builtin_convertvector(bits, Int16);
                for (int dy = 0; dy < 2; ++dy) {
                    const Int16 left = code == 2 * dy ? word : Int16{}, right = code == 2 * dy + 1 ? word : Int16{};
                    BFloat* to = w.dense + ((2 * p + dy + 2) * w.padded + 2 * q + 2) * OUT + c;
                    *reinterpret_cast<Half16*>(to) = __builtin_convertvector(left, Half16);
                    *reinterpret_cast<Half16*>(to + OUT) = __builtin_convertvector(right, Half16);
                    BFloat* pair = w.pairs + ((2 * p + dy) * w.pitch + 2 * q) * OUT + 2 * c;
                    *reinterpret_cast<Int16*>(pair) = left | right << 16;
                }
            }
}

// sums[tap][in][out] += sum over positions of x[in][position + tap] gradient[position][out], by chunks of positions
// that stay in the first-level cache for all taps.
void gradient_of_weights(const Workspace& w) {
    configure(16);
    for (int64_t begin = 0; begin < w.steps; begin += CHUNK)
        for (int64_t block = 0; block < OUT_TILES; block += 2)
            for (int64_t tap = 0; tap < 9; ++tap) {
                float* upper = w.sums + tap * MIDDLE * OUT + block * LANES;
                float* lower = upper + LANES * OUT;
                load_sums(upper, lower, sizeof(float) * OUT);
                for (int64_t k = begin; k < begin + CHUNK && k < w.steps; ++k) {
                    const BFloat* from = w.channels + k * STEP + tap / 3 * w.pitch + tap % 3;
                    const BFloat* pairs = w.pairs + k * STEP * OUT + block * 2 * LANES;
                    multiply(from, from + LANES * w.plane, 2 * w.plane, pairs, pairs + 2 * LANES, 4 * OUT);
                }
                store_sums(upper, lower, sizeof(float) * OUT);
            }
}

// gradient_x[position] = sum over taps of dense[position - tap] weight[tap]; a last odd row is computed and not used.
void gradient_of_x(const Workspace& w, const BFloat* tiles) {
    const Cut cut{w.s.width};
    configure(cut.rows);
    for (int64_t y = 0; y < w.s.height; y += 2)
        for (int64_t t = 0; t < cut.tiles; ++t) {
            clear();
            for (int64_t tap = 0; tap < 9; ++tap)
                for (int64_t half = 0; half < 2; ++half) {
                    const int64_t position = (y + 2 - tap / 3) * w.padded + cut.start(t) + 2 - tap % 3;
                    const BFloat* from = w.dense + position * OUT + half * 32;
                    const BFloat* weights = tiles + (tap * 2 + half) * BLOCKS * TILE;
                    multiply(from, from + w.padded * OUT, 2 * OUT, weights, weights + TILE, 64);
                }
            float* to = w.gradient_x + (y * w.s.width + cut.start(t)) * MIDDLE;
            store_sums(to, to + w.s.width * MIDDLE, sizeof(float) * MIDDLE);
        }
}

template <int CHANNELS>
void backward(
    const Shape& s, const float* images, const float* taps, const float* bias, const BFloat* gradient,
    const uint8_t* codes, float scale, const float* weight, float* first_weight, float* first_bias,
    float* second_weight, float* second_bias, int threads) {
    const int64_t outputs = OUT * s.rows() * s.columns();
    const std::vector<BFloat> tiles = backward_tiles(weight);
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int t = 0; t < threads; ++t) {
        const Workspace w{s};
        for (int64_t i = t * s.n / threads; i < (t + 1) * s.n / threads; ++i) {
            const float* image = images + i * s.image_size();
            first_image<CHANNELS, BFloat>(s, image, taps, bias, w.x);
            first_channels<CHANNELS>(w, image, taps, bias);
            spread(w, gradient + i * outputs, codes + i * outputs, scale, second_bias + t * OUT);
            gradient_of_weights(w);
            gradient_of_x(w, tiles.data());
            float* first = first_weight + t * 9 * CHANNELS * MIDDLE;
            first_backward<CHANNELS, BFloat>(s, image, w.x, w.gradient_x, first, first_bias + t * MIDDLE);
        }
        _tile_release();
        for (int64_t at = 0; at < WINDOW * OUT; ++at)
            second_weight[t * WINDOW * OUT + at % OUT * WINDOW + at / OUT] = w.sums[at];
    }
}

}  // namespace

extern "C" {
int amx_usable() { return tiles_permitted(); }
void forward_amx(
    int64_t n, int64_t channels, int64_t height, int64_t width, const float* images, const float* taps,
    const float* first_bias, const float* weight, const float* bias, float scale, int64_t dropped, uint64_t seed,
    BFloat* pooled, uint8_t* codes, int threads) {
    const Dropout dropout{scale, int32_t(dropped), seed};
    forward(Shape{n, channels, height, width}, images, taps, first_bias, weight, bias, dropout, pooled, codes, threads);
}
void backward_amx(
    int64_t n, int64_t channels, int64_t height, int64_t width, const float* images, const float* taps,
    const float* bias, const BFloat* gradient, const uint8_t* codes, float scale, const float* weight,
    float* first_weight, float* first_bias, float* second_weight, float* second_bias, int threads) {
    auto one = channels == 1 ? backward<1> : backward<3>;
    one(Shape{n, channels, height, width}, images, taps, bias, gradient, codes, scale, weight, first_weight, first_bias,
        second_weight, second_bias, threads);
}
}

#else
extern "C" int amx_usable() { return 0; }
#endif
