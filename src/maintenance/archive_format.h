/*-------------------------------------------------------------------------
 *
 * archive_format.h
 *	  What an archive of old versions consists of, to bytes and back
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_ARCHIVE_FORMAT_H
#define TEMPORAL_ARCHIVE_FORMAT_H

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"

/* The first bytes of a file, and what follows them */
#define ARCHIVE_MAGIC			"\x89TEMPAR\n"
#define ARCHIVE_MAGIC_SIZE		8
#define ARCHIVE_VERSION			1
#define ARCHIVE_PREAMBLE_SIZE	(ARCHIVE_MAGIC_SIZE + 4)

/* Before each record: its kind, its size, its checksum */
#define ARCHIVE_RECORD_HEADER	9

#define ARCHIVE_RECORD_HEADER_KIND	'H'
#define ARCHIVE_RECORD_BLOCK_KIND	'B'
#define ARCHIVE_RECORD_FOOTER_KIND	'F'

/* Versions of a block, at most */
#define ARCHIVE_BLOCK_VERSIONS	4000

/*
 * Bytes that decoding a block may take: each value has at most those that the
 * codec lets a column have, and what a row of a table can be is no more
 */
#define ARCHIVE_BLOCK_MEMORY	((Size) 1536 * 1024 * 1024)

typedef struct ArchiveColumn
{
	const char *name;
	const char *type;			/* with schema and modifier, for people */
	const char *base_type;		/* without modifiers and domains */
	char		category;		/* pg_type's typcategory */
} ArchiveColumn;

/* Texts are in the encoding that the header names */
typedef struct ArchiveHeader
{
	uint64		system_identifier;	/* of the cluster that made it */
	TimestampTz made_at;
	const char *encoding;
	const char *database;
	const char *schema;
	const char *table;
	const char *start_column;	/* of the period */
	const char *end_column;
	int			ncolumns;
	ArchiveColumn *columns;
} ArchiveHeader;

/* Many versions: [column][version] are texts, or null */
typedef struct ArchiveBlock
{
	int			nversions;
	Datum	  **values;
	bool	  **nulls;
} ArchiveBlock;

typedef struct ArchiveFooter
{
	int64		versions;
	int64		blocks;
	TimestampTz first_start;	/* of the versions' periods */
	TimestampTz first_end;
	TimestampTz last_end;
	uint32		values_crc;		/* of all values: archive_file.c */
	uint32		file_crc;		/* of all bytes before the footer's record */
} ArchiveFooter;

extern void archive_format_put_uint32(char *bytes, uint32 number);
extern uint32 archive_format_get_uint32(const char *bytes);

/* These append to buf. */
extern void archive_format_write_header(StringInfo buf,
										const ArchiveHeader *header);
extern void archive_format_write_block(StringInfo buf, int ncolumns,
									   const ArchiveBlock *block, int level);
extern void archive_format_write_footer(StringInfo buf,
										const ArchiveFooter *footer);

/*
 * The opposite, in memory of the current context.  They return NULL, or a word
 * on what is wrong with the bytes: nothing about them is believed.  Texts have
 * no zero bytes in them if they are C strings, but may be in no encoding.
 *
 * Of a block, only the columns in wanted are decoded; NULL: all.
 */
extern const char *archive_format_read_header(const char *bytes, Size size,
											  ArchiveHeader *header);
extern const char *archive_format_read_block(const char *bytes, Size size,
											 int ncolumns, const bool *wanted,
											 ArchiveBlock *block);
extern const char *archive_format_read_footer(const char *bytes, Size size,
											  ArchiveFooter *footer);

#endif							/* TEMPORAL_ARCHIVE_FORMAT_H */
