/*-------------------------------------------------------------------------
 *
 * codec_fuzz.c
 *	  Damaged blocks of history, given to the decoder
 *
 *		codec_fuzz [blocks [seed]]
 *
 * Columns of every kind are encoded, and the blocks then changed, cut off,
 * lengthened, and made of two.  The same seed makes the same blocks.  Runs
 * without a server, under the address sanitizer where the compiler has one:
 * each block and each piece of memory ends where the next would be a crime.
 * What must hold:
 *
 *	1. A block that was left alone gives the column back.
 *	2. One that was not gives a word on what is wrong, or values of which each
 *	   byte can be read: a changed value may be as good as the one before.
 *	3. No more memory is asked for than the block can stand for.
 *
 *-------------------------------------------------------------------------
 */
#include "codec_values.h"

#include "base/compat.h"

/* What a block of a few bytes may take: arrays of the most values */
#define MEMORY_LEAST	((Size) 32 * HISTORY_CODEC_VALUES)
/* What each byte of a block may become, zstd's best and what goes with it */
#define MEMORY_FACTOR	((Size) 64 * 1024)

static long failures = 0;
static long accepted = 0;
static long refused = 0;
static uint64 sum = 0;

static void
report(const char *what, uint64 seed)
{
	failures++;
	printf("# %s: seed " UINT64_FORMAT "\n", what, seed);
}

static int
any_count(void)
{
	switch (codec_any(20))
	{
		case 0:
			return codec_any(3);
		case 1:
			return 500 + codec_any(1000);
		default:
			return 1 + codec_any(120);
	}
}

static HistoryType
any_type(void)
{
	static const HistoryType types[] = {
		{1, true, 'c'}, {2, true, 's'}, {4, true, 'i'}, {8, true, 'd'},
		{8, true, 'd'}, {6, false, 'i'}, {12, false, 'd'}, {16, false, 'c'},
		{64, false, 'c'}, {-1, false, 'i'}, {-1, false, 'i'}, {-1, false, 'd'}
	};

	return types[codec_any(lengthof(types))];
}

/*
 * Changes the block, which has room to grow; returns its size.
 */
static int
damage(char *bytes, int size, int room, const char *other, int other_size)
{
	static const uint8 telling[] = {
		0, 1, 2, 3, 4, 7, 8, 57, 58, 63, 64, 65, 0x7f, 0x80, 0x81, 0xfe, 0xff
	};

	for (int i = codec_any(4); i >= 0 && size > 0; i--)
	{
		/* what comes first decides about the rest */
		int			at = codec_any(2) ? codec_any(size) :
			codec_any(Min(size, 24));
		int			n;

		switch (codec_any(8))
		{
			case 0:
				bytes[at] ^= 1 << codec_any(8);
				break;
			case 1:
			case 2:
				bytes[at] = telling[codec_any(lengthof(telling))];
				break;
			case 3:
				bytes[at] = (char) codec_random();
				break;
			case 4:
				size = codec_any(size + 1);
				break;
			case 5:
				/* a byte more */
				if (size == room)
					break;
				memmove(bytes + at + 1, bytes + at, size - at);
				bytes[at] = telling[codec_any(lengthof(telling))];
				size++;
				break;
			case 6:
				/* a few less */
				n = codec_any(Min(size - at, 8) + 1);
				memmove(bytes + at, bytes + at + n, size - at - n);
				size -= n;
				break;
			case 7:
				/* the end of another block */
				n = codec_any(other_size + 1);
				if (at + n <= room)
				{
					memcpy(bytes + at, other + other_size - n, n);
					size = at + n;
				}
				break;
		}
	}
	return size;
}

/*
 * Reads each byte of the values.
 */
static void
touch(const CodecColumn *column, const Datum *values, const bool *nulls)
{
	for (int i = 0; i < column->n; i++)
	{
		const char *bytes = DatumGetPointer(values[i]);
		Size		size = column->type.length;

		sum += values[i];
		if (column->type.byval || nulls[i])
			continue;
		if (column->type.length == -1)
			size = VARSIZE(bytes);
		for (Size j = 0; j < size; j++)
			sum += bytes[j];
	}
}

static void
try(const CodecColumn *column, const char *block, int size, bool damaged,
	uint64 seed)
{
	/* memory that ends where the block does */
	char	   *bytes = memcpy(palloc(size), block, size);
	Datum	   *values = palloc(column->n * sizeof(Datum));
	bool	   *nulls = palloc(column->n * sizeof(bool));
	int			from = codec_any(column->n + 1);
	int			to = from + codec_any(column->n - from + 1);
	const char *wrong;

	/* a part is not wrong where the whole is not */
	if (!damaged)
	{
		wrong = codec_compare_part(column, bytes, size, from, to);
		if (wrong == NULL && column->type.byval && from < column->n)
			wrong = codec_compare_find(column, bytes, size, from);
		if (wrong != NULL)
			report(wrong, seed);
	}
	else
	{
		CodecColumn part = *column;
		bool		found;
		int			at;

		part.n = to - from;
		if (history_codec_decode_part(bytes, size, &column->type, column->n,
									  from, to, column->partner == NULL ?
									  NULL : column->partner + from, values,
									  nulls) == NULL)
			touch(&part, values, nulls);
		if (column->type.byval)
			history_codec_find(bytes, size, &column->type, column->n, 0, &at,
							   &at, &found);
	}

	stub_largest = 0;
	wrong = history_codec_decode(bytes, size, &column->type, column->n,
								 column->partner, values, nulls);
	if (stub_largest > MEMORY_LEAST + size * MEMORY_FACTOR)
		report("too much memory", seed);
	if (wrong != NULL)
	{
		refused++;
		if (!damaged)
			report(wrong, seed);
		return;
	}
	if (damaged)
	{
		accepted++;
		touch(column, values, nulls);
		return;
	}
	wrong = codec_compare(column, values, nulls);
	if (wrong != NULL)
		report(wrong, seed);
}

int
main(int argc, char **argv)
{
	long		blocks = argc > 1 ? atol(argv[1]) : 20000;
	uint64		seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 20111215;
	static char other[64 * 1024];
	int			other_size = 0;

	stub_garbage = true;
	for (long n = 0; n < blocks; n++)
	{
		CodecColumn column;
		StringInfoData buf;
		char	   *block;
		int			room;

		/* each block has a seed of its own: it can be tried alone */
		codec_seed = (seed + n) * UINT64CONST(0x9e3779b97f4a7c15) | 1;
		codec_random();
		codec_make(&column, any_type(), any_count(), codec_any(CODEC_PATTERNS),
				   codec_any(2) ? 0 : codec_any(101),
				   codec_any(20) ? codec_any(40) : codec_any(5000));
		if (column.type.byval && codec_any(4) == 0)
			codec_make_partner(&column);
		initStringInfo(&buf);
		history_codec_encode(&buf, &column.type, column.values, column.nulls,
							 column.n, column.partner, codec_any(2) * 3);
		try(&column, buf.data, buf.len, false, seed + n);
		room = 2 * buf.len + 64;
		block = palloc(room);
		for (int i = 0; i < 20; i++)
		{
			int			size;

			memcpy(block, buf.data, buf.len);
			size = damage(block, buf.len, room, other, other_size);
			try(&column, block, size, true, seed + n);
		}
		if (buf.len <= sizeof(other))
		{
			memcpy(other, buf.data, buf.len);
			other_size = buf.len;
		}
		stub_reset_memory();
	}
	printf("%sok 1 - %ld blocks from seed " UINT64_FORMAT
		   ", %ld damaged ones refused, %ld accepted, %ld failures\n1..1\n",
		   failures ? "not " : "", blocks, seed, refused, accepted, failures);
	return failures ? 1 : (sum == 4711 ? 2 : 0);
}
