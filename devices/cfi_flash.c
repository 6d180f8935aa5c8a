/* SPDX-License-Identifier: Apache-2.0 */

#include "devices/cfi_flash.h"

#include <string.h>

/* Each chip takes and gives 16 bits: two bytes of four are the one's, two the other's. */
#define BUS_WIDTH 4u

#define STATUS_READY   0x80u
#define STATUS_ERASE   0x20u /* failed; with STATUS_PROGRAM: a broken sequence */
#define STATUS_PROGRAM 0x10u

void cfi_flash_init(struct cfi_flash *flash, uint8_t *bytes, uint64_t len)
{
	*flash = (struct cfi_flash){.bytes = bytes, .len = len};
}

/* ---- reading ---- */

static uint16_t status(const struct cfi_flash *flash)
{
	unsigned int bits = (flash->failed_erase ? STATUS_ERASE : 0) |
			    (flash->failed_program ? STATUS_PROGRAM : 0);

	return (uint16_t)(flash->busy ? bits : bits | STATUS_READY);
}

/* Manufacturer (Intel), device, and from there on: this sector is not locked. */
static uint16_t identifier(uint64_t word)
{
	static const uint16_t codes[] = {0x89, 0x18};

	return word < sizeof(codes) / sizeof(codes[0]) ? codes[word] : 0;
}

static unsigned int log2_of(uint64_t value)
{
	unsigned int log = 0;

	while (value >>= 1)
		log++;
	return log;
}

/* What one chip says of itself: JEDEC JESD68 (CFI), and Intel's extension. */
static uint16_t query(const struct cfi_flash *flash, uint64_t word)
{
	static const uint8_t table[] = {
		[0x10] = 'Q',  'R',  'Y',  0x01, 0x00, /* Intel's command set */
		[0x15] = 0x31, 0x00,		       /* where its extension is */
		[0x1b] = 0x45, 0x55,		       /* volts */
		[0x1f] = 0x01, 0x01, 0x01,	       /* typical times, as powers of two, */
		[0x23] = 0x01, 0x01, 0x01,	       /* and how often that is the longest */
		[0x28] = 0x01, 0x00,		       /* 16 bits */
		[0x2a] = 0x06, 0x00,		       /* half of CFI_FLASH_BUFFER */
		[0x2c] = 0x01,			       /* all sectors are alike */
		[0x31] = 'P',  'R',  'I',  '1',	 '0',  [0x3f] = 0x00,
	};
	const uint64_t sectors = flash->len / CFI_FLASH_SECTOR;
	const uint32_t sector = CFI_FLASH_SECTOR / 2 / 256;

	switch (word) {
	case 0x27: return (uint16_t)log2_of(flash->len / 2);
	case 0x2d: return (uint8_t)(sectors - 1);
	case 0x2e: return (uint8_t)((sectors - 1) >> 8);
	case 0x2f: return (uint8_t)sector;
	case 0x30: return (uint8_t)(sector >> 8);
	default: return word < sizeof(table) ? table[word] : 0;
	}
}

static uint8_t byte_at(const struct cfi_flash *flash, uint64_t offset)
{
	const uint64_t word = offset % CFI_FLASH_SECTOR / BUS_WIDTH;
	uint16_t value;

	switch (flash->mode) {
	case CFI_ARRAY: return offset < flash->len ? flash->bytes[offset] : 0xff;
	case CFI_STATUS: value = status(flash); break;
	case CFI_IDENTIFIER: value = identifier(word); break;
	default: value = query(flash, word); break;
	}
	return (uint8_t)(offset % 2 ? value >> 8 : value);
}

uint64_t cfi_flash_read(const struct cfi_flash *flash, uint64_t offset, unsigned int size)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < size; i++)
		value |= (uint64_t)byte_at(flash, offset + i) << 8 * i;
	return value;
}

/* ---- changing ---- */

static void note_change(struct cfi_flash *flash, uint64_t from, uint64_t to)
{
	const bool none = flash->changed_from == flash->changed_to;

	if (none || from < flash->changed_from)
		flash->changed_from = from;
	if (none || to > flash->changed_to)
		flash->changed_to = to;
}

static void program(struct cfi_flash *flash, const struct cfi_flash_write *write)
{
	if (write->offset >= flash->len || write->size > flash->len - write->offset) {
		flash->failed_program = true;
		return;
	}
	for (unsigned int i = 0; i < write->size; i++)
		flash->bytes[write->offset + i] &= (uint8_t)(write->value >> 8 * i);
	note_change(flash, write->offset, write->offset + write->size);
}

static void erase(struct cfi_flash *flash, uint64_t offset)
{
	const uint64_t start = offset - offset % CFI_FLASH_SECTOR;

	if (start >= flash->len || flash->len - start < CFI_FLASH_SECTOR) {
		flash->failed_erase = true;
		return;
	}
	memset(flash->bytes + start, 0xff, CFI_FLASH_SECTOR);
	note_change(flash, start, start + CFI_FLASH_SECTOR);
}

/* ---- commands: the first write, and those that follow it ---- */

static const char *go_to(struct cfi_flash *flash, enum cfi_flash_mode mode,
			 enum cfi_flash_step step)
{
	flash->mode = mode;
	flash->step = step;
	return NULL;
}

static const char *broken(struct cfi_flash *flash, const char *why)
{
	flash->failed_program = flash->failed_erase = true;
	go_to(flash, CFI_STATUS, CFI_COMMAND);
	return why;
}

static const struct {
	uint8_t code;
	enum cfi_flash_mode mode; /* then */
	enum cfi_flash_step step;
} commands[] = {
	{0x10, CFI_STATUS, CFI_WORD},
	{0x40, CFI_STATUS, CFI_WORD},
	{0x20, CFI_STATUS, CFI_ERASE},
	{0xe8, CFI_STATUS, CFI_COUNT},
	{0x60, CFI_STATUS, CFI_LOCK},
	{0x70, CFI_STATUS, CFI_COMMAND},
	{0x90, CFI_IDENTIFIER, CFI_COMMAND},
	{0x98, CFI_QUERY, CFI_COMMAND},
	{0xff, CFI_ARRAY, CFI_COMMAND},
	/* A reset of flashes by AMD, by which drivers look for one. */
	{0xf0, CFI_ARRAY, CFI_COMMAND},
	/* Suspend and resume: nothing is under way. */
	{0xb0, CFI_STATUS, CFI_COMMAND},
	{0xd0, CFI_STATUS, CFI_COMMAND},
};

#define CONFIRM	     0xd0u
#define CLEAR_STATUS 0x50u
#define READ_ARRAY   0xffu

static const char *take_command(struct cfi_flash *flash, const struct cfi_flash_write *write)
{
	const uint8_t code = (uint8_t)write->value;

	if (code == CLEAR_STATUS) {
		flash->failed_program = flash->failed_erase = false;
		return NULL;
	}
	for (unsigned int i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].code == code)
			return go_to(flash, commands[i].mode, commands[i].step);
	go_to(flash, CFI_ARRAY, CFI_COMMAND);
	return "no such command";
}

static const char *take_word(struct cfi_flash *flash, const struct cfi_flash_write *write)
{
	program(flash, write);
	return go_to(flash, CFI_STATUS, CFI_COMMAND);
}

static const char *take_erase(struct cfi_flash *flash, const struct cfi_flash_write *write)
{
	if ((uint8_t)write->value == READ_ARRAY)
		return go_to(flash, CFI_ARRAY, CFI_COMMAND);
	if ((uint8_t)write->value != CONFIRM)
		return broken(flash, "an erase is not confirmed");
	erase(flash, write->offset);
	return go_to(flash, CFI_STATUS, CFI_COMMAND);
}

static const char *take_count(struct cfi_flash *flash, const struct cfi_flash_write *write)
{
	const unsigned int count = (uint16_t)write->value;

	if (count >= CFI_FLASH_WRITES)
		return broken(flash, "more words than the buffer holds");
	flash->left = count + 1;
	flash->pending_count = 0;
	return go_to(flash, CFI_STATUS, CFI_DATA);
}

static const char *take_data(struct cfi_flash *flash, const struct cfi_flash_write *write)
{
	const struct cfi_flash_write *first = &flash->pending[0];

	if (write->size > BUS_WIDTH)
		return broken(flash, "a write into the buffer that is wider than the bus");
	flash->pending[flash->pending_count++] = *write;
	if ((write->offset + write->size - 1) / CFI_FLASH_BUFFER !=
	    first->offset / CFI_FLASH_BUFFER)
		return broken(flash, "a write into the buffer that is elsewhere than the first");
	return go_to(flash, CFI_STATUS, --flash->left ? CFI_DATA : CFI_CONFIRM);
}

static const char *take_confirm(struct cfi_flash *flash, const struct cfi_flash_write *write)
{
	if ((uint8_t)write->value != CONFIRM)
		return broken(flash, "a buffer is not confirmed");
	for (unsigned int i = 0; i < flash->pending_count; i++)
		program(flash, &flash->pending[i]);
	return go_to(flash, CFI_STATUS, CFI_COMMAND);
}

static const char *take_lock(struct cfi_flash *flash, const struct cfi_flash_write *write)
{
	return go_to(flash, (uint8_t)write->value == READ_ARRAY ? CFI_ARRAY : CFI_STATUS,
		     CFI_COMMAND);
}

static const char *(*const steps[CFI_STEPS])(struct cfi_flash *flash,
					     const struct cfi_flash_write *write) = {
	[CFI_COMMAND] = take_command, [CFI_WORD] = take_word, [CFI_ERASE] = take_erase,
	[CFI_COUNT] = take_count,     [CFI_DATA] = take_data, [CFI_CONFIRM] = take_confirm,
	[CFI_LOCK] = take_lock,
};

const char *cfi_flash_write(struct cfi_flash *flash, uint64_t offset, unsigned int size,
			    uint64_t value)
{
	const struct cfi_flash_write write = {.offset = offset, .value = value, .size = size};

	return steps[flash->step](flash, &write);
}
