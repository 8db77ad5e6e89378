/*-------------------------------------------------------------------------
 *
 * history_integers.c
 *	  Many integers, in as few bits as they need
 *
 * Integers are 64 bits, signed, and differences between them are modulo 2^64,
 * so there is no overflow.  What is stored of each is an unsigned number of
 * few bits, one after the other, the lowest bit first in the lowest that is
 * free.
 *
 * FRAME		(value - base) / scale
 * DELTA		(value - the one before - base) / scale; the first value apart.
 *				For what ascends.
 * ENDS			0 is the least value, the highest number is the greatest, and
 *				all others are (value - base) / scale + 1.  For infinity, and
 *				whatever else stands for "none" far away from the rest.
 * DICTIONARY	an index into the distinct values
 *
 * The scale divides all differences: times of whole seconds are so many
 * microseconds.  An exact division by an odd number is a multiplication with
 * its inverse modulo 2^64; one that is not exact gives a large number.
 *
 * LAYOUT		(number, signed, section: see history_section.c)
 *
 *		byte	mode
 *		FRAME, DELTA, ENDS:
 *			byte	width: 0 to 57, or 64
 *			signed	base
 *			number	scale
 *			signed	DELTA: the first value; ENDS: the least, the greatest
 *			section	the numbers, if the width is not 0: (n * width + 7) / 8
 *					bytes.  If it is compressed, the width has been rounded
 *					up to whole bytes, among which zstd finds something.
 *		DICTIONARY:
 *			number	how many
 *			FRAME, DELTA or ENDS of these, and of the n indexes
 *
 *		No integers have no bytes.
 *
 * SPEED
 *		Reading is what counts.  A number of up to 57 bits is in the eight
 *		bytes that begin with its first one: a load, a shift and a mask, for
 *		all widths in the same loop, and without a branch.  The end, where
 *		eight bytes would be too many, is read from a copy.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/history_integers.h"

/* Bits that can be taken out of eight bytes wherever they begin */
#define INTEGERS_WIDTH		57
/* Bits that another mode has to save, of each value, to be taken */
#define INTEGERS_SAVE_DELTA	2
#define INTEGERS_SAVE_ENDS	4
/* Distinct values in a dictionary: at most so many, and one in so many */
#define INTEGERS_DISTINCT	4096
#define INTEGERS_DISTINCT_PART	4
/* Differences before the first that is wanted are read so many at a time */
#define INTEGERS_SKIP		64
/* Differences of so few bits, and scales, are not negative and stay small */
#define INTEGERS_UNTIL_BITS	20
/* Spreads values over the slots of a hash table */
#define INTEGERS_HASH		UINT64CONST(0x9e3779b97f4a7c15)

int
history_integers_bits(uint64 number)
{
	int			bits = 0;

	for (int step = 32; step > 0; step /= 2)
	{
		if (number >> step != 0)
		{
			number >>= step;
			bits += step;
		}
	}
	return bits + (int) number;
}

static int
integers_width(uint64 range)
{
	int			bits = history_integers_bits(range);

	return bits > INTEGERS_WIDTH ? 64 : bits;
}

static inline uint64
integers_mask(int width)
{
	return width == 64 ? ~UINT64CONST(0) : (UINT64CONST(1) << width) - 1;
}

/*
 * Planning
 */

static void
integers_set_scale(HistoryIntegers *plan, uint64 scale)
{
	uint64		odd = scale;
	uint64		inverse;

	plan->scale = scale;
	for (plan->shift = 0; odd % 2 == 0; odd /= 2)
		plan->shift++;
	/* right in five bits; each step doubles them */
	inverse = (3 * odd) ^ 2;
	for (int bits = 5; bits < 64; bits *= 2)
		inverse *= 2 - odd * inverse;
	plan->inverse = inverse;
}

/*
 * What is divided by the scale
 */
static inline uint64
integers_difference(const HistoryIntegers *plan, const uint64 *values, int i)
{
	if (plan->mode == INTEGERS_DELTA)
		return values[i] - values[i - 1] - plan->base;
	if (plan->mode == INTEGERS_ENDS &&
		(values[i] == plan->min || values[i] == plan->max))
		return 0;
	return values[i] - plan->base;
}

/*
 * Finds the scale, by which range can be divided, too; returns range / scale.
 */
static uint64
integers_plan_scale(HistoryIntegers *plan, const uint64 *values, int n,
					uint64 range)
{
	integers_set_scale(plan, 1);
	if (range <= 1)
		return range;
	integers_set_scale(plan, range);
	for (int i = plan->mode == INTEGERS_DELTA ? 1 : 0; i < n; i++)
	{
		uint64		difference = integers_difference(plan, values, i);
		uint64		a = plan->scale;
		uint64		b = difference;

		if ((difference & ((UINT64CONST(1) << plan->shift) - 1)) == 0 &&
			(difference >> plan->shift) * plan->inverse <= range / plan->scale)
			continue;
		while (b != 0)
		{
			uint64		rest = a % b;

			a = b;
			b = rest;
		}
		integers_set_scale(plan, a);
		if (a == 1)
			break;
	}
	return range / plan->scale;
}

/*
 * One frame or differences: from the extremes of both.
 */
static void
integers_plan_range(HistoryIntegers *plan, const uint64 *values, int n)
{
	int64		min = (int64) values[0];
	int64		max = (int64) values[0];
	int64		delta_min = 0;
	int64		delta_max = 0;
	uint64		range;
	uint64		delta_range;
	int			width;
	int			delta_width;

	if (n > 1)
		delta_min = delta_max = (int64) (values[1] - values[0]);
	for (int i = 1; i < n; i++)
	{
		int64		value = (int64) values[i];
		int64		delta = (int64) (values[i] - values[i - 1]);

		min = Min(min, value);
		max = Max(max, value);
		delta_min = Min(delta_min, delta);
		delta_max = Max(delta_max, delta);
	}
	plan->mode = INTEGERS_FRAME;
	plan->base = (uint64) min;
	plan->min = (uint64) min;
	plan->max = (uint64) max;
	range = (uint64) max - (uint64) min;
	delta_range = (uint64) delta_max - (uint64) delta_min;
	width = integers_width(range);
	delta_width = integers_width(delta_range);
	if (delta_width + INTEGERS_SAVE_DELTA <= width ||
		(delta_width == 0 && width > 0))
	{
		plan->mode = INTEGERS_DELTA;
		plan->base = (uint64) delta_min;
		range = delta_range;
	}
	plan->width = integers_width(integers_plan_scale(plan, values, n, range));
}

/*
 * Do the others come closer together without the least and the greatest?
 */
static void
integers_plan_ends(HistoryIntegers *plan, const uint64 *values, int n)
{
	int64		min = PG_INT64_MAX;
	int64		max = PG_INT64_MIN;
	uint64		range = 0;
	HistoryIntegers ends;

	for (int i = 0; i < n; i++)
	{
		int64		value = (int64) values[i];
		bool		end = values[i] == plan->min || values[i] == plan->max;

		min = end ? min : Min(min, value);
		max = end ? max : Max(max, value);
	}
	ends = *plan;
	ends.mode = INTEGERS_ENDS;
	integers_set_scale(&ends, 1);
	if (min <= max)
	{
		ends.base = (uint64) min;
		range = (uint64) max - (uint64) min;
		if (integers_width(range) + INTEGERS_SAVE_ENDS > plan->width)
			return;
		range = integers_plan_scale(&ends, values, n, range) + 2;
	}
	ends.width = Max(integers_width(range), 1);
	if (ends.width + INTEGERS_SAVE_ENDS <= plan->width)
		*plan = ends;
}

static void
integers_plan_dictionary(HistoryIntegers *plan, const uint64 *values, int n)
{
	int			limit = Min(n / INTEGERS_DISTINCT_PART, INTEGERS_DISTINCT);
	int			bits = history_integers_bits(limit) + 1;
	int			mask = (1 << bits) - 1;
	uint16	   *slots = palloc0(sizeof(uint16) << bits);	/* code + 1 */
	uint64	   *distinct = palloc(limit * sizeof(uint64));
	uint64	   *codes = palloc(n * sizeof(uint64));
	int			ndistinct = 0;
	int			width;

	for (int i = 0; i < n; i++)
	{
		uint64		value = values[i];
		int			at = (value * INTEGERS_HASH) >> (64 - bits);

		while (slots[at] != 0 && distinct[slots[at] - 1] != value)
			at = (at + 1) & mask;
		if (slots[at] == 0)
		{
			if (ndistinct == limit)
				goto unsuitable;
			distinct[ndistinct++] = value;
			slots[at] = ndistinct;
		}
		codes[i] = slots[at] - 1;
	}
	width = history_integers_bits(ndistinct - 1);
	if ((int64) ndistinct * plan->width + (int64) n * width + 64 <
		(int64) n * plan->width * 7 / 8)
	{
		plan->mode = INTEGERS_DICTIONARY;
		plan->width = width;
		plan->distinct = distinct;
		plan->ndistinct = ndistinct;
		plan->codes = codes;
		pfree(slots);
		return;
	}
unsuitable:
	pfree(slots);
	pfree(distinct);
	pfree(codes);
}

void
history_integers_plan(HistoryIntegers *plan, const uint64 *values, int n)
{
	memset(plan, 0, sizeof(HistoryIntegers));
	if (n == 0)
		return;
	integers_plan_range(plan, values, n);
	if (plan->width > INTEGERS_SAVE_ENDS)
		integers_plan_ends(plan, values, n);
	if (plan->width > 2 && n >= 4 * INTEGERS_DISTINCT_PART)
		integers_plan_dictionary(plan, values, n);
}

void
history_integers_forget(HistoryIntegers *plan)
{
	if (plan->mode == INTEGERS_DICTIONARY)
	{
		pfree(plan->distinct);
		pfree(plan->codes);
	}
}

/*
 * Writing
 */

static inline void
integers_store(uint8 *bytes, uint64 number)
{
#ifdef WORDS_BIGENDIAN
	number = pg_bswap64(number);
#endif
	memcpy(bytes, &number, sizeof(number));
}

/*
 * What is stored of each value
 */
static inline uint64
integers_number(const HistoryIntegers *plan, const uint64 *values, int i,
				int width)
{
	uint64		number = integers_difference(plan, values, i);

	number = (number >> plan->shift) * plan->inverse;
	if (plan->mode == INTEGERS_ENDS)
		number = values[i] == plan->min ? 0 :
			values[i] == plan->max ? integers_mask(width) : number + 1;
	return number;
}

/*
 * Appends the numbers of values[from] and those after it.
 */
static void
integers_pack(StringInfo buf, const HistoryIntegers *plan,
			  const uint64 *values, int from, int n, int width)
{
	Size		size = ((Size) (n - from) * width + 7) / 8;
	uint64		word = 0;
	int			used = 0;
	uint8	   *out;

	/* whole words are stored */
	enlargeStringInfo(buf, size + sizeof(word));
	out = (uint8 *) buf->data + buf->len;
	for (int i = from; i < n; i++)
	{
		uint64		number = integers_number(plan, values, i, width);

		word |= number << used;
		used += width;
		if (used >= 64)
		{
			integers_store(out, word);
			out += sizeof(word);
			used -= 64;
			/* a number of 64 bits leaves nothing: a shift by 64 is undefined */
			word = used > 0 ? number >> (width - used) : 0;
		}
	}
	integers_store(out, word);
	buf->len += size;
}

/*
 * Appends one of the modes without a dictionary.
 */
static void
integers_write_numbers(StringInfo buf, const HistoryIntegers *plan,
					   const uint64 *values, int n, int level)
{
	int			from = plan->mode == INTEGERS_DELTA ? 1 : 0;
	Size		plain = ((Size) (n - from) * plan->width + 7) / 8;
	int			rounded = (plan->width + 7) / 8 * 8;
	int			at_width;
	int			start;

	appendStringInfoChar(buf, (char) plan->mode);
	at_width = buf->len;
	appendStringInfoChar(buf, (char) plan->width);
	history_section_write_signed(buf, plan->base);
	history_section_write_number(buf, plan->scale);
	if (plan->mode == INTEGERS_DELTA)
		history_section_write_signed(buf, values[0]);
	if (plan->mode == INTEGERS_ENDS)
	{
		history_section_write_signed(buf, plan->min);
		history_section_write_signed(buf, plan->max);
	}
	if (plan->width == 0)
		return;
	start = history_section_begin(buf);
	integers_pack(buf, plan, values, from, n, rounded);
	if (history_section_compress(buf, start, plain, level))
	{
		buf->data[at_width] = (char) rounded;
		return;
	}
	if (rounded != plan->width)
	{
		buf->len = start;
		history_section_begin(buf);
		integers_pack(buf, plan, values, from, n, plan->width);
	}
	history_section_close(buf, start, 0 /* tried already */ );
}

void
history_integers_write(StringInfo buf, const HistoryIntegers *plan,
					   const uint64 *values, int n, int level)
{
	HistoryIntegers part;

	if (n == 0)
		return;
	if (plan->mode != INTEGERS_DICTIONARY)
	{
		integers_write_numbers(buf, plan, values, n, level);
		return;
	}
	appendStringInfoChar(buf, (char) plan->mode);
	history_section_write_number(buf, plan->ndistinct);
	memset(&part, 0, sizeof(part));
	integers_plan_range(&part, plan->distinct, plan->ndistinct);
	integers_write_numbers(buf, &part, plan->distinct, plan->ndistinct, level);
	integers_plan_range(&part, plan->codes, n);
	integers_write_numbers(buf, &part, plan->codes, n, level);
}

void
history_integers_append(StringInfo buf, const uint64 *values, int n, int level)
{
	HistoryIntegers plan;

	history_integers_plan(&plan, values, n);
	history_integers_write(buf, &plan, values, n, level);
	history_integers_forget(&plan);
}

/*
 * Reading
 */

/*
 * Numbers of up to 57 bits; eight bytes can be read where the last begins.
 */
static pg_attribute_always_inline void
integers_unpack_bits(const uint8 *bytes, Size bit, int width, uint64 base,
					 uint64 scale, uint64 *values, int n)
{
	uint64		mask = integers_mask(width);

	for (int i = 0; i < n; i++, bit += width)
		values[i] = base +
			scale * ((history_integers_load(bytes + bit / 8) >> bit % 8) &
					 mask);
}

/*
 * Takes the numbers from one to before another out of bytes, of which so many
 * are available.
 */
static pg_attribute_always_inline void
integers_unpack(const uint8 *bytes, Size available, int width, uint64 base,
				uint64 scale, uint64 *values, int from, int to)
{
	Size		bits = (Size) to * width;
	int			direct;			/* numbers that begin before the last 8 bytes */
	uint8		rest[16] = {0};

	if (width == 64)
	{
		for (int i = from; i < to; i++)
			*values++ = base + scale * history_integers_load(bytes + (Size) i * 8);
		return;
	}
	if (available >= bits / 8 + sizeof(uint64))
		direct = to;
	else if (available < sizeof(uint64))
		direct = from;
	else
		direct = ((available - sizeof(uint64)) * 8 + 7) / width + 1;
	direct = Max(Min(direct, to), from);
	integers_unpack_bits(bytes, (Size) from * width, width, base, scale,
						 values, direct - from);
	if (direct < to)
	{
		Size		bit = (Size) direct * width;

		memcpy(rest, bytes + bit / 8, (bits + 7) / 8 - bit / 8);
		integers_unpack_bits(rest, bit % 8, width, base, scale,
							 values + direct - from, to - direct);
	}
}

/*
 * The sum of the first n differences
 */
static uint64
integers_sum(const uint8 *bytes, Size available, int width, uint64 base,
			 uint64 scale, int n)
{
	uint64		some[INTEGERS_SKIP];
	uint64		sum = 0;

	for (int from = 0; from < n; from += INTEGERS_SKIP)
	{
		int			to = Min(from + INTEGERS_SKIP, n);

		integers_unpack(bytes, available, width, base, scale, some, from, to);
		for (int i = 0; i < to - from; i++)
			sum += some[i];
	}
	return sum;
}

static bool
integers_read_numbers(HistoryReader *reader, IntegersMode mode,
					  uint64 *values, int n, int from, int to)
{
	int			width;
	uint64		base;
	uint64		scale;
	uint64		value = 0;
	uint64		min = 0;
	uint64		max = 0;

	if (reader->at == reader->end)
		return history_section_wrong(reader, "it is too short");
	width = *reader->at++;
	if (width > INTEGERS_WIDTH && width != 64)
		return history_section_wrong(reader, "a width is wrong");
	base = history_section_read_signed(reader);
	scale = history_section_read_number(reader);
	if (mode == INTEGERS_DELTA)
	{
		/* from here on, differences: the first value has none */
		value = history_section_read_signed(reader);
		if (from == 0 && to > 0)
			*values++ = value;
		n--;
		from -= from > 0;
		to -= to > 0;
	}
	if (mode == INTEGERS_ENDS)
	{
		min = history_section_read_signed(reader);
		max = history_section_read_signed(reader);
	}
	if (width == 0)
	{
		for (int i = 0; i < to - from; i++)
			values[i] = base;
		value += base * (uint64) from;
	}
	else
	{
		Size		available;
		const uint8 *bytes = history_section_read(reader,
												  ((Size) n * width + 7) / 8,
												  &available);

		if (bytes == NULL)
			return false;
		/* most have no scale, and a multiplication shows */
		if (mode == INTEGERS_ENDS)
			integers_unpack(bytes, available, width, 0, 1, values, from, to);
		else if (scale == 1)
			integers_unpack(bytes, available, width, base, 1, values, from,
							to);
		else
			integers_unpack(bytes, available, width, base, scale, values,
							from, to);
		if (mode == INTEGERS_DELTA && from > 0)
			value += integers_sum(bytes, available, width, base, scale, from);
	}
	if (mode == INTEGERS_DELTA)
	{
		for (int i = 0; i < to - from; i++)
			values[i] = value += values[i];
	}
	if (mode == INTEGERS_ENDS)
	{
		uint64		highest = integers_mask(width);

		for (int i = 0; i < to - from; i++)
		{
			uint64		number = values[i];

			value = base + scale * (number - 1);
			value = number == 0 ? min : value;
			values[i] = number == highest ? max : value;
		}
	}
	return reader->wrong == NULL;
}

static bool
integers_read_mode(HistoryReader *reader, IntegersMode *mode)
{
	if (reader->at == reader->end)
		return history_section_wrong(reader, "it is too short");
	*mode = *reader->at++;
	if (*mode > INTEGERS_DICTIONARY)
		return history_section_wrong(reader, "an encoding is unknown");
	return true;
}

static bool
integers_read_dictionary(HistoryReader *reader, uint64 *values, int n,
						 int from, int to)
{
	uint64		ndistinct = history_section_read_number(reader);
	uint64	   *distinct;
	IntegersMode mode = INTEGERS_FRAME;
	bool		outside = false;

	if (ndistinct == 0 || ndistinct > n)
		return history_section_wrong(reader, "a dictionary's size is wrong");
	distinct = palloc(ndistinct * sizeof(uint64));
	if (integers_read_mode(reader, &mode) && mode != INTEGERS_DICTIONARY &&
		integers_read_numbers(reader, mode, distinct, ndistinct, 0,
							  ndistinct) &&
		integers_read_mode(reader, &mode) && mode != INTEGERS_DICTIONARY &&
		integers_read_numbers(reader, mode, values, n, from, to))
	{
		for (int i = 0; i < to - from; i++)
		{
			uint64		code = values[i];

			outside |= code >= ndistinct;
			values[i] = distinct[code < ndistinct ? code : 0];
		}
		pfree(distinct);
		return !outside ||
			history_section_wrong(reader, "an index is out of its dictionary");
	}
	pfree(distinct);
	return history_section_wrong(reader, "a dictionary in a dictionary");
}

bool
history_integers_read_part(HistoryReader *reader, uint64 *values, int n,
						   int from, int to)
{
	IntegersMode mode = INTEGERS_FRAME;

	if (n == 0)
		return reader->wrong == NULL;
	if (!integers_read_mode(reader, &mode))
		return false;
	if (mode == INTEGERS_DICTIONARY)
		return integers_read_dictionary(reader, values, n, from, to);
	return integers_read_numbers(reader, mode, values, n, from, to);
}

bool
history_integers_read(HistoryReader *reader, uint64 *values, int n)
{
	return history_integers_read_part(reader, values, n, 0, n);
}

int
history_integers_read_until(HistoryReader *reader, uint64 *values, int n,
							int64 limit)
{
	const uint8 *start = reader->at;

	if (n > 1 && reader->end - reader->at > 2 &&
		reader->at[0] == INTEGERS_DELTA)
	{
		int			width = reader->at[1];
		uint64		base;
		uint64		scale;
		uint64		value;

		reader->at += 2;
		base = history_section_read_signed(reader);
		scale = history_section_read_number(reader);
		value = history_section_read_signed(reader);
		if (width > 0 && width <= INTEGERS_UNTIL_BITS &&
			scale < (UINT64CONST(1) << INTEGERS_UNTIL_BITS) &&
			base < (UINT64CONST(1) << 2 * INTEGERS_UNTIL_BITS) &&
			reader->wrong == NULL)
		{
			Size		available;
			const uint8 *bytes = history_section_read(reader,
													  ((Size) (n - 1) * width + 7) / 8,
													  &available);
			int			done = 0;

			if (bytes == NULL)
				return 0;
			*values++ = value;
			while (done < n - 1 && (int64) value <= limit)
			{
				int			to = Min(done + INTEGERS_SKIP, n - 1);

				integers_unpack(bytes, available, width, base, scale,
								values + done, done, to);
				for (; done < to; done++)
					values[done] = value += values[done];
			}
			return done + 1;
		}
		reader->at = start;
	}
	return history_integers_read(reader, values, n) ? n : 0;
}
