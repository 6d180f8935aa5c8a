/* SPDX-License-Identifier: Apache-2.0 */
/* What the options of disks, shares, network cards and sockets take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/unit/fixtures/run_line.h"
#include "vmm/config.h"

static void disks_are_checked(void **state)
{
	char many[1024] = "--kernel k";
	struct config config;

	(void)state;
	assert_accepted("--kernel k --disk d,serial=12345678901234567890", &config);
	assert_refused("--kernel k --disk d,serial=123456789012345678901", "20", NULL);
	assert_refused("--kernel k --disk d,serial=", "--disk d,serial=", NULL);
	assert_refused("--kernel k --disk d,readonly", "--disk d,readonly", "comma", NULL);
	assert_refused("--kernel k --disk d,ro,ro", "--disk d,ro,ro", NULL);
	assert_refused("--kernel k --disk d,raw,raw", "--disk d,raw,raw", NULL);
	assert_accepted("--kernel k --disk d,format=raw,share-rw=off", &config);
	assert_true(config.disks[0].raw);
	assert_false(config.disks[0].share_rw);
	assert_refused("--kernel k --disk d,raw,format=raw", "--disk d,raw,format=raw", NULL);
	assert_refused("--kernel k --disk d,format=", "format=raw", NULL);
	assert_refused("--kernel k --disk d,format=qcow3", "format=raw, qcow2", NULL);
	assert_refused("--kernel k --disk d,format=qcow2,raw", "--disk d,format=qcow2,raw", NULL);
	assert_refused("--kernel k --disk d,share-rw", "--disk d,share-rw", NULL);
	assert_refused("--kernel k --disk d,share-rw=yes", "share-rw=on", "off", NULL);
	assert_refused("--kernel k --disk ,ro", "--disk ,ro", NULL);
	assert_refused("--kernel k --disk d,", "--disk d,", NULL);
	for (int i = 0; i < CONFIG_MAX_DISKS; i++)
		strcat(many, " --disk d");
	assert_accepted(many, &config);
	assert_int_equal(config.disk_count, CONFIG_MAX_DISKS);
	strcat(many, " --disk d");
	assert_refused(many, "16 disks", NULL);
}

/* By its name, as the user gave it; and what FORMAT is then, NULL for raw. */
static void assert_served(const char *words, const char *format, bool by_name)
{
	struct config config;

	assert_accepted(words, &config);
	assert_int_equal(config.disk_count, 1);
	assert_int_equal(config.disks[0].by_name, by_name);
	if (format)
		assert_string_equal(config.disks[0].format, format);
	else
		assert_null(config.disks[0].format);
	assert_int_equal(config.backend_count, format || config.disks[0].on_server);
	if (!config.backend_count)
		return;
	assert_true(config_backend_is_of(&config.backends[0], "blk"));
	assert_string_equal(config.backends[0].type, "blk");
	assert_int_equal(config.backends[0].index, 0);
}

static void disks_of_other_formats_are_another_processs(void **state)
{
	char many[1024] = "--kernel k --share a";
	struct config config;

	(void)state;
	assert_served("--kernel k --disk d", NULL, false);
	assert_served("--kernel k --disk d.img", NULL, false);
	assert_served("--kernel k --disk .qcow2", NULL, false);
	assert_served("--kernel k --disk d.qcow2", "qcow2", true);
	assert_served("--kernel k --disk d.QCOW2,ro", "qcow2", true);
	assert_served("--kernel k --disk a/b.vmdk", "vmdk", true);
	assert_served("--kernel k --disk d.vhd", "vpc", true);
	assert_served("--kernel k --disk d.qcow2,format=raw", NULL, false);
	assert_served("--kernel k --disk d.qcow2,raw,share-rw=on,serial=s", NULL, false);
	assert_served("--kernel k --disk d.qcow2,format=vdi", "vdi", false);
	assert_served("--kernel k --disk d,format=parallels,direct", "parallels", false);
	assert_served("--kernel k --disk nbd://h/e.qcow2", NULL, false);
	assert_served("--kernel k --disk nbd+unix:///?socket=/s,format=qcow2", "qcow2", false);
	assert_refused("--kernel k --disk nbd://", "--disk nbd://", "nbd://HOST", NULL);
	assert_refused("--kernel k --disk https://h/x.qcow2", "nbd://HOST", NULL);
	assert_refused("--kernel k --disk d.qcow2,serial=s", "raw disk", "serial", NULL);
	assert_refused("--kernel k --disk d.qcow2,share-rw=on", "raw disk", "several", NULL);
	assert_refused("--kernel k --disk nbd://h/,serial=s", "raw disk", "serial", NULL);
	assert_accepted("--kernel k --disk a --disk b.qcow2 --share s --disk c --disk nbd://h",
			&config);
	assert_int_equal(config.backend_count, 3);
	assert_int_equal(config.backends[1].index, 1);
	assert_int_equal(config.backends[2].index, 3);
	for (int i = 0; i < CONFIG_MAX_BACKENDS - 1; i++)
		strcat(many, " --disk d.qcow2");
	assert_accepted(many, &config);
	strcat(many, " --disk d.qcow2");
	assert_refused(many, "16 shares", NULL);
}

static void shares_are_checked(void **state)
{
	char many[1024] = "--kernel k";
	struct config config;

	(void)state;
	assert_accepted("--kernel k --share a,ro --share b,tag=t --share c --vhost-user "
			"blk,socket=s --vhost-user fs,socket=s",
			&config);
	assert_int_equal(config.backend_count, 5);
	assert_true(config.backends[0].read_only);
	assert_string_equal(config.backends[0].share, "a");
	assert_string_equal(config.backends[0].tag, "share0");
	assert_string_equal(config.backends[1].tag, "t");
	assert_string_equal(config.backends[2].tag, "share1");
	assert_null(config.backends[3].share);
	assert_null(config.backends[3].tag);
	assert_string_equal(config.backends[3].type, "blk");
	assert_string_equal(config.backends[3].socket, "s");
	assert_string_equal(config.backends[4].tag, "share2");
	assert_refused("--kernel k --share ,ro", "--share ,ro", NULL);
	assert_refused("--kernel k --share a,rw", "--share a,rw", "comma", NULL);
	assert_refused("--kernel k --share a,tag=", "36", NULL);
	assert_refused("--kernel k --share a,tag=1234567890123456789012345678901234567", "36",
		       NULL);
	assert_refused("--kernel k --share a --share b,tag=share0", "one tag", "tag=T", NULL);
	assert_refused("--kernel k --vhost-user fs", "socket=PATH", NULL);
	assert_refused("--kernel k --vhost-user blk,socket=s,tag=t", "only a file system", NULL);
	assert_refused("--kernel k --share a,ro,ro", "--share a,ro,ro", NULL);
	assert_refused("--kernel k --vhost-user gpu,socket=s", "fs, blk or net", NULL);
	for (int i = 0; i < CONFIG_MAX_BACKENDS; i++)
		strcat(many, " --share d");
	assert_accepted(many, &config);
	strcat(many, " --share d");
	assert_refused(many, "16 shares", NULL);
}

static void network_cards_are_checked(void **state)
{
	char many[1024] = "--kernel k";
	struct config config;

	(void)state;
	assert_accepted(
		"--kernel k --net user --net tap=tap0,mtu=9000 --net user,mac=52:54:00:Ab:cd:01 "
		"--vhost-user net,socket=s,mac=52:54:00:00:00:09 --vhost-user net,socket=s",
		&config);
	assert_int_equal(config.net_count, 3);
	assert_null(config.nets[0].tap);
	assert_int_equal(config.nets[0].subnet, 2);
	assert_int_equal(config.nets[0].mtu, 65520);
	assert_string_equal(config.nets[1].tap, "tap0");
	assert_int_equal(config.nets[1].mtu, 9000);
	assert_int_equal(config.nets[2].subnet, 3);
	assert_memory_equal(config.nets[2].mac, "\x52\x54\0\xab\xcd\1", 6);
	assert_memory_equal(config.backends[0].mac, "\x52\x54\0\0\0\x09", 6);
	assert_memory_equal(config.backends[1].mac, "\x52\x54\0", 3);
	assert_accepted("--kernel k --net none", &config);
	assert_int_equal(config.net_count, 0);
	assert_accepted("--kernel k --net tap=a --net passt --net user,mtu=1500", &config);
	assert_int_equal(config.nets[0].mtu, 0);
	assert_int_equal(config.nets[1].mtu, 65520);
	assert_int_equal(config.nets[2].mtu, 1500);
	assert_refused("--kernel k --net none --net user", "--net none", NULL);
	assert_refused("--kernel k --net user,mac=52:54:00:00:00", "mac=", NULL);
	assert_refused("--kernel k --net user,mac=53:54:00:00:00:01", "group", NULL);
	assert_refused("--kernel k --net user,mac=00:00:00:00:00:00", "mac=", NULL);
	assert_refused("--kernel k --net user,mac=52:54:00:00:00:01x", "mac=", NULL);
	assert_refused("--kernel k --net user,mtu=1279", "1280", NULL);
	assert_refused("--kernel k --net tap=t,mtu=65522", "65521", NULL);
	assert_refused("--kernel k --net user,mtu=1500,mtu=1500", "MTU", NULL);
	assert_refused("--kernel k --net user,net=10.0.0.0/8", "hostfwd=RULE", NULL);
	assert_refused("--kernel k --net tap=t --net tap=t", "one MAC", "mac=", NULL);
	assert_refused("--kernel k --net user,mac=52:54:00:00:00:09 --vhost-user "
		       "net,socket=s,mac=52:54:00:00:00:09",
		       "one MAC", NULL);
	assert_refused("--kernel k --vhost-user blk,socket=s,mac=52:54:00:00:00:09", "network card",
		       NULL);
	assert_accepted(
		"--kernel k --net tap=a --net tap=b,vhost=on --net tap=c,vhost=off,mtu=1500 "
		"--net tap=d,vhost=auto",
		&config);
	assert_int_equal(config.nets[0].vhost, NET_VHOST_AUTO);
	assert_int_equal(config.nets[1].vhost, NET_VHOST_ON);
	assert_int_equal(config.nets[2].vhost, NET_VHOST_OFF);
	assert_int_equal(config.nets[3].vhost, NET_VHOST_AUTO);
	assert_refused("--kernel k --net tap=a,vhost=yes", "on, off or auto", NULL);
	assert_refused("--kernel k --net tap=a,vhost=on,vhost=on", "on, off or auto", NULL);
	assert_refused("--kernel k --net user,vhost=on", "only --net tap=IF", NULL);
	assert_accepted("--kernel k --net tap=a --net tap=b,queues=8,vhost=on --net tap=c,queues=1",
			&config);
	assert_int_equal(config.nets[0].queues, 0);
	assert_int_equal(config.nets[1].queues, 8);
	assert_int_equal(config.nets[2].queues, 1);
	assert_refused("--kernel k --net tap=a,queues=0", "from 1 to 8", NULL);
	assert_refused("--kernel k --net tap=a,queues=9", "from 1 to 8", NULL);
	assert_refused("--kernel k --net tap=a,queues=two", "from 1 to 8", NULL);
	assert_refused("--kernel k --net tap=a,queues=2,queues=2", "from 1 to 8", NULL);
	assert_refused("--kernel k --net user,queues=2", "only --net tap=IF", NULL);
	assert_refused("--kernel k --net passt,queues=2", "only --net tap=IF", NULL);
	for (int i = 0; i < CONFIG_MAX_NETS; i++)
		strcat(many, " --net user");
	assert_accepted(many, &config);
	strcat(many, " --net user");
	assert_refused(many, "8 network cards", NULL);
}

/* Each is a back-end too, behind those of the other options. */
static void passt_is_a_card_and_a_backend(void **state)
{
	char many[1024] = "--kernel k";
	struct config config;

	(void)state;
	assert_accepted("--kernel k --net user --net passt,mtu=9000,hostfwd=udp:0.0.0.0:53-:5353 "
			"--share s --net passt,mac=52:54:00:00:00:09",
			&config);
	assert_int_equal(config.net_count, 3);
	assert_true(config.nets[1].passt);
	assert_int_equal(config.nets[1].subnet, 0);
	assert_int_equal(config.nets[1].forward_count, 1);
	assert_int_equal(config.nets[1].forwards[0].guest.s_addr, 0);
	assert_int_equal(config.backend_count, 3);
	assert_false(config_backend_is_of(&config.backends[0], "net"));
	assert_true(config_backend_is_of(&config.backends[1], "net"));
	assert_int_equal(config.backends[1].index, 1);
	assert_int_equal(config.backends[2].index, 2);
	assert_string_equal(config.backends[2].type, "net");
	assert_memory_equal(config.backends[2].mac, "\x52\x54\0\0\0\x09", 6);
	assert_refused("--kernel k --net passt,hostfwd=tcp::22-10.0.2.15:22", "GUESTADDR", NULL);
	assert_refused("--kernel k --net passt,vhost=on", "only --net tap=IF", NULL);
	assert_refused("--kernel k --net passt,mac=52:54:00:00:00:09 --net "
		       "user,mac=52:54:00:00:00:09",
		       "one MAC", NULL);
	for (int i = 0; i < CONFIG_MAX_BACKENDS; i++)
		strcat(many, " --share d");
	strcat(many, " --net passt");
	assert_refused(many, "--net passt", "16 shares", NULL);
}

static void a_cid_is_one_that_a_guest_can_have(void **state)
{
	struct config config;

	(void)state;
	assert_accepted("--kernel k", &config);
	assert_int_equal(config.vsock_cid, 0);
	assert_accepted("--kernel k --vsock 3", &config);
	assert_int_equal(config.vsock_cid, 3);
	assert_accepted("--kernel k --vsock 4294967294", &config);
	assert_int_equal(config.vsock_cid, 0xfffffffe);
	assert_refused("--kernel k --vsock 2", "--vsock 2", "3 to 4294967294", NULL);
	assert_refused("--kernel k --vsock 4294967295", "3 to 4294967294", NULL);
	assert_refused("--kernel k --vsock host", "3 to 4294967294", NULL);
	assert_refused("--kernel k --vsock 3 --vsock 4", "--vsock", NULL);
}

/* HOSTADDR 0x7f000001 is 127.0.0.1. */
static void assert_forward(const struct net_forward *forward, bool udp, uint32_t host,
			   unsigned int host_port, uint32_t guest, unsigned int guest_port)
{
	assert_int_equal(forward->udp, udp);
	assert_int_equal(ntohl(forward->host.s_addr), host);
	assert_int_equal(forward->host_port, host_port);
	assert_int_equal(ntohl(forward->guest.s_addr), guest);
	assert_int_equal(forward->guest_port, guest_port);
}

static void forwards_are_spelled_as_in_qemu(void **state)
{
	static const char *const wrong[] = {
		"",
		"tcp",
		"tcp:",
		"tcp:2222-:22",
		"tcp::2222",
		"tcp::2222-22",
		"tcp::2222:22",
		"tcp::0-:22",
		"tcp::2222-:0",
		"tcp::65536-:22",
		"tcp::2222-:22x",
		"tcp::2222-:22-",
		"tcp:localhost:2222-:22",
		"tcp:1.2.3:2222-:22",
		"tcp:[::1]:2222-:22",
		"icmp::2222-:22",
		"TCP::2222-:22",
	};
	struct config config;
	char text[96];

	(void)state;
	assert_accepted("--kernel k --net user,hostfwd=tcp:127.0.0.1:2222-:22,hostfwd=udp::53-"
			"10.0.2.16:5353,hostfwd=tcp:0.0.0.0:8080-:80 --net user,hostfwd=::1-:2",
			&config);
	assert_int_equal(config.nets[0].forward_count, 3);
	assert_forward(&config.nets[0].forwards[0], false, 0x7f000001, 2222, 0x0a00020f, 22);
	assert_forward(&config.nets[0].forwards[1], true, 0x7f000001, 53, 0x0a000210, 5353);
	assert_forward(&config.nets[0].forwards[2], false, 0, 8080, 0x0a00020f, 80);
	assert_forward(&config.nets[1].forwards[0], false, 0x7f000001, 1, 0x0a00030f, 2);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "--kernel k --net user,hostfwd=%s", wrong[i]);
		assert_refused(text, "hostfwd=tcp::2222-:22", wrong[i], NULL);
	}
	assert_refused("--kernel k --net tap=t,hostfwd=tcp::2222-:22", "--net user", NULL);
	assert_refused("--kernel k --net user,hostfwd=tcp::2222-10.0.3.15:22", "10.0.2.0/24", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(disks_are_checked),
		cmocka_unit_test(disks_of_other_formats_are_another_processs),
		cmocka_unit_test(shares_are_checked),
		cmocka_unit_test(network_cards_are_checked),
		cmocka_unit_test(passt_is_a_card_and_a_backend),
		cmocka_unit_test(a_cid_is_one_that_a_guest_can_have),
		cmocka_unit_test(forwards_are_spelled_as_in_qemu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
