/* SPDX-License-Identifier: Apache-2.0 */
/* What `vhart ctl help` says, where there is no KVM: the table of verbs without their functions. */
#include "vmm/control/verbs_help.h"

int main(int argc, char **argv)
{
	return verbs_help(argc > 1 ? argv[1] : NULL) ? 0 : 1;
}
