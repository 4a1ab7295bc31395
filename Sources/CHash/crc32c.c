// CRC-32C for frames and snapshots: the SSE4.2 instruction where the processor has it, a
// slicing-by-one table elsewhere. zlib's crc32 is another polynomial and must not be used for
// these.
#include "CHash.h"
#include <string.h>

#define POLYNOMIAL 0x82F63B78u

static uint32_t table[256];

static uint32_t by_table(uint32_t crc, const uint8_t *bytes, size_t count) {
    while (count--) crc = (crc >> 8) ^ table[(crc ^ *bytes++) & 0xff];
    return crc;
}

// The instruction takes three cycles and can begin in each: so long stretches are summed in three
// lanes at once. What a checksum becomes over a lane of zeros is linear in its bits, so a table of
// four times 256 words moves the sums of the lanes to their places.
#define LANE 256
static uint32_t over_lane[4][256];

static uint32_t past_lane(uint32_t crc) {
    return over_lane[0][crc & 0xff] ^ over_lane[1][crc >> 8 & 0xff]
        ^ over_lane[2][crc >> 16 & 0xff] ^ over_lane[3][crc >> 24];
}

// Filled before main, so that no caller ever races another to fill them.
__attribute__((constructor)) static void fill_tables(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (POLYNOMIAL & (0u - (crc & 1)));
        table[byte] = crc;
    }
    static const uint8_t zeros[LANE];
    for (int bit = 0; bit < 32; bit++) {
        uint32_t moved = by_table(1u << bit, zeros, LANE);
        uint32_t place = 1u << bit % 8;
        for (uint32_t byte = 0; byte < 256; byte++) {
            if (byte & place) over_lane[bit / 8][byte] ^= moved;
        }
    }
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2")))
static uint32_t by_instruction(uint32_t crc, const uint8_t *bytes, size_t count) {
    for (; count >= 3 * LANE; bytes += 3 * LANE, count -= 3 * LANE) {
        uint64_t first = crc, second = 0, third = 0, word;
        for (size_t place = 0; place < LANE; place += 8) {
            memcpy(&word, bytes + place, 8);
            first = _mm_crc32_u64(first, word);
            memcpy(&word, bytes + LANE + place, 8);
            second = _mm_crc32_u64(second, word);
            memcpy(&word, bytes + 2 * LANE + place, 8);
            third = _mm_crc32_u64(third, word);
        }
        uint32_t both = past_lane((uint32_t)first) ^ (uint32_t)second;
        crc = past_lane(both) ^ (uint32_t)third;
    }
    uint64_t wide = crc;
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        wide = _mm_crc32_u64(wide, word);
    }
    crc = (uint32_t)wide;
    while (count--) crc = _mm_crc32_u8(crc, *bytes++);
    return crc;
}

uint32_t chash_crc32c(uint32_t seed, const uint8_t *bytes, size_t count) {
    return ~(__builtin_cpu_supports("sse4.2") ? by_instruction(~seed, bytes, count)
                                               : by_table(~seed, bytes, count));
}
#else
uint32_t chash_crc32c(uint32_t seed, const uint8_t *bytes, size_t count) {
    return ~by_table(~seed, bytes, count);
}
#endif
