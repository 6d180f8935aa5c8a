/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/pmu/model.h"

#include <string.h>

#define F PMU_FW_COUNTERS

enum { FAIL = -1, NS = -2, IP = -3, IA = -5, AS = -7, SD = -8, NSH = -9 };

static unsigned int n(const struct model *m)
{
	return m->h + F;
}

static bool is_fw(const struct model *m, uint64_t i)
{
	return i >= m->h && i < n(m);
}

static unsigned int code_of(const struct model_counter *c)
{
	return c->event_idx & 0xFFFF;
}

/* ---- 9: check_set ---- */

static bool check_set(const struct model *m, uint64_t b, uint64_t mask)
{
	uint64_t lo, hi;

	if (mask == 0)
		return false;
	lo = b + (unsigned int)__builtin_ctzll(mask);
	hi = b + 63 - (unsigned int)__builtin_clzll(mask);
	if (m->old) /* where lo is negative the kernel reads out of bounds: IP is our choice */
		return hi < n(m) && lo <= hi;
	return b < n(m) && hi < n(m);
}

/* ---- 2.1, 2.3 ---- */

static bool perf_event_exists(const struct model *m, uint64_t ev, uint64_t data,
			      struct pmu_event *event)
{
	unsigned int type = ev >> 16 & 15, code = ev & 0xFFFF;

	*event = (struct pmu_event){.type = type, .code = code};
	switch (type) {
	case 0: event->code = code ? code : 1; return code <= 10;
	case 1: return code >> 3 <= 6 && (code >> 1 & 3) <= 2;
	case 2:
		event->code = 0;
		event->data = data & 0xFFFFFFFFFFFF;
		return true;
	case 3:
		event->code = 0;
		event->data = data & 0xFFFFFFFFFFFFFF;
		return !m->old;
	default: return false;
	}
}

static uint64_t period(const struct model *m, unsigned int i)
{
	unsigned int width = i == 0 || i == 2 || is_fw(m, i) ? 63 : m->width;
	uint64_t mask = UINT64_MAX >> (63 - width);

	return m->ctr[i].base_val ? -m->ctr[i].base_val & mask : mask;
}

/* What never comes is not modelled: see PMU_FAR_PERIOD. */
static uint64_t left_of(uint64_t of)
{
	return of < 1ull << 60 ? of : 0;
}

/* ---- CFG ---- */

static int pick(const struct model *m, uint64_t b, uint64_t mask, uint64_t ev)
{
	unsigned int type = ev >> 16 & 15, code = ev & 0xFFFF;
	unsigned int lo = type == 15 ? m->h : 3, hi = type == 15 ? n(m) : m->h;

	if (type == 0 && code == 1)
		return 0;
	if (type == 0 && code == 2)
		return 2;
	for (unsigned int bit = 0; bit < 64; bit++) {
		uint64_t i = b + bit;

		if (mask >> bit & 1 && i >= lo && i < hi && !m->ctr[i].in_use)
			return (int)i;
	}
	return -1;
}

static struct answer cfg(struct model *m, uint64_t b, uint64_t mask, uint64_t f, uint64_t ev,
			 uint64_t d)
{
	bool fw = (ev >> 16 & 15) == 15;
	unsigned int code = ev & 0xFFFF;
	struct model_counter *c;
	struct pmu_event event;
	int i;

	if (!check_set(m, b, mask))
		return (struct answer){IP, 0};
	if (fw && code > 21)
		return (struct answer){NS, 0};
	if (f & 1) {
		i = (int)(b + (unsigned int)__builtin_ctzll(mask));
		if (!m->ctr[i].in_use)
			return (struct answer){FAIL, 0};
	} else {
		i = pick(m, b, mask, ev);
		if (i < 0)
			return (struct answer){NS, 0};
	}
	c = &m->ctr[i];
	if (fw) {
		if (f & 4)
			m->fwev[code].started = true;
	} else {
		c->live = c->enabled = false;
		if (f & 2)
			c->base_val = 0;
		if (!perf_event_exists(m, ev, d, &event))
			return (struct answer){NS, 0};
		event.no_user = f >> 5 & 1;
		event.no_supervisor = f >> 6 & 1;
		c->live = true;
		c->event = event;
		c->count = 0;
		c->left = left_of(period(m, (unsigned int)i));
		c->enabled = f >> 2 & 1;
	}
	c->in_use = true;
	c->event_idx = ev;
	return (struct answer){0, (uint64_t)i};
}

/* ---- ST ---- */

static bool set_period(struct model *m, unsigned int i)
{
	uint64_t p = period(m, i);

	if (p == 0 || p >> 63)
		return false;
	m->ctr[i].left = left_of(p);
	return true;
}

static struct answer st(struct model *m, uint64_t b, uint64_t mask, uint64_t f, uint64_t iv)
{
	int err = 0;

	if (!check_set(m, b, mask))
		return (struct answer){IP, 0};
	if (f & 2 && !m->has_snap)
		return (struct answer){NSH, 0};
	if (f & 2 && !simulated_environment.memory_read(&m->around, m->snap, &m->cache, 4096))
		return (struct answer){FAIL, 0};
	for (unsigned int bit = 0; bit < 64; bit++) {
		unsigned int i = (unsigned int)(b + bit);
		struct model_counter *c = &m->ctr[i & 63];

		if (!(mask >> bit & 1) || !c->in_use)
			continue;
		m->ovf &= ~(1ull << i);
		if (f & 1)
			c->base_val = iv;
		else if (f & 2)
			c->base_val = m->cache.values[bit];
		if (is_fw(m, i)) {
			if (code_of(c) > 21)
				return (struct answer){IP, 0};
			if (m->fwev[code_of(c)].started) {
				err = AS;
				continue;
			}
			m->fwev[code_of(c)].started = true;
			m->fwev[code_of(c)].value = c->base_val;
		} else if (!c->live) {
			err = IP;
		} else if (c->started) {
			err = AS;
		} else {
			set_period(m, i);
			c->enabled = c->started = true;
		}
	}
	return (struct answer){err, 0};
}

/* ---- SP ---- */

static int stop_one(struct model *m, unsigned int i, uint64_t f)
{
	struct model_counter *c = &m->ctr[i];
	int err = 0;

	if (is_fw(m, i)) {
		if (!m->fwev[code_of(c)].started)
			return SD;
		m->fwev[code_of(c)].started = false;
		if (!m->unfolded)
			c->base_val = m->fwev[code_of(c)].value;
		return 0;
	}
	if (!c->live)
		return IP;
	if (!c->started) {
		err = SD;
	} else {
		c->enabled = c->started = false;
		if (!m->unfolded) {
			c->base_val += c->count;
			c->count = 0;
		}
	}
	if (f & 1)
		c->live = c->enabled = false;
	return err;
}

static struct answer sp(struct model *m, uint64_t b, uint64_t mask, uint64_t f)
{
	bool dirty = false;
	int err = 0;

	if (!check_set(m, b, mask))
		return (struct answer){IP, 0};
	if (f & 2 && !m->has_snap)
		return (struct answer){NSH, 0};
	for (unsigned int bit = 0; bit < 64; bit++) {
		unsigned int i = (unsigned int)(b + bit);
		struct model_counter *c = &m->ctr[i & 63];
		int one;

		if (!(mask >> bit & 1) || !c->in_use)
			continue;
		if (is_fw(m, i) && code_of(c) > 21)
			return (struct answer){IP, 0};
		one = stop_one(m, i, f);
		err = one ? one : err;
		if (f & 2 && !err) {
			if (m->unfolded && is_fw(m, i))
				c->base_val = m->fwev[code_of(c)].value;
			else if (m->unfolded && c->live)
				c->base_val += c->count;
			m->cache.overflow |= (m->ovf >> i & 1) << bit;
			m->cache.values[bit] = c->base_val;
			dirty = true;
		}
		if (f & 1) {
			c->in_use = false;
			m->ovf &= ~(1ull << i);
			if (f & 2) {
				m->cache.overflow &= ~(1ull << bit);
				dirty = true;
			}
		}
	}
	if (dirty && !simulated_environment.memory_write(&m->around, m->snap, &m->cache, 4096) &&
	    !m->unfolded)
		err = FAIL;
	return (struct answer){err, 0};
}

/* ---- the rest ---- */

static bool read_one(struct model *m, uint64_t i, uint64_t *value)
{
	struct model_counter *c = &m->ctr[i & 63];

	if (i == 1 || i >= n(m))
		return false;
	if (is_fw(m, i)) {
		if (!c->in_use || code_of(c) > (m->old ? 31 : 21))
			return false;
		c->base_val = code_of(c) > 21 ? 0 : m->fwev[code_of(c)].value;
		*value = c->base_val;
		return true;
	}
	if (!c->live)
		return false;
	*value = c->base_val + c->count;
	if (m->unfolded)
		c->base_val = *value;
	return true;
}

static struct answer gi(const struct model *m, uint64_t i)
{
	if (i == 1 || i > 64 || (i == 64 && !m->old))
		return (struct answer){IP, 0};
	if (i == 64)
		return (struct answer){0, m->fwev[1].started};
	if (i >= n(m))
		return (struct answer){0, 0};
	if (is_fw(m, i))
		return (struct answer){0, 0x800000000003F000};
	return (struct answer){0, (0xC00 + i) | (uint64_t)(i < 3 ? 63 : m->width) << 12};
}

static struct answer shm(struct model *m, uint64_t lo, uint64_t hi, uint64_t flags)
{
	static const struct pmu_snapshot zeros;

	if (flags)
		return (struct answer){IP, 0};
	if (lo == UINT64_MAX && hi == UINT64_MAX) {
		m->has_snap = false;
		return (struct answer){0, 0};
	}
	if (hi || !simulated_environment.memory_write(&m->around, lo, &zeros, 4096))
		return (struct answer){IA, 0};
	m->cache = zeros;
	m->has_snap = true;
	m->snap = lo;
	return (struct answer){0, 0};
}

static struct answer ei(struct model *m, uint64_t lo, uint64_t hi, uint64_t num, uint64_t flags)
{
	if (m->old)
		return (struct answer){NS, 0};
	if (flags || lo & 15 || num == 0 || num >> 60)
		return (struct answer){IP, 0};
	if (hi)
		return (struct answer){IA, 0};
	for (unsigned int pass = 0; pass < 2; pass++) {
		for (uint64_t i = 0; i < num; i++) {
			uint64_t entry[2];
			struct pmu_event event;
			bool known;

			if (!simulated_environment.memory_read(&m->around, lo + i * 16, entry, 16))
				return (struct answer){FAIL, 0};
			known = perf_event_exists(m, entry[0], entry[1], &event) ||
				(entry[0] >> 16 & 15) == 15;
			entry[0] = (uint32_t)entry[0] | (uint64_t)known << 32;
			if (pass)
				simulated_environment.memory_write(&m->around, lo + i * 16, entry,
								   16);
		}
	}
	return (struct answer){0, 0};
}

static struct answer model_call(void *opaque, uint64_t fid, const uint64_t a[STEP_ARGS])
{
	struct model *m = opaque;
	uint64_t value = 0;

	switch (fid) {
	case PMU_NUM_COUNTERS: return (struct answer){0, n(m)};
	case PMU_COUNTER_GET_INFO: return gi(m, a[0]);
	case PMU_COUNTER_CONFIG_MATCHING: return cfg(m, a[0], a[1], a[2], a[3], a[4]);
	case PMU_COUNTER_START: return st(m, a[0], a[1], a[2], a[3]);
	case PMU_COUNTER_STOP: return sp(m, a[0], a[1], a[2]);
	case PMU_COUNTER_FW_READ:
		return read_one(m, a[0], &value) ? (struct answer){0, value}
						 : (struct answer){IP, 0};
	case PMU_COUNTER_FW_READ_HI: return (struct answer){0, 0};
	case PMU_SNAPSHOT_SET_SHMEM: return shm(m, a[0], a[1], a[2]);
	case PMU_EVENT_GET_INFO: return ei(m, a[0], a[1], a[2], a[3]);
	default: return (struct answer){NS, 0};
	}
}

static bool model_read_csr(void *opaque, unsigned int csr, uint64_t *value)
{
	return read_one(opaque, csr - 0xC00, value);
}

static void model_set_timer(void *opaque)
{
	struct model *m = opaque;

	if (m->fwev[5].started)
		m->fwev[5].value++;
}

static void model_sfence(void *opaque)
{
	struct model *m = opaque;

	/* HFENCE_VVMA_ASID_SENT and received */
	for (unsigned int code = 20; code <= 21; code++)
		if (m->fwev[code].started)
			m->fwev[code].value++;
}

static void model_work(void *opaque, uint64_t instructions)
{
	struct model *m = opaque;

	for (unsigned int i = 0; i < m->h; i++) {
		struct model_counter *c = &m->ctr[i];
		uint64_t events = simulated_events(&c->event, instructions);

		if (!c->live || !c->enabled)
			continue;
		c->count += events;
		if (c->left && events >= c->left) {
			m->ovf |= 1ull << i;
			simulated_environment.raise_lcofi(&m->around);
			c->left = 0;
		} else if (c->left) {
			c->left -= events;
		}
	}
}

static void model_restart_hart(void *opaque)
{
	struct model *m = opaque;

	for (unsigned int i = 0; i < 64; i++) {
		struct model_counter *c = &m->ctr[i];

		if (!c->in_use)
			continue;
		c->base_val = 0;
		c->in_use = c->live = c->enabled = false;
	}
	m->ovf = 0;
	m->has_snap = false;
	memset(m->fwev, 0, sizeof(m->fwev));
}

static uint64_t model_peek(void *opaque, unsigned int word)
{
	struct model *m = opaque;

	return simulated_peek(&m->around, SIMULATED_RAM + SIMULATED_PAGE * 4096ull + word * 8ull);
}

static void model_poke(void *opaque, unsigned int word, uint64_t value)
{
	struct model *m = opaque;

	simulated_poke(&m->around, SIMULATED_RAM + SIMULATED_PAGE * 4096ull + word * 8ull, value);
}

static void model_fresh(void *opaque)
{
	struct model *m = opaque;

	model_init(m, m->profile, m->h, m->width);
}

void model_init(struct model *model, enum pmu_profile profile, unsigned int hw_counters,
		unsigned int width)
{
	memset(model, 0, sizeof(*model));
	model->profile = profile;
	model->unfolded = profile == PMU_LINUX_6_12_107;
	model->old = profile == PMU_LINUX_6_12 || model->unfolded;
	model->h = hw_counters;
	model->width = width;
}

struct machine_under_test model_machine(struct model *model)
{
	struct machine_under_test machine = simulated_machine(&model->around, model->profile);

	machine.opaque = model;
	machine.call = model_call;
	machine.read_csr = model_read_csr;
	machine.set_timer = model_set_timer;
	machine.sfence = model_sfence;
	machine.work = model_work;
	machine.restart_hart = model_restart_hart;
	machine.peek = model_peek;
	machine.poke = model_poke;
	machine.fresh = model_fresh;
	return machine;
}
