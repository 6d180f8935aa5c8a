/* SPDX-License-Identifier: Apache-2.0 */

#include "base/window.h"

#include <sys/ioctl.h>
#include <unistd.h>

bool window_size(uint16_t *columns, uint16_t *rows)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col || !size.ws_row)
		return false;
	*columns = size.ws_col;
	*rows = size.ws_row;
	return true;
}
