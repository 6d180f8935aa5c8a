/* SPDX-License-Identifier: Apache-2.0 */
/* A machine, taken down in the reverse order of bring_up.c. */

#include "vmm/run/take_down.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/debug/names.h"
#include "vmm/machine/machine_private.h"
#include "vmm/machine/pause.h"
#include "vmm/run/devices_plug.h"
#include "vmm/run/forwarding.h"
#include "vmm/run/pmu_setup.h"
#include "vmm/run/vcpu_thread.h"

void machine_stop_vcpus(struct machine *machine)
{
	pmu_setup_finish(machine);
	forwarding_check(machine);
	atomic_store(&machine->stopping, true);
	pthread_mutex_lock(&machine->lock);
	/* A vCPU may wait for a device to become idle, or for a wake-up. */
	loop_drain(machine->loop);
	pthread_cond_broadcast(&machine->idle);
	pthread_cond_broadcast(&machine->wake);
	pthread_mutex_unlock(&machine->lock);
	pause_give_up(machine);
	for (unsigned int i = 0; i < machine->vcpu_count; i++)
		vcpu_stop(&machine->vcpus[i]);
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void end_signals(struct machine *machine)
{
	int number;

	if (!machine->has_signals)
		return;
	pthread_cancel(machine->signals);
	pthread_join(machine->signals, NULL);
	/* One that came when the machine had ended for another reason is for its next life. */
	number = atomic_load(&machine->end_signal);
	if (number && machine_final_end(machine) != END_SIGNAL)
		kill(getpid(), number);
}

/* Then somebody waits for the end, not for what the guest said. */
static bool ended_from_outside(struct machine *machine)
{
	return machine_end_is_from_outside(machine_final_end(machine));
}

void machine_free(struct machine *machine)
{
	end_signals(machine);
	if (machine->loop) {
		pthread_mutex_lock(&machine->lock);
		loop_drain(machine->loop);
		devices_unplug(machine);
		console_finish(&machine->console, ended_from_outside(machine));
		pthread_mutex_unlock(&machine->lock);
	}
	plic_free(machine->plic);
	for (unsigned int i = 0; i < machine->vcpu_count; i++)
		vcpu_free(&machine->vcpus[i]);
	free(machine->vcpus);
	debug_names_free(machine->names);
	forward_close(atomic_load(&machine->forward));
	loop_free(machine->loop);
	close_if_open(machine->aia.fd);
	close_if_open(machine->vm_fd);
	close_if_open(machine->kvm_fd);
	if (machine->memory.host)
		munmap(machine->memory.host, machine->memory.size);
	if (machine->memory.shared_fd)
		close(machine->memory.shared_fd);
	pthread_mutex_destroy(&machine->lock);
	pthread_mutex_destroy(&machine->guest_error_lock);
	pthread_cond_destroy(&machine->idle);
	pthread_cond_destroy(&machine->wake);
	pthread_mutex_destroy(&machine->look_lock);
	pthread_cond_destroy(&machine->looked);
	pause_free(&machine->pause);
	free(machine);
}
