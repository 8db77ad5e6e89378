/*-------------------------------------------------------------------------
 *
 * codec_values.c
 *	  Columns of made-up versions, for tests of history_codec.c
 *
 *-------------------------------------------------------------------------
 */
#include "codec_values.h"

#include <math.h>

#include "access/tupmacs.h"
#include "base/compat.h"

uint64		codec_seed = 1;

uint64
codec_random(void)
{
	/* xorshift64* */
	codec_seed ^= codec_seed >> 12;
	codec_seed ^= codec_seed << 25;
	codec_seed ^= codec_seed >> 27;
	return codec_seed * UINT64CONST(2685821657736338717);
}

int
codec_any(int limit)
{
	return (int) ((codec_random() >> 33) % limit);
}

/*
 * What a tuple would give for the bytes
 */
static Datum
codec_datum(int length, uint64 value)
{
	switch (length)
	{
		case 1:
			return CharGetDatum((char) value);
		case 2:
			return Int16GetDatum((int16) value);
		case 4:
			return Int32GetDatum((int32) value);
		default:
			return (Datum) value;
	}
}

static uint64
codec_float(int length)
{
	static const double special[] = {
		0.0, -0.0, 1.0, -1.0, 0.1, 1e300, 5e-324, 1e22, 123456789012345678.0
	};
	double		value;
	uint64		bits;
	float		single;
	uint32		single_bits;

	switch (codec_any(40))
	{
		case 0:
			/* NaN with something in it, either sign */
			if (length == 4)
				return 0x7fc00001 | (codec_random() & 0x803fffff);
			return UINT64CONST(0x7ff8000000000001) |
				(codec_random() & UINT64CONST(0x8007ffffffffffff));
		case 1:
			value = special[codec_any(lengthof(special))];
			break;
		case 2:
			value = codec_any(2) ? INFINITY : -INFINITY;
			break;
		default:
			value = (codec_any(2000000) - 1000000) / 100.0;
			break;
	}
	single = value;
	memcpy(&bits, &value, sizeof(bits));
	memcpy(&single_bits, &single, sizeof(single_bits));
	return length == 4 ? single_bits : bits;
}

static uint64
codec_by_value(int length, CodecPattern pattern, int i, uint64 base, int bits)
{
	uint64		near = codec_random() & ((UINT64CONST(1) << bits) - 1);
	uint64		extremes[] = {
		UINT64CONST(0x8000000000000000), UINT64CONST(0x7fffffffffffffff),
		0x7fffffff, ~(uint64) 0x7fffffff, 0x7fff, ~(uint64) 0x7fff, 0x7f,
		~(uint64) 0x7f, 0, ~(uint64) 0
	};

	switch (pattern)
	{
		case CODEC_ZERO:
			return base;
		case CODEC_ASCENDING:
			return base + i / 5;
		case CODEC_NEAR:
			return base + near;
		case CODEC_EXTREMES:
			return extremes[codec_any(lengthof(extremes))];
		case CODEC_FAR:
			return codec_any(10) ? base + near : extremes[codec_any(2)];
		case CODEC_FEW:
			return codec_any(7) * UINT64CONST(0x123456789abcdef1);
		case CODEC_FLOAT:
			return codec_float(length);
		default:
			return codec_random();
	}
}

/*
 * A numeric as the server makes it, with garbage from time to time; returns
 * its size.
 */
static int
codec_numeric(char *bytes)
{
	int16		digits[8];
	int			ndigits = codec_any(4);
	int			weight = codec_any(4) - 1;
	uint16		header = 0x8000 | (codec_any(2) ? 0x2000 : 0) | 2 << 7 |
		(weight & 0x7f);

	if (ndigits == 0)
		header = 0x8000 | 2 << 7;
	if (codec_any(100) == 0)
		header = (uint16) codec_random();
	for (int i = 0; i < ndigits; i++)
		digits[i] = codec_any(10000);
	if (ndigits > 0 && codec_any(50))
	{
		digits[0] = Max(digits[0], 1);
		digits[ndigits - 1] = Max(digits[ndigits - 1], 1);
	}
	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), digits, ndigits * sizeof(int16));
	return sizeof(header) + ndigits * sizeof(int16);
}

static void
codec_fill(char *bytes, int size, CodecPattern pattern, int i)
{
	uint64		kind = 0;

	if (pattern == CODEC_ASCENDING)
		kind = i / 5;
	else if (pattern == CODEC_FEW)
		kind = codec_any(7);
	if (pattern <= CODEC_ASCENDING || pattern == CODEC_FEW)
	{
		for (int j = 0; j < size; j++)
			bytes[j] = 'a' + (kind * 7 + j) % 26;
	}
	else if (pattern == CODEC_ANY)
	{
		for (int j = 0; j < size; j++)
			bytes[j] = (char) codec_random();
	}
	else if (pattern == CODEC_FORM)
	{
		static const int different[] = {1, 1, 2, 10, 16, 26};

		for (int j = 0; j < size; j++)
			bytes[j] = 'A' + j % 5 +
				codec_any(different[j % lengthof(different)]);
	}
	else
	{
		for (int j = 0; j < size; j++)
			bytes[j] = 'a' + codec_any(26);
	}
}

/*
 * A varlena, with either header, in a piece of memory that ends where it ends
 */
static Datum
codec_varlena(CodecPattern pattern, int i, int size)
{
	static char *bytes = NULL;
	static int	room = 0;
	char	   *result;

	if (room < size + 64)
	{
		room = size + 64;
		bytes = realloc(bytes, room);
	}
	if (pattern == CODEC_NUMERIC)
		size = codec_numeric(bytes);
	else
	{
		if (pattern >= CODEC_NEAR && pattern != CODEC_FEW && size > 0 &&
			(pattern != CODEC_FORM || codec_any(200) == 0))
			size = codec_any(size + 1);
		codec_fill(bytes, size, pattern, i);
	}
	if (size <= VARATT_SHORT_MAX - VARHDRSZ_SHORT &&
		(codec_any(2) || pattern == CODEC_FORM))
	{
		result = palloc(size + VARHDRSZ_SHORT);
		SET_VARSIZE_SHORT(result, size + VARHDRSZ_SHORT);
		memcpy(result + VARHDRSZ_SHORT, bytes, size);
	}
	else
	{
		result = palloc(size + VARHDRSZ);
		SET_VARSIZE(result, size + VARHDRSZ);
		memcpy(result + VARHDRSZ, bytes, size);
	}
	return PointerGetDatum(result);
}

void
codec_make(CodecColumn *column, HistoryType type, int n, CodecPattern pattern,
		   int nulls, int size)
{
	uint64		base = codec_any(3) ? codec_random() >> codec_any(64) : 0;
	int			bits = codec_any(64);

	column->type = type;
	column->n = n;
	column->values = palloc(n * sizeof(Datum));
	column->nulls = nulls > 0 ? palloc(n * sizeof(bool)) : NULL;
	column->partner = NULL;
	for (int i = 0; i < n; i++)
	{
		Datum		value;

		if (nulls > 0)
			column->nulls[i] = codec_any(100) < nulls;
		if (nulls > 0 && column->nulls[i])
		{
			/* is not to be looked at */
			column->values[i] = type.byval ? (Datum) codec_random() : (Datum) 1;
			continue;
		}
		if (pattern == CODEC_REPEATED && i > 0 && codec_any(5) &&
			(nulls == 0 || !column->nulls[i - 1]))
			value = column->values[i - 1];
		else if (type.byval)
			value = codec_datum(type.length,
								codec_by_value(type.length, pattern, i, base,
											   bits));
		else if (type.length == -1)
			value = codec_varlena(pattern, i, size);
		else
		{
			char	   *bytes = palloc(type.length);

			codec_fill(bytes, type.length, pattern, i);
			value = PointerGetDatum(bytes);
		}
		column->values[i] = value;
	}
}

void
codec_make_partner(CodecColumn *column)
{
	column->partner = palloc(column->n * sizeof(Datum));
	for (int i = 0; i < column->n; i++)
		column->partner[i] = codec_datum(column->type.length, codec_random());
	for (int i = 0; i + 1 < column->n; i++)
	{
		if (codec_any(5))
			column->values[i] = column->partner[i + 1];
	}
}

static const char *
codec_compare_bytes(const HistoryType *type, Datum expected, Datum value)
{
	const char *a = DatumGetPointer(expected);
	const char *b = DatumGetPointer(value);
	Size		step = att_align_nominal(1, type->align);

	if (type->length > 0)
	{
		if ((uintptr_t) b % step != 0)
			return "a value is not aligned";
		return memcmp(a, b, type->length) == 0 ? NULL : "a value differs";
	}
	if ((uintptr_t) b % Max(step, 4) != 0)
		return "a varlena is not aligned";
	if (!VARATT_IS_4B_U(b))
		return "a varlena's header is not of four bytes";
	if (VARSIZE_ANY_EXHDR(a) != VARSIZE_ANY_EXHDR(b))
		return "a length differs";
	return memcmp(VARDATA_ANY(a), VARDATA_ANY(b),
				  VARSIZE_ANY_EXHDR(a)) == 0 ? NULL : "a varlena differs";
}

const char *
codec_compare(const CodecColumn *column, const Datum *values,
			  const bool *nulls)
{
	for (int i = 0; i < column->n; i++)
	{
		bool		isnull = column->nulls != NULL && column->nulls[i];
		const char *wrong = NULL;

		if (nulls[i] != isnull)
			return "a null";
		if (isnull)
			wrong = values[i] == 0 ? NULL : "a null's value is not 0";
		else if (column->type.byval)
			wrong = values[i] == column->values[i] ? NULL : "a value differs";
		else
			wrong = codec_compare_bytes(&column->type, column->values[i],
										values[i]);
		if (wrong != NULL)
			return wrong;
	}
	return NULL;
}

/*
 * Of the part, only some
 */
static const char *
codec_compare_selected(const CodecColumn *part, const CodecColumn *column,
					   const char *bytes, int size, int from)
{
	uint16	   *selected = palloc(part->n * sizeof(uint16));
	Datum	   *values = palloc(part->n * sizeof(Datum));
	bool	   *nulls = palloc(part->n);
	int			n = 0;
	int			distance = 1 + codec_any(8);
	const char *wrong;

	for (int i = codec_any(distance); i < part->n; i += 1 + codec_any(distance))
		selected[n++] = i;
	wrong = history_codec_decode_selected(bytes, size, &part->type, column->n,
										  from, from + part->n, selected, n,
										  part->partner, values, nulls);
	for (int i = 0; i < n && wrong == NULL; i++)
	{
		CodecColumn one = *part;

		one.n = 1;
		one.values += selected[i];
		if (one.nulls != NULL)
			one.nulls += selected[i];
		wrong = codec_compare(&one, values + selected[i], nulls + selected[i]);
	}
	pfree(selected);
	pfree(values);
	pfree(nulls);
	return wrong;
}

const char *
codec_compare_part(const CodecColumn *column, const char *bytes, int size,
				   int from, int to)
{
	CodecColumn part = *column;
	Datum	   *values;
	bool	   *nulls;
	const char *wrong;

	part.n = to - from;
	part.values += from;
	if (part.nulls != NULL)
		part.nulls += from;
	if (part.partner != NULL)
		part.partner += from;
	values = palloc((part.n + 1) * sizeof(Datum));
	nulls = palloc(part.n + 1);
	values[part.n] = 4711;
	nulls[part.n] = true;
	wrong = history_codec_decode_part(bytes, size, &column->type, column->n,
									  from, to, part.partner, values, nulls);
	if (wrong == NULL && (values[part.n] != 4711 || !nulls[part.n]))
		wrong = "too many values of a part";
	if (wrong == NULL)
		wrong = codec_compare(&part, values, nulls);
	if (wrong == NULL)
		wrong = codec_compare_selected(&part, column, bytes, size, from);
	pfree(values);
	pfree(nulls);
	return wrong;
}

const char *
codec_compare_find(const CodecColumn *column, const char *bytes, int size,
				   int at)
{
	Datum		value = column->values[at];
	int64		integer = column->type.length == 1 ? (int8) value :
		column->type.length == 2 ? (int16) value :
		column->type.length == 4 ? (int32) value : (int64) value;
	bool		found;
	int			from;
	int			to;
	const char *wrong = history_codec_find(bytes, size, &column->type,
										   column->n, integer, &from, &to,
										   &found);

	if (wrong != NULL || !found)
		return wrong;
	if (column->nulls != NULL && column->nulls[at])
		return NULL;
	if (from > at || to <= at || to > column->n)
		return "a value is found where it is not";
	for (int i = 0; i < column->n; i++)
	{
		if ((i >= from && i < to) != (column->values[i] == value))
			return "a value is not found everywhere";
	}
	return NULL;
}
