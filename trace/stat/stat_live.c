/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/stat/stat_live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/printable.h"
#include "base/terminal.h"
#include "trace/watch/await.h"

#define FILTER_LENGTH 64u

/* ECMA-48. */
#define CURSOR_HOME		 "\033[H"
#define ERASE_LINE		 "\033[K"
#define ERASE_BELOW		 "\033[J"
#define INVERSE			 "\033[7m"
#define NORMAL			 "\033[m"
#define KEY_BACKSPACE		 '\b'
#define KEY_DELETE		 '\x7f'
#define KEY_ESCAPE		 '\033'
#define DEFAULT_TERMINAL_ROWS	 24u
#define DEFAULT_TERMINAL_COLUMNS 80u

struct live {
	struct stat_session *session;
	bool paused, whole, help, quit;
	bool typing; /* a filter */
	char filter[FILTER_LENGTH];
	regex_t compiled;
	bool has_filter, bad_filter;
	/* What is drawn, also while it is paused: the table's lines. */
	char *table;
	size_t table_size;
};

bool stat_live_possible(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && terminal && *terminal &&
	       strcmp(terminal, "dumb") != 0 && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/* ---- drawing ---- */

static struct winsize terminal_size(void)
{
	struct winsize size = {0};

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_row || !size.ws_col)
		size = (struct winsize){.ws_row = DEFAULT_TERMINAL_ROWS,
					.ws_col = DEFAULT_TERMINAL_COLUMNS};
	return size;
}

/* How many bytes of TEXT fill COLUMNS; those that go on with a UTF-8 character take none. */
static size_t bytes_of_columns(const char *text, size_t length, unsigned int columns)
{
	unsigned int column = 0;
	size_t i = 0;

	for (; i < length; i++) {
		column += ((unsigned char)text[i] & 0xC0) != 0x80;
		if (column > columns)
			break;
	}
	return i;
}

/* What of TEXT's lines fits. A line that is too long is cut, so that each is one row. */
static void draw_lines(const char *text, unsigned int rows, unsigned int columns)
{
	for (; *text && rows; rows--) {
		size_t length = strcspn(text, "\n");

		fwrite(text, 1, bytes_of_columns(text, length, columns), stdout);
		fputs(ERASE_LINE "\n", stdout);
		text += length + (text[length] == '\n');
	}
}

static const char *order_name(enum stat_order order)
{
	static const char *const names[] = {
		[ORDER_TIME] = "time", [ORDER_COUNT] = "count", [ORDER_AVERAGE] = "avg",
		[ORDER_P99] = "p99",   [ORDER_MAX] = "max",
	};

	return names[order];
}

static void last_row(const struct live *live, char *out, size_t size)
{
	const struct stat_view *view = &live->session->view;

	if (live->typing || live->bad_filter)
		snprintf(out, size, "filter (regular expression): %s%s", live->filter,
			 live->bad_filter ? "  is not one" : "_");
	else if (live->help)
		snprintf(out, size,
			 "q quit  space pause  s sort  a interval or whole  r reset  v vCPUs apart"
			 "  p next VM  f filter");
	else
		snprintf(out, size, "by %s, %s%s%s%s   h: keys", order_name(view->order),
			 live->whole ? "since the start" : "of the last interval",
			 live->has_filter ? ", only " : "", live->has_filter ? live->filter : "",
			 live->paused ? ", PAUSED" : "");
}

static bool draw(const struct live *live)
{
	struct winsize size = terminal_size();
	char row[200], last[sizeof(row)];

	last_row(live, row, sizeof(row));
	printable(last, sizeof(last), row);
	fputs(CURSOR_HOME, stdout);
	if (live->table)
		draw_lines(live->table, size.ws_row - 1u, size.ws_col);
	fputs(ERASE_BELOW INVERSE, stdout);
	fwrite(last, 1, bytes_of_columns(last, strlen(last), size.ws_col - 1u), stdout);
	fputs(NORMAL, stdout);
	return fflush(stdout) == 0;
}

/* The table of the last look, as it is to be shown now. */
static bool make_table(struct live *live)
{
	struct stat_session *session = live->session;
	FILE *out;
	bool good;

	free(live->table);
	live->table = NULL;
	out = open_memstream(&live->table, &live->table_size);
	if (!out)
		return false;
	good = stat_session_print(session, live->whole, out);
	return fclose(out) == 0 && good;
}

/* ---- keys ---- */

static void drop_filter(struct live *live)
{
	if (live->has_filter)
		regfree(&live->compiled);
	live->has_filter = false;
	live->session->view.filter = NULL;
}

static void use_filter(struct live *live)
{
	live->typing = false;
	drop_filter(live);
	if (!live->filter[0])
		return;
	live->bad_filter =
		regcomp(&live->compiled, live->filter, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0;
	live->has_filter = !live->bad_filter;
	if (live->has_filter)
		live->session->view.filter = &live->compiled;
}

static void type(struct live *live, char key)
{
	size_t length = strlen(live->filter);

	if (key == '\n' || key == '\r') {
		use_filter(live);
	} else if (key == KEY_ESCAPE) {
		live->filter[0] = '\0';
		use_filter(live);
	} else if (key == KEY_BACKSPACE || key == KEY_DELETE) {
		if (length)
			live->filter[length - 1] = '\0';
	} else if (key >= ' ' && length + 1 < FILTER_LENGTH) {
		live->filter[length] = key;
		live->filter[length + 1] = '\0';
	}
}

/* The VM after the one that is shown; after the last one, all. */
static void next_vm(struct live *live)
{
	const struct stat_sample *now = &live->session->now;
	uint32_t *only = &live->session->view.only, next = 0;

	for (uint32_t i = 0; i < now->vcpu_count; i++) {
		uint32_t tgid = now->vcpus[i].tgid;

		if (now->vcpus[i].first && tgid > *only && (!next || tgid < next))
			next = tgid;
	}
	*only = next;
}

static void press(struct live *live, char key)
{
	struct stat_view *view = &live->session->view;

	live->bad_filter = false;
	live->help = key == 'h' || key == '?';
	switch (key) {
	case 'q': live->quit = true; break;
	case ' ': live->paused = !live->paused; break;
	case 's': view->order = view->order == ORDER_MAX ? ORDER_TIME : view->order + 1; break;
	case 'a': live->whole = !live->whole; break;
	case 'v': view->by = view->by == BY_VCPU ? BY_REASON : BY_VCPU; break;
	case 'p': next_vm(live); break;
	case 'f':
		live->typing = true;
		live->filter[0] = '\0';
		break;
	default: break;
	}
}

/* The keys that are waiting. False: the terminal is gone. */
static bool take_keys(struct live *live)
{
	char keys[64];
	ssize_t got = read(STDIN_FILENO, keys, sizeof(keys));

	if (got <= 0)
		return got < 0 && errno == EINTR;
	for (ssize_t i = 0; i < got; i++) {
		if (live->typing)
			type(live, keys[i]);
		else
			press(live, keys[i]);
		if (!live->typing && keys[i] == 'r' && !stat_session_reset(live->session))
			return false;
	}
	return make_table(live) && draw(live);
}

/* ---- the loop ---- */

static bool show(struct live *live)
{
	return live->paused ? draw(live)
			    : stat_session_look(live->session) && make_table(live) && draw(live);
}

static bool watch(struct live *live, int signals, int pidfd, uint64_t interval)
{
	uint64_t deadline = clock_now() + interval;

	if (!show(live))
		return false;
	while (!live->quit) {
		switch (await_key(signals, pidfd, live->session->collector,
				  stat_session_due(live->session, deadline))) {
		case WAKE_KEY:
			if (!take_keys(live))
				return false;
			break;
		case WAKE_TIME:
			stat_session_meet(live->session);
			if (clock_now() < deadline)
				break;
			if (!show(live))
				return false;
			deadline += interval;
			break;
		case WAKE_FAILED: return false;
		default: return true;
		}
	}
	return true;
}

bool stat_live(struct stat_session *session, int signals, int pidfd, uint64_t interval)
{
	struct live live = {.session = session};
	enum stat_order order = session->view.order;
	bool good;

	if (!terminal_keys())
		return false;
	good = watch(&live, signals, pidfd, interval);
	fputs(CURSOR_HOME ERASE_BELOW, stdout);
	terminal_restore();
	drop_filter(&live);
	free(live.table);
	session->view.only = 0;
	session->view.order = order;
	return good && stat_session_look(session);
}
