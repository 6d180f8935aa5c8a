/* SPDX-License-Identifier: Apache-2.0 */
/* A session with gdb, packet by packet, over a machine that is not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/fixtures/fake_debuggee.h"
#include "vmm/gdb/dispatch.h"

static struct fake_debuggee fake;
static struct gdb_session session;
static const struct gdb_stop at_first = {.hart = 0, .signal = GDB_SIGNAL_TRAP};

static int setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	gdb_session_begin(&session, &fake_debuggee_target, &fake, &at_first);
	return 0;
}

static void give(const char *text)
{
	static struct gdb_text packet;
	static uint8_t frame[GDB_FRAME_MOST];

	packet = (struct gdb_text){.len = 0};
	gdb_put(&packet, text, strlen(text));
	fake.sent_len = 0;
	gdb_session_heard(&session);
	gdb_session_take(&session, frame, gdb_frame(&packet, frame));
}

/* The last packet that was sent; a string for as long as none other is asked for. */
static const char *answer(void)
{
	static struct gdb_parser parser;
	static char text[GDB_PACKET_MOST + 1];

	memset(&parser, 0, sizeof(parser));
	text[0] = '\0';
	for (size_t i = 0; i < fake.sent_len; i++)
		if (gdb_parse(&parser, fake.sent[i]) == GDB_PACKET)
			memcpy(text, parser.text, parser.len + 1);
	return text;
}

static const char *ask(const char *text)
{
	give(text);
	return answer();
}

static void stop_at(unsigned int hart, bool breakpoint)
{
	const struct gdb_stop stop = {hart, GDB_SIGNAL_TRAP, breakpoint};

	fake.running = false;
	fake.sent_len = 0;
	gdb_session_stopped(&session, &stop, NULL);
}

/* gdb has waited for two seconds, and sends again what is not answered yet. */
static void a_copy_of_a_packet_is_not_answered(void **state)
{
	(void)state;
	fake.sent_len = 0;
	gdb_session_heard(&session);
	gdb_session_take(&session, "$qC#b4$qC#b4", 12);
	gdb_session_take(&session, "$?#3f", 5);
	assert_memory_equal(fake.sent, "+$QC1#c5++$T05", 14);
	/* Asked again once it was answered. */
	assert_string_equal(ask("qC"), "QC1");
	assert_string_equal(ask("qC"), "QC1");
	/* That harts run is answered by their stop. */
	fake.sent_len = 0;
	gdb_session_heard(&session);
	gdb_session_take(&session, "$c#63$c#63-", 11);
	assert_memory_equal(fake.sent, "++", 2);
	assert_int_equal(fake.sent_len, 2);
	stop_at(1, true);
	fake.sent_len = 0;
	gdb_session_heard(&session);
	gdb_session_take(&session, "$QStartNoAckMode#b0$QStartNoAckMode#b0", 38);
	assert_memory_equal(fake.sent, "+$OK#9a", 7);
	assert_int_equal(fake.sent_len, 7);
	fake.sent_len = 0;
	gdb_session_heard(&session);
	gdb_session_take(&session, "$qC#b4$qC#b4", 12);
	assert_memory_equal(fake.sent, "$QC2#c6$QC2#c6", 14);
}

/* The same, once the packet itself has come. */
static void a_nak_before_the_reply_asks_for_no_second_one(void **state)
{
	(void)state;
	fake.sent_len = 0;
	gdb_session_heard(&session);
	gdb_session_take(&session, "$qC#b4", 6);
	gdb_session_take(&session, "--", 2);
	assert_memory_equal(fake.sent, "+$QC1#c5", 8);
	assert_int_equal(fake.sent_len, 8);
	gdb_session_heard(&session);
	gdb_session_take(&session, "-", 1);
	assert_int_equal(fake.sent_len, 15);
}

static void packets_are_acknowledged_until_that_is_switched_off(void **state)
{
	(void)state;
	assert_string_equal(ask("qC"), "QC1");
	assert_int_equal(fake.sent[0], '+');
	fake.sent_len = 0;
	gdb_session_heard(&session);
	gdb_session_take(&session, "-", 1);
	assert_string_equal(answer(), "QC1");
	fake.sent_len = 0;
	gdb_session_take(&session, "$qC#00", 6);
	assert_int_equal(fake.sent_len, 1);
	assert_int_equal(fake.sent[0], '-');
	assert_string_equal(ask("QStartNoAckMode"), "OK");
	assert_int_equal(fake.sent[0], '+');
	assert_string_equal(ask("qC"), "QC1");
	assert_int_equal(fake.sent[0], '$');
}

static void what_is_not_known_gets_an_empty_answer(void **state)
{
	static const char *const unknown[] = {"vMustReplyEmpty",
					      "qTStatus",
					      "vFile:open:",
					      "!",
					      "R00",
					      "qCRC:0,1",
					      "Z9,80000000,2",
					      "",
					      "x0,4",
					      "QNonStop:1",
					      "qXfer:auxv:read::0,100"};

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		give(unknown[i]);
		assert_int_equal(fake.sent_len, 5);
		assert_memory_equal(fake.sent, "+$#00", 5);
	}
}

static void registers_are_read_and_written(void **state)
{
	const size_t pc = (size_t)(register_find("pc") - register_at(0));
	const size_t satp = (size_t)(register_find("satp") - register_at(0));
	const uint64_t value = 0x8000000000080200ull;
	char all[1 + 33 * 16 + 1];

	(void)state;
	memcpy(fake.registers[0][pc], "\x10\x20\x00\x80\x00\x00\x00\x00", 8);
	assert_int_equal(strlen(ask("g")), 33 * 16);
	assert_string_equal(answer() + 32 * 16, "1020008000000000");
	assert_string_equal(ask("p20"), "1020008000000000");
	assert_string_equal(ask("P1c1=0002080000000080"), "OK"); /* 65 + 0x180 */
	assert_memory_equal(fake.registers[0][satp], &value, 8);
	assert_string_equal(ask("p1c1"), "0002080000000080");
	/* Of another hart. */
	assert_string_equal(ask("Hg2"), "OK");
	assert_string_equal(ask("p20"), "0000000000000000");
	memset(all, '1', sizeof(all));
	all[0] = 'G';
	all[sizeof(all) - 1] = '\0';
	assert_string_equal(ask(all), "OK");
	assert_string_equal(ask("p20"), "1111111111111111");
	assert_string_equal(ask("p0"), "0000000000000000");
	/* No such register, none on this machine, none that can be written. */
	assert_string_equal(ask("p1043"), "E01");
	assert_string_equal(ask("pffffffffffffffff"), "E01");
	assert_string_equal(ask("P0=0000000000000000"), "E01");
	assert_string_equal(ask("P20=00"), "E01");
	assert_string_equal(ask("p"), "E01");
}

static void memory_is_read_and_written(void **state)
{
	(void)state;
	assert_string_equal(ask("M80000010,3:0a0b0c"), "OK");
	assert_string_equal(ask("m80000010,4"), "0a0b0c00");
	assert_string_equal(ask("X80000010,3:xyz"), "OK");
	assert_string_equal(ask("m80000010,3"), "78797a");
	assert_string_equal(ask("X80000010,0:"), "OK");
	/* As far as there is memory. */
	assert_string_equal(ask("m80000ffe,10"), "0000");
	assert_string_equal(ask("m0,4"), "E01");
	assert_string_equal(ask("M80000fff,2:0000"), "E01");
	assert_string_equal(ask("M80000000,4:00"), "E01");
	assert_string_equal(ask("X80000000,4:xyz"), "E01");
	assert_string_equal(ask("mffffffffffffffff,ffffffffffffffff"), "E01");
	assert_string_equal(ask("m80000000"), "E01");
	assert_int_equal(strlen(ask("m80000000,ffffffff")), 4096);
}

static void breakpoints_go_in_and_out(void **state)
{
	(void)state;
	assert_string_equal(ask("Z0,80000020,2"), "OK");
	assert_string_equal(ask("Z1,80000040,4"), "OK");
	assert_int_equal(fake.breakpoint_count, 2);
	assert_string_equal(ask("z0,80000020,2"), "OK");
	assert_int_equal(fake.breakpoint_count, 1);
	assert_string_equal(ask("z0,80000020,2"), "E.there is none");
	for (unsigned int type = 2; type <= 4; type++) {
		char packet[] = "Z0,80000020,8";

		packet[1] = (char)('0' + type);
		assert_non_null(strstr(ask(packet), "no watchpoints"));
		assert_int_equal(fake.notes, type - 1);
	}
	assert_int_equal(fake.breakpoint_count, 1);
}

static void harts_run_as_they_are_told(void **state)
{
	(void)state;
	assert_string_equal(ask("vCont?"), "vCont;c;C;s;S;r");
	assert_string_equal(ask("vCont;s:2;c"), "");
	assert_true(fake.running);
	assert_int_equal(fake.actions[0].kind, GDB_CONTINUE);
	assert_int_equal(fake.actions[1].kind, GDB_STEP);
	assert_int_equal(fake.actions[2].kind, GDB_CONTINUE);
	stop_at(1, false);
	assert_string_equal(answer(), "T05thread:2;20:0000000000000000;02:0000000000000000;"
				      "08:0000000000000000;");
	/* One alone. */
	give("vCont;c:3");
	assert_int_equal(fake.actions[0].kind, GDB_STAY);
	assert_int_equal(fake.actions[1].kind, GDB_STAY);
	assert_int_equal(fake.actions[2].kind, GDB_CONTINUE);
	stop_at(2, true);
	give("vCont;r80000000,80000010:1;C05:-1");
	assert_int_equal(fake.actions[0].kind, GDB_STEP);
	assert_int_equal(fake.actions[0].start, 0x80000000);
	assert_int_equal(fake.actions[0].end, 0x80000010);
	assert_int_equal(fake.actions[2].kind, GDB_CONTINUE);
	stop_at(0, false);
	assert_string_equal(ask("vCont"), "E.no such action, or no such hart");
	assert_string_equal(ask("vCont;x"), "E.no such action, or no such hart");
	assert_string_equal(ask("vCont;c:9"), "E.no such action, or no such hart");
	assert_string_equal(ask("vCont;"), "E.no such action, or no such hart");
	assert_false(fake.running);
}

static void the_packets_of_old_let_harts_run_too(void **state)
{
	(void)state;
	assert_string_equal(ask("Hc2"), "OK");
	give("s80000100");
	assert_int_equal(fake.actions[1].kind, GDB_STEP);
	assert_int_equal(fake.actions[0].kind, GDB_CONTINUE);
	stop_at(1, false);
	assert_string_equal(ask("p20"), "0001008000000000");
	give("C05;80000200");
	assert_int_equal(fake.actions[1].kind, GDB_CONTINUE);
	stop_at(0, false);
	assert_string_equal(ask("?") + 3, answer() + 3);
	assert_memory_equal(answer(), "T05thread:1;", 12);
	assert_string_equal(ask("cx"), "E01");
}

static void a_breakpoint_is_called_so_for_those_who_know_the_word(void **state)
{
	(void)state;
	assert_non_null(strstr(ask("qSupported:multiprocess+;swbreak+;xmlRegisters=i386"),
			       "PacketSize=1000;"));
	give("c");
	stop_at(2, true);
	assert_memory_equal(answer(), "T05thread:3;swbreak:;", 21);
	ask("qSupported:noswbreak+");
	assert_null(strstr(ask("?"), "swbreak"));
}

static void only_what_may_is_done_while_harts_run(void **state)
{
	(void)state;
	give("c");
	assert_string_equal(ask("g"), "E.the guest runs: stop it first");
	assert_string_equal(ask("c"), "E.the guest runs: stop it first");
	assert_string_equal(ask("qC"), "QC1");
	assert_int_equal(fake.interrupts, 0);
	gdb_session_take(&session, "\x03", 1);
	assert_int_equal(fake.interrupts, 1);
	stop_at(0, false);
	/* A Ctrl-C that comes too late is for nothing. */
	gdb_session_take(&session, "\x03", 1);
	assert_int_equal(fake.interrupts, 1);
}

static void between_two_lives_there_is_nothing_to_read(void **state)
{
	(void)state;
	fake.gone = true;
	assert_string_equal(ask("g"), "E.there is no machine now");
	assert_non_null(strstr(ask("qXfer:threads:read::0,1000"), "name=\"hart 2\"></thread>"));
	assert_string_equal(ask("c80000000"), "E01");
	give("c");
	stop_at(1, false);
	assert_string_equal(answer(), "T05thread:2;");
}

static void threads_are_harts(void **state)
{
	(void)state;
	assert_string_equal(ask("qfThreadInfo"), "m1,2,3");
	assert_string_equal(ask("qsThreadInfo"), "l");
	assert_string_equal(ask("T3"), "OK");
	assert_string_equal(ask("T4"), "E01");
	assert_string_equal(ask("Hg0"), "OK");
	assert_string_equal(ask("Hg4"), "E01");
	assert_string_equal(ask("Hx1"), "E01");
	assert_string_equal(ask("H"), "E01");
	assert_string_equal(ask("qThreadExtraInfo,2"), "68616c746564"); /* halted */
	assert_non_null(strstr(ask("qXfer:threads:read::0,1000"),
			       "<thread id=\"3\" name=\"hart 2\">halted</thread>"));
}

/* As gdb reads it: piece by piece. */
static char *read_target_xml(size_t piece)
{
	char *whole = calloc(1, 65536), packet[64];
	size_t len = 0;

	assert_non_null(whole);
	do {
		snprintf(packet, sizeof(packet), "qXfer:features:read:target.xml:%zx,%zx", len,
			 piece);
		strcat(whole, ask(packet) + 1);
		assert_true(strlen(whole) > len);
		len = strlen(whole);
	} while (answer()[0] == 'm');
	assert_int_equal(answer()[0], 'l');
	return whole;
}

static void the_description_has_what_the_machine_has(void **state)
{
	char *plain = read_target_xml(100), *vectors;

	(void)state;
	assert_non_null(strstr(plain, "<feature name=\"org.gnu.gdb.riscv.cpu\">"));
	assert_non_null(
		strstr(plain, "<reg name=\"pc\" bitsize=\"64\" type=\"code_ptr\" regnum=\"32\"/>"));
	assert_non_null(
		strstr(plain, "<reg name=\"satp\" bitsize=\"64\" type=\"int\" regnum=\"449\"/>"));
	assert_non_null(
		strstr(plain, "<reg name=\"fcsr\" bitsize=\"32\" type=\"int\" regnum=\"68\"/>"));
	assert_non_null(
		strstr(plain, "<reg name=\"priv\" bitsize=\"64\" type=\"int\" regnum=\"4161\"/>"));
	assert_null(strstr(plain, "vector"));
	fake.vectors = true;
	vectors = read_target_xml(0xffff);
	assert_non_null(strstr(
		vectors,
		"<reg name=\"v31\" bitsize=\"128\" type=\"riscv_vector\" regnum=\"4193\"/>"));
	assert_non_null(strstr(vectors, "<vector id=\"longs\" type=\"uint64\" count=\"2\"/>"));
	assert_string_equal(ask("qXfer:features:read:target.xml:ffffff,10"), "l");
	assert_string_equal(ask("qXfer:features:read:target.xml:"), "E01");
	free(plain);
	free(vectors);
}

static void each_register_has_a_number_of_its_own(void **state)
{
	const struct hart_register *which;

	(void)state;
	for (size_t i = 0; (which = register_at(i)) != NULL; i++)
		assert_ptr_equal(gdb_register_numbered(gdb_number_of(which)), which);
	assert_null(gdb_register_numbered(4194));
	assert_null(gdb_register_numbered(66));
}

static void the_monitor_answers_in_pieces(void **state)
{
	(void)state;
	assert_string_equal(ask("qRcmd,68656c70"), "OK"); /* help */
	assert_string_equal(fake.command, "help");
	assert_memory_equal(fake.sent + 1, "$O", 2);
	assert_string_equal(ask("qRcmd,"), "OK");
	assert_string_equal(fake.command, "");
	assert_string_equal(ask("qRcmd,6"), "E01");
	assert_string_equal(ask("qRcmd,zz"), "E01");
}

static void the_kernel_is_where_the_machine_says(void **state)
{
	(void)state;
	assert_string_equal(ask("qOffsets"), "TextSeg=ffffffff80000000");
	fake.no_kernel = true;
	assert_string_equal(ask("qOffsets"), "");
}

static void gdb_leaves(void **state)
{
	(void)state;
	ask("Z0,80000020,2");
	assert_string_equal(ask("D"), "OK");
	assert_true(session.over && fake.detached);
	assert_int_equal(fake.breakpoint_count, 0);
	/* Nothing is taken any more. */
	fake.sent_len = 0;
	gdb_session_take(&session, "$g#67", 5);
	assert_int_equal(fake.sent_len, 0);
}

static void gdb_kills(void **state)
{
	(void)state;
	assert_string_equal(ask("vKill;1"), "OK");
	assert_true(session.over && fake.killed);
}

static void the_end_is_told_to_who_waits(void **state)
{
	const struct gdb_stop stop = {1, GDB_SIGNAL_TRAP, false};

	(void)state;
	give("c");
	fake.running = false;
	fake.sent_len = 0;
	gdb_session_stopped(&session, &stop, "the guest has reset\n");
	assert_memory_equal(fake.sent, "$O746865206775", 14);
	assert_memory_equal(answer(), "T05thread:2;", 12);
	give("c");
	fake.sent_len = 0;
	gdb_session_ended(&session, 0x103);
	assert_string_equal(answer(), "W03");
	assert_true(session.over);
}

static void a_packet_that_is_too_long_is_refused(void **state)
{
	(void)state;
	fake.sent_len = 0;
	gdb_session_take(&session, "$", 1);
	for (unsigned int i = 0; i < 2 * GDB_PACKET_MOST; i++)
		gdb_session_take(&session, "a", 1);
	gdb_session_take(&session, "#00", 3);
	assert_string_equal(answer(), "E.the packet is longer than PacketSize");
	assert_string_equal(ask("qC"), "QC1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_copy_of_a_packet_is_not_answered, setup),
		cmocka_unit_test_setup(a_nak_before_the_reply_asks_for_no_second_one, setup),
		cmocka_unit_test_setup(packets_are_acknowledged_until_that_is_switched_off, setup),
		cmocka_unit_test_setup(what_is_not_known_gets_an_empty_answer, setup),
		cmocka_unit_test_setup(registers_are_read_and_written, setup),
		cmocka_unit_test_setup(memory_is_read_and_written, setup),
		cmocka_unit_test_setup(breakpoints_go_in_and_out, setup),
		cmocka_unit_test_setup(harts_run_as_they_are_told, setup),
		cmocka_unit_test_setup(the_packets_of_old_let_harts_run_too, setup),
		cmocka_unit_test_setup(a_breakpoint_is_called_so_for_those_who_know_the_word,
				       setup),
		cmocka_unit_test_setup(only_what_may_is_done_while_harts_run, setup),
		cmocka_unit_test_setup(between_two_lives_there_is_nothing_to_read, setup),
		cmocka_unit_test_setup(threads_are_harts, setup),
		cmocka_unit_test_setup(the_description_has_what_the_machine_has, setup),
		cmocka_unit_test(each_register_has_a_number_of_its_own),
		cmocka_unit_test_setup(the_monitor_answers_in_pieces, setup),
		cmocka_unit_test_setup(the_kernel_is_where_the_machine_says, setup),
		cmocka_unit_test_setup(gdb_leaves, setup),
		cmocka_unit_test_setup(gdb_kills, setup),
		cmocka_unit_test_setup(the_end_is_told_to_who_waits, setup),
		cmocka_unit_test_setup(a_packet_that_is_too_long_is_refused, setup),
	};

	return cmocka_run_group_tests_name("gdb_session", tests, NULL, NULL);
}
