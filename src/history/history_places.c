/*-------------------------------------------------------------------------
 *
 * history_places.c
 *	  Texts of one form, of which each can be read alone
 *
 * Much that is text has a form: numbers of accounts, hashes, codes, dates, file
 * names.  At each place, counted from the front, such texts have few different
 * characters, or one.  So a character is written in as many bits as its place
 * has a use for, and all texts in the same number of bits: where one begins is
 * known without reading those before it, which with zstd have to be made first.
 * One key of a segment of a hundred takes a hundredth of the time.
 *
 * It is for those of whom zstd makes little more than their characters' bits;
 * history_codec.c compares.
 *
 * LAYOUT		(numbers and section: history_section.c)
 *
 *		integers	lengths
 *		number		how many alphabets there are
 *		each:		number of characters; these, as bytes
 *		number		how many places there are: the greatest length
 *		bytes		the alphabet of each place
 *		section		the texts, lowest bits first: of each place which
 *					character of its alphabet, in as many bits as the greatest
 *					takes; then PLACES_PADDING bytes
 *
 *		A character is a byte: what an encoding makes of several is not known
 *		here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tupmacs.h"

#include "base/compat.h"
#include "history/history_bitmap.h"
#include "history/history_integers.h"
#include "history/history_places.h"

/* Longer texts are not looked at */
#define PLACES_MOST		256
#define PLACES_ALPHABETS	256
/* A word is read where the last bit begins */
#define PLACES_PADDING		8
/* Bits of a word that is read anywhere that can be used */
#define PLACES_WORD			57

typedef struct PlacesAlphabet
{
	bool		has[256];
	int			count;
	int			width;
} PlacesAlphabet;

/* How texts are going to be written */
typedef struct PlacesPlan
{
	PlacesAlphabet *alphabets;	/* PLACES_ALPHABETS */
	int			nalphabets;
	uint8		alphabet[PLACES_MOST];	/* of each place */
	int			nplaces;
	int			bits;			/* of a text */
} PlacesPlan;

/*
 * Gives a place one of the alphabets that takes as many bits, if there is one
 * that has the characters or has room for them; else one of its own.
 */
static bool
places_choose(PlacesPlan *plan, int place, const PlacesAlphabet *wanted)
{
	for (int i = 0; i < plan->nalphabets; i++)
	{
		PlacesAlphabet *alphabet = &plan->alphabets[i];
		int			count = alphabet->count;

		if (alphabet->width != wanted->width)
			continue;
		for (int c = 0; c < 256; c++)
			count += wanted->has[c] && !alphabet->has[c];
		if (count > 1 << alphabet->width)
			continue;
		for (int c = 0; c < 256; c++)
			alphabet->has[c] |= wanted->has[c];
		alphabet->count = count;
		plan->alphabet[place] = i;
		return true;
	}
	if (plan->nalphabets == PLACES_ALPHABETS)
		return false;
	plan->alphabet[place] = plan->nalphabets;
	plan->alphabets[plan->nalphabets++] = *wanted;
	return true;
}

/*
 * Finds out what characters there are.  False if texts are too long, or it is
 * clear that they would take more bytes than limit.
 */
static bool
places_plan(PlacesPlan *plan, const HistoryBytes *items, int n, Size limit)
{
	Size		longest = 0;
	PlacesAlphabet *wanted;
	bool		fit = true;

	for (int i = 0; i < n; i++)
		longest = Max(longest, items[i].size);
	if (longest == 0 || longest > PLACES_MOST)
		return false;
	plan->nplaces = longest;
	wanted = palloc0(longest * sizeof(PlacesAlphabet));
	for (int i = 0; i < n; i++)
	{
		const uint8 *text = (const uint8 *) items[i].data;
		int			length = items[i].size;

		for (int place = 0; place < length; place++)
			wanted[place].has[text[place]] = true;
	}
	for (int place = 0; place < longest && fit; place++)
	{
		for (int c = 0; c < 256; c++)
			wanted[place].count += wanted[place].has[c];
		wanted[place].width = history_integers_bits(wanted[place].count - 1);
		plan->bits += wanted[place].width;
		fit = (Size) n * plan->bits / 8 <= limit &&
			places_choose(plan, place, &wanted[place]);
	}
	pfree(wanted);
	return fit;
}

/*
 * Appends numbers of so many bits each.
 */
static void
places_pack(StringInfo buf, const PlacesPlan *plan, const HistoryBytes *items,
			int n)
{
	Size		size = ((Size) n * plan->bits + 7) / 8 + PLACES_PADDING;
	uint8	   *codes = palloc(plan->nalphabets * 256);
	const uint8 *place_codes[PLACES_MOST];
	uint8		widths[PLACES_MOST];
	uint8	   *out;
	uint32		word = 0;		/* of which so many bits are used */
	int			used = 0;

	for (int i = 0; i < plan->nalphabets; i++)
	{
		int			code = 0;

		for (int c = 0; c < 256; c++)
			codes[i * 256 + c] = plan->alphabets[i].has[c] ? code++ : 0;
	}
	for (int place = 0; place < plan->nplaces; place++)
	{
		place_codes[place] = &codes[plan->alphabet[place] * 256];
		widths[place] = plan->alphabets[plan->alphabet[place]].width;
	}
	enlargeStringInfo(buf, size);
	out = (uint8 *) buf->data + buf->len;
	memset(out, 0, size);
	for (int i = 0; i < n; i++)
	{
		const uint8 *text = (const uint8 *) items[i].data;
		int			length = items[i].size;

		for (int place = 0; place < plan->nplaces; place++)
		{
			if (place < length)
				word |= (uint32) place_codes[place][text[place]] << used;
			used += widths[place];
			if (used >= 8)
			{
				*out++ = (uint8) word;
				word >>= 8;
				used -= 8;
			}
		}
	}
	if (used > 0)
		*out = (uint8) word;
	buf->len += size;
	pfree(codes);
}

bool
history_places_write(StringInfo buf, const HistoryBytes *items, int n,
					 int level, Size limit)
{
	PlacesPlan	plan = {0};
	int			start = buf->len;
	bool		done;

	plan.alphabets = palloc(PLACES_ALPHABETS * sizeof(PlacesAlphabet));
	done = places_plan(&plan, items, n, limit);
	if (done)
	{
		uint64	   *sizes = palloc(n * sizeof(uint64));
		int			section;

		for (int i = 0; i < n; i++)
			sizes[i] = items[i].size;
		history_integers_append(buf, sizes, n, level);
		pfree(sizes);
		history_section_write_number(buf, plan.nalphabets);
		for (int i = 0; i < plan.nalphabets; i++)
		{
			history_section_write_number(buf, plan.alphabets[i].count);
			for (int c = 0; c < 256; c++)
			{
				if (plan.alphabets[i].has[c])
					appendStringInfoChar(buf, (char) c);
			}
		}
		history_section_write_number(buf, plan.nplaces);
		appendBinaryStringInfo(buf, (char *) plan.alphabet, plan.nplaces);
		section = history_section_begin(buf);
		places_pack(buf, &plan, items, n);
		history_section_close(buf, section, 0 /* to read parts of it */ );
		if (buf->len - start > limit)
		{
			buf->len = start;
			done = false;
		}
	}
	pfree(plan.alphabets);
	return done;
}

/*
 * Reading
 */

typedef struct PlacesReader
{
	int			nplaces;
	int			bits;
	uint8		width[PLACES_MOST];
	const uint8 *characters[PLACES_MOST];	/* of each place; as many as it has
											 * codes */
} PlacesReader;

static bool
places_read_alphabets(HistoryReader *reader, PlacesReader *places)
{
	uint8		widths[PLACES_ALPHABETS];
	const uint8 *alphabets[PLACES_ALPHABETS];
	uint64		nalphabets = history_section_read_number(reader);
	uint64		nplaces;

	if (nalphabets == 0 || nalphabets > PLACES_ALPHABETS)
		return history_section_wrong(reader, "a number of alphabets is wrong");
	for (int i = 0; i < nalphabets; i++)
	{
		uint64		count = history_section_read_number(reader);

		if (count == 0 || count > 256 || count > reader->end - reader->at)
			return history_section_wrong(reader, "an alphabet is wrong");
		widths[i] = history_integers_bits(count - 1);
		alphabets[i] = reader->at;
		if (count < 1 << widths[i])
		{
			/* codes that nobody writes; they are not looked for */
			uint8	   *whole = palloc0(256);

			memcpy(whole, reader->at, count);
			alphabets[i] = whole;
		}
		reader->at += count;
	}
	nplaces = history_section_read_number(reader);
	if (nplaces == 0 || nplaces > PLACES_MOST ||
		nplaces > reader->end - reader->at)
		return history_section_wrong(reader, "a number of places is wrong");
	places->nplaces = nplaces;
	places->bits = 0;
	for (int i = 0; i < nplaces; i++)
	{
		int			alphabet = reader->at[i];

		if (alphabet >= nalphabets)
			return history_section_wrong(reader, "a place has no alphabet");
		places->width[i] = widths[alphabet];
		places->characters[i] = alphabets[alphabet];
		places->bits += widths[alphabet];
	}
	reader->at += nplaces;
	return true;
}

/*
 * Makes a text of so many characters, whose first bit is known.
 */
static inline void
places_form(const PlacesReader *places, const uint8 *bytes, Size bit,
			char *out, int size)
{
	uint64		word = history_integers_load(bytes + bit / 8) >> bit % 8;
	int			left = PLACES_WORD;

	for (int i = 0; i < size; i++)
	{
		int			width = places->width[i];

		if (width > left)
		{
			word = history_integers_load(bytes + bit / 8) >> bit % 8;
			left = PLACES_WORD;
		}
		out[i] = places->characters[i][word & ((1 << width) - 1)];
		word >>= width;
		left -= width;
		bit += width;
	}
}

bool
history_places_read(HistoryReader *reader, const HistoryType *type,
					Datum *values, int n, int from, int to)
{
	int			wanted = to - from;
	Size		step = Max(att_align_nominal(1, type->align), sizeof(int32));
	uint64	   *sizes = palloc(wanted * sizeof(uint64));
	PlacesReader places = {0};
	Size		total = 0;
	Size		available;
	const uint8 *bytes;
	char	   *out;

	if (!history_integers_read_part(reader, sizes, n, from, to) ||
		!places_read_alphabets(reader, &places))
		return false;
	bytes = history_section_read(reader, ((Size) n * places.bits + 7) / 8 +
								 PLACES_PADDING, &available);
	if (bytes == NULL)
		return false;
	for (int i = 0; i < wanted; i++)
	{
		values[i] = (Datum) 0;
		if (sizes[i] > places.nplaces)
			return history_section_wrong(reader, "a length is wrong");
		if (reader->wanted == NULL || history_bitmap_get(reader->wanted, i))
			total += TYPEALIGN(step, sizes[i] + VARHDRSZ);
	}
	out = palloc(total);
	for (int i = 0; i < wanted; i++)
	{
		if (reader->wanted != NULL && !history_bitmap_get(reader->wanted, i))
			continue;
		SET_VARSIZE(out, sizes[i] + VARHDRSZ);
		places_form(&places, bytes, (Size) (from + i) * places.bits,
					out + VARHDRSZ, sizes[i]);
		values[i] = PointerGetDatum(out);
		out += TYPEALIGN(step, sizes[i] + VARHDRSZ);
	}
	pfree(sizes);
	return true;
}
