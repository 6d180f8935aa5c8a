/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/record/record_tasks.h"

#include <string.h>

#include "base/clock.h"

/* Where there was none: a guest boots, or never has any. */
#define AGAIN_NS NS_PER_S

void record_tasks_forget(struct record_tasks *tasks)
{
	if (tasks->places) {
		__atomic_store_n(&tasks->places->known, 0, __ATOMIC_RELEASE);
		__atomic_store_n(&tasks->places->stale, 0, __ATOMIC_RELEASE);
	}
	tasks->found.places.known = 0;
	tasks->pending = false;
}

static void give(const struct record_tasks *tasks, uint64_t kvm)
{
	struct task_places found = tasks->found.places;

	found.kvm = kvm;
	found.known = 0;
	*tasks->places = found;
	__atomic_store_n(&tasks->places->known, 1, __ATOMIC_RELEASE);
}

void record_tasks_await(struct record_tasks *tasks, uint64_t patience)
{
	if (!tasks->search.running && clock_now() < tasks->next)
		return;
	if (!tasks->search.running)
		guest_tasks_begin(&tasks->search, tasks->pid, tasks->symbols);
	if (!guest_tasks_ended(&tasks->search, patience, &tasks->why, &tasks->found))
		return;
	tasks->next = clock_now() + AGAIN_NS;
	tasks->pending = tasks->why == TASKS_FOUND;
}

/* The VM that is seen of process PID; 0: none yet, or several, whose memory is not told apart. */
static uint64_t vm_seen(const struct collector *collector, pid_t pid)
{
	uint32_t seen = collector_seen(collector);
	struct exit_vcpu vcpu;
	uint64_t kvm = 0;

	for (uint32_t i = 0; i < seen; i++) {
		if (!collector_vcpu(collector, i, &vcpu) || !vcpu.kvm || vcpu.state == VCPU_GONE ||
		    vcpu.tgid != (uint32_t)pid)
			continue;
		if (kvm && vcpu.kvm != kvm)
			return 0;
		kvm = vcpu.kvm;
	}
	return kvm;
}

/* PLACES are of a guest that does not run any more: KVM is the VM that is there now. */
static bool is_over(const struct task_places *places, uint64_t kvm)
{
	return __atomic_load_n(&places->stale, __ATOMIC_ACQUIRE) ||
	       (places->known && kvm && places->kvm != kvm);
}

void record_tasks_follow(struct record_tasks *tasks, const struct collector *collector)
{
	const uint64_t kvm = vm_seen(collector, tasks->pid);

	if (tasks->places && is_over(tasks->places, kvm))
		record_tasks_forget(tasks);
	if (record_tasks_kernel(tasks))
		return;
	if (!tasks->pending)
		record_tasks_await(tasks, 0);
	if (!tasks->pending || !kvm)
		return;
	tasks->pending = false;
	if (tasks->places)
		give(tasks, kvm);
}

const struct task_kernel *record_tasks_kernel(const struct record_tasks *tasks)
{
	return tasks->found.places.known && !tasks->pending ? &tasks->found : NULL;
}

bool record_tasks_guest(const struct record_tasks *tasks, struct guest_maps *guest)
{
	if (!tasks->found.places.known || !tasks->found.maps.known)
		return false;
	*guest = (struct guest_maps){
		.pid = tasks->pid, .places = &tasks->found.places, .maps = &tasks->found.maps};
	return true;
}

/* A name of the guest's ends, if nowhere else, where it has to. */
static void copy_name(const char from[TASK_COMM], char to[TASK_COMM])
{
	memcpy(to, from, strnlen(from, TASK_COMM - 1));
}

void record_tasks_put(const struct exit_task *task, struct recording_task *to)
{
	*to = (struct recording_task){0};
	if (!task)
		return;
	to->known = 1;
	to->process = task->tgid;
	to->thread = task->pid;
	copy_name(task->comm, to->comm);
	copy_name(task->process, to->name);
}

void record_tasks_stop(struct record_tasks *tasks)
{
	guest_tasks_stop(&tasks->search);
}
