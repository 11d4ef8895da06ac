/* keccak: see base/keccak.h; quote/ needs it too (MRCONFIGID version 2). */
#ifndef BOOTGATE_POLICY_ETH_KECCAK_H
#define BOOTGATE_POLICY_ETH_KECCAK_H

#include "base/keccak.h"

#endif
