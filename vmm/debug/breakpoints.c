/* SPDX-License-Identifier: Apache-2.0 */

#include "vmm/debug/breakpoints.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/riscv.h"
#include "vmm/debug/memory.h"
#include "vmm/kvm/access_fault.h"
#include "vmm/machine/machine_private.h"
#include "vmm/machine/vcpu_stay.h"

#define C_EBREAK 0x9002u
/* Where Linux links a 64-bit kernel: KERNEL_LINK_ADDR of arch/riscv/include/asm/pgtable.h. */
#define KERNEL_LINK 0xffffffff80000000ull

void breakpoints_init(struct breakpoints *breakpoints)
{
	*breakpoints = (struct breakpoints){.count = 0};
	pthread_mutex_init(&breakpoints->lock, NULL);
}

void breakpoints_free(struct breakpoints *breakpoints)
{
	pthread_mutex_destroy(&breakpoints->lock);
}

/* ---- where one goes ---- */

static uint64_t satp_of(const struct vcpu *vcpu)
{
	uint64_t satp = 0;

	kvm_get_reg(vcpu->fd, KVM_CSR_REG(satp), &satp);
	return satp;
}

static void *at(const struct machine *machine, uint64_t physical)
{
	return guest_memory_at(&machine->memory, physical, sizeof(uint16_t));
}

/* Of a kernel that runs where it was loaded: its entry is its first byte. */
static bool in_kernel_image(const struct machine *machine, uint64_t address, uint64_t *physical)
{
	if (address < KERNEL_LINK || !machine->config->kernel)
		return false;
	*physical = machine->entry + (address - KERNEL_LINK);
	return true;
}

static bool find_place(const struct machine *machine, const struct breakpoint *breakpoint,
		       uint64_t *physical)
{
	bool translated = false;
	uint64_t satp;

	*physical = breakpoint->address;
	if (breakpoint->physical)
		return at(machine, *physical) != NULL;
	for (unsigned int i = 0; i < machine->vcpu_count; i++) {
		satp = satp_of(&machine->vcpus[i]);
		translated = translated || satp >> SATP_MODE_SHIFT;
		if (guest_translate(&machine->memory, satp, breakpoint->address, physical) &&
		    at(machine, *physical))
			return true;
	}
	return !translated && in_kernel_image(machine, breakpoint->address, physical) &&
	       at(machine, *physical);
}

/* ---- in and out, with the lock ---- */

static void put(const struct machine *machine, uint64_t physical, uint16_t parcel)
{
	uint8_t *to = at(machine, physical);

	memcpy(to, &parcel, sizeof(parcel));
	__builtin___clear_cache((char *)to, (char *)to + sizeof(parcel)); /* see memory.h */
}

static uint16_t get(const struct machine *machine, uint64_t physical)
{
	uint16_t parcel;

	memcpy(&parcel, at(machine, physical), sizeof(parcel));
	return parcel;
}

/* Another at the same place; NULL: there is none. */
static const struct breakpoint *beside(const struct breakpoints *breakpoints,
				       const struct breakpoint *one)
{
	for (unsigned int i = 0; i < breakpoints->count; i++) {
		const struct breakpoint *other = &breakpoints->list[i];

		if (other != one && other->inserted && other->at == one->at)
			return other;
	}
	return NULL;
}

static bool is_overwritten(const struct machine *machine, const struct breakpoint *breakpoint)
{
	return breakpoint->inserted && get(machine, breakpoint->at) != C_EBREAK;
}

static bool insert(struct breakpoints *breakpoints, struct machine *machine,
		   struct breakpoint *breakpoint)
{
	const struct breakpoint *other;

	if (breakpoint->lifted)
		return true;
	if (is_overwritten(machine, breakpoint))
		breakpoint->inserted = false;
	if (breakpoint->inserted)
		return true;
	if (!find_place(machine, breakpoint, &breakpoint->at))
		return false;
	other = beside(breakpoints, breakpoint);
	breakpoint->original = get(machine, breakpoint->at);
	if (other && breakpoint->original == C_EBREAK)
		breakpoint->original = other->original;
	put(machine, breakpoint->at, C_EBREAK);
	breakpoint->inserted = true;
	return true;
}

/* The guest may have written something else there. */
static void take_out(struct breakpoints *breakpoints, struct machine *machine,
		     struct breakpoint *breakpoint)
{
	if (!breakpoint->inserted)
		return;
	breakpoint->inserted = false;
	if (!beside(breakpoints, breakpoint) && get(machine, breakpoint->at) == C_EBREAK)
		put(machine, breakpoint->at, breakpoint->original);
}

static bool bring_ebreaks(struct breakpoints *breakpoints, struct machine *machine, bool on)
{
	const struct kvm_guest_debug debug = {.control = on ? KVM_GUESTDBG_ENABLE : 0};
	int result = 0;

	if (breakpoints->debugging == on)
		return true;
	for (unsigned int i = 0; i < machine->vcpu_count && result == 0; i++) {
		vcpu_stay(&machine->vcpus[i]);
		result = ioctl(machine->vcpus[i].fd, KVM_SET_GUEST_DEBUG, &debug);
	}
	if (result == 0)
		breakpoints->debugging = on;
	return result == 0;
}

/* ---- the list ---- */

uint32_t breakpoints_add(struct breakpoints *breakpoints, struct machine *machine,
			 const struct breakpoint *what)
{
	struct breakpoint *breakpoint;
	uint32_t id = 0;

	pthread_mutex_lock(&breakpoints->lock);
	if (breakpoints->count < BREAKPOINTS_MAX && bring_ebreaks(breakpoints, machine, true)) {
		breakpoint = &breakpoints->list[breakpoints->count++];
		id = ++breakpoints->last_id;
		*breakpoint = (struct breakpoint){.id = id,
						  .owner = what->owner,
						  .hart = what->hart,
						  .physical = what->physical,
						  .address = what->address};
		insert(breakpoints, machine, breakpoint);
	}
	pthread_mutex_unlock(&breakpoints->lock);
	return id;
}

static void remove_at(struct breakpoints *breakpoints, struct machine *machine, unsigned int index)
{
	struct breakpoint *breakpoint = &breakpoints->list[index];

	take_out(breakpoints, machine, breakpoint);
	breakpoints->count--;
	memmove(breakpoint, breakpoint + 1, (breakpoints->count - index) * sizeof(*breakpoint));
	if (breakpoints->count == 0)
		bring_ebreaks(breakpoints, machine, false);
}

bool breakpoints_remove(struct breakpoints *breakpoints, struct machine *machine, uint32_t id)
{
	bool found = false;

	pthread_mutex_lock(&breakpoints->lock);
	for (unsigned int i = 0; i < breakpoints->count && !found; i++) {
		found = breakpoints->list[i].id == id;
		if (found)
			remove_at(breakpoints, machine, i);
	}
	pthread_mutex_unlock(&breakpoints->lock);
	return found;
}

void breakpoints_remove_all(struct breakpoints *breakpoints, struct machine *machine,
			    enum breakpoint_owner owner)
{
	pthread_mutex_lock(&breakpoints->lock);
	for (unsigned int i = breakpoints->count; i > 0; i--)
		if (breakpoints->list[i - 1].owner == owner)
			remove_at(breakpoints, machine, i - 1);
	pthread_mutex_unlock(&breakpoints->lock);
}

bool breakpoints_get(struct breakpoints *breakpoints, unsigned int index, struct breakpoint *copy)
{
	bool there;

	pthread_mutex_lock(&breakpoints->lock);
	there = index < breakpoints->count;
	if (there)
		*copy = breakpoints->list[index];
	pthread_mutex_unlock(&breakpoints->lock);
	return there;
}

/* ---- the machine's lives ---- */

static unsigned int insert_all(struct breakpoints *breakpoints, struct machine *machine)
{
	unsigned int pending = 0;

	for (unsigned int i = 0; i < breakpoints->count; i++)
		pending += !insert(breakpoints, machine, &breakpoints->list[i]);
	return pending;
}

void breakpoints_new_life(struct breakpoints *breakpoints, struct machine *machine)
{
	pthread_mutex_lock(&breakpoints->lock);
	breakpoints->debugging = false;
	for (unsigned int i = 0; i < breakpoints->count; i++)
		breakpoints->list[i].inserted = breakpoints->list[i].lifted = false;
	if (breakpoints->count > 0 && bring_ebreaks(breakpoints, machine, true))
		insert_all(breakpoints, machine);
	pthread_mutex_unlock(&breakpoints->lock);
}

unsigned int breakpoints_insert_pending(struct breakpoints *breakpoints, struct machine *machine)
{
	unsigned int pending;

	pthread_mutex_lock(&breakpoints->lock);
	pending = insert_all(breakpoints, machine);
	pthread_mutex_unlock(&breakpoints->lock);
	return pending;
}

enum breakpoints_need breakpoints_need(struct breakpoints *breakpoints,
				       const struct machine *machine)
{
	enum breakpoints_need need = BREAKPOINTS_NEED_NOTHING;

	pthread_mutex_lock(&breakpoints->lock);
	for (unsigned int i = 0; i < breakpoints->count; i++) {
		const struct breakpoint *one = &breakpoints->list[i];

		if (is_overwritten(machine, one))
			need = BREAKPOINTS_ARE_OVERWRITTEN;
		else if (!one->inserted && !one->lifted && need == BREAKPOINTS_NEED_NOTHING)
			need = BREAKPOINTS_ARE_PENDING;
	}
	pthread_mutex_unlock(&breakpoints->lock);
	return need;
}

bool breakpoints_any(struct breakpoints *breakpoints)
{
	bool any;

	pthread_mutex_lock(&breakpoints->lock);
	any = breakpoints->count > 0;
	pthread_mutex_unlock(&breakpoints->lock);
	return any;
}

/* ---- hits ---- */

static bool is_for(const struct breakpoint *breakpoint, const struct vcpu *vcpu)
{
	return breakpoint->hart == ANY_HART || breakpoint->hart == vcpu->id;
}

bool breakpoints_hit(struct breakpoints *breakpoints, const struct vcpu *vcpu, uint64_t pc,
		     struct breakpoint *hit)
{
	bool found = false;
	uint64_t physical;

	if (!guest_translate(&vcpu->machine->memory, satp_of(vcpu), pc, &physical))
		return false;
	pthread_mutex_lock(&breakpoints->lock);
	for (unsigned int i = 0; i < breakpoints->count; i++) {
		const struct breakpoint *one = &breakpoints->list[i];

		if (!one->inserted || one->at != physical || !is_for(one, vcpu) ||
		    (found && one->owner != BREAK_BY_STEP))
			continue;
		*hit = *one;
		found = true;
	}
	pthread_mutex_unlock(&breakpoints->lock);
	return found;
}

bool breakpoints_place(const struct machine *machine, uint64_t satp, uint64_t address,
		       uint64_t *physical)
{
	return guest_translate(&machine->memory, satp, address, physical) && at(machine, *physical);
}

bool breakpoints_is_at(struct breakpoints *breakpoints, uint64_t physical)
{
	bool there = false;

	pthread_mutex_lock(&breakpoints->lock);
	for (unsigned int i = 0; i < breakpoints->count && !there; i++)
		there = breakpoints->list[i].inserted && breakpoints->list[i].at == physical;
	pthread_mutex_unlock(&breakpoints->lock);
	return there;
}

void breakpoints_lift(struct breakpoints *breakpoints, struct machine *machine, uint64_t physical,
		      bool lift)
{
	pthread_mutex_lock(&breakpoints->lock);
	for (unsigned int i = 0; i < breakpoints->count; i++) {
		struct breakpoint *one = &breakpoints->list[i];

		if (one->at != physical || !(lift ? one->inserted : one->lifted))
			continue;
		one->lifted = lift;
		if (lift)
			take_out(breakpoints, machine, one);
		else
			insert(breakpoints, machine, one);
	}
	pthread_mutex_unlock(&breakpoints->lock);
}

/* ---- memory ---- */

/* LEN bytes that lie in one page. */
struct piece {
	uint64_t physical;
	size_t start, len; /* within what was asked for */
};

static bool find_piece(const struct machine *machine, uint64_t satp, uint64_t address, size_t len,
		       struct piece *piece)
{
	const uint64_t page = 1ull << PAGE_SHIFT, from = address + piece->start;

	if (piece->start >= len)
		return false;
	piece->len = (size_t)(page - from % page);
	if (piece->len > len - piece->start)
		piece->len = len - piece->start;
	return guest_translate(&machine->memory, satp, from, &piece->physical);
}

/* Where byte BYTE of what ONE replaced is in PIECE; false: elsewhere. */
static bool is_within(const struct breakpoint *one, unsigned int byte, const struct piece *piece,
		      size_t *index)
{
	*index = piece->start + (size_t)(one->at + byte - piece->physical);
	return one->inserted && one->at + byte - piece->physical < piece->len;
}

static void hide(const struct breakpoint *one, const struct piece *piece, uint8_t *bytes)
{
	size_t index;

	for (unsigned int byte = 0; byte < sizeof(one->original); byte++)
		if (is_within(one, byte, piece, &index))
			bytes[index] = ((const uint8_t *)&one->original)[byte];
}

static void go_under(struct breakpoint *one, const struct machine *machine,
		     const struct piece *piece, const uint8_t *bytes)
{
	bool written = false;
	size_t index;

	for (unsigned int byte = 0; byte < sizeof(one->original); byte++)
		if (is_within(one, byte, piece, &index)) {
			((uint8_t *)&one->original)[byte] = bytes[index];
			written = true;
		}
	if (written)
		put(machine, one->at, C_EBREAK);
}

size_t breakpoints_read_memory(struct breakpoints *breakpoints, const struct machine *machine,
			       uint64_t satp, uint64_t address, void *bytes, size_t len)
{
	struct piece piece = {.start = 0};
	size_t done;

	pthread_mutex_lock(&breakpoints->lock);
	done = debug_memory_read(&machine->memory, satp, address, bytes, len);
	for (; find_piece(machine, satp, address, done, &piece); piece.start += piece.len)
		for (unsigned int i = 0; i < breakpoints->count; i++)
			hide(&breakpoints->list[i], &piece, bytes);
	pthread_mutex_unlock(&breakpoints->lock);
	return done;
}

size_t breakpoints_write_memory(struct breakpoints *breakpoints, const struct machine *machine,
				uint64_t satp, uint64_t address, const void *bytes, size_t len)
{
	struct piece piece = {.start = 0};
	size_t done;

	pthread_mutex_lock(&breakpoints->lock);
	done = debug_memory_write(&machine->memory, satp, address, bytes, len);
	for (; find_piece(machine, satp, address, done, &piece); piece.start += piece.len)
		for (unsigned int i = 0; i < breakpoints->count; i++)
			go_under(&breakpoints->list[i], machine, &piece, bytes);
	pthread_mutex_unlock(&breakpoints->lock);
	return done;
}
