/*-------------------------------------------------------------------------
 *
 * history_bitmap.c
 *	  Which of many versions
 *
 * LAYOUT		(integers: history_integers.c; section: history_section.c)
 *
 *		byte	BITMAP_BITS:
 *		section	the bits, a byte's lowest first
 *
 *		byte	BITMAP_SET or BITMAP_CLEAR:
 *		number	of the bits that are, or are not, set
 *		integers	where they are
 *
 *		Few that are far apart are smaller as numbers, which take no bit at all
 *		if they have the same distance: versions of rows that were changed
 *		equally often.  To read them takes longer, so they have to be a third.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "history/history_bitmap.h"
#include "history/history_integers.h"

#define BITMAP_BITS		0
#define BITMAP_SET		1
#define BITMAP_CLEAR	2

/* Few bits are at most one in so many, and so much smaller as numbers */
#define BITMAP_FEW		3

static inline int
bitmap_count_word(const uint8 *bits)
{
	uint64		word;

	memcpy(&word, bits, sizeof(word));
	word -= (word >> 1) & UINT64CONST(0x5555555555555555);
	word = (word & UINT64CONST(0x3333333333333333)) +
		((word >> 2) & UINT64CONST(0x3333333333333333));
	word = (word + (word >> 4)) & UINT64CONST(0x0f0f0f0f0f0f0f0f);
	return (int) ((word * UINT64CONST(0x0101010101010101)) >> 56);
}

/*
 * All bits of a bitmap that has none set after nbits
 */
static int
bitmap_count(const uint8 *bits, int nbits)
{
	int			count = 0;

	for (int i = 0; i < HISTORY_BITMAP_SIZE(nbits); i += sizeof(uint64))
		count += bitmap_count_word(bits + i);
	return count;
}

int
history_bitmap_count(const uint8 *bits, int nbits)
{
	int			words = nbits / 64;
	int			count = 0;

	for (int i = 0; i < words; i++)
		count += bitmap_count_word(bits + i * sizeof(uint64));
	for (int i = words * 64; i < nbits; i++)
		count += history_bitmap_get(bits, i);
	return count;
}

int
history_bitmap_find_clear(const uint8 *bits, int nbits, int before)
{
	int			i = 0;

	while (i + 64 <= nbits)
	{
		int			clear = 64 - bitmap_count_word(bits + i / 8);

		if (clear > before)
			break;
		before -= clear;
		i += 64;
	}
	for (; i < nbits; i++)
	{
		if (!history_bitmap_get(bits, i) && before-- == 0)
			break;
	}
	return i;
}

/*
 * Writes where bits of one kind are.  Returns false, and has changed nothing,
 * if that is not smaller.
 */
static bool
bitmap_write_few(StringInfo buf, const uint8 *bits, int nbits, bool set,
				 int few)
{
	uint64	   *places = palloc(few * sizeof(uint64));
	int			n = 0;
	HistoryIntegers plan;
	bool		smaller;

	for (int i = 0; i < nbits && n < few; i++)
	{
		if (history_bitmap_get(bits, i) == set)
			places[n++] = i;
	}
	history_integers_plan(&plan, places, n);
	smaller = n * plan.width + 64 < nbits / BITMAP_FEW;
	if (smaller)
	{
		appendStringInfoChar(buf, set ? BITMAP_SET : BITMAP_CLEAR);
		history_section_write_number(buf, n);
		history_integers_write(buf, &plan, places, n, 0 /* too small */ );
	}
	history_integers_forget(&plan);
	pfree(places);
	return smaller;
}

void
history_bitmap_write(StringInfo buf, const uint8 *bits, int nbits, int level)
{
	int			set = bitmap_count(bits, nbits);
	int			few = Min(set, nbits - set);
	int			start;

	if (few < nbits / BITMAP_FEW &&
		bitmap_write_few(buf, bits, nbits, set == few, few))
		return;
	appendStringInfoChar(buf, BITMAP_BITS);
	start = history_section_begin(buf);
	appendBinaryStringInfo(buf, (const char *) bits, (nbits + 7) / 8);
	history_section_close(buf, start, level);
}

/*
 * Changes the bits whose places follow.
 */
static void
bitmap_read_few(HistoryReader *reader, uint8 *bits, int nbits)
{
	uint64		n = history_section_read_number(reader);
	uint64	   *places;

	if (n > nbits)
	{
		history_section_wrong(reader, "a number of bits is wrong");
		return;
	}
	places = palloc(n * sizeof(uint64));
	history_integers_read(reader, places, n);
	for (int i = 0; i < n && reader->wrong == NULL; i++)
	{
		if (places[i] < nbits)
			bits[places[i] / 8] ^= 1 << (places[i] % 8);
		else
			history_section_wrong(reader, "a bit has no place");
	}
	pfree(places);
}

int
history_bitmap_read(HistoryReader *reader, uint8 *bits, int nbits)
{
	int			size = (nbits + 7) / 8;
	uint8		last = nbits % 8 == 0 ? 0xff : (1 << nbits % 8) - 1;

	history_bitmap_clear(bits, nbits);
	switch (reader->at < reader->end ? *reader->at++ : -1)
	{
		case BITMAP_BITS:
			if (history_section_copy(reader, size, bits) && size > 0 &&
				(bits[size - 1] & ~last) != 0)
				history_section_wrong(reader, "a bitmap is too long");
			break;
		case BITMAP_SET:
			bitmap_read_few(reader, bits, nbits);
			break;
		case BITMAP_CLEAR:
			memset(bits, 0xff, size);
			if (size > 0)
				bits[size - 1] = last;
			bitmap_read_few(reader, bits, nbits);
			break;
		default:
			history_section_wrong(reader, "a bitmap is of no kind");
			break;
	}
	return reader->wrong == NULL ? bitmap_count(bits, nbits) : 0;
}
