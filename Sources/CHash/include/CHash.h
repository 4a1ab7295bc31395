#ifndef CHASH_H
#define CHASH_H
#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78) of `count` bytes, continuing from `seed`
/// (0 to start). The check value of "123456789" is 0xE3069283. Never fails; `bytes` may be NULL
/// when `count` is 0.
uint32_t chash_crc32c(uint32_t seed, const uint8_t *bytes, size_t count);

#endif
