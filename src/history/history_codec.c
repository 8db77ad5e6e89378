/*-------------------------------------------------------------------------
 *
 * history_codec.c
 *	  One column of many versions, to bytes and back
 *
 * Versions come in the order of their key and start, so the values of a
 * column are those of one row after the other, each row's in time.  What has
 * not changed from one version to the next is not stored again; what is left
 * are integers (history_integers.c), decimal numbers (history_decimal.c) or
 * bytes (history_bytes.c), and zstd has the last word where it saves much
 * (history_section.c).
 *
 * What a block is made of: history_codec_block.h.  Reading: history_decode.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "history/history_bitmap.h"
#include "history/history_bytes.h"
#include "history/history_codec_block.h"
#include "history/history_decimal.h"
#include "history/history_integers.h"
#include "history/history_places.h"
#include "history/history_section.h"

/* The partner has to know so many of the values, one in */
#define PARTNER_PART		8
/* Bits that a repeated value by reference costs otherwise, about */
#define REPEAT_BITS			16
/*
 * Texts that can be read alone may take so much more than all together, in
 * parts of 16, and have to take so much less than what they are.
 */
#define PLACES_MORE			18
#define PLACES_LESS			14
/* Narrower integers are not tried as floating point; bits it has to save */
#define FLOAT_WIDTH			24
#define FLOAT_SAVE			8

/* A block that is being written */
typedef struct BlockWriter
{
	StringInfo	buf;
	const HistoryType *type;
	int			level;
	int			flags;
	int			kind;
	uint8	   *bits;			/* room for a bitmap of all values */

	/* How values are going to be written */
	HistoryIntegers integers;
	HistoryDecimals decimals;
} BlockWriter;

static void
codec_write_bits(BlockWriter *writer, int flag, int n)
{
	writer->flags |= flag;
	history_bitmap_write(writer->buf, writer->bits, n, writer->level);
}

/*
 * Removes the values that the partner knows, and returns how many are left.
 */
static int
codec_encode_partner(BlockWriter *writer, uint64 *values, int n,
					 const Datum *partner)
{
	int			length = writer->type->length;
	int			known = 0;
	int			left = 0;

	history_bitmap_clear(writer->bits, n);
	for (int i = 0; i + 1 < n; i++)
	{
		if (values[i] == codec_integer(length, partner[i + 1]))
		{
			history_bitmap_set(writer->bits, i);
			known++;
		}
	}
	if (known < n / PARTNER_PART || known == 0)
		return n;
	for (int i = 0; i < n; i++)
	{
		if (!history_bitmap_get(writer->bits, i))
			values[left++] = values[i];
	}
	codec_write_bits(writer, BLOCK_PARTNER, n);
	return left;
}

/*
 * Chooses how to write integers, and returns how many bits each will have.
 */
static int
codec_plan_integers(BlockWriter *writer, const uint64 *values, int n)
{
	HistoryIntegers *integers = &writer->integers;

	writer->kind = VALUES_INTEGERS;
	history_integers_plan(integers, values, n);
	if (integers->mode != INTEGERS_DICTIONARY &&
		integers->width > FLOAT_WIDTH &&
		history_decimal_plan_floats(&writer->decimals, writer->type->length,
									values, n))
	{
		if (writer->decimals.plan.width + FLOAT_SAVE <= integers->width)
		{
			writer->kind = VALUES_FLOATS;
			return writer->decimals.plan.width;
		}
		history_decimal_forget(&writer->decimals);
	}
	return integers->width;
}

static void
codec_forget_plan(BlockWriter *writer)
{
	if (writer->kind == VALUES_INTEGERS)
		history_integers_forget(&writer->integers);
	else
		history_decimal_forget(&writer->decimals);
}

static void
codec_encode_integers(BlockWriter *writer, const uint64 *values, int n)
{
	uint64	   *changed = palloc(n * sizeof(uint64));
	int			nchanged = 0;
	int			width;

	history_bitmap_clear(writer->bits, n);
	for (int i = 0; i < n; i++)
	{
		if (i > 0 && values[i] == values[i - 1])
			history_bitmap_set(writer->bits, i);
		else
			changed[nchanged++] = values[i];
	}
	width = codec_plan_integers(writer, changed, nchanged);
	if (nchanged == 1 && n > 1)
		writer->flags |= BLOCK_SAME;
	else if ((int64) (n - nchanged) * width > n + n / 8)
		codec_write_bits(writer, BLOCK_REPEATS, n);
	else if (nchanged < n)
	{
		codec_forget_plan(writer);
		memcpy(changed, values, n * sizeof(uint64));
		nchanged = n;
		codec_plan_integers(writer, changed, nchanged);
	}
	if (writer->kind == VALUES_FLOATS)
		history_decimal_write_floats(writer->buf, &writer->decimals, nchanged,
									 writer->level);
	else
		history_integers_write(writer->buf, &writer->integers, changed,
							   nchanged, writer->level);
	codec_forget_plan(writer);
	pfree(changed);
}

/*
 * Writes the distinct values, and for each of n which one it is.
 */
static void
codec_write_dictionary(BlockWriter *writer, const HistoryBytes *distinct,
					   int ndistinct, const uint64 *codes, int n)
{
	writer->flags |= BLOCK_DICTIONARY;
	history_section_write_number(writer->buf, ndistinct);
	history_bytes_write(writer->buf, writer->type, distinct, ndistinct,
						writer->level);
	history_integers_append(writer->buf, codes, n, writer->level);
}

/*
 * Writes values that are bytes: all together, or so that each can be read.
 */
static void
codec_write_bytes(BlockWriter *writer, const HistoryBytes *items, int n)
{
	StringInfo	buf = writer->buf;
	int			start = buf->len;
	Size		raw = 0;
	Size		limit;
	StringInfoData other;

	history_bytes_write(buf, writer->type, items, n, writer->level);
	if (writer->type->length != -1 || writer->level == 0)
		return;
	for (int i = 0; i < n; i++)
		raw += items[i].size;
	limit = Min((Size) (buf->len - start) * PLACES_MORE / 16,
				raw * PLACES_LESS / 16);
	initStringInfo(&other);
	if (history_places_write(&other, items, n, writer->level, limit))
	{
		writer->kind = VALUES_PLACES;
		buf->len = start;
		appendBinaryStringInfo(buf, other.data, other.len);
	}
	pfree(other.data);
}

static void
codec_encode_bytes(BlockWriter *writer, const HistoryBytes *items, int n)
{
	uint64	   *codes = palloc(n * sizeof(uint64));
	HistoryBytes *changed = palloc(n * sizeof(HistoryBytes));
	HistoryBytes *distinct = palloc(n * sizeof(HistoryBytes));
	int			nchanged = 0;
	int			ndistinct = 0;
	int			width = REPEAT_BITS;

	history_bitmap_clear(writer->bits, n);
	for (int i = 0; i < n; i++)
	{
		if (i > 0 && history_bytes_equal(&items[i], &items[i - 1]))
			history_bitmap_set(writer->bits, i);
		else
			changed[nchanged++] = items[i];
	}
	if (writer->type->length == -1 &&
		history_decimal_plan_numerics(&writer->decimals, changed, nchanged))
	{
		writer->kind = VALUES_NUMERICS;
		width = writer->decimals.plan.width;
	}
	else if ((ndistinct = history_bytes_distinct(changed, nchanged, distinct,
												 codes)) > 0)
		width = history_integers_bits(ndistinct - 1);

	if (nchanged == 1 && n > 1)
		writer->flags |= BLOCK_SAME;
	else if ((int64) (n - nchanged) * width > n + n / 8)
		codec_write_bits(writer, BLOCK_REPEATS, n);
	else if (nchanged < n)
	{
		/* spreads the codes over the repeats, from behind */
		for (int i = n - 1, from = nchanged - 1; i >= 0 && ndistinct > 0; i--)
		{
			codes[i] = codes[from];
			if (!history_bitmap_get(writer->bits, i))
				from--;
		}
		memcpy(changed, items, n * sizeof(HistoryBytes));
		nchanged = n;
		if (writer->kind == VALUES_NUMERICS)
		{
			codec_forget_plan(writer);
			if (!history_decimal_plan_numerics(&writer->decimals, changed, n))
				elog(ERROR, "numerics are none when they are repeated");
		}
	}

	if (writer->kind == VALUES_NUMERICS)
	{
		history_decimal_write_numerics(writer->buf, &writer->decimals,
									   nchanged, writer->level);
		codec_forget_plan(writer);
	}
	else if (ndistinct > 0)
		codec_write_dictionary(writer, distinct, ndistinct, codes, nchanged);
	else
		codec_write_bytes(writer, changed, nchanged);
	pfree(codes);
	pfree(changed);
	pfree(distinct);
}

/*
 * Writes which are null, and returns how many are not.
 */
static int
codec_encode_nulls(BlockWriter *writer, const bool *nulls, int n)
{
	int			left = 0;

	history_bitmap_clear(writer->bits, n);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			history_bitmap_set(writer->bits, i);
		else
			left++;
	}
	if (left == 0 && n > 0)
		writer->flags |= BLOCK_ALL_NULL;
	else if (left < n)
		codec_write_bits(writer, BLOCK_NULLS, n);
	return left;
}

void
history_codec_encode(StringInfo buf, const HistoryType *type,
					 const Datum *values, const bool *nulls, int nvalues,
					 const Datum *partner, int level)
{
	int			start = buf->len;
	int			n = nvalues;
	BlockWriter writer = {
		.buf = buf,
		.type = type,
		.level = level,
		.kind = codec_kind(type),
	};

	if (nvalues < 0 || nvalues > HISTORY_CODEC_VALUES)
		elog(ERROR, "%d values cannot be encoded together", nvalues);
	writer.bits = palloc(HISTORY_BITMAP_SIZE(nvalues));
	appendStringInfoChar(buf, BLOCK_LAYOUT);
	appendStringInfoChar(buf, 0);	/* known at the end */
	appendStringInfoChar(buf, 0);
	history_section_write_number(buf, nvalues);
	if (nulls != NULL)
		n = codec_encode_nulls(&writer, nulls, nvalues);
	if (n < nvalues)
		partner = NULL;
	else
		nulls = NULL;
	if (n > 0 && type->byval)
	{
		uint64	   *integers = palloc(n * sizeof(uint64));

		n = 0;
		for (int i = 0; i < nvalues; i++)
		{
			if (nulls == NULL || !nulls[i])
				integers[n++] = codec_integer(type->length, values[i]);
		}
		if (partner != NULL)
			n = codec_encode_partner(&writer, integers, n, partner);
		if (n > 0)
			codec_encode_integers(&writer, integers, n);
		pfree(integers);
	}
	else if (n > 0)
	{
		HistoryBytes *items = palloc(n * sizeof(HistoryBytes));

		n = 0;
		for (int i = 0; i < nvalues; i++)
		{
			if (nulls == NULL || !nulls[i])
				items[n++] = history_bytes_of(type, values[i]);
		}
		codec_encode_bytes(&writer, items, n);
		pfree(items);
	}
	buf->data[start + 1] = (char) writer.flags;
	buf->data[start + 2] = (char) writer.kind;
	pfree(writer.bits);
}
