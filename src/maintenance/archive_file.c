/*-------------------------------------------------------------------------
 *
 * archive_file.c
 *	  Archives of old versions as files
 *
 * What stands in a file is archive_format.c's; here it gets checksums, and the
 * way to the disk and back.
 *
 * HOW A FILE COMES TO BE
 *		 1. It is created under a name that says it is unfinished; O_EXCL, so
 *			that nothing that is there is written to, be it a link.
 *		 2. Header, blocks and footer are written, each in one piece.
 *		 3. It is flushed, and read again from the start: all checksums, all
 *			values, and their number, which are compared with what was meant
 *			to be written.
 *		 4. It gets its name, and the directory is flushed.
 *
 *		After a crash in 1 to 3 there is a file that says it is unfinished; it
 *		can be removed.  What a crash after 4 leaves: archive_write.c.
 *
 * CHECKSUMS
 *		CRC-32C.  Of each record: so that what is decoded is what was written.
 *		Of all bytes: so that no record is missing, or there twice.  Of all
 *		values, as they were before they were encoded: so that the code that
 *		encodes and decodes is checked, too, before anything is deleted.
 *
 * MEMORY
 *		A block at a time.  A record's bytes are read when the file is known to
 *		have so many.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "miscadmin.h"
#include "port/pg_crc32c.h"
#include "storage/fd.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "catalog/job_progress.h"
#include "maintenance/archive_file.h"

/* zstd's level: a file is written once, and read hardly ever */
#define ARCHIVE_LEVEL		3
/* Bytes that go to the server's file system in one call, at most */
#define ARCHIVE_WRITE_PIECE	((Size) 8 * 1024 * 1024)

struct ArchiveFileWriter
{
	char	   *path;			/* while it is unfinished */
	int			fd;
	int			ncolumns;
	int64		size;
	StringInfoData buf;			/* a record */
	pg_crc32c	file_crc;
	pg_crc32c	values_crc;
	int64		versions;
	int64		blocks;
};

struct ArchiveFileReader
{
	char	   *path;
	int			fd;
	int64		left;			/* bytes that the file has */
	const char *wrong;
	bool		complete;		/* the footer was read */
	bool		all_wanted;		/* in all blocks */
	ArchiveHeader header;
	ArchiveFooter footer;
	pg_crc32c	file_crc;
	pg_crc32c	values_crc;
	int64		versions;
	int64		blocks;

	/* Memory */
	MemoryContext context;
	MemoryContext block_context;
};

/*
 * The checksum of values goes on with those of a block, column by column.
 */
static pg_crc32c
file_values_crc(pg_crc32c crc, int ncolumns, const ArchiveBlock *block)
{
	for (int i = 0; i < ncolumns; i++)
	{
		for (int j = 0; j < block->nversions; j++)
		{
			const char *text = DatumGetPointer(block->values[i][j]);
			char		length[4];

			if (block->nulls[i][j])
			{
				archive_format_put_uint32(length, PG_UINT32_MAX);
				COMP_CRC32C(crc, length, sizeof(length));
				continue;
			}
			archive_format_put_uint32(length, VARSIZE_ANY_EXHDR(text));
			COMP_CRC32C(crc, length, sizeof(length));
			COMP_CRC32C(crc, VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
		}
	}
	return crc;
}

/*
 * As errcode_for_file_access(), which does not know of all that a full disk
 * can be.
 */
static int
file_errcode(void)
{
	switch (errno)
	{
		case EFBIG:
		case EDQUOT:
			return errcode(ERRCODE_DISK_FULL);
		case ELOOP:				/* what O_NOFOLLOW says */
			return errcode(ERRCODE_INSUFFICIENT_PRIVILEGE);
		default:
			return errcode_for_file_access();
	}
}

/*
 * Writing
 */

static void
file_write(ArchiveFileWriter *writer, const char *bytes, Size size)
{
	COMP_CRC32C(writer->file_crc, bytes, size);
	writer->size += size;
	while (size > 0)
	{
		ssize_t		written;

		CHECK_FOR_INTERRUPTS();
		errno = 0;
		written = write(writer->fd, bytes, Min(size, ARCHIVE_WRITE_PIECE));
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
		{
			/* as everywhere in PostgreSQL: no reason is a full disk */
			if (errno == 0)
				errno = ENOSPC;
			ereport(ERROR,
					(file_errcode(),
					 errmsg("could not write archive \"%s\": %m",
							writer->path)));
		}
		bytes += written;
		size -= written;
	}
}

static void
file_begin_record(ArchiveFileWriter *writer, char kind)
{
	resetStringInfo(&writer->buf);
	appendStringInfoChar(&writer->buf, kind);
	appendBinaryStringInfo(&writer->buf, "\0\0\0\0\0\0\0\0", 8);
}

static void
file_write_record(ArchiveFileWriter *writer)
{
	char	   *bytes = writer->buf.data;
	Size		size = writer->buf.len;
	pg_crc32c	crc;

	archive_format_put_uint32(bytes + 1, size - ARCHIVE_RECORD_HEADER);
	INIT_CRC32C(crc);
	COMP_CRC32C(crc, bytes, 5);
	COMP_CRC32C(crc, bytes + ARCHIVE_RECORD_HEADER,
				size - ARCHIVE_RECORD_HEADER);
	FIN_CRC32C(crc);
	archive_format_put_uint32(bytes + 5, crc);
	file_write(writer, bytes, size);
}

ArchiveFileWriter *
archive_file_create(const char *path, const ArchiveHeader *header)
{
	ArchiveFileWriter *writer = palloc0(sizeof(ArchiveFileWriter));
	char		preamble[ARCHIVE_PREAMBLE_SIZE];

	writer->path = pstrdup(path);
	writer->ncolumns = header->ncolumns;
	initStringInfo(&writer->buf);
	INIT_CRC32C(writer->file_crc);
	INIT_CRC32C(writer->values_crc);
	writer->fd = OpenTransientFilePerm(path, O_CREAT | O_EXCL | O_WRONLY |
									   O_NOFOLLOW | PG_BINARY,
									   S_IRUSR | S_IWUSR);
	if (writer->fd < 0)
		ereport(ERROR,
				(file_errcode(),
				 errmsg("could not create archive \"%s\": %m", path)));
	/* not a text: NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
	memcpy(preamble, ARCHIVE_MAGIC, ARCHIVE_MAGIC_SIZE);
	archive_format_put_uint32(preamble + ARCHIVE_MAGIC_SIZE, ARCHIVE_VERSION);
	file_write(writer, preamble, sizeof(preamble));
	file_begin_record(writer, ARCHIVE_RECORD_HEADER_KIND);
	archive_format_write_header(&writer->buf, header);
	file_write_record(writer);
	return writer;
}

void
archive_file_write_block(ArchiveFileWriter *writer, const ArchiveBlock *block)
{
	file_begin_record(writer, ARCHIVE_RECORD_BLOCK_KIND);
	archive_format_write_block(&writer->buf, writer->ncolumns, block,
							   ARCHIVE_LEVEL);
	file_write_record(writer);
	writer->values_crc = file_values_crc(writer->values_crc,
										 writer->ncolumns, block);
	writer->versions += block->nversions;
	writer->blocks++;
}

/*
 * Does the file have what was meant to be written?
 */
static void
file_read_back(const char *path, const ArchiveFooter *footer)
{
	ArchiveFileReader *reader = archive_file_open(path);
	const ArchiveFooter *found;
	ArchiveBlock block;

	while (archive_file_next(reader, NULL, &block))
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < block.nversions; i++)
			job_progress_give_way();
	}
	found = archive_file_footer(reader);
	archive_file_check(reader);
	if (found->versions != footer->versions ||
		found->blocks != footer->blocks ||
		found->first_start != footer->first_start ||
		found->first_end != footer->first_end ||
		found->last_end != footer->last_end ||
		found->values_crc != footer->values_crc ||
		found->file_crc != footer->file_crc)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("archive \"%s\" is not what was written", path)));
	archive_file_close(reader);
}

void
archive_file_complete(ArchiveFileWriter *writer, ArchiveFooter *footer)
{
	footer->versions = writer->versions;
	footer->blocks = writer->blocks;
	footer->values_crc = writer->values_crc;
	FIN_CRC32C(footer->values_crc);
	footer->file_crc = writer->file_crc;
	FIN_CRC32C(footer->file_crc);
	file_begin_record(writer, ARCHIVE_RECORD_FOOTER_KIND);
	archive_format_write_footer(&writer->buf, footer);
	file_write_record(writer);
	if (pg_fsync(writer->fd) != 0)
		ereport(data_sync_elevel(ERROR),
				(file_errcode(),
				 errmsg("could not flush archive \"%s\": %m", writer->path)));
	if (CloseTransientFile(writer->fd) != 0)
		ereport(ERROR,
				(file_errcode(),
				 errmsg("could not close archive \"%s\": %m", writer->path)));
	file_read_back(writer->path, footer);
}

void
archive_file_publish(ArchiveFileWriter *writer, const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		errno = EEXIST;
	if (errno != ENOENT)
		ereport(ERROR,
				(file_errcode(),
				 errmsg("could not give archive \"%s\" its name \"%s\": %m",
						writer->path, path)));
	(void) durable_rename(writer->path, path, ERROR);
}

void
archive_file_abandon(ArchiveFileWriter *writer)
{
	CloseTransientFile(writer->fd);
}

int64
archive_file_size(const ArchiveFileWriter *writer)
{
	return writer->size;
}

void
archive_file_discard(const char *path)
{
	if (unlink(path) != 0 && errno != ENOENT)
		ereport(LOG,
				(file_errcode(),
				 errmsg("could not remove archive \"%s\": %m", path)));
}

/*
 * Reading
 */

/*
 * Fills the buffer; false if the file ends before.
 */
static bool
file_read(ArchiveFileReader *reader, char *bytes, Size size)
{
	if (size > reader->left)
	{
		reader->wrong = "it is cut off";
		return false;
	}
	reader->left -= size;
	while (size > 0)
	{
		ssize_t		got = read(reader->fd, bytes,
							   Min(size, ARCHIVE_WRITE_PIECE));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			ereport(ERROR,
					(file_errcode(),
					 errmsg("could not read archive \"%s\": %m",
							reader->path)));
		if (got == 0)
		{
			reader->wrong = "it was cut off meanwhile";
			return false;
		}
		bytes += got;
		size -= got;
		CHECK_FOR_INTERRUPTS();
	}
	return true;
}

/*
 * The bytes of the next record, in the current context; NULL if it is not
 * right.
 */
static char *
file_read_record(ArchiveFileReader *reader, char *kind, Size *size)
{
	char		header[ARCHIVE_RECORD_HEADER];
	char	   *bytes;
	pg_crc32c	crc;

	if (!file_read(reader, header, sizeof(header)))
		return NULL;
	*kind = header[0];
	*size = archive_format_get_uint32(header + 1);
	if (*size > reader->left || *size > MaxAllocSize)
	{
		reader->wrong = "it is cut off";
		return NULL;
	}
	bytes = palloc(Max(*size, 1));
	if (!file_read(reader, bytes, *size))
		return NULL;
	INIT_CRC32C(crc);
	COMP_CRC32C(crc, header, 5);
	COMP_CRC32C(crc, bytes, *size);
	FIN_CRC32C(crc);
	if (!EQ_CRC32C(crc, archive_format_get_uint32(header + 5)))
	{
		reader->wrong = "a checksum is wrong";
		return NULL;
	}
	if (*kind != ARCHIVE_RECORD_FOOTER_KIND)
	{
		COMP_CRC32C(reader->file_crc, header, sizeof(header));
		COMP_CRC32C(reader->file_crc, bytes, *size);
	}
	return bytes;
}

/*
 * Opens a regular file, whatever else it might be.
 */
static void
file_open(ArchiveFileReader *reader)
{
	/* two of them are 0 here: NOLINTNEXTLINE(misc-redundant-expression) */
	int			flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | PG_BINARY;
	struct stat st;

	reader->fd = OpenTransientFile(reader->path, flags);
	if (reader->fd < 0 || fstat(reader->fd, &st) != 0)
		ereport(ERROR,
				(file_errcode(),
				 errmsg("could not open archive \"%s\": %m", reader->path)));
	if (!S_ISREG(st.st_mode))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("archive \"%s\" is not a regular file",
						reader->path)));
	reader->left = st.st_size;
}

ArchiveFileReader *
archive_file_open(const char *path)
{
	ArchiveFileReader *reader = palloc0(sizeof(ArchiveFileReader));
	char		preamble[ARCHIVE_PREAMBLE_SIZE];
	Size		size;
	uint32		version;

	reader->path = pstrdup(path);
	reader->context = CurrentMemoryContext;
	reader->block_context = AllocSetContextCreate(CurrentMemoryContext,
												  "temporal archive block",
												  ALLOCSET_DEFAULT_SIZES);
	reader->all_wanted = true;
	INIT_CRC32C(reader->file_crc);
	INIT_CRC32C(reader->values_crc);
	file_open(reader);
	size = Min(reader->left, ARCHIVE_PREAMBLE_SIZE);
	if (!file_read(reader, preamble, size) ||
		size < ARCHIVE_MAGIC_SIZE ||
		memcmp(preamble, ARCHIVE_MAGIC, ARCHIVE_MAGIC_SIZE) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
				 errmsg("file \"%s\" is not an archive of old versions",
						path)));
	if (size < ARCHIVE_PREAMBLE_SIZE)
	{
		reader->wrong = "it is cut off";
		return reader;
	}
	version = archive_format_get_uint32(preamble + ARCHIVE_MAGIC_SIZE);
	if (version != ARCHIVE_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
				 errmsg("archive \"%s\" has format version %u, which is not known",
						path, version),
				 errhint("A later version of the extension may know it.")));
	COMP_CRC32C(reader->file_crc, preamble, sizeof(preamble));
	return reader;
}

const ArchiveHeader *
archive_file_header(ArchiveFileReader *reader)
{
	MemoryContext old;
	char	   *bytes;
	char		kind;
	Size		size;

	if (reader->wrong != NULL || reader->header.columns != NULL)
		return reader->wrong == NULL ? &reader->header : NULL;
	old = MemoryContextSwitchTo(reader->context);
	bytes = file_read_record(reader, &kind, &size);
	if (bytes != NULL)
	{
		if (kind != ARCHIVE_RECORD_HEADER_KIND)
			reader->wrong = "it does not begin with its header";
		else
			reader->wrong = archive_format_read_header(bytes, size,
													   &reader->header);
		pfree(bytes);
	}
	MemoryContextSwitchTo(old);
	return reader->wrong == NULL ? &reader->header : NULL;
}

/*
 * Reads the footer, and compares it with what was read.
 */
static void
file_read_footer(ArchiveFileReader *reader, const char *bytes, Size size)
{
	pg_crc32c	file_crc = reader->file_crc;
	pg_crc32c	values_crc = reader->values_crc;

	FIN_CRC32C(file_crc);
	FIN_CRC32C(values_crc);
	reader->wrong = archive_format_read_footer(bytes, size, &reader->footer);
	if (reader->wrong != NULL)
		return;
	if (reader->left > 0)
		reader->wrong = "there is more than there should be";
	else if (reader->footer.versions != reader->versions ||
			 reader->footer.blocks != reader->blocks)
		reader->wrong = "the number of versions is not right";
	else if (!EQ_CRC32C(file_crc, reader->footer.file_crc))
		reader->wrong = "the checksum of the file is wrong";
	else if (reader->all_wanted &&
			 !EQ_CRC32C(values_crc, reader->footer.values_crc))
		reader->wrong = "the checksum of the values is wrong";
	else
		reader->complete = true;
}

bool
archive_file_next(ArchiveFileReader *reader, const bool *wanted,
				  ArchiveBlock *block)
{
	MemoryContext old;
	char	   *bytes;
	char		kind;
	Size		size;
	bool		is_block = false;

	if (archive_file_header(reader) == NULL || reader->complete)
		return false;
	MemoryContextReset(reader->block_context);
	old = MemoryContextSwitchTo(reader->block_context);
	bytes = file_read_record(reader, &kind, &size);
	if (bytes == NULL)
		 /* it is told what is wrong */ ;
	else if (kind == ARCHIVE_RECORD_FOOTER_KIND)
		file_read_footer(reader, bytes, size);
	else if (kind != ARCHIVE_RECORD_BLOCK_KIND)
		reader->wrong = "a part is of no known kind";
	else
	{
		reader->wrong = archive_format_read_block(bytes, size,
												  reader->header.ncolumns,
												  wanted, block);
		is_block = reader->wrong == NULL;
	}
	MemoryContextSwitchTo(old);
	if (!is_block)
		return false;
	pfree(bytes);
	reader->versions += block->nversions;
	reader->blocks++;
	if (wanted != NULL)
		reader->all_wanted = false;
	else
		reader->values_crc = file_values_crc(reader->values_crc,
											 reader->header.ncolumns, block);
	return true;
}

const ArchiveFooter *
archive_file_footer(ArchiveFileReader *reader)
{
	return reader->complete ? &reader->footer : NULL;
}

const char *
archive_file_wrong(ArchiveFileReader *reader)
{
	return reader->wrong;
}

void
archive_file_check(ArchiveFileReader *reader)
{
	if (reader->wrong != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("archive \"%s\" is damaged", reader->path),
				 errdetail("What is wrong with it: %s.", reader->wrong)));
}

void
archive_file_close(ArchiveFileReader *reader)
{
	CloseTransientFile(reader->fd);
	MemoryContextDelete(reader->block_context);
	pfree(reader->path);
	pfree(reader);
}
