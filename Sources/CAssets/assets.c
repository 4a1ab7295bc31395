#include "CAssets.h"
void casset_placeholder(void) {}
