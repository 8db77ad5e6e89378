/*-------------------------------------------------------------------------
 *
 * history_segment.c
 *	  Many versions as one datum, column by column
 *
 * A segment is a bytea that is not compressed by PostgreSQL, so that parts of
 * it can be fetched where it is stored out of line.  What the bytes of a column
 * mean is history_codec.c's.
 *
 * LAYOUT		all numbers in the machine's byte order, as those of a heap page
 *
 *		offset	size
 *		0		1		version of this layout: 1
 *		1		1		0
 *		2		2		number of versions
 *		4		2		number of columns n, dropped ones included
 *		6		2		0
 *		8		12 * n	of each column: offset, size, CRC-32C of its bytes
 *		8+12*n	4		CRC-32C of all that is before
 *		12+12*n			the columns' bytes; size 0: the column was dropped
 *
 *		Every layout that was ever written has to be read for ever: history
 *		outlives upgrades.
 *
 * WHAT IS TRUSTED
 *		Nothing.  The header and each column are checked before they are used;
 *		and the codec believes nothing either.  A segment that is damaged is an
 *		error that names it: a history with a hole in it that looks like data
 *		would be worse.
 *
 * COLUMNS ADDED LATER
 *		have no bytes in older segments: their versions have the value that
 *		rows of the heap have for it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "access/tupdesc_details.h"
#include "fmgr.h"
#include "port/pg_crc32c.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "history/history_codec.h"
#include "history/history_segment.h"

#define SEGMENT_LAYOUT		1

/* Larger ones are fetched in parts, if they have more columns than are read */
#define SEGMENT_FETCH_WHOLE	(32 * 1024)

typedef struct SegmentHeader
{
	uint8		layout;
	uint8		unused1;
	uint16		nversions;
	uint16		ncolumns;
	uint16		unused2;
} SegmentHeader;

typedef struct SegmentColumn
{
	uint32		offset;
	uint32		size;
	pg_crc32c	crc;
} SegmentColumn;

StaticAssertDecl(sizeof(SegmentHeader) == 8, "layout of segments");
StaticAssertDecl(sizeof(SegmentColumn) == 12, "layout of segments");

struct HistorySegment
{
	Relation	history;
	TupleDesc	desc;
	AttrNumber	start_attno;
	AttrNumber	end_attno;
	int64		nbytes;			/* fetched of all segments */

	/* The segment that is open */
	MemoryContext context;		/* all that was read of it */
	ItemPointerData tid;
	Datum		data;
	Size		size;
	const char *whole;			/* its bytes; NULL: fetched in parts */
	int			nversions;
	int			from;			/* those that are read, to before to */
	int			to;
	int			ncolumns;
	SegmentColumn *columns;

	/* Its columns, as far as they were read: [attno - 1] */
	Datum	  **values;
	bool	  **nulls;
};

static Size
segment_header_size(int ncolumns)
{
	return sizeof(SegmentHeader) + ncolumns * sizeof(SegmentColumn) +
		sizeof(pg_crc32c);
}

static pg_crc32c
segment_crc(const char *bytes, Size size)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, bytes, size);
	FIN_CRC32C(crc);
	return crc;
}

static HistoryType
segment_column_type(Form_pg_attribute att)
{
	HistoryType type = {
		.length = att->attlen,
		.byval = att->attbyval,
		.align = att->attalign,
	};

	return type;
}

Datum
history_segment_form(TupleDesc desc, AttrNumber start_attno,
					 AttrNumber end_attno, const SegmentColumns *columns,
					 int level)
{
	Size		header_size = segment_header_size(desc->natts);
	SegmentHeader header = {
		.layout = SEGMENT_LAYOUT,
		.nversions = columns->nversions,
		.ncolumns = desc->natts,
	};
	SegmentColumn *directory = palloc0(desc->natts * sizeof(SegmentColumn));
	StringInfoData buf;
	char	   *start;
	pg_crc32c	crc;

	initStringInfo(&buf);
	enlargeStringInfo(&buf, VARHDRSZ + header_size);
	memset(buf.data, 0, VARHDRSZ + header_size);
	buf.len = VARHDRSZ + header_size;
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		HistoryType type = segment_column_type(att);
		int			before = buf.len;

		if (att->attisdropped)
			continue;
		history_codec_encode(&buf, &type, columns->values[i],
							 columns->nulls[i], columns->nversions,
							 i + 1 == end_attno ?
							 columns->values[start_attno - 1] : NULL, level);
		directory[i].offset = before - VARHDRSZ;
		directory[i].size = buf.len - before;
		directory[i].crc = segment_crc(buf.data + before, buf.len - before);
	}
	start = buf.data + VARHDRSZ;
	memcpy(start, &header, sizeof(header));
	memcpy(start + sizeof(header), directory,
		   desc->natts * sizeof(SegmentColumn));
	crc = segment_crc(start, header_size - sizeof(crc));
	memcpy(start + header_size - sizeof(crc), &crc, sizeof(crc));
	SET_VARSIZE(buf.data, buf.len);
	pfree(directory);
	return PointerGetDatum(buf.data);
}

HistorySegment *
history_segment_create(Relation history, AttrNumber start_attno,
					   AttrNumber end_attno)
{
	TupleDesc	desc = RelationGetDescr(history);
	HistorySegment *segment = palloc0(sizeof(HistorySegment));

	segment->history = history;
	segment->desc = desc;
	segment->start_attno = start_attno;
	segment->end_attno = end_attno;
	segment->context = AllocSetContextCreate(CurrentMemoryContext,
											 "temporal history segment",
											 ALLOCSET_DEFAULT_SIZES);
	segment->columns = palloc(desc->natts * sizeof(SegmentColumn));
	segment->values = palloc(desc->natts * sizeof(Datum *));
	segment->nulls = palloc(desc->natts * sizeof(bool *));
	return segment;
}

pg_noreturn static void
segment_damaged(const HistorySegment *segment, int column, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("segment (%u,%u) of history \"%s\" is damaged",
					ItemPointerGetBlockNumberNoCheck(&segment->tid),
					ItemPointerGetOffsetNumberNoCheck(&segment->tid),
					RelationGetRelationName(segment->history)),
			 column < 0 ? errdetail("Header: %s.", what) :
			 errdetail("Column \"%s\": %s.",
					   NameStr(TupleDescAttr(segment->desc, column)->attname),
					   what)));
}

/*
 * Bytes of the segment, in its context.
 */
static const char *
segment_fetch(HistorySegment *segment, Size offset, Size size)
{
	struct varlena *slice;

	if (segment->whole != NULL)
		return segment->whole + offset;
	slice = detoast_attr_slice((struct varlena *) DatumGetPointer(segment->data),
							   offset, size);
	if (VARSIZE_ANY_EXHDR(slice) != size)
		segment_damaged(segment, -1, "it is too short");
	segment->nbytes += size;
	return VARDATA_ANY(slice);
}

static void
segment_read_header(HistorySegment *segment)
{
	SegmentHeader header;
	const char *bytes;
	Size		size;
	pg_crc32c	crc;

	if (segment->size < segment_header_size(0))
		segment_damaged(segment, -1, "it is too short");
	memcpy(&header, segment_fetch(segment, 0, sizeof(header)), sizeof(header));
	if (header.layout != SEGMENT_LAYOUT)
		segment_damaged(segment, -1, "its layout is unknown");
	if (header.nversions == 0 ||
		header.nversions > HISTORY_SEGMENT_VERSIONS ||
		header.ncolumns > segment->desc->natts)
		segment_damaged(segment, -1, "it is of another table");
	size = segment_header_size(header.ncolumns);
	if (segment->size < size)
		segment_damaged(segment, -1, "it is too short");
	bytes = segment_fetch(segment, 0, size);
	memcpy(&crc, bytes + size - sizeof(crc), sizeof(crc));
	if (!EQ_CRC32C(crc, segment_crc(bytes, size - sizeof(crc))))
		segment_damaged(segment, -1, "its checksum is wrong");
	segment->nversions = header.nversions;
	segment->from = 0;
	segment->to = header.nversions;
	segment->ncolumns = header.ncolumns;
	memcpy(segment->columns, bytes + sizeof(header),
		   header.ncolumns * sizeof(SegmentColumn));
}

int
history_segment_open(HistorySegment *segment, Datum data, ItemPointer tid,
					 int ncolumns)
{
	struct varlena *stored;
	MemoryContext old;

	MemoryContextReset(segment->context);
	memset(segment->values, 0, segment->desc->natts * sizeof(Datum *));
	memset(segment->nulls, 0, segment->desc->natts * sizeof(bool *));

	old = MemoryContextSwitchTo(segment->context);
	stored = (struct varlena *) DatumGetPointer(data);
	segment->tid = *tid;
	segment->data = data;
	segment->whole = NULL;
	segment->size = toast_raw_datum_size(data) - VARHDRSZ;
	if (segment->size <= SEGMENT_FETCH_WHOLE ||
		ncolumns >= segment->desc->natts || !VARATT_IS_EXTERNAL(stored))
	{
		segment->whole = VARDATA_ANY(PG_DETOAST_DATUM_PACKED(data));
		segment->nbytes += segment->size;
	}
	segment_read_header(segment);
	MemoryContextSwitchTo(old);
	return segment->nversions;
}

/*
 * A column that no version of the segment has bytes for
 */
static void
segment_read_missing(HistorySegment *segment, int column)
{
	bool		isnull;
	Datum		value = getmissingattr(segment->desc, column + 1, &isnull);

	for (int i = 0; i < segment->to - segment->from; i++)
		segment->values[column][i] = value;
	if (isnull)
		memset(segment->nulls[column], true, segment->to - segment->from);
	else
		segment->nulls[column] = NULL;
}

/*
 * The bytes of a column, which has some
 */
static const char *
segment_column_bytes(HistorySegment *segment, int column)
{
	const SegmentColumn *stored = &segment->columns[column];
	const char *bytes;

	if (stored->offset < segment_header_size(segment->ncolumns) ||
		stored->offset > segment->size ||
		stored->size > segment->size - stored->offset)
		segment_damaged(segment, column, "its place is wrong");
	bytes = segment_fetch(segment, stored->offset, stored->size);
	if (!EQ_CRC32C(stored->crc, segment_crc(bytes, stored->size)))
		segment_damaged(segment, column, "its checksum is wrong");
	return bytes;
}

static bool
segment_has_bytes(const HistorySegment *segment, int column)
{
	return column < segment->ncolumns && segment->columns[column].size > 0;
}

static void
segment_read_column(HistorySegment *segment, int column, int to,
					const uint16 *selected, int nselected)
{
	HistoryType type = segment_column_type(TupleDescAttr(segment->desc,
														 column));
	const char *bytes = segment_column_bytes(segment, column);
	const Datum *partner = NULL;
	const char *wrong;

	if (column + 1 == segment->end_attno)
	{
		const bool *nulls;

		history_segment_read(segment, segment->start_attno, &partner, &nulls);
	}
	wrong = history_codec_decode_selected(bytes,
										  segment->columns[column].size,
										  &type, segment->nversions,
										  segment->from, to, selected,
										  nselected, partner,
										  segment->values[column],
										  segment->nulls[column]);
	if (wrong != NULL)
		segment_damaged(segment, column, wrong);
	if (!history_codec_has_nulls(bytes))
		segment->nulls[column] = NULL;
}

void
history_segment_read(HistorySegment *segment, AttrNumber attno,
					 const Datum **values, const bool **nulls)
{
	history_segment_read_selected(segment, attno, NULL, 0, values, nulls);
}

void
history_segment_read_selected(HistorySegment *segment, AttrNumber attno,
							  const uint16 *selected, int nselected,
							  const Datum **values, const bool **nulls)
{
	int			column = attno - 1;

	if (segment->values[column] == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(segment->context);
		int			to = segment->to;

		/* the end of a version may be the start of the one that follows */
		if (attno == segment->start_attno && to < segment->nversions)
			to++;
		segment->values[column] = palloc((to - segment->from) *
										 sizeof(Datum));
		segment->nulls[column] = palloc((to - segment->from) * sizeof(bool));
		if (segment_has_bytes(segment, column))
			segment_read_column(segment, column, to, selected, nselected);
		else
			segment_read_missing(segment, column);
		MemoryContextSwitchTo(old);
	}
	*values = segment->values[column];
	*nulls = segment->nulls[column];
}

static Datum
segment_integer(int length, int64 value)
{
	switch (length)
	{
		case sizeof(int16):
			return Int16GetDatum((int16) value);
		case sizeof(int32):
			return Int32GetDatum((int32) value);
		default:
			return Int64GetDatum(value);
	}
}

int
history_segment_narrow(HistorySegment *segment, AttrNumber attno, int64 value,
					   bool *found)
{
	int			column = attno - 1;
	HistoryType type = segment_column_type(TupleDescAttr(segment->desc,
														 column));
	MemoryContext old = MemoryContextSwitchTo(segment->context);
	const char *wrong = NULL;
	int			from = 0;
	int			to = 0;

	*found = false;
	if (type.byval && segment_has_bytes(segment, column))
		wrong = history_codec_find(segment_column_bytes(segment, column),
								   segment->columns[column].size, &type,
								   segment->nversions, value, &from, &to,
								   found);
	if (wrong != NULL)
		segment_damaged(segment, column, wrong);
	if (*found)
	{
		segment->from = from;
		segment->to = to;

		/* this column needs not be read any more */
		segment->values[column] = palloc((to - from) * sizeof(Datum));
		for (int i = 0; i < to - from; i++)
			segment->values[column][i] = segment_integer(type.length, value);
	}
	MemoryContextSwitchTo(old);
	return segment->to - segment->from;
}

int64
history_segment_bytes(const HistorySegment *segment)
{
	return segment->nbytes;
}
