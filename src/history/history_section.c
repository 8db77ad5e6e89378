/*-------------------------------------------------------------------------
 *
 * history_section.c
 *	  What the blocks of a column are made of: numbers and bytes
 *
 * NUMBERS		seven bits a byte, the lowest first, the eighth bit says that
 *				another follows; at most ten bytes.  Signed ones are folded: 0,
 *				-1, 1, -2 are 0, 1, 2, 3.
 *
 * SECTIONS		bytes, whose number n the reader knows from what it has read:
 *
 *		number	0, or the size s of zstd's form of them
 *		n or s	bytes
 *
 * WHEN COMPRESSION IS WORTH IT
 *		zstd takes two microseconds to get going and another for each kilobyte
 *		that it makes: most of the time that reading a column takes.  So it has
 *		to save something: an eighth, and two hundred bytes.
 *
 * WHAT IS TRUSTED
 *		Nothing.  A section's size was computed from numbers that may be
 *		garbage; before memory is taken for it, history_section_plausible()
 *		compares it with what is there: zstd makes at most 32 kB of a byte.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "history/history_section.h"
#include "history/history_zstd.h"

/* Bytes that a section's own number may take: up to 2^35 */
#define SECTION_HEADER		5
/* What zstd has to save: bytes, and a part of all (see above) */
#define SECTION_SAVE_BYTES	200
#define SECTION_SAVE_PART	8
/* Bytes that zstd makes of one, at most: blocks of 128 kB, 4 bytes each */
#define SECTION_RATIO		((Size) 32 * 1024)
/* Bytes after a section's that may be read */
#define SECTION_PADDING		16

/*
 * Numbers
 */

static int
section_put_number(uint8 *bytes, uint64 number)
{
	int			n = 0;

	for (; number >= 0x80; number >>= 7)
		bytes[n++] = (uint8) number | 0x80;
	bytes[n++] = (uint8) number;
	return n;
}

void
history_section_write_number(StringInfo buf, uint64 number)
{
	uint8		bytes[10];

	appendBinaryStringInfo(buf, (char *) bytes,
						   section_put_number(bytes, number));
}

uint64
history_section_read_number(HistoryReader *reader)
{
	uint64		number = 0;

	for (int shift = 0; shift < 64; shift += 7)
	{
		uint8		byte;

		if (reader->at == reader->end)
			break;
		byte = *reader->at++;
		number |= (uint64) (byte & 0x7f) << shift;
		if (byte < 0x80)
			return number;
	}
	history_section_wrong(reader, "a number is not complete");
	return 0;
}

void
history_section_write_signed(StringInfo buf, uint64 number)
{
	history_section_write_number(buf, (number << 1) ^ -(number >> 63));
}

uint64
history_section_read_signed(HistoryReader *reader)
{
	uint64		folded = history_section_read_number(reader);

	return (folded >> 1) ^ -(folded & 1);
}

/*
 * Sections
 */

int
history_section_begin(StringInfo buf)
{
	int			start = buf->len;

	enlargeStringInfo(buf, SECTION_HEADER);
	buf->len += SECTION_HEADER;
	return start;
}

/*
 * Puts the section's number before its bytes, wherever they are.
 */
static void
section_finish(StringInfo buf, int start, Size number, const char *bytes,
			   Size size)
{
	int			header;

	header = section_put_number((uint8 *) buf->data + start, number);
	memmove(buf->data + start + header, bytes, size);
	buf->len = start + header + size;
	buf->data[buf->len] = '\0';
}

bool
history_section_compress(StringInfo buf, int start, Size plain, int level)
{
	int			from = start + SECTION_HEADER;
	Size		raw = buf->len - from;
	Size		saved = SECTION_SAVE_BYTES + plain / SECTION_SAVE_PART;
	Size		size;

	if (level == 0 || plain <= saved)
		return false;
	enlargeStringInfo(buf, plain - saved);
	size = history_zstd_compress(buf->data + buf->len, plain - saved,
								 buf->data + from, raw, level);
	if (size == 0)
		return false;
	section_finish(buf, start, size, buf->data + buf->len, size);
	return true;
}

void
history_section_close(StringInfo buf, int start, int level)
{
	int			from = start + SECTION_HEADER;
	Size		size = buf->len - from;

	if (!history_section_compress(buf, start, size, level))
		section_finish(buf, start, 0, buf->data + from, size);
}

bool
history_section_plausible(HistoryReader *reader, Size size)
{
	if (size > MaxAllocSize - SECTION_PADDING ||
		size / SECTION_RATIO > reader->end - reader->at)
		return history_section_wrong(reader, "a size is too large");
	return true;
}

/*
 * Reads a section's number: how many bytes are there.  False if they are not.
 */
static bool
section_open(HistoryReader *reader, Size size, bool *compressed, Size *stored)
{
	uint64		number = history_section_read_number(reader);

	*compressed = number > 0;
	*stored = *compressed ? number : size;
	if (reader->wrong != NULL)
		return false;
	if ((*compressed ? number : size) > reader->end - reader->at)
		return history_section_wrong(reader, "it is too short");
	return true;
}

const uint8 *
history_section_read(HistoryReader *reader, Size size, Size *available)
{
	const uint8 *bytes;
	bool		compressed;
	Size		stored;

	if (!section_open(reader, size, &compressed, &stored))
		return NULL;
	bytes = reader->at;
	*available = reader->end - bytes;
	if (compressed)
	{
		if (!history_section_plausible(reader, size))
			return NULL;
		if (reader->scratch_size < size + SECTION_PADDING)
		{
			if (reader->scratch != NULL)
				pfree(reader->scratch);
			reader->scratch_size = Max(size + SECTION_PADDING, 8192);
			reader->scratch = palloc(reader->scratch_size);
		}
		if (!history_zstd_decompress((char *) reader->scratch, size,
									 (const char *) bytes, stored))
		{
			history_section_wrong(reader, "it cannot be decompressed");
			return NULL;
		}
		bytes = reader->scratch;
		*available = reader->scratch_size;
	}
	reader->at += stored;
	return bytes;
}

bool
history_section_copy(HistoryReader *reader, Size size, void *dst)
{
	bool		compressed;
	Size		stored;

	if (!section_open(reader, size, &compressed, &stored))
		return false;
	if (!compressed)
		memcpy(dst, reader->at, size);
	else if (!history_zstd_decompress(dst, size, (const char *) reader->at,
									  stored))
		return history_section_wrong(reader, "it cannot be decompressed");
	reader->at += stored;
	return true;
}
