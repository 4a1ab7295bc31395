#include "CAssets.h"

// #embed is C23; clang takes it as an extension in every mode.
#pragma clang diagnostic ignored "-Wc23-extensions"

const unsigned char casset_integrations_yaml[] = {
#embed "../../config/integrations.yaml"
};
const size_t casset_integrations_yaml_length = sizeof casset_integrations_yaml;

const unsigned char casset_countersign_yaml[] = {
#embed "../../config/countersign.yaml"
};
const size_t casset_countersign_yaml_length = sizeof casset_countersign_yaml;
