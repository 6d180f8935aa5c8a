/* SPDX-License-Identifier: Apache-2.0 */
/* For code that is compiled into guests, and natively with a C library. */
#include "vhart-guest/memory.h"
