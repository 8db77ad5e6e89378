/*-------------------------------------------------------------------------
 *
 * codec_test.c
 *	  Columns of every type and kind, to bytes and back
 *
 * Runs without a server: server_stubs.c stands in for it.  Prints TAP.
 *
 * A column has to come back as it was to the last bit, with datums as a tuple
 * would give them: aligned, varlenas with a header of four bytes.
 *
 *-------------------------------------------------------------------------
 */
#include "codec_values.h"

#include <math.h>

#include "base/compat.h"
#include "miscadmin.h"

static int	tests = 0;
static int	failures = 0;

static void
ok(bool passed, const char *format,...)
{
	va_list		args;

	printf("%sok %d - ", passed ? "" : "not ", ++tests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	if (!passed)
		failures++;
}

/*
 * Encodes and decodes; NULL, or what is wrong.  *size is that of the block.
 */
static const char *
round_trip(const CodecColumn *column, int level, int *size)
{
	StringInfoData buf;
	Datum	   *values = palloc((column->n + 1) * sizeof(Datum));
	bool	   *nulls = palloc(column->n + 1);
	char	   *bytes;
	const char *wrong;

	initStringInfo(&buf);
	appendStringInfoChar(&buf, 'x');	/* something is there already */
	history_codec_encode(&buf, &column->type, column->values, column->nulls,
						 column->n, column->partner, level);
	if (buf.data[0] != 'x' || buf.data[buf.len] != '\0')
		return "the buffer is damaged";

	/* memory that ends where the block does */
	*size = buf.len - 1;
	bytes = palloc(*size);
	memcpy(bytes, buf.data + 1, *size);
	values[column->n] = 4711;
	nulls[column->n] = true;
	wrong = history_codec_decode(bytes, *size, &column->type, column->n,
								 column->partner, values, nulls);
	if (wrong == NULL && (values[column->n] != 4711 || !nulls[column->n]))
		wrong = "too many values";
	if (wrong == NULL)
		wrong = codec_compare(column, values, nulls);
	for (int i = 0; i < 4 && wrong == NULL; i++)
	{
		int			from = codec_any(column->n + 1);
		int			to = from + codec_any(i < 2 ? column->n - from + 1 :
										  Min(column->n - from, 3) + 1);

		wrong = codec_compare_part(column, bytes, *size, from, to);
		if (wrong == NULL && column->n > 0 && column->type.byval)
			wrong = codec_compare_find(column, bytes, *size,
									   codec_any(column->n));
	}
	return wrong;
}

static const struct
{
	const char *name;
	HistoryType type;
	int			size;
}			types[] = {
	{"1 byte", {1, true, 'c'}, 0},
	{"2 bytes", {2, true, 's'}, 0},
	{"4 bytes", {4, true, 'i'}, 0},
	{"8 bytes", {8, true, 'd'}, 0},
	{"1 byte by reference", {1, false, 'c'}, 0},
	{"6 bytes", {6, false, 'i'}, 0},
	{"12 bytes", {12, false, 'd'}, 0},
	{"16 bytes", {16, false, 'c'}, 0},
	{"16 aligned bytes", {16, false, 'd'}, 0},
	{"64 bytes", {64, false, 'c'}, 0},
	{"empty varlenas", {-1, false, 'i'}, 0},
	{"short varlenas", {-1, false, 'i'}, 20},
	{"aligned varlenas", {-1, false, 'd'}, 200},
};

static void
test_all_types(void)
{
	static const int counts[] = {0, 1, 2, 7, 8, 9, 64, 65, 1000, 65535};
	static const int nulls[] = {0, 10, 100};

	for (int i = 0; i < lengthof(types) * CODEC_PATTERNS; i++)
	{
		int			t = i / CODEC_PATTERNS;
		CodecPattern pattern = i % CODEC_PATTERNS;

		for (int c = 0; c < lengthof(counts); c++)
		{
			const char *wrong = NULL;
			int			columns = 0;

			/* the largest take a while */
			if (counts[c] == 65535 && (pattern % 3 != t % 3 || t > 10))
				continue;
			codec_seed = 4711 + counts[c];
			for (int n = 0; n < 2 * lengthof(nulls) && wrong == NULL; n++)
			{
				CodecColumn column;
				int			size;

				codec_make(&column, types[t].type, counts[c], pattern,
						   nulls[n / 2], types[t].size);
				wrong = round_trip(&column, n % 2 * 3, &size);
				stub_reset_memory();
				columns++;
			}
			ok(wrong == NULL, "%s, pattern %d, %d values, %d columns: %s",
			   types[t].name, pattern, counts[c], columns,
			   wrong ? wrong : "as they were");
		}
	}
}

/* Every width that numbers may have, at every end of what can be read */
static void
test_widths(void)
{
	HistoryType type = {8, true, 'd'};

	for (int width = 0; width <= 64; width++)
	{
		const char *wrong = NULL;
		int			size;

		for (int n = 1; n <= 70 && wrong == NULL; n++)
		{
			CodecColumn column;

			codec_make(&column, type, n, CODEC_ANY, 0, 0);
			for (int i = 0; i < n; i++)
				column.values[i] = width == 0 ? 0 :
					column.values[i] >> (64 - width);
			wrong = round_trip(&column, n % 2, &size);
			stub_reset_memory();
		}
		ok(wrong == NULL, "numbers of %d bits: %s", width,
		   wrong ? wrong : "as they were");
	}
}

static void
test_partner(void)
{
	static const int counts[] = {0, 1, 2, 9, 1000, 65535};

	for (int t = 0; t < 4; t++)
	{
		for (int c = 0; c < lengthof(counts); c++)
		{
			CodecColumn column;
			const char *wrong;
			int			size;
			int			alone;

			codec_seed = 42 + c;
			codec_make(&column, types[t].type, counts[c], CODEC_ANY, 0, 0);
			wrong = round_trip(&column, 3, &alone);
			ok(wrong == NULL, "%s, %d values: %s", types[t].name, counts[c],
			   wrong ? wrong : "as they were without a partner");
			codec_make_partner(&column);
			wrong = round_trip(&column, 3, &size);
			ok(wrong == NULL && (size <= alone || column.n < 1000),
			   "%s, %d values: %s, smaller with a partner", types[t].name,
			   counts[c], wrong ? wrong : "as they were");
			stub_reset_memory();
		}
	}
	for (int nulls = 0; nulls <= 100; nulls += 50)
	{
		CodecColumn column;
		const char *wrong;
		int			size;

		codec_make(&column, types[3].type, 1000, CODEC_ANY, nulls, 0);
		codec_make_partner(&column);
		wrong = round_trip(&column, 3, &size);
		ok(wrong == NULL, "a partner and %d %% null: %s", nulls,
		   wrong ? wrong : "as it was");
		stub_reset_memory();
	}
}

/* A varlena of some bytes, with the header of four */
static Datum
varlena(const void *bytes, int size)
{
	char	   *result = palloc(VARHDRSZ + size);

	SET_VARSIZE(result, VARHDRSZ + size);
	memcpy(result + VARHDRSZ, bytes, size);
	return PointerGetDatum(result);
}

static Datum
float_datum(double value)
{
	Datum		datum;

	memcpy(&datum, &value, sizeof(datum));
	return datum;
}

static void
test_floats(void)
{
	HistoryType type = {8, true, 'd'};
	CodecColumn column;
	const char *wrong;
	int			size;

	codec_make(&column, type, 1000, CODEC_ZERO, 0, 0);
	for (int i = 0; i < 1000; i++)
		column.values[i] = float_datum((i * 7919 % 1000) / 10.0);
	wrong = round_trip(&column, 3, &size);
	ok(wrong == NULL && size < 1300, "one digit after the point: %s, %d bytes",
	   wrong ? wrong : "as they were", size);

	/* the sample does not see that there are more digits */
	for (int i = 900; i < 1000; i++)
	{
		/* but at the sampled places */
		if (i % 125 != 0)
			column.values[i] = float_datum(i / 1000.0);
	}
	wrong = round_trip(&column, 3, &size);
	ok(wrong == NULL && size < 2200, "three digits at the end: %s, %d bytes",
	   wrong ? wrong : "as they were", size);
	for (int i = 0; i < 30; i++)
		column.values[i * 31] = float_datum(i % 3 == 0 ? -0.0 : i % 3 == 1 ?
									   NAN : -INFINITY);
	wrong = round_trip(&column, 3, &size);
	ok(wrong == NULL && size < 2400, "some are no decimals: %s, %d bytes",
	   wrong ? wrong : "as they were", size);
	for (int i = 0; i < 1000; i++)
		column.values[i] = float_datum(i % 2 ? -0.0 : 0.0);
	wrong = round_trip(&column, 3, &size);
	ok(wrong == NULL && size < 200, "zero and -0: %s, %d bytes",
	   wrong ? wrong : "as they were", size);
	for (int i = 0; i < 1000; i++)
		column.values[i] = float_datum(i * 9007199254740993.0);
	wrong = round_trip(&column, 3, &size);
	ok(wrong == NULL, "integers beyond 2^53: %s",
	   wrong ? wrong : "as they were");
	stub_reset_memory();
}

/*
 * Numerics as the server has them: 0, 0.00, 1, -1.50, 12345678.90, 0.0001 ...,
 * and what is none: a zero digit at an end, a digit too large, NaN, the long
 * form.  One of them among a hundred others.
 */
static void
test_numerics(void)
{
	static const uint16 numerics[][6] = {
		{1, 0x8000}, {1, 0x8100}, {2, 0x8000, 1}, {3, 0xa100, 1, 5000},
		{4, 0x8101, 1234, 5678, 9000}, {2, 0x827f, 1}, {2, 0x8002, 9999},
		{4, 0x8001, 9000, 0, 1}, {5, 0x8003, 1, 2, 3, 4}, {2, 0x9f80 | 0x70, 1},
		{2, 0x8000, 0}, {3, 0x8100, 0, 1}, {3, 0x8100, 1, 0},
		{2, 0x8000, 10000}, {2, 0x8000, 0xffff}, {2, 0xa000, 0}, {1, 0xa000},
		{1, 0x8001}, {1, 0xc000}, {1, 0xd000}, {1, 0xf000},
		{3, 0x0002, 0, 1}, {3, 0x4002, 0x8000, 1}, {2, 0x8000 | 0x3f, 1},
		{2, 0x8000 | 0x40, 1}, {3, 0x8000, 1, 2}, {3, 0x8080, 1, 1234}, {0}
	};
	HistoryType type = {-1, false, 'i'};

	for (int i = 0; i < lengthof(numerics); i++)
	{
		CodecColumn column;
		const char *wrong;
		int			size;

		codec_make(&column, type, 100, CODEC_ZERO, 0, 0);
		for (int j = 0; j < 100; j++)
		{
			uint16		digits[3] = {0x8100, 1 + j, (j + 1) % 100 * 100};

			column.values[j] = varlena(digits, digits[2] == 0 ? 4 : 6);
		}
		column.values[33] = varlena(numerics[i] + 1, 2 * numerics[i][0]);
		wrong = round_trip(&column, 3, &size);
		ok(wrong == NULL, "numeric %d: %s, %d bytes", i,
		   wrong ? wrong : "as it was", size);
		stub_reset_memory();
	}
}

static void
test_large(void)
{
	HistoryType type = {-1, false, 'i'};

	for (int level = 0; level <= 19; level += level == 0 ? 3 : 16)
	{
		CodecColumn column;
		const char *wrong;
		int			size;

		codec_seed = 99;
		codec_make(&column, type, 100, CODEC_ANY, 5, 100 * 1024);
		wrong = round_trip(&column, level, &size);
		ok(wrong == NULL, "varlenas of up to 100 kB at level %d: %s", level,
		   wrong ? wrong : "as they were");
		stub_reset_memory();
		codec_make(&column, type, 300, CODEC_ASCENDING, 5, 100 * 1024);
		wrong = round_trip(&column, level, &size);
		ok(wrong == NULL && (level == 0 || size < 100 * 1024),
		   "large ones that are alike at level %d: %s, %d bytes", level,
		   wrong ? wrong : "as they were", size);
		stub_reset_memory();
	}
}

/* Of a large block, compression can be cancelled, and begun again. */
static void
test_cancel(void)
{
	HistoryType type = {-1, false, 'i'};
	CodecColumn column;
	sigjmp_buf	error;
	volatile bool cancelled = false;
	const char *wrong;
	int			size;

	codec_make(&column, type, 50, CODEC_NEAR, 0, 100 * 1024);
	InterruptPending = true;
	stub_error = &error;
	if (sigsetjmp(error, 0) == 0)
		round_trip(&column, 3, &size);
	else
		cancelled = true;
	stub_error = NULL;
	ok(cancelled && stub_error_code == ERRCODE_QUERY_CANCELED,
	   "a large block is cancelled");
	wrong = round_trip(&column, 3, &size);
	ok(wrong == NULL, "and the next one is not: %s",
	   wrong ? wrong : "as it was");
	stub_reset_memory();
}

/* What is in a datum beside its bytes is not the value. */
static void
test_normal_datums(void)
{
	HistoryType type = {4, true, 'i'};
	CodecColumn column;
	const char *wrong;
	int			size;

	codec_make(&column, type, 100, CODEC_ZERO, 0, 0);
	for (int i = 0; i < 100; i++)
		column.values[i] = ObjectIdGetDatum(0xfffffff0 + i % 3);
	for (int i = 0; i < 100; i += 2)
		column.values[i] = Int32GetDatum((int32) (0xfffffff0 + i % 3));
	wrong = round_trip(&column, 3, &size);
	ok(wrong != NULL, "a datum is as a tuple has it, not as it was given");
	for (int i = 0; i < 100; i++)
		column.values[i] = Int32GetDatum((int32) column.values[i]);
	wrong = round_trip(&column, 3, &size);
	ok(wrong == NULL, "sign or not: %s", wrong ? wrong : "the same bytes");
	stub_reset_memory();
}

/* How small typical columns become: what this is all about */
static void
test_sizes(void)
{
	HistoryType int8_type = {8, true, 'd'};
	HistoryType text_type = {-1, false, 'i'};
	CodecColumn column;
	const char *wrong;
	int			size;

	codec_make(&column, int8_type, 1000, CODEC_ZERO, 0, 0);
	wrong = round_trip(&column, 3, &size);
	ok(wrong == NULL && size < 20, "1,000 equal values: %d bytes", size);
	codec_make(&column, int8_type, 1000, CODEC_ZERO, 100, 0);
	wrong = round_trip(&column, 3, &size);
	ok(wrong == NULL && size == 5, "1,000 nulls: %d bytes", size);
	for (int i = 0; i < 1000; i++)
		column.values[i] = 1000000 + 3 * i;
	column.nulls = NULL;
	wrong = round_trip(&column, 3, &size);
	ok(wrong == NULL && size < 20, "an arithmetic series: %d bytes", size);
	for (int i = 0; i < 1000; i++)
		column.values[i] = i % 9 == 0 ? PG_INT64_MAX : i % 9 == 1 ?
			(Datum) PG_INT64_MIN : 86400 * i % 1000;
	wrong = round_trip(&column, 3, &size);
	ok(wrong == NULL && size < 1400, "10 bits and both infinities: %d bytes",
	   size);
	codec_make(&column, text_type, 1000, CODEC_FEW, 0, 20);
	wrong = round_trip(&column, 3, &size);
	ok(wrong == NULL && size < 600, "1,000 of seven texts: %d bytes", size);
	codec_make(&column, text_type, 1000, CODEC_REPEATED, 0, 20);
	wrong = round_trip(&column, 3, &size);
	ok(wrong == NULL && size < 2500, "texts, 5 times each: %d bytes", size);
	stub_reset_memory();
}

/*
 * Texts of one form, which can be read one by one; and what becomes of them
 * when any of their bytes is another.
 */
static void
test_places(void)
{
	HistoryType type = {-1, false, 'i'};
	CodecColumn column;
	StringInfoData buf;
	Datum		values[1000];
	bool		nulls[1000];
	const char *wrong;
	int			size;
	int			read = 0;

	codec_make(&column, type, 1000, CODEC_ZERO, 0, 0);
	for (int i = 0; i < 1000; i++)
	{
		char		text[80];
		int			length = snprintf(text, sizeof(text),
									  "account %d of %016llx%016llx...", i * 7,
									  (unsigned long long) codec_random(),
									  (unsigned long long) codec_random());

		column.values[i] = varlena(text, i == 500 ? 0 : length);
	}
	wrong = round_trip(&column, 3, &size);
	ok(wrong == NULL && size < 1000 * 25, "texts of one form: %s",
	   wrong ? wrong : "as they were, small");

	initStringInfo(&buf);
	history_codec_encode(&buf, &type, column.values, NULL, 1000, NULL, 3);
	ok(buf.data[2] == 5, "texts of one form are read one by one");
	for (int i = 3; i < buf.len; i += i < 400 ? 1 : 97)
	{
		char		old = buf.data[i];

		for (int j = 0; j < 8; j++)
		{
			buf.data[i] = old ^ (1 << j);
			read += history_codec_decode(buf.data, buf.len, &type, 1000, NULL,
										 values, nulls) == NULL;
		}
		buf.data[i] = old;
	}
	for (int i = 0; i < buf.len; i += 1 + i / 16)
		read += 1000000 *
			(history_codec_decode(buf.data, i, &type, 1000, NULL, values,
								  nulls) == NULL);
	ok(read > 0 && read < 1000000, "texts of one form, damaged: refused or read");
	stub_reset_memory();
}

/*
 * Blocks of which zstd's part is damaged: nothing of what it leaves in memory
 * may be taken for values.
 */
static void
test_damaged(void)
{
	static const HistoryType some[] = {
		{-1, false, 'i'}, {16, false, 'c'}, {6, false, 'i'}, {8, true, 'd'}
	};

	for (int t = 0; t < lengthof(some); t++)
	{
		static const char magic[] = "\x28\xb5\x2f\xfd";
		CodecColumn column;
		StringInfoData buf;
		Datum		values[1000];
		bool		nulls[1000];
		const char *wrong = NULL;
		int			at = 0;

		codec_make(&column, some[t], 1000, CODEC_NEAR, 0, 40);
		for (int i = 0; i < 1000 && column.type.byval; i++)
			column.values[i] = codec_random() >> (codec_any(8) ? 55 : 4);
		initStringInfo(&buf);
		history_codec_encode(&buf, &some[t], column.values, NULL, 1000, NULL,
							 3);
		while (at < buf.len - 4 && memcmp(buf.data + at, magic, 4) != 0)
			at++;
		if (at < buf.len - 4)
		{
			buf.data[at] ^= 1;
			wrong = history_codec_decode(buf.data, buf.len, &some[t], 1000,
										 NULL, values, nulls);
		}
		ok(wrong != NULL, "length %d, damaged: %s", some[t].length,
		   wrong ? wrong : at < buf.len - 4 ? "read" : "not compressed");
		stub_reset_memory();
	}
}

static void
test_refused(void)
{
	HistoryType type = {8, true, 'd'};
	HistoryType text_type = {-1, false, 'i'};
	HistoryType cstring = {-2, false, 'c'};
	CodecColumn column;
	StringInfoData buf;
	Datum		values[2];
	bool		nulls[2];
	sigjmp_buf	error;
	const char *wrong;
	struct
	{
		const char *what;
		const HistoryType *type;
		Datum		value;
		int			n;
	}			cases[] = {
		{"too many values", &type, 0, 65536},
		{"a C string", &cstring, CStringGetDatum("x"), 1},
		{"a value out of line", &text_type, PointerGetDatum("\x01\x12..."), 1},
	};

	for (volatile int i = 0; i < lengthof(cases); i++)
	{
		volatile bool refused = false;

		stub_error = &error;
		if (sigsetjmp(error, 0) == 0)
		{
			initStringInfo(&buf);
			history_codec_encode(&buf, cases[i].type, &cases[i].value, NULL,
								 cases[i].n, NULL, 3);
		}
		else
			refused = true;
		stub_error = NULL;
		ok(refused, "%s: refused", cases[i].what);
		stub_reset_memory();
	}

	codec_make(&column, type, 2, CODEC_ANY, 0, 0);
	initStringInfo(&buf);
	history_codec_encode(&buf, &type, column.values, NULL, 2, NULL, 3);
	wrong = history_codec_decode(buf.data, buf.len, &text_type, 2, NULL,
								 values, nulls);
	ok(wrong != NULL, "as another type: %s", wrong ? wrong : "read");
	wrong = history_codec_decode(buf.data, buf.len, &type, 1, NULL,
								 values, nulls);
	ok(wrong != NULL, "as fewer values: %s", wrong ? wrong : "read");
	wrong = "refused";
	for (int size = 0; size < buf.len && wrong != NULL; size++)
		wrong = history_codec_decode(buf.data, size, &type, 2, NULL,
									 values, nulls);
	ok(wrong != NULL, "less than all %d bytes: %s", buf.len,
	   wrong ? wrong : "read");
	stub_reset_memory();
}

int
main(void)
{
	stub_garbage = true;
	test_all_types();
	test_widths();
	test_partner();
	test_floats();
	test_numerics();
	test_large();
	test_cancel();
	test_normal_datums();
	test_sizes();
	test_places();
	test_damaged();
	test_refused();
	printf("1..%d\n", tests);
	return failures ? 1 : 0;
}
