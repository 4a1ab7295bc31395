#ifndef CASSETS_H
#define CASSETS_H
#include <stddef.h>

/// Files of config/ as they were when the program was built. The bytes are not terminated by a
/// zero.
extern const unsigned char casset_integrations_yaml[];
extern const size_t casset_integrations_yaml_length;
extern const unsigned char casset_countersign_yaml[];
extern const size_t casset_countersign_yaml_length;


/// An array of unknown size has no type in Swift; its address has.
static inline const unsigned char *_Nonnull casset_integrations_yaml_start(void) {
  return casset_integrations_yaml;
}
static inline const unsigned char *_Nonnull casset_countersign_yaml_start(void) {
  return casset_countersign_yaml;
}

#endif
