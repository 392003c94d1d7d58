// Tile registers for products of bfloat16 (AMX), where the compiler's target has them, and what goes with them.
//
// A tile has up to 16 rows of 64 bytes. C += A B takes A (m, k) row by row and B (k, n) in pairs of k: (k / 2, n, 2).
// Here always four tiles of sums at once, so that every loaded tile serves two products.

#pragma once

#include "convolutions.hpp"

#if defined(__AMX_BF16__) && defined(__AVX512BF16__) && defined(__linux__)
#define HAS_TILES
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>

namespace {

constexpr int TILE = 512;  // bfloat16 numbers of a full tile

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline BFloat rounded(float value) {
    BFloat lanes[LANES];
    store(lanes, Float16{} + value);
    return lanes[0];
}

// Tiles 0 to 3 are sums, 4 and 5 rows of A, 6 and 7 of B; A and the sums have `rows` rows.
inline void configure(int64_t rows) {
    alignas(64) struct {
        uint8_t palette = 1, start = 0, reserved[14] = {};
        uint16_t bytes[16] = {};
        uint8_t rows[16] = {};
    } shape;
    for (int tile = 0; tile < 8; ++tile) {
        shape.bytes[tile] = 64;
        shape.rows[tile] = uint8_t(tile < 6 ? rows : 16);
    }
    _tile_loadconfig(&shape);
}

inline void clear() {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
}

// (C0 C1; C2 C3) += (A0; A1) (B0 B1); strides in bytes.
inline __attribute__((always_inline)) void multiply(
    const BFloat* a0, const BFloat* a1, int64_t a_stride, const BFloat* b0, const BFloat* b1, int64_t b_stride) {
    _tile_loadd(4, a0, a_stride);
    _tile_loadd(6, b0, b_stride);
    _tile_loadd(7, b1, b_stride);
    _tile_loadd(5, a1, a_stride);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
}

inline void load_sums(const float* upper, const float* lower, int64_t stride) {
    _tile_loadd(0, upper, stride);
    _tile_loadd(1, upper + LANES, stride);
    _tile_loadd(2, lower, stride);
    _tile_loadd(3, lower + LANES, stride);
}

inline void store_sums(float* upper, float* lower, int64_t stride) {
    _tile_stored(0, upper, stride);
    _tile_stored(1, upper + LANES, stride);
    _tile_stored(2, lower, stride);
    _tile_stored(3, lower + LANES, stride);
}

// A row of `width` positions as tiles of equal height; the last one overlaps its neighbor where they do not fit.
struct Cut {
    int64_t width, tiles = ceil_div(width, 16), rows = ceil_div(width, tiles);
    int64_t start(int64_t tile) const { return tile * rows < width - rows ? tile * rows : width - rows; }
};

template <class T>
struct Zeroed {  // aligned memory of one thread
    std::unique_ptr<T, decltype(&free)> memory;
    explicit Zeroed(int64_t size)
        : memory(static_cast<T*>(aligned_alloc(64, ceil_div(size * sizeof(T), 64) * 64)), &free) {
        memset(static_cast<void*>(memory.get()), 0, size * sizeof(T));
    }
    operator T*() const { return memory.get(); }
};

// Whether the system lets this process use the tile registers (Linux asks for a request first).
inline bool tiles_permitted() {
    constexpr int REQUEST_PERMISSION = 0x1023, TILE_DATA = 18;
    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

}  // namespace
#endif
