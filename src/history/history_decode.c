/*-------------------------------------------------------------------------
 *
 * history_decode.c
 *	  One column of many versions, from bytes
 *
 * IN PLACE
 *		Reading fills the end of the caller's array with what was stored, and
 *		spreads it from the front on: repeats, then what the partner knows or
 *		the nulls.  What is read is never behind what is written.
 *
 * A PART
 *		of the values is a part of what is left over at each step: bitmaps say
 *		which, when the bits before it are counted.  Integers of as many bits
 *		each are read from where they begin; what zstd has compressed, lengths,
 *		and differences have to be read from the beginning.
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
#include "history/history_codec_block.h"
#include "history/history_decimal.h"
#include "history/history_integers.h"
#include "history/history_places.h"
#include "history/history_section.h"

/*
 * Integers, as the datums that a tuple would give
 */
static bool
codec_decode_integers(HistoryReader *reader, int kind, int length,
					  Datum *values, int nstored, int from, int to)
{
	uint64	   *integers = (uint64 *) values;
	int			n = to - from;

	if (sizeof(Datum) < sizeof(uint64))
		integers = palloc(n * sizeof(uint64));
	if (kind == VALUES_FLOATS)
		history_decimal_read_floats(reader, length, integers, nstored, from,
									to);
	else
		history_integers_read_part(reader, integers, nstored, from, to);
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
						Datum *values, int n, int from, int to)
{
	uint64		ndistinct = history_section_read_number(reader);
	Datum	   *distinct;
	uint64	   *codes;
	bool		outside = false;

	if (ndistinct == 0 || ndistinct > n)
		return history_section_wrong(reader, "a dictionary's size is wrong");
	distinct = palloc(ndistinct * sizeof(Datum));
	codes = palloc((to - from) * sizeof(uint64));
	if (!history_bytes_read(reader, type, distinct, ndistinct, 0,
							ndistinct) ||
		!history_integers_read_part(reader, codes, n, from, to))
		return false;
	for (int i = 0; i < to - from; i++)
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
 * The values that are stored, or a part of them
 */
static bool
codec_decode_values(HistoryReader *reader, int flags, int kind,
					const HistoryType *type, Datum *values, int n, int from,
					int to)
{
	switch (kind)
	{
		case VALUES_INTEGERS:
		case VALUES_FLOATS:
			return codec_decode_integers(reader, kind, type->length, values, n,
										 from, to);
		case VALUES_NUMERICS:
			return history_decimal_read_numerics(reader, values, n, from, to);
		case VALUES_PLACES:
			return history_places_read(reader, type, values, n, from, to);
		default:
			if (flags & BLOCK_DICTIONARY)
				return codec_decode_dictionary(reader, type, values, n, from,
											   to);
			return history_bytes_read(reader, type, values, n, from, to);
	}
}

/*
 * Spreads values, which are the end of all from one to before another, over
 * those that are the same as the one before.
 */
static void
codec_spread_repeats(Datum *all, int from, int to, const Datum *values,
					 const uint8 *bits)
{
	/* the first has its value whether it is repeated or not */
	*all++ = *values;
	for (int i = from + 1; i < to; i++)
	{
		values += !history_bitmap_get(bits, i);
		*all++ = *values;
	}
}

/*
 * Likewise, between those that others know.
 */
static void
codec_spread_others(Datum *all, int from, int to, const Datum *values,
					const uint8 *bits, const Datum *others, int step)
{
	for (int i = from; i < to; i++, others += step)
	{
		bool		other = history_bitmap_get(bits, i);

		*all++ = *(other ? others : values);
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
		!((*kind == VALUES_NUMERICS || *kind == VALUES_PLACES) &&
		  values == VALUES_VARLENA))
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

/* So few of the values have to be selected to look which these are, one in */
#define SELECTED_PART	2

/*
 * A bitmap of a block, and the part of n values that is wanted
 */
typedef struct BlockPart
{
	uint8		bits[HISTORY_BITMAP_SIZE(HISTORY_CODEC_VALUES)];
	int			n;
	int			from;
	int			to;
} BlockPart;

/*
 * Reads which values others know; left becomes the part of the other values.
 */
static void
codec_decode_others(HistoryReader *reader, BlockPart *part, BlockPart *left)
{
	int			known = history_bitmap_read(reader, part->bits, part->n);

	left->n = part->n - known;
	left->from = part->from == 0 ? 0 :
		part->from - history_bitmap_count(part->bits, part->from);
	left->to = part->to == part->n ? left->n :
		part->to - history_bitmap_count(part->bits, part->to);
}

/*
 * Reads which values repeat the one before; left becomes the part of those that
 * do not, and of the first if it does.
 */
static void
codec_decode_repeats(HistoryReader *reader, BlockPart *part, BlockPart *left)
{
	codec_decode_others(reader, part, left);
	if (part->n == 0 || history_bitmap_get(part->bits, 0))
	{
		history_section_wrong(reader, "nothing is repeated");
		return;
	}
	if (part->from < part->to && history_bitmap_get(part->bits, part->from))
		left->from--;
}

/*
 * Which of the part of stored values are those of the selected ones?  Bits of
 * others and of repeats are NULL where there are none.
 */
static void
codec_want_stored(const BlockPart *others, const uint8 *nulls,
				  const BlockPart *repeats, const uint8 *repeated,
				  const uint16 *selected, int nselected, uint8 *wanted,
				  int nstored)
{
	int			left = repeats->from - 1;
	int			stored = -1;
	int			j = 0;

	history_bitmap_clear(wanted, nstored);
	if (nulls == NULL && repeated == NULL)
	{
		for (; j < nselected; j++)
			history_bitmap_set(wanted, selected[j]);
		return;
	}
	for (int i = 0; j < nselected; i++)
	{
		bool		other = nulls != NULL &&
			history_bitmap_get(nulls, others->from + i);

		if (!other)
		{
			left++;
			stored += repeated == NULL || left == repeats->from ||
				!history_bitmap_get(repeated, left);
		}
		if (selected[j] == i)
		{
			j++;
			if (!other)
				history_bitmap_set(wanted, stored);
		}
	}
}

/*
 * Decodes the part of the values that others->from and others->to say.
 */
static bool
codec_decode(HistoryReader *reader, const HistoryType *type,
			 BlockPart *others, const uint16 *selected, int nselected,
			 const Datum *partner, Datum *values, bool *nulls)
{
	uint8		wanted[HISTORY_BITMAP_SIZE(HISTORY_CODEC_VALUES)];
	BlockPart	repeats;		/* of those that others leave */
	BlockPart	stored;			/* of those that repeats leave */
	const Datum null = (Datum) 0;
	int			n = others->to - others->from;
	Datum	   *end = values + n;
	int			flags = 0;
	int			kind = 0;
	int			nleft;
	int			nstored;

	if (!codec_decode_header(reader, type, partner != NULL, others->n, &flags,
							 &kind))
		return false;
	memset(nulls, (flags & BLOCK_ALL_NULL) != 0, n);
	if (flags & BLOCK_ALL_NULL)
	{
		memset(values, 0, n * sizeof(Datum));
		return reader->at == reader->end ||
			history_section_wrong(reader, "it is too long");
	}
	repeats.n = others->n;
	repeats.from = others->from;
	repeats.to = others->to;
	if (flags & (BLOCK_NULLS | BLOCK_PARTNER))
		codec_decode_others(reader, others, &repeats);
	if ((flags & BLOCK_PARTNER) && others->n > 0 &&
		history_bitmap_get(others->bits, others->n - 1))
		return history_section_wrong(reader, "it has no such partner");
	nleft = repeats.to - repeats.from;
	stored.n = repeats.n;
	stored.from = repeats.from;
	stored.to = repeats.to;
	if (flags & BLOCK_REPEATS)
	{
		codec_decode_repeats(reader, &repeats, &stored);
		if (flags & BLOCK_SAME)
			return history_section_wrong(reader, "nothing is repeated");
	}
	else if (flags & BLOCK_SAME)
	{
		stored.n = Min(repeats.n, 1);
		stored.from = 0;
		stored.to = Min(nleft, 1);
	}
	nstored = stored.to - stored.from;
	if (reader->wrong != NULL)
		return false;

	/* what takes long to make of what is stored */
	if (selected != NULL && !(flags & BLOCK_SAME) &&
		(kind == VALUES_NUMERICS || kind == VALUES_PLACES) &&
		nselected < n / SELECTED_PART)
	{
		codec_want_stored(others, (flags & BLOCK_NULLS) ? others->bits : NULL,
						  &repeats,
						  (flags & BLOCK_REPEATS) ? repeats.bits : NULL,
						  selected, nselected, wanted, nstored);
		reader->wanted = wanted;
	}
	if (stored.n > 0 && !codec_decode_values(reader, flags, kind, type,
											 end - nstored, stored.n,
											 stored.from, stored.to))
		return false;
	reader->wanted = NULL;
	if (reader->at != reader->end)
		return history_section_wrong(reader, "it is too long");

	if ((flags & BLOCK_SAME) && nleft > 1)
	{
		Datum		value = end[-1];

		for (int i = 1; i <= nleft; i++)
			end[-i] = value;
	}
	if ((flags & BLOCK_REPEATS) && nleft > 0)
		codec_spread_repeats(end - nleft, repeats.from, repeats.to,
							 end - nstored, repeats.bits);
	if (flags & BLOCK_PARTNER)
		codec_spread_others(values, others->from, others->to, end - nleft,
							others->bits, partner + 1, 1);
	if (flags & BLOCK_NULLS)
	{
		codec_spread_others(values, others->from, others->to, end - nleft,
							others->bits, &null, 0);
		for (int i = others->from; i < others->to; i++)
			*nulls++ = history_bitmap_get(others->bits, i);
	}
	return true;
}

const char *
history_codec_decode_selected(const char *bytes, Size size,
							  const HistoryType *type, int nvalues, int from,
							  int to, const uint16 *selected, int nselected,
							  const Datum *partner, Datum *values,
							  bool *nulls)
{
	HistoryReader reader = {
		.at = (const uint8 *) bytes,
		.end = (const uint8 *) bytes + size,
	};
	BlockPart	part;

	if (nvalues < 0 || nvalues > HISTORY_CODEC_VALUES)
		return "it has too many values";
	if (from < 0 || from > to || to > nvalues)
		elog(ERROR, "values %d to %d of %d cannot be decoded", from, to,
			 nvalues);
	part.n = nvalues;
	part.from = from;
	part.to = to;
	codec_decode(&reader, type, &part, selected, nselected, partner, values,
				 nulls);
	if (reader.scratch != NULL)
		pfree(reader.scratch);
	return reader.wrong;
}

bool
history_codec_has_nulls(const char *bytes)
{
	return ((uint8) bytes[1] & (BLOCK_NULLS | BLOCK_ALL_NULL)) != 0;
}

const char *
history_codec_decode_part(const char *bytes, Size size,
						  const HistoryType *type, int nvalues, int from,
						  int to, const Datum *partner, Datum *values,
						  bool *nulls)
{
	return history_codec_decode_selected(bytes, size, type, nvalues, from, to,
										 NULL, 0, partner, values, nulls);
}

const char *
history_codec_decode(const char *bytes, Size size, const HistoryType *type,
					 int nvalues, const Datum *partner, Datum *values,
					 bool *nulls)
{
	return history_codec_decode_part(bytes, size, type, nvalues, 0, nvalues,
									 partner, values, nulls);
}

/*
 * Finds the value among those that are stored, where it may be several times
 * if repeats are not left out.  False if others are between them.
 */
static bool
codec_find_stored(const uint64 *values, int n, uint64 value, int *first,
				  int *end)
{
	int			i = 0;

	while (i < n && values[i] != value)
		i++;
	*first = i;
	while (i < n && values[i] == value)
		i++;
	*end = i;
	while (i < n && values[i] != value)
		i++;
	return i == n;
}

/*
 * Only what is stored is looked at, not what repeats it.
 */
static bool
codec_find(HistoryReader *reader, const HistoryType *type, int nvalues,
		   int64 value, int *from, int *to)
{
	BlockPart	repeats;
	BlockPart	stored;
	uint64	   *values;
	int			flags;
	int			kind;
	bool		together;
	int			n;

	if (!codec_decode_header(reader, type, true, nvalues, &flags, &kind))
		return false;
	if ((flags & ~BLOCK_REPEATS) || kind != VALUES_INTEGERS)
		return false;
	repeats.n = stored.n = nvalues;
	repeats.from = stored.from = 0;
	repeats.to = stored.to = nvalues;
	if (flags & BLOCK_REPEATS)
		codec_decode_repeats(reader, &repeats, &stored);
	values = palloc(stored.n * sizeof(uint64));
	n = history_integers_read_until(reader, values, stored.n, value);
	if (n == 0)
		return false;
	if (reader->at != reader->end)
		return history_section_wrong(reader, "it is too long");
	together = codec_find_stored(values, n, (uint64) value, from, to);
	pfree(values);
	if (flags & BLOCK_REPEATS)
	{
		*from = history_bitmap_find_clear(repeats.bits, nvalues, *from);
		*to = history_bitmap_find_clear(repeats.bits, nvalues, *to);
	}
	return together;
}

const char *
history_codec_find(const char *bytes, Size size, const HistoryType *type,
				   int nvalues, int64 value, int *from, int *to, bool *found)
{
	HistoryReader reader = {
		.at = (const uint8 *) bytes,
		.end = (const uint8 *) bytes + size,
	};

	if (nvalues < 0 || nvalues > HISTORY_CODEC_VALUES)
		return "it has too many values";
	*found = codec_find(&reader, type, nvalues, value, from, to);
	if (reader.scratch != NULL)
		pfree(reader.scratch);
	return reader.wrong;
}
