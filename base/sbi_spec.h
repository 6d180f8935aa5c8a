/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of the SBI, version 3.0. Also compiled for BPF and for guests: plain constants only.
 * EIDs and FIDs are signed 32-bit integers (chapter 3).
 */
#ifndef VHART_SBI_SPEC_H
#define VHART_SBI_SPEC_H

/* Chapter 3: errors. */
enum {
	SBI_SUCCESS = 0,
	SBI_ERR_FAILED = -1,
	SBI_ERR_NOT_SUPPORTED = -2,
	SBI_ERR_INVALID_PARAM = -3,
	SBI_ERR_DENIED = -4,
	SBI_ERR_INVALID_ADDRESS = -5,
	SBI_ERR_ALREADY_AVAILABLE = -6,
	SBI_ERR_ALREADY_STARTED = -7,
	SBI_ERR_ALREADY_STOPPED = -8,
	SBI_ERR_NO_SHMEM = -9,
	SBI_ERR_INVALID_STATE = -10,
	SBI_ERR_BAD_RANGE = -11,
	SBI_ERR_TIMEOUT = -12,
	SBI_ERR_IO = -13,
	SBI_ERR_DENIED_LOCKED = -14,
};

/* Chapter 5, legacy: an EID is a function of its own. */
#define SBI_EID_LEGACY_SET_TIMER 0x00u
#define SBI_EID_LEGACY_PUTCHAR	 0x01u
#define SBI_EID_LEGACY_GETCHAR	 0x02u
#define SBI_EID_LEGACY_LAST	 0x0Fu
/* Chapters 4 to 20. */
#define SBI_EID_BASE   0x10u
#define SBI_EID_TIME   0x54494D45u
#define SBI_EID_IPI    0x735049u
#define SBI_EID_RFENCE 0x52464E43u
#define SBI_EID_HSM    0x48534Du
#define SBI_EID_SRST   0x53525354u
#define SBI_EID_PMU    0x504D55u
#define SBI_EID_DBCN   0x4442434Eu
#define SBI_EID_SUSP   0x53555350u
#define SBI_EID_CPPC   0x43505043u
#define SBI_EID_NACL   0x4E41434Cu
#define SBI_EID_STA    0x535441u
#define SBI_EID_SSE    0x535345u
#define SBI_EID_FWFT   0x46574654u
#define SBI_EID_DBTR   0x44425452u
#define SBI_EID_MPXY   0x4D505859u

/* Ranges of 2^24 EIDs, whose functions the text does not know. */
#define SBI_EID_RANGE_BITS   24
#define SBI_EID_EXPERIMENTAL 0x08000000u
#define SBI_EID_VENDOR	     0x09000000u
#define SBI_EID_FIRMWARE     0x0A000000u

/* The PMU inside the experimental range, where KVM hands its calls over: vhart's own. */
#define SBI_EID_PMU_EXIT (SBI_EID_EXPERIMENTAL | SBI_EID_PMU)

/* FIDs that something here looks at; all have names in trace/names/sbi_names.c. */
enum { SBI_BASE_GET_SPEC_VERSION = 0, SBI_BASE_PROBE_EXTENSION = 3 };
enum {
	SBI_RFENCE_FENCE_I,
	SBI_RFENCE_SFENCE_VMA,
	SBI_RFENCE_SFENCE_VMA_ASID,
};
enum { SBI_HSM_HART_START, SBI_HSM_HART_STOP, SBI_HSM_HART_GET_STATUS, SBI_HSM_HART_SUSPEND };
/* of the PMU, chapter 11 */
enum pmu_fid {
	PMU_NUM_COUNTERS,
	PMU_COUNTER_GET_INFO,
	PMU_COUNTER_CONFIG_MATCHING,
	PMU_COUNTER_START,
	PMU_COUNTER_STOP,
	PMU_COUNTER_FW_READ,
	PMU_COUNTER_FW_READ_HI,
	PMU_SNAPSHOT_SET_SHMEM,
	PMU_EVENT_GET_INFO,
	PMU_FUNCTIONS,
};
enum { SBI_DBCN_WRITE, SBI_DBCN_READ, SBI_DBCN_WRITE_BYTE };
enum { SBI_FWFT_SET, SBI_FWFT_GET };

/* How many functions each has; FIDs count from 0 without gaps. */
enum {
	SBI_LEGACY_FUNCTIONS = 9,
	SBI_BASE_FUNCTIONS = 7,
	SBI_TIME_FUNCTIONS = 1,
	SBI_IPI_FUNCTIONS = 1,
	SBI_RFENCE_FUNCTIONS = 7,
	SBI_HSM_FUNCTIONS = 4,
	SBI_SRST_FUNCTIONS = 1,
	SBI_PMU_FUNCTIONS = 9,
	SBI_DBCN_FUNCTIONS = 3,
	SBI_SUSP_FUNCTIONS = 1,
	SBI_CPPC_FUNCTIONS = 4,
	SBI_NACL_FUNCTIONS = 5,
	SBI_STA_FUNCTIONS = 1,
	SBI_SSE_FUNCTIONS = 10,
	SBI_FWFT_FUNCTIONS = 2,
	SBI_DBTR_FUNCTIONS = 8,
	SBI_MPXY_FUNCTIONS = 8,
};

/* Chapter 9: states of a hart. */
enum {
	SBI_HSM_STARTED,
	SBI_HSM_STOPPED,
	SBI_HSM_START_PENDING,
	SBI_HSM_STOP_PENDING,
	SBI_HSM_SUSPENDED,
	SBI_HSM_SUSPEND_PENDING,
	SBI_HSM_RESUME_PENDING,
};

/* Chapter 10: types and reasons of a system reset. */
enum { SRST_SHUTDOWN, SRST_COLD_REBOOT, SRST_WARM_REBOOT };
enum { SRST_NO_REASON, SRST_SYSTEM_FAILURE };

/* Chapter 11: flags of counter_config_matching, counter_start and counter_stop. */
enum {
	PMU_CFG_SKIP_MATCH = 1 << 0,
	PMU_CFG_CLEAR_VALUE = 1 << 1,
	PMU_CFG_AUTO_START = 1 << 2,
	PMU_CFG_SET_UINH = 1 << 5,
	PMU_CFG_SET_SINH = 1 << 6,
};
enum { PMU_START_SET_INIT_VALUE = 1 << 0, PMU_START_INIT_SNAPSHOT = 1 << 1 };
enum { PMU_STOP_RESET = 1 << 0, PMU_STOP_TAKE_SNAPSHOT = 1 << 1 };
/* Some values of event_idx. */
enum {
	PMU_EVENT_IDX_CYCLES = 0x00001,
	PMU_EVENT_IDX_INSTRUCTIONS = 0x00002,
	PMU_EVENT_IDX_SET_TIMER = 0xF0005,
	PMU_EVENT_IDX_IPI_SENT = 0xF0006,
};

#endif
