/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board's guest-physical memory map and interrupt lines. Also compiled for guests, and
 * installed with their library: plain constants only.
 */
#ifndef VHART_MEMORY_MAP_H
#define VHART_MEMORY_MAP_H

/* The memory map. Test finisher, RTC, UART, PLIC and RAM lie where QEMU's virt machine has them:
 * firmware and people know those addresses. */
#define MAP_FINISHER	  0x00100000ull
#define MAP_RTC		  0x00101000ull
#define MAP_WATCHDOG	  0x00102000ull
#define MAP_APLIC	  0x0d000000ull
#define MAP_APLIC_LEN	  0x00008000ull
#define MAP_PLIC	  0x0c000000ull /* 64 MiB; never beside the APLIC */
#define MAP_UART	  0x10000000ull
#define MAP_VIRTIO	  0x10001000ull /* virtio-mmio slots, 4 KiB each */
#define MAP_VIRTIO_STRIDE 0x00001000ull
#define MAP_SERIAL	  0x10020000ull /* serial port 1 has the page behind it, and so on */
#define MAP_SERIAL_STRIDE 0x00001000ull
#define MAP_FLASH_CODE	  0x20000000ull /* firmware; each of the two at most MAP_FLASH_LEN */
#define MAP_FLASH_VARS	  0x22000000ull /* its variables */
#define MAP_FLASH_LEN	  0x02000000ull
#define MAP_IMSIC	  0x28000000ull /* 4 KiB per hart */
#define MAP_PCI_ECAM	  0x30000000ull
#define MAP_PCI_ECAM_LEN  0x00100000ull /* bus 0 */
#define MAP_PCI_MEM	  0x40000000ull
#define MAP_PCI_MEM_LEN	  0x40000000ull
#define MAP_RAM		  0x80000000ull
/*
 * A page that the guest is told nothing of: its harts execute it for the VMM (lcofi_stub.h). The
 * last but one below 2^41, where a guest of KVM has its end under Sv39x4: memory that reaches that
 * end is refused by Linux 6.12 (kvm_arch_prepare_memory_region()). As a virtual address it does not
 * exist under Sv39, and is used by nobody under Sv48 and Sv57.
 */
#define MAP_LCOFI_STUB 0x1ffffffe000ull

/* Interrupt lines (sources of the APLIC or PLIC). */
#define LINE_UART	   1u
#define LINE_RTC	   2u
#define LINE_PCI_INTA	   3u  /* .. 6 */
#define LINE_VIRTIO	   8u  /* one per virtio-mmio slot */
#define LINE_PMU	   32u /* one per hart */
#define LINE_PMU_COUNT	   64u
#define LINE_SERIAL	   96u	/* and 97.. for serial ports 1.. */
#define LINE_COUNT	   128u /* sources 1..127 */
#define BOARD_SERIALS	   3u	/* beside the console: Linux's ttyS1.. */
#define BOARD_VIRTIO_SLOTS 24u
#define BOARD_MAX_HARTS	   512u

#endif
