/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/record_vms.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "trace/guest/guest_image.h"
#include "trace/sources/vms.h"

/* How long recording VMs that run waits for where their guests' tasks are, ns. */
#define TASKS_PATIENCE (5 * NS_PER_S)

/* ---- adding ---- */

/* NULL: no memory, or no room. */
static struct record_vm *new_vm(struct record_vms *vms, const char *name, pid_t pid,
				const struct guest_kernel *kernel)
{
	struct record_vm *vm = vms->count < RECORDING_VMS ? calloc(1, sizeof(*vm)) : NULL;

	if (vm)
		vm->modules = record_modules_new();
	if (!vm || !vm->modules) {
		free(vm);
		return NULL;
	}
	vm->is.vm = vms->several ? vms->count + 1 : 0;
	vm->is.pid = (uint64_t)pid;
	snprintf(vm->is.name, sizeof(vm->is.name), "%s", name);
	guest_kernel_path(kernel, vm->is.kernel);
	vm->tasks = (struct record_tasks){.pid = pid, .symbols = &vm->symbols};
	vms->vms[vms->count++] = vm;
	return vm;
}

bool record_vms_add(struct record_vms *vms, const char *name, pid_t pid,
		    const struct guest_names_options *names, const struct guest_kernel *kernel)
{
	struct record_vm *vm = new_vm(vms, name, pid, kernel);

	if (!vm) {
		error("no memory");
		return false;
	}
	return guest_names_find(&vm->symbols, names, kernel, pid);
}

/* One that runs, by its process. False: as record_vms_add(). */
static bool add_running(struct record_vms *vms, const char *name, pid_t pid)
{
	static const struct guest_names_options none = {.kallsyms = NULL};
	struct guest_kernel kernel;

	guest_kernel_of_process(pid, &kernel);
	return record_vms_add(vms, name, pid, &none, &kernel);
}

bool record_vms_add_all(struct record_vms *vms)
{
	struct vm *running = calloc(RECORDING_VMS, sizeof(*running));
	size_t count;
	bool good = true;

	if (!running) {
		error("no memory");
		return false;
	}
	count = vms_list(running, RECORDING_VMS);
	for (size_t i = 0; i < count && i < RECORDING_VMS && good; i++) {
		good = add_running(vms, running[i].name, running[i].pid);
		vms->vcpus += running[i].vcpus;
	}
	free(running);
	return good;
}

/* ---- tasks ---- */

/* Who has PLACES. */
static struct record_vm *owner_of(const struct record_vms *vms, const struct task_places *places)
{
	for (uint32_t i = 0; i < vms->count; i++)
		if (vms->vms[i]->tasks.places == places)
			return vms->vms[i];
	return NULL;
}

/* One that has ended needs none. */
static void give_places(struct record_vms *vms, struct record_vm *vm)
{
	struct task_places *all = collector_task_places(vms->collector);

	for (uint32_t i = 0; all && !vm->tasks.places && i < TASK_VMS; i++) {
		struct record_vm *owner = owner_of(vms, &all[i]);

		if (owner && vm_is_alive(owner->tasks.pid))
			continue;
		if (owner) {
			record_tasks_stop(&owner->tasks);
			owner->tasks.places = NULL;
		}
		__atomic_store_n(&all[i].known, 0, __ATOMIC_RELEASE);
		all[i].stale = 0;
		vm->tasks.places = &all[i];
	}
}

static void await_tasks(struct record_vms *vms)
{
	const uint64_t until = clock_now() + TASKS_PATIENCE;

	/* They are looked for side by side. */
	for (uint32_t i = 0; i < vms->count; i++)
		if (vms->vms[i]->tasks.places)
			record_tasks_await(&vms->vms[i]->tasks, 0);
	for (uint32_t i = 0; i < vms->count; i++) {
		const uint64_t now = clock_now();

		if (vms->vms[i]->tasks.places)
			record_tasks_await(&vms->vms[i]->tasks, until > now ? until - now : 0);
	}
}

void record_vms_begin(struct record_vms *vms, struct collector *collector, bool running)
{
	vms->collector = collector;
	for (uint32_t i = 0; i < vms->count; i++)
		give_places(vms, vms->vms[i]);
	if (running)
		await_tasks(vms);
}

void record_vms_follow(struct record_vms *vms)
{
	for (uint32_t i = 0; i < vms->count; i++) {
		struct record_vm *vm = vms->vms[i];

		if (vm->tasks.places || record_modules_wants(vm->modules))
			record_tasks_follow(&vm->tasks, vms->collector);
	}
}

const char *record_vms_why(const struct record_vms *vms, const struct record_vm *vm)
{
	if (vms->no_tasks)
		return "it was recorded with --no-tasks";
	if (!vm->tasks.places)
		return "it has ended, or there are more VMs than tasks are looked for in";
	return vm->tasks.why == TASKS_FOUND ? "it was not found yet, or did not fit together"
					    : task_search_words(vm->tasks.why);
}

/* ---- samples ---- */

static bool sample(struct record_vms *vms, const struct record_vm *vm)
{
	return sampling_open(&vms->sampling, vms->how, vm->tasks.pid,
			     collector_sampling_program(vms->collector));
}

bool record_vms_sample(struct record_vms *vms)
{
	for (uint32_t i = 0; i < vms->count; i++) {
		/* Of all VMs one may have ended just now. */
		if (vms->several && !vm_is_alive(vms->vms[i]->tasks.pid))
			continue;
		if (!sample(vms, vms->vms[i]))
			return false;
	}
	return true;
}

/* ---- VMs that are seen ---- */

struct record_vm *record_vms_of_process(const struct record_vms *vms, uint32_t tgid)
{
	if (!vms->several)
		return vms->vms[0];
	for (uint32_t i = 0; i < vms->count; i++)
		if (vms->vms[i]->is.pid == tgid)
			return vms->vms[i];
	return NULL;
}

/* What goes wrong is said, and the others are recorded all the same. */
static struct record_vm *meet(struct record_vms *vms, pid_t pid)
{
	const uint32_t count = vms->count;
	char name[VM_NAME_LENGTH];

	vm_name(pid, name);
	add_running(vms, name, pid);
	if (vms->count == count)
		return NULL;
	give_places(vms, vms->vms[count]);
	if (vm_is_alive(pid))
		sample(vms, vms->vms[count]);
	return vms->vms[count];
}

/* The kernel may be anywhere (KASLR), and is there once it has set its trap handler. */
static void follow_kernel(struct record_vm *vm, uint64_t stvec, bool chains)
{
	struct symbols *symbols = &vm->symbols;

	if (stvec == vm->stvec)
		return;
	vm->stvec = stvec;
	/* A kernel that nobody knew of, because the guest's firmware brought it, runs now. */
	if (!symbols->count && !vm->searched && stvec >> 63) {
		vm->searched = true;
		guest_image_symbols(vm->tasks.pid, symbols);
	}
	guest_names_move(symbols, stvec);
	if (!symbols_find(symbols, "_start", &vm->kernel_start))
		vm->kernel_start = 0;
	if (!chains)
		return;
	if (!symbols_find(symbols, "handle_exception", &vm->exception_start) ||
	    !symbols_find(symbols, "ret_from_exception_end", &vm->exception_end))
		vm->exception_end = 0;
	if (!symbols_find(symbols, "_end", &vm->kernel_end))
		vm->kernel_end = 0;
}

static void see_address(const struct record_vm *vm, uint64_t address)
{
	/* They are before it. */
	if (vm->kernel_start - 1 - address < MODULES_REACH)
		record_modules_see(vm->modules, address);
}

void record_vms_see(const struct record_vm *vm, const struct recording_sample *sample)
{
	if (sample->user || !vm->kernel_start)
		return;
	see_address(vm, sample->pc);
	for (uint64_t i = 0; i < sample->depth; i++)
		see_address(vm, sample->callers[i]);
}

struct record_vm *record_vms_of(struct record_vms *vms, const struct exit_vcpu *vcpu)
{
	struct record_vm *vm = record_vms_of_process(vms, vcpu->tgid);

	if (!vm)
		vm = meet(vms, (pid_t)vcpu->tgid);
	if (vm)
		follow_kernel(vm, vcpu->stvec, vms->chains);
	return vm;
}

struct record_vm *record_vms_at(const struct record_vms *vms, uint64_t number)
{
	return vms->vms[number ? number - 1 : 0];
}

void record_vms_free(struct record_vms *vms)
{
	sampling_close(&vms->sampling);
	for (uint32_t i = 0; i < vms->count; i++) {
		record_tasks_stop(&vms->vms[i]->tasks);
		record_modules_free(vms->vms[i]->modules);
		symbols_free(&vms->vms[i]->symbols);
		free(vms->vms[i]);
	}
	vms->count = 0;
}
