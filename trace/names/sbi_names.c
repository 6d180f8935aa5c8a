/* SPDX-License-Identifier: Apache-2.0 */

#include "trace/names/sbi_names.h"

#include <string.h>

#include "base/sbi_spec.h"

/* Chapter 5: the EID is the function. A mask is the address of one, as the guest sees it. */
static const struct sbi_function legacy[SBI_LEGACY_FUNCTIONS] = {
	{"legacy.set_timer", {{"time", SBI_TIME}}, .value = SBI_DECIMAL, .bare = true},
	{"legacy.console_putchar", {{"ch", SBI_CHARACTER}}, .value = SBI_DECIMAL, .bare = true},
	{"legacy.console_getchar", .value = SBI_CHARACTER},
	{"legacy.clear_ipi", .value = SBI_DECIMAL},
	{"legacy.send_ipi", {{"mask", SBI_HEX}}, .value = SBI_DECIMAL},
	{"legacy.remote_fence_i", {{"mask", SBI_HEX}}, .value = SBI_DECIMAL},
	{"legacy.remote_sfence_vma",
	 {{"mask", SBI_HEX}, {"start", SBI_HEX}, {"size", SBI_RANGE_SIZE}},
	 .value = SBI_DECIMAL},
	{"legacy.remote_sfence_vma_asid",
	 {{"mask", SBI_HEX}, {"start", SBI_HEX}, {"size", SBI_RANGE_SIZE}, {"asid", SBI_HEX}},
	 .value = SBI_DECIMAL},
	{"legacy.shutdown", .value = SBI_DECIMAL},
};

/* Chapter 4. */
static const struct sbi_function base[SBI_BASE_FUNCTIONS] = {
	{"base.get_spec_version", .value = SBI_SPEC_VERSION},
	{"base.get_impl_id", .value = SBI_IMPLEMENTATION_ID},
	{"base.get_impl_version", .value = SBI_HEX},
	{"base.probe_extension", {{"extension", SBI_EXTENSION_ID}}, .value = SBI_HEX, .bare = true},
	{"base.get_mvendorid", .value = SBI_HEX},
	{"base.get_marchid", .value = SBI_HEX},
	{"base.get_mimpid", .value = SBI_HEX},
};

/* Chapter 6. */
static const struct sbi_function time[SBI_TIME_FUNCTIONS] = {
	{"time.set_timer", {{"time", SBI_TIME}}, .value = SBI_NOTHING, .bare = true},
};

/* Chapter 7. */
static const struct sbi_function ipi[SBI_IPI_FUNCTIONS] = {
	{"ipi.send_ipi", {{"mask", SBI_HEX}, {"base", SBI_ALL_OR_DECIMAL}}, .value = SBI_NOTHING},
};

/* Chapter 8. */
static const struct sbi_function rfence[SBI_RFENCE_FUNCTIONS] = {
	{"rfence.remote_fence_i",
	 {{"mask", SBI_HEX}, {"base", SBI_ALL_OR_DECIMAL}},
	 .value = SBI_NOTHING},
	{"rfence.remote_sfence_vma",
	 {{"mask", SBI_HEX},
	  {"base", SBI_ALL_OR_DECIMAL},
	  {"start", SBI_HEX},
	  {"size", SBI_RANGE_SIZE}},
	 .value = SBI_NOTHING},
	{"rfence.remote_sfence_vma_asid",
	 {{"mask", SBI_HEX},
	  {"base", SBI_ALL_OR_DECIMAL},
	  {"start", SBI_HEX},
	  {"size", SBI_RANGE_SIZE},
	  {"asid", SBI_HEX}},
	 .value = SBI_NOTHING},
	{"rfence.remote_hfence_gvma_vmid",
	 {{"mask", SBI_HEX},
	  {"base", SBI_ALL_OR_DECIMAL},
	  {"start", SBI_HEX},
	  {"size", SBI_RANGE_SIZE},
	  {"vmid", SBI_HEX}},
	 .value = SBI_NOTHING},
	{"rfence.remote_hfence_gvma",
	 {{"mask", SBI_HEX},
	  {"base", SBI_ALL_OR_DECIMAL},
	  {"start", SBI_HEX},
	  {"size", SBI_RANGE_SIZE}},
	 .value = SBI_NOTHING},
	{"rfence.remote_hfence_vvma_asid",
	 {{"mask", SBI_HEX},
	  {"base", SBI_ALL_OR_DECIMAL},
	  {"start", SBI_HEX},
	  {"size", SBI_RANGE_SIZE},
	  {"asid", SBI_HEX}},
	 .value = SBI_NOTHING},
	{"rfence.remote_hfence_vvma",
	 {{"mask", SBI_HEX},
	  {"base", SBI_ALL_OR_DECIMAL},
	  {"start", SBI_HEX},
	  {"size", SBI_RANGE_SIZE}},
	 .value = SBI_NOTHING},
};

/* Chapter 9. */
static const struct sbi_function hsm[SBI_HSM_FUNCTIONS] = {
	{"hsm.hart_start",
	 {{"hartid", SBI_DECIMAL}, {"addr", SBI_HEX}, {"opaque", SBI_HEX}},
	 .value = SBI_NOTHING},
	{"hsm.hart_stop", .value = SBI_NOTHING},
	{"hsm.hart_get_status", {{"hartid", SBI_DECIMAL}}, .value = SBI_HART_STATE},
	{"hsm.hart_suspend",
	 {{"type", SBI_HART_SUSPEND_TYPE}, {"addr", SBI_HEX}, {"opaque", SBI_HEX}},
	 .value = SBI_NOTHING},
};

/* Chapter 10. */
static const struct sbi_function srst[SBI_SRST_FUNCTIONS] = {
	{"srst.system_reset",
	 {{"type", SBI_RESET_TYPE}, {"reason", SBI_RESET_REASON}},
	 .value = SBI_NOTHING,
	 .bare = true},
};

/* Chapter 11. */
static const struct sbi_function pmu[SBI_PMU_FUNCTIONS] = {
	{"pmu.num_counters", .value = SBI_DECIMAL},
	{"pmu.counter_get_info",
	 {{"counter", SBI_DECIMAL}},
	 .value = SBI_COUNTER_INFO,
	 .bare = true},
	{"pmu.counter_config_matching",
	 {{"base", SBI_DECIMAL},
	  {"mask", SBI_HEX},
	  {"flags", SBI_CONFIG_FLAGS},
	  {"event", SBI_EVENT_IDX},
	  {"data", SBI_HEX}},
	 .value = SBI_DECIMAL},
	{"pmu.counter_start",
	 {{"base", SBI_DECIMAL},
	  {"mask", SBI_HEX},
	  {"flags", SBI_START_FLAGS},
	  {"initial", SBI_HEX}},
	 .value = SBI_NOTHING},
	{"pmu.counter_stop",
	 {{"base", SBI_DECIMAL}, {"mask", SBI_HEX}, {"flags", SBI_STOP_FLAGS}},
	 .value = SBI_NOTHING},
	{"pmu.counter_fw_read", {{"counter", SBI_DECIMAL}}, .value = SBI_HEX, .bare = true},
	{"pmu.counter_fw_read_hi", {{"counter", SBI_DECIMAL}}, .value = SBI_HEX, .bare = true},
	{"pmu.snapshot_set_shmem",
	 {{"shmem", SBI_SHMEM_LOW}, {"shmem_hi", SBI_HIGH}, {"flags", SBI_HEX}},
	 .value = SBI_NOTHING},
	{"pmu.event_get_info",
	 {{"shmem", SBI_BUFFER_LOW},
	  {"shmem_hi", SBI_HIGH},
	  {"entries", SBI_DECIMAL},
	  {"flags", SBI_HEX}},
	 .value = SBI_NOTHING},
};

/* Chapter 12. */
static const struct sbi_function dbcn[SBI_DBCN_FUNCTIONS] = {
	{"dbcn.console_write",
	 {{"size", SBI_DECIMAL}, {"addr", SBI_BYTES_LOW}, {"addr_hi", SBI_HIGH}},
	 .value = SBI_DECIMAL,
	 .bare = true},
	{"dbcn.console_read",
	 {{"size", SBI_DECIMAL}, {"addr", SBI_BYTES_LOW}, {"addr_hi", SBI_HIGH}},
	 .value = SBI_DECIMAL,
	 .bare = true},
	{"dbcn.console_write_byte", {{"byte", SBI_CHARACTER}}, .value = SBI_NOTHING, .bare = true},
};

/* Chapter 13. */
static const struct sbi_function susp[SBI_SUSP_FUNCTIONS] = {
	{"susp.system_suspend",
	 {{"type", SBI_SLEEP_TYPE}, {"addr", SBI_HEX}, {"opaque", SBI_HEX}},
	 .value = SBI_NOTHING},
};

/* Chapter 14. */
static const struct sbi_function cppc[SBI_CPPC_FUNCTIONS] = {
	{"cppc.probe", {{"register", SBI_CPPC_REGISTER}}, .value = SBI_DECIMAL, .bare = true},
	{"cppc.read", {{"register", SBI_CPPC_REGISTER}}, .value = SBI_HEX, .bare = true},
	{"cppc.read_hi", {{"register", SBI_CPPC_REGISTER}}, .value = SBI_HEX, .bare = true},
	{"cppc.write",
	 {{"register", SBI_CPPC_REGISTER}, {"value", SBI_HEX}},
	 .value = SBI_NOTHING,
	 .bare = true},
};

/* Chapter 15. */
static const struct sbi_function nacl[SBI_NACL_FUNCTIONS] = {
	{"nacl.probe_feature", {{"feature", SBI_NACL_FEATURE}}, .value = SBI_HEX, .bare = true},
	{"nacl.set_shmem",
	 {{"shmem", SBI_SHMEM_LOW}, {"shmem_hi", SBI_HIGH}, {"flags", SBI_HEX}},
	 .value = SBI_NOTHING},
	{"nacl.sync_csr", {{"csr", SBI_ALL_OR_HEX}}, .value = SBI_NOTHING, .bare = true},
	{"nacl.sync_hfence", {{"entry", SBI_ALL_OR_DECIMAL}}, .value = SBI_NOTHING, .bare = true},
	{"nacl.sync_sret", .value = SBI_NOTHING},
};

/* Chapter 16. */
static const struct sbi_function sta[SBI_STA_FUNCTIONS] = {
	{"sta.steal_time_set_shmem",
	 {{"shmem", SBI_SHMEM_LOW}, {"shmem_hi", SBI_HIGH}, {"flags", SBI_HEX}},
	 .value = SBI_NOTHING},
};

/* Chapter 17. */
static const struct sbi_function sse[SBI_SSE_FUNCTIONS] = {
	{"sse.read_attrs",
	 {{"event", SBI_SSE_EVENT},
	  {"attr", SBI_SSE_ATTRIBUTE},
	  {"count", SBI_DECIMAL},
	  {"output", SBI_BUFFER_LOW},
	  {"output_hi", SBI_HIGH}},
	 .value = SBI_NOTHING},
	{"sse.write_attrs",
	 {{"event", SBI_SSE_EVENT},
	  {"attr", SBI_SSE_ATTRIBUTE},
	  {"count", SBI_DECIMAL},
	  {"input", SBI_BUFFER_LOW},
	  {"input_hi", SBI_HIGH}},
	 .value = SBI_NOTHING},
	{"sse.register",
	 {{"event", SBI_SSE_EVENT}, {"pc", SBI_HEX}, {"arg", SBI_HEX}},
	 .value = SBI_NOTHING},
	{"sse.unregister", {{"event", SBI_SSE_EVENT}}, .value = SBI_NOTHING, .bare = true},
	{"sse.enable", {{"event", SBI_SSE_EVENT}}, .value = SBI_NOTHING, .bare = true},
	{"sse.disable", {{"event", SBI_SSE_EVENT}}, .value = SBI_NOTHING, .bare = true},
	{"sse.complete", .value = SBI_NOTHING},
	{"sse.inject", {{"event", SBI_SSE_EVENT}, {"hartid", SBI_DECIMAL}}, .value = SBI_NOTHING},
	{"sse.hart_unmask", .value = SBI_NOTHING},
	{"sse.hart_mask", .value = SBI_NOTHING},
};

/* Chapter 18. */
static const struct sbi_function fwft[SBI_FWFT_FUNCTIONS] = {
	{"fwft.set",
	 {{"feature", SBI_FWFT_FEATURE}, {"value", SBI_HEX}, {"flags", SBI_FWFT_FLAGS}},
	 .value = SBI_NOTHING},
	{"fwft.get", {{"feature", SBI_FWFT_FEATURE}}, .value = SBI_HEX, .bare = true},
};

/* Chapter 19. */
static const struct sbi_function dbtr[SBI_DBTR_FUNCTIONS] = {
	{"dbtr.num_triggers", {{"tdata1", SBI_HEX}}, .value = SBI_DECIMAL},
	{"dbtr.set_shmem",
	 {{"shmem", SBI_SHMEM_LOW}, {"shmem_hi", SBI_HIGH}, {"flags", SBI_HEX}},
	 .value = SBI_NOTHING},
	{"dbtr.read_triggers",
	 {{"base", SBI_DECIMAL}, {"count", SBI_DECIMAL}},
	 .value = SBI_NOTHING},
	{"dbtr.install_triggers",
	 {{"count", SBI_DECIMAL}},
	 .value = SBI_DECIMAL,
	 .value_of_error = true},
	{"dbtr.update_triggers",
	 {{"count", SBI_DECIMAL}},
	 .value = SBI_DECIMAL,
	 .value_of_error = true},
	{"dbtr.uninstall_triggers",
	 {{"base", SBI_DECIMAL}, {"mask", SBI_HEX}},
	 .value = SBI_NOTHING},
	{"dbtr.enable_triggers", {{"base", SBI_DECIMAL}, {"mask", SBI_HEX}}, .value = SBI_NOTHING},
	{"dbtr.disable_triggers", {{"base", SBI_DECIMAL}, {"mask", SBI_HEX}}, .value = SBI_NOTHING},
};

/* Chapter 20. */
static const struct sbi_function mpxy[SBI_MPXY_FUNCTIONS] = {
	{"mpxy.get_shmem_size", .value = SBI_HEX},
	{"mpxy.set_shmem",
	 {{"shmem", SBI_SHMEM_LOW}, {"shmem_hi", SBI_HIGH}, {"flags", SBI_MPXY_MODE}},
	 .value = SBI_NOTHING},
	{"mpxy.get_channel_ids", {{"start", SBI_DECIMAL}}, .value = SBI_NOTHING},
	{"mpxy.read_attributes",
	 {{"channel", SBI_HEX}, {"attr", SBI_MPXY_ATTRIBUTE}, {"count", SBI_DECIMAL}},
	 .value = SBI_NOTHING},
	{"mpxy.write_attributes",
	 {{"channel", SBI_HEX}, {"attr", SBI_MPXY_ATTRIBUTE}, {"count", SBI_DECIMAL}},
	 .value = SBI_NOTHING},
	{"mpxy.send_message_with_response",
	 {{"channel", SBI_HEX}, {"message", SBI_HEX}, {"size", SBI_DECIMAL}},
	 .value = SBI_DECIMAL},
	{"mpxy.send_message_without_response",
	 {{"channel", SBI_HEX}, {"message", SBI_HEX}, {"size", SBI_DECIMAL}},
	 .value = SBI_NOTHING},
	{"mpxy.get_notification_events", {{"channel", SBI_HEX}}, .value = SBI_DECIMAL},
};

#define RANGE_LAST ((1u << SBI_EID_RANGE_BITS) - 1)

const struct sbi_named_extension sbi_named_extensions[] = {
	{"legacy", "legacy.unknown", 0, SBI_EID_LEGACY_LAST, SBI_ROW_LEGACY, legacy,
	 SBI_LEGACY_FUNCTIONS},
	{"base", "base.unknown", SBI_EID_BASE, SBI_EID_BASE, SBI_ROW_BASE, base,
	 SBI_BASE_FUNCTIONS},
	{"time", "time.unknown", SBI_EID_TIME, SBI_EID_TIME, SBI_ROW_TIME, time,
	 SBI_TIME_FUNCTIONS},
	{"ipi", "ipi.unknown", SBI_EID_IPI, SBI_EID_IPI, SBI_ROW_IPI, ipi, SBI_IPI_FUNCTIONS},
	{"rfence", "rfence.unknown", SBI_EID_RFENCE, SBI_EID_RFENCE, SBI_ROW_RFENCE, rfence,
	 SBI_RFENCE_FUNCTIONS},
	{"hsm", "hsm.unknown", SBI_EID_HSM, SBI_EID_HSM, SBI_ROW_HSM, hsm, SBI_HSM_FUNCTIONS},
	{"srst", "srst.unknown", SBI_EID_SRST, SBI_EID_SRST, SBI_ROW_SRST, srst,
	 SBI_SRST_FUNCTIONS},
	{"pmu", "pmu.unknown", SBI_EID_PMU, SBI_EID_PMU, SBI_ROW_PMU, pmu, SBI_PMU_FUNCTIONS},
	{"dbcn", "dbcn.unknown", SBI_EID_DBCN, SBI_EID_DBCN, SBI_ROW_DBCN, dbcn,
	 SBI_DBCN_FUNCTIONS},
	{"susp", "susp.unknown", SBI_EID_SUSP, SBI_EID_SUSP, SBI_ROW_SUSP, susp,
	 SBI_SUSP_FUNCTIONS},
	{"cppc", "cppc.unknown", SBI_EID_CPPC, SBI_EID_CPPC, SBI_ROW_CPPC, cppc,
	 SBI_CPPC_FUNCTIONS},
	{"nacl", "nacl.unknown", SBI_EID_NACL, SBI_EID_NACL, SBI_ROW_NACL, nacl,
	 SBI_NACL_FUNCTIONS},
	{"sta", "sta.unknown", SBI_EID_STA, SBI_EID_STA, SBI_ROW_STA, sta, SBI_STA_FUNCTIONS},
	{"sse", "sse.unknown", SBI_EID_SSE, SBI_EID_SSE, SBI_ROW_SSE, sse, SBI_SSE_FUNCTIONS},
	{"fwft", "fwft.unknown", SBI_EID_FWFT, SBI_EID_FWFT, SBI_ROW_FWFT, fwft,
	 SBI_FWFT_FUNCTIONS},
	{"dbtr", "dbtr.unknown", SBI_EID_DBTR, SBI_EID_DBTR, SBI_ROW_DBTR, dbtr,
	 SBI_DBTR_FUNCTIONS},
	{"mpxy", "mpxy.unknown", SBI_EID_MPXY, SBI_EID_MPXY, SBI_ROW_MPXY, mpxy,
	 SBI_MPXY_FUNCTIONS},
	{"experimental", "experimental", SBI_EID_EXPERIMENTAL, SBI_EID_EXPERIMENTAL + RANGE_LAST,
	 SBI_ROW_EXPERIMENTAL, NULL, 0},
	{"vendor", "vendor", SBI_EID_VENDOR, SBI_EID_VENDOR + RANGE_LAST, SBI_ROW_VENDOR, NULL, 0},
	{"firmware", "firmware", SBI_EID_FIRMWARE, SBI_EID_FIRMWARE + RANGE_LAST, SBI_ROW_FIRMWARE,
	 NULL, 0},
	{NULL, NULL, 0, 0, 0, NULL, 0},
};

/* Chapter 3, by -error. */
static const char *const errors[] = {
	"SUCCESS",
	"FAILED",
	"NOT_SUPPORTED",
	"INVALID_PARAM",
	"DENIED",
	"INVALID_ADDRESS",
	"ALREADY_AVAILABLE",
	"ALREADY_STARTED",
	"ALREADY_STOPPED",
	"NO_SHMEM",
	"INVALID_STATE",
	"BAD_RANGE",
	"TIMEOUT",
	"IO",
	"DENIED_LOCKED",
};

#define ERRORS ((int64_t)(sizeof(errors) / sizeof(errors[0])))

const struct sbi_named_extension *sbi_find_extension(uint64_t eid)
{
	uint32_t number = (uint32_t)eid;

	for (const struct sbi_named_extension *extension = sbi_named_extensions; extension->name;
	     extension++) {
		if (number >= extension->first && number <= extension->last)
			return extension;
	}
	return NULL;
}

const struct sbi_function *sbi_find_function(uint64_t eid, uint64_t fid)
{
	const struct sbi_named_extension *extension = sbi_find_extension(eid);
	uint32_t number = (uint32_t)(sbi_is_legacy(eid) ? eid : fid);

	return extension && number < extension->function_count ? &extension->functions[number]
							       : NULL;
}

const char *sbi_row_name(uint32_t row)
{
	for (const struct sbi_named_extension *extension = sbi_named_extensions; extension->name;
	     extension++) {
		uint32_t number = row - extension->row;

		if (row < extension->row || number > extension->function_count)
			continue;
		return number < extension->function_count ? extension->functions[number].name
							  : extension->unknown;
	}
	return "unknown";
}

const char *sbi_error_name(int64_t error)
{
	return error <= 0 && error > -ERRORS ? errors[-error] : NULL;
}
