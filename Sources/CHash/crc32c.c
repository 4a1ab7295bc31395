// CRC-32C for frames and snapshots: the SSE4.2 instruction where the processor has it, a
// slicing-by-one table elsewhere. zlib's crc32 is another polynomial and must not be used for
// these.
#include "CHash.h"
#include <string.h>

#define POLYNOMIAL 0x82F63B78u

static uint32_t table[256];

// Filled before main, so that no caller ever races another to fill it.
__attribute__((constructor)) static void fill_table(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (POLYNOMIAL & (0u - (crc & 1)));
        table[byte] = crc;
    }
}

static uint32_t by_table(uint32_t crc, const uint8_t *bytes, size_t count) {
    while (count--) crc = (crc >> 8) ^ table[(crc ^ *bytes++) & 0xff];
    return crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2")))
static uint32_t by_instruction(uint32_t crc, const uint8_t *bytes, size_t count) {
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
