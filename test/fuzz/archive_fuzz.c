/*-------------------------------------------------------------------------
 *
 * archive_fuzz.c
 *	  Damaged parts of archives, given to what reads them
 *
 *		archive_fuzz [parts [seed]]
 *
 * Headers, blocks and footers are written, and then changed, cut off and
 * lengthened; checksums, which would find nearly all of it, are left out:
 * whoever makes a file makes them, too.  The same seed makes the same parts.
 * Runs without a server, under the address sanitizer where the compiler has
 * one.  What must hold:
 *
 *	1. A part that was left alone gives back what was written.
 *	2. One that was not gives a word on what is wrong, or something of which
 *	   each byte can be read.
 *	3. No more memory is asked for than the part can stand for.
 *
 *-------------------------------------------------------------------------
 */
#include "codec_values.h"

#include "base/compat.h"
#include "maintenance/archive_format.h"

#define MOST_COLUMNS	6

/* What a part of a few bytes may take: arrays of the most values, or columns */
#define MEMORY_LEAST	((Size) 32 * HISTORY_CODEC_VALUES)
/* What each byte may become, zstd's best and what goes with it */
#define MEMORY_FACTOR	((Size) 64 * 1024)

static long failures = 0;
static long accepted = 0;
static long refused = 0;
static uint64 sum = 0;

/* What was written last */
static ArchiveHeader header;
static ArchiveFooter footer;
static CodecColumn columns[MOST_COLUMNS];
static int	ncolumns;

static void
report(const char *what, uint64 seed)
{
	failures++;
	printf("# %s: seed " UINT64_FORMAT "\n", what, seed);
}

static int
damage(char *bytes, int size, int room)
{
	static const uint8 telling[] = {
		0, 1, 2, 7, 8, 63, 64, 0x7f, 0x80, 0x81, 0xfe, 0xff
	};

	for (int i = codec_any(4); i >= 0 && size > 0; i--)
	{
		int			at = codec_any(2) ? codec_any(size) :
			codec_any(Min(size, 24));
		int			n;

		switch (codec_any(6))
		{
			case 0:
				bytes[at] ^= 1 << codec_any(8);
				break;
			case 1:
				bytes[at] = telling[codec_any(lengthof(telling))];
				break;
			case 2:
				bytes[at] = (char) codec_random();
				break;
			case 3:
				size = codec_any(size + 1);
				break;
			case 4:
				if (size == room)
					break;
				memmove(bytes + at + 1, bytes + at, size - at);
				bytes[at] = telling[codec_any(lengthof(telling))];
				size++;
				break;
			case 5:
				n = codec_any(Min(size - at, 8) + 1);
				memmove(bytes + at, bytes + at + n, size - at - n);
				size -= n;
				break;
		}
	}
	return size;
}

static const char *
any_name(void)
{
	int			size = codec_any(10) ? codec_any(20) : codec_any(1000);
	char	   *name = palloc(size + 1);

	for (int i = 0; i < size; i++)
		name[i] = (char) (1 + codec_any(255));
	name[size] = '\0';
	return name;
}

/*
 * Writes a part of a kind: 0 header, 1 block, 2 footer.
 */
static void
make(int kind, StringInfo buf)
{
	ArchiveBlock block;
	HistoryType text = {-1, false, 'i'};

	switch (kind)
	{
		case 0:
			header.system_identifier = codec_random();
			header.made_at = (TimestampTz) codec_random();
			header.encoding = any_name();
			header.database = any_name();
			header.schema = any_name();
			header.table = any_name();
			header.start_column = any_name();
			header.end_column = any_name();
			header.ncolumns = 1 + codec_any(codec_any(10) ? 10 : 1600);
			header.columns = palloc(header.ncolumns * sizeof(ArchiveColumn));
			for (int i = 0; i < header.ncolumns; i++)
			{
				header.columns[i].name = any_name();
				header.columns[i].type = any_name();
				header.columns[i].base_type = any_name();
				header.columns[i].category = (char) (1 + codec_any(255));
			}
			archive_format_write_header(buf, &header);
			break;
		case 1:
			ncolumns = 1 + codec_any(MOST_COLUMNS);
			block.nversions = 1 + codec_any(codec_any(20) ? 100 : 4000);
			block.values = palloc(ncolumns * sizeof(Datum *));
			block.nulls = palloc(ncolumns * sizeof(bool *));
			for (int i = 0; i < ncolumns; i++)
			{
				codec_make(&columns[i], text, block.nversions,
						   codec_any(CODEC_PATTERNS), codec_any(101),
						   codec_any(20) ? codec_any(40) : codec_any(3000));
				block.values[i] = columns[i].values;
				block.nulls[i] = columns[i].nulls;
				if (block.nulls[i] == NULL)
					block.nulls[i] = palloc0(block.nversions * sizeof(bool));
			}
			archive_format_write_block(buf, ncolumns, &block,
									   codec_any(2) * 3);
			break;
		default:
			footer.versions = codec_random() >> codec_any(64);
			footer.blocks = codec_random() >> codec_any(64);
			footer.first_start = (TimestampTz) codec_random();
			footer.first_end = (TimestampTz) codec_random();
			footer.last_end = (TimestampTz) codec_random();
			footer.values_crc = (uint32) codec_random();
			footer.file_crc = (uint32) codec_random();
			archive_format_write_footer(buf, &footer);
			break;
	}
}

static void
touch_name(const char *name)
{
	sum += strlen(name);
}

static const char *
read_header(const char *bytes, int size, bool damaged)
{
	ArchiveHeader found;
	const char *wrong = archive_format_read_header(bytes, size, &found);

	if (wrong != NULL)
		return wrong;
	if (!damaged && (found.ncolumns != header.ncolumns ||
					 found.made_at != header.made_at ||
					 found.system_identifier != header.system_identifier ||
					 strcmp(found.table, header.table) != 0))
		report("another header", 0);
	touch_name(found.encoding);
	touch_name(found.database);
	touch_name(found.schema);
	touch_name(found.table);
	touch_name(found.start_column);
	touch_name(found.end_column);
	for (int i = 0; i < found.ncolumns; i++)
	{
		touch_name(found.columns[i].name);
		touch_name(found.columns[i].type);
		touch_name(found.columns[i].base_type);
		if (!damaged &&
			(strcmp(found.columns[i].name, header.columns[i].name) != 0 ||
			 strcmp(found.columns[i].base_type,
					header.columns[i].base_type) != 0 ||
			 found.columns[i].category != header.columns[i].category))
			report("another column", i);
	}
	return NULL;
}

static const char *
read_block(const char *bytes, int size, bool damaged)
{
	bool		wanted[MOST_COLUMNS];
	bool		all = codec_any(2) == 0;
	ArchiveBlock block;
	const char *wrong;

	for (int i = 0; i < ncolumns; i++)
		wanted[i] = all || codec_any(2) == 0;
	wrong = archive_format_read_block(bytes, size, ncolumns,
									  all ? NULL : wanted, &block);
	if (wrong != NULL)
		return wrong;
	for (int i = 0; i < ncolumns; i++)
	{
		if (!wanted[i])
			continue;
		if (!damaged && block.nversions != columns[i].n)
			report("another number of versions", i);
		else if (!damaged)
		{
			const char *differs = codec_compare(&columns[i], block.values[i],
												block.nulls[i]);

			if (differs != NULL)
				report(differs, i);
		}
		for (int j = 0; j < block.nversions; j++)
		{
			const char *value = DatumGetPointer(block.values[i][j]);

			if (block.nulls[i][j])
				continue;
			for (Size k = 0; k < VARSIZE(value); k++)
				sum += value[k];
		}
	}
	return NULL;
}

static const char *
read_footer(const char *bytes, int size, bool damaged)
{
	ArchiveFooter found;
	const char *wrong = archive_format_read_footer(bytes, size, &found);

	if (wrong == NULL && !damaged &&
		(found.versions != footer.versions || found.blocks != footer.blocks ||
		 found.first_start != footer.first_start ||
		 found.first_end != footer.first_end ||
		 found.last_end != footer.last_end ||
		 found.values_crc != footer.values_crc ||
		 found.file_crc != footer.file_crc))
		report("another footer", 0);
	return wrong;
}

static void
try(int kind, const char *part, int size, bool damaged, uint64 seed)
{
	/* memory that ends where the part does */
	char	   *bytes = memcpy(palloc(size), part, size);
	const char *wrong;

	stub_largest = 0;
	switch (kind)
	{
		case 0:
			wrong = read_header(bytes, size, damaged);
			break;
		case 1:
			wrong = read_block(bytes, size, damaged);
			break;
		default:
			wrong = read_footer(bytes, size, damaged);
			break;
	}
	if (stub_largest > MEMORY_LEAST + size * MEMORY_FACTOR)
		report("too much memory", seed);
	if (wrong == NULL)
		accepted += damaged;
	else
	{
		refused++;
		if (!damaged)
			report(wrong, seed);
	}
}

int
main(int argc, char **argv)
{
	long		parts = argc > 1 ? atol(argv[1]) : 20000;
	uint64		seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 20111215;

	stub_garbage = true;
	for (long n = 0; n < parts; n++)
	{
		StringInfoData buf;
		int			kind;
		char	   *part;
		int			room;

		/* each part has a seed of its own: it can be tried alone */
		codec_seed = (seed + n) * UINT64CONST(0x9e3779b97f4a7c15) | 1;
		codec_random();
		kind = codec_any(8) < 6 ? 1 : 2 * codec_any(2);
		initStringInfo(&buf);
		make(kind, &buf);
		try(kind, buf.data, buf.len, false, seed + n);
		room = buf.len + 64;
		part = palloc(room);
		for (int i = 0; i < 20; i++)
		{
			memcpy(part, buf.data, buf.len);
			try(kind, part, damage(part, buf.len, room), true, seed + n);
		}
		stub_reset_memory();
	}
	printf("%sok 1 - %ld parts of archives from seed " UINT64_FORMAT
		   ", %ld damaged ones refused, %ld accepted, %ld failures\n1..1\n",
		   failures ? "not " : "", parts, seed, refused, accepted, failures);
	return failures ? 1 : (sum == 4711 ? 2 : 0);
}
