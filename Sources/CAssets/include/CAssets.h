#pragma once
void casset_placeholder(void);
