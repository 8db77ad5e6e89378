/*-------------------------------------------------------------------------
 *
 * history_bytes.c
 *	  Many values that are bytes: all types by reference
 *
 * Values are compared and stored as they are in a tuple: what they mean is
 * their type's.  So two that are equal for their type may be two here.
 *
 * LAYOUT		(integers: history_integers.c; section: history_section.c)
 *
 *		integers	lengths, of varlenas only, without their headers
 *		section		the bytes of all values, one after the other
 *
 * MEMORY
 *		What is read is one piece, in which each value is aligned as its type
 *		wants it and a varlena has a header of four bytes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tupmacs.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "history/history_bytes.h"
#include "history/history_integers.h"

/* Distinct values in a dictionary: at most one in so many */
#define BYTES_DISTINCT_PART	2
/* Looks for a value's place before it is left, in sum, for each value */
#define BYTES_PROBES	8
/* Short values are copied in pieces of 16 bytes, which may be too many */
#define BYTES_PADDING	32

HistoryBytes
history_bytes_of(const HistoryType *type, Datum value)
{
	HistoryBytes bytes;

	bytes.data = DatumGetPointer(value);
	if (type->length > 0)
		bytes.size = type->length;
	else
	{
		if (type->length != -1 || VARATT_IS_EXTERNAL(bytes.data) ||
			VARATT_IS_COMPRESSED(bytes.data))
			elog(ERROR, "value of length %d cannot be encoded as it is",
				 type->length);
		bytes.size = VARSIZE_ANY_EXHDR(bytes.data);
		bytes.data = VARDATA_ANY(bytes.data);
	}
	return bytes;
}

static uint64
bytes_hash(const HistoryBytes *item)
{
	const uint64 factor = UINT64CONST(0x9e3779b97f4a7c15);
	const char *data = item->data;
	Size		size = item->size;
	uint64		hash = size * factor;
	uint64		word;

	for (; size >= sizeof(word); size -= sizeof(word), data += sizeof(word))
	{
		memcpy(&word, data, sizeof(word));
		hash = (hash ^ word) * factor;
		hash ^= hash >> 29;
	}
	word = 0;
	memcpy(&word, data, size);
	return (hash ^ word) * factor;
}

int
history_bytes_distinct(const HistoryBytes *items, int n,
					   HistoryBytes *distinct, uint64 *codes)
{
	int			limit = n / BYTES_DISTINCT_PART;
	int			bits = history_integers_bits(limit) + 1;
	int			mask = (1 << bits) - 1;
	int			probes = n * BYTES_PROBES;
	uint16	   *slots = palloc0(sizeof(uint16) << bits);	/* code + 1 */
	int			ndistinct = 0;

	for (int i = 0; i < n; i++)
	{
		int			at = bytes_hash(&items[i]) >> (64 - bits);

		while (slots[at] != 0 && probes-- > 0 &&
			   !history_bytes_equal(&items[i], &distinct[slots[at] - 1]))
			at = (at + 1) & mask;
		if (probes <= 0 || (slots[at] == 0 && ndistinct == limit))
		{
			ndistinct = 0;
			break;
		}
		if (slots[at] == 0)
		{
			distinct[ndistinct++] = items[i];
			slots[at] = ndistinct;
		}
		codes[i] = slots[at] - 1;
	}
	pfree(slots);
	return ndistinct;
}

void
history_bytes_write(StringInfo buf, const HistoryType *type,
					const HistoryBytes *items, int n, int level)
{
	Size		total = 0;
	int			start;
	char	   *out;

	for (int i = 0; i < n; i++)
		total += items[i].size;
	if (total > HISTORY_CODEC_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("values are too large to be compressed together"),
				 errdetail("They have %zu bytes, and %d are the limit.",
						   total, HISTORY_CODEC_BYTES)));
	if (type->length == -1)
	{
		uint64	   *sizes = palloc(n * sizeof(uint64));

		for (int i = 0; i < n; i++)
			sizes[i] = items[i].size;
		history_integers_append(buf, sizes, n, level);
		pfree(sizes);
	}
	start = history_section_begin(buf);
	enlargeStringInfo(buf, total);
	out = buf->data + buf->len;
	for (int i = 0; i < n; i++)
	{
		memcpy(out, items[i].data, items[i].size);
		out += items[i].size;
	}
	buf->len += total;
	history_section_close(buf, start, level);
}

/*
 * Memory for values, of so many bytes and read from so many; NULL if the block
 * cannot mean it.
 */
static char *
bytes_allocate(HistoryReader *reader, Size size, Size raw)
{
	if (!history_section_plausible(reader, raw))
		return NULL;
	if (size > MaxAllocSize - BYTES_PADDING)
	{
		history_section_wrong(reader, "a size is too large");
		return NULL;
	}
	return palloc(size + BYTES_PADDING);
}

/*
 * Copies a value of a section, of which so many bytes may be read.
 */
static inline void
bytes_copy(char *to, const uint8 *from, Size size, Size available)
{
	if (size <= 16 && available >= 16)
		memcpy(to, from, 16);
	else if (size <= 32 && available >= 32)
		memcpy(to, from, 32);
	else
		memcpy(to, from, size);
}

static bool
bytes_read_fixed(HistoryReader *reader, const HistoryType *type,
				 Datum *values, int n, int from, int to)
{
	Size		length = type->length;
	Size		step = att_align_nominal(length, type->align);
	char	   *out = bytes_allocate(reader, (to - from) * step, n * length);

	if (out == NULL)
		return false;
	for (int i = 0; i < to - from; i++)
		values[i] = PointerGetDatum(out + i * step);
	if (step == length && to - from == n)
		return history_section_copy(reader, n * length, out);
	else
	{
		Size		available;
		const uint8 *bytes = history_section_read(reader, n * length,
												  &available);

		if (bytes == NULL)
			return false;
		bytes += from * length;
		available -= from * length;
		for (int i = 0; i < to - from; i++)
		{
			bytes_copy(out + i * step, bytes, length, available);
			bytes += length;
			available -= length;
		}
		return true;
	}
}

static bool
bytes_read_varlena(HistoryReader *reader, const HistoryType *type,
				   Datum *values, int n, int from, int to)
{
	uint64	   *sizes = palloc(n * sizeof(uint64));
	Size		step = Max(att_align_nominal(1, type->align), sizeof(int32));
	Size		raw = 0;
	Size		before = 0;
	Size		size = 0;
	uint64		all = 0;
	const uint8 *bytes;
	Size		available;
	char	   *out;

	if (!history_integers_read(reader, sizes, n))
		return false;
	for (int i = 0; i < n; i++)
	{
		all |= sizes[i];
		raw += sizes[i];
	}
	for (int i = 0; i < from; i++)
		before += sizes[i];
	for (int i = from; i < to; i++)
		size += TYPEALIGN(step, sizes[i] + VARHDRSZ);
	if (all > HISTORY_CODEC_BYTES)
		return history_section_wrong(reader, "a length is wrong");
	out = bytes_allocate(reader, size, raw);
	if (out == NULL)
		return false;
	bytes = history_section_read(reader, raw, &available);
	if (bytes == NULL)
		return false;
	bytes += before;
	available -= before;
	for (int i = from; i < to; i++)
	{
		Size		length = sizes[i];

		SET_VARSIZE(out, length + VARHDRSZ);
		bytes_copy(out + VARHDRSZ, bytes, length, available);
		*values++ = PointerGetDatum(out);
		out += TYPEALIGN(step, length + VARHDRSZ);
		bytes += length;
		available -= length;
	}
	pfree(sizes);
	return true;
}

bool
history_bytes_read(HistoryReader *reader, const HistoryType *type,
				   Datum *values, int n, int from, int to)
{
	if (type->length == -1)
		return bytes_read_varlena(reader, type, values, n, from, to);
	return bytes_read_fixed(reader, type, values, n, from, to);
}
