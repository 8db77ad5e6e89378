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
 * BLOCK
 *		byte	version of this layout: 1
 *		byte	what there is: BLOCK_...
 *		byte	what the values are: VALUES_...
 *		number	how many there are
 *		then, as far as they are there, each of what the ones before left over:
 *		bitmap	BLOCK_NULLS: these are null
 *		bitmap	BLOCK_PARTNER: these are what the partner is one version later
 *		bitmap	BLOCK_REPEATS: these are the same as the one before; or, with
 *				BLOCK_SAME, all are
 *		number	BLOCK_DICTIONARY: how many values there are for the others, and
 *				integers after the values, which one it is
 *		values	see the file of their kind
 *
 *		A block in which all are null, and one of no values, ends after its
 *		header.  history_codec_decode() has to read every layout that was
 *		ever written: history outlives upgrades.
 *
 * IN PLACE
 *		Reading fills the end of the caller's array with what was stored, and
 *		spreads it from the front on: repeats, then what the partner knows or
 *		the nulls.  What is read is never behind what is written.
 *
 * WHAT IS TRUSTED
 *		Nothing: a checksum tells damage, not malice, nor a bug of the version
 *		that wrote it.  Counts come from bitmaps, sizes from checked lengths,
 *		and the block has to end where it ends.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "history/history_bitmap.h"
#include "history/history_bytes.h"
#include "history/history_codec.h"
#include "history/history_decimal.h"
#include "history/history_integers.h"
#include "history/history_section.h"

#define BLOCK_LAYOUT		1

/* What there is in a block */
#define BLOCK_NULLS			0x01
#define BLOCK_ALL_NULL		0x02
#define BLOCK_PARTNER		0x04
#define BLOCK_REPEATS		0x08
#define BLOCK_SAME			0x10
#define BLOCK_DICTIONARY	0x20
#define BLOCK_ALL			0x3f

/* What the values are */
#define VALUES_INTEGERS		0
#define VALUES_FIXED		1
#define VALUES_VARLENA		2
#define VALUES_FLOATS		3
#define VALUES_NUMERICS		4

/* The partner has to know so many of the values, one in */
#define PARTNER_PART		8
/* Bits that a repeated value by reference costs otherwise, about */
#define REPEAT_BITS			16
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

static int
codec_kind(const HistoryType *type)
{
	if (type->byval)
		return VALUES_INTEGERS;
	return type->length == -1 ? VALUES_VARLENA : VALUES_FIXED;
}

/*
 * What a datum stands for, and only that: what a tuple does not keep of it is
 * nobody's.
 */
static inline uint64
codec_integer(int length, Datum value)
{
	switch (length)
	{
		case 1:
			return (uint64) (int64) (int8) value;
		case 2:
			return (uint64) (int64) (int16) value;
		case 4:
			return (uint64) (int64) (int32) value;
		default:
			return (uint64) value;
	}
}

/*
 * Encoding
 */

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
		history_bytes_write(writer->buf, writer->type, changed, nchanged,
							writer->level);
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

/*
 * Decoding
 */

/*
 * Integers, as the datums that a tuple would give
 */
static bool
codec_decode_integers(HistoryReader *reader, int kind, int length,
					  Datum *values, int n)
{
	uint64	   *integers = (uint64 *) values;

	if (sizeof(Datum) < sizeof(uint64))
		integers = palloc(n * sizeof(uint64));
	if (kind == VALUES_FLOATS)
		history_decimal_read_floats(reader, length, integers, n);
	else
		history_integers_read(reader, integers, n);
	if (reader->wrong != NULL)
		return false;
	if (sizeof(Datum) < sizeof(uint64))
	{
		for (int i = 0; i < n; i++)
			values[i] = (Datum) integers[i];
		pfree(integers);
	}
	switch (length)
	{
		case 1:
			for (int i = 0; i < n; i++)
				values[i] = CharGetDatum((char) values[i]);
			break;
		case 2:
			for (int i = 0; i < n; i++)
				values[i] = Int16GetDatum((int16) values[i]);
			break;
		case 4:
			for (int i = 0; i < n; i++)
				values[i] = Int32GetDatum((int32) values[i]);
			break;
	}
	return true;
}

static bool
codec_decode_dictionary(HistoryReader *reader, const HistoryType *type,
						Datum *values, int n)
{
	uint64		ndistinct = history_section_read_number(reader);
	Datum	   *distinct;
	uint64	   *codes;
	bool		outside = false;

	if (ndistinct == 0 || ndistinct > n)
		return history_section_wrong(reader, "a dictionary's size is wrong");
	distinct = palloc(ndistinct * sizeof(Datum));
	codes = palloc(n * sizeof(uint64));
	if (!history_bytes_read(reader, type, distinct, ndistinct) ||
		!history_integers_read(reader, codes, n))
		return false;
	for (int i = 0; i < n; i++)
	{
		uint64		code = codes[i];

		outside |= code >= ndistinct;
		values[i] = distinct[code < ndistinct ? code : 0];
	}
	pfree(distinct);
	pfree(codes);
	return !outside ||
		history_section_wrong(reader, "an index is out of its dictionary");
}

/*
 * The values that are stored
 */
static bool
codec_decode_values(HistoryReader *reader, int flags, int kind,
					const HistoryType *type, Datum *values, int n)
{
	switch (kind)
	{
		case VALUES_INTEGERS:
		case VALUES_FLOATS:
			return codec_decode_integers(reader, kind, type->length, values, n);
		case VALUES_NUMERICS:
			return history_decimal_read_numerics(reader, values, n);
		default:
			if (flags & BLOCK_DICTIONARY)
				return codec_decode_dictionary(reader, type, values, n);
			return history_bytes_read(reader, type, values, n);
	}
}

/*
 * Spreads values, which are the end of all n, over those that are the same as
 * the one before.
 */
static void
codec_spread_repeats(Datum *all, int n, const Datum *values, const uint8 *bits)
{
	values--;
	for (int i = 0; i < n; i++)
	{
		values += !history_bitmap_get(bits, i);
		all[i] = *values;
	}
}

/*
 * Likewise, between those that others know.
 */
static void
codec_spread_others(Datum *all, int n, const Datum *values, const uint8 *bits,
					const Datum *others, int step)
{
	for (int i = 0; i < n; i++, others += step)
	{
		bool		other = history_bitmap_get(bits, i);

		all[i] = *(other ? others : values);
		values += !other;
	}
}

/*
 * Reads what there is and what the values are, and checks that it can be.
 */
static bool
codec_decode_header(HistoryReader *reader, const HistoryType *type,
					bool has_partner, int nvalues, int *flags, int *kind)
{
	int			values = codec_kind(type);

	if (reader->end - reader->at < 3)
		return history_section_wrong(reader, "it is too short");
	if (reader->at[0] != BLOCK_LAYOUT || (reader->at[1] & ~BLOCK_ALL) != 0)
		return history_section_wrong(reader, "its layout is unknown");
	*flags = reader->at[1];
	*kind = reader->at[2];
	reader->at += 3;
	if (*kind != values &&
		!(*kind == VALUES_FLOATS && values == VALUES_INTEGERS) &&
		!(*kind == VALUES_NUMERICS && values == VALUES_VARLENA))
		return history_section_wrong(reader, "it is of another type");
	if ((*flags & BLOCK_DICTIONARY) != 0 &&
		*kind != VALUES_FIXED && *kind != VALUES_VARLENA)
		return history_section_wrong(reader, "it can have no dictionary");
	if ((*flags & BLOCK_PARTNER) != 0 &&
		(!has_partner || !type->byval || (*flags & BLOCK_NULLS) != 0))
		return history_section_wrong(reader, "it has no such partner");
	if (history_section_read_number(reader) != nvalues)
		return history_section_wrong(reader, "its number of values is wrong");
	return true;
}

static bool
codec_decode(HistoryReader *reader, const HistoryType *type, int nvalues,
			 const Datum *partner, Datum *values, bool *nulls)
{
	uint8		bits_nulls[HISTORY_BITMAP_SIZE(HISTORY_CODEC_VALUES)];
	uint8		bits_partner[HISTORY_BITMAP_SIZE(HISTORY_CODEC_VALUES)];
	uint8		bits_repeats[HISTORY_BITMAP_SIZE(HISTORY_CODEC_VALUES)];
	const Datum null = (Datum) 0;
	int			flags = 0;
	int			kind = 0;
	int			nleft = nvalues;
	int			nstored;
	Datum	   *end = values + nvalues;

	if (!codec_decode_header(reader, type, partner != NULL, nvalues, &flags,
							 &kind))
		return false;
	memset(nulls, (flags & BLOCK_ALL_NULL) != 0, nvalues);
	if (flags & BLOCK_ALL_NULL)
	{
		memset(values, 0, nvalues * sizeof(Datum));
		return reader->at == reader->end ||
			history_section_wrong(reader, "it is too long");
	}
	if (flags & BLOCK_NULLS)
		nleft -= history_bitmap_read(reader, bits_nulls, nvalues);
	if (flags & BLOCK_PARTNER)
	{
		nleft -= history_bitmap_read(reader, bits_partner, nvalues);
		if (nvalues > 0 && history_bitmap_get(bits_partner, nvalues - 1))
			return history_section_wrong(reader, "it has no such partner");
	}
	nstored = nleft;
	if (flags & BLOCK_SAME)
		nstored = Min(nleft, 1);
	if (flags & BLOCK_REPEATS)
	{
		nstored -= history_bitmap_read(reader, bits_repeats, nleft);
		if (nleft == 0 || history_bitmap_get(bits_repeats, 0) ||
			(flags & BLOCK_SAME))
			return history_section_wrong(reader, "nothing is repeated");
	}
	if (reader->wrong != NULL ||
		(nstored > 0 && !codec_decode_values(reader, flags, kind, type,
											 end - nstored, nstored)))
		return false;
	if (reader->at != reader->end)
		return history_section_wrong(reader, "it is too long");

	if ((flags & BLOCK_SAME) && nleft > 1)
	{
		Datum		value = end[-1];

		for (int i = 1; i <= nleft; i++)
			end[-i] = value;
	}
	if (flags & BLOCK_REPEATS)
		codec_spread_repeats(end - nleft, nleft, end - nstored, bits_repeats);
	if (flags & BLOCK_PARTNER)
		codec_spread_others(values, nvalues, end - nleft, bits_partner,
							partner + 1, 1);
	if (flags & BLOCK_NULLS)
	{
		codec_spread_others(values, nvalues, end - nleft, bits_nulls,
							&null, 0);
		for (int i = 0; i < nvalues; i++)
			nulls[i] = history_bitmap_get(bits_nulls, i);
	}
	return true;
}

const char *
history_codec_decode(const char *bytes, Size size, const HistoryType *type,
					 int nvalues, const Datum *partner, Datum *values,
					 bool *nulls)
{
	HistoryReader reader = {
		.at = (const uint8 *) bytes,
		.end = (const uint8 *) bytes + size,
	};

	if (nvalues < 0 || nvalues > HISTORY_CODEC_VALUES)
		return "it has too many values";
	codec_decode(&reader, type, nvalues, partner, values, nulls);
	if (reader.scratch != NULL)
		pfree(reader.scratch);
	return reader.wrong;
}
