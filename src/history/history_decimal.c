/*-------------------------------------------------------------------------
 *
 * history_decimal.c
 *	  Decimal numbers, as integers
 *
 * Prices and measurements have a few decimal digits, whatever their type.  In
 * floating point they fill nearly all bits, as numeric they are bytes; as
 * integers, which is what they are but for the point, they are small, and are
 * read without zstd.
 *
 * Nothing depends on knowing the type: numbers are taken for decimals if what
 * is made of the integers is the same, bit by bit, as what was there.
 *
 * FLOATING POINT
 *		A number that was written with up to 15 digits is that integer divided
 *		by a power of ten: IEEE 754 has a division give the number that is
 *		nearest to the quotient, as reading the digits does.  All have the same
 *		power; those that are no such numbers (NaN, infinities, -0, results of
 *		computation), if few, are stored apart.
 *
 *		byte		the power
 *		integers
 *		number		how many exceptions there are
 *		integers	where; then, their bits
 *
 * NUMERIC		(src/backend/utils/adt/numeric.c: "NumericShort")
 *		A header of 16 bits with the sign, the number of digits after the point
 *		that are shown, and the weight of what follows: digits to the base of
 *		10,000 without zeros at either end.  The integer is all digits up to
 *		the last one that is shown.
 *
 *		integers	digits that are shown after the point
 *		integers
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "port/pg_bitutils.h"

#include "base/compat.h"
#include "history/history_bitmap.h"
#include "history/history_decimal.h"

/* Integers that a double can tell apart, with two bits to spare */
#define DECIMAL_FLOAT_LIMIT	2251799813685248.0	/* 2^51 */
#define DECIMAL_POWERS		16
/* Values that are looked at before all are */
#define DECIMAL_SAMPLE		8
/* Exceptions: at most one in so many, and one */
#define DECIMAL_EXCEPTIONS	32

/* Integers of numerics are less, so that three more digits have room */
#define DECIMAL_NUMERIC_LIMIT	INT64CONST(9000000000000000)
/* Digits to the base of 10,000 that 64 bits can need */
#define DECIMAL_DIGITS		5
/* A numeric's header, digits, and the header of a varlena */
#define DECIMAL_NUMERIC_SIZE	16

#define NUMERIC_KIND		0xc000
#define NUMERIC_SHORT		0x8000
#define NUMERIC_NEGATIVE	0x2000
#define NUMERIC_SCALE(header)	(((header) >> 7) & 0x3f)
#define NUMERIC_WEIGHT(header)	((int) (((header) & 0x7f) ^ 0x40) - 0x40)

StaticAssertDecl(VARHDRSZ + sizeof(uint16) +
				 DECIMAL_DIGITS * sizeof(int16) == DECIMAL_NUMERIC_SIZE,
				 "size of numerics");

static const double decimal_powers[DECIMAL_POWERS] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13,
	1e14, 1e15
};

static const uint64 decimal_tens[] = {1, 10, 100, 1000};

/*
 * Floating point
 */

static inline double
decimal_value(int length, uint64 bits)
{
	if (length == sizeof(float))
	{
		uint32		half = (uint32) bits;
		float		single;

		memcpy(&single, &half, sizeof(single));
		return single;
	}
	else
	{
		double		value;

		memcpy(&value, &bits, sizeof(value));
		return value;
	}
}

/*
 * The bits of integer / power, as codec_integer() has them
 */
static inline uint64
decimal_bits(int length, uint64 integer, double power)
{
	double		value = (double) (int64) integer / power;

	if (length == sizeof(float))
	{
		float		single = (float) value;
		int32		bits;

		memcpy(&bits, &single, sizeof(bits));
		return (uint64) (int64) bits;
	}
	else
	{
		uint64		bits;

		memcpy(&bits, &value, sizeof(bits));
		return bits;
	}
}

static inline bool
decimal_integer(int length, uint64 bits, double power, uint64 *integer)
{
	double		value = decimal_value(length, bits) * power;

	/* not so for a NaN */
	if (!(value > -DECIMAL_FLOAT_LIMIT && value < DECIMAL_FLOAT_LIMIT))
		return false;
	*integer = (uint64) (int64) (value < 0 ? value - 0.5 : value + 0.5);
	return decimal_bits(length, *integer, power) == bits;
}

/*
 * The least power of ten for a number, from one on; -1 if there is none.
 */
static int
decimal_exponent(int length, uint64 bits, int from)
{
	uint64		integer;

	for (int exponent = from; exponent < DECIMAL_POWERS; exponent++)
	{
		if (decimal_integer(length, bits, decimal_powers[exponent], &integer))
			return exponent;
	}
	return -1;
}

/*
 * The power of ten for most numbers, from a few of them; -1 if they are none.
 */
static int
decimal_sample(int length, const uint64 *values, int n)
{
	int			result = -1;
	int			failures = 0;

	for (int i = 0; i < DECIMAL_SAMPLE; i++)
	{
		uint64		value = values[(int64) i * n / DECIMAL_SAMPLE];
		int			exponent = decimal_exponent(length, value, 0);

		if (exponent < 0 && ++failures > 1)
			return -1;
		result = Max(result, exponent);
	}
	return result;
}

/*
 * Fills integers and exceptions.  Returns false if these are too many.
 */
static bool
decimal_convert(HistoryDecimals *decimals, int length, const uint64 *values,
				int n)
{
	int			limit = n / DECIMAL_EXCEPTIONS + 1;
	uint64		last = 0;		/* an exception's does not widen the range */
	int			i = 0;

	decimals->nexceptions = 0;
	while (i < n)
	{
		uint64		integer;

		if (decimal_integer(length, values[i],
							decimal_powers[decimals->exponent], &integer))
			last = integer;
		else if (decimals->nexceptions < limit)
		{
			decimals->positions[decimals->nexceptions] = i;
			decimals->exceptions[decimals->nexceptions++] = values[i];
		}
		else
		{
			/* another power may do */
			decimals->exponent = decimal_exponent(length, values[i],
												  decimals->exponent + 1);
			if (decimals->exponent < 0)
				return false;
			decimals->nexceptions = 0;
			i = 0;
			continue;
		}
		decimals->integers[i++] = last;
	}
	return true;
}

bool
history_decimal_plan_floats(HistoryDecimals *decimals, int length,
							const uint64 *values, int n)
{
	int			exponent;
	int			limit = n / DECIMAL_EXCEPTIONS + 1;

	if (n < DECIMAL_SAMPLE || (length != sizeof(float) &&
							   length != sizeof(double)))
		return false;
	exponent = decimal_sample(length, values, n);
	if (exponent < 0)
		return false;
	memset(decimals, 0, sizeof(HistoryDecimals));
	decimals->exponent = exponent;
	decimals->integers = palloc(n * sizeof(uint64));
	decimals->positions = palloc(limit * sizeof(uint64));
	decimals->exceptions = palloc(limit * sizeof(uint64));
	if (decimal_convert(decimals, length, values, n))
	{
		history_integers_plan(&decimals->plan, decimals->integers, n);
		return true;
	}
	history_decimal_forget(decimals);
	return false;
}

void
history_decimal_write_floats(StringInfo buf, const HistoryDecimals *decimals,
							 int n, int level)
{
	appendStringInfoChar(buf, (char) decimals->exponent);
	history_integers_write(buf, &decimals->plan, decimals->integers, n, level);
	history_section_write_number(buf, decimals->nexceptions);
	history_integers_append(buf, decimals->positions, decimals->nexceptions,
							level);
	history_integers_append(buf, decimals->exceptions, decimals->nexceptions,
							level);
}

static bool
decimal_read_exceptions(HistoryReader *reader, uint64 *values, int n, int from,
						int to)
{
	uint64		nexceptions = history_section_read_number(reader);
	uint64	   *exceptions;
	uint64	   *positions;

	if (nexceptions == 0)
		return reader->wrong == NULL;
	if (nexceptions > n)
		return history_section_wrong(reader, "a number of values is wrong");
	positions = palloc(2 * nexceptions * sizeof(uint64));
	exceptions = positions + nexceptions;
	if (history_integers_read(reader, positions, nexceptions) &&
		history_integers_read(reader, exceptions, nexceptions))
	{
		for (int i = 0; i < nexceptions; i++)
		{
			if (positions[i] >= n)
				history_section_wrong(reader, "a value has no place");
			else if (positions[i] >= from && positions[i] < to)
				values[positions[i] - from] = exceptions[i];
		}
	}
	pfree(positions);
	return reader->wrong == NULL;
}

bool
history_decimal_read_floats(HistoryReader *reader, int length, uint64 *values,
							int n, int from, int to)
{
	int			exponent;
	double		power;

	if (reader->at == reader->end)
		return history_section_wrong(reader, "it is too short");
	exponent = *reader->at++;
	if (exponent >= DECIMAL_POWERS)
		return history_section_wrong(reader, "a power is wrong");
	power = decimal_powers[exponent];
	if (!history_integers_read_part(reader, values, n, from, to))
		return false;
	if (length == sizeof(float))
	{
		for (int i = 0; i < to - from; i++)
			values[i] = decimal_bits(sizeof(float), values[i], power);
	}
	else
	{
		for (int i = 0; i < to - from; i++)
			values[i] = decimal_bits(sizeof(double), values[i], power);
	}
	return decimal_read_exceptions(reader, values, n, from, to);
}

/*
 * Numeric
 */

/*
 * Writes a numeric without the varlena's header, and returns its size.
 */
static int
decimal_format_long(char *bytes, uint64 integer, int scale)
{
	bool		negative = (int64) integer < 0;
	int			after = (scale + 3) / 4;	/* digits after the point */
	uint64		rest = (negative ? -integer : integer) *
		decimal_tens[after * 4 - scale];
	uint16		header = NUMERIC_SHORT | scale << 7;
	int16		digits[DECIMAL_DIGITS];
	int			at = DECIMAL_DIGITS;
	int			weight = -after - 1;
	int			size;

	for (; rest != 0; rest /= 10000)
	{
		int			digit = rest % 10000;

		weight++;
		if (digit != 0 || at < DECIMAL_DIGITS)
			digits[--at] = digit;
	}
	size = (DECIMAL_DIGITS - at) * sizeof(int16);
	if (size > 0)
		header |= (negative ? NUMERIC_NEGATIVE : 0) | (weight & 0x7f);
	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), digits + at, size);
	return sizeof(header) + size;
}

/*
 * The same, without a branch for those of up to three digits to the base of
 * 10,000: most, and how many digits it will be cannot be predicted.  Header
 * and digits are 16 bits each of a word, the first one lowest.
 */
static inline int
decimal_format_numeric(char *bytes, uint64 integer, int scale)
{
	uint64		sign = -(integer >> 63);
	int			after = (scale + 3) / 4;
	uint64		rest = ((integer ^ sign) - sign) *
		decimal_tens[after * 4 - scale];
	uint64		upper = rest / 10000;
	uint64		word = upper / 10000 | (upper % 10000) << 16 |
		(rest % 10000) << 32;
	uint64		fourth = UINT64CONST(1) << 48;
	int			leading = pg_rightmost_one_pos64(word | fourth) / 16;
	uint64		header = (sign & NUMERIC_NEGATIVE) |
		((2 - after - leading) & 0x7f);

	if (rest >= UINT64CONST(1000000000000))
		return decimal_format_long(bytes, integer, scale);
	header = (word != 0 ? header : 0) | NUMERIC_SHORT | scale << 7;
	word = word >> leading * 16 << 16 | header;
#ifdef WORDS_BIGENDIAN
	for (int i = 0; i < 4; i++)
	{
		uint16		part = word >> i * 16;

		memcpy(bytes + i * sizeof(part), &part, sizeof(part));
	}
#else
	memcpy(bytes, &word, sizeof(word));
#endif
	return (pg_leftmost_one_pos64(word) / 16 + 1) * sizeof(uint16);
}

/*
 * The opposite.  False if it is no numeric, or one of another kind.
 */
static bool
decimal_parse_numeric(const HistoryBytes *item, uint64 *integer,
					  uint64 *scale)
{
	char		same[DECIMAL_NUMERIC_SIZE];
	uint16		header;
	int			ndigits;
	int			last;			/* weight of the last digit, to the base 10 */
	uint64		value = 0;

	if (item->size < sizeof(header) || item->size % sizeof(int16) != 0 ||
		item->size > DECIMAL_NUMERIC_SIZE - VARHDRSZ)
		return false;
	memcpy(&header, item->data, sizeof(header));
	if ((header & NUMERIC_KIND) != NUMERIC_SHORT)
		return false;
	ndigits = item->size / sizeof(int16) - 1;
	for (int i = 0; i < ndigits; i++)
	{
		uint16		digit;

		memcpy(&digit, item->data + sizeof(header) + i * sizeof(digit),
			   sizeof(digit));
		if (value > DECIMAL_NUMERIC_LIMIT / 10)
			return false;
		value = value * 10000 + digit;
	}
	*scale = NUMERIC_SCALE(header);
	last = (NUMERIC_WEIGHT(header) - ndigits + 1) * 4 + (int) *scale;
	for (; last > 0 && value != 0 && value < DECIMAL_NUMERIC_LIMIT; last--)
		value *= 10;
	for (; last < 0 && value % 10 == 0 && value != 0; last++)
		value /= 10;
	if (value >= DECIMAL_NUMERIC_LIMIT)
		return false;
	*integer = (header & NUMERIC_NEGATIVE) ? -value : value;
	return decimal_format_numeric(same, *integer, *scale) == item->size &&
		memcmp(same, item->data, item->size) == 0;
}

bool
history_decimal_plan_numerics(HistoryDecimals *decimals,
							  const HistoryBytes *items, int n)
{
	uint64		integer;
	uint64		scale;

	if (n == 0 || !decimal_parse_numeric(&items[0], &integer, &scale))
		return false;
	memset(decimals, 0, sizeof(HistoryDecimals));
	decimals->integers = palloc(n * sizeof(uint64));
	decimals->scales = palloc(n * sizeof(uint64));
	for (int i = 0; i < n; i++)
	{
		if (!decimal_parse_numeric(&items[i], &decimals->integers[i],
								   &decimals->scales[i]))
		{
			history_decimal_forget(decimals);
			return false;
		}
	}
	history_integers_plan(&decimals->plan, decimals->integers, n);
	return true;
}

void
history_decimal_write_numerics(StringInfo buf,
							   const HistoryDecimals *decimals, int n,
							   int level)
{
	history_integers_append(buf, decimals->scales, n, level);
	history_integers_write(buf, &decimals->plan, decimals->integers, n, level);
}

/*
 * Makes a varlena of a numeric; room for the next one follows it.
 */
static inline char *
decimal_form_numeric(char *out, uint64 integer, int scale, Datum *value)
{
	int			size = decimal_format_numeric(out + VARHDRSZ, integer, scale);

	SET_VARSIZE(out, VARHDRSZ + size);
	*value = PointerGetDatum(out);
	return out + DECIMAL_NUMERIC_SIZE;
}

bool
history_decimal_read_numerics(HistoryReader *reader, Datum *values, int n,
							  int from, int to)
{
	int			wanted = to - from;
	uint64	   *integers = palloc(2 * wanted * sizeof(uint64));
	uint64	   *scales = integers + wanted;
	uint64		any = 0;
	uint64		all = ~UINT64CONST(0);
	char	   *out;

	if (!history_integers_read_part(reader, scales, n, from, to) ||
		!history_integers_read_part(reader, integers, n, from, to))
		return false;
	for (int i = 0; i < wanted; i++)
	{
		any |= scales[i];
		all &= scales[i];
	}
	if (any > NUMERIC_SCALE(0xffff))
		return history_section_wrong(reader, "a scale is wrong");
	out = palloc((Size) wanted * DECIMAL_NUMERIC_SIZE);
	if (reader->wanted != NULL)
	{
		memset(values, 0, wanted * sizeof(Datum));
		for (int i = 0; i < wanted; i += 8)
		{
			for (uint32 bits = reader->wanted[i / 8]; bits != 0;
				 bits &= bits - 1)
			{
				int			j = i + pg_rightmost_one_pos32(bits);

				if (j < wanted)
					out = decimal_form_numeric(out, integers[j], scales[j],
											   &values[j]);
			}
		}
	}
	else if (any == all)
	{
		/* what depends on the scale alone is done once */
		for (int i = 0; i < wanted; i++)
			out = decimal_form_numeric(out, integers[i], any, &values[i]);
	}
	else
	{
		for (int i = 0; i < wanted; i++)
			out = decimal_form_numeric(out, integers[i], scales[i], &values[i]);
	}
	pfree(integers);
	return true;
}

void
history_decimal_forget(HistoryDecimals *decimals)
{
	history_integers_forget(&decimals->plan);
	pfree(decimals->integers);
	if (decimals->scales != NULL)
		pfree(decimals->scales);
	if (decimals->positions != NULL)
	{
		pfree(decimals->positions);
		pfree(decimals->exceptions);
	}
}
