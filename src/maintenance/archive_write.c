/*-------------------------------------------------------------------------
 *
 * archive_write.c
 *	  Old versions to a file
 *
 * Versions are collected, and a block of them at a time becomes texts, under
 * settings that make them the same everywhere (archive_text.c), and goes to the
 * file (archive_file.c).
 *
 * FILES AND TRANSACTIONS
 *		The name of a file has the table and the time range of the versions, for
 *		people, and the transaction and a random number, so that there is never
 *		another file of that name.  Its row in temporal.archive_file commits with
 *		the removal of the versions:
 *
 *		crash before the file has its name	an unfinished file, versions stay
 *		crash after that, before commit		a file without a row, versions stay
 *		crash after commit					file, row, and no versions
 *
 *		What is left of the first two can be removed, or read.  The next attempt
 *		makes another file, with another name.  A transaction that is rolled
 *		back removes its files itself, also when only a subtransaction is.  One
 *		that is prepared leaves them: nobody knows yet how it ends.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/archive_directory.h"
#include "base/compat.h"
#include "catalog/job_progress.h"
#include "maintenance/archive_file.h"
#include "maintenance/archive_text.h"
#include "maintenance/archive_write.h"

/* Bytes of versions that are collected, and of texts in a block, about */
#define WRITE_BLOCK_BYTES	((Size) 4 * 1024 * 1024)
/* Bytes of a table's name, and of its schema's, in the name of a file */
#define WRITE_NAME_PART		40

/* A column that is written */
typedef struct WriteColumn
{
	AttrNumber	attno;
	bool		is_text;		/* its values are texts already */
	FmgrInfo	output;
} WriteColumn;

/* A file that is to go if the transaction does */
typedef struct WrittenFile
{
	char	   *unfinished;
	char	   *path;			/* when it has its name, or is about to; or NULL */
	SubTransactionId subid;
} WrittenFile;

struct ArchiveWriter
{
	ArchiveFileWriter *file;
	WrittenFile *written;
	const char *directory;
	ArchiveHeader header;
	ArchiveFooter footer;		/* of which the times are counted here */
	WriteColumn *columns;
	AttrNumber	start_attno;
	AttrNumber	end_attno;

	int64		nversions;		/* that were added */

	/* Versions that are no block yet */
	TupleTableSlot *slot;
	MinimalTuple tuples[ARCHIVE_BLOCK_VERSIONS];
	int			ntuples;
	Size		tuple_bytes;
	ArchiveBlock block;
	Size		block_bytes;

	/* Memory */
	MemoryContext context;
	MemoryContext tuple_context;
	MemoryContext block_context;
};

/* Files of this transaction, of WrittenFile, in TopTransactionContext */
static List *written_files = NIL;

static void
write_discard(const WrittenFile *written)
{
	archive_file_discard(written->unfinished);
	if (written->path != NULL)
		archive_file_discard(written->path);
}

static void
write_end_transaction(XactEvent event, void *arg)
{
	ListCell   *lc;

	switch (event)
	{
		case XACT_EVENT_ABORT:
			foreach(lc, written_files)
				write_discard(lfirst(lc));
			written_files = NIL;
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
			written_files = NIL;
			break;
		default:
			break;
	}
}

static void
write_end_subtransaction(SubXactEvent event, SubTransactionId subid,
						 SubTransactionId parent, void *arg)
{
	ListCell   *lc;

	foreach(lc, written_files)
	{
		WrittenFile *written = lfirst(lc);

		if (written->subid != subid)
			continue;
		if (event == SUBXACT_EVENT_COMMIT_SUB)
			written->subid = parent;
		else if (event == SUBXACT_EVENT_ABORT_SUB)
		{
			write_discard(written);
			written_files = foreach_delete_current(written_files, lc);
		}
	}
}

/*
 * Notes a file before it is there.
 */
static WrittenFile *
write_note_file(const char *path)
{
	static bool registered = false;
	MemoryContext old;
	WrittenFile *written;

	if (!registered)
	{
		RegisterXactCallback(write_end_transaction, NULL);
		RegisterSubXactCallback(write_end_subtransaction, NULL);
		registered = true;
	}
	old = MemoryContextSwitchTo(TopTransactionContext);
	written = palloc(sizeof(WrittenFile));
	written->unfinished = pstrdup(path);
	written->path = NULL;
	written->subid = GetCurrentSubTransactionId();
	written_files = lappend(written_files, written);
	MemoryContextSwitchTo(old);
	return written;
}

/*
 * Names of files
 */

static void
write_name_part(StringInfo name, const char *part)
{
	for (int i = 0; part[i] != '\0' && i < WRITE_NAME_PART; i++)
	{
		char		ch = part[i];
		bool		plain = (ch >= 'a' && ch <= 'z') ||
			(ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9');

		appendStringInfoChar(name, plain ? ch : '_');
	}
}

static void
write_name_time(StringInfo name, TimestampTz time)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (TIMESTAMP_NOT_FINITE(time) ||
		timestamp2tm(time, NULL, &tm, &fsec, NULL, NULL) != 0)
		appendStringInfoString(name, TIMESTAMP_IS_NOBEGIN(time) ? "ever" : "now");
	else
		appendStringInfo(name, "%04d%02d%02dT%02d%02d%02dZ", tm.tm_year,
						 tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_min,
						 tm.tm_sec);
}

/*
 * The path of a file; of one that is not finished, if no times are known.
 */
static char *
write_path(const ArchiveWriter *writer, const ArchiveFooter *footer)
{
	StringInfoData name;
	uint64		number;

	if (!pg_strong_random(&number, sizeof(number)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate a random number")));
	initStringInfo(&name);
	appendStringInfo(&name, "%s/", writer->directory);
	write_name_part(&name, writer->header.schema);
	appendStringInfoChar(&name, '.');
	write_name_part(&name, writer->header.table);
	if (footer != NULL)
	{
		appendStringInfoChar(&name, '.');
		write_name_time(&name, footer->first_start);
		appendStringInfoChar(&name, '-');
		write_name_time(&name, footer->last_end);
	}
	appendStringInfo(&name, "." UINT64_FORMAT "-%08x%08x%s",
					 U64FromFullTransactionId(GetTopFullTransactionId()),
					 (uint32) (number >> 32), (uint32) number,
					 footer != NULL ? ARCHIVE_FILE_SUFFIX :
					 ARCHIVE_FILE_UNFINISHED);
	return name.data;
}

/*
 * Beginning
 */

static void
write_set_columns(ArchiveWriter *writer, const VersionedTable *table,
				  TupleDesc desc)
{
	ArchiveHeader *header = &writer->header;

	header->columns = palloc0(desc->natts * sizeof(ArchiveColumn));
	writer->columns = palloc0(desc->natts * sizeof(WriteColumn));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		WriteColumn *column = &writer->columns[header->ncolumns];
		Oid			output;
		bool		varlena;

		if (att->attisdropped)
			continue;
		if (namestrcmp(&att->attname, NameStr(table->start_column)) == 0)
			writer->start_attno = att->attnum;
		if (namestrcmp(&att->attname, NameStr(table->end_column)) == 0)
			writer->end_attno = att->attnum;
		getTypeOutputInfo(att->atttypid, &output, &varlena);
		column->attno = att->attnum;
		column->is_text = output == F_TEXTOUT || output == F_VARCHAROUT ||
			output == F_BPCHAROUT;
		fmgr_info(output, &column->output);
		header->columns[header->ncolumns].name = pstrdup(NameStr(att->attname));
		archive_text_type(att->atttypid, att->atttypmod,
						  &header->columns[header->ncolumns]);
		header->ncolumns++;
	}
	if (writer->start_attno == 0 || writer->end_attno == 0)
		elog(ERROR, "versions of relation %u have no period", table->relation);
}

static void
write_alloc_block(ArchiveWriter *writer)
{
	int			ncolumns = writer->header.ncolumns;
	ArchiveBlock *block = &writer->block;

	block->values = palloc(ncolumns * sizeof(Datum *));
	block->nulls = palloc(ncolumns * sizeof(bool *));
	for (int i = 0; i < ncolumns; i++)
	{
		block->values[i] = palloc(ARCHIVE_BLOCK_VERSIONS * sizeof(Datum));
		block->nulls[i] = palloc(ARCHIVE_BLOCK_VERSIONS * sizeof(bool));
	}
}

/*
 * The history's columns; the caller has a lock on it.
 */
static TupleDesc
write_history_desc(const VersionedTable *table)
{
	Relation	history = table_open(table->history, AccessShareLock);
	TupleDesc	desc = CreateTupleDescCopy(RelationGetDescr(history));

	table_close(history, AccessShareLock);
	return desc;
}

ArchiveWriter *
archive_write_begin(const VersionedTable *table, TupleDesc desc,
					const char *location)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "temporal archive",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	ArchiveWriter *writer = palloc0(sizeof(ArchiveWriter));
	ArchiveHeader *header = &writer->header;
	char	   *path;

	writer->context = context;
	writer->tuple_context = AllocSetContextCreate(context,
												  "temporal archive versions",
												  ALLOCSET_DEFAULT_SIZES);
	writer->block_context = AllocSetContextCreate(context,
												  "temporal archive block",
												  ALLOCSET_DEFAULT_SIZES);
	writer->directory = archive_directory_check(location);
	header->system_identifier = GetSystemIdentifier();
	header->made_at = GetCurrentTimestamp();
	header->encoding = GetDatabaseEncodingName();
	header->database = get_database_name(MyDatabaseId);
	header->schema = get_namespace_name(get_rel_namespace(table->relation));
	header->table = get_rel_name(table->relation);
	header->start_column = pstrdup(NameStr(table->start_column));
	header->end_column = pstrdup(NameStr(table->end_column));
	if (desc == NULL)
		desc = write_history_desc(table);
	write_set_columns(writer, table, desc);
	write_alloc_block(writer);
	writer->slot = MakeSingleTupleTableSlot(CreateTupleDescCopy(desc),
											&TTSOpsMinimalTuple);
	writer->footer.first_start = DT_NOEND;
	writer->footer.first_end = DT_NOEND;
	writer->footer.last_end = DT_NOBEGIN;
	path = write_path(writer, NULL);
	writer->written = write_note_file(path);
	writer->file = archive_file_create(path, header);
	MemoryContextSwitchTo(old);
	return writer;
}

/*
 * Blocks
 */

/*
 * The text of a value, in the current context
 */
static Datum
write_text(WriteColumn *column, Datum value)
{
	char	   *string;
	text	   *result;

	if (column->is_text)
		return PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
	string = OutputFunctionCall(&column->output, value);
	result = cstring_to_text(string);
	pfree(string);
	return PointerGetDatum(result);
}

static void
write_flush_block(ArchiveWriter *writer)
{
	if (writer->block.nversions > 0)
		archive_file_write_block(writer->file, &writer->block);
	writer->block.nversions = 0;
	writer->block_bytes = 0;
	MemoryContextReset(writer->block_context);
}

static void
write_count_times(ArchiveWriter *writer, TupleTableSlot *slot)
{
	ArchiveFooter *footer = &writer->footer;
	bool		null;
	TimestampTz time;

	time = DatumGetTimestampTz(slot_getattr(slot, writer->start_attno, &null));
	if (!null)
		footer->first_start = Min(footer->first_start, time);
	time = DatumGetTimestampTz(slot_getattr(slot, writer->end_attno, &null));
	if (!null)
	{
		footer->first_end = Min(footer->first_end, time);
		footer->last_end = Max(footer->last_end, time);
	}
}

static void
write_add_to_block(ArchiveWriter *writer, TupleTableSlot *slot)
{
	ArchiveBlock *block = &writer->block;
	MemoryContext old = MemoryContextSwitchTo(writer->block_context);

	slot_getallattrs(slot);
	for (int i = 0; i < writer->header.ncolumns; i++)
	{
		WriteColumn *column = &writer->columns[i];
		bool		null = slot->tts_isnull[column->attno - 1];
		Datum		text = (Datum) 0;

		if (!null)
		{
			text = write_text(column, slot->tts_values[column->attno - 1]);
			writer->block_bytes += VARSIZE_ANY(DatumGetPointer(text));
		}
		block->values[i][block->nversions] = text;
		block->nulls[i][block->nversions] = null;
	}
	block->nversions++;
	MemoryContextSwitchTo(old);
}

/*
 * Writes what was collected, as one block or, if values are large, several.
 */
static void
write_flush(ArchiveWriter *writer)
{
	MemoryContext old = MemoryContextSwitchTo(writer->block_context);
	int			nestlevel = archive_text_enter();

	for (int i = 0; i < writer->ntuples; i++)
	{
		CHECK_FOR_INTERRUPTS();
		job_progress_give_way();
		ExecStoreMinimalTuple(writer->tuples[i], writer->slot, false);
		write_count_times(writer, writer->slot);
		write_add_to_block(writer, writer->slot);
		if (writer->block_bytes >= WRITE_BLOCK_BYTES)
			write_flush_block(writer);
	}
	write_flush_block(writer);
	archive_text_leave(nestlevel);
	ExecClearTuple(writer->slot);
	MemoryContextSwitchTo(old);
	MemoryContextReset(writer->tuple_context);
	writer->ntuples = 0;
	writer->tuple_bytes = 0;
}

void
archive_write_add(ArchiveWriter *writer, TupleTableSlot *version)
{
	MemoryContext old = MemoryContextSwitchTo(writer->tuple_context);
	MinimalTuple tuple = ExecCopySlotMinimalTuple(version);

	MemoryContextSwitchTo(old);
	writer->tuples[writer->ntuples++] = tuple;
	writer->tuple_bytes += tuple->t_len;
	writer->nversions++;
	if (writer->ntuples == ARCHIVE_BLOCK_VERSIONS ||
		writer->tuple_bytes >= WRITE_BLOCK_BYTES)
		write_flush(writer);
}

/*
 * The end
 */

static void
write_free(ArchiveWriter *writer)
{
	ExecDropSingleTupleTableSlot(writer->slot);
	MemoryContextDelete(writer->context);
}

bool
archive_write_finish(ArchiveWriter *writer, bool removed, ArchiveRow *row)
{
	MemoryContext caller = CurrentMemoryContext;
	ArchiveFooter *footer = &writer->footer;
	char	   *path;

	if (writer->nversions == 0)
	{
		archive_write_abort(writer);
		return false;
	}
	write_flush(writer);
	MemoryContextSwitchTo(writer->context);
	archive_file_complete(writer->file, footer);
	path = write_path(writer, footer);
	writer->written->path = MemoryContextStrdup(TopTransactionContext, path);
	archive_file_publish(writer->file, path);

	MemoryContextSwitchTo(caller);
	row->file = pstrdup(path);
	row->schema = pstrdup(writer->header.schema);
	row->table = pstrdup(writer->header.table);
	row->versions = footer->versions;
	row->bytes = archive_file_size(writer->file);
	row->first_start = footer->first_start;
	row->first_end = footer->first_end;
	row->last_end = footer->last_end;
	row->removed = removed;
	row->made_at = writer->header.made_at;
	write_free(writer);
	archive_table_insert(row);
	return true;
}

void
archive_write_abort(ArchiveWriter *writer)
{
	archive_file_abandon(writer->file);
	write_discard(writer->written);
	written_files = list_delete_ptr(written_files, writer->written);
	write_free(writer);
}
