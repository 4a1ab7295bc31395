/* libFuzzer as a library (llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library"). */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv,
                        int (*testOneInput)(const uint8_t *start, size_t count));
