/*-------------------------------------------------------------------------
 *
 * archive_format.c
 *	  What an archive of old versions consists of, to bytes and back
 *
 * An archive outlives the table, the server and its major version.  So each
 * value is the text that its type makes of it, and each type has its name:
 * what enums, composites or ranges are inside, and OIDs, stay behind.  This
 * file turns what an archive consists of into bytes and back; it knows no
 * files (archive_file.c does) and no tables (archive_write.c does).
 *
 * FILE
 *		8 bytes		"\x89TEMPAR\n"
 *		4 bytes		version of this layout: 1
 *		record		header
 *		records		blocks
 *		record		footer, and the file ends
 *
 * RECORD		four bytes are a number with the lowest byte first
 *		byte		H, B, F: header, block, footer
 *		4 bytes		how many bytes follow the checksum
 *		4 bytes		CRC-32C of the five bytes before and of those that follow
 *		bytes		as below
 *
 * HEADER		number, signed: history_section.c; text: number of bytes, bytes
 *		number		system identifier
 *		signed		when it was made, in microseconds since 2000-01-01 UTC
 *		texts		encoding, database, schema, table, start and end of the
 *					period
 *		number		columns; then for each texts: its name, its type,
 *					the type below all domains and without a modifier; and a byte,
 *					the category of that
 *
 * BLOCK
 *		number		versions
 *		for each column: the number of its bytes, and history_codec.c's block of
 *					as many texts
 *
 * FOOTER
 *		numbers		versions, blocks
 *		signed		the first start, the first and the last end
 *		numbers		CRC-32C of the values, and of the file up to here
 *
 *		Times and the rest of what is known at the end only are here: a header
 *		that were written again would be one that a crash can tear.
 *
 * Every layout that was ever written has to be read for ever.
 *
 * WHAT IS TRUSTED
 *		Nothing: checksums tell damage, not malice.  Whoever made the bytes, what
 *		reading them takes is bounded: by their number, by what the codec takes
 *		for a column, and by ARCHIVE_BLOCK_MEMORY for a block.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"

#include "base/compat.h"
#include "history/history_codec.h"
#include "history/history_section.h"
#include "maintenance/archive_format.h"

/* All values are texts */
static const HistoryType archive_text = {-1, false, TYPALIGN_INT};

void
archive_format_put_uint32(char *bytes, uint32 number)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (char) (number >> (8 * i));
}

uint32
archive_format_get_uint32(const char *bytes)
{
	uint32		number = 0;

	for (int i = 0; i < 4; i++)
		number |= (uint32) (uint8) bytes[i] << (8 * i);
	return number;
}

/*
 * Texts
 */

static void
format_write_text(StringInfo buf, const char *text)
{
	int			size = strlen(text);

	history_section_write_number(buf, size);
	appendBinaryStringInfo(buf, text, size);
}

static const char *
format_read_text(HistoryReader *reader)
{
	uint64		size = history_section_read_number(reader);
	char	   *text;

	if (reader->wrong == NULL &&
		(size > reader->end - reader->at || memchr(reader->at, '\0', size)))
		history_section_wrong(reader, "a name is wrong");
	if (reader->wrong != NULL)
		return "";
	text = palloc(size + 1);
	memcpy(text, reader->at, size);
	text[size] = '\0';
	reader->at += size;
	return text;
}

static const char *
format_read_end(HistoryReader *reader)
{
	if (reader->wrong == NULL && reader->at != reader->end)
		history_section_wrong(reader, "there is more than there should be");
	return reader->wrong;
}

/*
 * The header
 */

void
archive_format_write_header(StringInfo buf, const ArchiveHeader *header)
{
	history_section_write_number(buf, header->system_identifier);
	history_section_write_signed(buf, header->made_at);
	format_write_text(buf, header->encoding);
	format_write_text(buf, header->database);
	format_write_text(buf, header->schema);
	format_write_text(buf, header->table);
	format_write_text(buf, header->start_column);
	format_write_text(buf, header->end_column);
	history_section_write_number(buf, header->ncolumns);
	for (int i = 0; i < header->ncolumns; i++)
	{
		format_write_text(buf, header->columns[i].name);
		format_write_text(buf, header->columns[i].type);
		format_write_text(buf, header->columns[i].base_type);
		appendStringInfoChar(buf, header->columns[i].category);
	}
}

const char *
archive_format_read_header(const char *bytes, Size size,
						   ArchiveHeader *header)
{
	HistoryReader reader = {
		.at = (const uint8 *) bytes,
		.end = (const uint8 *) bytes + size,
	};
	uint64		ncolumns;

	header->system_identifier = history_section_read_number(&reader);
	header->made_at = history_section_read_signed(&reader);
	header->encoding = format_read_text(&reader);
	header->database = format_read_text(&reader);
	header->schema = format_read_text(&reader);
	header->table = format_read_text(&reader);
	header->start_column = format_read_text(&reader);
	header->end_column = format_read_text(&reader);
	ncolumns = history_section_read_number(&reader);
	if (ncolumns < 1 || ncolumns > MaxHeapAttributeNumber)
		history_section_wrong(&reader, "the number of columns is wrong");
	if (reader.wrong != NULL)
		return reader.wrong;
	header->ncolumns = ncolumns;
	header->columns = palloc(ncolumns * sizeof(ArchiveColumn));
	for (int i = 0; i < header->ncolumns; i++)
	{
		ArchiveColumn *column = &header->columns[i];

		column->name = format_read_text(&reader);
		column->type = format_read_text(&reader);
		column->base_type = format_read_text(&reader);
		column->category = reader.at < reader.end ? *reader.at++ : '\0';
		if (column->category == '\0')
			history_section_wrong(&reader, "a type is wrong");
	}
	return format_read_end(&reader);
}

/*
 * Blocks
 */

void
archive_format_write_block(StringInfo buf, int ncolumns,
						   const ArchiveBlock *block, int level)
{
	StringInfoData column;

	initStringInfo(&column);
	history_section_write_number(buf, block->nversions);
	for (int i = 0; i < ncolumns; i++)
	{
		column.len = 0;
		history_codec_encode(&column, &archive_text, block->values[i],
							 block->nulls[i], block->nversions, NULL, level);
		history_section_write_number(buf, column.len);
		appendBinaryStringInfo(buf, column.data, column.len);
	}
	pfree(column.data);
}

/*
 * Bytes that the values of a column take, those that are repeated once
 */
static Size
format_column_size(const Datum *values, const bool *nulls, int n)
{
	const char *last = NULL;
	Size		size = (Size) n * (sizeof(Datum) + sizeof(bool));

	for (int i = 0; i < n; i++)
	{
		const char *text = DatumGetPointer(values[i]);

		if (nulls[i] || text == last)
			continue;
		last = text;
		size += VARSIZE(text);
	}
	return size;
}

const char *
archive_format_read_block(const char *bytes, Size size, int ncolumns,
						  const bool *wanted, ArchiveBlock *block)
{
	HistoryReader reader = {
		.at = (const uint8 *) bytes,
		.end = (const uint8 *) bytes + size,
	};
	uint64		nversions = history_section_read_number(&reader);
	Size		taken = 0;

	if (nversions < 1 || nversions > HISTORY_CODEC_VALUES)
		history_section_wrong(&reader, "the number of versions is wrong");
	if (reader.wrong != NULL)
		return reader.wrong;
	block->nversions = nversions;
	block->values = palloc0(ncolumns * sizeof(Datum *));
	block->nulls = palloc0(ncolumns * sizeof(bool *));
	for (int i = 0; i < ncolumns; i++)
	{
		uint64		length = history_section_read_number(&reader);
		const char *wrong;

		if (reader.wrong == NULL && length > reader.end - reader.at)
			history_section_wrong(&reader, "a column is too short");
		if (reader.wrong != NULL)
			return reader.wrong;
		if (wanted == NULL || wanted[i])
		{
			block->values[i] = palloc(nversions * sizeof(Datum));
			block->nulls[i] = palloc(nversions * sizeof(bool));
			wrong = history_codec_decode((const char *) reader.at, length,
										 &archive_text, nversions, NULL,
										 block->values[i], block->nulls[i]);
			if (wrong != NULL)
				return wrong;
			taken += format_column_size(block->values[i], block->nulls[i],
										nversions);
			if (taken > ARCHIVE_BLOCK_MEMORY)
				return "a block is too large";
		}
		reader.at += length;
	}
	return format_read_end(&reader);
}

/*
 * The footer
 */

void
archive_format_write_footer(StringInfo buf, const ArchiveFooter *footer)
{
	history_section_write_number(buf, footer->versions);
	history_section_write_number(buf, footer->blocks);
	history_section_write_signed(buf, footer->first_start);
	history_section_write_signed(buf, footer->first_end);
	history_section_write_signed(buf, footer->last_end);
	history_section_write_number(buf, footer->values_crc);
	history_section_write_number(buf, footer->file_crc);
}

const char *
archive_format_read_footer(const char *bytes, Size size,
						   ArchiveFooter *footer)
{
	HistoryReader reader = {
		.at = (const uint8 *) bytes,
		.end = (const uint8 *) bytes + size,
	};

	footer->versions = history_section_read_number(&reader);
	footer->blocks = history_section_read_number(&reader);
	footer->first_start = history_section_read_signed(&reader);
	footer->first_end = history_section_read_signed(&reader);
	footer->last_end = history_section_read_signed(&reader);
	footer->values_crc = history_section_read_number(&reader);
	footer->file_crc = history_section_read_number(&reader);
	return format_read_end(&reader);
}
